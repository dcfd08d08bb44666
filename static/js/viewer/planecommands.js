/** What is done with planes by a key or by name: turned, thickened, straightened. */

/** @import { Command } from "./commands.js" */
/** @import { PlaneName } from "./planes.js" */
/** @import { Slab, State } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { cutsOf } from "./crosshair.js";
import { changePane } from "./panes.js";
import { PLANES } from "./planewords.js";
import { isVolumePane, paneAt } from "./state.js";
import { isTurned, nextMethod, stepThickness, straighten, thicken, turnPlanes } from "./turning.js";

/** Degrees for a key press. */
const COARSE = 5;
const FINE = 1;

/** @param {State} state */
function isCubic(state) {
  const shown = paneAt(state);
  return isVolumePane(shown) && shown.interpolation === "cubic";
}

/** @param {State} state */
const isPlane = (state) => isVolumePane(paneAt(state));

/** @param {State} state */
const noPlane = (state) => (isPlane(state) ? "" : gettext("This is for planes through a volume: show them first"));

/** @type {readonly Command[]} */
export const PLANE_COMMANDS = [
  turn("clockwise", COARSE, "Alt+Shift+ArrowRight", () => gettext("Turn the other planes clockwise, 5°")),
  turn("anticlockwise", -COARSE, "Alt+Shift+ArrowLeft", () => gettext("Turn the other planes anticlockwise, 5°")),
  turn("clockwise-finely", FINE, "Alt+Shift+PageDown", () => gettext("Turn the other planes clockwise, 1°")),
  turn("anticlockwise-finely", -FINE, "Alt+Shift+PageUp", () => gettext("Turn the other planes anticlockwise, 1°")),
  ...alone("axial"),
  ...alone("sagittal"),
  ...alone("coronal"),
  plane("thicker", ["Alt+Shift+ArrowUp"], () => gettext("Thicker slab"), (state) => stepThickness(state, 1)),
  plane("thinner", ["Alt+Shift+ArrowDown"], () => gettext("Thinner slab"), (state) => stepThickness(state, -1)),
  plane("slab-method", ["Y"], () => gettext("Slab: its next method (average, MIP, MinIP)"), nextMethod),
  plane("straighten", ["Shift+X"], () => gettext("Planes straight again, without thickness"), straighten, { offered: isTurned }),
  plane("cubic", ["Shift+Y"], () => gettext("Cubic interpolation"), (state) => changePane(state, { interpolation: isCubic(state) ? "linear" : "cubic" }), { pressed: isCubic }),
  plane("save-planes", ["Alt+P"], () => gettext("Save planes as a series …"), (state) => state, { effect: "save-planes" }),
  slab("none", { thickness: 0, method: "average_ip" }, () => gettext("Plane without thickness")),
  slab("average", { thickness: 5, method: "average_ip" }, () => gettext("Slab of 5 mm, average")),
  slab("maximum", { thickness: 10, method: "maximum_ip" }, () => gettext("Slab of 10 mm, maximum (MIP)")),
  slab("minimum", { thickness: 10, method: "minimum_ip" }, () => gettext("Slab of 10 mm, minimum (MinIP)")),
];

/**
 * @param {string} id
 * @param {readonly string[]} keys
 * @param {() => string} label
 * @param {(state: State) => State} run
 * @param {Partial<Command>} [more]
 * @returns {Command}
 */
function plane(id, keys, label, run, more = {}) {
  return { id, label, keys, group: "image", run, why: noPlane, offered: isPlane, ...more };
}

/**
 * @param {string} id
 * @param {number} degrees clockwise as the pane shows it
 * @param {string} key
 * @param {() => string} label
 */
function turn(id, degrees, key, label) {
  return plane(`turn-${id}`, [key], label, (state) => turnPlanes(state, state.active, asShown(state, degrees)));
}

/**
 * Turn one plane and no other, by name: what a hand does with Alt.
 * @param {PlaneName} name
 * @returns {Command[]}
 */
function alone(name) {
  const cut = (/** @type {State} */ state) => cutsOf(state, state.active).find((each) => each.isThere && each.name === name);
  const offered = (/** @type {State} */ state) => cut(state) !== undefined;
  const words = [() => gettext("Turn the {plane} plane alone clockwise, 5°"), () => gettext("Turn the {plane} plane alone anticlockwise, 5°")];
  return words.map((label, at) => plane(`alone-${name}-${at}`, [], () => interpolate(label(), { plane: PLANES[name]() }), (state) => {
    const look = cut(state)?.look;
    return look ? turnPlanes(state, state.active, asShown(state, at ? -COARSE : COARSE), look) : state;
  }, { offered }));
}

/**
 * @param {State} state
 * @param {number} degrees clockwise on the screen
 * @returns {number} radians, clockwise along the look: a mirrored picture turns the other way
 */
function asShown(state, degrees) {
  const shown = paneAt(state);
  const mirrored = isVolumePane(shown) && shown.flip_horizontal !== shown.flip_vertical;
  return ((mirrored ? -degrees : degrees) * Math.PI) / 180;
}

/**
 * @param {string} id
 * @param {Slab} slab
 * @param {() => string} label
 */
function slab(id, slab, label) {
  return plane(`slab-${id}`, [], label, (state) => {
    const shown = paneAt(state);
    return isVolumePane(shown) ? thicken(state, state.active, shown.plane.look, slab) : state;
  });
}

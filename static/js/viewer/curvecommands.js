/** What is done with paths and the pictures along them, by a key or by name. */

/** @import { Command } from "./commands.js" */
/** @import { State } from "./state.js" */
import { gettext } from "../shared/i18n.js";
import { addPoint, changeCurve, dropPoint, isCurvedPane, openPath } from "./curves.js";
import { isVolumePane, paneAt } from "./state.js";

/** Degrees for a key press. */
const TURN = 15;
/** mm. */
const THICKER = 2;

const isCurved = (/** @type {State} */ state) => isCurvedPane(paneAt(state));

/** @type {readonly Command[]} */
export const CURVE_COMMANDS = [
  { id: "tool-path", label: () => gettext("Path of a curved plane"), keys: ["Shift+V"], group: "tools", run: (state) => ({ ...state, tool: "path" }), pressed: ({ tool }) => tool === "path" },
  { id: "path-add", label: () => gettext("Path: add the crosshair’s point"), keys: ["Alt+A"], group: "image", run: addCrosshair, offered: (state) => isVolumePane(paneAt(state)) },
  { id: "path-drop", label: () => gettext("Path: take the last point away"), keys: ["Alt+X"], group: "image", run: dropPoint, offered: ({ path }) => path !== null },
  { id: "path-open", label: () => gettext("Path: show the curved plane"), keys: ["Alt+O"], group: "image", run: openPath, offered: ({ path }) => (path?.points.length ?? 0) > 1 },
  curve("curve-form", "Alt+F", () => gettext("Curved plane: straightened or stretched"), (state) => changeCurve(state, ({ form }) => ({ form: form === "stretched" ? "straightened" : "stretched" }))),
  curve("curve-clockwise", "Alt+Q", () => gettext("Curved plane: turn about its path, 15°"), (state) => changeCurve(state, ({ turn }) => ({ turn: (turn + TURN) % 360 }))),
  curve("curve-back", "Alt+Shift+Q", () => gettext("Curved plane: turn back, 15°"), (state) => changeCurve(state, ({ turn }) => ({ turn: (turn - TURN) % 360 }))),
  curve("curve-thicker", "Alt+T", () => gettext("Curved plane: thicker by 2 mm"), (state) => changeCurve(state, ({ slab }) => ({ slab: { ...slab, thickness: slab.thickness + THICKER } }))),
  curve("curve-thinner", "Alt+Shift+T", () => gettext("Curved plane: thinner by 2 mm"), (state) => changeCurve(state, ({ slab }) => ({ slab: { ...slab, thickness: Math.max(0, slab.thickness - THICKER) } }))),
];

/**
 * @param {string} id
 * @param {string} key
 * @param {() => string} label
 * @param {(state: State) => State} run
 * @returns {Command}
 */
function curve(id, key, label, run) {
  return { id, label, keys: [key], group: "image", run, offered: isCurved };
}

/** @param {State} state */
function addCrosshair(state) {
  const shown = paneAt(state);
  return isVolumePane(shown) ? addPoint(state, state.active, shown.plane.point) : state;
}

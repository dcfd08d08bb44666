/** Volumes in three dimensions: the pane, its camera turned by a hand, its presets and methods. PURE. */

/** @import { Command } from "./commands.js" */
/** @import { PictureLook, Plane, SpaceSource, State, Vector } from "./state.js" */
import { gettext } from "../shared/i18n.js";
import { moveCrosshair } from "./crosshair.js";
import { isThreePlanes } from "./layouts.js";
import { changePane } from "./panes.js";
import { CANONICAL, middle, planeGrid } from "./planes.js";
import { METHODS, PRESETS } from "./spacewords.js";
import { isSlidePane, isSpacePane, pane, paneAt, PLAIN, stackOf } from "./state.js";
import { cross, dot, minus, times, turned, unit } from "./vectors.js";

/** An outline on a view, corners in mm to the right and down of its point: what lies under it is cut away, or all else. @typedef {{plane: Plane, corners: [number, number][], outside: boolean}} CutAway */
/**
 * A volume seen along a camera; `clip`: lower and upper corner, LPS mm, of the box that alone is shown; `center` as of a plane.
 * @typedef {PictureLook & {
 *   source: SpaceSource, plane: Plane, method: "volume_rendered" | "maximum_ip" | "minimum_ip" | "average_ip", preset: string | null,
 *   clip: [Vector, Vector] | null, cuts: readonly CutAway[], center: Vector | null,
 * }} SpacePane
 */

/** Radians for a pixel that a hand moves. */
const PER_PIXEL = Math.PI / 400;
/** Of a look along the body, the patient's long axis is none to turn about. */
const ALONG = 0.9;
/** Radians for a key press. */
const STEP = Math.PI / 12;
/** The place of the stack beside three planes. */
const FOURTH = 3;

/**
 * A volume seen from the front.
 * @param {SpaceSource} source
 * @param {Plane} plane
 * @param {Partial<SpacePane>} [differently]
 * @returns {SpacePane}
 */
export function spacePane(source, plane, differently = {}) {
  return { source, plane, method: "volume_rendered", preset: null, clip: null, cuts: [], ...PLAIN, text: "all", ...differently };
}

/**
 * The active stack's volume in three dimensions: in the fourth place beside its planes, else alone; from there, back to the stack.
 * @param {State} state
 * @returns {State}
 */
export function openSpace(state) {
  const shown = paneAt(state);
  const volume = stackOf(state, shown)?.volume;
  if (!shown || isSlidePane(shown) || !volume) return state;
  if (isSpacePane(shown)) return closeSpace(state, shown);
  const { archive, study, series, stack } = shown.source;
  const across = Math.max(...Object.values(CANONICAL).flatMap((each) => [planeGrid(volume, each).columns, planeGrid(volume, each).rows]));
  const space = spacePane({ kind: "rendered3d", archive, study, series, stack }, { point: middle(volume), ...CANONICAL.coronal }, { scale: { fit: 1, room: [across, across] } });
  const isFour = isThreePlanes(state) && state.layout.rows === 2;
  const panes = isFour ? state.panes.map((each, index) => (index === FOURTH ? space : each)) : [space, ...state.panes.filter((each) => each !== shown), shown].slice(0, 16);
  return isFour ? { ...state, active: FOURTH, panes } : { ...state, layout: { rows: 1, columns: 1 }, active: 0, maximised: false, stepped: null, panes };
}

/** @param {State} state @param {SpacePane} shown @returns {State} */
function closeSpace(state, { source, text }) {
  const back = state.panes.find((each) => each && each.source.kind === "stack" && each.source.series === source.series) ?? pane({ ...source, kind: "stack" }, { text });
  const panes = state.panes.flatMap((each, index) => (index === state.active ? [back] : each === back ? [] : [each]));
  return { ...state, panes };
}

/**
 * Turn a camera about the body: to the side about the patient's long axis, up and down about the picture's own.
 * @param {Plane} plane where the hand began
 * @param {number} dx CSS pixels to the right: what is near follows
 * @param {number} dy downward
 * @returns {Plane}
 */
export function turnedBy({ point, look, up }, dx, dy) {
  const isAlong = Math.abs(look[2]) > ALONG;
  const axis = isAlong ? up : /** @type {Vector} */ ([0, 0, up[2] < 0 ? -1 : 1]);
  const right = unit(cross(look, up));
  const tilted = [look, up].map((each) => turned(each, right, -dy * PER_PIXEL));
  const [a, b] = tilted.map((each) => turned(each, axis, -dx * PER_PIXEL));
  const straight = unit(/** @type {Vector} */ (a));
  const top = /** @type {Vector} */ (b);
  return { point, look: straight, up: unit(minus(top, times(straight, dot(top, straight)))) };
}

/**
 * @param {State} state
 * @param {number} index
 * @param {Plane} plane
 * @returns {State}
 */
export function lookFrom(state, index, plane) {
  const shown = paneAt(state, index);
  return isSpacePane(shown) ? changePane(state, { plane }, index) : state;
}

/**
 * What a click on a volume met: planes and stacks of its space move there.
 * @param {State} state
 * @param {string} resource of the answer
 * @param {Vector} point
 * @returns {State}
 */
export function met(state, resource, point) {
  const mover = state.panes.find((each) => isSpacePane(each) && resource.includes(`/series/${each.source.series}/`));
  return isSpacePane(mover) ? moveCrosshair(state, mover, point) : state;
}

const isSpace = (/** @type {State} */ state) => isSpacePane(paneAt(state));

/**
 * @param {string} id
 * @param {readonly string[]} keys
 * @param {() => string} label
 * @param {(shown: SpacePane) => Partial<SpacePane>} change
 * @param {Partial<Command>} [more]
 * @returns {Command}
 */
function space(id, keys, label, change, more = {}) {
  const run = (/** @type {State} */ state) => {
    const shown = paneAt(state);
    return isSpacePane(shown) ? changePane(state, change(shown)) : state;
  };
  return { id: `space-${id}`, label, keys, group: "image", run, offered: isSpace, ...more };
}

/** @param {State} state */
function whyNot(state) {
  const stack = stackOf(state, paneAt(state));
  return stack && !stack.volume ? (stack.volume_words ?? "") : "";
}

/** @type {readonly Command[]} */
export const SPACE_COMMANDS = [
  {
    id: "space",
    label: () => gettext("The volume in three dimensions (3D)"),
    keys: ["Shift+D"],
    group: "layout",
    run: openSpace,
    pressed: isSpace,
    offered: (state) => stackOf(state, paneAt(state)) !== null,
    why: whyNot,
  },
  ...PRESETS().map(([preset, modality], index) =>
    space(preset, [], () => ["3D", PRESETS()[index]?.[2]].join(": "), () => ({ preset, method: "volume_rendered", voi: null }), {
      offered: (state) => isSpace(state) && (modality === null || stackOf(state, paneAt(state))?.modality === modality),
    }),
  ),
  ...METHODS().map(([method], index) => space(method, [], () => ["3D", METHODS()[index]?.[1]].join(": "), () => ({ method, voi: null }))),
  ...sides(),
  turn("left", "Ctrl+Alt+ArrowLeft", -1, 0, () => gettext("3D: turn to the left, 15°")),
  turn("right", "Ctrl+Alt+ArrowRight", 1, 0, () => gettext("3D: turn to the right, 15°")),
  turn("up", "Ctrl+Alt+ArrowUp", 0, -1, () => gettext("3D: turn upward, 15°")),
  turn("down", "Ctrl+Alt+ArrowDown", 0, 1, () => gettext("3D: turn downward, 15°")),
];

/** @param {string} id @param {string} key @param {number} x @param {number} y @param {() => string} label */
function turn(id, key, x, y, label) {
  return space(`turn-${id}`, [key], label, ({ plane }) => ({ plane: turnedBy(plane, (x * STEP) / PER_PIXEL, (y * STEP) / PER_PIXEL) }));
}

/** Seen from each side of the patient. @returns {Command[]} */
function sides() {
  /** @type {readonly (readonly [id: string, label: () => string, look: Vector, up: Vector])[]} */
  const looks = [
    ["anterior", () => gettext("3D: from the front"), [0, 1, 0], [0, 0, 1]],
    ["posterior", () => gettext("3D: from the back"), [0, -1, 0], [0, 0, 1]],
    ["left-side", () => gettext("3D: from the left"), [-1, 0, 0], [0, 0, 1]],
    ["right-side", () => gettext("3D: from the right"), [1, 0, 0], [0, 0, 1]],
    ["feet", () => gettext("3D: from the feet"), [0, 0, 1], [0, -1, 0]],
    ["head", () => gettext("3D: from the head"), [0, 0, -1], [0, -1, 0]],
  ];
  return looks.map(([id, label, look, up]) => space(id, [], label, ({ plane }) => ({ plane: { ...plane, look, up } })));
}

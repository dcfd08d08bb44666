/** Volumes in three dimensions: the pane, its camera turned by a hand. PURE. */

/** @import { PictureLook, Plane, SpaceSource, State, Vector } from "./state.js" */
import { moveCrosshair } from "./crosshair.js";
import { isThreePlanes } from "./layouts.js";
import { changePane } from "./panes.js";
import { CANONICAL, middle, planeGrid } from "./planes.js";
import { bodyAxis } from "./spinning.js";
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
export const PER_PIXEL = Math.PI / 400;
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

/** As large as the volume fits from every side, so that it keeps its size while it turns. @param {import("./state.js").Volume} volume @returns {import("./state.js").Scale} */
function roomFor(volume) {
  const across = Math.max(...Object.values(CANONICAL).flatMap((each) => [planeGrid(volume, each).columns, planeGrid(volume, each).rows]));
  return { fit: 1, room: [across, across] };
}

/** The active volume in three dimensions all in sight again; null for another picture. @param {State} state @param {boolean} [front] and seen from the front, in its own window @returns {State | null} */
export function fitSpace(state, front = false) {
  const shown = paneAt(state);
  const volume = stackOf(state, shown)?.volume;
  if (!isSpacePane(shown) || !volume) return null;
  const fitted = { scale: roomFor(volume), center: null };
  return changePane(state, front ? { ...PLAIN, ...fitted, plane: { ...shown.plane, ...CANONICAL.coronal } } : fitted);
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
  const space = spacePane({ kind: "rendered3d", archive, study, series, stack }, { point: middle(volume), ...CANONICAL.coronal }, { scale: roomFor(volume) });
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
  const axis = bodyAxis({ point, look, up });
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
  if (!isSpacePane(mover)) return state;
  const frame = stackOf(state, mover)?.frame_of_reference;
  const moved = moveCrosshair(state, mover, point);
  return frame ? { ...moved, cursor: { ...moved.cursor, [frame]: point } } : moved;
}

/** One point in the patient for all planes of a space: where it is, what follows it, the lines that show it. */

/** @import { Size } from "./geometry.js" */
/** @import { PlaneName } from "./planes.js" */
/** @import { Pane, PicturePane, Stack, State, Vector } from "./state.js" */
import { apply, inverse, matrix } from "./geometry.js";
import { imageAt, isStackPane, isVolumePane, stackKey, stackOf, THROUGH, visible } from "./state.js";
import { axes, fromGrid, nameOf, nearest } from "./planes.js";
import { sheetOf } from "./sheets.js";
import { add, cross, dot, length, times, unit } from "./vectors.js";

/** Planes this near to parallel (sine) have no line in common worth drawing. */
const PARALLEL = 0.02;

/**
 * Move the point: planes follow, stacks show their nearest slice; what lies in another space stays.
 * @param {State} state
 * @param {PicturePane} mover a pane of the space
 * @param {Vector} point LPS mm
 * @returns {State}
 */
export function moveCrosshair(state, mover, point) {
  const panes = state.panes.map((shown) => {
    if (!shown || !inSameSpace(state, mover, shown)) return shown;
    if (isVolumePane(shown)) return same(shown.plane.point, point) ? shown : { ...shown, plane: { ...shown.plane, point } };
    if (!isStackPane(shown)) return shown;
    const stack = stackOf(state, shown);
    const entry = stack && nearestEntry(stack, point);
    return entry === null || entry === shown.index ? shown : { ...shown, ...imageAt(/** @type {Stack} */ (stack), entry) };
  });
  return panes.every((shown, index) => shown === state.panes[index]) ? state : { ...state, panes };
}

/**
 * @param {State} state
 * @param {Pane} one
 * @param {Pane} other
 */
export function inSameSpace(state, one, other) {
  if (stackKey(one.source) === stackKey(other.source)) return true;
  const [frame, second] = [stackOf(state, one)?.frame_of_reference, stackOf(state, other)?.frame_of_reference];
  return Boolean(frame) && frame === second;
}

/**
 * Move the point to where a hand points in a pane.
 * @param {State} state
 * @param {number} index of the pane
 * @param {readonly [number, number]} at device pixels
 * @param {Size} canvas
 * @param {number[] | null} inPatient what the pane's picture has there, for a stack
 * @returns {State}
 */
export function pointCrosshair(state, index, at, canvas, inPatient) {
  const sheet = sheetOf(state, state.panes[index] ?? null);
  if (!sheet) return state;
  const { pane, stack, grid, look } = sheet;
  if (isVolumePane(pane) && stack.volume) {
    const [column, row] = apply(inverse(matrix(grid, canvas, look)), ...at);
    // A hand that leaves the volume slides along its side.
    return pointed(state, pane, stack, fromGrid(stack.volume, pane.plane, [within(column, grid.columns), within(row, grid.rows)]));
  }
  return inPatient?.length === 3 ? pointed(state, pane, stack, /** @type {Vector} */ (inPatient)) : state;
}

/** @param {State} state @param {PicturePane} pane @param {Stack} stack @param {Vector} point @returns {State} */
function pointed(state, pane, { frame_of_reference: frame }, point) {
  const moved = moveCrosshair(state, pane, point);
  return frame ? { ...moved, cursor: { ...state.cursor, [frame]: point } } : moved;
}

/** @param {number} place @param {number} most */
const within = (place, most) => Math.min(most, Math.max(0, place));

/** @param {Vector} one @param {Vector} other */
const same = (one, other) => one.every((part, axis) => part === other[axis]);

/**
 * The entry of a stack whose slice is nearest to a point.
 * @param {Stack} stack
 * @param {Vector} point
 * @returns {number | null} null beyond its ends, or where its slices have no place along one normal
 */
export function nearestEntry({ orientation, spatial, entries }, point) {
  const normal = spatial ? normalOf(orientation) : null;
  if (!normal || !entries.length) return null;
  const along = dot(normal, point);
  const places = entries.map(({ location }) => (typeof location === "number" ? Math.abs(location - along) : Infinity));
  const best = places.indexOf(Math.min(...places));
  const found = entries[best]?.location ?? 0;
  const [before, after] = [entries[best - 1]?.location ?? found, entries[best + 1]?.location ?? found];
  const gap = Math.max(Math.abs(found - before), Math.abs(found - after)) || 1;
  return (places[best] ?? Infinity) <= gap ? best : null;
}

/**
 * A point moved onto a slice of a stack along the slice's normal: where it lies within the slice stays.
 * @param {Stack} stack
 * @param {number} index
 * @param {Vector} point
 * @returns {Vector | null} null where the slice has no place along one normal
 */
export function ontoEntry({ orientation, spatial, entries }, index, point) {
  const normal = spatial ? normalOf(orientation) : null;
  const location = entries[index]?.location;
  return normal && typeof location === "number" ? add(point, times(normal, location - dot(normal, point))) : null;
}

/**
 * The direction in which a stack's locations are counted: toward left, posterior or head, whichever is nearest.
 * @param {readonly number[] | null | undefined} orientation
 * @returns {Vector | null}
 */
export function normalOf(orientation) {
  if (orientation?.length !== 6) return null;
  const [a, b, c, d, e, f] = /** @type {[number, number, number, number, number, number]} */ (orientation);
  const across = cross([a, b, c], [d, e, f]);
  const most = across.reduce((best, part) => (Math.abs(part) > Math.abs(best) ? part : best), 0);
  return most === 0 ? null : times(across, Math.sign(most) / length(across));
}

/**
 * A plane cut by another one.
 * @typedef {{name: PlaneName, look: Vector, direction: Vector, thickness: number, isThere: boolean}} Cut of the other plane: its name, its look,
 *   the line that both share, how thick it is (mm), and whether a pane shows it
 */

/**
 * The lines that the other planes of the layout leave in a pane; all go through its own point.
 * @param {State} state
 * @param {number} index of the pane
 * @returns {Cut[]}
 */
export function cutsOf(state, index) {
  const shown = state.panes[index];
  if (!isVolumePane(shown)) return [];
  const asked = state.tool === "crosshair";
  const others = (asked ? visible({ ...state, maximised: false }) : visible(state)).flatMap((each) => {
    const other = state.panes[each];
    return each !== index && isVolumePane(other) && other.slab.thickness < THROUGH && inSameSpace(state, shown, other) ? [{ name: nameOf(other), look: other.plane.look, thickness: other.slab.thickness, isThere: true }] : [];
  });
  const { right } = axes(shown.plane);
  const square = (/** @type {Vector} */ look) => ({ name: nearest(look), look, thickness: 0, isThere: false });
  // Alone in the layout, the plane shows where the two square to it would be.
  const planes = others.some(({ look }) => !isParallel(look, shown.plane.look)) ? others : asked ? [square(right), square(shown.plane.up)] : [];
  /** @type {Cut[]} */
  const cuts = [];
  for (const plane of planes) {
    const line = cross(shown.plane.look, plane.look);
    if (isParallel(plane.look, shown.plane.look) || cuts.some(({ direction }) => isParallel(direction, line))) continue;
    cuts.push({ ...plane, direction: unit(line) });
  }
  return cuts;
}

/**
 * The line that the active pane's slice leaves in the slice of another stack of its Frame of Reference.
 * @param {State} state
 * @param {number} index of the pane in which it is drawn
 * @returns {{point: Vector, direction: Vector} | null} null across Frames of Reference, and between parallel slices
 */
export function stackCut(state, index) {
  const [shown, other] = [state.panes[index] ?? null, state.panes[state.active] ?? null];
  if (index === state.active || !visible(state).includes(state.active) || !isStackPane(shown) || !isStackPane(other) || !inSameSpace(state, shown, other)) return null;
  const [here, there] = [sliceOf(state, shown), sliceOf(state, other)];
  if (!here || !there || isParallel(here.normal, there.normal)) return null;
  const along = cross(here.normal, there.normal);
  // The point of both planes that is nearest to the origin of the patient's coordinates.
  const part = dot(here.normal, there.normal);
  const square = 1 - part * part;
  const point = add(times(here.normal, (here.location - there.location * part) / square), times(there.normal, (there.location - here.location * part) / square));
  return { point, direction: times(along, 1 / length(along)) };
}

/** @param {State} state @param {import("./state.js").StackPane} shown @returns {{normal: Vector, location: number} | null} */
function sliceOf(state, shown) {
  const stack = stackOf(state, shown);
  const normal = stack?.spatial !== false ? normalOf(stack?.orientation) : null;
  const location = stack?.entries[shown.index ?? -1]?.location;
  return normal && typeof location === "number" ? { normal, location } : null;
}

/** @param {Vector} one @param {Vector} other */
export function isParallel(one, other) {
  return length(cross(one, other)) <= PARALLEL * length(one) * length(other);
}

/**
 * The shared point as a stack's pane shows it: that of planes of its space, else where a hand pointed in a stack of it.
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Vector | null}
 */
export const referencePoint = (state, shown) => (isStackPane(shown) ? sharedPoint(state, shown) : null);

/** The point of planes in a pane's space, else where a hand pointed in it. @param {State} state @param {Pane} shown @returns {Vector | null} */
export function sharedPoint(state, shown) {
  for (const index of visible(state)) {
    const other = state.panes[index];
    if (isVolumePane(other) && inSameSpace(state, shown, other)) return other.plane.point;
  }
  return state.cursor[stackOf(state, shown)?.frame_of_reference ?? ""] ?? null;
}

/** Planes turned, moved one by one and thickened: pure changes of state about the point that they share. */

/** @import { Plane, Slab, State, Vector, VolumePane } from "./state.js" */
import { inSameSpace, isParallel, moveCrosshair } from "./crosshair.js";
import { CANONICAL, nameOf, series } from "./planes.js";
import { isVolumePane, paneAt, stackOf, THIN, THROUGH } from "./state.js";
import { add, cross, dot, length, minus, times, turned, unit } from "./vectors.js";

/** What keys and hands make of a thickness (mm). */
export const THICKNESSES = /** @type {const} */ ([0, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200]);
export const METHODS = /** @type {const} */ (["average_ip", "maximum_ip", "minimum_ip"]);
/** A slab that a hand draws is at most so thick (mm). */
const THICKEST = 500;
/** Less is one layer (mm). */
const THINNEST = 0.5;

/** @param {VolumePane} shown */
const isCut = ({ slab }) => slab.thickness < THROUGH;

/**
 * Change planes that share a pane's space, the pane itself only where it is chosen too; a projection of the whole volume is none.
 * @param {State} state
 * @param {VolumePane} mover
 * @param {(shown: VolumePane) => boolean} chosen
 * @param {(shown: VolumePane) => VolumePane} change
 * @returns {State}
 */
function among(state, mover, chosen, change) {
  const panes = state.panes.map((shown) => (isVolumePane(shown) && isCut(shown) && inSameSpace(state, mover, shown) && chosen(shown) ? change(shown) : shown));
  return panes.every((shown, index) => shown === state.panes[index]) ? state : { ...state, panes };
}

/**
 * Turn the planes that cross a pane's about its normal, all of them so that they stay at their angles, or one alone.
 * @param {State} state
 * @param {number} index of the pane
 * @param {number} angle radians, clockwise as seen along the pane's look
 * @param {Vector | null} [alone] look of the one plane that turns
 * @returns {State}
 */
export function turnPlanes(state, index, angle, alone = null) {
  const mover = paneAt(state, index);
  if (!isVolumePane(mover) || angle === 0) return state;
  const axis = mover.plane.look;
  const turns = (/** @type {VolumePane} */ { plane: { look } }) => !isParallel(look, axis) && (alone === null || isParallel(look, alone));
  return among(state, mover, turns, (shown) => ({ ...shown, plane: squared(shown.plane, turned(shown.plane.look, axis, angle), turned(shown.plane.up, axis, angle)) }));
}

/**
 * Unit vectors at right angles, whatever rounding has added up to.
 * @param {Plane} plane
 * @param {Vector} look
 * @param {Vector} up
 * @returns {Plane}
 */
function squared({ point }, look, up) {
  const straight = unit(look);
  return { point, look: straight, up: unit(minus(up, times(straight, dot(up, straight)))) };
}

/**
 * Move one plane by what a hand moved its line in another pane; every other plane stays.
 * @param {State} state
 * @param {number} index of the pane
 * @param {Vector} look of the plane that moves
 * @param {Vector} moved mm, within the pane's own plane
 * @returns {State}
 */
export function moveLine(state, index, look, moved) {
  const mover = paneAt(state, index);
  if (!isVolumePane(mover)) return state;
  const own = mover.plane.look;
  const third = state.panes.find((shown) => isVolumePane(shown) && isCut(shown) && inSameSpace(state, mover, shown) && ![own, look].some((each) => isParallel(each, shown.plane.look)));
  // Along what the pane and the third plane have in common, both of them stay.
  const shared = isVolumePane(third) ? cross(own, third.plane.look) : minus(look, times(own, dot(look, own)));
  const steep = dot(shared, look);
  if (Math.abs(steep) < 1e-6 * length(shared)) return state;
  return moveCrosshair(state, mover, add(mover.plane.point, times(shared, dot(moved, look) / steep)));
}

/**
 * Give a slab to the planes of one direction.
 * @param {State} state
 * @param {number} index of a pane in their space
 * @param {Vector} look of the planes
 * @param {Partial<Slab>} change
 * @returns {State}
 */
export function thicken(state, index, look, change) {
  const mover = paneAt(state, index);
  if (!isVolumePane(mover)) return state;
  const isMeant = (/** @type {VolumePane} */ shown) => isParallel(shown.plane.look, look);
  return among(state, mover, isMeant, (shown) => {
    const slab = { ...shown.slab, ...change };
    const thickness = slab.thickness < THINNEST ? 0 : Math.min(THICKEST, slab.thickness);
    return thickness === shown.slab.thickness && slab.method === shown.slab.method ? shown : { ...shown, slab: { ...slab, thickness } };
  });
}

/**
 * The next thickness that a key leads to.
 * @param {State} state
 * @param {1 | -1} step
 * @returns {State}
 */
export function stepThickness(state, step) {
  const shown = paneAt(state);
  if (!isVolumePane(shown)) return state;
  const { thickness } = shown.slab;
  const next = step > 0 ? THICKNESSES.find((each) => each > thickness) : THICKNESSES.findLast((each) => each < thickness);
  return next === undefined ? state : thicken(state, state.active, shown.plane.look, { thickness: next });
}

/**
 * How a slab's samples become one: average, maximum, minimum, in turn.
 * @param {State} state
 * @returns {State}
 */
export function nextMethod(state) {
  const shown = paneAt(state);
  if (!isVolumePane(shown)) return state;
  const method = METHODS[(METHODS.indexOf(shown.slab.method) + 1) % METHODS.length] ?? "average_ip";
  return thicken(state, state.active, shown.plane.look, { method });
}

/**
 * All planes of the active one's space straight again and of one layer, through the point where they are.
 * @param {State} state
 * @returns {State}
 */
export function straighten(state) {
  const mover = paneAt(state);
  if (!isVolumePane(mover)) return state;
  return among(state, mover, () => true, (shown) => ({ ...shown, slab: THIN, plane: { point: shown.plane.point, ...CANONICAL[nameOf(shown)] } }));
}

/** Whether any plane of the active one's space is turned or thick. @param {State} state */
export function isTurned(state) {
  const mover = paneAt(state);
  return isVolumePane(mover) && state.panes.some((shown) => isVolumePane(shown) && isCut(shown) && inSameSpace(state, mover, shown) && (shown.slab.thickness > 0 || dot(shown.plane.look, CANONICAL[nameOf(shown)].look) < 1 - 1e-6));
}

/**
 * By how many planes a hand goes that moves in large steps: through the next slab, or by ten.
 * @param {State} state
 * @param {number} [index] of the pane
 */
export function largeStep(state, index = state.active) {
  const shown = paneAt(state, index);
  const volume = isVolumePane(shown) && shown.slab.thickness > 0 ? stackOf(state, shown)?.volume : null;
  if (!volume || !isVolumePane(shown)) return 10;
  return Math.max(1, Math.round(shown.slab.thickness / series(volume, shown.plane).step));
}

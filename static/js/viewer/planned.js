/** Planes that are to be saved as a series: parallel to one that is shown, from one place to another. PURE: LPS millimetres. */

/** @import { Slab, State, Vector, Volume, VolumePane } from "./state.js" */
import { depth, fromGrid, planeGrid, series } from "./planes.js";
import { isVolumePane, paneAt, stackOf } from "./state.js";
import { add, times } from "./vectors.js";

/** Planes of a series, and pixels of a side, at most. */
export const MOST = 2000;
const LARGEST = 4096;

/** From and to: mm, as a plane's text tells its place. @typedef {{from: number, to: number, step: number, thickness: number, method: Slab["method"]}} Range */
/** @typedef {{first: Vector, look: Vector, up: Vector, count: number, spacing: number, columns: number, rows: number, pixel_spacing: number, thickness: number, method: Slab["method"]}} Planned */

/**
 * Toward left, posterior or head, whichever is nearest: 1 along the look, -1 against it.
 * @param {Vector} look
 */
const sense = (look) => Math.sign(look.reduce((best, part) => (Math.abs(part) > Math.abs(best) ? part : best), 0)) || 1;

/**
 * The whole volume at the plane's own steps.
 * @param {Volume} volume
 * @param {VolumePane} shown
 * @returns {Range}
 */
export function wholeRange(volume, { plane, slab }) {
  const { step, count } = series(volume, plane);
  const middle = (place(plane) - depth(volume, plane)) * sense(plane.look);
  const half = ((count - 1) * step) / 2;
  const tidy = (/** @type {number} */ value) => Number(value.toFixed(2));
  return { from: tidy(middle - half), to: tidy(middle + half), step: tidy(step), ...slab };
}

/** @param {VolumePane["plane"]} plane @returns {number} mm along its look */
function place({ point, look }) {
  return point.reduce((sum, part, axis) => sum + part * (look[axis] ?? 0), 0);
}

/**
 * @param {Volume} volume
 * @param {VolumePane} shown
 * @param {Range} range
 * @returns {Planned | null} null where they would be none, or too many
 */
export function planned(volume, { plane }, { from, to, step, thickness, method }) {
  const count = Math.floor(Math.abs(to - from) / step + 1e-6) + 1;
  if (!(step > 0) || !Number.isFinite(count) || count > MOST || !(thickness >= 0)) return null;
  const start = Math.min(from * sense(plane.look), to * sense(plane.look));
  const grid = planeGrid(volume, plane);
  const coarse = Math.max(1, grid.columns / LARGEST, grid.rows / LARGEST);
  const there = { ...plane, point: add(plane.point, times(plane.look, start - place(plane))) };
  return {
    first: fromGrid(volume, there, [grid.columns / 2, grid.rows / 2]), look: plane.look, up: plane.up, count, spacing: step, thickness, method,
    columns: Math.min(LARGEST, Math.ceil(grid.columns / coarse)), rows: Math.min(LARGEST, Math.ceil(grid.rows / coarse)), pixel_spacing: volume.spacing_mm * coarse,
  };
}

/**
 * The plane that can be saved, with its volume.
 * @param {State} state
 * @returns {{shown: VolumePane, volume: Volume} | null}
 */
export function savable(state) {
  const shown = paneAt(state);
  const volume = stackOf(state, shown)?.volume;
  return isVolumePane(shown) && volume ? { shown, volume } : null;
}

/**
 * Where the first, the last and some planes between them lie.
 * @param {Planned} of
 * @param {number} most
 * @returns {Vector[]}
 */
export function placesOf({ first, look, count, spacing }, most) {
  const shown = Math.min(count, most);
  return Array.from({ length: shown }, (_, index) => add(first, times(look, shown < 2 ? 0 : (index * (count - 1) * spacing) / (shown - 1))));
}

/** What of a volume in three dimensions is hidden by hand: a box that alone is shown, regions that are cut away, and both undone. PURE: LPS millimetres. */

/** @import { CutAway } from "./space.js" */
/** @import { SpacePane, State, Vector, Volume } from "./state.js" */
import { interpolate, gettext } from "../shared/i18n.js";
import { changePane } from "./panes.js";
import { middle } from "./planes.js";
import { isSpacePane, paneAt, sourceKey, stackOf } from "./state.js";

/** @typedef {Pick<SpacePane, "clip" | "cuts">} Carving */
/** @typedef {{past: readonly Carving[], future: readonly Carving[]}} Carvings what was before, and what was undone; the latest last */
/** What hands do with the volume under them: faces of the box to take hold of, a region to draw. @typedef {{box: boolean, scissors: "inside" | "outside" | null}} Tools */
/** A side of the box: its axis, and whether it is the upper of the two. @typedef {{axis: 0 | 1 | 2, upper: boolean}} Face */

/** @type {Tools} */
export const NO_TOOLS = { box: false, scissors: null };
/** @type {readonly Face[]} */
export const FACES = [0, 1, 2].flatMap((axis) => [false, true].map((upper) => ({ axis: /** @type {0 | 1 | 2} */ (axis), upper })));
/** The thinnest box (mm). */
const THINNEST = 1;
/** As many regions as the server cuts away at once, and corners of one that say its shape well. */
export const MOST_CUTS = 8;
const MOST_CORNERS = 160;
const KEPT = 50;

/**
 * The box around all voxels.
 * @param {Volume} volume
 * @returns {[Vector, Vector]} lower and upper corner
 */
export function around(volume) {
  const center = middle(volume);
  const half = [0, 1, 2].map((axis) => [volume.row, volume.column, volume.step].reduce((sum, side, along) => sum + (Math.abs(side[axis] ?? 0) * (volume.size[along] ?? 1)) / 2, 0));
  const corner = (/** @type {number} */ sign) => /** @type {Vector} */ (center.map((part, axis) => part + sign * (half[axis] ?? 0)));
  return [corner(-1), corner(1)];
}

/** The box that alone is shown: without one of its own, all. @param {SpacePane} shown @param {Volume} volume @returns {[Vector, Vector]} */
export const boxOf = (shown, volume) => shown.clip ?? around(volume);

/**
 * How far a face may be moved.
 * @param {SpacePane} shown
 * @param {Volume} volume
 * @param {Face} face
 * @returns {{at: number, least: number, most: number}} mm along its axis
 */
export function roomOf(shown, volume, { axis, upper }) {
  const [low, high] = boxOf(shown, volume);
  const [first, last] = around(volume);
  return upper
    ? { at: high[axis], least: low[axis] + THINNEST, most: Math.max(last[axis], high[axis]) }
    : { at: low[axis], least: Math.min(first[axis], low[axis]), most: high[axis] - THINNEST };
}

/**
 * @param {State} state
 * @param {number} index of the pane
 * @param {Face} face
 * @param {number} to mm along its axis
 * @returns {State}
 */
export function moveFace(state, index, face, to) {
  const shown = paneAt(state, index);
  const volume = stackOf(state, shown)?.volume;
  if (!isSpacePane(shown) || !volume) return state;
  const { least, most } = roomOf(shown, volume, face);
  const [low, high] = boxOf(shown, volume);
  const place = Math.round(Math.min(most, Math.max(least, to)) * 100) / 100;
  const moved = /** @type {Vector} */ ((face.upper ? high : low).with(face.axis, place));
  const clip = /** @type {[Vector, Vector]} */ (face.upper ? [low, moved] : [moved, high]);
  return changePane(state, { clip }, index);
}

/**
 * Cut away what lies under a region, or all else.
 * @param {State} state
 * @param {number} index of the pane
 * @param {readonly [number, number][]} corners mm to the right and down of the camera's point
 * @param {boolean} outside
 * @returns {State} unchanged where it is no region, or there are too many
 */
export function cutAway(state, index, corners, outside) {
  const shown = paneAt(state, index);
  if (!isSpacePane(shown) || corners.length < 3 || shown.cuts.length >= MOST_CUTS) return state;
  /** @type {CutAway} */
  const cut = { plane: shown.plane, corners: fewer(corners), outside };
  return changePane(remembered(state, index), { cuts: [...shown.cuts, cut] }, index);
}

/**
 * An outline of no more corners than say its shape.
 * @param {readonly [number, number][]} corners
 * @returns {[number, number][]}
 */
function fewer(corners) {
  const step = Math.max(1, corners.length / MOST_CORNERS);
  return Array.from({ length: Math.floor(corners.length / step) }, (_, each) => /** @type {[number, number]} */ (corners[Math.floor(each * step)]));
}

/** @param {State} state @param {number} index @returns {{key: string, shown: SpacePane, carved: Carvings} | null} */
function history(state, index) {
  const shown = paneAt(state, index);
  if (!isSpacePane(shown)) return null;
  const key = sourceKey(shown.source);
  return { key, shown, carved: state.carvings[key] ?? { past: [], future: [] } };
}

/**
 * Remember what is hidden now, before a hand changes it.
 * @param {State} state
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function remembered(state, index = state.active) {
  const found = history(state, index);
  if (!found) return state;
  const { key, shown: { clip, cuts }, carved } = found;
  return { ...state, carvings: { ...state.carvings, [key]: { past: [...carved.past, { clip, cuts }].slice(-KEPT), future: [] } } };
}

/** @param {State} state @returns {State} with the last change of box or regions taken back */
export function undo(state) {
  const found = history(state, state.active);
  const before = found?.carved.past.at(-1);
  if (!found || !before) return state;
  const { key, shown: { clip, cuts }, carved } = found;
  const next = { past: carved.past.slice(0, -1), future: [...carved.future, { clip, cuts }] };
  return changePane({ ...state, carvings: { ...state.carvings, [key]: next } }, before);
}

/** @param {State} state @returns {State} with what was taken back done again */
export function redo(state) {
  const found = history(state, state.active);
  const after = found?.carved.future.at(-1);
  if (!found || !after) return state;
  const { key, shown: { clip, cuts }, carved } = found;
  const next = { past: [...carved.past, { clip, cuts }], future: carved.future.slice(0, -1) };
  return changePane({ ...state, carvings: { ...state.carvings, [key]: next } }, after);
}

/** @param {State} state @returns {State} with all of the volume shown; that can be undone */
export const whole = (state) => (isCarved(paneAt(state)) ? changePane(remembered(state), { clip: null, cuts: [] }) : state);

/** @param {import("./state.js").Pane | null} shown */
export const isCarved = (shown) => isSpacePane(shown) && (shown.clip !== null || shown.cuts.length > 0);

/** @param {State} state */
export const canUndo = (state) => (history(state, state.active)?.carved.past.length ?? 0) > 0;
/** @param {State} state */
export const canRedo = (state) => (history(state, state.active)?.carved.future.length ?? 0) > 0;

/** That part of a volume is hidden, in words. @param {import("./state.js").Pane} shown @returns {string} */
export function carvedWords(shown) {
  if (!isSpacePane(shown)) return "";
  const cuts = shown.cuts.length ? interpolate(gettext("cut away: {count}"), { count: shown.cuts.length }) : "";
  return [shown.clip ? gettext("clip box") : "", cuts].filter(Boolean).join(" · ");
}

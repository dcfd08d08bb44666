/** What a pane's picture lies on, as hands know it: a flat grid of an image's pixels, or of a plane's smallest voxels. */

/** @import { Grid, Look } from "./geometry.js" */
/** @import { Pane, SpacePane, Stack, StackPane, State, VolumePane } from "./state.js" */
import { isCurvedPane } from "./curves.js";
import { gridOf } from "./geometry.js";
import { changePane } from "./panes.js";
import { fromGrid, planeGrid, series, toGrid } from "./planes.js";
import { isSlidePane, isSpacePane, isStackPane, isVolumePane, paneAt, stackOf } from "./state.js";

/**
 * @typedef {object} Sheet
 * @property {StackPane | VolumePane | SpacePane} pane
 * @property {Stack} stack
 * @property {Grid} grid
 * @property {Look} look   with its centre on the grid
 * @property {number} index   from 0; of a plane perhaps between two
 * @property {number} count
 */

/**
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Sheet | null} null while the server hasn't told, for a slide and for a curved picture
 */
export function sheetOf(state, shown) {
  const stack = stackOf(state, shown);
  if (!stack || !shown || isSlidePane(shown) || isCurvedPane(shown)) return null;
  if (isStackPane(shown)) {
    return { pane: shown, stack, grid: gridOf(stack), look: shown, index: shown.index ?? 0, count: stack.entries.length };
  }
  const { volume } = stack;
  if (!volume) return null;
  const { plane, center } = shown;
  const look = { ...shown, center: center && toGrid(volume, plane, center) };
  const { index, count } = isSpacePane(shown) ? { index: 0, count: 1 } : series(volume, plane);
  return { pane: shown, stack, grid: planeGrid(volume, plane), look, index, count };
}

/**
 * Move or zoom a picture.
 * @param {State} state
 * @param {{center?: [number, number] | null, scale?: Look["scale"]}} change the centre on the pane's grid
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function changeLook(state, change, index = state.active) {
  const shown = paneAt(state, index);
  if (!(isVolumePane(shown) || isSpacePane(shown)) || !change.center) return changePane(state, /** @type {import("./panes.js").Difference} */ (change), index);
  const volume = stackOf(state, shown)?.volume;
  return volume ? changePane(state, { ...change, center: fromGrid(volume, shown.plane, change.center) }, index) : state;
}

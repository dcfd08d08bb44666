/** Through a stack by its images, through a volume by its planes. */

/** @import { Stack, StackPane, State } from "./state.js" */
import { inSameSpace, moveCrosshair, ontoEntry } from "./crosshair.js";
import { changePane } from "./panes.js";
import { pointAt, series } from "./planes.js";
import { imageAt, isStackPane, isVolumePane, paneAt, stackOf } from "./state.js";

/**
 * Move by whole entries, of which a gap is one, or by whole planes.
 * @param {State} state
 * @param {number} step
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function scroll(state, step, index = state.active) {
  const shown = paneAt(state, index);
  if (isStackPane(shown)) return scrollTo(atRest(state, index), (shown.index ?? 0) + step, index);
  const volume = stackOf(state, shown)?.volume;
  if (!isVolumePane(shown) || !volume) return state;
  // From between two planes, the first step leads to the next whole one.
  const { index: at } = series(volume, shown.plane);
  return scrollTo(state, (step > 0 ? Math.floor(at) : Math.ceil(at)) + step, index);
}

/**
 * A hand ends a cine, at the last image too, from where it can't move on.
 * @param {State} state
 * @param {number} index
 * @returns {State}
 */
function atRest(state, index) {
  return state.playing?.runs.some(({ pane }) => pane === index) ? { ...state, playing: null } : state;
}

/**
 * @param {State} state
 * @param {number} entry
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function scrollTo(state, entry, index = state.active) {
  const shown = paneAt(state, index);
  const stack = stackOf(state, shown);
  if (isVolumePane(shown) && stack?.volume) return moveCrosshair(state, shown, pointAt(stack.volume, shown.plane, entry));
  if (!stack || !isStackPane(shown)) return state;
  const to = Math.min(stack.entries.length - 1, Math.max(0, entry));
  return changePane(withPoint(state, shown, stack, to), imageAt(stack, to), index);
}

/**
 * The point that planes of the same space share goes along with a stack, in the direction in which its slices lie one behind the other.
 * @param {State} state
 * @param {StackPane} shown
 * @param {Stack} stack
 * @param {number} index to which a hand scrolls
 * @returns {State}
 */
function withPoint(state, shown, stack, index) {
  const planes = state.panes.filter(isVolumePane).filter((each) => inSameSpace(state, shown, each));
  const there = planes[0] && index !== shown.index && ontoEntry(stack, index, planes[0].plane.point);
  return there ? moveCrosshair(state, shown, there) : state;
}

/** A series of which one image is known so far: it is shown, without a number, and stays when the series is told. */

/** @import { Stack } from "./listed.js" */
/** @import { State } from "./state.js" */
import { hung, isShown, isStackPane, seriesKey } from "./state.js";

/**
 * Take in an image; panes that wait for their series without naming an image turn to it.
 * @param {State} state
 * @param {string} key of the series
 * @param {Stack} stack of this one image
 * @returns {State}
 */
export function receiveGlimpse(state, key, stack) {
  const entry = stack.entries.find(isShown);
  if (state.series[key] || !entry) return state;
  const panes = state.panes.map((shown) =>
    isStackPane(shown) && seriesKey(shown.source) === key && shown.instance === null && shown.index === null
      ? { ...shown, ...hung(stack), instance: entry.instance, frame: entry.frame }
      : shown,
  );
  return { ...state, glimpses: { ...state.glimpses, [key]: stack }, panes };
}

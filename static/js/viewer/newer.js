/** A newer list of a series, and the state of a page: kept until it is asked for where it would renumber, else taken up. PURE */

/** @import { Difference } from "./growth.js" */
/** @import { SeriesStacks, State } from "./state.js" */
import { receiveSeries } from "./answers.js";
import { merged } from "./growth.js";
import { seriesKey } from "./state.js";

/**
 * @param {State} state
 * @param {string} key of a series that is known
 * @param {SeriesStacks} fresh
 * @param {string} words for the places of removed images
 * @returns {{state: State, difference: Difference | null, waits: boolean}} difference: from what the page went by; null where it knew nothing
 */
export function receiveNewer(state, key, fresh, words) {
  const known = state.series[key];
  if (!known || "error" in known) return { state: receiveSeries(without(state, key), key, fresh), difference: null, waits: false };
  const shown = stacksOf(state, key);
  const { list, difference } = merged(known, fresh, words, shown);
  if (shown.size && difference.renumbers) return { state: { ...state, fresh: { ...state.fresh, [key]: fresh } }, difference, waits: true };
  return { state: receiveSeries(without(state, key), key, list), difference, waits: false };
}

/**
 * Take up every list that waits; the image in view stays in view.
 * @param {State} state
 * @param {string} words for the places of removed images
 * @returns {State}
 */
export function takeUp(state, words) {
  return Object.entries(state.fresh).reduce((now, [key, fresh]) => {
    const known = now.series[key];
    const list = known && !("error" in known) ? merged(known, fresh, words, stacksOf(now, key)).list : fresh;
    return receiveSeries(without(now, key), key, list);
  }, state);
}

/**
 * What stood for a series is no longer in the archive.
 * @param {State} state
 * @param {string} key of the series
 * @param {{error: string, title: string}} words
 */
export function lose(state, key, words) {
  return receiveSeries(without(state, key), key, words);
}

/** @param {State} state @param {string} key @returns {State} */
function without(state, key) {
  if (!(key in state.fresh)) return state;
  const { [key]: _taken, ...fresh } = state.fresh;
  return { ...state, fresh };
}

/** Of a series, those that are in panes. @param {State} state @param {string} key */
function stacksOf(state, key) {
  return new Set(state.panes.flatMap((pane) => (pane && seriesKey(pane.source) === key ? [pane.source.kind === "slide" ? pane.source.slide : pane.source.stack] : [])));
}

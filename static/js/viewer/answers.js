/** How answers of the server enter the state. */

/** @import { State, StudyOverview, Told } from "./state.js" */
import { progressKey, resolve, seriesKey } from "./state.js";

/**
 * @param {State} state
 * @param {string} key of a series
 * @param {Told} answer
 * @returns {State}
 */
export function receiveSeries(state, key, answer) {
  const known = { ...state, series: { ...state.series, [key]: answer } };
  const panes = state.panes.map((shown) => (shown && seriesKey(shown.source) === key ? resolve(known, shown) : shown));
  return { ...known, panes };
}

/**
 * @param {State} state
 * @param {{series: string, stack: string, states: string}} told
 * @returns {State}
 */
export function receiveProgress(state, { series, stack, states }) {
  return { ...state, progress: { ...state.progress, [progressKey({ series, stack })]: states } };
}

/**
 * @param {State} state
 * @param {StudyOverview | {error: string}} answer
 * @param {string} key
 * @returns {State}
 */
export function receiveStudy(state, key, answer) {
  return { ...state, studies: { ...state.studies, [key]: answer } };
}

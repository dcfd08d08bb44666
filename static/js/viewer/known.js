/** What the page itself knows of a pane, beside the description that came with its picture. */

/** @import { Pane, State } from "./state.js" */
/** @import { Picture } from "./corners.js" */
/** @import { Size } from "./geometry.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { interval, zoomWords } from "./corners.js";
import { magnification } from "./geometry.js";
import { isShown, seriesKey, stackOf, studyKey } from "./state.js";
import { gridOf } from "./wishes.js";

/** Below this width (CSS pixels) a pane shows one line of text: who, when, what. */
const NARROW = 400;

/**
 * @param {State} state
 * @param {Pane} pane
 * @param {Picture | null} picture on the screen
 * @param {{canvas: Size, width: number, height: number}} room device pixels; CSS pixels
 * @returns {import("./dressing.js").Known}
 */
export function known(state, pane, picture, { canvas, width, height }) {
  const own = studyOf(state, studyKey(state));
  const date = picture?.study_date ?? studyOf(state, studyKey(pane.source))?.study_date ?? "";
  const stack = stackOf(state, pane);
  const isOwn = studyKey(pane.source) === studyKey(state);
  return {
    prior: own && !isOwn ? interval(date, own.study_date) : "",
    notes: notes(state, pane),
    zoom: stack ? zoomWords(magnification(gridOf(stack), canvas, pane)) : "",
    text: pane.text,
    narrow: width < NARROW,
    height,
  };
}

/**
 * What the server says of series and stack as wholes: what is missing, tilted, irregular, not counted.
 * @param {State} state
 * @param {Pane} pane
 * @returns {string[]}
 */
function notes(state, pane) {
  const series = state.series[seriesKey(pane.source)];
  const stack = stackOf(state, pane);
  if (!series || "error" in series || !stack) return [];
  const said = [series.words, stack.words].flatMap((words) => (words ? words.split("; ") : []));
  if (stack.total_known !== false || said.length) return said;
  return [interpolate(gettext("{count} received, total unknown"), { count: stack.entries.filter(isShown).length })];
}

/**
 * @param {State} state
 * @param {string} key
 */
function studyOf(state, key) {
  const study = state.studies[key];
  return study && !("error" in study) ? study : null;
}

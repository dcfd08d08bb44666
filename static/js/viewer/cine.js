/** A stack that runs by itself: which picture follows which, and how fast. Pure changes of state. */

/** @import { Command } from "./commands.js" */
/** @import { Playing, Stack, State } from "./state.js" */
import { gettext } from "../shared/i18n.js";
import { changePane } from "./panes.js";
import { scrollTo } from "./scrolling.js";
import { imageAt, isShown, isStackPane, paneAt, sourceKey, stackOf, visible } from "./state.js";

/** Pictures a second where the file says nothing. */
const USUAL = 20;
/** What one can choose, pictures a second. */
const RATES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];

/** @type {readonly Command[]} */
export const CINE_COMMANDS = [
  { id: "cine", label: () => gettext("Cine: run, stop"), keys: ["C"], group: "cine", icon: "cine", once: true, run: toggle, offered: canRun, pressed: ({ playing }) => playing !== null },
  { id: "cine-faster", label: () => gettext("Cine: faster"), keys: ["Ctrl+ArrowUp"], group: "cine", run: (state) => faster(state, 1), offered: isRunning },
  { id: "cine-slower", label: () => gettext("Cine: slower"), keys: ["Ctrl+ArrowDown"], group: "cine", run: (state) => faster(state, -1), offered: isRunning },
  { id: "cine-sweep", label: () => gettext("Cine: round and round, or back and forth"), keys: ["Shift+C"], group: "cine", run: sweep, offered: isRunning, pressed: ({ playing }) => playing?.sweep === true },
];

/** @param {State} state */
function isRunning({ playing }) {
  return playing !== null;
}

/** @param {State} state */
function canRun(state) {
  const shown = paneAt(state);
  return isStackPane(shown) && (stackOf(state, shown)?.entries.filter(isShown).length ?? 0) > 1;
}

/**
 * Pictures a second as the file wishes them.
 * @param {Stack} stack
 */
function rateOf({ frame_rate }) {
  return frame_rate ? Math.min(frame_rate, RATES.at(-1) ?? frame_rate) : USUAL;
}

/**
 * @param {State} state
 * @returns {State}
 */
export function toggle(state) {
  if (state.playing) return { ...state, playing: null };
  const shown = paneAt(state);
  const stack = stackOf(state, shown);
  if (!stack || !isStackPane(shown) || !canRun(state)) return state;
  return { ...state, playing: { pane: state.active, source: shown.source, at: shown.index ?? 0, step: 1, sweep: false, rate: rateOf(stack) } };
}

/**
 * @param {State} state
 * @param {1 | -1} way
 * @returns {State}
 */
function faster(state, way) {
  const { playing } = state;
  if (!playing) return state;
  const rate = way > 0 ? RATES.find((each) => each > playing.rate) : RATES.findLast((each) => each < playing.rate);
  return rate ? { ...state, playing: { ...playing, rate } } : state;
}

/**
 * @param {State} state
 * @returns {State}
 */
function sweep(state) {
  const { playing } = state;
  return playing ? { ...state, playing: { ...playing, sweep: !playing.sweep, step: 1 } } : state;
}

/**
 * Whether nothing but the cine itself has moved since its last step: a hand that scrolls or turns to another pane ends it.
 * @param {State} state
 * @param {Playing} playing
 */
export function isUndisturbed(state, playing) {
  const shown = paneAt(state, playing.pane);
  return state.active === playing.pane && visible(state).includes(playing.pane) && state.line !== "refused"
    && isStackPane(shown) && sourceKey(shown.source) === sourceKey(playing.source) && shown.index === playing.at;
}

/**
 * The entry after the present one, every one in its order: gaps are shown as what they are.
 * @param {Playing} playing
 * @param {number} count of entries
 * @returns {{at: number, step: 1 | -1}}
 */
export function following({ at, step, sweep }, count) {
  const next = at + step;
  if (next >= 0 && next < count) return { at: next, step };
  if (!sweep) return { at: (next + count) % count, step };
  const turned = step === 1 ? -1 : 1;
  return { at: Math.min(count - 1, Math.max(0, at + turned)), step: turned };
}

/**
 * One picture on.
 * @param {State} state
 * @returns {State}
 */
export function advance(state) {
  const { playing } = state;
  const shown = playing && paneAt(state, playing.pane);
  const stack = playing && stackOf(state, shown);
  if (!playing || !stack) return state;
  const next = { ...playing, ...following(playing, stack.entries.length) };
  return { ...scrollTo(state, next.at, playing.pane), playing: next };
}

/**
 * The state's pane as the next steps will show it.
 * @param {State} state
 * @param {number} count of steps
 * @returns {State[]}
 */
export function ahead(state, count) {
  const { playing } = state;
  const stack = playing && stackOf(state, paneAt(state, playing.pane));
  if (!playing || !stack) return [];
  /** @type {State[]} */
  const found = [];
  let at = playing;
  for (let step = 0; step < Math.min(count, stack.entries.length - 1); step++) {
    at = { ...at, ...following(at, stack.entries.length) };
    found.push(changePane(state, imageAt(stack, at.at), playing.pane));
  }
  return found;
}

/**
 * Pictures a second that were really painted.
 * @param {readonly number[]} times ms, one after the other
 * @returns {number | null} null while there are too few to say
 */
export function achieved(times) {
  const [first, last] = [times[0], times.at(-1)];
  return times.length < 4 || first === undefined || last === undefined || last === first ? null : (1000 * (times.length - 1)) / (last - first);
}

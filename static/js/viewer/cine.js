/** What a hand does to stacks that run by themselves: pure changes of state. */

/** @import { Command } from "./commands.js" */
/** @import { Reel } from "./reel.js" */
/** @import { Chosen, Run, StackPane, State } from "./state.js" */
import { gettext } from "../shared/i18n.js";
import { changePane, markSeen } from "./panes.js";
import { following, MOST, reelAt, together, USUAL } from "./reel.js";
import { scrollTo } from "./scrolling.js";
import { entryOf, frameKey, imageAt, isShown, isStackPane, paneAt, sourceKey, stackKey, stackOf, visible } from "./state.js";

/** What one can choose, pictures a second. */
const RATES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, MOST];

/** @type {readonly Command[]} */
export const CINE_COMMANDS = [
  { id: "cine", label: () => gettext("Cine: run, stop"), keys: ["C"], group: "cine", icon: "cine", once: true, run: toggle, offered: canRun, why: whyNot, pressed: isRunning },
  { id: "cine-faster", label: () => gettext("Cine: faster"), keys: ["Ctrl+ArrowUp"], group: "cine", run: (state) => faster(state, 1), offered: canRun },
  { id: "cine-slower", label: () => gettext("Cine: slower"), keys: ["Ctrl+ArrowDown"], group: "cine", run: (state) => faster(state, -1), offered: canRun },
  { id: "cine-own", label: () => gettext("Cine: the file’s own speed"), keys: ["Ctrl+Home"], group: "cine", run: (state) => choose(state, { rate: null }), offered: canRun },
  { id: "cine-sweep", label: () => gettext("Cine: round and round, or back and forth"), keys: ["Shift+C"], group: "cine", run: sweep, offered: canRun, pressed: (state) => reelAt(state, paneAt(state))?.sweep === true },
  { id: "cine-back", label: () => gettext("Cine: stop, one picture back"), keys: ["Ctrl+Shift+ArrowUp"], group: "cine", run: (state) => stepBy(state, -1), offered: canRun },
  { id: "cine-on", label: () => gettext("Cine: stop, one picture on"), keys: ["Ctrl+Shift+ArrowDown"], group: "cine", run: (state) => stepBy(state, 1), offered: canRun },
  { id: "cine-start", label: () => gettext("Cine: begin here (again: at the first picture)"), keys: ["Shift+Home"], group: "cine", run: (state) => trimHere(state, "first"), offered: canRun },
  { id: "cine-end", label: () => gettext("Cine: end here (again: at the last picture)"), keys: ["Shift+End"], group: "cine", run: (state) => trimHere(state, "last"), offered: canRun },
  { id: "cine-whole", label: () => gettext("Cine: the whole clip"), keys: ["Alt+End"], group: "cine", run: (state) => choose(state, { first: 0, last: lastOf(state) }), offered: canRun },
  { id: "cine-together", label: () => gettext("Cine: all panes together, or one alone"), keys: ["Alt+C"], group: "cine", run: joint, offered: (state) => canRun(state) && runnable(state).length > 1, pressed: (state) => state.together },
];

/** @param {State} state */
export function isRunning({ playing }) {
  return playing !== null;
}

/** @param {State} state @param {number} [pane] */
export function canRun(state, pane = state.active) {
  const shown = paneAt(state, pane);
  return isStackPane(shown) && (stackOf(state, shown)?.entries.filter(isShown).length ?? 0) > 1;
}

/** @param {State} state */
function whyNot(state) {
  const shown = paneAt(state);
  return isStackPane(shown) && stackOf(state, shown) && !canRun(state) ? gettext("There is one picture here: nothing to run") : "";
}

/** The panes on the screen that could run, the active one first. @param {State} state */
function runnable(state) {
  return visible(state).filter((pane) => canRun(state, pane)).sort((a, b) => Number(b === state.active) - Number(a === state.active));
}

/** @param {State} state */
function lastOf(state) {
  return (stackOf(state, paneAt(state))?.entries.length ?? 1) - 1;
}

/**
 * What a hand wants of the active pane's clip from now on, running or not.
 * @param {State} state
 * @param {Chosen} chosen
 * @param {number} [pane]
 * @returns {State}
 */
export function choose(state, chosen, pane = state.active) {
  const shown = paneAt(state, pane);
  if (!isStackPane(shown)) return state;
  const key = stackKey(shown.source);
  return { ...state, reels: { ...state.reels, [key]: { ...state.reels[key], ...chosen } } };
}

/**
 * @param {State} state
 * @returns {State}
 */
export function toggle(state) {
  if (state.playing) return { ...state, playing: null };
  if (!canRun(state)) return state;
  const panes = state.together ? runnable(state) : [state.active];
  const begun = panes.reduce((now, pane) => beginning(now, pane), state);
  const runs = panes.flatMap((pane) => {
    const shown = paneAt(begun, pane);
    return isStackPane(shown) ? [{ pane, source: shown.source, at: shown.index ?? 0, step: /** @type {const} */ (1) }] : [];
  });
  return { ...begun, playing: { runs } };
}

/**
 * A clip begins within its trim; those that run together all begin at their first picture.
 * @param {State} state
 * @param {number} pane
 * @returns {State}
 */
function beginning(state, pane) {
  const shown = paneAt(state, pane);
  const reel = reelAt(state, shown);
  if (!reel || !isStackPane(shown)) return state;
  // A stack that has run once keeps its controls.
  const known = choose(state, {}, pane);
  const at = shown.index ?? 0;
  return state.together || at < reel.first || at > reel.last ? scrollTo(known, reel.first, pane) : known;
}

/**
 * @param {State} state
 * @returns {State}
 */
function joint(state) {
  return { ...state, together: !state.together, playing: null };
}

/**
 * @param {State} state
 * @param {1 | -1} way
 * @returns {State}
 */
function faster(state, way) {
  const reel = reelAt(state, paneAt(state));
  if (!reel) return state;
  // The file's own speed is one of the steps.
  const rates = [...RATES, Math.min(reel.own ?? USUAL, MOST)].sort((a, b) => a - b);
  const rate = way > 0 ? rates.find((each) => each > reel.rate) : rates.findLast((each) => each < reel.rate);
  return rate ? choose(state, { rate }) : state;
}

/**
 * @param {State} state
 * @returns {State}
 */
function sweep(state) {
  const reel = reelAt(state, paneAt(state));
  if (!reel) return state;
  const chosen = choose(state, { sweep: !reel.sweep });
  const { playing } = chosen;
  return playing ? { ...chosen, playing: { runs: playing.runs.map((run) => ({ ...run, step: 1 })) } } : chosen;
}

/**
 * The present picture as the clip's first or last; where it is already, the clip's own end again.
 * @param {State} state
 * @param {"first" | "last"} end
 * @returns {State}
 */
function trimHere(state, end) {
  const shown = paneAt(state);
  const reel = reelAt(state, shown);
  if (!reel || !isStackPane(shown)) return state;
  const at = shown.index ?? 0;
  return trimTo(state, end, reel[end] === at ? (end === "first" ? 0 : reel.count - 1) : at);
}

/**
 * @param {State} state
 * @param {"first" | "last"} end
 * @param {number} at entry; two pictures are the least that run
 * @param {number} [pane]
 * @returns {State}
 */
export function trimTo(state, end, at, pane = state.active) {
  const reel = reelAt(state, paneAt(state, pane));
  if (!reel) return state;
  if (end === "first") return at >= reel.count - 1 ? state : choose(state, { first: at, last: reel.last > at ? reel.last : reel.count - 1 }, pane);
  return at <= 0 ? state : choose(state, { last: at, first: reel.first < at ? reel.first : 0 }, pane);
}

/**
 * One picture on or back, running or not; it stands there.
 * @param {State} state
 * @param {1 | -1} way
 * @returns {State}
 */
function stepBy(state, way) {
  const shown = paneAt(state);
  const reel = reelAt(state, shown);
  if (!reel || !isStackPane(shown)) return state;
  const { at } = following({ at: shown.index ?? 0, step: way }, { ...reel, sweep: false });
  return scrollTo({ ...state, playing: null }, at);
}

/**
 * To an entry, running on from there if it runs.
 * @param {State} state
 * @param {number} to
 * @param {number} pane
 * @returns {State}
 */
export function seek(state, to, pane) {
  const there = scrollTo(state, to, pane);
  const shown = paneAt(there, pane);
  const { playing } = there;
  if (!playing || !isStackPane(shown)) return there;
  return { ...there, playing: { runs: playing.runs.map((run) => (run.pane === pane ? { ...run, at: shown.index ?? 0 } : run)) } };
}

/**
 * Whether nothing but the cine itself has moved since its last step: a hand that scrolls or turns to another pane ends it.
 * @param {State} state
 */
export function isUndisturbed(state) {
  const { playing, active, line } = state;
  if (!playing || line === "refused" || !playing.runs.some(({ pane }) => pane === active)) return false;
  const seen = visible(state);
  return playing.runs.every(({ pane, source, at }) => {
    const shown = paneAt(state, pane);
    return seen.includes(pane) && isStackPane(shown) && sourceKey(shown.source) === sourceKey(source) && shown.index === at;
  });
}

/**
 * What the panes that run are run by; in the order of the runs.
 * @param {State} state
 * @returns {{run: Run, reel: Reel}[]}
 */
export function running(state) {
  const runs = state.playing?.runs ?? [];
  const found = runs.flatMap((run) => {
    const reel = reelAt(state, paneAt(state, run.pane));
    return reel ? [{ run, reel }] : [];
  });
  const joined = together(found.map(({ reel }) => reel));
  return found.map(({ run, reel }, index) => ({ run, reel: joined[index] ?? reel }));
}

/**
 * One picture on.
 * @param {State} state
 * @param {number} pane
 * @returns {State}
 */
export function advance(state, pane) {
  const { playing } = state;
  const found = running(state).find(({ run }) => run.pane === pane);
  if (!playing || !found) return state;
  const next = following(found.run, found.reel);
  return { ...scrollTo(state, next.at, pane), playing: { runs: playing.runs.map((run) => (run === found.run ? next : run)) } };
}

/**
 * The state's pane as the next steps will show it.
 * @param {State} state
 * @param {number} pane
 * @param {number} count of steps
 * @returns {State[]}
 */
export function ahead(state, pane, count) {
  const found = running(state).find(({ run }) => run.pane === pane);
  const stack = stackOf(state, paneAt(state, pane));
  if (!found || !stack) return [];
  const { reel } = found;
  let at = found.run;
  return Array.from({ length: Math.min(count, reel.last - reel.first) }, () => {
    at = following(at, reel);
    return changePane(state, imageAt(stack, at.at), pane);
  });
}

/**
 * Whether a picture that is painted counts as seen. Everything that stands does. Of what runs, a clip whose pictures
 * follow each other in time does, up to the speed that it has of itself: that is how it is read. Slices of a body that
 * rush past, and a clip that runs faster than what it shows, are leafed through, not seen.
 * @param {State} state
 * @param {number} pane
 */
export function earnsSeen(state, pane) {
  const found = running(state).find(({ run }) => run.pane === pane);
  return !found || (found.reel.inTime && found.reel.rate <= (found.reel.own ?? USUAL) * 1.001);
}

/**
 * A picture of a pane was painted, or a cine ended there.
 * @param {State} state
 * @param {StackPane} shown
 * @param {number} pane
 * @param {{instance: string, frame: number}} frame
 * @returns {State}
 */
export function painted(state, shown, pane, frame) {
  return earnsSeen(state, pane) ? markSeen(state, shown, frameKey(frame)) : state;
}

/**
 * Where it stands now, it is seen.
 * @param {State} state
 * @param {number} pane
 * @returns {State}
 */
export function stoodStill(state, pane) {
  const shown = paneAt(state, pane);
  const entry = entryOf(state, shown);
  return isStackPane(shown) && isShown(entry) ? markSeen(state, shown, frameKey(entry)) : state;
}

/** A stack as a clip: how long each picture stands, between which it runs, and which follows which. Pure. */

/** @import { Stack, StackPane, State } from "./state.js" */
import { isStackPane, stackKey, stackOf } from "./state.js";

/** Pictures a second where the file says nothing. */
export const USUAL = 20;
/** No screen shows more. */
export const MOST = 60;

/**
 * What a clip runs by: the file's wishes, and in their place what a hand has chosen.
 * @typedef {object} Reel
 * @property {number} count of entries
 * @property {number} rate   pictures a second, on average
 * @property {number | null} own   the file's own
 * @property {string} basis   attribute that says so
 * @property {readonly number[] | null} intervals   ms that each entry stands at the file's own rate; null: all alike
 * @property {boolean} sweep   back and forth
 * @property {number} first   entry
 * @property {number} last   entry
 * @property {boolean} inTime   its pictures follow each other in time, not in space
 */

/**
 * @param {State} state
 * @param {StackPane} shown
 * @param {Stack} stack
 * @returns {Reel}
 */
export function reelOf(state, shown, stack) {
  const chosen = state.reels[stackKey(shown.source)] ?? {};
  const { cine } = stack;
  const count = stack.entries.length;
  const own = cine?.rate ?? null;
  const last = Math.min(count - 1, chosen.last ?? cine?.last ?? count - 1);
  return {
    count, own,
    rate: chosen.rate ?? Math.min(own ?? USUAL, MOST),
    basis: cine?.basis ?? "",
    intervals: cine?.intervals ?? null,
    sweep: chosen.sweep ?? cine?.sweep ?? false,
    first: Math.max(0, Math.min(last - 1, chosen.first ?? cine?.first ?? 0)),
    last,
    inTime: !!cine && !stack.spatial,
  };
}

/**
 * @param {State} state
 * @param {import("./state.js").Pane | null} shown
 * @returns {Reel | null}
 */
export function reelAt(state, shown) {
  const stack = isStackPane(shown) ? stackOf(state, shown) : null;
  return stack && isStackPane(shown) ? reelOf(state, shown, stack) : null;
}

/**
 * How long an entry stands before the next one comes, ms.
 * @param {Reel} reel
 * @param {{at: number, step: 1 | -1}} run
 */
export function standing(reel, run) {
  const { intervals, own, rate, sweep } = reel;
  const { at, step } = run;
  const isForward = sweep && isAtEnd(run, reel) ? step < 0 : step > 0;
  // Backwards, the time between two pictures is the same as forwards.
  const ms = intervals?.[isForward ? at : at - 1];
  return ms !== undefined && own ? (ms * own) / rate : 1000 / rate;
}

/**
 * The entry after the present one, every one in its order: gaps are shown as what they are.
 * @template {{at: number, step: 1 | -1}} R
 * @param {R} run
 * @param {Pick<Reel, "first" | "last" | "sweep">} reel
 * @returns {R}
 */
export function following(run, { first, last, sweep }) {
  const { at, step } = run;
  const next = at + step;
  if (next >= first && next <= last) return { ...run, at: next };
  if (!sweep) return { ...run, at: next > last ? first : step > 0 ? first : last };
  const turned = next > last ? -1 : 1;
  return { ...run, at: Math.min(last, Math.max(first, at + turned)), step: turned };
}

/**
 * Whether a round is over after the present entry: it goes back to the first, or turns.
 * @param {{at: number, step: 1 | -1}} run
 * @param {Reel} reel
 */
export function isAtEnd({ at, step }, { first, last }) {
  return at + step > last || at + step < first;
}

/**
 * What panes run by that run together: the first one's speed and way; its times too unless all have times of their own.
 * Each keeps its own trim.
 * @param {readonly Reel[]} reels the first is the one that leads
 * @returns {Reel[]}
 */
export function together(reels) {
  const [leading] = reels;
  if (!leading || reels.length < 2) return [...reels];
  const timed = reels.every(({ own }) => own !== null);
  const speed = leading.rate / (leading.own ?? leading.rate);
  return reels.map((reel) => {
    const { sweep } = leading;
    if (timed && reel.own) return { ...reel, sweep, rate: reel.own * speed };
    return { ...reel, sweep, own: leading.own, rate: leading.rate, intervals: shifted(leading, reel) };
  });
}

/**
 * The leading clip's intervals, counted from the place where each of the two begins.
 * @param {Reel} leading
 * @param {Reel} reel
 */
function shifted({ intervals, own, first }, reel) {
  if (!intervals || !own) return null;
  return Array.from({ length: reel.count }, (_, at) => intervals[at - reel.first + first] ?? 1000 / own);
}

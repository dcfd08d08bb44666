/** What a hand does to the panes: pure changes of state. */

/** @import { Pane, Rotation, Source, State, TextLevel } from "./state.js" */
import { imageAt, PLAIN, pane, paneAt, resolve, stackKey, stackOf } from "./state.js";

/**
 * Change one pane; the same state when nothing differs.
 * @param {State} state
 * @param {Partial<Pane>} difference
 * @param {number} [index]
 * @returns {State}
 */
export function changePane(state, difference, index = state.active) {
  const before = paneAt(state, index);
  if (!before) return state;
  const after = { ...before, ...difference };
  if (/** @type {(keyof Pane)[]} */ (Object.keys(difference)).every((name) => after[name] === before[name])) return state;
  return { ...state, panes: state.panes.with(index, after) };
}

/**
 * @param {State} state
 * @param {number} index
 * @returns {State}
 */
export function activate(state, index) {
  return index === state.active || !(index in state.panes) ? state : { ...state, active: index };
}

/**
 * Put a source into a pane. Window and turn belong to the series: they start afresh.
 * @param {State} state
 * @param {number} index
 * @param {Source} source
 * @returns {State}
 */
export function place(state, index, source) {
  const before = paneAt(state, index);
  if (before && stackKey(before.source) === stackKey(source)) return activate(state, index);
  const placed = resolve(state, pane(source, { text: before?.text ?? "all" }));
  return { ...state, active: index, panes: state.panes.with(index, placed) };
}

/**
 * Move through the stack by whole entries; a gap is an entry.
 * @param {State} state
 * @param {number} step
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function scroll(state, step, index = state.active) {
  return scrollTo(state, (paneAt(state, index)?.index ?? 0) + step, index);
}

/**
 * @param {State} state
 * @param {number} entry
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function scrollTo(state, entry, index = state.active) {
  const stack = stackOf(state, paneAt(state, index));
  if (!stack) return state;
  return changePane(state, imageAt(stack, Math.min(stack.entries.length - 1, Math.max(0, entry))), index);
}

/**
 * @param {State} state
 * @param {1 | -1} quarter clockwise or back
 * @returns {State}
 */
export function rotate(state, quarter) {
  const before = paneAt(state);
  if (!before) return state;
  const rotation = /** @type {Rotation} */ ((before.rotation + 90 * quarter + 360) % 360);
  return changePane(state, { rotation });
}

/**
 * Mirror what is on the screen, left to right or top to bottom, however it is turned.
 * @param {State} state
 * @param {"horizontal" | "vertical"} axis of the screen
 * @returns {State}
 */
export function flip(state, axis) {
  const before = paneAt(state);
  if (!before) return state;
  // The flip comes before the turn: on a picture turned by a quarter the screen's axes are the image's other ones.
  const quarter = before.rotation % 180 !== 0;
  const horizontal = (axis === "horizontal") !== quarter;
  return changePane(state, horizontal ? { flip_horizontal: !before.flip_horizontal } : { flip_vertical: !before.flip_vertical });
}

/**
 * @param {State} state
 * @returns {State}
 */
export function reset(state) {
  return changePane(state, PLAIN);
}

/**
 * @param {State} state
 * @returns {State}
 */
export function cycleText(state) {
  /** @type {TextLevel[]} */
  const levels = ["all", "identity", "none"];
  const shown = paneAt(state);
  if (!shown) return state;
  const text = levels[(levels.indexOf(shown.text) + 1) % levels.length];
  return { ...state, panes: state.panes.map((each) => each && { ...each, text: text ?? "all" }) };
}

/**
 * @param {State} state
 * @param {number} rows
 * @param {number} columns
 * @param {Pane[]} [candidates] for panes that would stay empty
 * @returns {State}
 */
export function arrange(state, rows, columns, candidates = []) {
  const count = rows * columns;
  if (rows === state.layout.rows && columns === state.layout.columns) return { ...state, maximised: false };
  const active = paneAt(state);
  const others = state.panes.filter((shown, index) => index !== state.active && shown);
  const filled = [...(count > state.panes.length ? state.panes.filter(Boolean) : [active, ...others]), ...candidates];
  const panes = Array.from({ length: count }, (_, index) => filled[index] ?? null);
  return { ...state, layout: { rows, columns }, active: Math.max(0, panes.indexOf(active)), maximised: false, panes };
}

/**
 * The next pane that is on the screen.
 * @param {State} state
 * @param {1 | -1} step
 * @returns {State}
 */
export function nextPane(state, step) {
  const count = state.layout.rows * state.layout.columns;
  return activate(state, (state.active + step + count) % count);
}

/**
 * @param {State} state
 * @param {Pane} shown whose picture was painted
 * @param {string} frame its frame key
 * @returns {State}
 */
export function markSeen(state, shown, frame) {
  const key = stackKey(shown.source);
  const before = state.seen[key] ?? new Set();
  if (before.has(frame)) return state;
  return { ...state, seen: { ...state.seen, [key]: new Set(before).add(frame) } };
}

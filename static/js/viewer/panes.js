/** What a hand does to the panes: pure changes of state. */

/** @import { Pane, Rotation, SlidePane, SpacePane, SlideSource, StackPane, StackSource, State, TextLevel, VolumePane } from "./state.js" */
import { hung, isSlidePane, PLAIN, pane, paneAt, resolve, slidePane, sourceKey, stackKey, stackOf, visible } from "./state.js";

/** @typedef {Partial<StackPane> | Partial<VolumePane> | Partial<SpacePane> | Partial<SlidePane>} Difference in the fields of the pane's own kind */

/**
 * Change one pane; the same state when nothing differs.
 * @param {State} state
 * @param {Difference} difference
 * @param {number} [index]
 * @returns {State}
 */
export function changePane(state, difference, index = state.active) {
  const before = paneAt(state, index);
  if (!before) return state;
  const after = /** @type {Pane} */ ({ ...before, ...difference });
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
 * @param {StackSource | SlideSource} source
 * @returns {State}
 */
export function place(state, index, source) {
  const before = paneAt(state, index);
  if (before && sourceKey(before.source) === sourceKey(source)) return activate(state, index);
  const text = before?.text ?? "all";
  const placed = source.kind === "slide" ? slidePane(source, { text }) : resolve(state, pane(source, { text }));
  return { ...state, active: index, panes: state.panes.with(index, placed) };
}

/**
 * @param {State} state
 * @param {1 | -1} quarter clockwise or back
 * @returns {State}
 */
export function rotate(state, quarter) {
  const before = paneAt(state);
  if (!before) return state;
  if (isSlidePane(before)) return changePane(state, { rotation: (before.rotation + 90 * quarter + 360) % 360 });
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
  if (isSlidePane(before)) return flippedSlide(state, before, axis);
  // The flip comes before the turn: on a picture turned by a quarter the screen's axes are the image's other ones.
  const quarter = before.rotation % 180 !== 0;
  const horizontal = (axis === "horizontal") !== quarter;
  return changePane(state, horizontal ? { flip_horizontal: !before.flip_horizontal } : { flip_vertical: !before.flip_vertical });
}

/**
 * A slide has one flip; top to bottom is left to right and half a turn.
 * @param {State} state
 * @param {SlidePane} before
 * @param {"horizontal" | "vertical"} axis of the screen
 * @returns {State}
 */
function flippedSlide(state, { rotation, flip_horizontal }, axis) {
  const turned = axis === "horizontal" ? -rotation : 180 - rotation;
  return changePane(state, { flip_horizontal: !flip_horizontal, rotation: (turned + 360) % 360 });
}

/**
 * @param {State} state
 * @returns {State}
 */
export function reset(state) {
  const shown = paneAt(state);
  if (isSlidePane(shown)) return changePane(state, slidePane(shown.source, { text: shown.text }));
  return changePane(state, { ...PLAIN, ...hung(stackOf(state, shown)) });
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
 * Other rows and columns. Every pane keeps what it shows; what falls out of sight comes back with a larger layout.
 * @param {State} state
 * @param {number} rows
 * @param {number} columns
 * @param {Pane[]} [candidates] for panes that would stay empty
 * @returns {State}
 */
export function arrange(state, rows, columns, candidates = []) {
  if (rows === state.layout.rows && columns === state.layout.columns) return { ...state, maximised: false };
  const count = rows * columns;
  const back = state.stepped ? exchange(state, ...state.stepped) : state;
  const left = candidates.values();
  const settled = (/** @type {Pane | undefined} */ each) => (each ? resolve(state, each) : null);
  const panes = Array.from({ length: Math.max(count, back.panes.length) }, (_, index) =>
    back.panes[index] ?? (index < count ? settled(left.next().value) : null));
  const next = { ...back, layout: { rows, columns }, maximised: false, panes, stepped: null };
  // The active pane stays in sight: where it would fall out it takes the last place, and is back at its own with the next layout.
  return next.active < count ? next : { ...exchange(next, next.active, count - 1), stepped: [count - 1, next.active] };
}

/**
 * Two panes change places; the active picture stays the active one.
 * @param {State} state
 * @param {number} one
 * @param {number} other
 * @returns {State}
 */
export function exchange(state, one, other) {
  if (one === other || !(one in state.panes) || !(other in state.panes)) return state;
  const panes = state.panes.with(one, state.panes[other] ?? null).with(other, state.panes[one] ?? null);
  const active = state.active === one ? other : state.active === other ? one : state.active;
  return { ...state, active, panes, stepped: null };
}

/**
 * The next pane that is on the screen.
 * @param {State} state
 * @param {1 | -1} step
 * @returns {State}
 */
export function nextPane(state, step) {
  const shown = visible(state);
  return activate(state, shown.at((shown.indexOf(state.active) + step) % shown.length) ?? state.active);
}

/** @param {State} state */
export const several = ({ layout }) => layout.rows * layout.columns > 1;

/**
 * @param {State} state
 * @returns {State}
 */
export function maximise(state) {
  return several(state) ? { ...state, maximised: !state.maximised } : state;
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

/** The presentation state, version 1: what this page reads on load and saves on change. */

/** @import { Pane, Scale, Source, State, TextLevel, Rotation, Voi } from "./state.js" */
import { isShown, pane, paneAt, resolve, stackOf, studyKey } from "./state.js";

/**
 * @typedef {object} SavedPane
 * @property {Source & {kind: "stack", instance: string, frame: number}} source
 * @property {Voi} [voi]
 * @property {boolean} [invert]
 * @property {Rotation} [rotation]
 * @property {boolean} [flip_horizontal]
 * @property {boolean} [flip_vertical]
 * @property {[number, number] | null} [center]   column, row; the centres of pixels are whole numbers
 * @property {Scale} [scale]
 * @property {TextLevel} [text]
 */

/** @typedef {{version: 1, layout: {rows: number, columns: number}, active: number, panes: (SavedPane | null)[]}} Saved */

/**
 * What is on the screen now; null while nothing can be named yet.
 * @param {State} state
 * @returns {Saved | null}
 */
export function save(state) {
  const layout = state.layout;
  const panes = state.panes.map((shown) => shown && savedPane(state, shown));
  return panes.some(Boolean) ? { version: 1, layout, active: state.active, panes } : null;
}

/**
 * @param {State} state
 * @param {Pane} shown
 * @returns {SavedPane | null}
 */
function savedPane(state, shown) {
  const first = stackOf(state, shown)?.entries.find(isShown);
  const instance = shown.instance ?? first?.instance;
  const frame = shown.frame ?? first?.frame;
  if (!instance || !frame) return null;
  const { source, index, center, instance: _instance, frame: _frame, ...look } = shown;
  return {
    source: { kind: "stack", ...source, instance, frame },
    ...look,
    center: center && [center[0] - 0.5, center[1] - 0.5],
  };
}

/**
 * Show what a state says. Where its images are unknown to the server, their pane says so later.
 * @param {State} state
 * @param {Saved} saved
 * @returns {State}
 */
export function restore(state, saved) {
  const panes = saved.panes.map((each) => each && resolve(state, restoredPane(each)));
  const next = { ...state, layout: saved.layout, active: saved.active, maximised: false, panes };
  return paneAt(next) ? next : { ...next, active: Math.max(0, panes.findIndex(Boolean)) };
}

/**
 * @param {SavedPane} saved
 * @returns {Pane}
 */
function restoredPane({ source: { kind: _kind, instance, frame, ...source }, center, ...look }) {
  return pane(source, { ...look, instance, frame, center: center ? [center[0] + 0.5, center[1] + 0.5] : null });
}

/**
 * Whether a saved state shows this study in one of the panes that its layout has room for.
 * @param {Saved} saved
 * @param {string} key of a study
 */
export function showsStudy({ layout, panes }, key) {
  return panes.slice(0, layout.rows * layout.columns).some((each) => each && studyKey(each.source) === key);
}

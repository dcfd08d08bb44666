/** The presentation state, version 2: what this page reads on load and saves on change. */

/** @import { Pane, SlidePane, SpacePane, StackPane, StackSource, State, VolumePane } from "./state.js" */
import { curvedPane } from "./curves.js";
import { isShown, isStackPane, pane, paneAt, resolve, slidePane, sourceKey, stackOf, studyKey, volumePane } from "./state.js";
import { spacePane } from "./space.js";

/**
 * The fields of the page's own panes, but for two: a stack's source names its image,
 * and its centre (column, row) counts so that the centres of pixels are whole numbers.
 * @typedef {{source: StackSource & {instance: string, frame: number}} & Partial<Omit<StackPane, "source" | "index" | "instance" | "frame">>} SavedStackPane
 */

/** @typedef {SavedStackPane | VolumePane | SpacePane | SlidePane | import("./curves.js").CurvedPane} SavedPane */
/** @typedef {{version: 2, layout: {rows: number, columns: number}, active: number, panes: (SavedPane | null)[], links?: SavedLinks}} Saved */
/** Offsets come from where the panes stand. @typedef {Pick<import("./state.js").Links, "scroll" | "across" | "pan" | "zoom" | "window">} SavedLinks */

/**
 * What is on the screen now; null while nothing can be named yet.
 * @param {State} state
 * @returns {Saved | null}
 */
export function save(state) {
  const layout = state.layout;
  const panes = state.panes.map((shown) => (isStackPane(shown) ? savedStack(state, shown) : shown));
  const { scroll, across, pan, zoom, window } = state.links;
  return panes.some(Boolean) ? { version: 2, layout, active: state.active, panes, links: { scroll, across, pan, zoom, window } } : null;
}

/**
 * @param {State} state
 * @param {StackPane} shown
 * @returns {SavedStackPane | null}
 */
function savedStack(state, shown) {
  const first = stackOf(state, shown)?.entries.find(isShown);
  const instance = shown.instance ?? first?.instance;
  const frame = shown.frame ?? first?.frame;
  if (!instance || !frame) return null;
  const { source, index, center, instance: _instance, frame: _frame, ...look } = shown;
  return { source: { ...source, instance, frame }, ...look, center: center && [center[0] - 0.5, center[1] - 0.5] };
}

/**
 * Show what a state says. Where its images are unknown to the server, their pane says so later.
 * @param {State} state
 * @param {Saved} saved
 * @returns {State}
 */
export function restore(state, saved) {
  const panes = saved.panes.map((each) => each && resolve(state, restored(each)));
  const first = panes[saved.active];
  const links = { ...state.links, ...saved.links, anchors: {}, leader: saved.links?.across && first ? sourceKey(first.source) : null };
  const next = { ...state, links, layout: saved.layout, active: saved.active, maximised: false, stepped: null, panes };
  return paneAt(next) ? next : { ...next, active: Math.max(0, panes.findIndex(Boolean)) };
}

/**
 * @param {SavedPane} saved
 * @returns {Pane}
 */
function restored(saved) {
  if (isOf(saved, "volume")) return volumePane(saved.source, saved.plane, saved);
  if (isOf(saved, "rendered3d")) return spacePane(saved.source, saved.plane, saved);
  if (isOf(saved, "curved")) return curvedPane(saved.source, saved.path, saved);
  if (isOf(saved, "slide")) return slidePane(saved.source, saved);
  const { source: { instance, frame, ...source }, center, ...look } = /** @type {SavedStackPane} */ (saved);
  return pane(source, { ...look, instance, frame, center: center ? [center[0] + 0.5, center[1] + 0.5] : null });
}

/**
 * @template {SavedPane["source"]["kind"]} K
 * @param {SavedPane} saved
 * @param {K} kind
 * @returns {saved is Extract<SavedPane, {source: {kind: K}}>}
 */
function isOf(saved, kind) {
  return saved.source.kind === kind;
}

/**
 * Whether a saved state shows this study in one of the panes that its layout has room for.
 * @param {Saved} saved
 * @param {string} key of a study
 */
export function showsStudy({ layout, panes }, key) {
  return panes.slice(0, layout.rows * layout.columns).some((each) => each && studyKey(each.source) === key);
}

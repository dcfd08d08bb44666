/** To the image on which a line was drawn. */

/** @import { Pane, StackPane, State } from "../viewer/state.js" */
/** @import { Mark } from "./marks.js" */
import { spacingOf } from "../slide/coordinates.js";
import { slideOf } from "../slide/slides.js";
import { isSlidePane, isStackPane, isVolumePane, pane, paneAt, resolve, slidePane, visible, volumePane } from "../viewer/state.js";

/** A line takes this part of the field on which a slide shows it. */
const PART = 0.4;
/** A field that is shown already stays where the line is at least, and at most, this part of it. */
const STAYS = { least: 0.05, most: 0.5 };
/** Millimetres between the pixels of a scan that isn't listed yet, to be careful: a coarse one. */
const COARSE = 0.001;

/**
 * Show the image that a line lies on: in a pane that shows its series already, else in the active one.
 * @param {State} state
 * @param {Mark} mark
 * @param {(pane: number) => number} [widthOf] CSS pixels across a pane
 * @returns {State}
 */
export function jumpTo(state, mark, widthOf = () => 0) {
  const { space, plane, archive, study, series } = mark.ground;
  const kind = space === "slide" ? "slide" : plane ? "volume" : "stack";
  const isThere = (/** @type {Pane | null} */ shown) =>
    shown?.source.kind === kind && shown.source.archive === archive && shown.source.study === study && shown.source.series === series;
  const there = [state.active, ...visible(state)].find((index) => isThere(paneAt(state, index)));
  const index = there ?? state.active;
  const before = there === undefined ? null : paneAt(state, there);
  const after = kind === "slide" ? onSlide(state, before, mark, widthOf(index)) : kind === "volume" ? onPlane(before, mark) : onImage(state, before, mark);
  const text = paneAt(state, index)?.text ?? "all";
  return { ...state, active: index, panes: state.panes.with(index, { ...after, text: text === "none" ? "all" : text }) };
}

/**
 * @param {State} state
 * @param {Pane | null} before
 * @param {Mark} mark
 * @returns {Pane}
 */
function onImage(state, before, { ground: { archive, study, series, stack, instance, frame } }) {
  /** @type {StackPane["source"]} */
  const source = { kind: "stack", archive, study, series, stack };
  const kept = isStackPane(before) && before.source.stack === stack ? before : pane(source);
  return resolve(state, { ...kept, index: null, instance, frame });
}

/**
 * @param {Pane | null} before
 * @param {Mark} mark
 * @returns {Pane}
 */
function onPlane(before, { ground, wanted: { points } }) {
  const { archive, study, series, stack, plane } = ground;
  if (!plane) throw new TypeError("a line on a plane has a plane");
  const [x, y, z] = middle(points);
  const through = { ...plane, point: /** @type {[number, number, number]} */ ([x, y, z]) };
  const kept = isVolumePane(before) && before.source.stack === stack ? before : null;
  return kept ? { ...kept, plane: through } : volumePane({ kind: "volume", archive, study, series, stack }, through);
}

/**
 * The field around a line, never larger than it was scanned: one pixel of the scan on one of the screen.
 * @param {State} state
 * @param {Pane | null} before
 * @param {Mark} mark
 * @param {number} across CSS pixels
 * @returns {Pane}
 */
function onSlide(state, before, { ground: { archive, study, series, stack }, wanted: { points } }, across) {
  const [x = 0, y = 0] = middle(points);
  const [one = [], other = []] = points;
  const length = Math.hypot((one[0] ?? 0) - (other[0] ?? 0), (one[1] ?? 0) - (other[1] ?? 0));
  const kept = isSlidePane(before) && before.source.slide === stack ? before : slidePane({ kind: "slide", archive, study, series, slide: stack });
  const slide = slideOf(state, kept);
  const least = across * (slide ? spacingOf(slide)[0] : COARSE);
  const part = kept.width === null ? 0 : length / kept.width;
  const stays = kept.width !== null && part <= STAYS.most && (part >= STAYS.least || kept.width <= least);
  return { ...kept, center: [x, y], width: stays ? kept.width : Math.max(length / PART, least) };
}

/** @param {readonly (readonly number[])[]} points @returns {number[]} */
function middle([one = [], other = []]) {
  return one.map((part, axis) => (part + (other[axis] ?? part)) / 2);
}

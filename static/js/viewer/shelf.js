/** What there is to look at: the thumbnails of a study, in order, and what goes into a pane by itself. */

/** @import { Pane, SeriesOverview, Shown, Slide, SlideSource, Stack, StackSource, State, StudyOverview } from "./state.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { slideName } from "../slide/slides.js";
import { CT, presetsFor, wanted, windowOf } from "./presets.js";
import { place } from "./panes.js";
import { isShown, isSlidePane, isStackPane, paneAt, paneOf, seriesKey, stackKey, stackOf, studyKey, visible } from "./state.js";

/**
 * One thumbnail: a stack, a series whose stacks aren't known yet, or a series that can't be shown.
 * @typedef {object} Item
 * @property {StackSource | SlideSource} source
 * @property {boolean} viewable
 * @property {boolean} [isTold] what it holds is shown by other means
 * @property {readonly string[]} [stacks] keys of all that it stands for: the volumes of a 4D series
 * @property {string} title
 * @property {string} [why] by what the series was taken apart
 * @property {string} modality
 * @property {string} words       the kind of what isn't viewable, or how many images there are
 * @property {number | null} count
 * @property {Shown | null} middle the image of the thumbnail; null: the server chooses
 * @property {string | null} [instance] of which the whole is the thumbnail: a level of a slide
 */

/**
 * @param {State} state
 * @param {string} key of a study
 * @returns {Item[]}
 */
export function shelf(state, key) {
  const study = state.studies[key];
  if (!study || "error" in study) return [];
  return study.series.flatMap((series) => itemsOf(state, study, series));
}

/**
 * @param {State} state
 * @param {StudyOverview} study
 * @param {SeriesOverview} series
 * @returns {Item[]}
 */
function itemsOf(state, study, series) {
  const source = /** @type {const} */ ({ kind: "stack", archive: study.archive, study: study.study, series: series.uid, stack: "" });
  const known = state.series[seriesKey(source)];
  const title = series.description || gettext("No description");
  const other = { source, title, modality: series.modality, count: series.instances, middle: null, viewable: true, words: "" };
  if (series.viewable === false) return [{ ...other, viewable: false, isTold: series.told ?? false, words: series.words || gettext("Not yet viewable") }];
  if (!known || "error" in known) {
    return [{ ...other, viewable: true, words: known ? known.error : images(series.instances) }];
  }
  const slides = (known.slides ?? []).map((slide) => slideItem(other, slide));
  if (!known.stacks.length && !slides.length) {
    return [{ ...other, viewable: false, words: known.not_viewable[0]?.words ?? known.words ?? gettext("Not yet viewable") }];
  }
  const isFirst = (/** @type {Stack} */ stack) => !stack.group || known.stacks.find(({ group }) => group === stack.group) === stack;
  const stacks = known.stacks.filter(isFirst).map((first) => {
    const members = first.group ? known.stacks.filter(({ group }) => group === first.group) : [first];
    const shown = first.entries.filter(isShown);
    const count = members.reduce((sum, { entries }) => sum + entries.filter(isShown).length, 0);
    return {
      source: { ...source, stack: first.key },
      stacks: members.map(({ key }) => key),
      viewable: true,
      title: joined([title, inCommon(members)]),
      modality: first.modality || series.modality,
      words: [clip(first, shown) || images(count), ...volumes(members)].join(" · "),
      why: known.split ?? "",
      count,
      middle: shown[Math.floor(shown.length / 2)] ?? null,
    };
  });
  return [...stacks, ...slides];
}

/**
 * What the titles of all volumes of one thing have in common.
 * @param {readonly Stack[]} members
 */
function inCommon(members) {
  const [first = [], ...others] = members.map(({ title }) => title.split(", "));
  return first.filter((part) => others.every((other) => other.includes(part))).join(", ");
}

/**
 * How many volumes there are along each dimension: "phase × 20".
 * @param {readonly Stack[]} members
 */
function volumes(members) {
  if (members.length < 2) return [];
  const depths = members[0]?.dimensions ?? [];
  return depths.flatMap(({ label }, depth) => {
    const count = Math.max(...members.map(({ dimensions }) => dimensions?.[depth]?.count ?? 1));
    return count > 1 ? [interpolate(gettext("{name} × {count}"), { name: label, count })] : [];
  });
}

/** A level whose longer side has so many pixels is enough for a thumbnail. */
const THUMBNAIL = 128;

/**
 * @param {Item} series
 * @param {Slide} slide
 * @returns {Item}
 */
function slideItem({ source: { archive, study, series }, title, modality }, slide) {
  const level = slide.levels.findLast(({ columns, rows }) => Math.max(columns, rows) >= THUMBNAIL) ?? slide.levels[0];
  return {
    source: { kind: "slide", archive, study, series, slide: slide.key },
    viewable: true,
    title: slideName(slide) || title,
    modality,
    words: slide.stain || gettext("slide"),
    count: null,
    middle: null,
    instance: level?.instance ?? null,
  };
}

/**
 * A clip is one thing, however many frames it has; "" for what is none.
 * @param {import("./state.js").Stack} stack
 * @param {readonly Shown[]} shown
 */
function clip({ cine, spatial }, shown) {
  const isOne = !!cine && !spatial && shown.every(({ instance }) => instance === shown[0]?.instance);
  return isOne ? ngettext("1 clip, {count} frame", "1 clip, {count} frames", shown.length) : "";
}

/** @param {number | null} count */
function images(count) {
  return count === null ? "" : ngettext("{count} image", "{count} images", count);
}

/**
 * Whether a pane shows what a thumbnail stands for.
 * @param {Item} item
 * @param {Pane | null} shown
 */
export function isOf(item, shown) {
  if (!shown || seriesKey(shown.source) !== seriesKey(item.source)) return false;
  const [own, other] = [item.source, shown.source].map((source) => (source.kind === "slide" ? `slide ${source.slide}` : source.stack));
  return own === "" || other === "" || own === other || (item.stacks?.includes(other ?? "") ?? false);
}

/**
 * The keys of all stacks that a thumbnail stands for.
 * @param {Item} item
 */
export const stackKeysOf = ({ source, stacks }) => (source.kind === "stack" && stacks ? stacks.map((stack) => stackKey({ ...source, stack })) : [stackKey(source)]);

/**
 * What a study opens with: its first series of some length that can be shown.
 * @param {State} state
 * @param {string} key of a study
 * @param {string} [modality] that is preferred
 * @returns {Item["source"] | null}
 */
export function first(state, key, modality) {
  const viewable = shelf(state, key).filter((item) => item.viewable);
  const alike = viewable.filter((item) => item.modality === modality);
  return long(alike.length ? alike : viewable);
}

/**
 * @param {readonly Item[]} among
 * @returns {Item["source"] | null}
 */
function long(among) {
  // A localiser of one or two images often has the lowest number, and is never what one wants to read.
  const most = Math.max(0, ...among.map(({ count }) => count ?? 0));
  return (among.find(({ count }) => (count ?? 0) >= Math.min(10, most)) ?? among[0])?.source ?? null;
}

/**
 * @param {State} state
 * @param {1 | -1} step through the thumbnails that can be shown
 * @returns {State}
 */
export function nextSeries(state, step) {
  const shown = paneAt(state);
  const key = shown ? studyKey(shown.source) : state.listed;
  const items = shelf(state, key).filter((item) => item.viewable);
  const at = items.findIndex((item) => isOf(item, shown));
  const next = items[at < 0 ? 0 : at + step];
  return next ? place({ ...state, listed: key }, state.active, next.source) : state;
}

/**
 * The patient's next older or newer study, in the active pane and in the panel.
 * @param {State} state
 * @param {1 | -1} step -1: older
 * @returns {State}
 */
export function nextStudy(state, step) {
  const own = state.studies[studyKey(state)];
  if (!own || "error" in own) return state;
  const shown = paneAt(state);
  const present = shown ? studyKey(shown.source) : state.listed;
  const at = own.studies.findIndex((study) => studyKey(study) === present);
  const next = own.studies[at + step];
  return at < 0 || !next ? state : listStudy(state, studyKey(next));
}

/**
 * List a study in the panel; once it is known, its first series of the same kind goes into the active pane.
 * @param {State} state
 * @param {string} key
 * @returns {State}
 */
export function listStudy(state, key) {
  const listed = state.listed === key ? state : { ...state, listed: key };
  const modality = stackOf(state, paneAt(state))?.modality;
  const source = first(listed, key, modality);
  return source ? place(listed, state.active, source) : listed;
}

/**
 * Panes for a layout that has room: the same CT in the lung window, the study's other series, the priors.
 * @param {State} state
 * @returns {Pane[]}
 */
export function candidates(state) {
  const active = paneAt(state);
  const shown = new Set(visible(state).flatMap((index) => paneAt(state, index)?.source ?? []).map(stackKey));
  const stack = stackOf(state, active);
  const own = state.studies[studyKey(state)];
  const alike = (/** @type {Item} */ item) => item.viewable && (!stack || item.modality === stack.modality);
  const items = shelf(state, studyKey(state)).filter((item) => alike(item) && !stackKeysOf(item).some((key) => shown.has(key)));
  const others = items.filter((item) => !isOf(item, active)).map((item) => paneOf(item.source));
  // The same CT once more: in the lung window, or in soft tissue if it is the lung that one sees already.
  const isLung = stack && (wanted(stack, isStackPane(active) ? active.voi : null)?.center ?? 0) < -300;
  const other = isLung ? CT[0] : CT[1];
  const again = isStackPane(active) && other && presetsFor(stack) === CT && (stack?.entries.length ?? 0) > 8 ? [{ ...active, voi: windowOf(other) }] : [];
  const priors =
    own && !("error" in own)
      ? own.studies
          .filter((study) => studyKey(study) !== studyKey(state))
          .reverse()
          .flatMap((study) => long(shelf(state, studyKey(study)).filter(alike)) ?? [])
          .map(paneOf)
      : [];
  return [...again, ...priors.slice(0, 1), ...others, ...priors.slice(1)];
}

/**
 * For a second pane: beside radiology the last prior of the same modality, then a slide; beside a slide radiology; of
 * this study or another of the patient's; then what any layout is filled with.
 * @param {State} state
 * @returns {Pane[]}
 */
export function beside(state) {
  const isSlide = isSlidePane(paneAt(state));
  const own = state.studies[studyKey(state)];
  const studies = own && !("error" in own) ? [studyKey(state), ...own.studies.map(studyKey).toReversed()] : [];
  const of = (/** @type {string} */ key) => shelf(state, key).filter((item) => item.viewable && (item.modality === "SM") !== isSlide);
  const items = [...new Set(studies)].flatMap((key) => long(of(key)) ?? []);
  const prior = isSlide ? undefined : priorAlike(state);
  return [...[prior, items[0]].flatMap((source) => (source ? [paneOf(source)] : [])), ...candidates(state)];
}

/**
 * @param {State} state
 * @returns {Item["source"] | undefined} of the last study before the active pane's that has its modality
 */
function priorAlike(state) {
  const shown = paneAt(state);
  const own = state.studies[studyKey(state)];
  if (!shown || !own || "error" in own) return undefined;
  const study = state.studies[studyKey(shown.source)];
  const series = study && !("error" in study) ? study.series.find(({ uid }) => uid === shown.source.series) : undefined;
  const modality = stackOf(state, shown)?.modality ?? series?.modality;
  const at = own.studies.findIndex((each) => studyKey(each) === studyKey(shown.source));
  const priors = own.studies.slice(0, Math.max(0, at)).toReversed();
  return priors.flatMap((each) => long(shelf(state, studyKey(each)).filter((item) => item.viewable && item.modality === modality)) ?? [])[0];
}

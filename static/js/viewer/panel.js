/** The left panel: the patient's studies in time order, and the thumbnails of one of them. */

/** @import { State, StudyOverview } from "./state.js" */
/** @import { Item } from "./shelf.js" */
/** @import { Store } from "../shared/store.js" */
import { el, svg } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { carryThumbnail } from "./dragging.js";
import { icon } from "./icons.js";
import { isOf, shelf, stackKeysOf } from "./shelf.js";
import { paneAt, studyKey, visible } from "./state.js";
import { interval, isoDate, whenOf } from "./when.js";

const ROUND = 2 * Math.PI * 6;

/**
 * @param {HTMLElement} timeline
 * @param {HTMLElement} thumbnails
 * @param {Store<State>} store
 * @param {{onStudy: (key: string) => void, onItem: (item: Item) => void, onDrop: (item: Item, pane: number) => void}} listeners
 */
export function fillPanel(timeline, thumbnails, store, { onStudy, onItem, onDrop }) {
  const conflict = el("p", { class: "conflict", role: "status", hidden: true });
  timeline.before(conflict);
  store.watch((state) => state.studies[studyKey(state)], (own) => drawTimeline(own));
  store.watch((state) => state.listed, () => drawTimeline(store.state.studies[studyKey(store.state)]));
  let drawn = "";
  store.watch((state) => state, (state) => {
    const items = shelf(state, state.listed);
    const now = items.map((item) => [stackKeysOf(item), item.words, item.viewable, item.why].join(" ")).join("\n");
    if (now !== drawn) thumbnails.replaceChildren(...items.map((item) => el("li", {}, thumbnail(item, onItem, onDrop))));
    drawn = now;
    items.forEach((item, index) => mark(thumbnails.children[index], item, state));
  });

  /** @param {StudyOverview | {error: string} | undefined} own */
  function drawTimeline(own) {
    if (!own || "error" in own) return;
    const doubts = [own.patient.conflict, own.date_words].filter(Boolean);
    conflict.hidden = doubts.length === 0;
    conflict.textContent = doubts.join("; ");
    const { listed } = store.state;
    timeline.replaceChildren(...[...own.studies].reverse().map((study) => {
      const key = studyKey(study);
      const date = isoDate(study.date) || gettext("No date");
      const when = key === studyKey(store.state) ? gettext("this study") : interval({ date: study.date, time: study.time, offset: study.timezone_offset }, whenOf(own));
      return el("li", {}, el(
        "button",
        { type: "button", class: "study", "data-study": study.study, "aria-pressed": String(key === listed), title: study.description, onclick: () => onStudy(key) },
        el("span", { class: "when" }, el("strong", {}, date), ` ${study.modalities}`),
        el("span", { class: "what" }, study.description || gettext("No description")),
        el("span", { class: key === studyKey(store.state) ? "muted" : "prior" }, when),
        study.date_words ? el("span", { class: "doubt" }, study.date_words) : null,
      ));
    }));
  }
}

/**
 * @param {Item} item
 * @param {(item: Item) => void} onItem
 * @param {(item: Item, pane: number) => void} onDrop
 */
function thumbnail(item, onItem, onDrop) {
  const name = el("span", { class: "title" }, item.title);
  const words = el("span", { class: "words muted" }, [item.modality, item.words].filter(Boolean).join(" · "));
  if (!item.viewable) {
    return el("div", { class: "thumb not-yet", "data-series": item.source.series }, name, words, item.isTold ? null : el("span", { class: "muted" }, gettext("not yet viewable")));
  }
  const image = el("img", { src: addressOf(item), alt: "", width: 128, height: 128, loading: "lazy", draggable: "false" });
  image.addEventListener("error", () => image.replaceWith(icon("layout-1")));
  const ring = svg("svg", { class: "ring", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("circle", { cx: 8, cy: 8, r: 6, class: "track" }), svg("circle", { cx: 8, cy: 8, r: 6, class: "part", "stroke-dasharray": `0 ${ROUND}` }));
  const button = el(
    "button",
    { type: "button", class: "thumb", "data-kind": item.source.kind, "data-series": item.source.series, "data-stack": item.source.kind === "slide" ? item.source.slide : item.source.stack, title: item.why, "aria-description": item.why, onclick: () => onItem(item) },
    el("span", { class: "picture" }, image, ring), name, words, el("span", { class: "seen muted" }),
  );
  carryThumbnail(button, item, onDrop);
  return button;
}

/** @param {Item} item */
function addressOf({ source: { archive, study, series }, middle, instance }) {
  const image = middle ? `/instances/${middle.instance}/frames/${middle.frame}` : instance ? `/instances/${instance}` : "";
  return `/dicomweb/${archive}/studies/${study}/series/${series}${image}/thumbnail?viewport=128,128`;
}

/**
 * What changes while one reads: shown now, and how much of it was seen.
 * @param {Element | undefined} place
 * @param {Item} item
 * @param {State} state
 */
function mark(place, item, state) {
  const button = place?.firstElementChild;
  if (!(button instanceof HTMLButtonElement)) return;
  const current = visible(state).some((index) => isOf(item, paneAt(state, index)));
  button.setAttribute("aria-pressed", String(current));
  const seen = stackKeysOf(item).reduce((sum, key) => sum + (state.seen[key]?.size ?? 0), 0);
  const part = item.count ? Math.min(1, seen / item.count) : 0;
  button.querySelector(".ring .part")?.setAttribute("stroke-dasharray", `${ROUND * part} ${ROUND}`);
  button.querySelector(".ring")?.classList.toggle("whole", part === 1);
  const words = button.querySelector(".seen");
  if (words) words.textContent = seen === 0 ? "" : part === 1 ? gettext("all seen") : ngettext("{count} seen", "{count} seen", seen);
  button.setAttribute("aria-label", interpolate(gettext("{title}, {words}, {seen} seen"), { title: item.title, words: item.words, seen }));
}

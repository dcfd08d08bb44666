/** The findings: every line of the study, and of others that are on the screen, with its number; a click leads to its image. */

/** @import { Beside } from "./side.js" */
/** @import { Keeper } from "../marks/keeper.js" */
/** @import { Calibrating } from "../marks/calibrating.js" */
/** @import { Mark } from "../marks/marks.js" */
/** @import { State } from "../viewer/state.js" */
import { postJson } from "../shared/api.js";
import { joined } from "../shared/bidi.js";
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { takesKeys } from "../shared/keys.js";
import { jumpTo } from "../marks/jump.js";
import { numberOf, spoken } from "../marks/marks.js";
import { planePlace } from "../viewer/planewords.js";
import { icon } from "../viewer/icons.js";
import { isShown, paneAt, personOf, seriesKey, studyKey, visible } from "../viewer/state.js";
import { calibrationList } from "./calibrations.js";
import { badge, bodyOf } from "./side.js";
import { timeWords } from "./words.js";

/** @typedef {{item: HTMLElement, go: HTMLElement, number: HTMLElement, label: HTMLInputElement, where: HTMLElement, state: HTMLElement, known: HTMLElement, again: HTMLElement, remove: HTMLElement}} Row */

/**
 * @param {HTMLElement} section
 * @param {Beside} beside
 * @param {Keeper} keeper
 * @param {Calibrating} calibrating
 */
export function fillFindings(section, beside, keeper, calibrating) {
  const { page, store, announce } = beside;
  const key = studyKey(page);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {Map<string, {heading: HTMLElement, list: HTMLElement}>} by study */
  const groups = new Map();
  const list = el("div", { class: "found" });
  const empty = el("p", { class: "muted" });
  const words = el("span", { class: "muted", role: "status" });
  const send = el("button", { type: "button", class: "plain save", onclick: () => void save() }, icon("archive"), el("span", {}, gettext("Save to the archive")));
  const foot = el("div", { class: "report", hidden: true }, send, words);
  const calibrated = calibrationList(beside, calibrating, ({ series, instance, frame }, study) => {
    const [archive = "", uid = ""] = study.split("/");
    return whereOf(store.state, { archive, study: uid, series, instance, frame });
  });
  bodyOf(section).append(empty, list, calibrated.element, foot);
  let trouble = "";
  let sending = false;

  async function save() {
    sending = true;
    trouble = "";
    draw();
    try {
      for (const study of shownStudies(store.state)) {
        if (notInArchive(keeper.of(study)).length === 0) continue;
        const [archive = "", uid = ""] = study.split("/");
        const identity = personOf(store.state, study);
        await postJson(`/api/studies/${encodeURIComponent(archive)}/${encodeURIComponent(uid)}/report/measurements/`, identity ? { identity } : {});
        await keeper.fetch(archive, uid);
      }
      announce(gettext("The measurements are on their way to the archive"));
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
    sending = false;
    draw();
  }

  /** @param {Mark} mark @returns {Row} */
  function make({ id }) {
    const number = el("span", { class: "number" });
    const where = el("span", { class: "where muted" });
    const go = el("button", { type: "button", class: "go", onclick: () => {
      const mark = keeper.mark(id);
      if (!mark) return;
      keeper.select(id);
      store.update((state) => jumpTo(state, mark, widthOf));
    } }, number, where);
    const label = el("input", { class: "label", maxlength: 200, autocomplete: "off", "aria-label": gettext("Name of this measurement"), placeholder: gettext("Name …") });
    label.addEventListener("change", () => keeper.change(id, { label: label.value.trim().replace(/\s+/g, " ") }));
    label.addEventListener("keydown", (event) => {
      if (event.key === "Enter") label.blur();
      if (event.key === "Escape") {
        label.value = keeper.mark(id)?.wanted.label ?? "";
        label.blur();
      }
    });
    const state = el("span", { class: "state" });
    const again = el("button", { type: "button", class: "again", hidden: true, onclick: () => keeper.insist(id) }, gettext("Try again"));
    const remove = el("button", { type: "button", class: "plain square remove", title: gettext("Take away"), onclick: () => {
      keeper.change(id, { deleted: true });
      announce(gettext("Measurement taken away; Ctrl+Z brings it back"));
    } }, icon("trash"));
    const known = el("button", { type: "button", class: "plain known", title: gettext("Calibrate the image by this line"), onclick: () => {
      keeper.select(id);
      calibrating.ask(announce);
    } }, gettext("Known length …"));
    const item = el("li", { class: "finding", "data-mark": id }, go, remove, label, state, known, again);
    item.addEventListener("keydown", (event) => {
      if (!["Delete", "Backspace"].includes(event.key) || takesKeys(event.target) || remove.hidden || remove.disabled) return;
      event.preventDefault();
      remove.click();
    });
    const row = { item, go, number, label, where, state, known, again, remove };
    rows.set(id, row);
    return row;
  }

  /** @param {Mark} mark */
  function fill(mark) {
    const row = rows.get(mark.id) ?? make(mark);
    const isMine = mark.row?.mine ?? true;
    const { words: number, provisional } = numberOf(mark, mark.wanted.points);
    setText(row.number, number);
    row.number.classList.toggle("provisional", provisional);
    row.number.title = mark.row?.basis_words ?? "";
    setText(row.where, whereOf(store.state, mark.ground));
    if (document.activeElement !== row.label) row.label.value = mark.wanted.label;
    row.label.readOnly = !isMine;
    row.label.hidden = !isMine && !mark.wanted.label;
    row.remove.hidden = !isMine;
    row.remove.setAttribute("aria-label", interpolate(gettext("Take away: {what}"), { what: spoken(mark) }));
    row.go.setAttribute("aria-label", interpolate(gettext("{what}, show its image"), { what: spoken(mark) }));
    setText(row.state, stateOf(mark));
    row.state.dataset["report"] = mark.failed ? "failed" : (mark.row?.report.state ?? "none");
    row.known.hidden = mark.ground.space !== "image" || mark.row?.basis === "region" || !keeper.mayMark(mark.study);
    row.again.hidden = mark.failed === "";
    row.item.classList.toggle("selected", keeper.selected === mark.id);
    row.item.classList.toggle("unsaved", mark.failed !== "");
    return row.item;
  }

  /** @param {string} study */
  function groupOf(study) {
    const there = groups.get(study);
    if (there) return there;
    const id = `findings-${groups.size}`;
    const made = { heading: el("h3", { class: "muted", id, hidden: study === key }), list: el("ol", { class: "findings" }) };
    if (study === key) made.list.setAttribute("aria-label", gettext("Measurements"));
    else made.list.setAttribute("aria-labelledby", id);
    groups.set(study, made);
    return made;
  }

  function draw() {
    const shown = shownStudies(store.state).filter((study) => study === key || keeper.of(study).length > 0);
    const marks = shown.flatMap((study) => keeper.of(study));
    const there = new Set(marks.map(({ id }) => id));
    for (const [id, { item }] of rows) {
      if (there.has(id)) continue;
      item.remove();
      rows.delete(id);
    }
    const parts = shown.flatMap((study) => {
      const group = groupOf(study);
      if (study !== key) setText(group.heading, headingOf(store.state, study));
      arrange(group.list, keeper.of(study).map(fill));
      return [group.heading, group.list];
    });
    for (const [study, group] of groups) {
      if (shown.includes(study)) continue;
      group.heading.remove();
      group.list.remove();
    }
    arrange(list, parts);
    calibrated.draw(shown);
    empty.hidden = keeper.of(key).length > 0;
    setText(empty, emptyWords());
    const own = marks.filter(isOwn);
    foot.hidden = own.length === 0;
    const left = notInArchive(marks).length;
    send.toggleAttribute("disabled", sending || left === 0);
    setText(words, trouble || reportWords(own, left, sending));
    words.classList.toggle("trouble", trouble !== "");
    badge(section, marks.length, ngettext("{count} measurement", "{count} measurements", marks.length));
  }

  function emptyWords() {
    if (!keeper.isKnown(key)) return "";
    if (!keeper.mayMark(key)) return gettext("Nothing has been measured.");
    return gettext("Nothing has been measured. Press L and draw a line on an image.");
  }

  keeper.onChange(draw);
  store.watch((state) => state.series, draw);
  store.watch((state) => state.calibrations, draw);
  store.watch((state) => state.studies, draw);
  store.watch((state) => shownStudies(state).join(" "), draw);
  draw();
}

/** CSS pixels across a pane's place, by its number. @param {number} index */
const widthOf = (index) => document.querySelectorAll("#panes > .pane")[index]?.clientWidth ?? 0;

/** Moved only where the order changes: a name that is being typed keeps the focus. @param {Element} list @param {Element[]} items */
function arrange(list, items) {
  items.forEach((item, index) => list.children[index] !== item && list.insertBefore(item, list.children[index] ?? null));
}

/**
 * The page's own study, then the others whose images are on the screen.
 * @param {State} state
 * @returns {string[]} keys
 */
export function shownStudies(state) {
  const panes = visible(state).flatMap((place) => paneAt(state, place) ?? []);
  return [...new Set([studyKey(state), ...panes.map(({ source }) => studyKey(source))])];
}

/** @param {State} state @param {string} study key @returns {string} its date and what it is called */
export function headingOf(state, study) {
  const known = state.studies[study];
  const own = state.studies[studyKey(state)];
  const dot = own && !("error" in own) ? own.studies.find((each) => studyKey(each) === study) : null;
  const parts = known && !("error" in known) ? [known.study_date, known.study_description] : [dot?.date, dot?.description];
  return parts.filter(Boolean).join(" ") || gettext("Another study");
}

/** @param {Mark} mark */
const isOwn = ({ row }) => row?.mine ?? true;

/** Lines of this user that the archive doesn't have as they are now. @param {Mark[]} marks */
export function notInArchive(marks) {
  return marks.filter((mark) => isOwn(mark) && (!mark.row || ["none", "changed", "failed"].includes(mark.row.report.state)));
}

/**
 * @param {Mark[]} own
 * @param {number} left how many the archive doesn't have as they are now
 * @param {boolean} sending
 */
function reportWords(own, left, sending) {
  if (sending || own.some(({ row }) => row?.report.state === "waiting")) return gettext("on its way to the archive …");
  if (left === 0) return gettext("all in the archive");
  return left === own.length ? "" : ngettext("{count} not in the archive", "{count} not in the archive", left);
}

/** @param {Mark} mark */
function stateOf({ row, failed, busy }) {
  if (failed) return interpolate(gettext("Not saved: {words}"), { words: failed });
  if (!row) return busy ? gettext("saving …") : "";
  const who = row.author?.name ?? row.observer;
  return joined([row.mine ? gettext("you") : who, timeWords(new Date(row.created)), row.belongs_words, row.previous_words, row.report.words]);
}

/**
 * @param {State} state
 * @param {Pick<Mark["ground"], "archive" | "study" | "series" | "instance" | "frame"> & Partial<Mark["ground"]>} ground
 */
function whereOf(state, ground) {
  const overview = state.studies[studyKey(ground)];
  const known = overview && !("error" in overview) ? overview.series.find(({ uid }) => uid === ground.series) : null;
  const series = known ? [known.number ?? "", known.description || known.modality].filter(String).join(" ") : "";
  const listed = state.series[seriesKey(ground)];
  if (ground.space === "slide") return series;
  if (ground.plane) return joined([series, planePlace(ground.plane)]);
  const holds = (/** @type {import("../viewer/listed.js").Stack} */ { key, entries }) =>
    ground.stack === undefined ? entries.some((entry) => isShown(entry) && entry.instance === ground.instance) : key === ground.stack;
  const stack = listed && !("error" in listed) ? listed.stacks.find(holds) : null;
  const index = stack?.entries.findIndex((entry) => isShown(entry) && entry.instance === ground.instance && entry.frame === ground.frame) ?? -1;
  return joined([series, index >= 0 && interpolate(gettext("image {index}"), { index: index + 1 })]);
}

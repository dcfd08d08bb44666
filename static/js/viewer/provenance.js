/** The table of what SUV rests on: each element of the file, its value and what was made of it. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Measure, Uptake } from "./uptake.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { paneAt, stackOf } from "./state.js";
import { three } from "./uptake.js";

/**
 * @param {Store<State>} store
 * @param {() => void} onClosed
 * @returns {() => void} opens it
 */
export function provenanceSheet(store, onClosed) {
  const body = el("div", {});
  const close = el("button", { type: "button", class: "button", onclick: () => dialog.close() }, gettext("Close"));
  const dialog = el("dialog", { class: "provenance", "aria-labelledby": "provenance-title" }, el("h1", { id: "provenance-title" }, gettext("What SUV rests on")), body, close);
  dialog.addEventListener("close", onClosed);
  document.body.append(dialog);
  return () => {
    const stack = stackOf(store.state, paneAt(store.state));
    if (!stack?.uptake || dialog.open) return;
    body.replaceChildren(...content(stack.uptake, stack.unit, stack.suv_words ?? ""));
    dialog.showModal();
  };
}

/**
 * @param {Uptake} uptake
 * @param {string} unit of the pixels
 * @param {string} words why there is none
 */
function content({ measures, factors, notes }, unit, words) {
  const columns = [gettext("Measure"), gettext("Formula"), interpolate(gettext("For 1 {unit}"), { unit: unit || "–" })];
  return [
    words && el("p", { class: "warn", role: "alert" }, words),
    table(gettext("Measures"), columns, measures.map((each) => [each.name, each.formula, made(each)])),
    table(gettext("Factors"), [gettext("Element"), gettext("Tag"), gettext("Value in the file"), gettext("What was made of it")],
      factors.map(({ keyword, tag, value, made: meaning }) => [keyword || gettext("Computed"), tag, value, meaning])),
    ...notes.map((note) => el("p", { class: "muted" }, note)),
  ].filter((each) => each !== "");
}

/** @param {Measure} measure */
function made({ factor, unit, reason }) {
  if (factor === null) return interpolate(gettext("not available: {reason}"), { reason });
  return `${factor < 0.001 ? factor.toPrecision(7) : three(factor)} ${unit}`;
}

/**
 * @param {string} name
 * @param {string[]} columns
 * @param {string[][]} rows
 */
function table(name, columns, rows) {
  return el("table", { "aria-label": name },
    el("thead", {}, el("tr", {}, ...columns.map((words) => el("th", { scope: "col" }, words)))),
    el("tbody", {}, ...rows.map(([head = "", ...cells]) => el("tr", {}, el("th", { scope: "row" }, head), ...cells.map((words) => el("td", { class: /^\(.{9}\)$/.test(words) ? "tag" : "" }, words))))));
}

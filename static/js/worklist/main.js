/** Wiring of the worklist: selection, keys, the panel, and refreshes that come over the socket. */

import { connect } from "../shared/live.js";
import * as panel from "./panel.js";
import { Remembered, rows, select, selected, target } from "./selection.js";

const ROW = 36;
const GATHER = 400;
const remembered = new Remembered();

/** @param {EventTarget | null} element */
function rowOf(element) {
  return element instanceof Element ? /** @type {HTMLTableRowElement | null} */ (element.closest("#exams tbody tr")) : null;
}

/** @param {HTMLTableRowElement} row */
function choose(row) {
  select(row, { focus: true });
  void panel.show(row);
}

/** @param {HTMLTableRowElement | undefined | null} row */
function open(row) {
  if (row?.dataset.open) location.assign(row.dataset.open);
}

function search() {
  const field = document.getElementById("words");
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}

function help() {
  const sheet = document.getElementById("help");
  if (sheet instanceof HTMLDialogElement && !sheet.open) sheet.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("#help-button")) return help();
  const row = rowOf(event.target);
  if (row && !getSelection()?.toString()) choose(row);
});

document.addEventListener("dblclick", (event) => open(rowOf(event.target)));

document.addEventListener("keydown", (event) => {
  const { target: at } = event;
  if (event.key === "Escape" && at instanceof Element && !at.closest("dialog")) {
    for (const menu of document.querySelectorAll("details[open]")) menu.removeAttribute("open");
    const row = selected();
    if (row) select(row, { focus: true });
    return;
  }
  if (event.key === "ArrowDown" && at instanceof HTMLInputElement && at.id === "words") {
    event.preventDefault();
    const first = selected();
    return first && choose(first);
  }
  const inList = rowOf(at) !== null || at === document.body;
  if (!inList || event.ctrlKey || event.altKey || event.metaKey) return;
  const row = selected();
  if (event.key === "Enter" && row) {
    event.preventDefault();
    return open(row);
  }
  if (event.key === "/") {
    event.preventDefault();
    return search();
  }
  if (event.key === "?") return help();
  const all = rows();
  const height = document.getElementById("scroll")?.clientHeight ?? 0;
  const next = target(event.key, row ? all.indexOf(row) : -1, all.length, Math.max(1, Math.floor(height / ROW) - 2));
  const there = next === undefined ? undefined : all[next];
  if (there) {
    event.preventDefault();
    choose(there);
  }
});

// The cross in the search field means: no search any more.
document.addEventListener("search", ({ target: at }) => {
  if (at instanceof HTMLInputElement && at.value === "") at.form?.requestSubmit();
});

// A menu closes when the hand goes elsewhere.
document.addEventListener("pointerdown", ({ target: at }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (at instanceof Node && !menu.contains(at)) menu.removeAttribute("open");
  }
});

// A series without a thumbnail keeps the sign of its modality.
document.addEventListener("error", ({ target: at }) => {
  if (at instanceof HTMLImageElement && at.closest(".thumb")) at.remove();
}, true);

/** @type {string | undefined} */
let loaded;

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  // Logged out: the answer is the login page, and that is where this page goes too.
  if (new URL(detail.xhr.responseURL, location.href).pathname === "/login/") {
    detail.shouldSwap = false;
    location.reload();
  }
  if (detail.target?.id === "list") remembered.note();
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  if (detail.target?.id === "list") {
    remembered.restore();
    const row = selected();
    if (row) void panel.show(row, { again: true });
  }
  if (detail.target?.id === "work") begin();
});

// What says the same as before stays as it is: nothing flickers, and nothing is read aloud again.
document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  const fresh = detail.fragment?.firstElementChild ?? detail.fragment;
  const same = (/** @type {Element} */ one) => one.innerHTML.replace(/\s*csrfmiddlewaretoken" value="[^"]*"/g, "");
  const inUse = detail.target.querySelector("details[open]") !== null;
  if (fresh instanceof Element && (inUse || same(fresh) === same(detail.target))) detail.shouldSwap = false;
});

// The demo is still being laid: each exam that arrives is shown at once.
document.body.addEventListener("htmx:oobAfterSwap", () => {
  const now = document.getElementById("notices")?.dataset.loading;
  if (loaded !== undefined && now !== loaded) changed();
  loaded = now;
});

let waiting = 0;

/** Several hints in a row cost one refresh. */
function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.body.dispatchEvent(new CustomEvent("list-changed")), GATHER);
}

let wasLost = false;
const wire = connect("/ws/", {
  onText: (message) => {
    if (message.topic === "list") changed();
  },
  onBinary: () => {},
  onRoundTrip: () => {},
  onState: (state) => {
    if (state === "open") {
      wire.send({ listen: "list" });
      if (wasLost) changed();
      wasLost = false;
    }
    wasLost ||= state === "lost";
    if (state === "refused") location.reload();
  },
});

/** The first row is ready for Enter. */
function begin() {
  const row = selected();
  if (row) select(row, { focus: document.activeElement === document.body || document.activeElement === null });
}

loaded = document.getElementById("notices")?.dataset.loading;
begin();

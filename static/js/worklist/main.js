/** Wiring of the worklist: selection, keys, the panel, and refreshes that come over the socket. */

import { connect } from "../shared/live.js";
import * as going from "./going.js";
import * as panel from "./panel.js";
import { Remembered, rows, select, selected, target } from "./selection.js";
import { offerUndo } from "./undo.js";

const ROW = 36;
const GATHER = 400;
const WORKING = 2000;
const remembered = new Remembered();

/** @param {EventTarget | null} element */
function rowOf(element) {
  return element instanceof Element ? /** @type {HTMLTableRowElement | null} */ (element.closest("#exams tbody tr")) : null;
}

/** The id of the row that a hand has chosen while another list was on its way: an Enter means that one. */
let picked = "";

/** @param {HTMLTableRowElement} row */
function choose(row) {
  if (loading) picked = row.id;
  select(row, { focus: true });
  void panel.show(row);
}

/** @param {HTMLTableRowElement | undefined | null} row @param {{ look?: boolean }} [options] */
function open(row, options) {
  if (row) going.open(row, rows().indexOf(row), options);
}

/** A list is on its way: keys that mean its first exam wait for it. */
let loading = false;
/** @type {"" | "read" | "look"} */
let wanted = "";

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
  if (event.target instanceof Element && event.target.closest("#read, #look")) {
    const shown = selected();
    if (shown) going.noteLeft(shown, rows().indexOf(shown));
  }
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
  if (event.key === "Enter" && loading && !picked && at instanceof Element && !at.closest("dialog, form, summary, details")) {
    event.preventDefault();
    wanted = event.shiftKey ? "look" : "read";
    return;
  }
  const inList = rowOf(at) !== null || at === document.body;
  if (!inList || event.ctrlKey || event.altKey || event.metaKey) return;
  const row = selected();
  if (event.key === "Enter" && row) {
    event.preventDefault();
    return open(row, { look: event.shiftKey });
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

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target?.id !== "work") return;
  loading = true;
  picked = "";
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  // Overtaken by a newer wish: that one is still on its way.
  if (detail.target?.id !== "work" || detail.xhr?.status === 0) return;
  loading = false;
  if (hinted) changed();
  if (!detail.successful) wanted = "";
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
/** Something has changed while a list was on its way, perhaps too late for it. */
let hinted = false;

/** Several hints in a row cost one refresh. */
function changed() {
  hinted = loading;
  if (loading) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => document.body.dispatchEvent(new CustomEvent("list-changed")), GATHER);
}

// What was read or done in another tab shows when one comes back to the list.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && changed());

/** What is done beside the pages tells of every step: the line about it is asked for once in a while. */
let working = 0;
function atWork() {
  working ||= setTimeout(() => {
    working = 0;
    document.body.dispatchEvent(new CustomEvent("jobs-changed"));
  }, WORKING);
}

// One's own topic tells what was read or permitted elsewhere, on the other screen too.
const own = `user.${document.getElementById("main")?.dataset.user}`;

let wasLost = false;
/** The topics that were confirmed since the line is open: confirmed once more, something may have been missed. */
const confirmed = new Set();
const wire = connect("/ws/", {
  onText: (message) => {
    if (message.topic === "list" || message.topic === own) changed();
    else if (message.topic === "jobs") atWork();
    else if (confirmed.has(message.listening)) changed();
    else if (message.listening) confirmed.add(message.listening);
  },
  onBinary: () => {},
  onRoundTrip: () => {},
  onState: (state) => {
    if (state === "open") {
      confirmed.clear();
      for (const topic of ["list", "jobs", own]) wire.send({ listen: topic });
      if (wasLost) changed();
      wasLost = false;
    }
    wasLost ||= state === "lost";
    if (state === "refused") location.reload();
  },
});

/** The first row, or the one that one comes back from, is ready for Enter; an Enter that came too early counts now. */
function begin({ back = false } = {}) {
  const elsewhere = back ? going.elsewhere(rows()) : "";
  if (elsewhere) return location.assign(elsewhere);
  const left = back ? going.rowLeft(rows()) : rows().find(({ id }) => id === picked);
  picked = "";
  const row = left ?? selected();
  if (!row) {
    wanted = "";
    return;
  }
  select(row, { focus: document.activeElement === document.body || document.activeElement === null });
  if (left) void panel.show(row);
  if (wanted) open(row, { look: wanted === "look" });
  wanted = "";
}

loaded = document.getElementById("notices")?.dataset.loading;
const undo = document.getElementById("finished");
if (undo) offerUndo(undo, (busy) => (loading = busy));
wanted = /** @type {"" | "read" | "look"} */ (document.documentElement.dataset["early"] ?? "");
begin({ back: true });

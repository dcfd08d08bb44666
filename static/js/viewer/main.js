/** Wiring only: the page's JSON becomes a store, the store becomes panes, hands and lines change the store. */

/** @import { State } from "./state.js" */
/** @import { Command } from "./commands.js" */
import { putJson } from "../shared/api.js";
import { el, find, setText } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { createStore } from "../shared/store.js";
import { Asking, wordsOf } from "./asking.js";
import { byKey } from "./hands.js";
import { doubt, identityOf, persons } from "./identity.js";
import { listenToKeys } from "./keyboard.js";
import { contextMenu } from "./menu.js";
import { helpSheet, palette } from "./palette.js";
import { fillPanel, takeDrops } from "./panel.js";
import { place } from "./panes.js";
import { Pictures } from "./pictures.js";
import { listen } from "./pointer.js";
import { restore, showsStudy } from "./presentation.js";
import { keepSaved } from "./saving.js";
import { first, listStudy } from "./shelf.js";
import { initial, pane, paneAt, PREFERENCES, receiveProgress, seriesKey, studyKey } from "./state.js";
import { fillToolbar } from "./toolbar.js";
import { Viewport } from "./viewport.js";

/** @typedef {{archive: string, study: string, state_id: string | null, urls: Record<"study" | "state" | "states" | "preferences" | "socket" | "login", string>}} Page */

const PREFERENCE = "viewer";
const MOST_PANES = 16;
const page = /** @type {Page} */ (JSON.parse(find("#page").textContent ?? ""));
const store = createStore(initial(page.archive, page.study));
const banner = find("#banner");
const grid = find("#panes");
find("#starting").remove();

const pictures = new Pictures(page.urls.socket, {
  onState: (line) => {
    store.update((state) => ({ ...state, line }));
    if (line === "open") viewports.forEach((viewport) => viewport.retry());
    if (line === "refused") location.assign(`${page.urls.login}?next=${encodeURIComponent(location.pathname + location.search)}`);
  },
  onMessage: hear,
});

const asking = new Asking(store, pictures);
/** @type {Viewport[]} */
const viewports = [];

/** As many image areas as the layout has places; they are made once and kept. */
function makePanes(/** @type {number} */ count) {
  while (viewports.length < Math.min(count, MOST_PANES)) {
    const viewport = new Viewport(viewports.length, store, pictures, { onPaint: checkPersons });
    listen(viewport, store, { onMenu });
    takeDrops(viewport.element, (source) => store.update((state) => place(state, viewport.number, source)));
    viewport.area.addEventListener("focus", () => store.update((state) => ({ ...state, active: viewport.number })));
    viewport.area.addEventListener("pointerenter", () => (hovered = viewport));
    viewport.area.addEventListener("pointerleave", () => (hovered = null));
    viewports.push(viewport);
    grid.append(viewport.element);
  }
}

/** @type {Viewport | null} */
let hovered = null;

/** Two persons on one screen can't be overlooked: both panes say so, as long as it is so. */
function checkPersons() {
  const found = persons(store.state, viewports.map((viewport) => viewport.picture?.patient ?? null));
  const words =
    found === "two" ? gettext("TWO PATIENTS ON THIS SCREEN")
    : found === "differing" ? gettext("THE IMAGES NAME DIFFERENT PERSONS")
    : "";
  viewports.forEach((viewport, index) => {
    const shown = paneAt(store.state, index);
    viewport.warn(shown ? [words, doubt(store.state, shown)].filter(Boolean).join("\n") : "");
  });
}

/** @param {Record<string, any>} message of the socket, no picture */
function hear(message) {
  if (message.progress) {
    store.update((state) => receiveProgress(state, message.progress));
  } else if (message.probe) {
    viewports.forEach((viewport) => viewport.probed(message.probe));
  } else if (typeof message.topic === "string" && message.topic.startsWith("series.")) {
    void asking.seriesAgain(message.topic.slice("series.".length));
  }
}

/**
 * @param {Command} command
 * @param {number} [target] pane
 */
function run(command, target) {
  store.update((state) => {
    const aimed = target === undefined ? state : { ...state, active: target };
    if (command.offered?.(aimed) === false) return state;
    const viewport = viewports[aimed.active];
    return command.effect && viewport ? byKey(aimed, command.effect, viewport) : (command.run?.(aimed) ?? aimed);
  });
  if (command.effect === "palette") openPalette();
  if (command.effect === "help") openHelp();
}

const openPalette = palette(store, (command) => {
  run(command);
  focusActive();
});
const openHelp = helpSheet(store, (preferences) => {
  store.update((state) => ({ ...state, preferences }));
  void putJson(`${page.urls.preferences}${PREFERENCE}/`, preferences).catch(wordsOf);
});
const openMenu = contextMenu(store, (command) => {
  run(command);
  focusActive();
});

/** @param {number} x @param {number} y */
function onMenu(x, y) {
  openMenu(x, y);
}

function focusActive() {
  viewports[store.state.active]?.area.focus({ preventScroll: true });
}

listenToKeys(store, viewports, () => hovered, run);

fillToolbar(find("#toolbar"), store, (command, event) => {
  run(command);
  // A click leaves the keys to the image; a key press leaves them to the toolbar.
  if (event.detail > 0 && command.group !== "page") focusActive();
});
fillPanel(find("#timeline"), find("#thumbnails"), store, {
  onStudy: (key) => {
    opening = key;
    store.update((state) => ({ ...state, listed: key }));
    placeOpening();
  },
  onItem: ({ source }) => {
    store.update((state) => place(state, state.active, source));
    focusActive();
  },
});

/** The study that a reader has turned to and whose first series isn't in a pane yet. */
let opening = "";

function placeOpening() {
  const known = store.state.studies[opening];
  if (!known || "error" in known) return;
  const key = opening;
  opening = "";
  store.update((state) => listStudy(state, key));
}

store.watch((state) => state.layout, ({ rows, columns }) => {
  makePanes(rows * columns);
  grid.dataset["layout"] = `${rows}x${columns}`;
});
store.watch((state) => state.maximised, (maximised) => grid.classList.toggle("maximised", maximised));
store.watch((state) => state.panes, (panes) => {
  for (const shown of panes) {
    if (!shown) continue;
    void asking.study(studyKey(shown.source));
    void asking.series(seriesKey(shown.source));
  }
  checkPersons();
});
store.watch((state) => state.listed, (key) => {
  void asking.study(key);
  if (key !== studyKey(store.state) || opening) opening = key;
});
store.watch((state) => state.studies, () => {
  placeOpening();
  checkPersons();
});
store.watch((state) => state.active, () => {
  if (document.activeElement === document.body || viewports.some(({ area }) => area === document.activeElement)) focusActive();
});
store.watch((state) => state.line, (line) => {
  const words = line === "lost" ? gettext("The line to the server is down. Trying again; what is shown stays as it is.") : "";
  setText(banner, words);
  banner.hidden = words === "";
});
addEventListener("pagehide", () => pictures.close());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

/** @param {State} state @param {import("./presentation.js").Saved | null} saved */
function begin(state, saved) {
  // Somebody else's view is shown as it is; one's own only if it shows the study that was opened, not a prior alone.
  if (saved && (page.state_id || showsStudy(saved, studyKey(page)))) return restore(state, saved);
  const source = first(state, studyKey(state));
  return source ? { ...state, panes: [pane(source)] } : state;
}

async function open() {
  const stateAddress = page.state_id ? `${page.urls.states}${page.state_id}/` : page.urls.state;
  const [, saved, preferences] = await Promise.all([
    asking.study(studyKey(page)),
    asking.optional(stateAddress),
    asking.optional(`${page.urls.preferences}${PREFERENCE}/`),
  ]);
  const own = store.state.studies[studyKey(page)];
  if (own && "error" in own) return fail(own.error);
  store.update((state) => begin({ ...state, preferences: { ...PREFERENCES, ...preferences } }, saved));
  if (!paneAt(store.state)) nothingYet();
  focusActive();
  keepSaved(store, page.urls.state);
  const studies = own?.studies ?? [];
  // The priors wait for the first picture; what they hold decides what a second pane offers.
  setTimeout(() => studies.forEach((study) => void asking.study(studyKey(study))), 1000);
}

/** The study holds other things than images that can be shown: the panel names them. */
function nothingYet() {
  const study = store.state.studies[studyKey(page)];
  const [name, ...lines] = study && !("error" in study) ? identityOf(study) : [];
  const words = el(
    "div", { class: "nothing" },
    el("strong", {}, el("bdi", {}, name ?? "")), ...lines.map((line) => el("p", {}, el("bdi", {}, line))),
    el("p", {}, gettext("This study has no images that can be shown yet.")),
  );
  grid.classList.add("bare");
  grid.append(words);
  store.watch((state) => state.panes.some(Boolean), (some) => {
    grid.classList.toggle("bare", !some);
    words.hidden = some;
  });
}

/** @param {string} words */
function fail(words) {
  const again = el("button", { type: "button", class: "button", onclick: () => location.reload() }, gettext("Try again"));
  grid.replaceChildren(el("div", { class: "nothing", role: "alert" }, el("strong", {}, gettext("This study can't be opened")), el("p", {}, words), again));
}

void open();

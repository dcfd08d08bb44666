/** Wiring only: the page's JSON becomes a store, the store becomes panes, hands and lines change the store. */

/** @import { State } from "./state.js" */
/** @import { Command } from "./commands.js" */
import { receiveProgress } from "./answers.js";
import { COMMANDS, keysOf } from "./commands.js";
import { putJson } from "../shared/api.js";
import { find, setText } from "../shared/dom.js";
import { firstIsThere } from "../shared/first.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { createStore } from "../shared/store.js";
import { fillReading } from "../side/reading.js";
import { fillRequest } from "../side/request.js";
import { fillSide } from "../side/side.js";
import { clock } from "../side/words.js";
import { listen as listenOnSlide } from "../slide/gestures.js";
import { SlideViewport } from "../slide/viewport.js";
import { fillFindings } from "../side/findings.js";
import { fillTalk } from "../side/talk.js";
import { Measuring } from "../marks/measuring.js";
import { Asking, wordsOf } from "./asking.js";
import { tellAway } from "./away.js";
import { CineBar } from "./cinebar.js";
import { CrossHands } from "./crosshands.js";
import { CrossLines } from "./crosslines.js";
import { addHandle, dropped } from "./dragging.js";
import { Following } from "./following.js";
import { receiveGlimpse } from "./glimpse.js";
import { toAsk } from "./fusing.js";
import { byKey } from "./hands.js";
import { changedPerson, doubt, persons } from "./identity.js";
import { listenToKeys } from "./keyboard.js";
import { followed } from "./linking.js";
import { Magnifier } from "./magnifier.js";
import { contextMenu } from "./menu.js";
import { OpacityBar } from "./opacitybar.js";
import { helpSheet, palette } from "./palette.js";
import { fillPanel } from "./panel.js";
import { News } from "./news.js";
import { breastSeries, hangStage } from "./mammography.js";
import { nothingYet, unopened } from "./nothing.js";
import { place } from "./panes.js";
import { layoutPicker } from "./picker.js";
import { PathTool } from "./pathtool.js";
import { planeSaving } from "./planesaving.js";
import { Player } from "./player.js";
import { Pictures } from "./pictures.js";
import { listen } from "./pointer.js";
import { RegisterSheet } from "./registersheet.js";
import { restore, showsStudy } from "./presentation.js";
import { provenanceSheet } from "./provenance.js";
import { keepSaved } from "./saving.js";
import { first, listStudy } from "./shelf.js";
import { PREFERENCES } from "./preferences.js";
import { Scissors } from "./scissors.js";
import { met } from "./space.js";
import { SpaceBar } from "./spacebar.js";
import { SpaceBox } from "./spacebox.js";
import { SpaceCube } from "./spacecube.js";
import { Spinner } from "./spinning.js";
import { initial, paneAt, paneOf, seriesKey, studyKey } from "./state.js";
import { SphereMark } from "./spheremark.js";
import { Tags } from "./tags.js";
import { fillToolbar } from "./toolbar.js";
import { Topics } from "./topics.js";
import { Verbs } from "./verbs.js";
import { Viewport } from "./viewport.js";

/** @typedef {{archive: string, study: string, state_id: string | null, first: {series: string, glimpse: string} | null, user: {id: number, name: string}, side: {open?: boolean, folded?: string[]} | null, urls: Record<"study" | "state" | "states" | "preferences" | "socket" | "login" | "worklist", string>}} Page */

const PREFERENCE = "viewer";
const MOST_PANES = 16;
/** How long a mammography exam's page waits until it hangs the views (ms). */
const LONGEST_HANGING = 5000;
const TAKE_UP = COMMANDS.find(({ id }) => id === "take-up");
const page = /** @type {Page} */ (JSON.parse(find("#page").textContent ?? ""));
const store = createStore(initial(page.archive, page.study), followed);
const banner = find("#banner");
const grid = find("#panes");
find("#starting").remove();

const pictures = new Pictures(page.urls.socket, {
  onState: (line) => {
    store.update((state) => ({ ...state, line }));
    if (line === "open") viewports.forEach((viewport) => viewport.retry());
    if (line === "lost") verbs.lost();
    if (line === "refused" && following.isLost) return;
    if (line === "refused") location.assign(`${page.urls.login}?next=${encodeURIComponent(location.pathname + location.search)}`);
  },
  onMessage: hear,
});

const asking = new Asking(store, pictures);
const topics = new Topics(pictures);
tellAway(find("#away"), store, topics);
const verbs = new Verbs(pictures);
/** What the sections beside the images may use. @type {import("../side/side.js").Beside} */
const beside = {
  page, store, topics, pictures, verbs,
  perform: (change) => store.update(change),
  announce: (words) => setText(find("#announced"), words),
};
const side = fillSide(find("#side"), beside);
fillTalk(find("#side-conversation"), beside);
const reading = fillReading(find("#reading"), beside);
fillRequest(find("#side-request"), beside);
const measuring = new Measuring(beside);
fillFindings(find("#side-findings"), beside, measuring.keeper, measuring.calibrating);
/** @type {Viewport[]} */
const viewports = [];
/** @type {CineBar[]} */
const cines = [];
/** @type {SphereMark[]} */
const spheres = [];
new Player(store, viewports, cines, pictures);
new Spinner(store, viewports, pictures);
const magnifier = new Magnifier(store, pictures, viewports);
/** What shows slides, in the same places. @type {SlideViewport[]} */
const slides = [];

const news = new News(find("#timeline"), {
  onDone: focusActive,
  key: () => TAKE_UP ? (keysOf(TAKE_UP, store.state.preferences.keys)[0] ?? "") : "",
});
const following = new Following(store, { asking, topics, news, viewports, forget: () => pictures.forget(), reopen: () => location.reload() });

/** As many image areas as the layout has places; they are made once and kept. */
function makePanes(/** @type {number} */ count) {
  while (viewports.length < Math.min(count, MOST_PANES)) {
    const viewport = new Viewport(viewports.length, store, pictures, { onPaint });
    listen(viewport, store, { onMenu });
    new CrossHands(viewport, new CrossLines(viewport, store), store);
    new PathTool(viewport, store);
    new OpacityBar(viewport, store);
    new SpaceCube(viewport, store);
    new SpaceBox(viewport, store);
    new Scissors(viewport, store);
    new SpaceBar(viewport, store, run);
    spheres.push(new SphereMark(viewport, store, pictures));
    const slide = new SlideViewport(viewport.number, store, { onPaint });
    listenOnSlide(slide, store, { onMenu });
    viewport.host(slide);
    addHandle(viewport.element, viewport.number, store);
    magnifier.watch(viewport);
    slides.push(slide);
    cines.push(new CineBar(viewport, store, run));
    measuring.lay(viewport.painted, viewport.number);
    measuring.lay(slide, viewport.number);
    for (const area of [viewport.area, slide.area]) {
      area.addEventListener("focus", () => store.update((state) => ({ ...state, active: viewport.number })));
      area.addEventListener("pointerenter", () => (hovered = viewport));
      area.addEventListener("pointerleave", () => (hovered = null));
    }
    viewports.push(viewport);
    grid.append(viewport.element);
  }
}

/** @type {Viewport | null} */
let hovered = null;

/** Another picture or slide is on the screen. */
function onPaint() {
  firstIsThere();
  checkPersons();
}

/** Two persons on one screen can't be overlooked: both panes say so, as long as it is so. */
function checkPersons() {
  const found = persons(store.state, viewports.map(({ patient }) => patient));
  const words =
    found === "two" ? gettext("TWO PATIENTS ON THIS SCREEN")
    : found === "differing" ? gettext("THE IMAGES NAME DIFFERENT PERSONS")
    : "";
  viewports.forEach((viewport, index) => {
    const shown = paneAt(store.state, index);
    viewport.warn(shown ? [words, doubt(store.state, shown), changedPerson(store.state, shown, viewport.patient)].filter(Boolean).join("\n") : "");
  });
}

/** @param {Record<string, any>} message of the socket, no picture */
function hear(message) {
  if (topics.heard(message) || verbs.heard(message)) return;
  if (message.progress) {
    store.update((state) => receiveProgress(state, message.progress));
  } else if (message.probe && "radius" in message.probe) {
    spheres.forEach((sphere) => sphere.answered(message.probe));
  } else if (message.probe?.resource?.endsWith("/rendered3d")) {
    if (message.probe.point) store.update((state) => met(state, message.probe.resource, message.probe.point));
    else viewports[message.probe.seq]?.tell(message.probe.words ?? "");
  } else if (message.probe) {
    viewports.forEach((viewport) => viewport.probed(message.probe));
  } else if (typeof message.topic === "string" && message.topic.startsWith("series.")) {
    following.series(message.topic.slice("series.".length));
  }
}

/**
 * @param {Command} command
 * @param {number} [target] pane
 */
function run(command, target) {
  const asked = target === undefined ? store.state : { ...store.state, active: target };
  const why = command.why?.(asked);
  viewports[asked.active]?.tell(why ?? "");
  if (why) return;
  const slide = slides[asked.active];
  if (command.onSlide && slide?.isShown) {
    store.update(() => asked);
    return command.onSlide(slide);
  }
  store.update((state) => {
    const aimed = target === undefined ? state : { ...state, active: target };
    if (command.offered?.(aimed) === false) return state;
    const viewport = viewports[aimed.active];
    return command.effect && viewport ? byKey(aimed, command.effect, viewport) : (command.run?.(aimed) ?? aimed);
  });
  if (command.said) viewports[store.state.active]?.tell(command.said(store.state));
  if (command.effect === "palette") openPalette();
  if (command.effect === "help") openHelp();
  if (command.effect === "layouts") openLayouts(document.querySelector('[data-command="layouts"]'));
  if (command.effect === "side") side.toggle();
  if (command.effect === "tags") tags.show();
  if (command.effect === "suv") openProvenance();
  if (command.effect === "register") registerSheet.open();
  if (command.effect === "save-planes") openPlaneSaving();
  if (command.effect === "done") reading.done();
  if (command.effect === "calibrate") measuring.calibrating.ask((words) => viewports[store.state.active]?.tell(words));
  if (command.effect === "undo" || command.effect === "redo" || command.effect === "delete-mark") measuring.run(command.effect);
}

const openPalette = palette(store, (command) => {
  run(command);
  focusActive();
});
const openHelp = helpSheet(store, (preferences) => {
  store.update((state) => ({ ...state, preferences }));
  void putJson(`${page.urls.preferences}${PREFERENCE}/`, preferences).catch(wordsOf);
});
const openLayouts = layoutPicker(store, focusActive);
const tags = new Tags(store, () => viewports[store.state.active]?.element, focusActive);
const openProvenance = provenanceSheet(store, focusActive);
const registerSheet = new RegisterSheet(store, topics, focusActive);
const openPlaneSaving = planeSaving(store, focusActive);
const openMenu = contextMenu(store, (command) => {
  run(command);
  focusActive();
});

/** @param {number} x @param {number} y */
function onMenu(x, y) {
  openMenu(x, y);
}

function focusActive() {
  viewports[store.state.active]?.focus();
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
  onDrop: (item, pane) => {
    store.update((state) => dropped(state, item, pane));
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
  for (const key of toAsk(store.state)) void asking.series(key);
  checkPersons();
});
store.watch((state) => state.listed, (key) => {
  void asking.study(key);
  if (key !== studyKey(store.state) || opening) opening = key;
});
store.watch((state) => state.persons, checkPersons);
store.watch((state) => state.studies, () => {
  for (const key of toAsk(store.state)) void asking.series(key);
  placeOpening();
  checkPersons();
});
store.watch((state) => state.active, () => {
  if (document.activeElement === document.body || viewports.some((viewport) => viewport.holds(document.activeElement))) focusActive();
});
/** @type {Date | null} when the line went down; trying again doesn't end that */
let lostAt = null;
store.watch((state) => state.line, (line) => {
  lostAt = line === "open" ? null : line === "lost" ? (lostAt ?? new Date()) : lostAt;
  const words = gettext("No connection since {time}. Trying again; what is shown stays, what is measured or written is sent later.");
  setText(banner, lostAt ? interpolate(words, { time: clock(lostAt) }) : "");
  banner.hidden = lostAt === null;
});
addEventListener("pagehide", () => pictures.close());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

/** @param {State} state @param {import("./presentation.js").Saved | null} saved */
function begin(state, saved) {
  // Somebody else's view is shown as it is; one's own only if it shows the study that was opened, not a prior alone.
  if (saved && (page.state_id || showsStudy(saved, studyKey(page)))) return restore(state, saved);
  const hung = hangStage(state, 0);
  if (hung !== state) return hung;
  const source = first(state, studyKey(state));
  return source ? { ...state, panes: [paneOf(source)] } : state;
}

async function open() {
  const stateAddress = page.state_id ? `${page.urls.states}${page.state_id}/` : page.urls.state;
  const [, saved, preferences] = await Promise.all([
    asking.study(studyKey(page)),
    asking.optional(stateAddress),
    asking.optional(`${page.urls.preferences}${PREFERENCE}/`),
  ]);
  const own = store.state.studies[studyKey(page)];
  if (own && "error" in own) return unopened(grid, own.error);
  await breastsKnown();
  store.update((state) => begin({ ...state, preferences: { ...PREFERENCES, ...preferences } }, saved));
  if (!paneAt(store.state)) nothingYet(store, grid);
  if (!saved) void hangLate();
  void lookAhead();
  focusActive();
  keepSaved(store, page.urls.state);
  const studies = own?.studies ?? [];
  // The priors wait for the first picture; what they hold decides what a second pane offers.
  setTimeout(() => studies.forEach((study) => void asking.study(studyKey(study))), 1000);
}

/** The views of a mammography exam are hung together, once each is known; an archive that takes its time isn't waited for. */
function breastsKnown() {
  return Promise.race([breastsTold(), new Promise((resolve) => setTimeout(resolve, LONGEST_HANGING))]);
}

function breastsTold() {
  return Promise.all(breastSeries(store.state).map((key) => asking.series(key)));
}

/** Views that came late take their places, unless a hand has arranged the panes meanwhile. */
async function hangLate() {
  const { stage } = store.state;
  await breastsTold();
  store.update((state) => (state.stage === stage && (stage === 0 || state.panes.length === 1) ? rehung(state) : state));
}

/** @param {State} state */
function rehung(state) {
  const next = hangStage(state, 0);
  return next.panes.filter(Boolean).length > state.panes.filter(Boolean).length ? next : state;
}

/** The first series takes its time: until it is told, one image of it is shown, if that can be had sooner. */
async function lookAhead() {
  if (!page.first) return;
  const stack = await asking.optional(page.first.glimpse);
  const key = seriesKey({ ...page, series: page.first.series });
  if (stack) store.update((state) => receiveGlimpse(state, key, stack));
}

void open();

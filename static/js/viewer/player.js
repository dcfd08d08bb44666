/** Runs a cine: never on before the picture was painted, so that none is skipped; what it can't keep up with, it says. */

/** @import { State } from "./state.js" */
/** @import { Pictures } from "./pictures.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { aimOf } from "./aims.js";
import { achieved, advance, ahead, isUndisturbed } from "./cine.js";
import { number } from "./corners.js";
import { entryOf, isShown, isStackPane, paneAt } from "./state.js";

/** Pictures fetched before they are needed. */
const AHEAD = 12;
/** Over how many ms the rate is counted. */
const COUNTED = 2000;
const SAID_EVERY = 500;
/** Less than this part of what is wished is said. */
const ENOUGH = 0.93;

export class Player {
  #timer = 0;
  #due = 0;
  /** Whether a step is on its way: from when its picture is looked for until it is painted. @type {"no" | "looking" | "painting"} */
  #stepping = "no";
  /** @type {number[]} */
  #times = [];
  #saidAt = 0;
  #said = "";
  /** @type {AbortController | null} */
  #running = null;
  #words = el("p", { class: "cine", "aria-hidden": "true" });

  /**
   * @param {Store<State>} store
   * @param {readonly Viewport[]} viewports
   * @param {Pictures} pictures
   */
  constructor(store, viewports, pictures) {
    this.store = store;
    this.viewports = viewports;
    this.pictures = pictures;
    store.watch((state) => state, (state) => this.#follow(state));
  }

  /** @param {State} state */
  #follow(state) {
    const { playing } = state;
    if (playing && !isUndisturbed(state, playing)) this.store.update((now) => ({ ...now, playing: null }));
    else if (playing && !this.#running) this.#begin(playing.pane);
    else if (!playing && this.#running) this.#end();
    else if (playing && this.#said !== `${playing.rate} ${playing.sweep}`) this.#say();
  }

  /** @param {number} pane */
  #begin(pane) {
    const viewport = this.viewports[pane];
    if (!viewport) return;
    this.#running = new AbortController();
    this.#times = [];
    this.#due = performance.now();
    this.#stepping = "no";
    viewport.area.append(this.#words);
    this.#say();
    const stop = viewport.painted.onDrawn(() => this.#drawn(viewport));
    this.#running.signal.addEventListener("abort", stop);
    this.#soon();
  }

  #end() {
    this.#running?.abort();
    this.#running = null;
    clearTimeout(this.#timer);
    this.#words.remove();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#step(), Math.max(0, this.#due - performance.now()));
  }

  /** On by one picture, if the last was painted and the next is there. */
  async #step() {
    const running = this.#running;
    const { state } = this.store;
    const [next] = ahead(state, 1);
    if (!running || !state.playing || this.#stepping !== "no" || !next) return;
    this.#stepping = "looking";
    const wishes = ahead(state, AHEAD).flatMap((each) => this.#wish(each) ?? []);
    await this.pictures.ahead(wishes);
    if (this.#running !== running || !this.store.state.playing) return;
    const now = performance.now();
    const interval = 1000 / this.store.state.playing.rate;
    // What is late stays late: no hurry afterwards, which would show the beat of a heart faster than it was.
    this.#due = Math.max(this.#due + interval, now);
    this.#stepping = "painting";
    this.store.update(advance);
    const { state: after } = this.store;
    if (after.playing && !isShown(entryOf(after, paneAt(after, after.playing.pane)))) this.#on();
  }

  /**
   * What the viewport will ask for.
   * @param {State} state
   */
  #wish(state) {
    const pane = state.playing && paneAt(state, state.playing.pane);
    const size = state.playing && this.viewports[state.playing.pane]?.size;
    const aim = isStackPane(pane) && size ? aimOf(state, pane, size) : null;
    return aim && "wish" in aim ? aim.wish(this.pictures.quality) : null;
  }

  /** @param {Viewport} viewport whose canvas was painted */
  #drawn(viewport) {
    const { state } = this.store;
    const entry = state.playing && entryOf(state, paneAt(state, state.playing.pane));
    const { shown } = viewport.painted;
    // In place of the picture stand words why it can't be shown: the cine stays there, so that they are read.
    if (isShown(entry) && viewport.hindered === entry) return this.store.update((now) => ({ ...now, playing: null }));
    if (this.#stepping !== "painting" || !shown || !isShown(entry) || shown.picture.instance !== entry.instance || shown.picture.frame !== entry.frame) return;
    this.#on();
  }

  #on() {
    const now = performance.now();
    this.#stepping = "no";
    this.#times = [...this.#times.filter((time) => time > now - COUNTED), now];
    if (now - this.#saidAt > SAID_EVERY) this.#say();
    this.#soon();
  }

  #say() {
    const { playing } = this.store.state;
    if (!playing) return;
    this.#saidAt = performance.now();
    this.#said = `${playing.rate} ${playing.sweep}`;
    const real = achieved(this.#times);
    const wished = number(playing.rate, 0);
    const words = real !== null && real < ENOUGH * playing.rate
      ? interpolate(gettext("▶ {real} instead of {wished} pictures/s"), { real: number(real, real < 10 ? 1 : 0), wished })
      : interpolate(gettext("▶ {wished} pictures/s"), { wished });
    setText(this.#words, [words, playing.sweep ? gettext("back and forth") : ""].filter(Boolean).join(" · "));
    this.#words.classList.toggle("slow", real !== null && real < ENOUGH * playing.rate);
  }
}

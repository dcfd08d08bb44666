/**
 * Runs cines by the file's own times. Never on before the picture was painted, so that none is skipped; what can't come
 * in time is counted and said, and shifts all that follows: no hurry afterwards, which would show a heart that beats
 * faster than it did.
 */

/** @import { State } from "./state.js" */
/** @import { CineBar } from "./cinebar.js" */
/** @import { Pictures } from "./pictures.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { aimOf } from "./aims.js";
import { advance, ahead, isUndisturbed, running, stoodStill } from "./cine.js";
import { isAtEnd, standing } from "./reel.js";
import { entryOf, isShown, isStackPane, paneAt } from "./state.js";

/** Pictures fetched before they are needed. */
const AHEAD = 12;
const SAID_EVERY = 250;
/** What is said of a clip that stands: what was late before is no news of it. @type {Tally} */
const NOTHING = { painted: 0, late: 0, behind: 0 };

/**
 * What became of a cine: pictures painted, how many of them came onto the screen only when the next one was due, and by
 * how many ms the whole lags behind the file's times.
 * @typedef {{painted: number, late: number, behind: number}} Tally
 */

/**
 * A pane that runs. `due`: when its next picture should come. `isLate`: the present one has been counted as such.
 * `stepping`: from when a picture is looked for until it is painted. `rests`: its round is over, and another pane's not yet.
 * @typedef {{pane: number, viewport: Viewport, due: number, isLate: boolean, stepping: "no" | "looking" | "painting", rests: boolean, timer: number}} Track
 */

export class Player {
  /** @type {Track[]} */
  #tracks = [];
  /** @type {Tally} */
  #tally = { painted: 0, late: 0, behind: 0 };
  #saidAt = 0;
  #stop = new AbortController();

  /**
   * @param {Store<State>} store
   * @param {readonly Viewport[]} viewports
   * @param {readonly CineBar[]} bars
   * @param {Pictures} pictures
   */
  constructor(store, viewports, bars, pictures) {
    this.store = store;
    this.viewports = viewports;
    this.bars = bars;
    this.pictures = pictures;
    store.watch((state) => state, (state) => this.#follow(state));
  }

  /** @param {State} state */
  #follow(state) {
    if (state.playing && !isUndisturbed(state)) this.store.update((now) => ({ ...now, playing: null }));
    else if (state.playing && !this.#tracks.length) this.#begin(state);
    else if (!state.playing && this.#tracks.length) this.#end();
  }

  /** @param {State} state */
  #begin(state) {
    this.#stop = new AbortController();
    this.#tally = { painted: 0, late: 0, behind: 0 };
    const now = performance.now();
    this.#tracks = running(state).flatMap(({ run, reel }) => {
      const viewport = this.viewports[run.pane];
      return viewport ? [{ pane: run.pane, viewport, due: now + standing(reel, run), isLate: false, stepping: /** @type {const} */ ("no"), rests: false, timer: 0 }] : [];
    });
    for (const track of this.#tracks) {
      this.#stop.signal.addEventListener("abort", track.viewport.painted.onDrawn(() => this.#drawn(track)));
      void this.pictures.ahead(this.#wishes(track));
      this.#soon(track);
    }
    this.#say();
  }

  #end() {
    this.#stop.abort();
    const tracks = this.#tracks;
    this.#tracks = [];
    for (const { timer, pane } of tracks) {
      clearTimeout(timer);
      this.store.update((state) => stoodStill(state, pane));
      this.bars[pane]?.tell(NOTHING);
    }
    this.pictures.decoded.clear();
  }

  /** @param {Track} track */
  #soon(track) {
    clearTimeout(track.timer);
    track.timer = setTimeout(() => this.#round(track), Math.max(0, track.due - performance.now()));
  }

  /** Panes that run together begin each round together: who is at the end waits for the others. @param {Track} track */
  #round(track) {
    if (track.stepping !== "no") return;
    const found = running(this.store.state).find(({ run }) => run.pane === track.pane);
    if (!found) return;
    if (this.#tracks.length === 1 || !isAtEnd(found.run, found.reel)) return void this.#step(track);
    track.rests = true;
    if (!this.#tracks.every(({ rests }) => rests)) return;
    const due = Math.max(...this.#tracks.map((each) => each.due));
    for (const each of this.#tracks) {
      Object.assign(each, { rests: false, due });
      void this.#step(each);
    }
  }

  /** On by one picture, if the last was painted and the next is there. @param {Track} track */
  async #step(track) {
    const { signal } = this.#stop;
    track.stepping = "looking";
    await this.pictures.ahead(this.#wishes(track));
    if (signal.aborted || !this.store.state.playing) return;
    track.stepping = "painting";
    const before = track.due;
    this.store.update((state) => advance(state, track.pane));
    const { state } = this.store;
    const found = running(state).find(({ run }) => run.pane === track.pane);
    if (!found) return;
    const stands = standing(found.reel, found.run);
    track.due = before + stands;
    const lag = performance.now() - before;
    track.isLate = lag > stands;
    if (track.isLate) {
      this.#tally.late++;
      this.#shift(lag);
    }
    if (!isShown(entryOf(state, paneAt(state, track.pane)))) this.#on(track);
  }

  /** What is late stays late, for all panes that run together. @param {number} lag ms */
  #shift(lag) {
    this.#tally.behind += lag;
    for (const each of this.#tracks) {
      each.due += lag;
      if (each.stepping === "no" && !each.rests) this.#soon(each);
    }
  }

  /** @param {Track} track @returns {import("./wishes.js").Wish[]} what the viewport will ask for */
  #wishes({ pane, viewport }) {
    return ahead(this.store.state, pane, AHEAD).flatMap((state) => {
      const shown = paneAt(state, pane);
      const aim = isStackPane(shown) ? aimOf(state, shown, viewport.size) : null;
      return (aim && "wish" in aim && aim.wish(this.pictures.quality)) || [];
    });
  }

  /** The pane's canvas was painted. @param {Track} track */
  #drawn(track) {
    const { viewport, pane, stepping } = track;
    const { state } = this.store;
    const entry = entryOf(state, paneAt(state, pane));
    const { shown } = viewport.painted;
    // In place of the picture stand words why it can't be shown: the cine stays there, so that they are read.
    if (isShown(entry) && viewport.hindered === entry) return this.store.update((now) => ({ ...now, playing: null }));
    if (stepping !== "painting" || !shown || !isShown(entry) || shown.picture.instance !== entry.instance || shown.picture.frame !== entry.frame) return;
    this.#on(track);
  }

  /** @param {Track} track whose next picture is on the screen */
  #on(track) {
    track.stepping = "no";
    this.#tally.painted++;
    const now = performance.now();
    if (!track.isLate && now > track.due) this.#tally.late++;
    if (now - this.#saidAt > SAID_EVERY) this.#say();
    this.#soon(track);
    void this.pictures.ahead(this.#wishes(track));
  }

  #say() {
    this.#saidAt = performance.now();
    for (const { pane } of this.#tracks) this.bars[pane]?.tell(this.#tally);
  }
}

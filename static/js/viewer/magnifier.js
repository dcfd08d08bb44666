/** A lens at the pointer: what lies under it, enlarged from the stored pixels, turned as its pane is. */

/** @import { Answer, Pictures } from "./pictures.js" */
/** @import { PicturePane, State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { takesKeys } from "../shared/keys.js";
import { aimOf } from "./aims.js";
import { fidelity, zoomWords } from "./corners.js";
import { blacken, draw, placing } from "./drawing.js";
import { magnification } from "./geometry.js";
import { enlarged } from "./lens.js";
import { sheetOf } from "./sheets.js";
import { isSlidePane, paneAt } from "./state.js";

/** CSS pixels across the lens, at most this part of the pane's shorter side. */
const ACROSS = 260;
const PART = 0.6;
/** So much more than the lens shows is asked for, so that small movements need nothing new. */
const ROOM = 1.6;
/** A hand that hasn't moved for this long rests (ms). */
const REST = 120;
/** The lens's own place among the wishes of the page. */
const CHANNEL = 900;

export class Magnifier {
  #canvas = el("canvas", { "aria-hidden": "true" });
  #words = el("p", {});
  #lens = el("div", { class: "lens", "aria-hidden": "true" }, this.#canvas, this.#words);
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { alpha: false }));
  /** @type {Viewport | null} */
  #viewport = null;
  /** Where the lens is, device pixels of its pane's canvas. @type {[number, number]} */
  #at = [0, 0];
  /** @type {Answer | null} */
  #answer = null;
  #rest = 0;
  /** Whether there is no pointer to follow: the lens stands in the middle of the active pane, and the picture is moved under it. */
  #isCentred = false;
  #stop = () => {};

  /**
   * @param {Store<State>} store
   * @param {Pictures} pictures
   * @param {readonly Viewport[]} viewports
   */
  constructor(store, pictures, viewports) {
    this.store = store;
    this.pictures = pictures;
    this.viewports = viewports;
    pictures.open(CHANNEL, { onAnswer: (answer) => this.#receive(answer), onFailure: (_wish, words) => setText(this.#words, words) });
    store.watch((state) => state.lens, () => {
      if (store.state.lens && !this.#viewport) this.#centre();
      this.#show();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && store.state.lens && !takesKeys(event.target)) store.update((state) => ({ ...state, lens: 0 }));
    });
    store.watch((state) => state.active, () => {
      if (!this.#isCentred) return;
      this.#centre();
      this.#show();
    });
  }

  /**
   * Look through the lens in this pane.
   * @param {Viewport} viewport
   */
  watch(viewport) {
    const { area } = viewport;
    area.addEventListener("pointermove", (event) => this.#follow(viewport, event));
    area.addEventListener("pointerenter", (event) => this.#follow(viewport, event));
    area.addEventListener("pointerleave", () => this.#viewport === viewport && this.#leave());
  }

  /**
   * @param {Viewport} viewport
   * @param {PointerEvent} event
   */
  #follow(viewport, { clientX, clientY }) {
    const { left, top } = viewport.area.getBoundingClientRect();
    this.#at = [(clientX - left) * devicePixelRatio, (clientY - top) * devicePixelRatio];
    this.#isCentred = false;
    this.#enter(viewport);
    this.#show();
  }

  #centre() {
    const viewport = this.viewports[this.store.state.active];
    if (!viewport) return;
    this.#enter(viewport);
    this.#at = [viewport.size.width / 2, viewport.size.height / 2];
    this.#isCentred = true;
  }

  /** @param {Viewport} viewport */
  #enter(viewport) {
    if (this.#viewport === viewport) return;
    this.#leave();
    this.#viewport = viewport;
    this.#stop = viewport.painted.onDrawn(() => this.#show());
  }

  #leave() {
    this.#stop();
    this.#viewport = null;
    this.#isCentred = false;
    this.#close();
  }

  #close() {
    this.pictures.leave(CHANNEL);
    clearTimeout(this.#rest);
    this.#answer?.bitmap.close();
    this.#answer = null;
    this.#lens.remove();
  }

  /** The pane that the lens shows now, when there is something under it. */
  #shown() {
    const { state } = this.store;
    const viewport = this.#viewport;
    const shown = viewport && paneAt(state, viewport.number);
    if (!state.lens || !viewport?.painted.shown || !shown || isSlidePane(shown)) return null;
    const pane = enlarged(state, shown, viewport.size, this.#at, state.lens);
    return pane && { viewport, pane };
  }

  /** Follow pointer and pane: with what is there already, at once; with the stored pixels as soon as they are. */
  #show() {
    const found = this.#shown();
    if (!found) return this.#close();
    const { viewport, pane } = found;
    if (this.#lens.parentElement !== viewport.area) viewport.area.append(this.#lens);
    const across = Math.round(Math.min(ACROSS, PART * viewport.area.clientWidth, PART * viewport.area.clientHeight));
    const size = Math.round(across * devicePixelRatio);
    if (this.#canvas.width !== size) Object.assign(this.#canvas, { width: size, height: size });
    this.#lens.style.width = `${across}px`;
    this.#lens.style.translate = `${this.#at[0] / devicePixelRatio - across / 2}px ${this.#at[1] / devicePixelRatio - across / 2}px`;
    // Its words keep away from those at the pane's edge.
    this.#lens.classList.toggle("low", this.#at[1] > viewport.size.height / 2);
    this.#want(pane, this.pictures.quality);
    this.#paint(viewport, pane);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#want(pane, null), REST);
  }

  /**
   * @param {PicturePane} pane
   * @param {import("./line.js").Quality} quality
   */
  #want(pane, quality) {
    const size = Math.round(this.#canvas.width * ROOM);
    const aim = aimOf(this.store.state, pane, { width: size, height: size });
    const wish = aim && "wish" in aim ? aim.wish(quality) : null;
    if (wish) this.pictures.want(CHANNEL, wish);
  }

  /** @param {Answer} answer */
  #receive(answer) {
    this.#answer?.bitmap.close();
    this.#answer = answer;
    const found = this.#shown();
    if (found) this.#paint(found.viewport, found.pane);
  }

  /**
   * @param {Viewport} viewport
   * @param {PicturePane} pane
   */
  #paint(viewport, pane) {
    const { state } = this.store;
    const context = this.#context;
    const canvas = { width: this.#canvas.width, height: this.#canvas.height };
    blacken(context);
    // The pane's own pixels stand until better ones are here: they are of the same picture, since it was painted just now.
    const under = viewport.area.querySelector("canvas");
    const part = canvas.width / state.lens;
    if (under) context.drawImage(under, this.#at[0] - part / 2, this.#at[1] - part / 2, part, part, 0, 0, canvas.width, canvas.height);
    const answer = this.#answer;
    const sheet = sheetOf(state, pane);
    const place = answer && sheet && this.#isOfPane(viewport, answer) ? placing(answer.picture, sheet, canvas) : null;
    if (answer && place) draw(context, answer, place);
    const factor = interpolate(gettext("{factor}×"), { factor: state.lens });
    const scale = sheet ? zoomWords(magnification(sheet.grid, canvas, sheet.look)) : "";
    const quality = !answer || !place ? gettext("enlarged, loading …") : answer.picture.lossless ? "" : fidelity(answer.picture).words;
    setText(this.#words, [factor, scale, quality].filter(Boolean).join(" · "));
  }

  /**
   * Whether an answer is of the very picture that the pane shows, with the same grey levels.
   * @param {Viewport} viewport
   * @param {Answer} answer
   */
  #isOfPane(viewport, { wish }) {
    const shown = viewport.wish;
    return shown !== null && shown.resource === wish.resource && shown.look === wish.look;
  }
}

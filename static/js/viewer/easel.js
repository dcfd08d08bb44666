/** A pane's canvas and the words over it: both are painted from one answer, in one frame of the screen. */

/** @import { Size } from "./geometry.js" */
/** @import { Answer } from "./pictures.js" */
/** @import { Placed } from "./placed.js" */
/** @import { Entry, PicturePane, State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { loadingWords } from "./aims.js";
import { blacken, draw } from "./drawing.js";
import { Dressing } from "./dressing.js";
import { known } from "./known.js";
import { Painted, tellPaint } from "./painted.js";
import { placedOf } from "./placed.js";
import { standIn } from "./standin.js";
import { isShown } from "./state.js";

/** @typedef {{kind: "empty"} | {kind: "waiting"} | {kind: "picture", answer: Answer} | {kind: "notice", entry: Entry | null, index: number | null, title: string, words: string}} Content */

export class Easel {
  #frame = 0;
  /** What is on the canvas and over it. @type {readonly unknown[]} */
  #shown = [];
  /** CSS pixels of the area. */
  #room = { width: 0, height: 0 };
  #canvas = el("canvas", { "aria-hidden": "true" });
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { alpha: false }));

  /**
   * @param {HTMLElement} area
   * @param {number} place of the pane in the layout
   * @param {Store<State>} store
   * @param {{subject: () => {pane: PicturePane | null, content: Content}, onPicture: (placed: Placed) => void}} listeners
   *   subject: what is to be painted; onPicture: a picture is on the screen
   */
  constructor(area, place, store, { subject, onPicture }) {
    this.number = place;
    this.store = store;
    this.subject = subject;
    this.onPicture = onPicture;
    area.append(this.#canvas);
    this.area = area;
    /** The canvas as marks see it. */
    this.painted = new Painted(area);
    this.dressing = new Dressing(area, () => this.painted.tell());
  }

  /** The size of the canvas in device pixels. @returns {Size} */
  get size() {
    return { width: this.#canvas.width, height: this.#canvas.height };
  }

  /** What was asked for to get the picture; null while there is none. */
  get wish() {
    const { content } = this.subject();
    return content.kind === "picture" ? content.answer.wish : null;
  }

  /** @param {Size} size device pixels @returns {boolean} whether it had another one */
  resize({ width, height }) {
    if (!width || !height || (width === this.#canvas.width && height === this.#canvas.height)) return false;
    Object.assign(this.#canvas, { width, height });
    this.#room = { width: this.area.clientWidth, height: this.area.clientHeight };
    this.#shown = [];
    this.#paint();
    return true;
  }

  paintSoon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const { pane, content } = this.subject();
    const placed = pane && content.kind === "picture" ? placedOf(this.store.state, pane, content.answer, { canvas: this.size, ...this.#room }) : null;
    // A hand may be frames ahead of the pictures: what stands there already isn't painted anew.
    if (placed && placed.parts.length === this.#shown.length && placed.parts.every((part, index) => part === this.#shown[index])) return;
    this.#shown = placed?.parts ?? [];
    this.painted.shown = null;
    blacken(this.#context);
    if (placed) this.#paintPicture(placed);
    else this.#paintWords(pane, content);
    this.painted.tell();
  }

  /** @param {Placed} placed */
  #paintPicture(placed) {
    const { pane, answer, picture, place, ofPage, plane } = placed;
    this.painted.shown = { picture, source: pane.source, placed: place.placed };
    draw(this.#context, answer, place);
    this.dressing.picture(picture, place.placed, place.scale, ofPage, plane);
    tellPaint(this.number, picture);
    this.onPicture(placed);
  }

  /**
   * What stands in the place of a picture.
   * @param {PicturePane | null} pane
   * @param {Content} content
   */
  #paintWords(pane, content) {
    const { state } = this.store;
    if (!pane || content.kind === "empty") return this.dressing.empty();
    if (content.kind !== "notice") return this.dressing.waiting(standIn(state, pane, null), loadingWords(state, pane));
    const ofPage = known(state, pane, null, { canvas: this.size, ...this.#room });
    const kind = content.entry && !isShown(content.entry) ? "gap" : "failed";
    this.dressing.notice(standIn(state, pane, content.entry, content.index), kind, content.title, content.words, ofPage);
  }
}

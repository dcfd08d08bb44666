/** The surface of a pane's canvas: the picture that was painted last, and who wants to hear of each paint. */

/** @import { Picture } from "./corners.js" */
/** @import { Matrix } from "./geometry.js" */
/** @import { Source } from "./state.js" */
/** @import { Surface } from "./surface.js" */
import { groundOf, onScreen, underScreen } from "./surface.js";

/** @implements {Surface} */
export class Painted {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** What is on the canvas, and the matrix with which it was painted. @type {{picture: Picture, source: Source, placed: Matrix} | null} */
  shown = null;

  /** @param {HTMLElement} area */
  constructor(area) {
    this.area = area;
  }

  get ground() {
    return this.shown && groundOf(this.shown.picture, this.shown.source);
  }

  /** @type {Surface["project"]} */
  project(point) {
    if (!this.shown) return null;
    const { x, y, distance } = onScreen(this.shown.picture, this.shown.placed, point);
    return { x: x / devicePixelRatio, y: y / devicePixelRatio, distance };
  }

  /** @type {Surface["unproject"]} */
  unproject(x, y) {
    const { ground, shown } = this;
    const point = shown && underScreen(shown.picture, shown.placed, x * devicePixelRatio, y * devicePixelRatio);
    return ground && point && { ...ground, point };
  }

  /** @type {Surface["onDrawn"]} */
  onDrawn(drawn) {
    this.#listeners.add(drawn);
    return () => void this.#listeners.delete(drawn);
  }

  /** Say that the canvas was painted. */
  tell() {
    for (const drawn of this.#listeners) drawn();
  }
}

/**
 * For whoever measures: a mark for each paint, which isn't kept.
 * @param {number} pane
 * @param {Picture} picture
 */
export function tellPaint(pane, { instance, frame, index, lossless, plane }) {
  performance.mark("painted", { detail: { pane, instance, frame, index, lossless, plane } });
  performance.clearMarks("painted");
}

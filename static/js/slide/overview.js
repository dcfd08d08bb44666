/** The whole slide, small, with the field on it: a click or the arrow keys move the field. */

/** @import { Matrix, Size } from "../viewer/geometry.js" */
/** @import { Slide, SlideLevel, SlideSource } from "../viewer/state.js" */
import { el, svg } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { apply } from "../viewer/geometry.js";
import { aspectOf, millimetres } from "./coordinates.js";
import { blanksOf, extentOf, frameOf, tileAddress, tilesOf } from "./slides.js";

/** CSS pixels of its longer side. */
const SIDE = 180;
/** A level of more tiles than this gives way to the smallest there is. */
const FEW = 16;
/** A press of an arrow key moves by this part of the slide. */
const STEP = 0.05;
const WAYS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

export class Overview {
  #canvas = el("canvas", { "aria-hidden": "true" });
  #field = svg("polygon", {});
  #marks = svg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
  #box;
  #hidden = false;
  /** @type {Slide | null} */
  #slide = null;
  /** @type {[number, number]} pixels of the slide */
  #middle = [0, 0];

  /**
   * @param {HTMLElement} area
   * @param {(center: [number, number]) => void} onMove slide mm
   */
  constructor(area, onMove) {
    this.#marks.append(this.#field);
    const label = gettext("Overview of the slide. Arrow keys move the field.");
    this.#box = el("div", { class: "overview", tabindex: 0, role: "group", "aria-label": label, hidden: true }, this.#canvas, this.#marks);
    area.append(this.#box);
    const go = (/** @type {[number, number]} */ [column, row]) => {
      const slide = this.#slide;
      if (slide) onMove(millimetres(slide, [Math.min(slide.columns, Math.max(0, column)), Math.min(slide.rows, Math.max(0, row))]));
    };
    const follow = (/** @type {PointerEvent} */ event) => {
      event.preventDefault();
      const { left, top, width, height } = this.#canvas.getBoundingClientRect();
      if (this.#slide) go([((event.clientX - left) / width) * this.#slide.columns, ((event.clientY - top) / height) * this.#slide.rows]);
    };
    this.#box.addEventListener("pointerdown", (event) => {
      this.#box.setPointerCapture(event.pointerId);
      follow(event);
    });
    this.#box.addEventListener("pointermove", (event) => this.#box.hasPointerCapture(event.pointerId) && follow(event));
    this.#box.addEventListener("keydown", (event) => {
      const way = WAYS[event.key];
      if (!way || !this.#slide || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      go([this.#middle[0] + way[0] * STEP * this.#slide.columns, this.#middle[1] + way[1] * STEP * this.#slide.rows]);
    });
  }

  /**
   * @param {Slide} slide
   * @param {SlideSource} source
   */
  show(slide, source) {
    this.#slide = slide;
    this.#box.hidden = this.#hidden;
    const tall = slide.rows * aspectOf(slide);
    const scale = SIDE / Math.max(slide.columns, tall);
    const [width, height] = [Math.max(1, Math.round(slide.columns * scale)), Math.max(1, Math.round(tall * scale))];
    const ratio = devicePixelRatio;
    Object.assign(this.#canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    this.#marks.setAttribute("viewBox", `0 0 ${slide.columns} ${slide.rows}`);
    this.#draw(slide, source);
  }

  close() {
    this.#slide = null;
    this.#box.hidden = true;
  }

  toggle() {
    this.#hidden = !this.#hidden;
    this.#box.hidden = this.#hidden || this.#slide === null;
  }

  /**
   * Mark the field.
   * @param {Slide} slide
   * @param {Matrix} back from CSS pixels of the pane to pixels of the slide
   * @param {Size} pane
   */
  mark(slide, back, { width, height }) {
    if (slide !== this.#slide) return;
    const corners = [[0, 0], [width, 0], [width, height], [0, height]];
    this.#field.setAttribute("points", corners.map(([x = 0, y = 0]) => apply(back, x, y).map(Math.round).join()).join(" "));
    this.#middle = apply(back, width / 2, height / 2);
  }

  /**
   * @param {Slide} slide
   * @param {SlideSource} source
   */
  #draw(slide, source) {
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { alpha: false }));
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#fff";
    const [wide, high] = [this.#canvas.width / slide.columns, this.#canvas.height / slide.rows];
    for (const { x, y, width, height } of blanksOf(slide)) context.fillRect(x * wide, y * high, width * wide, height * high);
    const level = enough(slide, Math.max(this.#canvas.width, this.#canvas.height));
    if (!level) return;
    const [across, down] = tilesOf(level);
    for (let at = 0; at < across * down; at++) {
      const [x, y] = [at % across, Math.floor(at / across)];
      const found = frameOf(level, x, y);
      if (found) this.#drawTile(context, slide, level, tileAddress(source, found), extentOf(level, x, y));
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Slide} slide
   * @param {SlideLevel} level
   * @param {string} address
   * @param {{x: number, y: number, width: number, height: number}} extent
   */
  #drawTile(context, slide, level, address, { x, y, width, height }) {
    const image = new Image();
    const [across, down] = [this.#canvas.width / level.columns, this.#canvas.height / level.rows];
    image.addEventListener("load", () => {
      if (slide === this.#slide) context.drawImage(image, 0, 0, width, height, x * across, y * down, width * across, height * down);
    });
    image.src = address;
  }
}

/**
 * The smallest level that fills so many pixels, unless it has too many tiles: then the smallest there is.
 * @param {Slide} slide
 * @param {number} side
 * @returns {SlideLevel | null}
 */
function enough({ levels }, side) {
  const found = levels.findLast(({ columns, rows }) => Math.max(columns, rows) >= side) ?? levels[0];
  const few = found && tilesOf(found)[0] * tilesOf(found)[1] <= FEW;
  return (few ? found : levels.at(-1)) ?? null;
}

/** The bar at the right of a pane: where one is in the stack, what has arrived, what was seen, what is missing. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { activate, scrollTo } from "./panes.js";
import { frameKey, isShown, paneAt, progressKey, stackKey, stackOf } from "./state.js";

const COLOURS = { p: "--bar-present", f: "--danger" };

/**
 * The rectangles of a gap's sign: a stroke where it begins and one at the side.
 * @param {number} width
 * @param {number} top
 * @param {number} height
 * @returns {[x: number, y: number, width: number, height: number][]}
 */
const bracket = (width, top, height) => [[0, top, width, 2], [width * 0.72, top, width * 0.28, height]];

export class ScrollBar {
  #context;
  #soon = 0;

  /**
   * @param {Store<State>} store
   * @param {number} number of the pane
   */
  constructor(store, number) {
    this.store = store;
    this.number = number;
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.thumb = el("div", { class: "thumb" });
    this.element = el(
      "div",
      { class: "bar", role: "scrollbar", "aria-orientation": "vertical", "aria-label": gettext("Position in the stack"), "aria-valuemin": 1, tabindex: -1 },
      this.canvas, this.thumb,
    );
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    new ResizeObserver(() => this.#resize()).observe(this.element);
    this.element.addEventListener("pointerdown", (event) => this.#grab(event));
  }

  /** @param {State} state */
  draw(state) {
    const pane = paneAt(state, this.number);
    const stack = stackOf(state, pane);
    const count = stack?.entries.length ?? 0;
    this.element.classList.toggle("idle", count < 2);
    if (!pane || !stack || count < 2) return this.#drawSoon();
    const index = pane.index ?? 0;
    this.thumb.style.top = `${(100 * index) / count}%`;
    this.thumb.style.height = `max(6px, ${100 / count}%)`;
    this.element.setAttribute("aria-valuemax", String(count));
    this.element.setAttribute("aria-valuenow", String(index + 1));
    this.element.setAttribute("aria-valuetext", interpolate(gettext("image {index} of {count}"), { index: index + 1, count }));
    this.#drawSoon();
  }

  #drawSoon() {
    this.#soon ||= requestAnimationFrame(() => {
      this.#soon = 0;
      this.#draw();
    });
  }

  #draw() {
    const state = this.store.state;
    const pane = paneAt(state, this.number);
    const stack = stackOf(state, pane);
    const { width, height } = this.canvas;
    this.#context.clearRect(0, 0, width, height);
    if (!pane || !stack || stack.entries.length < 2) return;
    const style = getComputedStyle(this.element);
    const states = state.progress[progressKey(pane.source)] ?? "";
    const seen = state.seen[stackKey(pane.source)] ?? new Set();
    const share = height / stack.entries.length;
    stack.entries.forEach((entry, index) => {
      const [top, bottom] = [Math.round(index * share), Math.max(Math.round((index + 1) * share), Math.round(index * share) + 1)];
      if (!isShown(entry)) {
        // A gap is told by shape as well as by colour: a bracket across the whole bar.
        this.#context.fillStyle = style.getPropertyValue("--warn");
        for (const [x, y, wide, high] of bracket(width, top, Math.max(2, bottom - top))) this.#context.fillRect(x, y, wide, high);
        return;
      }
      const colour = COLOURS[/** @type {keyof typeof COLOURS} */ (states[index] ?? ".")];
      if (colour) {
        this.#context.fillStyle = style.getPropertyValue(colour);
        this.#context.fillRect(width * 0.36, top, states[index] === "f" ? width * 0.64 : width * 0.28, bottom - top);
      }
      if (seen.has(frameKey(entry))) {
        this.#context.fillStyle = style.getPropertyValue("--accent");
        this.#context.fillRect(0, top, width * 0.24, bottom - top);
      }
    });
  }

  #resize() {
    const ratio = window.devicePixelRatio;
    Object.assign(this.canvas, {
      width: Math.round(this.element.clientWidth * ratio),
      height: Math.round(this.element.clientHeight * ratio),
    });
    this.#draw();
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    const stop = new AbortController();
    const move = (/** @type {PointerEvent} */ { clientY }) => {
      const { top, height } = this.element.getBoundingClientRect();
      this.store.update((state) => {
        const count = stackOf(state, paneAt(state, this.number))?.entries.length ?? 0;
        return scrollTo(activate(state, this.number), Math.floor(((clientY - top) / height) * count), this.number);
      });
    };
    move(event);
    this.element.addEventListener("pointermove", move, stop);
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, () => stop.abort(), stop);
  }
}

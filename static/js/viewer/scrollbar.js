/** The bar at the right of a pane: where one is in the stack, what has arrived, what was seen, what is missing. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { paced } from "./pace.js";
import { activate } from "./panes.js";
import { scrollTo } from "./scrolling.js";
import { sheetOf } from "./sheets.js";
import { statesOf } from "./growth.js";
import { frameKey, isShown, isStackPane, paneAt, progressKey, stackKey } from "./state.js";

const LEAST = 6;
/** Between two drawings of what was seen (ms): a hand that scrolls sees a slice in each frame. */
const DRAWN = 100;

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
  #height = 0;
  #paced = paced(DRAWN);
  /** What the canvas shows. @type {readonly unknown[]} */
  #drawn = [];

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
    const sheet = sheetOf(state, paneAt(state, this.number));
    const count = sheet?.count ?? 0;
    this.element.classList.toggle("idle", count < 2);
    if (!sheet || count < 2) return this.#drawSoon();
    const index = Math.min(count - 1, Math.max(0, Math.round(sheet.index)));
    const height = Math.max(LEAST, this.#height / count);
    this.thumb.style.height = `${height}px`;
    // Moved, not laid out anew: a hand that scrolls moves it in every frame.
    this.thumb.style.transform = `translateY(${(this.#height * index) / count}px)`;
    this.element.setAttribute("aria-valuemax", String(count));
    this.element.setAttribute("aria-valuenow", String(index + 1));
    this.element.setAttribute("aria-valuetext", interpolate(isStackPane(sheet.pane) ? gettext("image {index} of {count}") : gettext("plane {index} of {count}"), { index: index + 1, count }));
    this.#drawSoon();
  }

  #drawSoon() {
    this.#soon ||= requestAnimationFrame(() => {
      this.#soon = 0;
      this.#paced(() => this.#draw());
    });
  }

  #draw() {
    const state = this.store.state;
    const { pane, stack } = sheetOf(state, paneAt(state, this.number)) ?? {};
    const { width, height } = this.canvas;
    // A plane takes something of every slice: there is no place on its bar for one of them.
    const entries = isStackPane(pane) && stack && stack.entries.length > 1 ? stack.entries : [];
    const states = entries.length && pane ? statesOf(state.progress[progressKey(pane.source)], entries) : "";
    const seen = entries.length && pane && isStackPane(pane) ? state.seen[stackKey(pane.source)] : undefined;
    const now = [entries, states, seen, width, height];
    if (now.every((each, index) => each === this.#drawn[index])) return;
    this.#drawn = now;
    this.#context.clearRect(0, 0, width, height);
    if (!entries.length) return;
    const style = getComputedStyle(this.element);
    const [present, failed, warn, accent] = ["--bar-present", "--danger", "--warn", "--accent"].map((name) => style.getPropertyValue(name));
    const colours = /** @type {Record<string, string | undefined>} */ ({ p: present, f: failed });
    const share = height / entries.length;
    entries.forEach((entry, index) => {
      const [top, bottom] = [Math.round(index * share), Math.max(Math.round((index + 1) * share), Math.round(index * share) + 1)];
      if (!isShown(entry)) {
        // A gap is told by shape as well as by colour: a bracket across the whole bar.
        this.#context.fillStyle = warn ?? "";
        for (const [x, y, wide, high] of bracket(width, top, Math.max(2, bottom - top))) this.#context.fillRect(x, y, wide, high);
        return;
      }
      const colour = colours[states[index] ?? "."];
      if (colour) {
        this.#context.fillStyle = colour;
        this.#context.fillRect(width * 0.36, top, states[index] === "f" ? width * 0.64 : width * 0.28, bottom - top);
      }
      if (seen?.has(frameKey(entry))) {
        this.#context.fillStyle = accent ?? "";
        this.#context.fillRect(0, top, width * 0.24, bottom - top);
      }
    });
  }

  #resize() {
    const ratio = window.devicePixelRatio;
    this.#height = this.element.clientHeight;
    Object.assign(this.canvas, {
      width: Math.round(this.element.clientWidth * ratio),
      height: Math.round(this.#height * ratio),
    });
    this.#drawn = [];
    this.draw(this.store.state);
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
        const count = sheetOf(state, paneAt(state, this.number))?.count ?? 0;
        return scrollTo(activate(state, this.number), Math.floor(((clientY - top) / height) * count), this.number);
      });
    };
    move(event);
    this.element.addEventListener("pointermove", move, stop);
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, () => stop.abort(), stop);
  }
}

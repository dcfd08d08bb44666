/** The lines of the crosshair over one pane: drawn from the state alone, so that they never wait for a picture. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { svg } from "../shared/dom.js";
import { cutsOf, nearestEntry, referencePoint } from "./crosshair.js";
import { apply, matrix } from "./geometry.js";
import { axes, toGrid } from "./planes.js";
import { sheetOf } from "./sheets.js";
import { isStackPane, isVolumePane, paneAt, stackOf } from "./state.js";
import { dot } from "./vectors.js";

/** What the lines leave free. */
const WORDS = ".letter, .unknown-orientation, .identity span, .scale, .scale-words, .corner p, .fidelity, .late, .told, .notice > *";
/** CSS pixels around the point that stay free. */
const FREE = 18;
/** CSS pixels around words. */
const MARGIN = 3;
/** Shorter pieces of a line would be specks. */
const SHORTEST = 4;
const RING = 7;

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box CSS pixels of the area */

export class CrossLines {
  #layer = svg("svg", { class: "crosshair", "aria-hidden": "true" });
  #drawn = "";
  #soon = 0;
  /** Where words stood at the last paint. @type {Box[]} */
  #words = [];

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    viewport.area.append(this.#layer);
    viewport.painted.onDrawn(() => {
      this.#words = isVolumePane(paneAt(store.state, viewport.number)) ? wordsOver(viewport.area) : [];
      this.#draw();
    });
    for (const part of /** @type {const} */ (["panes", "layout", "maximised", "tool", "series"])) store.watch((state) => state[part], () => this.#drawSoon());
  }

  #drawSoon() {
    this.#soon ||= requestAnimationFrame(() => {
      this.#soon = 0;
      this.#draw();
    });
  }

  #draw() {
    const { state } = this.store;
    const shown = paneAt(state, this.viewport.number);
    const marks = shown?.text === "none" ? [] : isVolumePane(shown) ? this.#lines(state) : isStackPane(shown) ? this.#reference(state) : [];
    const now = JSON.stringify(marks);
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#layer.replaceChildren(...marks.flatMap(({ name, path }) => [svg("path", { d: path, class: "halo" }), svg("path", { d: path, class: name })]));
  }

  /**
   * @param {State} state
   * @returns {{name: string, path: string}[]}
   */
  #lines(state) {
    const { number, size } = this.viewport;
    const sheet = sheetOf(state, paneAt(state, number));
    const volume = sheet?.stack.volume;
    // Words stand where no picture is: no line goes through them.
    if (!sheet || !volume || !isVolumePane(sheet.pane) || !size.width || !this.viewport.picture) return [];
    const { plane } = sheet.pane;
    const { right, down } = axes(plane);
    const ratio = devicePixelRatio;
    const placed = matrix(sheet.grid, size, sheet.look);
    const [x, y] = apply(placed, ...toGrid(volume, plane, plane.point)).map((part) => part / ratio);
    const [a, b, c, d] = placed;
    const room = { left: 0, top: 0, right: size.width / ratio, bottom: size.height / ratio };
    return cutsOf(state, number).map(({ name, direction }) => {
      const [along, across] = [dot(direction, right), dot(direction, down)];
      const [dx, dy] = [a * along + c * across, b * along + d * across];
      const length = Math.hypot(dx, dy) || 1;
      const [ux, uy] = [dx / length, dy / length];
      const at = (/** @type {number} */ distance) => `${tidy((x ?? 0) + ux * distance)} ${tidy((y ?? 0) + uy * distance)}`;
      const pieces = spared([x ?? 0, y ?? 0], [ux, uy], room, this.#words);
      return { name, path: pieces.map(([from, to]) => `M${at(from)}L${at(to)}`).join("") };
    });
  }

  /**
   * @param {State} state
   * @returns {{name: string, path: string}[]}
   */
  #reference(state) {
    const shown = paneAt(state, this.viewport.number);
    const point = referencePoint(state, shown);
    const stack = stackOf(state, shown);
    if (!point || !stack || !isStackPane(shown) || nearestEntry(stack, point) !== shown.index || this.viewport.painted.ground?.space !== "patient") return [];
    const at = this.viewport.painted.project(point);
    if (!at) return [];
    const [x, y] = [tidy(at.x), tidy(at.y)];
    const ring = `M${x - RING} ${y}a${RING} ${RING} 0 1 0 ${2 * RING} 0a${RING} ${RING} 0 1 0 ${-2 * RING} 0`;
    const ticks = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([i = 0, j = 0]) => `M${x + i * RING} ${y + j * RING}l${i * 6} ${j * 6}`).join("");
    return [{ name: "reference", path: ring + ticks }];
  }
}

/** @param {number} value */
const tidy = (value) => Math.round(value * 100) / 100;

/**
 * Where words stand in an area.
 * @param {HTMLElement} area
 * @returns {Box[]}
 */
function wordsOver(area) {
  const { left: x, top: y } = area.getBoundingClientRect();
  return [...area.querySelectorAll(WORDS)].flatMap((words) => {
    const { left, top, right, bottom, width, height } = words.getBoundingClientRect();
    return width && height ? [{ left: left - x - MARGIN, top: top - y - MARGIN, right: right - x + MARGIN, bottom: bottom - y + MARGIN }] : [];
  });
}

/**
 * The pieces of a line through a point that lie in a room, outside of boxes and not at the point itself.
 * @param {readonly [number, number]} point
 * @param {readonly [number, number]} along unit vector
 * @param {Box} room
 * @param {readonly Box[]} boxes
 * @returns {[from: number, to: number][]} distances from the point
 */
export function spared(point, along, room, boxes) {
  const whole = within(point, along, room);
  if (!whole) return [];
  /** @type {[number, number][]} */
  const gaps = [[-FREE, FREE]];
  for (const box of boxes) gaps.push(within(point, along, box) ?? [0, 0]);
  gaps.sort(([one], [other]) => one - other);
  /** @type {[number, number][]} */
  const pieces = [];
  let from = whole[0];
  for (const [start, end] of gaps) {
    if (Math.min(start, whole[1]) - from >= SHORTEST) pieces.push([from, Math.min(start, whole[1])]);
    from = Math.max(from, end);
  }
  if (whole[1] - from >= SHORTEST) pieces.push([from, whole[1]]);
  return pieces;
}

/**
 * The part of a line that lies in a box.
 * @param {readonly [number, number]} point
 * @param {readonly [number, number]} along
 * @param {Box} box
 * @returns {[from: number, to: number] | null}
 */
function within([x, y], [across, down], { left, top, right, bottom }) {
  let [from, to] = [-Infinity, Infinity];
  for (const [start, way, low, high] of /** @type {const} */ ([[x, across, left, right], [y, down, top, bottom]])) {
    if (Math.abs(way) < 1e-9) {
      if (start < low || start > high) return null;
      continue;
    }
    const [one, other] = [(low - start) / way, (high - start) / way];
    [from, to] = [Math.max(from, Math.min(one, other)), Math.min(to, Math.max(one, other))];
  }
  return from < to ? [from, to] : null;
}

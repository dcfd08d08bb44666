/** The path of a curved plane: its points set by hand, drawn over every pane; the crosshair and the picture along it show each other. */

/** @import { State, Vector } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { svg } from "../shared/dom.js";
import { chord } from "../shared/keys.js";
import { inSameSpace, moveCrosshair } from "./crosshair.js";
import { addPoint, dropPoint, inCurve, isCurvedPane, openPath } from "./curves.js";
import { apply, inverse } from "./geometry.js";
import { smooth } from "./smooth.js";
import { isVolumePane, paneAt, visible } from "./state.js";
import { length, minus } from "./vectors.js";

/** Points this near to what a pane shows stand out (mm). */
const NEAR = 3;
const DOT = 4;

export class PathTool {
  #layer = svg("svg", { class: "path", "aria-hidden": "true" });
  #drawn = "";
  #soon = 0;

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    const { area } = viewport;
    area.append(this.#layer);
    viewport.painted.onDrawn(() => this.#draw());
    for (const part of /** @type {const} */ (["path", "panes", "layout", "maximised"])) store.watch((state) => state[part], () => this.#drawSoon());
    // Before any other listener: while this tool is in the hand, the left button is its own.
    area.addEventListener("pointerdown", (event) => this.#down(event), { capture: true });
    area.addEventListener("dblclick", (event) => this.#isActive && event.stopImmediatePropagation(), { capture: true });
    area.addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  get #isActive() {
    return this.store.state.tool === "path";
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const { number, area, painted } = this.viewport;
    if (event.button !== 0 || !event.isPrimary || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { left, top } = area.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    if (isCurvedPane(paneAt(this.store.state, number))) return this.#cross(x, y);
    if (!this.#isActive) return;
    const there = painted.unproject(x, y);
    if (there?.space !== "patient") return;
    event.stopImmediatePropagation();
    event.preventDefault();
    area.focus({ preventScroll: true });
    this.store.update((state) => addPoint({ ...state, active: number }, number, /** @type {Vector} */ (there.point)));
  }

  /**
   * A place of the curved picture brings the crosshair there.
   * @param {number} x CSS pixels
   * @param {number} y
   */
  #cross(x, y) {
    const { shown } = this.viewport.painted;
    const curve = shown?.picture.curve;
    if (!shown || !curve) return;
    const point = inCurve(curve, ...apply(inverse(shown.placed), x * devicePixelRatio, y * devicePixelRatio));
    const pane = paneAt(this.store.state, this.viewport.number);
    if (point && isCurvedPane(pane)) this.store.update((state) => moveCrosshair(state, pane, point));
  }

  /** Enter shows the curved picture, Backspace takes the last point away, Escape all of them. @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#isActive || !this.store.state.path) return;
    const change = { Enter: openPath, Backspace: dropPoint, Escape: (/** @type {State} */ state) => ({ ...state, path: null }) }[chord(event)];
    if (!change) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.store.update(change);
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
    const marks = shown?.text === "none" ? [] : isCurvedPane(shown) ? this.#place(state) : this.#path(state);
    const now = JSON.stringify(marks);
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#layer.replaceChildren(...marks.flatMap(({ d, name }) => [svg("path", { d, class: `halo ${name}` }), svg("path", { d, class: name })]));
  }

  /**
   * The path that is being drawn, else that of a curved picture on the screen, as far as it belongs to what the pane shows.
   * @param {State} state
   */
  #path(state) {
    const shown = paneAt(state, this.viewport.number);
    const { painted } = this.viewport;
    const curved = visible(state).map((index) => paneAt(state, index)).find(isCurvedPane);
    const of = state.path ?? (curved && { source: curved.source, points: curved.path });
    const carrier = of && state.panes.find((each) => each?.source.kind !== "slide" && each?.source.series === of.source.series);
    if (!of || !shown || !carrier || painted.ground?.space !== "patient" || !inSameSpace(state, shown, carrier)) return [];
    const spots = (/** @type {readonly Vector[]} */ points) => points.flatMap((point) => painted.project(point) ?? []);
    const line = spots(smooth(of.points)).map(({ x, y }, index) => `${index ? "L" : "M"}${tidy(x)} ${tidy(y)}`).join("");
    const dots = (/** @type {boolean} */ near) => spots(of.points).filter(({ distance }) => (Math.abs(distance) <= NEAR) === near).map(({ x, y }) => circle(tidy(x), tidy(y))).join("");
    return [{ name: "line", d: line }, { name: "far", d: dots(false) }, { name: "near", d: dots(true) }].filter(({ d }) => d);
  }

  /**
   * Where the crosshair's point stands along the curved picture.
   * @param {State} state
   */
  #place(state) {
    const { shown } = this.viewport.painted;
    const pane = paneAt(state, this.viewport.number);
    const plane = state.panes.find((each) => isVolumePane(each) && pane !== null && inSameSpace(state, each, pane));
    const knots = shown?.picture.curve?.knots;
    if (!shown || !knots?.length || !isVolumePane(plane)) return [];
    const { point } = plane.plane;
    const middle = (shown.picture.rows / 2) * (shown.picture.curve?.pixel_mm ?? 1);
    const far = knots.map((knot) => length(minus(/** @type {Vector} */ (knot.point.map((part, axis) => part + (knot.down[axis] ?? 0) * middle)), point)));
    const knot = knots[far.indexOf(Math.min(...far))];
    const [x] = apply(shown.placed, (knot?.column ?? 0) + 0.5, 0).map((part) => part / devicePixelRatio);
    return [{ name: "place", d: `M${tidy(x ?? 0)} 0V${this.viewport.area.clientHeight}` }];
  }
}

/** @param {number} value */
const tidy = (value) => Math.round(value * 100) / 100;

/** @param {number} x @param {number} y */
const circle = (x, y) => `M${x - DOT} ${y}a${DOT} ${DOT} 0 1 0 ${2 * DOT} 0a${DOT} ${DOT} 0 1 0 ${-2 * DOT} 0`;

/** The lines of the crosshair over one pane: drawn from the state alone, so that they never wait for a picture. */

/** @import { Box, Cross, Line, Spot } from "./grips.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { svg } from "../shared/dom.js";
import { nearestEntry, referencePoint, sharedPoint, stackCut } from "./crosshair.js";
import { crossOf, FREE, gripsOf, moved, spared, within } from "./grips.js";
import { placesOf } from "./planned.js";
import { nameOf } from "./planes.js";
import { spacePlace } from "./spaceplace.js";
import { isSpacePane, isStackPane, isVolumePane, paneAt, stackOf } from "./state.js";
import { add, times } from "./vectors.js";

/** What the lines leave free. */
const WORDS = ".letter, .unknown-orientation, .identity span, .scale, .scale-words, .corner p, .fidelity, .late, .told, .notice > *";
/** CSS pixels around words. */
const MARGIN = 3;
const RING = 7;
/** Until words that have another length are measured anew (ms). */
const LATER = 150;

const GRIP = 5;
/** Of planes that are about to be saved, so many lines at most. */
const MOST_PLANNED = 25;

/** @typedef {{name: string, path: string, kind?: "slab" | "grip"}} Mark */

export class CrossLines {
  #layer = svg("svg", { class: "crosshair", "aria-hidden": "true" });
  #drawn = "";
  /** Two paths for each mark, and what they are made for: while a hand moves only their places change. */
  #paths = /** @type {SVGElement[]} */ ([]);
  #made = "";
  #soon = 0;
  /** Where words stood at the last paint. @type {Box[]} */
  #words = [];
  #shape = "";
  #lengths = "";
  #later = 0;
  #told = svg("text", { class: "told-mm" });

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    viewport.area.append(this.#layer);
    viewport.painted.onDrawn(() => {
      this.#measure();
      this.#draw();
    });
    for (const part of /** @type {const} */ (["panes", "layout", "maximised", "tool", "series", "active", "cursor", "planned"])) store.watch((state) => state[part], () => this.#drawSoon());
  }

  /**
   * Where words stand: measured again only when others stand there, since that makes the browser lay out the page.
   * Those that are but longer or shorter, as numbers are while a hand moves, are measured a moment later.
   */
  #measure() {
    const { area, number, size } = this.viewport;
    const words = isVolumePane(paneAt(this.store.state, number)) ? [...area.querySelectorAll(WORDS)] : [];
    const all = words.map((each) => (each.closest("[hidden]") ? -1 : (each.textContent?.length ?? 0)));
    const shape = [size.width, size.height, area.style.getPropertyValue("--identity"), ...all.map(Math.sign)].join(" ");
    const lengths = all.join(" ");
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#lengths = lengths;
      this.#words = boxes(area, words);
    } else if (lengths !== this.#lengths) {
      this.#later ||= setTimeout(() => {
        this.#later = 0;
        this.#shape = "";
        this.#measure();
        this.#draw();
      }, LATER);
    }
  }

  #drawSoon() {
    this.#soon ||= requestAnimationFrame(() => {
      this.#soon = 0;
      this.#draw();
    });
  }

  /** The crosshair as it lies on the screen now; null where there is no plane, or no picture of it. @returns {Cross | null} */
  get cross() {
    const { number, size, picture } = this.viewport;
    // Words stand where no picture is: no line goes through them.
    return picture && paneAt(this.store.state, number)?.text !== "none" ? crossOf(this.store.state, number, size, devicePixelRatio) : null;
  }

  /**
   * A measure beside the hand that changes it.
   * @param {string} words "" takes them away
   * @param {Spot} [at]
   */
  tell(words, at = [0, 0]) {
    this.#told.textContent = words;
    this.#told.setAttribute("x", String(at[0] + 16));
    this.#told.setAttribute("y", String(at[1] - 12));
  }

  #draw() {
    const { state } = this.store;
    const shown = paneAt(state, this.viewport.number);
    if (isVolumePane(shown)) this.viewport.element.dataset["plane"] = nameOf(shown);
    else delete this.viewport.element.dataset["plane"];
    const marks = shown?.text === "none" ? [] : isVolumePane(shown) ? this.#lines(state) : isStackPane(shown) ? this.#reference(state) : isSpacePane(shown) ? this.#inSpace(state) : [];
    const now = JSON.stringify(marks);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const made = JSON.stringify(marks.map(({ name, kind }) => [name, kind]));
    if (made !== this.#made) {
      this.#made = made;
      this.#paths = marks.flatMap(({ name, kind = "" }) => ["halo", name].map((each) => svg("path", { class: `${each} ${kind}`.trim() })));
      this.#layer.replaceChildren(...this.#paths, this.#told);
    }
    marks.forEach(({ path }, index) => {
      for (const each of this.#paths.slice(2 * index, 2 * index + 2)) if (each.getAttribute("d") !== path) each.setAttribute("d", path);
    });
  }

  /**
   * @param {State} state
   * @returns {Mark[]}
   */
  #lines(state) {
    const { cross } = this;
    if (!cross) return [];
    const lines = cross.lines.flatMap((line) => [
      { name: line.name, path: this.#path(cross, line, 0) },
      ...(line.half ? [{ name: line.name, kind: /** @type {const} */ ("slab"), path: [-1, 1].map((side) => this.#path(cross, line, side * line.half)).join("") }] : []),
    ]);
    const all = [...lines, ...this.#planned(state, cross)];
    return state.tool === "crosshair" ? [...all, ...grips(cross)] : all;
  }

  /**
   * Planes that are about to be saved, as the lines that they leave here.
   * @param {State} state
   * @param {Cross} cross
   * @returns {Mark[]}
   */
  #planned({ planned }, { room, cutBy }) {
    if (!planned) return [];
    const places = placesOf(planned, MOST_PLANNED).flatMap((place) => cutBy(place, planned.look) ?? []);
    const path = places.flatMap(({ at, along }) => spared(at, along, room, this.#words, 0).map(([start, end]) => `M${moved(at, [along, start]).map(tidy).join(" ")}L${moved(at, [along, end]).map(tidy).join(" ")}`)).join("");
    return path ? [{ name: "planned", path }] : [];
  }

  /**
   * @param {Cross} cross
   * @param {Line} line
   * @param {number} aside from the line
   */
  #path({ point, room }, { along, across }, aside) {
    const from = moved(point, [across, aside]);
    const at = (/** @type {number} */ distance) => moved(from, [along, distance]).map(tidy).join(" ");
    return spared(from, along, room, this.#words, aside ? 0 : FREE).map(([start, end]) => `M${at(start)}L${at(end)}`).join("");
  }

  /** The planes' point over a volume, in front of it or not. @param {State} state @returns {Mark[]} */
  #inSpace(state) {
    const { number, size, picture } = this.viewport;
    const place = picture ? spacePlace(state, number, size, devicePixelRatio) : null;
    const point = place && sharedPoint(state, place.shown);
    return place && point ? [{ name: "reference", path: ring(place.spot(point)) }] : [];
  }

  /**
   * @param {State} state
   * @returns {Mark[]}
   */
  #reference(state) {
    const shown = paneAt(state, this.viewport.number);
    const stack = stackOf(state, shown);
    const line = this.#referenceLine(state);
    const point = referencePoint(state, shown);
    return [...line, ...this.#referenceMark(shown, stack, point)];
  }

  /**
   * Where the active pane's slice cuts the slice that is shown here.
   * @param {State} state
   * @returns {{name: string, path: string}[]}
   */
  #referenceLine(state) {
    const cut = stackCut(state, this.viewport.number);
    const { ground } = this.viewport.painted;
    if (!cut || ground?.space !== "patient") return [];
    const [from, to] = [cut.point, add(cut.point, times(cut.direction, 100))].map((each) => this.viewport.painted.project(each));
    if (!from || !to) return [];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const long = Math.hypot(dx, dy);
    if (long < 1e-6) return [];
    const { size } = this.viewport;
    const room = { left: 0, top: 0, right: size.width / devicePixelRatio, bottom: size.height / devicePixelRatio };
    const span = within([from.x, from.y], [dx / long, dy / long], room);
    if (!span) return [];
    const at = (/** @type {number} */ distance) => `${tidy(from.x + (dx / long) * distance)} ${tidy(from.y + (dy / long) * distance)}`;
    return [{ name: "reference", path: `M${at(span[0])}L${at(span[1])}` }];
  }

  /**
   * @param {import("./state.js").Pane | null} shown
   * @param {import("./state.js").Stack | null} stack
   * @param {import("./state.js").Vector | null} point
   * @returns {{name: string, path: string}[]}
   */
  #referenceMark(shown, stack, point) {
    if (!point || !stack || !isStackPane(shown) || nearestEntry(stack, point) !== shown.index || this.viewport.painted.ground?.space !== "patient") return [];
    const at = this.viewport.painted.project(point);
    if (!at) return [];
    return [{ name: "reference", path: ring([at.x, at.y]) }];
  }
}

/** A ring with four ticks. @param {Spot} spot */
function ring(spot) {
  const [x = 0, y = 0] = spot.map(tidy);
  const ticks = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([i = 0, j = 0]) => `M${x + i * RING} ${y + j * RING}l${i * 6} ${j * 6}`).join("");
  return `M${x - RING} ${y}a${RING} ${RING} 0 1 0 ${2 * RING} 0a${RING} ${RING} 0 1 0 ${-2 * RING} 0${ticks}`;
}

/** @param {number} value */
const tidy = (value) => Math.round(value * 100) / 100;

/**
 * Where words stand in an area.
 * @param {HTMLElement} area
 * @param {readonly Element[]} all
 * @returns {Box[]}
 */
function boxes(area, all) {
  const { left: x, top: y } = area.getBoundingClientRect();
  return all.flatMap((words) => {
    const { left, top, right, bottom, width, height } = words.getBoundingClientRect();
    return width && height ? [{ left: left - x - MARGIN, top: top - y - MARGIN, right: right - x + MARGIN, bottom: bottom - y + MARGIN }] : [];
  });
}

/**
 * @param {Cross} cross
 * @returns {Mark[]}
 */
function grips(cross) {
  return gripsOf(cross).map(({ kind, line, spot }) => {
    const [x, y] = spot.map(tidy);
    const path = kind === "turn"
      ? `M${(x ?? 0) - GRIP} ${y}a${GRIP} ${GRIP} 0 1 0 ${2 * GRIP} 0a${GRIP} ${GRIP} 0 1 0 ${-2 * GRIP} 0`
      : `M${(x ?? 0) - GRIP + 1} ${(y ?? 0) - GRIP + 1}h${2 * GRIP - 2}v${2 * GRIP - 2}h${2 - 2 * GRIP}z`;
    return { name: line.name, path, kind: "grip" };
  });
}

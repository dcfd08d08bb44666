/** Scissors over a volume in three dimensions: a region is drawn by hand or by keys; what lies under it, or all else, is cut away. */

/** @import { Spot } from "./spaceplace.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { svg } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { cutAway, MOST_CUTS } from "./carving.js";
import { activate } from "./panes.js";
import { spacePlace } from "./spaceplace.js";
import { isSpacePane, paneAt } from "./state.js";

/** Corners that a hand draws stand this far apart (CSS pixels); a region this small is none. */
const APART = 3;
const SMALLEST = 40;
/** CSS pixels for an arrow key. */
const STEP = { coarse: 10, fine: 2 };
const WAYS = /** @type {Record<string, Spot>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const CURSOR = 8;

export class Scissors {
  #line = svg("path", { class: "line" });
  #halo = svg("path", { class: "halo" });
  #cursor = svg("path", { class: "place" });
  #layer = svg("svg", { class: "scissors", "aria-hidden": "true" }, this.#halo, this.#line, this.#cursor);
  /** @type {Spot[]} */
  #corners = [];
  /** Where the keys are. @type {Spot | null} */
  #at = null;
  /** @type {AbortController | null} */
  #drag = null;

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    const { area } = viewport;
    area.append(this.#layer);
    // Before any other listener: while a region is to be drawn, the left button and the arrows are its own.
    area.addEventListener("pointerdown", (event) => this.#down(event), { capture: true });
    area.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    store.watch((state) => state.carving.scissors, () => this.#clear());
    store.watch((state) => paneAt(state, viewport.number), (pane) => {
      area.classList.toggle("cutting", store.state.carving.scissors !== null && isSpacePane(pane));
    });
  }

  get #isActive() {
    const { state } = this.store;
    return state.carving.scissors !== null && isSpacePane(paneAt(state, this.viewport.number));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.#isActive || event.button !== 0 || !event.isPrimary || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.closest("[role=slider], [role=button]")) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const { area, number } = this.viewport;
    area.focus({ preventScroll: true });
    area.setPointerCapture(event.pointerId);
    this.store.update((state) => activate(state, number));
    this.#drag?.abort();
    const { signal } = (this.#drag = new AbortController());
    this.#at = null;
    this.#corners = [this.#spot(event)];
    area.addEventListener("pointermove", (move) => this.#add(this.#spot(move)), { signal });
    area.addEventListener("pointerup", () => this.#cut(), { signal });
    for (const end of ["pointercancel", "lostpointercapture"]) area.addEventListener(end, () => this.#clear(), { signal });
  }

  /** @param {MouseEvent} event @returns {Spot} */
  #spot({ clientX, clientY }) {
    const { left, top } = this.viewport.area.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  /** @param {Spot} spot */
  #add(spot) {
    const last = this.#corners.at(-1);
    if (last && Math.hypot(spot[0] - last[0], spot[1] - last[1]) < APART) return;
    this.#corners.push(spot);
    this.#draw();
  }

  /** Arrows move a cursor, Enter sets a corner, and where one is already closes the region; Backspace takes the last away. @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#isActive || event.target !== this.viewport.area || event.ctrlKey || event.altKey || event.metaKey) return;
    const way = WAYS[event.key];
    if (!way && !["Enter", "Backspace", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { clientWidth, clientHeight } = this.viewport.area;
    this.#at ??= [clientWidth / 2, clientHeight / 2];
    if (way) {
      const step = event.shiftKey ? STEP.fine : STEP.coarse;
      this.#at = [within(this.#at[0] + way[0] * step, clientWidth), within(this.#at[1] + way[1] * step, clientHeight)];
    } else if (event.key === "Enter") {
      const last = this.#corners.at(-1);
      if (last && Math.hypot(this.#at[0] - last[0], this.#at[1] - last[1]) < 1) return this.#cut();
      this.#corners.push(this.#at);
    } else if (event.key === "Backspace") this.#corners.pop();
    else return this.#put();
    this.#draw();
  }

  /** The scissors are put away. */
  #put() {
    this.store.update((state) => ({ ...state, carving: { ...state.carving, scissors: null } }));
  }

  /** What was drawn is cut away, once: another cut is asked for anew. */
  #cut() {
    const { store, viewport } = this;
    const place = spacePlace(store.state, viewport.number, viewport.size, devicePixelRatio);
    const outside = store.state.carving.scissors === "outside";
    const corners = this.#corners;
    if (!place || area(corners) < SMALLEST) return this.#clear();
    const before = store.state.panes;
    store.update((state) => cutAway(state, viewport.number, corners.map((corner) => place.corner(corner)), outside));
    if (store.state.panes === before) viewport.tell(interpolate(gettext("At most {count} regions can be cut away: undo one first"), { count: MOST_CUTS }));
    this.#put();
  }

  #clear() {
    this.#drag?.abort();
    this.#drag = null;
    this.#corners = [];
    this.#at = null;
    this.viewport.area.classList.toggle("cutting", this.#isActive);
    this.#draw();
  }

  #draw() {
    const path = this.#corners.length ? `M${this.#corners.map((spot) => spot.map(Math.round).join(" ")).join("L")}Z` : "";
    for (const each of [this.#halo, this.#line]) each.setAttribute("d", path);
    const [x, y] = this.#at ?? [0, 0];
    this.#cursor.setAttribute("d", this.#at ? `M${x - CURSOR} ${y}h${2 * CURSOR}M${x} ${y - CURSOR}v${2 * CURSOR}` : "");
  }
}

/** @param {number} place @param {number} most */
const within = (place, most) => Math.min(most, Math.max(0, place));

/** @param {readonly Spot[]} corners @returns {number} CSS pixels squared */
function area(corners) {
  return Math.abs(corners.reduce((sum, [x, y], index) => {
    const [u, v] = corners[(index + 1) % corners.length] ?? [x, y];
    return sum + x * v - u * y;
  }, 0)) / 2;
}

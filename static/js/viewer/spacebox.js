/** The box that alone is shown of a volume: its edges over the picture, and a handle on each face for hands and keys. */

/** @import { Face } from "./carving.js" */
/** @import { SpacePlace, Spot } from "./spaceplace.js" */
/** @import { State, Vector } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { svg } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { boxOf, FACES, moveFace, remembered, roomOf } from "./carving.js";
import { activate } from "./panes.js";
import { spacePlace } from "./spaceplace.js";
import { isSpacePane, paneAt } from "./state.js";
import { dot } from "./vectors.js";

const HANDLE = 6;
/** CSS pixels for a millimetre, as a part of the longest: an axis that points at the reader more than this is drawn by up and down. */
const STEEP = 0.25;
/** Between the handles of such an axis. */
const APART = 16;
/** Millimetres for a key press. */
const STEP = { fine: 1, coarse: 10 };
const KEYS = /** @type {Record<string, 1 | -1>} */ ({ ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 });

/** @type {() => readonly string[]} as FACES */
const NAMES = () => [
  gettext("Clip box: right side"), gettext("Clip box: left side"), gettext("Clip box: front"),
  gettext("Clip box: back"), gettext("Clip box: foot end"), gettext("Clip box: head end"),
];

export class SpaceBox {
  #edges = svg("path", { class: "edges" });
  #halo = svg("path", { class: "edges halo" });
  #handles = FACES.map((_, number) => svg("circle", { r: HANDLE, role: "slider", tabindex: 0, "data-face": number, "aria-label": NAMES()[number] ?? "" }));
  #told = svg("text", { class: "told-mm", "aria-hidden": "true" });
  #element = svg("svg", { class: "clip-box" }, this.#halo, this.#edges, ...this.#handles, this.#told);
  #drawn = "";
  #soon = 0;
  #telling = 0;
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
    this.#element.style.display = "none";
    area.append(this.#element);
    viewport.painted.onDrawn(() => this.#draw());
    for (const part of /** @type {const} */ (["panes", "layout", "maximised", "carving"])) store.watch((state) => state[part], () => this.#drawSoon());
    this.#handles.forEach((handle, number) => {
      const face = /** @type {Face} */ (FACES[number]);
      handle.addEventListener("pointerdown", (event) => this.#take(event, handle, face));
      handle.addEventListener("keydown", (event) => this.#key(event, face));
      handle.addEventListener("dblclick", (event) => event.stopPropagation());
    });
  }

  /** @returns {SpacePlace | null} null while no box is shown */
  get place() {
    const { state } = this.store;
    return state.carving.box && paneAt(state, this.viewport.number)?.text !== "none" ? spacePlace(state, this.viewport.number, this.viewport.size, devicePixelRatio) : null;
  }

  #drawSoon() {
    this.#soon ||= requestAnimationFrame(() => {
      this.#soon = 0;
      this.#draw();
    });
  }

  #draw() {
    const { place } = this;
    this.#element.style.display = place && this.viewport.picture ? "" : "none";
    if (!place) return;
    const spots = cornersOf(boxOf(place.shown, place.volume)).map((corner) => place.spot(corner));
    const lines = EDGES.map(([from, to]) => `M${at(spots[from])}L${at(spots[to])}`).join("");
    if (lines === this.#drawn) return;
    this.#drawn = lines;
    for (const path of [this.#halo, this.#edges]) path.setAttribute("d", lines);
    this.#handles.forEach((handle, number) => {
      const face = /** @type {Face} */ (FACES[number]);
      const [x, y] = this.#middle(place, face);
      handle.setAttribute("cx", String(tidy(x)));
      handle.setAttribute("cy", String(tidy(y)));
      const { at: now, least, most } = roomOf(place.shown, place.volume, face);
      for (const [name, value] of [["now", now], ["min", least], ["max", most]]) handle.setAttribute(`aria-value${name}`, Number(value).toFixed(1));
      handle.setAttribute("aria-valuetext", interpolate(gettext("{mm} mm"), { mm: now.toFixed(1) }));
    });
  }

  /** @param {SpacePlace} place @param {Face} face @returns {Spot} */
  #middle(place, face) {
    const [low, high] = boxOf(place.shown, place.volume);
    const middle = /** @type {Vector} */ (low.map((part, axis) => (part + (high[axis] ?? 0)) / 2).with(face.axis, (face.upper ? high : low)[face.axis]));
    const [x, y] = place.spot(middle);
    return isSteep(place, face) ? [x + (face.upper ? APART : -APART), y] : [x, y];
  }

  /** @param {PointerEvent} event @param {SVGElement} handle @param {Face} face */
  #take(event, handle, face) {
    const { place } = this;
    if (event.button !== 0 || !event.isPrimary || !place) return;
    event.stopPropagation();
    event.preventDefault();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    this.#drag?.abort();
    const { signal } = (this.#drag = new AbortController());
    const { number } = this.viewport;
    this.store.update((state) => remembered(activate(state, number), number));
    const from = roomOf(place.shown, place.volume, face).at;
    const [right, down] = wayOf(place, face);
    handle.addEventListener("pointermove", (move) => {
      const [dx, dy] = [move.clientX - event.clientX, move.clientY - event.clientY];
      this.#move(face, from + (dx * right + dy * down) / (right * right + down * down));
    }, { signal });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) handle.addEventListener(end, () => this.#drag?.abort(), { signal });
  }

  /** @param {KeyboardEvent} event @param {Face} face */
  #key(event, face) {
    const { place } = this;
    const way = KEYS[event.key];
    if (!place || event.ctrlKey || event.altKey || event.metaKey || !(way || ["Home", "End"].includes(event.key))) return;
    event.preventDefault();
    event.stopPropagation();
    const { at: now, least, most } = roomOf(place.shown, place.volume, face);
    if (!event.repeat) this.store.update((state) => remembered(activate(state, this.viewport.number), this.viewport.number));
    this.#move(face, way ? now + way * (event.shiftKey ? STEP.coarse : STEP.fine) : event.key === "Home" ? least : most);
  }

  /** @param {Face} face @param {number} to mm */
  #move(face, to) {
    this.store.update((state) => moveFace(state, this.viewport.number, face, to));
    const { place } = this;
    if (!place) return;
    const [x, y] = this.#middle(place, face);
    this.#told.textContent = interpolate(gettext("{mm} mm"), { mm: roomOf(place.shown, place.volume, face).at.toFixed(0) });
    this.#told.setAttribute("x", String(tidy(x + 14)));
    this.#told.setAttribute("y", String(tidy(y - 10)));
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => (this.#told.textContent = ""), 1500);
  }
}

/** @param {Face} face @returns {Vector} */
const axisOf = ({ axis }) => /** @type {Vector} */ ([0, 0, 0].with(axis, 1));

/** @param {SpacePlace} place @param {Face} face */
const isSteep = (place, face) => Math.hypot(...place.along(axisOf(face))) < STEEP * perMillimetre(place);

/** @param {SpacePlace} place */
const perMillimetre = (place) => Math.hypot(...place.along(place.shown.plane.up));

/**
 * Where on the screen a millimetre of a face goes. One that moves toward the reader and away is drawn down and up.
 * @param {SpacePlace} place
 * @param {Face} face
 * @returns {Spot}
 */
function wayOf(place, face) {
  if (!isSteep(place, face)) return place.along(axisOf(face));
  return [0, (dot(axisOf(face), place.shown.plane.look) < 0 ? 1 : -1) * perMillimetre(place)];
}

/** @param {[Vector, Vector]} box @returns {Vector[]} by bits: upper in x, y, z */
const cornersOf = (box) => Array.from({ length: 8 }, (_, bits) => /** @type {Vector} */ ([0, 1, 2].map((axis) => box[(bits >> axis) & 1]?.[axis] ?? 0)));
/** Pairs of corners that differ in one bit. */
const EDGES = Array.from({ length: 8 }, (_, from) => [1, 2, 4].flatMap((bit) => (from & bit ? [] : [/** @type {[number, number]} */ ([from, from | bit])]))).flat();

/** @param {Spot | undefined} spot */
const at = (spot) => (spot ?? [0, 0]).map(tidy).join(" ");
/** @param {number} value */
const tidy = (value) => Math.round(value * 10) / 10;

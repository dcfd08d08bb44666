/** The length tool on one image area: pointer, touch and keys become a line; ends are moved by their grips. */

/** @import { Store } from "../shared/store.js" */
/** @import { State } from "../viewer/state.js" */
/** @import { Surface } from "../viewer/surface.js" */
/** @import { Gesture, Spot } from "./gesture.js" */
/** @import { Keeper } from "./keeper.js" */
/** @import { Layer } from "./layer.js" */
/** @import { Mark } from "./marks.js" */
import { gettext } from "../shared/i18n.js";
import { chord } from "../shared/keys.js";
import { bindings, kindsAt } from "../viewer/commands.js";
import { activate } from "../viewer/panes.js";
import { drawn, IDLE, isMoved } from "./gesture.js";
import { isAtHome } from "./marks.js";

const STEPS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const WAYS = /** @type {Record<string, [number, number]>} */ ({ left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] });
const FAR = 10;
/** Said of an image area while the tool is in the hand. */
const HOW = () => gettext("Measuring by keys: Enter sets the first end at the cursor, arrows move it, Enter sets the other end, Escape lets go; with Shift in larger steps");

export class LengthTool {
  /** @type {Gesture} */
  #gesture = IDLE;
  /** @type {import("../viewer/surface.js").Ground | null} */
  #ground = null;
  /** @type {AbortController | null} */
  #moving = null;
  /** @type {Spot | null} */
  #cursor = null;
  /** Whether a key has moved or used the cursor: then the arrows are its own, else they leaf through the images. */
  #steered = false;

  /**
   * @param {Surface} surface
   * @param {Layer} layer
   * @param {Keeper} keeper
   * @param {Store<State>} store
   * @param {{number: number, announce: (words: string) => void, byKey: () => boolean}} pane
   *   byKey: the last thing that a hand did was to press a key
   */
  constructor(surface, layer, keeper, store, pane) {
    this.surface = surface;
    this.layer = layer;
    this.keeper = keeper;
    this.store = store;
    this.pane = pane;
    const { area } = surface;
    // Before any other listener: while this tool is in the hand, the left button and the first finger are its own.
    area.addEventListener("pointerdown", (event) => this.#down(event), { capture: true });
    area.addEventListener("pointermove", (event) => this.#move(event), { capture: true });
    area.addEventListener("pointerup", (event) => this.#up(event), { capture: true });
    area.addEventListener("pointercancel", () => this.cancel(), { capture: true });
    area.addEventListener("dblclick", (event) => this.isActive && event.stopImmediatePropagation(), { capture: true });
    area.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    store.watch((state) => state.tool, () => this.#chosen());
    surface.onDrawn(() => this.#check());
    this.#describe();
  }

  get isActive() {
    return this.store.state.tool === "length";
  }

  /** Whether something was begun that isn't a line yet. */
  get isDrawing() {
    return this.#gesture.phase !== "idle" || this.#moving !== null;
  }

  /** Another tool is in the hand, or this one: chosen by a key, it shows where Enter would begin. */
  #chosen() {
    this.cancel();
    this.#describe();
    if (this.isActive && this.pane.byKey() && this.surface.ground && this.store.state.active === this.pane.number) this.#point(this.#middle);
  }

  #describe() {
    if (this.isActive) this.surface.area.setAttribute("aria-description", HOW());
    else this.surface.area.removeAttribute("aria-description");
  }

  get #middle() {
    const { clientWidth, clientHeight } = this.surface.area;
    return { x: Math.round(clientWidth / 2), y: Math.round(clientHeight / 2) };
  }

  /** Let go of what was begun. */
  cancel() {
    this.#moving?.abort();
    this.#moving = null;
    this.#gesture = IDLE;
    this.#point(null);
    this.layer.draft = null;
  }

  /** @param {PointerEvent} event @returns {Spot} */
  #spot({ clientX, clientY }) {
    const { left, top } = this.surface.area.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** @param {PointerEvent} event */
  #isOurs({ button, isPrimary, ctrlKey, metaKey, shiftKey, altKey, target }) {
    if (!this.isActive || button !== 0 || !isPrimary || ctrlKey || metaKey || shiftKey || altKey) return false;
    return !(target instanceof Element && target.closest(".grip, .again, .overview, button"));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.#isOurs(event)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.store.update((state) => activate(state, this.pane.number));
    this.surface.area.focus({ preventScroll: true });
    this.surface.area.setPointerCapture(event.pointerId);
    this.#point(null);
    this.#feed("down", this.#spot(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (this.#cursor && (event.movementX || event.movementY)) this.#point(null);
    if (this.#gesture.phase === "idle" || !event.isPrimary || this.#cursor) return;
    this.#feed("move", this.#spot(event));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!["pressed", "dragging", "ending"].includes(this.#gesture.phase) || event.button !== 0) return;
    event.stopImmediatePropagation();
    this.#feed("up", this.#spot(event));
  }

  /** Enter sets an end, arrows and the keys that use the tool move the cursor, Escape lets go. @param {KeyboardEvent} event */
  #key(event) {
    if (!this.isActive) return;
    const name = chord(event);
    const { state } = this.store;
    const effect = bindings(state.preferences.keys, kindsAt(state, this.pane.number)).get(name.replace("Shift+", ""))?.effect ?? "";
    const step = WAYS[effect] ?? (this.#cursor && this.#steered ? STEPS[name.replace("Shift+", "")] : undefined);
    if (name !== "Enter" && !step) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { clientWidth: width, clientHeight: height } = this.surface.area;
    const wasShown = this.#cursor !== null;
    const at = this.#cursor ?? this.#middle;
    if (step) {
      const far = event.shiftKey ? FAR : 1;
      this.#point({ x: Math.max(0, Math.min(width, at.x + far * step[0])), y: Math.max(0, Math.min(height, at.y + far * step[1])) });
      if (this.#gesture.phase !== "idle") this.#feed("move", this.#cursor ?? at);
    } else if (!wasShown) {
      this.#point(at);
      this.pane.announce(HOW());
    } else {
      this.#feed("down", at);
      this.#feed("up", at);
      if (this.#gesture.phase === "placing") this.pane.announce(gettext("First end set; arrows move the cursor, Enter sets the other end"));
    }
    this.#steered = this.#cursor !== null;
  }

  /** @param {Spot | null} at */
  #point(at) {
    this.#cursor = at;
    this.layer.cursor = at;
    if (!at) this.#steered = false;
  }

  /**
   * @param {"down" | "move" | "up"} what
   * @param {Spot} at
   */
  #feed(what, at) {
    const { surface, layer, keeper } = this;
    const before = this.#gesture;
    if (before.phase === "idle") {
      const begun = surface.unproject(at.x, at.y);
      if (!begun) return this.pane.announce(gettext("There is no image here"));
      const study = `${begun.archive}/${begun.study}`;
      // Where that isn't known yet the server will tell.
      if (keeper.isKnown(study) && !keeper.mayMark(study)) return this.pane.announce(gettext("You may not measure in this study"));
      const { point, ...ground } = begun;
      this.#ground = ground;
      keeper.select(null);
      layer.draft = null;
    }
    this.#gesture = drawn(before, what, at);
    if (this.#gesture.phase === "idle" || !this.#ground) return;
    const first = layer.draft?.points[0] ?? surface.unproject(at.x, at.y)?.point;
    const second = surface.unproject(at.x, at.y)?.point ?? layer.draft?.points[1];
    if (!first || !second) return this.cancel();
    const draft = { id: null, ground: this.#ground, points: [first, second] };
    if (this.#gesture.phase !== "done") {
      if (this.#gesture.phase !== "pressed" || what === "down") layer.draft = draft;
      return;
    }
    this.cancel();
    if (String(first) !== String(second)) keeper.draw(draft.ground, draft.points);
  }

  /** Another picture under the hand: what was begun on the one before is let go. */
  #check() {
    const shown = this.surface.ground;
    const { draft } = this.layer;
    if (draft && shown && !isAtHome(draft.ground, shown)) this.cancel();
  }

  /**
   * Move one end of a line, from the place where it was taken.
   * @param {PointerEvent} start
   * @param {Mark} mark
   * @param {number} end
   */
  grip(start, mark, end) {
    const { surface, layer, keeper } = this;
    const from = mark.wanted.points[end] && surface.project(mark.wanted.points[end] ?? []);
    const grip = start.target;
    if (!from || !(grip instanceof Element)) return;
    start.stopPropagation();
    start.preventDefault();
    keeper.select(mark.id);
    this.store.update((state) => activate(state, this.pane.number));
    surface.area.focus({ preventScroll: true });
    this.#moving?.abort();
    const moving = (this.#moving = new AbortController());
    const begun = this.#spot(start);
    let isFar = false;
    grip.setPointerCapture(start.pointerId);
    const move = (/** @type {Event} */ event) => {
      const at = this.#spot(/** @type {PointerEvent} */ (event));
      isFar ||= isMoved(begun, at);
      const point = isFar && surface.unproject(from.x + at.x - begun.x, from.y + at.y - begun.y)?.point;
      if (point) layer.draft = { id: mark.id, ground: mark.ground, points: mark.wanted.points.with(end, point) };
    };
    grip.addEventListener("pointermove", move, { signal: moving.signal });
    grip.addEventListener("pointercancel", () => this.cancel(), { signal: moving.signal });
    grip.addEventListener("pointerup", (event) => {
      move(event);
      const points = layer.draft?.id === mark.id ? layer.draft.points : null;
      this.cancel();
      if (points) keeper.change(mark.id, { points });
    }, { signal: moving.signal });
  }
}

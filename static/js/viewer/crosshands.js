/** A hand on the crosshair's lines: each is moved alone, turned by the circles near its ends, thickened by the squares beside it. */

/** @import { CrossLines } from "./crosslines.js" */
/** @import { Held, Line, Spot } from "./grips.js" */
/** @import { State, Vector } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { heldAt } from "./grips.js";
import { activate } from "./panes.js";
import { isVolumePane, paneAt } from "./state.js";
import { moveLine, thicken, turnPlanes } from "./turning.js";
import { cross, dot, minus, turned } from "./vectors.js";

/** Of a thickness that a hand draws (mm). */
const FINEST = 0.5;

export class CrossHands {
  /** @type {AbortController | null} */
  #drag = null;

  /**
   * @param {Viewport} viewport
   * @param {CrossLines} lines
   * @param {Store<State>} store
   */
  constructor(viewport, lines, store) {
    this.viewport = viewport;
    this.lines = lines;
    this.store = store;
    const { area } = viewport;
    // Before the other listeners: what isn't taken hold of here is theirs.
    area.addEventListener("pointerdown", (event) => this.#down(event), { capture: true });
    area.addEventListener("pointermove", (event) => event.buttons || this.#hover(event));
    area.addEventListener("pointerleave", () => delete area.dataset["grip"]);
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) area.addEventListener(end, () => this.#end(), { capture: true });
  }

  /** @param {MouseEvent} event @returns {Spot} */
  #spot({ clientX, clientY }) {
    const { left, top } = this.viewport.area.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  /** @param {MouseEvent} event @returns {Held | null} */
  #held(event) {
    if (this.store.state.tool !== "crosshair" || event.shiftKey || event.ctrlKey || event.metaKey) return null;
    const { cross: shown } = this.lines;
    return shown && heldAt(shown, this.#spot(event));
  }

  /** @param {MouseEvent} event */
  #hover(event) {
    const held = this.#held(event);
    if (held) this.viewport.area.dataset["grip"] = held.kind;
    else delete this.viewport.area.dataset["grip"];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const held = event.button === 0 && event.isPrimary ? this.#held(event) : null;
    if (!held || held.kind === "point") return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const { area, number } = this.viewport;
    this.store.update((state) => activate(state, number));
    area.focus({ preventScroll: true });
    area.setPointerCapture(event.pointerId);
    this.#end();
    this.#drag = new AbortController();
    const move = held.kind === "line" ? this.#moves(event, held.line) : held.kind === "turn" ? this.#turns(event, held.line) : this.#thickens(held.line);
    area.addEventListener("pointermove", move, { signal: this.#drag.signal });
  }

  #end() {
    if (!this.#drag) return;
    this.#drag.abort();
    this.#drag = null;
    this.lines.tell("");
  }

  /** Where a hand is, in the patient, and from the point. @param {MouseEvent} event @returns {{at: Vector, from: Vector} | null} */
  #place(event) {
    const shown = paneAt(this.store.state, this.viewport.number);
    const at = this.lines.cross?.inPatient(this.#spot(event));
    return at && isVolumePane(shown) ? { at, from: minus(at, shown.plane.point) } : null;
  }

  /**
   * @param {PointerEvent} start
   * @param {Line} line
   */
  #moves(start, { look }) {
    let last = this.#place(start)?.at;
    return (/** @type {PointerEvent} */ event) => {
      const now = this.#place(event)?.at;
      if (!now || !last) return;
      const moved = minus(now, last);
      last = now;
      this.store.update((state) => moveLine(state, this.viewport.number, look, moved));
    };
  }

  /**
   * @param {PointerEvent} start
   * @param {Line} line
   */
  #turns(start, { look }) {
    let last = this.#place(start)?.from;
    let whole = 0;
    let alone = look;
    return (/** @type {PointerEvent} */ event) => {
      const now = this.#place(event)?.from;
      const shown = paneAt(this.store.state, this.viewport.number);
      if (!now || !last || !isVolumePane(shown)) return;
      const angle = Math.atan2(dot(cross(last, now), shown.plane.look), dot(last, now));
      last = now;
      whole += angle;
      this.store.update((state) => turnPlanes(state, this.viewport.number, angle, event.altKey ? alone : null));
      alone = turned(alone, shown.plane.look, angle);
      this.lines.tell(interpolate(gettext("{degrees}°"), { degrees: Math.abs((whole * 180) / Math.PI).toFixed(0) }), this.#spot(event));
    };
  }

  /** @param {Line} line */
  #thickens({ look, name }) {
    return (/** @type {PointerEvent} */ event) => {
      const from = this.#place(event)?.from;
      if (!from) return;
      const thickness = Math.round((2 * Math.abs(dot(from, look))) / FINEST) * FINEST;
      this.store.update((state) => thicken(state, this.viewport.number, look, { thickness }));
      const made = this.lines.cross?.lines.find((each) => each.name === name)?.thickness ?? thickness;
      this.lines.tell(interpolate(gettext("{mm} mm"), { mm: made }), this.#spot(event));
    };
  }
}

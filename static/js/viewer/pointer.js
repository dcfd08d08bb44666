/** Mouse, touch and wheel on an image area, turned into changes of state. */

/** @import { State, Tool } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { pointCrosshair } from "./crosshair.js";
import { paintedWindow, targetOf } from "./fusing.js";
import { panned, zoomed } from "./geometry.js";
import { startOf } from "./presets.js";
import { activate, maximise } from "./panes.js";
import { scroll, scrollTo } from "./scrolling.js";
import { changeLook, sheetOf } from "./sheets.js";
import { drawSphere } from "./sphere.js";
import { lookFrom, turnedBy } from "./space.js";
import { stepped } from "./spinning.js";
import { isSpacePane, paneAt } from "./state.js";
import { largeStep } from "./turning.js";
import { dragScroll, dragUpper, dragWindow, dragZoom, wheelSteps, wheelZoom } from "./tools.js";

const CLICK = 3;
const FINGERS = /** @type {Record<number, Tool>} */ ({ 1: "scroll", 3: "window" });

/**
 * @param {Viewport} viewport
 * @param {Store<State>} store
 * @param {{onMenu: (x: number, y: number) => void}} listeners
 */
export function listen(viewport, store, { onMenu }) {
  const { area, number } = viewport;
  /** @type {Map<number, PointerEvent>} */
  const fingers = new Map();
  /** @type {AbortController | null} */
  let drag = null;
  let left = 0;

  area.addEventListener("contextmenu", (event) => event.preventDefault());
  area.addEventListener("pointerdown", (event) => {
    store.update((state) => activate(state, number));
    area.focus({ preventScroll: true });
    if (event.pointerType === "touch") fingers.set(event.pointerId, event);
    drag?.abort();
    drag = new AbortController();
    if (fingers.size === 2) return pinch(drag.signal);
    const tool = fingers.size ? fingersTool(fingers.size, store.state.tool) : toolOf(event, store.state.tool);
    if (!tool) return;
    event.preventDefault();
    area.setPointerCapture(event.pointerId);
    begin(event, tool, drag.signal);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    area.addEventListener(end, (event) => {
      fingers.delete(/** @type {PointerEvent} */ (event).pointerId);
      if (event.type === "pointerup") setTimeout(() => drag?.abort());
      else drag?.abort();
    });
  }
  area.addEventListener("dblclick", () => store.update((state) => maximise(activate(state, number))));
  area.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey) return zoomBy(wheelZoom(event.deltaY || event.deltaX), device(event));
    const { steps, left: rest } = wheelSteps(event, left);
    left = rest;
    const space = paneAt(store.state, number);
    if (isSpacePane(space)) {
      if (space.method === "volume_rendered") return zoomBy(wheelZoom(event.deltaY || event.deltaX), device(event));
      return steps ? store.update((state) => lookFrom(state, number, stepped(space.plane, steps))) : undefined;
    }
    if (steps) store.update((state) => scroll(state, steps * (event.shiftKey ? largeStep(state, number) : 1), number));
  }, { passive: false });
  area.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    viewport.point(device(event));
    if (event.shiftKey) cross(event);
  });
  area.addEventListener("pointerleave", () => viewport.point(null));

  /** A place in device pixels of the canvas. @param {MouseEvent} event @returns {[number, number]} */
  function device({ clientX, clientY }) {
    const { left: x, top: y } = area.getBoundingClientRect();
    return [(clientX - x) * devicePixelRatio, (clientY - y) * devicePixelRatio];
  }

  /** The place in the patient under the pointer. @param {MouseEvent} event */
  function patient(event) {
    const at = device(event);
    const there = viewport.painted.unproject(at[0] / devicePixelRatio, at[1] / devicePixelRatio);
    return there?.space === "patient" && there.point.length === 3 ? /** @type {import("./state.js").Vector} */ (there.point) : null;
  }

  /** Bring the crosshair to the pointer. @param {MouseEvent} event */
  function cross(event) {
    store.update((state) => pointCrosshair(state, number, device(event), viewport.size, patient(event)));
  }

  /**
   * @param {number} factor
   * @param {[number, number]} at
   * @param {import("./geometry.js").Look | null} [from]
   */
  function zoomBy(factor, at, from) {
    store.update((state) => {
      const sheet = sheetOf(state, paneAt(state, number));
      return sheet ? changeLook(state, zoomed(sheet.grid, viewport.size, from ?? sheet.look, factor, at), number) : state;
    });
  }

  /**
   * @param {PointerEvent} start
   * @param {Tool} tool
   * @param {AbortSignal} signal
   */
  function begin(start, tool, signal) {
    const sheet = sheetOf(store.state, paneAt(store.state, number));
    const at = device(start);
    if (!sheet) return;
    const { grid, look } = sheet;
    const target = targetOf(store.state, number);
    const window = target && startOf(target.stack, target.voi, paintedWindow(target, viewport.picture));
    let moved = false;
    const turning = isSpacePane(sheet.pane) && start.button === 0 && tool !== "pan" && tool !== "zoom" && !start.altKey ? sheet.pane.plane : null;
    if (isSpacePane(sheet.pane) && start.button === 0 && start.altKey) tool = "window";
    if (tool === "crosshair" && !turning) cross(start);
    const center = tool === "sphere" ? patient(start) : null;
    area.addEventListener("pointermove", (event) => {
      if (event.pointerId !== start.pointerId) return;
      if (tool === "crosshair" && !turning) return cross(event);
      const [dx, dy] = [event.clientX - start.clientX, event.clientY - start.clientY];
      moved ||= Math.hypot(dx, dy) > CLICK;
      if (!moved) return;
      if (turning) store.update((state) => lookFrom(state, number, turnedBy(turning, dx, dy)));
      else if (center) {
        const edge = patient(event);
        if (edge) store.update((state) => drawSphere(state, number, center, edge));
      } else if (tool === "window" && window) {
        const inverted = !target.isLayer && (viewport.picture?.low_is_white ?? false);
        const drag = target.stack.modality === "PT" ? dragUpper : dragWindow;
        const voi = drag(window, { dx, dy }, { inverted, upDarkens: store.state.preferences.up_darkens });
        store.update((state) => target.change(state, { voi }));
      } else if (tool === "pan") {
        const center = panned(grid, viewport.size, look, dx * devicePixelRatio, dy * devicePixelRatio);
        store.update((state) => changeLook(state, { center }, number));
      } else if (tool === "zoom") {
        zoomBy(dragZoom(dy), at, look);
      } else if (tool === "scroll") {
        store.update((state) => scrollTo(state, dragScroll(Math.round(sheet.index), dy, sheet.count), number));
      }
    }, { signal });
    area.addEventListener("pointerup", (event) => {
      if (start.button === 2 && !moved) onMenu(event.clientX, event.clientY);
      if (turning && !moved) viewport.meet(at);
    }, { signal });
  }

  /** @param {AbortSignal} signal */
  function pinch(signal) {
    const [one, other] = [...fingers.values()];
    const sheet = sheetOf(store.state, paneAt(store.state, number));
    if (!one || !other || !sheet) return;
    const { grid, look: begunLook } = sheet;
    const begun = spread(device(one), device(other));
    area.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event);
      const [first, second] = [...fingers.values()];
      if (!first || !second) return;
      const now = spread(device(first), device(second));
      const look = { ...begunLook, ...zoomed(grid, viewport.size, begunLook, now.length / begun.length, begun.middle) };
      const [dx, dy] = [now.middle[0] - begun.middle[0], now.middle[1] - begun.middle[1]];
      const center = panned(grid, viewport.size, look, dx, dy);
      store.update((state) => changeLook(state, { scale: look.scale, center }, number));
    }, { signal });
  }
}

/**
 * @param {[number, number]} one
 * @param {[number, number]} other
 * @returns {{length: number, middle: [number, number]}}
 */
function spread(one, other) {
  const length = Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
  return { length, middle: [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2] };
}

/**
 * @param {number} count
 * @param {Tool} active
 * @returns {Tool | undefined}
 */
function fingersTool(count, active) {
  return count === 1 && active === "crosshair" ? active : FINGERS[count];
}

/**
 * The tool of a mouse button, with the keys that are held.
 * @param {MouseEvent} event
 * @param {Tool} active
 * @returns {Tool | null}
 */
function toolOf({ button, ctrlKey, metaKey, shiftKey }, active) {
  if (button === 1) return "pan";
  if (button === 2) return "zoom";
  if (button !== 0) return null;
  if (ctrlKey || metaKey) return "zoom";
  return shiftKey ? "pan" : active;
}

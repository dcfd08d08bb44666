/** Mouse, touch and wheel on a slide: the wheel and two fingers zoom, a drag moves the field. */

/** @import { State } from "../viewer/state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { SlideViewport } from "./viewport.js" */
import { activate, maximise } from "../viewer/panes.js";
import { dragZoom, wheelZoom } from "../viewer/tools.js";

/** A movement of fewer CSS pixels is a click. */
const CLICK = 3;
/** Tools whose left drag isn't a movement of the field. */
const MARKING = new Set(["length"]);

/**
 * @param {SlideViewport} viewport
 * @param {Store<State>} store
 * @param {{onMenu: (x: number, y: number) => void}} listeners
 */
export function listen(viewport, store, { onMenu }) {
  const { area, number } = viewport;
  /** @type {Map<number, [x: number, y: number]>} */
  const fingers = new Map();
  let zooms = false;
  let moved = 0;

  const place = (/** @type {MouseEvent} */ event) => {
    const { left, top } = area.getBoundingClientRect();
    return /** @type {[number, number]} */ ([event.clientX - left, event.clientY - top]);
  };

  area.addEventListener("contextmenu", (event) => event.preventDefault());
  area.addEventListener("pointerdown", (event) => {
    store.update((state) => activate(state, number));
    if (ofControl(event)) return;
    area.focus({ preventScroll: true });
    const marking = MARKING.has(store.state.tool) && event.pointerType !== "touch" && event.button === 0 && !event.ctrlKey && !event.shiftKey;
    if (event.defaultPrevented || marking || fingers.size === 2) return;
    event.preventDefault();
    area.setPointerCapture(event.pointerId);
    if (event.pointerType !== "touch") fingers.clear();
    fingers.set(event.pointerId, place(event));
    zooms = event.button === 2 || (event.button === 0 && event.ctrlKey) || (event.button === 0 && store.state.tool === "zoom");
    moved = 0;
  });
  area.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) {
      moved = Math.max(moved, Math.hypot(dx, dy));
      if (moved < CLICK) return;
    }
    fingers.set(event.pointerId, now);
    if (other) pinch(before, now, other);
    else if (zooms) viewport.zoom(dragZoom(dy));
    else viewport.pan(dx, dy);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    area.addEventListener(end, (event) => {
      const { pointerId, button, clientX, clientY } = /** @type {PointerEvent} */ (event);
      const held = fingers.delete(pointerId);
      if (event.type === "pointerup" && held && button === 2 && moved < CLICK) onMenu(clientX, clientY);
    });
  }
  area.addEventListener("dblclick", (event) => {
    if (!ofControl(event) && !MARKING.has(store.state.tool)) store.update((state) => maximise(activate(state, number)));
  });
  area.addEventListener("wheel", (event) => {
    event.preventDefault();
    const delta = event.deltaY || event.deltaX;
    if (delta) viewport.zoom(wheelZoom(event.deltaMode === 0 ? delta : delta * 40), place(event));
  }, { passive: false });

  /**
   * Two fingers hold two points of the slide: their distance zooms, their middle moves.
   * @param {[number, number]} before
   * @param {[number, number]} now
   * @param {[number, number]} other
   */
  function pinch(before, now, other) {
    const factor = Math.hypot(now[0] - other[0], now[1] - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1]));
    viewport.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    viewport.zoom(factor, [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  }
}

/** Whether a button or the overview in the pane is meant, not the slide. @param {Event} event */
function ofControl({ target }) {
  return target instanceof Element && target.closest("button, .overview") !== null;
}

/** Pictures carried by the pointer: a thumbnail into any pane, a pane's picture by its handle onto another pane. */

/** @import { Item } from "./shelf.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { exchange, place } from "./panes.js";
import { icon } from "./icons.js";

/** A movement of fewer CSS pixels is a click. */
const CLICK = 4;

/**
 * Let an element be carried to a pane. Escape, or letting go elsewhere, leaves everything as it was.
 * @param {HTMLElement} element
 * @param {{picture: () => Element | null, onDrop: (pane: number) => void}} how picture: what goes along with the pointer
 */
export function carry(element, { picture, onDrop }) {
  element.addEventListener("pointerdown", (start) => {
    // A finger on a thumbnail scrolls the panel; a handle says by its touch-action that it is for carrying.
    if (start.button !== 0 || (start.pointerType === "touch" && getComputedStyle(element).touchAction !== "none")) return;
    const end = new AbortController();
    const { signal } = end;
    /** @type {HTMLElement | null} */
    let carried = null;
    /** @type {HTMLElement | null} */
    let target = null;
    const aim = (/** @type {HTMLElement | null} */ pane) => {
      target?.classList.remove("target");
      target = pane;
      target?.classList.add("target");
    };
    signal.addEventListener("abort", () => {
      aim(null);
      carried?.remove();
      document.body.classList.remove("carrying");
    });
    addEventListener("pointermove", (event) => {
      if (event.pointerId !== start.pointerId) return;
      if (!carried) {
        if (Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) <= CLICK) return;
        carried = el("div", { class: "carried", "aria-hidden": "true" }, picture());
        document.body.append(carried);
        document.body.classList.add("carrying");
        element.setPointerCapture(start.pointerId);
        withoutClick();
      }
      carried.style.translate = `${event.clientX + 8}px ${event.clientY + 8}px`;
      aim(paneUnder(event));
    }, { signal });
    addEventListener("pointerup", (event) => {
      if (event.pointerId !== start.pointerId) return;
      const number = Number(paneUnder(event)?.dataset["pane"] ?? -1);
      const was = carried !== null;
      end.abort();
      if (!was) return;
      if (number >= 0) onDrop(number);
    }, { signal });
    addEventListener("pointercancel", () => end.abort(), { signal });
    addEventListener("blur", () => end.abort(), { signal });
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !carried) return;
      event.preventDefault();
      event.stopPropagation();
      end.abort();
    }, { signal, capture: true });
  });
}

/** The button that is let go after all this, wherever, must not do what a click on the thumbnail does. */
function withoutClick() {
  const swallow = (/** @type {Event} */ click) => click.stopPropagation();
  addEventListener("click", swallow, { capture: true, once: true });
  addEventListener("pointerup", () => setTimeout(() => removeEventListener("click", swallow, { capture: true })), { once: true });
}

/**
 * @param {PointerEvent} event
 * @returns {HTMLElement | null}
 */
function paneUnder({ clientX, clientY }) {
  const pane = document.elementFromPoint(clientX, clientY)?.closest(".pane");
  return pane instanceof HTMLElement ? pane : null;
}

/**
 * A thumbnail goes into the pane on which it is dropped; with the focus on it, a digit says into which.
 * @param {HTMLElement} button
 * @param {Item} item
 * @param {(item: Item, pane: number) => void} onDrop
 */
export function carryThumbnail(button, item, onDrop) {
  carry(button, { picture: () => /** @type {Element | null} */ (button.querySelector("img")?.cloneNode() ?? null), onDrop: (pane) => onDrop(item, pane) });
  button.addEventListener("keydown", (event) => {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if (!digit || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    onDrop(item, Number(digit) - 1);
  });
}

/**
 * A handle at the corner of a pane, by which its picture is carried onto another pane: they change places.
 * @param {HTMLElement} pane
 * @param {number} number of the pane
 * @param {Store<State>} store
 */
export function addHandle(pane, number, store) {
  const handle = el("div", { class: "handle", title: gettext("Drag this picture onto another pane"), "aria-hidden": "true" }, icon("handle", "small"));
  const copied = () => {
    const canvas = pane.querySelector("canvas");
    if (!canvas?.width) return null;
    const small = el("canvas", { width: 160, height: Math.round((160 * canvas.height) / canvas.width) });
    small.getContext("2d")?.drawImage(canvas, 0, 0, small.width, small.height);
    return small;
  };
  carry(handle, { picture: copied, onDrop: (other) => store.update((state) => exchange(state, number, other)) });
  pane.append(handle);
}

/**
 * Put what a thumbnail stands for into a pane that is on the screen.
 * @param {State} state
 * @param {Item} item
 * @param {number} pane
 * @returns {State}
 */
export function dropped(state, { source }, pane) {
  return pane < state.layout.rows * state.layout.columns && !(state.maximised && pane !== state.active) ? place(state, pane, source) : state;
}

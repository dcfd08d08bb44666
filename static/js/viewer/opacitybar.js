/** A slider over a fused plane: how much of the layer is seen. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { changeFused } from "./fusing.js";
import { activate } from "./panes.js";
import { isVolumePane, paneAt } from "./state.js";

export class OpacityBar {
  #range = /** @type {HTMLInputElement} */ (el("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": gettext("How opaque the layer is") }));
  #element = el("div", { class: "opacity", hidden: true }, this.#range);

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    viewport.area.append(this.#element);
    for (const name of ["pointerdown", "pointermove", "dblclick", "wheel"]) this.#element.addEventListener(name, (event) => event.stopPropagation());
    this.#range.addEventListener("input", () => {
      const opacity = Number(this.#range.value) / 100;
      store.update((state) => changeFused(activate(state, viewport.number), { opacity }, viewport.number));
    });
    this.#range.addEventListener("pointerup", () => viewport.focus());
    store.watch((state) => state, (state) => this.#draw(state));
  }

  /** @param {State} state */
  #draw(state) {
    const shown = paneAt(state, this.viewport.number);
    const opacity = isVolumePane(shown) && shown.fused && shown.text !== "none" ? shown.fused.opacity : null;
    this.#element.hidden = opacity === null;
    if (opacity === null) return;
    this.#range.value = String(Math.round(100 * opacity));
    this.#range.setAttribute("aria-valuetext", interpolate(gettext("{percent} %"), { percent: Math.round(100 * opacity) }));
  }
}

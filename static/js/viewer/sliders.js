/** At the foot of a pane: a slider for each dimension of a 4D series. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el, setText } from "../shared/dom.js";
import { dimensionWords } from "./corners.js";
import { goTo, sliders } from "./dimensions.js";
import { activate } from "./panes.js";
import { paneAt, stackOf } from "./state.js";

export class Sliders {
  /** @type {{row: HTMLElement, range: HTMLInputElement, words: HTMLElement, depth: number}[]} */
  #rows = [];

  /**
   * @param {Store<State>} store
   * @param {number} number of the pane
   * @param {() => void} onLeft a pointer has let go: keys belong to the image again
   */
  constructor(store, number, onLeft) {
    this.store = store;
    this.number = number;
    this.onLeft = onLeft;
    this.element = el("div", { class: "sliders", hidden: true });
  }

  /** @param {State} state */
  draw(state) {
    const stack = stackOf(state, paneAt(state, this.number));
    const shown = sliders(stack);
    if (stack?.split !== undefined && this.element.title !== stack.split) this.element.title = stack.split;
    this.element.hidden = shown.length === 0;
    while (this.#rows.length < shown.length) this.#add();
    this.#rows.forEach((each, index) => {
      const dimension = shown[index];
      each.row.hidden = !dimension;
      if (!dimension) return;
      const words = dimensionWords(dimension);
      each.depth = dimension.depth;
      each.range.max = String(dimension.count);
      each.range.value = String(dimension.index + 1);
      if (each.range.getAttribute("aria-valuetext") === words) return;
      each.range.setAttribute("aria-label", dimension.label);
      each.range.setAttribute("aria-valuetext", words);
      setText(each.words, words);
    });
  }

  #add() {
    const range = /** @type {HTMLInputElement} */ (el("input", { type: "range", min: 1, step: 1 }));
    const words = el("span", { class: "words", "aria-hidden": "true" });
    const each = { row: el("label", { class: "dimension" }, range, words), range, words, depth: 0 };
    range.addEventListener("input", () => {
      const to = Number(range.value) - 1;
      this.store.update((state) => goTo(activate(state, this.number), each.depth, to, this.number));
      // Where a volume is lacking, the thumb goes back to what is shown.
      this.draw(this.store.state);
    });
    range.addEventListener("pointerup", () => this.onLeft());
    this.#rows.push(each);
    this.element.append(each.row);
  }
}

/** Rows and columns chosen on a small grid, with the pointer or with arrow keys. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { chosen, MOST } from "./layoutcommands.js";

const STEPS = /** @type {const} */ ({ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] });

/**
 * @param {Store<State>} store
 * @param {() => void} onChosen
 * @returns {(under: Element | null) => void} opens it under an element
 */
export function layoutPicker(store, onChosen) {
  const said = el("p", { class: "muted", role: "status" });
  const cells = Array.from({ length: MOST * MOST }, (_, index) => {
    const [row, column] = [Math.floor(index / MOST) + 1, (index % MOST) + 1];
    const pick = () => {
      popup.hidePopover();
      store.update((state) => chosen(state, row, column));
      onChosen();
    };
    const look = () => show(row, column);
    return el("button", { type: "button", class: "cell", role: "gridcell", tabindex: -1, "aria-label": named(row, column), onclick: pick, onpointerenter: look, onfocus: look });
  });
  const rows = Array.from({ length: MOST }, (_, row) => el("div", { role: "row" }, ...cells.slice(row * MOST, (row + 1) * MOST)));
  const grid = el("div", { role: "grid", "aria-label": gettext("Rows and columns") }, ...rows);
  const popup = el("div", { class: "popup picker", popover: "auto" }, grid, said);
  document.body.append(popup);

  /** @param {number} row @param {number} column */
  function show(row, column) {
    cells.forEach((cell, index) => cell.classList.toggle("in", Math.floor(index / MOST) < row && index % MOST < column));
    setText(said, named(row, column));
  }
  grid.addEventListener("keydown", (event) => {
    const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
    const at = cells.findIndex((cell) => cell === document.activeElement);
    if (event.key === "Tab") popup.hidePopover();
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const limited = (/** @type {number} */ value) => Math.min(MOST - 1, Math.max(0, value));
    cells[limited(Math.floor(at / MOST) + step[0]) * MOST + limited((at % MOST) + step[1])]?.focus();
  });
  grid.addEventListener("pointerleave", () => {
    const at = cells.findIndex((cell) => cell === document.activeElement);
    if (at >= 0) show(Math.floor(at / MOST) + 1, (at % MOST) + 1);
  });
  return (under) => {
    const { rows: down, columns: across } = store.state.layout;
    popup.showPopover();
    const place = under?.getBoundingClientRect();
    const { width } = popup.getBoundingClientRect();
    popup.style.left = `${Math.max(0, Math.min(place?.left ?? (innerWidth - width) / 2, innerWidth - width))}px`;
    popup.style.top = `${(place?.bottom ?? 60) + 6}px`;
    cells[(Math.min(down, MOST) - 1) * MOST + Math.min(across, MOST) - 1]?.focus();
  };
}

/**
 * @param {number} rows
 * @param {number} columns
 */
function named(rows, columns) {
  return interpolate(gettext("{rows} × {columns}"), { rows, columns });
}

/** What the magnifier shows: a pane's own picture, enlarged around a point. Pure. */

/** @import { Command } from "./commands.js" */
/** @import { PicturePane, State } from "./state.js" */
import { isCurvedPane } from "./curves.js";
import { gettext } from "../shared/i18n.js";
import { apply, inverse, magnification, matrix } from "./geometry.js";
import { fromGrid } from "./planes.js";
import { sheetOf } from "./sheets.js";
import { isStackPane, paneAt, stackOf } from "./state.js";

/** How many times the pane's size. */
const FACTORS = [2, 3, 4];

/** @type {readonly Command[]} */
export const LENS_COMMANDS = [
  { id: "magnifier", label: () => gettext("Magnifier (hold the key, or press it shortly to keep it)"), keys: ["U"], group: "tools", icon: "magnifier", once: true, held: true, run: toggle, pressed: ({ lens }) => lens > 0, offered: canMagnify },
  { id: "magnifier-more", label: () => gettext("Magnifier: 2, 3 or 4 times"), keys: ["Shift+U"], group: "tools", run: more, offered: canMagnify },
];

/** @param {State} state */
function canMagnify(state) {
  return stackOf(state, paneAt(state)) !== null;
}

/**
 * @param {State} state
 * @returns {State}
 */
function toggle(state) {
  return { ...state, lens: state.lens ? 0 : 3 };
}

/**
 * @param {State} state
 * @returns {State}
 */
function more(state) {
  return { ...state, lens: FACTORS[(FACTORS.indexOf(state.lens) + 1) % FACTORS.length] ?? 3 };
}

/**
 * A pane as the lens shows it: the same picture, enlarged, with the point under the pointer in the middle.
 * @param {State} state
 * @param {PicturePane} shown
 * @param {{width: number, height: number}} canvas of the pane, device pixels
 * @param {[number, number]} at on that canvas
 * @param {number} factor
 * @returns {PicturePane | null} null while the server hasn't told
 */
export function enlarged(state, shown, canvas, at, factor) {
  const sheet = sheetOf(state, shown);
  if (!sheet) return null;
  const point = apply(inverse(matrix(sheet.grid, canvas, sheet.look)), ...at);
  const scale = { pixels: factor * magnification(sheet.grid, canvas, sheet.look) };
  const volume = sheet.stack.volume;
  if (isCurvedPane(shown)) return null;
  if (isStackPane(shown)) return { ...shown, scale, center: point };
  return volume ? { ...shown, scale, center: fromGrid(volume, shown.plane, point) } : null;
}

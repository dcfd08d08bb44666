/** True size: how many millimetres one CSS pixel has on this screen, found by a bank card (ISO/IEC 7810 ID-1). */

export const CARD_MM = { width: 85.6, height: 53.98 };
export const PRESUMED = 25.4 / 96; // millimetres of a CSS pixel as CSS defines it
const NARROWEST = 140; // CSS pixels of the card
const WIDEST = 1070;

/**
 * @param {number} px width of the card's outline that fits, CSS pixels
 * @returns {number} millimetres of one CSS pixel
 */
export function mmPerPx(px) {
  return CARD_MM.width / px;
}

/**
 * @param {number} mm millimetres of one CSS pixel
 * @returns {number} width of the card's outline, CSS pixels
 */
export function cardWidth(mm) {
  return within(CARD_MM.width / mm);
}

/** @param {number} px */
export function within(px) {
  return Math.min(WIDEST, Math.max(NARROWEST, px));
}

/**
 * What a key does to the width.
 * @param {string} key
 * @param {boolean} coarse with Shift
 * @param {number} px width now, CSS pixels
 * @param {number} ratio device pixels of one CSS pixel; a step is one device pixel
 * @returns {number | null} the new width, null for a key that means nothing here
 */
export function moved(key, coarse, px, ratio) {
  const step = (coarse ? 10 : 1) / ratio;
  if (key === "ArrowRight" || key === "ArrowUp") return within(px + step);
  if (key === "ArrowLeft" || key === "ArrowDown") return within(px - step);
  if (key === "PageUp") return within(px + 10 / ratio);
  if (key === "PageDown") return within(px - 10 / ratio);
  if (key === "Home") return NARROWEST;
  if (key === "End") return WIDEST;
  return null;
}

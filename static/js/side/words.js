/** How days and times are said beside the images: the clock with 24 hours, days as ISO. */

import { gettext } from "../shared/i18n.js";

const two = (/** @type {number} */ number) => String(number).padStart(2, "0");

/** @param {Date} date @returns {string} ISO, as the clock on the wall shows it */
export const isoDay = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** @param {Date} date @returns {string} */
export const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

/**
 * @param {Date} date
 * @param {Date} [now]
 * @returns {string}
 */
export function dayWords(date, now = new Date()) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (isoDay(date) === isoDay(now)) return gettext("Today");
  return isoDay(date) === isoDay(yesterday) ? gettext("Yesterday") : isoDay(date);
}

/**
 * @param {Date} date
 * @param {Date} [now]
 * @returns {string} the clock, with the day before it unless that is today
 */
export function timeWords(date, now = new Date()) {
  return isoDay(date) === isoDay(now) ? clock(date) : `${isoDay(date)} ${clock(date)}`;
}

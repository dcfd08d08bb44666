/** When studies were made: their dates and times as written, and how far they lie apart. */

import { gettext, interpolate, ngettext } from "../shared/i18n.js";

const DAY = 86_400_000;

/** @typedef {{date: string, time?: string, offset?: string}} When as the file says it; offset: of its clock, `+05:30` */

/**
 * @param {string | null | undefined} value DICOM or ISO
 * @returns {string} ISO, or the value as it is when it is no date
 */
export function isoDate(value) {
  const parts = /^(\d{4})-?(\d\d)-?(\d\d)/.exec(value ?? "");
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}` : (value ?? "");
}

/** @param {string | null | undefined} value @returns {string} hours and minutes */
export function clock(value) {
  const parts = /^(?:\d{4}-\d\d-\d\dT)?(\d\d):?(\d\d)/.exec(value ?? "");
  return parts ? `${parts[1]}:${parts[2]}` : "";
}

/**
 * Date and time as a clock showed them, with the offset of that clock where it is known.
 * @param {string} date
 * @param {string} [time]
 * @param {string} [offset]
 */
export function whenWords(date, time, offset) {
  return [isoDate(date), clock(time), clock(time) && offset].filter(Boolean).join(" ");
}

/**
 * @param {{study_date: string, study_time?: string, timezone_offset?: string} | null | undefined} of a picture or a study
 * @returns {When}
 */
export function whenOf(of) {
  return { date: of?.study_date ?? "", time: of?.study_time, offset: of?.timezone_offset };
}

/**
 * How long before or after the page's own study another one was made. Days are those of the calendar; where the offsets
 * of both are known, by the clock of the page's own study.
 * @param {When} one of the pane's study
 * @param {When} own of the page's study
 * @returns {string} "" for the same day, or when a date is missing or no day of the calendar
 */
export function interval(one, own) {
  const days = (midnight(own) - midnightBy(one, own)) / DAY;
  if (!Number.isFinite(days) || days === 0) return "";
  const length = Math.abs(days);
  const span =
    length < 14 ? ngettext("{count} day", "{count} days", length)
    : length < 61 ? ngettext("{count} week", "{count} weeks", Math.round(length / 7))
    : length < 731 ? ngettext("{count} month", "{count} months", Math.round(length / 30.44))
    : ngettext("{count} year", "{count} years", Math.round(length / 365.25));
  return interpolate(days > 0 ? gettext("PRIOR {span}") : gettext("LATER {span}"), { span });
}

/** @param {When} when @returns {number} of its day, as if in UTC, in ms; NaN where there is none */
function midnight({ date }) {
  const iso = isoDate(date);
  const found = Date.parse(`${iso}T00:00:00Z`);
  // Some engines make the second of March of the thirtieth of February.
  return Number.isFinite(found) && new Date(found).toISOString().startsWith(iso) ? found : Number.NaN;
}

/** @param {When} one @param {When} own @returns {number} midnight of the day that `one` was by the clock of `own` */
function midnightBy(one, own) {
  const [there, here] = [east(one.offset), east(own.offset)];
  const time = /^(\d\d):?(\d\d)/.exec(one.time ?? "");
  if (there === null || here === null || !time || !clock(own.time)) return midnight(one);
  const moment = midnight(one) + (Number(time[1]) * 60 + Number(time[2]) - there + here) * 60_000;
  return Math.floor(moment / DAY) * DAY;
}

/** @param {string | undefined} offset @returns {number | null} minutes east of UTC */
function east(offset) {
  const parts = /^([+-])(\d\d):(\d\d)$/.exec(offset ?? "");
  return parts ? (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) : null;
}

/** Lines that somebody drew: what they are, where they belong, and how their numbers are written. */

/** @import { Ground } from "../viewer/surface.js" */
/** @import { Plane } from "../viewer/state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { cross, dot, length, minus } from "../viewer/vectors.js";

/** A point: LPS mm, slide mm, or column and row where whole numbers are centres of pixels. @typedef {readonly number[]} Point */
/** @typedef {"none" | "waiting" | "stored" | "failed" | "changed"} ReportState */

/**
 * A measurement as the server keeps it.
 * @typedef {object} Measurement
 * @property {string} id
 * @property {"patient" | "slide" | "image"} space
 * @property {string} frame_of_reference
 * @property {string} series
 * @property {string | null} instance
 * @property {number | null} frame
 * @property {string} stack
 * @property {Plane | null} plane
 * @property {Point[]} points
 * @property {number | null} value
 * @property {string} unit
 * @property {string} unit_words
 * @property {string} basis
 * @property {string} basis_words
 * @property {string} short_words   what a number adds to its unit, where it isn't simply mm
 * @property {{name: string, value: number, unit: string, unit_words: string}[]} [parts]   of a line that is no length: a velocity, a time
 * @property {string} [previous_words]   what the number was before a calibration
 * @property {string} label
 * @property {number} version
 * @property {boolean} deleted
 * @property {{id: number, name: string} | null} author
 * @property {string} observer
 * @property {boolean} mine
 * @property {{uid: string, version: number | null, state: ReportState, words: string}} report
 * @property {string} [belongs_words]   why it may be another patient's; "" where nothing speaks for that
 * @property {string} created
 */

/** What a person wants a line to be. @typedef {{points: Point[], label: string, deleted: boolean}} Wanted */

/**
 * A line on this page: `row` is what the server has of it, null before its first answer.
 * @typedef {object} Mark
 * @property {string} id
 * @property {string} study   key of its study
 * @property {Ground} ground   what it was drawn on
 * @property {Wanted} wanted
 * @property {Measurement | null} row
 * @property {string} [identity]   of whom the page showed the study when it was drawn or changed
 * @property {boolean} busy   under way to the server
 * @property {string} failed   why it isn't saved
 */

/**
 * Where a saved measurement was drawn.
 * @param {string} archive
 * @param {string} study
 * @param {Measurement} row
 * @returns {Ground}
 */
export function groundOf(archive, study, row) {
  const { space, series, instance, frame, stack, plane } = row;
  return { archive, study, space, frame_of_reference: row.frame_of_reference || null, series, instance, frame, stack, plane };
}

/** @param {Measurement} row @returns {Wanted} */
export const wantedOf = ({ points, label, deleted }) => ({ points, label, deleted });

/**
 * What differs between what is wanted and what the server has; null: nothing.
 * @param {Wanted} wanted
 * @param {Measurement} row
 * @returns {{points?: Point[], label?: string} | {deleted: boolean} | null}
 */
export function difference(wanted, row) {
  if (wanted.deleted !== row.deleted) return { deleted: wanted.deleted };
  if (row.deleted) return null;
  const moved = !samePoints(wanted.points, row.points);
  const named = wanted.label !== row.label;
  if (!moved && !named) return null;
  return { ...(moved && { points: wanted.points }), ...(named && { label: wanted.label }) };
}

/** @param {readonly Point[]} one @param {readonly Point[]} other */
export function samePoints(one, other) {
  return one.length === other.length && one.every((point, index) => point.every((part, axis) => part === other[index]?.[axis]));
}

/**
 * Whether a line is to be seen on what a surface shows. A line never appears on an image that it may not lie on.
 * @param {Ground} mark what it was drawn on
 * @param {Ground} shown what is on the screen
 * @param {readonly number[]} distances mm of its ends from what is on the screen
 * @param {number} reach mm that an end may be away: half a slice, half a slab
 */
export function belongs(mark, shown, distances, reach) {
  if (mark.space !== shown.space || mark.archive !== shown.archive || mark.study !== shown.study) return false;
  if (mark.space === "image") return sameFrame(mark, shown);
  if ((mark.frame_of_reference ?? "") !== (shown.frame_of_reference ?? "")) return false;
  if (mark.space === "slide") return mark.series === shown.series && mark.stack === shown.stack;
  if (!mark.frame_of_reference) return false;
  if (mark.instance !== null && shown.instance !== null && mark.series === shown.series && mark.stack === shown.stack) return sameFrame(mark, shown);
  return distances.every((distance) => Math.abs(distance) <= reach + 1e-6);
}

/** @param {Ground} one @param {Ground} other */
function sameFrame(one, other) {
  return one.instance !== null && one.instance === other.instance && one.frame === other.frame;
}

/**
 * Whether what is on the screen is what a line was drawn on, so that its ends can be moved there.
 * @param {Ground} mark
 * @param {Ground} shown
 */
export function isAtHome(mark, shown) {
  const same = mark.space === shown.space && mark.archive === shown.archive && mark.study === shown.study && mark.series === shown.series;
  if (!same) return false;
  if (mark.space === "image") return sameFrame(mark, shown);
  if ((mark.frame_of_reference ?? "") !== (shown.frame_of_reference ?? "")) return false;
  if (mark.space === "slide") return mark.stack === shown.stack;
  if (!mark.plane) return sameFrame(mark, shown);
  return mark.stack === shown.stack && shown.plane !== null && samePlane(mark.plane, shown.plane);
}

/** Seen from either side, and turned in itself, it is the same plane. @param {Plane} one @param {Plane} other */
function samePlane(one, other) {
  return length(cross(one.look, other.look)) < 1e-6 && Math.abs(dot(minus(other.point, one.point), one.look)) < 1e-3;
}

/**
 * The number as it stands beside the line: the server's, "…" until it is there.
 * @param {Mark} mark
 * @param {Point[]} points as drawn now
 * @returns {{words: string, provisional: boolean}}
 */
export function numberOf({ row, ground }, points) {
  if (row && row.value !== null && samePoints(points, row.points)) return { words: quantity(row), provisional: false };
  return { words: estimated(ground, points), provisional: true };
}

/** @param {Measurement} row */
export function quantity(row) {
  if (row.value === null) return "";
  if (!row.parts?.length) return measured(row.value, row.space, row.short_words || row.unit_words);
  return `${row.parts.map(({ name, value, unit_words }) => [name, digits(value), unit_words].join("\u00a0")).join(" · ")} ${row.short_words}`;
}

/** Four digits count. @param {number} value */
function digits(value) {
  const places = value === 0 ? 1 : Math.max(0, Math.min(4, 3 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(places).replace("-", "−");
}

/**
 * What the page can tell before the server has answered; nothing where the scale isn't its to know.
 * @param {Ground} ground
 * @param {readonly Point[]} points
 */
function estimated({ space, frame_of_reference }, [one, other]) {
  if (space === "image" || !frame_of_reference || !one || !other) return "…";
  const about = Math.hypot(...one.map((part, axis) => part - (other[axis] ?? 0)));
  return `≈ ${measured(about, space, "mm")}`;
}

/**
 * A length as it is written: one decimal in the patient; on a slide two to four digits, below a millimetre in µm.
 * @param {number} value in the unit that the words name
 * @param {Ground["space"]} space
 * @param {string} unit words
 */
export function measured(value, space, unit) {
  const isFine = space === "slide" && unit === "mm" && value < 0.9995;
  const shown = isFine ? value * 1000 : value;
  const digits = space !== "slide" ? 1 : isFine ? (shown >= 9.95 ? 0 : shown >= 0.995 ? 1 : 2) : shown >= 9.995 ? 1 : 2;
  return interpolate("{value} {unit}", { value: shown.toFixed(digits), unit: isFine ? "µm" : unit });
}

/** @param {Mark} mark in a sentence, for ears */
export function spoken({ row, wanted }) {
  const number = row && row.value !== null ? quantity(row) : gettext("not saved yet");
  const unnamed = row?.parts?.length ? "{length}" : gettext("Length {length}");
  return interpolate(wanted.label ? gettext("{label}: {length}") : unnamed, { label: wanted.label, length: number });
}

/**
 * Whether a hand has moved, or only trembled: up to this many CSS pixels are a click.
 */
export const CLICK = 4;

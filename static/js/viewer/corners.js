/** The text over the pixels: a picture's own description as the lines of four corners. */

/** @import { Window } from "./state.js" */
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { presetOf } from "./presets.js";

/**
 * What the server says about a picture, in the same answer as the picture.
 * @typedef {object} Picture
 * @property {{name: string, id: string, birth_date: string, sex: string, age: string}} patient
 * @property {string} study_uid
 * @property {string} study_date
 * @property {string} study_time
 * @property {string} study_description
 * @property {string} accession_number
 * @property {string} institution
 * @property {string} series_uid
 * @property {number | null} series_number
 * @property {string} series_description
 * @property {string} modality
 * @property {string} instance
 * @property {number} frame
 * @property {number | null} instance_number
 * @property {string} stack
 * @property {number | null} index from 0
 * @property {number | null} count
 * @property {number | null} location mm
 * @property {number | null} slice_thickness mm
 * @property {number[] | null} orientation
 * @property {string[] | null} patient_orientation
 * @property {string | null} laterality
 * @property {number} rows
 * @property {number} columns
 * @property {[number, number] | null} pixel_spacing mm between rows, between columns
 * @property {number} aspect
 * @property {string} spacing_basis
 * @property {string} spacing_words
 * @property {(Partial<Window> & {explanation?: string | null}) | null} window
 * @property {string} unit
 * @property {boolean} inverted   by the reader
 * @property {boolean} [low_is_white]   MONOCHROME1 or the reader's inversion, not both
 * @property {[number, number, number, number]} region image pixels
 * @property {[number, number]} size of the answer
 * @property {boolean} lossless this answer
 * @property {boolean} source_lossy
 * @property {number[] | null} source_lossy_ratio
 * @property {boolean} derived
 * @property {Record<string, unknown>} technique
 * @property {string | null} frame_of_reference
 * @property {boolean} colour
 */

/** @typedef {{text: string, kind?: "strong" | "muted" | "large" | "prior" | "warn"}} Line */
/** @typedef {{topLeft: Line[], topRight: Line[], bottomLeft: Line[], bottomRight: Line[]}} Corners */

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
 * A number with as many digits as it deserves.
 * @param {number} value
 * @param {number} [digits] after the point, at most
 */
export function number(value, digits = 1) {
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

/**
 * How long before or after the page's own study another one was made.
 * @param {string} date of the pane's study
 * @param {string} own of the page's study
 * @returns {string} "" for the same day or when a date is missing
 */
export function interval(date, own) {
  const days = (Date.parse(isoDate(own)) - Date.parse(isoDate(date))) / 86_400_000;
  if (!Number.isFinite(days) || days === 0) return "";
  const length = Math.abs(days);
  const span =
    length < 14 ? ngettext("{count} day", "{count} days", length)
    : length < 61 ? ngettext("{count} week", "{count} weeks", Math.round(length / 7))
    : length < 731 ? ngettext("{count} month", "{count} months", Math.round(length / 30.44))
    : ngettext("{count} year", "{count} years", Math.round(length / 365.25));
  return interpolate(days > 0 ? gettext("PRIOR {span}") : gettext("LATER {span}"), { span });
}

/**
 * One line that is never left out: who, born when, examined when and how, which side.
 * @param {Picture} picture
 */
export function identityLine({ patient, study_date, modality, laterality }) {
  const born = patient.birth_date ? `*${patient.birth_date.slice(0, 4)}` : patient.id;
  return [patient.name || gettext("Name unknown"), born, isoDate(study_date), modality, laterality === "U" ? "" : laterality].filter(Boolean).join(" · ");
}

/**
 * @param {Picture} picture
 * @param {{zoom: string, prior: string, notes: readonly string[]}} page what the page itself knows of the pane
 * @returns {Corners}
 */
export function corners(picture, { zoom, prior, notes }) {
  const { patient } = picture;
  return {
    topLeft: lines(
      [patient.name || gettext("Name unknown"), "strong"],
      [patient.id],
      [[isoDate(patient.birth_date), patient.age && `(${patient.age})`, patient.sex].filter(Boolean).join(" ")],
    ),
    topRight: lines(
      [prior, "prior"],
      [picture.institution],
      [[isoDate(picture.study_date), clock(picture.study_time)].filter(Boolean).join(" ")],
      [picture.study_description],
      [picture.accession_number],
    ),
    bottomLeft: lines([windowWords(picture)], [zoom]),
    bottomRight: lines(
      [laterality(picture.laterality), "large"],
      [picture.derived ? gettext("DERIVED") : "", "warn"],
      [[picture.series_number === null ? "" : `${picture.series_number}.`, picture.series_description].filter(Boolean).join(" ")],
      [technique(picture)],
      [where(picture)],
      ...notes.map((words) => /** @type {const} */ ([words, "warn"])),
      [imageOf(picture), "strong"],
    ),
  };
}

/**
 * @param {...readonly [text: string | null | undefined | false, kind?: Line["kind"]]} given
 * @returns {Line[]}
 */
function lines(...given) {
  return given.flatMap(([text, kind]) => (text ? [{ text, kind }] : []));
}

/** @param {Picture} picture */
export function imageOf({ index, count: total, instance_number }) {
  if (index === null || total === null) {
    return instance_number === null ? "" : interpolate(gettext("No. {number}"), { number: instance_number });
  }
  const image = interpolate(gettext("Image {index}/{count}"), { index: index + 1, count: total });
  const differs = instance_number !== null && instance_number !== index + 1;
  return differs ? `${image} (${interpolate(gettext("no. {number}"), { number: instance_number })})` : image;
}

/** @param {Picture} picture */
export function windowWords({ window, unit, modality, colour, inverted }) {
  const known = window && typeof window.center === "number" && typeof window.width === "number" ? window : null;
  const shape = window?.function && window.function !== "LINEAR" ? window.function.toLowerCase().replace("_", "-") : "";
  const values = known
    ? `W ${number(/** @type {number} */ (known.width))} L ${number(/** @type {number} */ (known.center))} ${unit}`.trim()
    : "";
  const named = known ? presetOf({ modality, unit, colour }, /** @type {Window} */ (known))?.label() : "";
  const words = named || window?.explanation || "";
  return [values, shape, words, inverted && gettext("inverted")].filter(Boolean).join(" · ");
}

/** @param {Picture} picture */
function where({ location, slice_thickness }) {
  const place = typeof location === "number" ? interpolate(gettext("Loc {mm} mm"), { mm: number(location) }) : "";
  const thick = typeof slice_thickness === "number" ? interpolate(gettext("Thk {mm} mm"), { mm: number(slice_thickness, 2) }) : "";
  return [place, thick].filter(Boolean).join("  ");
}

/** @type {readonly [keyword: string, name: string, unit: string][]} */
const TECHNIQUE = [
  ["KVP", "", "kV"],
  ["XRayTubeCurrent", "", "mA"],
  ["Exposure", "", "mAs"],
  ["ConvolutionKernel", "", ""],
  ["RepetitionTime", "TR", "ms"],
  ["EchoTime", "TE", "ms"],
  ["InversionTime", "TI", "ms"],
  ["DiffusionBValue", "b", ""],
  ["FlipAngle", "FA", "°"],
];

/** @param {Picture} picture */
function technique({ technique: values }) {
  return TECHNIQUE.flatMap(([keyword, name, unit]) => {
    const value = values?.[keyword];
    const unused = value === 0 && ["KVP", "XRayTubeCurrent", "Exposure"].includes(keyword);
    if (value === null || value === undefined || value === "" || unused) return [];
    const words = typeof value === "number" ? number(value) : String(Array.isArray(value) ? value.join(" ") : value);
    return [[name, words, unit].filter(Boolean).join(" ")];
  }).join("  ");
}

/** @param {string | null} side */
function laterality(side) {
  if (side === "L") return gettext("L (left)");
  if (side === "R") return gettext("R (right)");
  if (side === "B") return gettext("Both sides");
  // U says that the part has no side: a lone letter could be read as one.
  return "";
}

/**
 * Device pixels for an image pixel, as words.
 * @param {number} magnification
 */
export function zoomWords(magnification) {
  if (magnification === 1) return gettext("1:1");
  return interpolate(gettext("Zoom {percent} %"), { percent: number(magnification * 100, magnification < 0.1 ? 1 : 0) });
}

/** @typedef {{sign: "full" | "scaled" | "moving" | "source", words: string, insist: boolean}} Fidelity insist: words always */

/**
 * How much of the stored image reaches the eye.
 * @param {Pick<Picture, "lossless" | "source_lossy" | "source_lossy_ratio" | "region" | "size">} picture
 * @returns {Fidelity}
 */
export function fidelity({ lossless, source_lossy, source_lossy_ratio, region, size }) {
  const ratio = source_lossy_ratio?.length ? ` ${number(source_lossy_ratio.at(-1) ?? 0)}:1` : "";
  const source = source_lossy ? gettext("LOSSY SOURCE") + ratio : "";
  if (!lossless) return { sign: "moving", words: [source, gettext("LOSSY while moving")].filter(Boolean).join(" · "), insist: false };
  const part = size[0] / region[2];
  const scaled = part < 0.999 ? interpolate(gettext("reduced to {percent} %"), { percent: number(part * 100, 0) }) : "";
  if (source) return { sign: "source", words: [source, scaled].filter(Boolean).join(" · "), insist: true };
  return scaled
    ? { sign: "scaled", words: `${gettext("lossless")}, ${scaled}`, insist: false }
    : { sign: "full", words: gettext("lossless, every pixel"), insist: false };
}

/**
 * What the image area is called for those who don't see it.
 * @param {Picture} picture
 * @param {string} plane of the stack
 */
export function spoken(picture, plane) {
  const { window } = picture;
  const name = [plane, picture.modality, picture.study_description || picture.series_description].filter(Boolean).join(" ");
  const slice =
    picture.index === null ? "" : interpolate(gettext("slice {index} of {count}"), { index: picture.index + 1, count: picture.count ?? "?" });
  const level =
    window && typeof window.center === "number"
      ? interpolate(gettext("window {center}/{width}"), { center: number(window.center), width: number(window.width ?? 0) })
      : "";
  return [name.charAt(0).toUpperCase() + name.slice(1), slice, level].filter(Boolean).join(", ");
}

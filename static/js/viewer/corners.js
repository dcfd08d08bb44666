/** The text over the pixels: a picture's own description as the lines of four corners. */

/** @import { Calibrated } from "./basis.js" */
/** @import { PlaneName } from "./planes.js" */
/** @import { Plane, Slab, Window } from "./state.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { basisWords } from "./basis.js";
import { layerLines } from "./fusedwords.js";
import { hiddenWords } from "./laidover.js";
import { nearest } from "./planes.js";
import { planeLine } from "./planewords.js";
import { spaceLine } from "./spacewords.js";
import { presetOf } from "./presets.js";
import { windowInSuv } from "./uptake.js";
import { isoDate, whenWords } from "./when.js";

/**
 * What the server says about a picture, in the same answer as the picture.
 * @typedef {object} Picture
 * @property {{name: string, id: string, birth_date: string, sex: string, age: string}} patient
 * @property {string} study_uid
 * @property {string} study_date
 * @property {string} study_time
 * @property {string} [timezone_offset]   of its clock, `+05:30`
 * @property {string} study_description
 * @property {string} accession_number
 * @property {string} institution
 * @property {string} series_uid
 * @property {number | null} series_number
 * @property {string} series_description
 * @property {string} modality
 * @property {string | null} instance   null on a plane of a volume
 * @property {number | null} frame
 * @property {number | null} instance_number
 * @property {string} stack
 * @property {number | null} index from 0
 * @property {number | null} count
 * @property {import("./state.js").Dimension[]} [dimensions]   of its stack among the volumes of its series
 * @property {boolean} [reading]   its series isn't known yet: no index, and `count` is what the archive counts
 * @property {number | null} location mm
 * @property {number | null} slice_thickness mm
 * @property {number[] | null} [position]   LPS mm of the centre of the top left pixel
 * @property {number[] | null} orientation
 * @property {string[] | null} patient_orientation
 * @property {string | null} laterality
 * @property {import("./listed.js").Breast | null} [breast]
 * @property {number} rows
 * @property {number} columns
 * @property {[number, number] | null} pixel_spacing mm between rows, between columns
 * @property {number} aspect
 * @property {string} spacing_basis
 * @property {string} spacing_words
 * @property {(Partial<Window> & {explanation?: string | null}) | null} window
 * @property {string} unit
 * @property {import("./uptake.js").Measure | null} [suv]   of PET
 * @property {string} [suv_words]   why it isn't available
 * @property {string | null} [colormap]   of a grey picture
 * @property {string} [colours]   of the colour map, from its lowest grey to its highest, six hexadecimal digits each
 * @property {{colours: string, values: number[], label: string, unit: string} | null} [palette]   above the greys, from its lowest value to its highest
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
 * @property {boolean} [burnt_in]   text stands among its pixels
 * @property {string[]} [graphics]   of the file, laid over the picture
 * @property {string[]} [hidden]   of the file, that could be
 * @property {string[]} [remarks]   what to know before trusting it
 * @property {Plane & {method: string, preset: string | null} | null} [space]   of a volume in three dimensions
 * @property {Plane & Slab & {pixel_spacing: number} | null} [plane]   of a volume
 * @property {import("./curves.js").Curve | null} [curve]   of a path through a volume
 * @property {string} [volume_words]   what is to be known of the volume
 * @property {import("./fusedwords.js").Layer} [fused]   a second volume over the plane
 */


/** @typedef {{text: string, kind?: "strong" | "muted" | "large" | "prior" | "warn" | "across" | "held" | PlaneName, spare?: number}} Line spare: left out where there is no room, the highest first; never without it */
/** @typedef {{topLeft: Line[], topRight: Line[], bottomLeft: Line[], bottomRight: Line[]}} Corners */

/**
 * A number with as many digits as it deserves.
 * @param {number} value
 * @param {number} [digits] after the point, at most
 */
export function number(value, digits = 1) {
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

/**
 * Who it is, as every picture says it.
 * @param {Picture["patient"]} patient
 * @returns {[string, "strong"?][]} name, id, and birth date with age and sex
 */
export function ofPatient({ name, id, birth_date, age, sex }) {
  return [
    [name || gettext("Name unknown"), "strong"],
    [id],
    [[isoDate(birth_date), age && `(${age})`, sex].filter(Boolean).join(" ")],
  ];
}

/** @param {Picture["patient"]} patient @returns {string} what tells namesakes apart, in short */
export function born({ birth_date, id }) {
  return birth_date ? `*${birth_date.slice(0, 4)}` : id;
}

/**
 * One line that is never left out: who, born when, examined when and how, which side.
 * @param {Picture} picture
 */
export function identityLine({ patient, study_date, modality, laterality }) {
  return joined([patient.name || gettext("Name unknown"), born(patient), isoDate(study_date), modality, laterality === "U" ? "" : laterality]);
}

/**
 * @param {Picture} picture
 * @param {{zoom: string, prior: string, notes: readonly string[], across?: string, carved?: string, calibration?: Calibrated | null, named?: PlaneName | null}} page what the page itself knows of the pane
 * @returns {Corners}
 */
export function corners(picture, { zoom, prior, notes, across, carved, calibration, named }) {
  const { patient } = picture;
  /** @type {Corners} */
  const all = {
    topLeft: lines(...ofPatient(patient)),
    topRight: lines(
      [prior, "prior"],
      [picture.institution, undefined, 6],
      [whenWords(picture.study_date, picture.study_time, picture.timezone_offset)],
      [picture.study_description, undefined, 3],
      [picture.accession_number, undefined, 7],
    ),
    bottomLeft: lines(
      [picture.suv_words, "warn"], [basisWords(picture, calibration), "muted"],
      ...layerLines(picture.fused, picture), [windowWords(picture)], [zoom],
    ),
    bottomRight: lines(
      [picture.breast?.name || laterality(picture.laterality), "large"],
      [breastWords(picture.breast), "warn"],
      [picture.derived ? gettext("DERIVED") : "", "warn"],
      [joined([picture.series_number !== null && `${picture.series_number}.`, picture.series_description], " "), undefined, 2],
      [technique(picture), undefined, 5],
      [where(picture), undefined, 4],
      ...(picture.graphics ?? []).map((words) => /** @type {const} */ ([words, "muted", 1])),
      ...[...hiddenWords(picture), ...(picture.remarks ?? []), ...notes].map((words) => /** @type {const} */ ([words, "warn"])),
      [across, "across"],
      ...(picture.dimensions ?? []).filter(({ count }) => count > 1).map((each) => /** @type {const} */ ([dimensionWords(each), "strong"])),
      [imageOf(picture), "strong"],
      [picture.space ? spaceLine(picture.space, carved) : planeLine(picture.plane, picture.curve), picture.plane ? (named ?? nearest(picture.plane.look)) : undefined],
    ),
  };
  return picture.burnt_in ? beside(all) : all;
}

/**
 * Two lines in each corner, with a side perhaps three: what stands beside a picture that has text of its own, and not over it.
 * @param {Corners} all
 * @returns {Corners}
 */
function beside({ topLeft: [name, ...person], topRight, bottomLeft, bottomRight }) {
  const joined = (/** @type {Line[]} */ of, /** @type {Line["kind"]} */ kind) => lines([of.map(({ text }) => text).join(" · "), kind]);
  const said = (/** @type {Line["kind"][]} */ ...kinds) => bottomRight.filter(({ kind }) => kinds.includes(kind));
  return {
    topLeft: [...(name ? [name] : []), ...joined(person, undefined)],
    topRight: topRight.filter(({ spare = 0 }) => spare < 4).slice(0, 2),
    bottomLeft: joined(bottomLeft, undefined),
    bottomRight: [...joined(said("warn"), "warn"), ...said("across"), ...joined(said("large"), "strong"), ...joined(said("strong"), "strong")],
  };
}

/** What makes a breast image another than one of the usual views. @param {Picture["breast"]} breast */
function breastWords(breast) {
  if (!breast) return "";
  const made = breast.synthetic ? gettext("made from tomosynthesis") : "";
  return [breast.words, made, breast.for_processing ? gettext("FOR PROCESSING, not for reading") : ""].filter(Boolean).join(" · ");
}

/**
 * What changes the meaning of pixels, for where the corners are left out: the plane, its slab, a window that a reader made.
 * @param {Picture} picture
 * @param {{ownWindow: boolean, text: import("./state.js").TextLevel, named?: PlaneName | null, carved?: string}} page ownWindow: the series' own, or one that has a name; named: which of the planes it is
 * @returns {Line | null}
 */
export function heldLine(picture, { ownWindow, text, named, carved }) {
  const { plane } = picture;
  const window = [ownWindow && !picture.inverted ? "" : windowWords(picture), ...layerLines(picture.fused, picture).map(([words]) => words)].filter(Boolean).join(" · ");
  const hidden = hiddenWords(picture);
  if (text !== "all" && !window && !plane?.thickness && !hidden.length && !carved) return null;
  const words = [picture.space ? spaceLine(picture.space, carved) : planeLine(plane, picture.curve), window, ...hidden].filter(Boolean).join(" · ");
  return words ? { text: words, kind: plane ? (named ?? nearest(plane.look)) : "held" } : null;
}

/**
 * What a pane without room for corners says beside the line of identity: prior and side, which may be cut off there, the image, what is held.
 * @param {Picture} picture
 * @param {{ownWindow: boolean, text: import("./state.js").TextLevel, prior: string, carved?: string, calibration?: Calibrated | null, named?: PlaneName | null}} page
 * @returns {Line[]}
 */
export function heldLines(picture, page) {
  // Beside a ruler stands what it rests on.
  const basis = page.text === "none" ? [] : lines([basisWords(picture, page.calibration), "muted"]);
  const held = heldLine(picture, page);
  // The reader has put all other text away.
  const always = page.text === "all" ? lines([page.prior, "prior"], [laterality(picture.laterality), "strong"], [picture.plane || picture.space ? "" : imageOf(picture), "strong"], [picture.suv_words, "warn"]) : [];
  return [...basis, ...always, ...(held ? [held] : [])];
}

/**
 * The corners with as many lines as fit above each other at both sides.
 * @param {Corners} all
 * @param {number} rows of text in the pane's height, but for what letters need
 * @returns {Corners}
 */
export function fitted(all, rows) {
  const fits = (/** @type {Line[]} */ top, /** @type {Line[]} */ bottom) => {
    const over = top.length + bottom.length - rows;
    if (over <= 0) return [top, bottom];
    const spared = [...top, ...bottom].filter(({ spare }) => spare).sort((one, other) => (other.spare ?? 0) - (one.spare ?? 0)).slice(0, over);
    return [top, bottom].map((each) => each.filter((line) => !spared.includes(line)));
  };
  const [topRight = [], bottomRight = []] = fits(all.topRight, all.bottomRight);
  const [topLeft = [], bottomLeft = []] = fits(all.topLeft, all.bottomLeft);
  return { topLeft, topRight, bottomLeft, bottomRight };
}

/**
 * All lines at one side of the pane, for a picture whose other side must stay free.
 * @param {Corners} all
 * @param {"left" | "right"} side
 * @returns {Corners}
 */
export function aside({ topLeft, topRight, bottomLeft, bottomRight }, side) {
  const [top, bottom] = [[...topLeft, ...topRight], [...bottomRight, ...bottomLeft]];
  const none = { topLeft: [], topRight: [], bottomLeft: [], bottomRight: [] };
  return side === "left" ? { ...none, topLeft: top, bottomLeft: bottom } : { ...none, topRight: top, bottomRight: bottom };
}

/**
 * @param {...readonly [text: string | null | undefined | false, kind?: Line["kind"], spare?: number]} given
 * @returns {Line[]}
 */
export function lines(...given) {
  return given.flatMap(([text, kind, spare]) => (text ? [{ text, kind, spare }] : []));
}

/**
 * "phase 3 of 20 (312 ms)".
 * @param {import("./state.js").Dimension} dimension
 */
export function dimensionWords({ label, index, count, words }) {
  const place = interpolate(gettext("{name} {index} of {count}"), { name: label, index: index + 1, count });
  return words ? `${place} (${words})` : place;
}

/** @param {Picture} picture */
export function imageOf({ index, count: total, instance_number, reading }) {
  if (reading) return total === null ? gettext("Image ?, reading the series …") : interpolate(gettext("Image ? of {count}, reading the series …"), { count: total });
  if (index === null || total === null) {
    return instance_number === null ? "" : interpolate(gettext("No. {number}"), { number: instance_number });
  }
  const image = interpolate(gettext("Image {index}/{count}"), { index: index + 1, count: total });
  const differs = instance_number !== null && instance_number !== index + 1;
  return differs ? `${image} (${interpolate(gettext("no. {number}"), { number: instance_number })})` : image;
}

/** @param {Picture} picture */
export function windowWords({ window, unit, modality, colour, inverted, suv }) {
  const known = window && typeof window.center === "number" && typeof window.width === "number" ? window : null;
  // Of fractions, two digits of the width count.
  const fine = known ? Math.min(9, Math.max(1, 1 - Math.floor(Math.log10(/** @type {number} */ (known.width))))) : 1;
  const straight = window?.function === "LINEAR" || (modality === "PT" && window?.function === "LINEAR_EXACT");
  const shape = window?.function && !straight ? window.function.toLowerCase().replace("_", "-") : "";
  const isUptake = modality === "PT" && !colour && String(window?.function) !== "LUT";
  const values = known && isUptake
    ? windowInSuv(/** @type {Window} */ (known), { suv, unit })
    : known
    ? `W ${number(/** @type {number} */ (known.width), fine)} L ${number(/** @type {number} */ (known.center), fine)} ${unit}`.trim()
    : "";
  const named = known && !isUptake ? presetOf({ modality, unit, colour }, /** @type {Window} */ (known))?.label() : "";
  const words = named || window?.explanation || "";
  return [values, shape, words, inverted && gettext("inverted")].filter(Boolean).join(" · ");
}

/**
 * The place of a picture, counted toward left, posterior or head as that of an acquired slice.
 * @param {Picture} picture
 */
function where({ location, slice_thickness, plane }) {
  if (plane && typeof location === "number") {
    const most = plane.look.reduce((best, part) => (Math.abs(part) > Math.abs(best) ? part : best), 0);
    const mm = number(location * (Math.sign(most) || 1));
    return interpolate(gettext("Loc {mm} mm"), { mm });
  }
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
 * @param {Pick<Picture, "lossless" | "source_lossy" | "source_lossy_ratio" | "region" | "size" | "plane" | "space">} picture
 * @returns {Fidelity}
 */
export function fidelity({ lossless, source_lossy, source_lossy_ratio, region, size, plane, space }) {
  const ratio = source_lossy_ratio?.length ? ` ${number(source_lossy_ratio.at(-1) ?? 0)}:1` : "";
  const source = source_lossy ? gettext("LOSSY SOURCE") + ratio : "";
  if (!lossless) return { sign: "moving", words: [source, gettext("LOSSY while moving")].filter(Boolean).join(" · "), insist: false };
  if ((plane || space) && !source) return { sign: "scaled", words: gettext("lossless, computed from the volume"), insist: false };
  const part = size[0] / region[2];
  const scaled = part < 0.999 ? interpolate(gettext("reduced to {percent} %"), { percent: number(part * 100, 0) }) : "";
  if (source) return { sign: "source", words: [source, scaled].filter(Boolean).join(" · "), insist: true };
  return scaled
    ? { sign: "scaled", words: `${gettext("lossless")}, ${scaled}`, insist: false }
    : { sign: "full", words: gettext("lossless, every pixel"), insist: false };
}

/** What a slide pane says: its scale, its magnification, whose slide it is. */

/** @import { Line } from "../viewer/corners.js" */
/** @import { Size } from "../viewer/geometry.js" */
/** @import { Slide, SlidePane, State, StudyOverview } from "../viewer/state.js" */
/** @import { Text } from "./dressing.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { born, lines, ofPatient } from "../viewer/corners.js";
import { studyKey } from "../viewer/state.js";
import { interval, isoDate, whenOf } from "../viewer/when.js";
import { isCalibrated, magnification, perMillimetre } from "./coordinates.js";
import { slideName } from "./slides.js";

/** Below this width (CSS pixels) a pane shows one line of text: who, when, what. */
const NARROW = 400;
/** The longest scale bar: CSS pixels, and a part of the pane. */
const BAR = 200;
const BAR_PART = 0.3;

/**
 * A number with three digits that count.
 * @param {number} value
 */
export const significant = (value) => String(Number(value.toPrecision(3)));

/**
 * A length in the unit that suits it.
 * @param {number} mm
 */
export function length(mm) {
  return mm >= 1 ? `${significant(mm)} mm` : `${significant(mm * 1000)} µm`;
}

/**
 * A bar of a round length (1, 2 or 5 of a power of ten) that takes at most the room there is.
 * @param {number} perMm CSS pixels for a millimetre
 * @param {number} room CSS pixels
 * @returns {{mm: number, length: number, words: string} | null}
 */
export function scaleBar(perMm, room) {
  if (!(perMm > 0) || !Number.isFinite(perMm) || !(room > 0)) return null;
  const power = 10 ** Math.floor(Math.log10(room / perMm));
  const mm = [5, 2, 1].map((digit) => Number((digit * power).toPrecision(1))).find((each) => each * perMm <= room) ?? power;
  return { mm, length: mm * perMm, words: length(mm) };
}

/**
 * "10× (1 µm per pixel)": pixels of the screen.
 * @param {number} perMm pixels of the screen for a millimetre
 */
export function magnificationWords(perMm) {
  const micrometres = 1000 / perMm;
  return interpolate(gettext("{times}× ({micrometres} µm per pixel)"), {
    times: significant(10 / micrometres),
    micrometres: significant(micrometres),
  });
}

/**
 * What stands over a slide; of a slide that isn't there, whose it would be.
 * @param {State} state
 * @param {SlidePane} pane
 * @param {Slide | null} slide
 * @param {Size} size of the pane, CSS pixels
 * @param {number} ratio pixels of the screen for a CSS pixel
 * @returns {Text | null} null while nobody knows whose it is
 */
export function textOf(state, pane, slide, size, ratio) {
  const study = studyOf(state, studyKey(pane.source));
  const own = studyOf(state, studyKey(state));
  const patient = slide?.patient ?? study?.patient;
  if (!patient) return null;
  const date = slide?.study_date || study?.study_date || "";
  const prior = own && study !== own ? interval({ ...whenOf(study), date }, whenOf(own)) : "";
  const name = slide ? slideName(slide) : "";
  const scale = slide && size.width ? magnificationOf(slide, pane, size, ratio) : "";
  return {
    corners: {
      topLeft: lines(...ofPatient(patient)),
      topRight: lines(
        [prior, "prior"],
        [study?.institution],
        [isoDate(date)],
        [study?.date_words, "warn"],
        [slide?.study_description || study?.study_description],
        [study?.accession_number],
      ),
      bottomRight: slide ? about(slide) : [],
    },
    identity: joined([patient.name || gettext("Name unknown"), born(patient), isoDate(date), prior, name]),
    prior,
    zoom: scale,
    words: !slide || isCalibrated(slide) ? "" : gettext("not calibrated"),
    bar: slide && isCalibrated(slide) ? scaleBar(perMillimetre(slide, pane, size), Math.min(BAR, size.width * BAR_PART)) : null,
    text: pane.text,
    narrow: size.width < NARROW,
    name: [gettext("Slide"), name, name.includes(slide?.stain ?? "") ? "" : slide?.stain, scale].filter(Boolean).join(", "),
  };
}

/** @param {Slide} slide */
function about(slide) {
  return lines(
    ...(slide.words ? slide.words.split("; ") : []).map((words) => /** @type {const} */ ([words, "warn"])),
    [[slide.icc ? "" : gettext("no colour profile"), slide.lossy ? gettext("lossy as stored") : ""].filter(Boolean).join(" · "), "muted"],
    [slide.objective ? interpolate(gettext("scanned at {times}×"), { times: slide.objective }) : "", "muted"],
    [slide.description],
    [slideName(slide).includes(slide.stain) ? "" : slide.stain],
    [slideName(slide), "strong"],
  );
}

/**
 * @param {Slide} slide
 * @param {SlidePane} pane
 * @param {Size} size
 * @param {number} ratio
 */
function magnificationOf(slide, pane, size, ratio) {
  if (isCalibrated(slide)) return magnificationWords(perMillimetre(slide, pane, size) * ratio);
  return interpolate(gettext("{percent} % of the stored pixels"), { percent: significant(magnification(slide, pane, size) * ratio * 100) });
}

/**
 * @param {State} state
 * @param {string} key
 * @returns {StudyOverview | null}
 */
function studyOf(state, key) {
  const study = state.studies[key];
  return study && !("error" in study) ? study : null;
}

/** What the page itself knows of a pane, beside the description that came with its picture. */

/** @import { PicturePane, State } from "./state.js" */
/** @import { Picture } from "./corners.js" */
/** @import { Size } from "./geometry.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { carvedWords } from "./carving.js";
import { zoomWords } from "./corners.js";
import { magnification } from "./geometry.js";
import { acrossWords, linkWords } from "./linking.js";
import { nameOf } from "./planes.js";
import { isOwnOrNamed } from "./presets.js";
import { sheetOf } from "./sheets.js";
import { isShown, isVolumePane, seriesKey, stackOf, studyKey } from "./state.js";
import { interval, whenOf } from "./when.js";

/** Below this width (CSS pixels) a pane shows one line of text: who, when, what. */
const NARROW = 400;
/** Height of a line of text as reading.css sets it, in a window as large as is said there; above and below the corners (CSS pixels). */
const LINE = 18.2;
const LARGE = { from: 2600, line: 22.4 };
const MARGINS = 16;
/** Lines that the letter at the pane's side and the large one of a body's side need. */
const LETTERS = 2;

/**
 * @param {State} state
 * @param {PicturePane} pane
 * @param {Picture | null} picture on the screen
 * @param {{canvas: Size, width: number, height: number}} room device pixels; CSS pixels
 * @returns {import("./dressing.js").Known}
 */
export function known(state, pane, picture, { canvas, width, height }) {
  const own = studyOf(state, studyKey(state));
  const when = whenOf(picture ?? studyOf(state, studyKey(pane.source)));
  const sheet = sheetOf(state, pane);
  const isOwn = studyKey(pane.source) === studyKey(state);
  return {
    prior: own && !isOwn ? interval(when, whenOf(own)) : "",
    notes: [...notes(state, pane, picture), ...linkWords(state, pane)],
    across: acrossWords(state, pane),
    carved: carvedWords(pane),
    zoom: sheet ? zoomWords(magnification(sheet.grid, canvas, sheet.look)) : "",
    text: pane.text,
    thing: thingOf(stackOf(state, pane), picture),
    named: isVolumePane(pane) ? nameOf(pane) : null,
    narrow: width < NARROW,
    ownWindow: !sheet || isOwnOrNamed(sheet.stack, pane.voi),
    calibration: picture ? calibrationOf(state, `${studyKey(pane.source)}/${picture.instance}`, picture) : null,
    height,
    rows: Math.floor((height - MARGINS) / (innerWidth >= LARGE.from ? LARGE.line : LINE)) - LETTERS,
  };
}

/**
 * What each picture of a stack is to be called.
 * @param {import("./state.js").Stack | null} stack
 * @param {Picture | null} picture
 */
function thingOf(stack, picture) {
  if (stack?.spatial || picture?.position) return "slice";
  return stack?.cine ? "frame" : "image";
}

/**
 * What the server says of series and stack as wholes: what is missing, tilted, irregular, not counted.
 * @param {State} state
 * @param {PicturePane} pane
 * @param {Picture | null} picture
 * @returns {string[]}
 */
function notes(state, pane, picture) {
  const series = state.series[seriesKey(pane.source)];
  const stack = stackOf(state, pane);
  if (!series || "error" in series || !stack) return [];
  const ofStack = isVolumePane(pane) ? (picture?.volume_words ?? stack.volume?.words) : stack.words;
  const said = [series.words, ofStack].flatMap((words) => (words ? words.split("; ") : []));
  if (stack.total_known !== false || said.length) return said;
  return [interpolate(gettext("{count} received, total unknown"), { count: stack.entries.filter(isShown).length })];
}

/**
 * @param {State} state
 * @param {string} key
 */
function studyOf(state, key) {
  const study = state.studies[key];
  return study && !("error" in study) ? study : null;
}

/**
 * A spacing that somebody set; `frames` that it holds for, null: all.
 * @typedef {{frames: number[] | null, rows: number, columns: number, pixel_spacing: [number, number], words: string}} SetByHand
 */

/**
 * What somebody set for a frame of an image, unless it was replaced by one of another size since.
 * @param {State} state
 * @param {string} image its key
 * @param {{rows: number | null, columns: number | null, frame: number | null}} picture
 */
export function calibrationOf(state, image, { rows, columns, frame }) {
  const holds = (/** @type {SetByHand} */ set) => set.rows === rows && set.columns === columns && (set.frames === null || set.frames.includes(frame ?? 0));
  return state.calibrations[image]?.find(holds) ?? null;
}

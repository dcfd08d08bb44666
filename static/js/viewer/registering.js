/** Two Frames of Reference that are joined: which registrations are known, the landmarks set by hand, what they mean. PURE. */

/** @import { Change, Pane, Stack, State, Vector, VolumeSource } from "./state.js" */
import { isSlidePane, paneAt, sourceKey, stackOf, studyKey, visible } from "./state.js";

/** @typedef {{archive: string, study: string, series: string, stack: string, frame_of_reference: string}} Side */
/**
 * `matrix` takes LPS mm of the moving Frame of Reference to the fixed one's; null while it is being computed.
 * @typedef {{id: string, fixed: Side, moving: Side, method: string, state: "computing" | "proposed" | "accepted", matrix: number[][] | null, error: number | null, words: string}} Registration
 */
/** @typedef {{source: VolumeSource, stack: Stack}} Known */

/** @param {State} state @returns {Known[]} all volumes that are known */
export function volumes(state) {
  return Object.entries(state.series).flatMap(([key, told]) => {
    const [archive = "", study = "", series = ""] = key.split("/");
    return "error" in told ? [] : told.stacks.flatMap((stack) => (stack.volume ? [{ source: /** @type {const} */ ({ kind: "volume", archive, study, series, stack: stack.key }), stack }] : []));
  });
}

/** @param {State} state @param {Pane | null} shown @returns {Known | null} */
export function knownOf(state, shown) {
  const stack = stackOf(state, shown);
  if (!shown || isSlidePane(shown) || !stack?.volume) return null;
  const { archive, study, series } = shown.source;
  return { source: { kind: "volume", archive, study, series, stack: stack.key }, stack };
}

/**
 * The accepted registration between two volumes; the newest counts.
 * @param {State} state
 * @param {Known} one
 * @param {Known} other
 * @returns {Registration | null}
 */
export function joined(state, one, other) {
  const frames = [one.stack.frame_of_reference, other.stack.frame_of_reference];
  if (!frames[0] || !frames[1] || frames[0] === frames[1]) return null;
  const studies = [studyKey(one.source), studyKey(other.source)];
  const of = studies.flatMap((key) => state.registrations[key] ?? []);
  return of.find((each) => each.state === "accepted" && [each.fixed, each.moving].every((side) => frames.includes(side.frame_of_reference) && studies.includes(studyKey(side)))) ?? null;
}

/**
 * The two volumes that a hand would register: the active pane's, and another pane's of another Frame of Reference, else a series of the study.
 * @param {State} state
 * @returns {{fixed: Known, moving: Known} | null}
 */
export function toRegister(state) {
  const fixed = knownOf(state, paneAt(state));
  if (!fixed?.stack.frame_of_reference) return null;
  const differs = (/** @type {Known | null} */ each) => each?.stack.frame_of_reference && each.stack.frame_of_reference !== fixed.stack.frame_of_reference;
  const beside = visible(state).map((index) => knownOf(state, paneAt(state, index))).find(differs);
  const moving = beside ?? volumes(state).find((each) => differs(each) && each.stack.modality !== fixed.stack.modality);
  return moving ? { fixed, moving } : null;
}

/** By which landmarks of two Frames of Reference are kept. @param {{fixed: Known, moving: Known}} pair */
export const pairKey = ({ fixed, moving }) => `${fixed.stack.frame_of_reference} ${moving.stack.frame_of_reference}`;

/** @param {State} state @returns {readonly (readonly [Vector, Vector])[]} of the pair that would be registered */
export function landmarksOf(state) {
  const pair = toRegister(state);
  return pair ? (state.landmarks[pairKey(pair)] ?? []) : [];
}

/**
 * Keep the places to which the crosshair points in both Frames of Reference as one landmark.
 * @type {Change}
 */
export function addLandmark(state) {
  const pair = toRegister(state);
  const [here, there] = [pair?.fixed, pair?.moving].map((each) => state.cursor[each?.stack.frame_of_reference ?? ""]);
  if (!pair || !here || !there) return state;
  const key = pairKey(pair);
  const { [pair.fixed.stack.frame_of_reference ?? ""]: _own, [pair.moving.stack.frame_of_reference ?? ""]: _far, ...cursor } = state.cursor;
  return { ...state, cursor, landmarks: { ...state.landmarks, [key]: [...(state.landmarks[key] ?? []), [here, there]] } };
}

/** @param {State} state @param {string} key of a study @param {Registration[]} told @returns {State} */
export const receiveRegistrations = (state, key, told) => ({ ...state, registrations: { ...state.registrations, [key]: told } });

/**
 * A point taken from one Frame of Reference to another.
 * @param {Registration} registration
 * @param {string} from
 * @param {Vector} point
 * @returns {Vector | null}
 */
export function carried({ fixed, moving, matrix }, from, [x, y, z]) {
  if (!matrix) return null;
  const [[a = 0, b = 0, c = 0, d = 0] = [], [e = 0, f = 0, g = 0, h = 0] = [], [i = 0, j = 0, k = 0, l = 0] = []] = matrix;
  if (from === moving.frame_of_reference) return [a * x + b * y + c * z + d, e * x + f * y + g * z + h, i * x + j * y + k * z + l];
  if (from !== fixed.frame_of_reference) return null;
  const [p, q, r] = [x - d, y - h, z - l];
  return [a * p + e * q + i * r, b * p + f * q + j * r, c * p + g * q + k * r];
}

export const sameVolume = (/** @type {Known} */ one, /** @type {Known} */ other) => sourceKey(one.source) === sourceKey(other.source);

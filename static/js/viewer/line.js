/** How good the line is: what it was measured to carry, and what we ask of it. */

/**
 * @typedef {object} Measured
 * @property {number} roundTrip milliseconds; 0 before the first answer
 * @property {number} perByte   milliseconds
 * @property {number} answers
 */

/** @type {Measured} */
export const UNMEASURED = { roundTrip: 0, perByte: 0, answers: 0 };

const MOST_IN_FLIGHT = 8;
/** One more wish under way for each of these: about what a picture takes to be made. */
const MADE_IN = 20;
/** While a hand moves, a lossless picture may take this long to travel. */
const PATIENCE = 80;
const GUESSED_BYTES = 250_000;
const WEIGHT = 0.25;

/**
 * @param {Measured} line
 * @param {number} milliseconds
 * @returns {Measured}
 */
export function roundTrip(line, milliseconds) {
  const before = line.roundTrip || milliseconds;
  return { ...line, roundTrip: before + WEIGHT * (milliseconds - before) };
}

/**
 * @param {Measured} line
 * @param {number} bytes of an answer
 * @param {number} milliseconds from wish to answer
 * @returns {Measured}
 */
export function answered(line, bytes, milliseconds) {
  // What the server took to make it is not the line's fault.
  const travel = Math.max(0, milliseconds - line.roundTrip - MADE_IN);
  const perByte = travel / Math.max(1, bytes);
  const weight = line.answers < 4 ? 1 / (line.answers + 1) : WEIGHT;
  return { ...line, perByte: line.perByte + weight * (perByte - line.perByte), answers: line.answers + 1 };
}

/**
 * How many wishes of a pane may be under way.
 * @param {Measured} line
 */
export function inFlight(line) {
  return Math.min(MOST_IN_FLIGHT, 1 + Math.floor(line.roundTrip / MADE_IN));
}

/**
 * Whether pictures stay lossless while a hand moves.
 * @param {Measured} line
 * @param {number} [bytes] of the last lossless picture
 */
export function losslessMoving(line, bytes = GUESSED_BYTES) {
  return line.perByte * bytes <= PATIENCE;
}

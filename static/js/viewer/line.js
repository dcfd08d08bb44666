/** How good the line is: what it was measured to carry, and what is asked of it. PURE: milliseconds and bytes. */

/**
 * @typedef {object} Measured
 * @property {readonly number[]} pings   the last few round trips
 * @property {number} roundTrip   the shortest of them: the others also waited behind pictures; 0 before the first
 * @property {number} took   what the server takes to make a picture
 * @property {readonly Answer[]} large   the last few lossless answers: only they weigh a good line
 * @property {readonly Answer[]} small   the last few JPEGs
 * @property {number} lossless   bytes of a lossless picture
 * @property {number} jpeg   bytes of one at the quality to which SHARES refer
 */

/** @typedef {{bytes: number, ready: number, arrived: number, before: number}} Answer ready: when it was on its way, but for the round trip; before: when the picture before it arrived */
/** @typedef {number | null} Quality of a JPEG, from 1 to 100; null: lossless */

/** @type {Measured} */
export const UNMEASURED = { pings: [], roundTrip: 0, took: 5, large: [], small: [], lossless: 150_000, jpeg: 0 };

const PINGS = 6;
export const MOST_IN_FLIGHT = 8;
/** A screen shows a picture in each of these; more are of no use. */
const FRAME = 1000 / 60;
/** What a picture may take on the line while a hand moves, lossless or not. */
const PATIENCE = 20;
const HASTE = 14;
/** What the page may take to turn to an answer: not the line's fault. */
const BUSY = 3;
const WEIGHED = 8;
/** The part of what was weighed that counts, the fastest: a page or a server that is busy adds to the line's time. */
const FASTEST = 1 / 2;
/** A line that was too slow for lossless pictures must be better than that by so much. */
const CAREFUL = 0.6;
const WEIGHT = 0.25;
/** A frame that had to be fetched first says nothing of how long pictures take. */
const LONGEST_MADE = 40;
/** Bytes at each quality, against quality 80; a sixth of a lossless picture is a first guess. */
const SHARES = /** @type {const} */ ([[90, 1.6], [80, 1], [70, 0.8], [60, 0.67], [50, 0.58], [40, 0.5], [30, 0.42]]);
const GUESS = 1 / 6;

/**
 * @param {Measured} line
 * @param {number} milliseconds
 * @returns {Measured}
 */
export function roundTrip(line, milliseconds) {
  const pings = [...line.pings, milliseconds].slice(-PINGS);
  return { ...line, pings, roundTrip: Math.min(...pings) };
}

/**
 * Weigh an answer: the line was at work on it from when it could have been there, or from when the answer before it was.
 * @param {Measured} line
 * @param {{bytes: number, sent: number, arrived: number, before: number, took: number, quality: Quality}} answer
 *   before: when the last picture arrived; took: what the server took to make this one
 * @returns {Measured}
 */
export function answered(line, { bytes, sent, arrived, before, took, quality }) {
  const answer = { bytes, ready: sent + took, arrived, before };
  const share = SHARES.find(([each]) => each === quality)?.[1];
  return {
    ...line,
    large: quality === null ? [...line.large, answer].slice(-WEIGHED) : line.large,
    small: quality !== null ? [...line.small, answer].slice(-WEIGHED) : line.small,
    took: took > LONGEST_MADE ? line.took : line.took + WEIGHT * (took - line.took),
    lossless: quality === null ? bytes : line.lossless,
    jpeg: share === undefined ? line.jpeg : (line.jpeg || bytes / share) + WEIGHT * (bytes / share - (line.jpeg || bytes / share)),
  };
}

/**
 * What bytes take on the line. It was at work on an answer from when that could have been there, or from when the answer
 * before it was; a page that turns late to one makes the next one seem fast, so those that follow each other are one.
 * @param {readonly Answer[]} answers
 * @param {number} roundTrip as it is known by now
 * @returns {number} milliseconds for a byte
 */
function perByte(answers, roundTrip) {
  /** @type {{bytes: number, travel: number}[]} */
  const runs = [];
  for (const { bytes, ready, arrived, before } of answers) {
    const expected = ready + roundTrip;
    const last = before > expected ? runs.at(-1) : undefined;
    const travel = Math.max(0, arrived - Math.max(expected, before) - (last ? 0 : BUSY));
    if (last) {
      last.bytes += bytes;
      last.travel += travel;
    } else runs.push({ bytes, travel });
  }
  const all = runs.reduce((sum, { bytes }) => sum + bytes, 0);
  let [bytes, travel] = [0, 0];
  for (const each of runs.sort((one, other) => one.travel / one.bytes - other.travel / other.bytes)) {
    bytes += each.bytes;
    travel += each.travel;
    if (bytes >= all * FASTEST) break;
  }
  return bytes ? travel / bytes : 0;
}

/** For lossless pictures, and for JPEGs. @param {Measured} line @returns {{lossless: number, jpeg: number}} milliseconds for a byte */
export function carries({ large, small, roundTrip }) {
  const lossless = perByte(large, roundTrip);
  return { lossless, jpeg: Math.max(lossless, perByte(small, roundTrip)) };
}

/**
 * What a picture is asked for while a hand moves: lossless if the line carries it in time, else the best that it does.
 * @param {Measured} line
 * @param {number} [sharing] panes that move together
 * @param {Quality} [before] what was asked for until now
 * @returns {Quality}
 */
export function moving(line, sharing = 1, before = null) {
  const { lossless, jpeg } = carries(line);
  // Small pictures can't tell a good line from a middling one: what once was too slow is so until a lossless one was faster.
  if (lossless * sharing * line.lossless <= PATIENCE * (before === null ? 1 : CAREFUL)) return null;
  const whole = line.jpeg || line.lossless * GUESS;
  return (SHARES.find(([, share]) => jpeg * sharing * whole * share <= HASTE) ?? SHARES[SHARES.length - 1])?.[0] ?? null;
}

/**
 * How many wishes of a pane may be under way, so that a picture comes for each frame of the screen, or as many as the line carries.
 * @param {Measured} line
 * @param {number} [sharing] panes that move together
 * @param {Quality} [quality] in which they are asked for
 */
export function inFlight(line, sharing = 1, quality = moving(line, sharing)) {
  const { lossless, jpeg } = carries(line);
  const share = SHARES.find(([each]) => each === quality)?.[1] ?? 0;
  const travel = sharing * (quality === null ? lossless * line.lossless : jpeg * (line.jpeg || line.lossless * GUESS) * share);
  // Panes that move together share the processors too: what waits there for its turn only comes later.
  const count = Math.ceil((line.roundTrip + line.took + travel) / Math.max(FRAME * sharing, travel));
  return Math.min(MOST_IN_FLIGHT, Math.max(1, count));
}

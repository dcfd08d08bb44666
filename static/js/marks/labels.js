/** Where the numbers of lines stand: each beside its own line, never nearer to another, never over another number. */

/** @import { Spot } from "./gesture.js" */

/** CSS pixels in an area, from its left top corner. @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {[one: Spot, other: Spot]} Ends */
/** @typedef {{width: number, height: number}} Extent */
/** @typedef {{box: Box, leader: Ends | null}} Placed leader: from the line to its label, where that stands away from it */

/** How far labels stand from the place that they name; the first needs no leader. */
const GAPS = [8, 26, 48, 80, 120, 170];
/** A label is nearer to its own line than to any other by this much. */
const CLEAR = 6;
const MARGIN = 2;
const LED = 16;
const WAYS = /** @type {[number, number][]} */ ([[1, 0], [1, 1], [1, -1], [0, 1], [0, -1], [-1, 1], [-1, -1], [-1, 0]]);

/**
 * @param {Ends} line
 * @param {Extent} size of its label
 * @param {readonly Ends[]} others the other lines in the area
 * @param {readonly Box[]} taken by labels that stand already
 * @param {Extent} area
 * @returns {Placed | null} null: the line isn't in sight, or nothing is free beside it
 */
export function labelBeside(line, size, others, taken, area) {
  const seen = inside(line, { x: 0, y: 0, ...area });
  if (!seen) return null;
  const anchors = anchorsOf(line, seen, area);
  const free = candidates(anchors, size, area).filter(({ box }) => !taken.some((each) => overlap(each, box)));
  for (const isGood of [
    (/** @type {number} */ own, /** @type {number} */ other) => own > 0 && other >= own + CLEAR,
    (/** @type {number} */ own, /** @type {number} */ other) => other >= own && (own > 0 || other > 0),
    // Two lines in one place: whichever is meant, it is the same place.
    (/** @type {number} */ own, /** @type {number} */ other) => own > 0 && other >= own - 0.5,
  ]) {
    for (const { box, at } of free) {
      const own = distance(box, line);
      if (!isGood(own, Math.min(Infinity, ...others.map((other) => distance(box, other))))) continue;
      const leader = own > LED ? /** @type {Ends} */ ([at, nearest(box, at)]) : null;
      if (leader && (others.some((other) => cross(leader, other)) || taken.some((each) => inside(leader, each)))) continue;
      return { box, leader };
    }
  }
  return null;
}

/**
 * The ends that are in sight, the one further right first, and the middle of what is in sight.
 * @param {Ends} line
 * @param {Ends} seen the part of it in the area
 * @param {Extent} area
 * @returns {{at: Spot, away: [number, number] | null}[]} away: beyond an end, along the line
 */
function anchorsOf([one, other], seen, area) {
  const long = Math.hypot(other.x - one.x, other.y - one.y) || 1;
  const along = /** @type {[number, number]} */ ([(other.x - one.x) / long, (other.y - one.y) / long]);
  const ends = [{ at: one, away: /** @type {[number, number]} */ ([-along[0], -along[1]]) }, { at: other, away: along }]
    .filter(({ at }) => at.x >= 0 && at.y >= 0 && at.x <= area.width && at.y <= area.height)
    .sort((a, b) => b.at.x - a.at.x);
  return [...ends, { at: { x: (seen[0].x + seen[1].x) / 2, y: (seen[0].y + seen[1].y) / 2 }, away: null }];
}

/**
 * @param {{at: Spot, away: [number, number] | null}[]} anchors
 * @param {Extent} size
 * @param {Extent} area
 * @returns {{box: Box, at: Spot}[]} within the area, the best first
 */
function candidates(anchors, { width, height }, area) {
  return GAPS.flatMap((gap) => anchors.flatMap(({ at, away }) => {
    const ways = away ? [...WAYS].sort((a, b) => towards(b, away) - towards(a, away)) : WAYS;
    return ways.map(([x, y]) => ({ at, box: { x: at.x - width / 2 + x * (width / 2 + gap), y: at.y - height / 2 + y * (height / 2 + gap), width, height } }));
  })).filter(({ box }) => box.x >= MARGIN && box.y >= MARGIN && box.x + width <= area.width - MARGIN && box.y + height <= area.height - MARGIN);
}

/** @param {[number, number]} way @param {[number, number]} away */
const towards = ([x, y], away) => (x * away[0] + y * away[1]) / Math.hypot(x, y);

/** @param {Box} one @param {Box} other */
function overlap(one, other) {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

/** The point of a box that is nearest to a place. @param {Box} box @param {Spot} at @returns {Spot} */
function nearest({ x, y, width, height }, at) {
  return { x: Math.max(x, Math.min(at.x, x + width)), y: Math.max(y, Math.min(at.y, y + height)) };
}

/**
 * CSS pixels between a label and a line; 0 where it lies over it.
 * @param {Box} box
 * @param {Ends} line
 */
export function distance(box, line) {
  if (inside(line, box)) return 0;
  const { x, y, width, height } = box;
  const corners = [{ x, y }, { x: x + width, y }, { x, y: y + height }, { x: x + width, y: y + height }];
  const ends = line.map((end) => gap(end, nearest(box, end)));
  return Math.min(...ends, ...corners.map((corner) => gap(corner, foot(line, corner))));
}

/** @param {Spot} one @param {Spot} other */
const gap = (one, other) => Math.hypot(other.x - one.x, other.y - one.y);

/** The point of a line that is nearest to a place. @param {Ends} line @param {Spot} at @returns {Spot} */
function foot([one, other], at) {
  const [x, y] = [other.x - one.x, other.y - one.y];
  const part = Math.max(0, Math.min(1, ((at.x - one.x) * x + (at.y - one.y) * y) / (x * x + y * y || 1)));
  return { x: one.x + part * x, y: one.y + part * y };
}

/**
 * The part of a line that lies in a box (Liang and Barsky); null where none does.
 * @param {Ends} line
 * @param {Box} box
 * @returns {Ends | null}
 */
function inside([one, other], { x, y, width, height }) {
  const [dx, dy] = [other.x - one.x, other.y - one.y];
  let [from, to] = [0, 1];
  for (const [step, room] of /** @type {[number, number][]} */ ([[-dx, one.x - x], [dx, x + width - one.x], [-dy, one.y - y], [dy, y + height - one.y]])) {
    if (step === 0 && room < 0) return null;
    if (step < 0) from = Math.max(from, room / step);
    if (step > 0) to = Math.min(to, room / step);
  }
  const at = (/** @type {number} */ part) => ({ x: one.x + part * dx, y: one.y + part * dy });
  return from <= to ? [at(from), at(to)] : null;
}

/** Whether two lines cross. @param {Ends} line @param {Ends} other */
function cross([a, b], [c, d]) {
  const side = (/** @type {Spot} */ p, /** @type {Spot} */ q, /** @type {Spot} */ r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

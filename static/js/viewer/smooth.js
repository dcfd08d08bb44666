/** A smooth path through points: the centripetal Catmull-Rom curve along which the server samples. PURE: LPS millimetres. */

/** @import { Vector } from "./state.js" */
import { add, dot, length, minus, times } from "./vectors.js";

/** Pieces of the line between two points. */
const PIECES = 12;

/**
 * The third of three points, mirrored in the plane half-way between the first two: so a curve goes on beyond its end.
 * @param {readonly Vector[]} points
 * @returns {Vector}
 */
function mirrored([first, second, third]) {
  const [one, two] = [/** @type {Vector} */ (first), /** @type {Vector} */ (second)];
  if (!third) return minus(times(one, 2), two);
  const along = minus(two, one);
  const middle = times(add(one, two), 0.5);
  return minus(third, times(along, (2 * dot(minus(third, middle), along)) / dot(along, along)));
}

/**
 * @param {readonly Vector[]} given
 * @returns {Vector[]} a polyline through all of them
 */
export function smooth(given) {
  const points = given.filter((point, index) => index === 0 || length(minus(point, /** @type {Vector} */ (given[index - 1]))) > 1e-6);
  if (points.length < 2) return [...points];
  const whole = [mirrored(points), ...points, mirrored([...points].reverse())];
  const knots = whole.reduce((/** @type {number[]} */ all, point, index) => [...all, index ? (all[index - 1] ?? 0) + Math.sqrt(length(minus(point, /** @type {Vector} */ (whole[index - 1])))) : 0], []);
  const line = points.slice(1).flatMap((_, at) => Array.from({ length: PIECES }, (_, piece) => between(whole.slice(at, at + 4), knots.slice(at, at + 4), piece / PIECES)));
  return [...line, /** @type {Vector} */ (points.at(-1))];
}

/**
 * Between the middle two of four points, by Barry and Goldman.
 * @param {readonly Vector[]} points
 * @param {readonly number[]} knots
 * @param {number} share from 0 to 1
 * @returns {Vector}
 */
function between(points, knots, share) {
  const [t0 = 0, t1 = 0, t2 = 0, t3 = 0] = knots;
  const [p0, p1, p2, p3] = /** @type {[Vector, Vector, Vector, Vector]} */ (points);
  const t = t1 + (t2 - t1) * share;
  const mix = (/** @type {Vector} */ one, /** @type {Vector} */ other, /** @type {number} */ from, /** @type {number} */ to) => add(times(one, (to - t) / (to - from)), times(other, (t - from) / (to - from)));
  const [a1, a2, a3] = [mix(p0, p1, t0, t1), mix(p1, p2, t1, t2), mix(p2, p3, t2, t3)];
  return mix(mix(a1, a2, t0, t2), mix(a2, a3, t1, t3), t1, t2);
}

/** Sums and products of three numbers. */

/** @import { Vector } from "./state.js" */

/** @param {Vector} one @param {Vector} other @returns {Vector} */
export const add = (one, other) => [one[0] + other[0], one[1] + other[1], one[2] + other[2]];
/** @param {Vector} one @param {Vector} other @returns {Vector} */
export const minus = (one, other) => [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
/** @param {Vector} vector @param {number} factor @returns {Vector} without negative zeros */
export const times = ([x, y, z], factor) => [x * factor + 0, y * factor + 0, z * factor + 0];
/** @param {Vector} one @param {Vector} other */
export const dot = (one, other) => one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
/** @param {Vector} one @param {Vector} other @returns {Vector} */
export const cross = ([a, b, c], [d, e, f]) => [b * f - c * e + 0, c * d - a * f + 0, a * e - b * d + 0];
/** @param {Vector} vector */
export const length = (vector) => Math.hypot(...vector);
/** @param {Vector} vector @returns {Vector} */
export const unit = (vector) => times(vector, 1 / length(vector));

/**
 * @param {Vector} vector
 * @param {Vector} axis unit vector
 * @param {number} angle radians, clockwise as seen along the axis
 * @returns {Vector}
 */
export function turned(vector, axis, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return add(add(times(vector, cos), times(cross(axis, vector), sin)), times(axis, dot(axis, vector) * (1 - cos)));
}

/** Where marks are laid: a pane's picture as places in the patient, on the slide or in the image, and back. */

/** @import { Picture } from "./corners.js" */
/** @import { Matrix } from "./geometry.js" */
/** @import { Plane, Source, Vector } from "./state.js" */
import { apply, inverse } from "./geometry.js";
import { add, cross, dot, minus, times } from "./vectors.js";

/**
 * What a surface shows, as far as it decides where a mark belongs.
 * Points in space "patient" are LPS mm, in "slide" slide mm, in "image" column and row where whole numbers are centres of pixels.
 * @typedef {object} Ground
 * @property {"patient" | "slide" | "image"} space
 * @property {string | null} frame_of_reference
 * @property {string} archive
 * @property {string} study
 * @property {string} series
 * @property {string | null} instance   null on a plane
 * @property {number | null} frame
 * @property {string} stack   key of the stack, or of the slide
 * @property {Plane | null} plane   of a volume
 */

/**
 * @typedef {object} Surface one image area, whatever it shows
 * @property {HTMLElement} area   a layer of marks is laid over it
 * @property {Ground | null} ground   of the picture on the screen; null while there is none
 * @property {(point: readonly number[]) => {x: number, y: number, distance: number} | null} project CSS pixels in the area; signed mm from what is shown
 * @property {(x: number, y: number) => (Ground & {point: number[]}) | null} unproject null where no picture is
 * @property {(drawn: () => void) => () => void} onDrawn after each paint; returns how to stop
 */

/** @typedef {{position: Vector, right: Vector, down: Vector, spacing: [number, number]}} Lie of a picture in the patient: right and down are unit vectors, spacing mm between rows, between columns */

/**
 * Where a picture lies among those of its own series, by its own words; null where it doesn't say all of it.
 * @param {Picture} picture
 * @returns {Lie | null}
 */
export function lieOf({ position, orientation, pixel_spacing, spacing_basis }) {
  if (position?.length !== 3 || orientation?.length !== 6 || !pixel_spacing || spacing_basis !== "patient") return null;
  const [a, b, c, d, e, f] = /** @type {[number, number, number, number, number, number]} */ (orientation);
  return { position: /** @type {Vector} */ (position), right: [a, b, c], down: [d, e, f], spacing: pixel_spacing };
}

/**
 * Where a picture lies in the patient: places in a frame of reference, which marks can be kept in.
 * @param {Picture} picture
 * @returns {Lie | null}
 */
function lieInPatient(picture) {
  return picture.frame_of_reference ? lieOf(picture) : null;
}

/**
 * @param {Lie} lie
 * @param {Vector} point LPS mm
 * @returns {{column: number, row: number, distance: number}} pixels from the picture's corner; mm from its plane
 */
export function toPicture({ position, right, down, spacing }, point) {
  const from = minus(point, position);
  return { column: dot(from, right) / spacing[1] + 0.5, row: dot(from, down) / spacing[0] + 0.5, distance: dot(from, cross(right, down)) };
}

/**
 * @param {Lie} lie
 * @param {number} column pixels from the picture's corner
 * @param {number} row
 * @returns {Vector} LPS mm
 */
export function toPatient({ position, right, down, spacing }, column, row) {
  return add(position, add(times(right, (column - 0.5) * spacing[1]), times(down, (row - 0.5) * spacing[0])));
}

/**
 * @param {Picture} picture
 * @param {Source} source it was asked for
 * @returns {Ground | null} null for a plane in no frame of reference: its pixels are nobody's stored ones
 */
export function groundOf(picture, { archive, study }) {
  // What is unrolled along a path has no place of its own that a mark could be kept in.
  if (picture.curve?.form) return null;
  const { plane, frame_of_reference, series_uid, instance, frame, stack } = picture;
  const where = { archive, study, series: series_uid, stack: stack ?? "", frame_of_reference };
  const space = lieInPatient(picture) ? "patient" : "image";
  if (plane && space === "image") return null;
  return { space, ...where, instance: instance || null, frame: frame || null, plane: plane ? { point: plane.point, look: plane.look, up: plane.up } : null };
}

/**
 * @param {Picture} picture
 * @param {Matrix} placed from pixels of the picture to device pixels
 * @param {readonly number[]} point in the picture's space
 * @returns {{x: number, y: number, distance: number}} device pixels; mm
 */
export function onScreen(picture, placed, point) {
  const lie = lieInPatient(picture);
  if (lie && point.length !== 3) throw new RangeError("a point in the patient has three coordinates");
  const [first = 0, second = 0] = point;
  const { column, row, distance } = lie ? toPicture(lie, /** @type {Vector} */ (point)) : { column: first + 0.5, row: second + 0.5, distance: 0 };
  const [x, y] = apply(placed, column, row);
  return { x, y, distance };
}

/**
 * @param {Picture} picture
 * @param {Matrix} placed
 * @param {number} x device pixels
 * @param {number} y
 * @returns {number[] | null} null outside the picture
 */
export function underScreen(picture, placed, x, y) {
  const [column, row] = apply(inverse(placed), x, y);
  if (column < 0 || row < 0 || column > picture.columns || row > picture.rows) return null;
  const lie = lieInPatient(picture);
  return lie ? toPatient(lie, column, row) : [column - 0.5, row - 0.5];
}

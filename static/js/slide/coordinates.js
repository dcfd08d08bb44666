/**
 * Slide, screen and millimetres.
 *
 * Image coordinates count pixels of the largest level from its corner (the centre of the first pixel is 0.5, 0.5); slide
 * coordinates are millimetres of the slide's frame of reference; screen coordinates are CSS pixels of the pane. A slide
 * whose spacing isn't known has pixels in the place of millimetres, and never says a length.
 */

/** @import { Matrix, Size } from "../viewer/geometry.js" */
/** @import { Slide } from "../viewer/state.js" */
import { apply, inverse } from "../viewer/geometry.js";

/** What the pane's state says of the field: mm, mm, clockwise degrees after the flip. @typedef {{center: [number, number] | null, width: number | null, rotation: number, flip_horizontal: boolean}} Look */
/** @typedef {Pick<Slide, "columns" | "rows" | "spacing_mm" | "origin" | "orientation">} Grid */

/** CSS pixels for one pixel of the largest level: as far as one may go in. */
export const LARGEST = 16;
/** CSS pixels that the whole slide may shrink to. */
export const SMALLEST = 48;

/** @param {Pick<Slide, "spacing_mm">} slide */
export const isCalibrated = ({ spacing_mm }) => spacing_mm !== null;

/**
 * Millimetres from one column to the next, from one row to the next.
 * @param {Pick<Slide, "spacing_mm">} slide
 * @returns {[number, number]}
 */
export function spacingOf({ spacing_mm }) {
  return spacing_mm ? [spacing_mm[1], spacing_mm[0]] : [1, 1];
}

/**
 * From image to slide millimetres (PS3.3 C.7.6.17.3: the origin is the centre of the first pixel).
 * @param {Grid} slide
 * @returns {Matrix}
 */
export function slideMatrix(slide) {
  const [across, down] = spacingOf(slide);
  const [x, y] = slide.spacing_mm ? slide.origin : [0.5, 0.5];
  const [rx = 1, ry = 0, , cx = 0, cy = 1] = oriented(slide) ? slide.orientation : [];
  /** @type {Matrix} */
  const matrix = [rx * across, ry * across, cx * down, cy * down, x ?? 0, y ?? 0];
  matrix[4] -= (matrix[0] + matrix[2]) / 2;
  matrix[5] -= (matrix[1] + matrix[3]) / 2;
  return matrix;
}

/** @param {Grid} slide */
function oriented({ spacing_mm, orientation: [rx = 0, ry = 0, , cx = 0, cy = 0] }) {
  return spacing_mm !== null && Math.abs(rx * cy - ry * cx) > 1e-6;
}

/**
 * @param {Grid} slide
 * @param {readonly [number, number]} pixel image coordinates
 * @returns {[number, number]} mm
 */
export function millimetres(slide, [column, row]) {
  return apply(slideMatrix(slide), column, row);
}

/**
 * @param {Grid} slide
 * @param {readonly [number, number]} point mm
 * @returns {[number, number]} image coordinates
 */
export function pixels(slide, [x, y]) {
  return apply(inverse(slideMatrix(slide)), x, y);
}

/**
 * CSS pixels for the width of one pixel of the largest level.
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane CSS pixels
 * @returns {number}
 */
export function magnification(slide, look, pane) {
  return look.width === null ? fitting(slide, look.rotation, pane) : (pane.width * spacingOf(slide)[0]) / look.width;
}

/**
 * @param {Grid} slide
 * @param {number} rotation
 * @param {Size} pane
 */
function fitting(slide, rotation, pane) {
  const [cos, sin] = turn(rotation).map(Math.abs);
  const [width, height] = [slide.columns, slide.rows * aspectOf(slide)];
  const across = width * (cos ?? 1) + height * (sin ?? 0);
  const down = width * (sin ?? 0) + height * (cos ?? 1);
  return Math.min(pane.width / across, pane.height / down);
}

/**
 * Height of a pixel by its width.
 * @param {Pick<Slide, "spacing_mm">} slide
 */
export function aspectOf(slide) {
  const [across, down] = spacingOf(slide);
  return down / across;
}

/**
 * @param {number} degrees
 * @returns {[cos: number, sin: number]} exact for right angles
 */
function turn(degrees) {
  const angle = (degrees * Math.PI) / 180;
  return degrees % 90 ? [Math.cos(angle), Math.sin(angle)] : [Math.round(Math.cos(angle)), Math.round(Math.sin(angle))];
}

/**
 * The point of the image in the middle of the pane.
 * @param {Grid} slide
 * @param {Look} look
 * @returns {[number, number]}
 */
export function middle(slide, { center }) {
  return center ? pixels(slide, center) : [slide.columns / 2, slide.rows / 2];
}

/**
 * From image to screen.
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane CSS pixels
 * @returns {Matrix}
 */
export function placed(slide, look, pane) {
  const scale = magnification(slide, look, pane);
  const [cos, sin] = turn(look.rotation);
  const x = look.flip_horizontal ? -scale : scale;
  const y = scale * aspectOf(slide);
  const [a, b, c, d] = [cos * x, sin * x, -sin * y, cos * y];
  const [column, row] = middle(slide, look);
  return [a, b, c, d, pane.width / 2 - a * column - c * row, pane.height / 2 - b * column - d * row];
}

/**
 * The field after the slide was moved under the pane by screen pixels.
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane
 * @param {number} dx
 * @param {number} dy
 * @returns {{center: [number, number], width: number}}
 */
export function panned(slide, look, pane, dx, dy) {
  return { center: moved(slide, look, pane, dx, dy), width: widthOf(slide, look, pane) };
}

/**
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane
 * @param {number} dx
 * @param {number} dy
 * @returns {[number, number]} mm
 */
function moved(slide, look, pane, dx, dy) {
  const [column, row] = apply(inverse(placed(slide, look, pane)), pane.width / 2 - dx, pane.height / 2 - dy);
  // The slide can't be lost: the middle of the pane stays on it.
  return millimetres(slide, [Math.min(slide.columns, Math.max(0, column)), Math.min(slide.rows, Math.max(0, row))]);
}

/**
 * Millimetres across the pane.
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane
 */
export function widthOf(slide, look, pane) {
  return look.width ?? (pane.width * spacingOf(slide)[0]) / magnification(slide, look, pane);
}

/**
 * Zoom so that the point of the slide under a point of the screen stays there.
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane
 * @param {number} factor more than 1 enlarges
 * @param {readonly [number, number]} [at] CSS pixels; the middle of the pane
 * @returns {{center: [number, number], width: number}}
 */
export function zoomed(slide, look, pane, factor, at = [pane.width / 2, pane.height / 2]) {
  const before = magnification(slide, look, pane);
  const least = Math.min(SMALLEST / Math.max(slide.columns, slide.rows * aspectOf(slide)), fitting(slide, look.rotation, pane));
  const scale = Math.min(LARGEST, Math.max(least, before * factor));
  const part = 1 - before / scale;
  const [x, y] = [at[0] - pane.width / 2, at[1] - pane.height / 2];
  return {
    center: moved(slide, look, pane, -x * part, -y * part),
    width: (pane.width * spacingOf(slide)[0]) / scale,
  };
}

/**
 * The width of the field at a magnification: at 10× a pixel of the screen is 1 µm, at 40× 0.25 µm.
 * @param {number} times
 * @param {Size} pane CSS pixels
 * @param {number} ratio pixels of the screen for a CSS pixel
 * @returns {number} mm
 */
export function widthAt(times, pane, ratio) {
  return (pane.width * ratio * 10) / times / 1000;
}

/**
 * What a length on the slide is on the screen.
 * @param {Grid} slide
 * @param {Look} look
 * @param {Size} pane
 * @returns {number} CSS pixels for a millimetre
 */
export function perMillimetre(slide, look, pane) {
  return magnification(slide, look, pane) / spacingOf(slide)[0];
}

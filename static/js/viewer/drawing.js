/** Pixels onto a canvas: one matrix, and nothing mixed where a pixel of the picture is a pixel of the screen. */

/** @import { Answer } from "./pictures.js" */
/** @import { Picture } from "./corners.js" */
/** @import { Matrix, Size } from "./geometry.js" */
/** @import { Sheet } from "./sheets.js" */
import { gridOf, magnification, matrix } from "./geometry.js";
import { axes, toGrid } from "./planes.js";
import { isStackPane } from "./state.js";
import { lieOf } from "./surface.js";
import { dot } from "./vectors.js";

const ALIKE = 1e-3;
/** Cosine between directions that count as the same. */
const ALIGNED = 0.99999;

/**
 * The size of an element in the screen's own pixels.
 * @param {HTMLElement} element
 * @param {ResizeObserverSize} [box] what the browser says it is
 * @returns {Size}
 */
export function devicePixels(element, box) {
  const [width, height] = [element.clientWidth * devicePixelRatio, element.clientHeight * devicePixelRatio];
  // The browser knows how an element falls on the pixels; but not when the ratio is emulated.
  const known = box && Math.abs(box.inlineSize - width) < 2 && Math.abs(box.blockSize - height) < 2;
  return known ? { width: box.inlineSize, height: box.blockSize } : { width: Math.round(width), height: Math.round(height) };
}

/** @param {CanvasRenderingContext2D} context */
export function blacken(context) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

/**
 * Where a picture belongs in a pane: from its own pixels to the screen's.
 * @param {Picture} picture
 * @param {Sheet} sheet
 * @param {Size} canvas
 * @returns {{placed: Matrix, scale: number} | null} scale: device pixels for a pixel's width; null for a plane seen from elsewhere
 */
export function placing(picture, { pane, stack, grid, look }, canvas) {
  if (isStackPane(pane)) {
    const own = gridOf(picture);
    return { placed: matrix(own, canvas, look), scale: magnification(own, canvas, look) };
  }
  const lie = lieOf(picture);
  const { right, down } = axes(pane.plane);
  if (!lie || !stack.volume || dot(lie.right, right) < ALIGNED || dot(lie.down, down) < ALIGNED) return null;
  const [a, b, c, d, e, f] = matrix(grid, canvas, look);
  const [column, row] = toGrid(stack.volume, pane.plane, lie.position);
  const share = lie.spacing[1] / stack.volume.spacing_mm;
  const [left, top] = [column - share / 2, row - share / 2];
  const placed = /** @type {Matrix} */ ([a * share, b * share, c * share, d * share, Math.round(e + a * left + c * top), Math.round(f + b * left + d * top)]);
  return { placed, scale: magnification(grid, canvas, look) * share };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Answer} answer
 * @param {{placed: Matrix, scale: number}} place
 */
export function draw(context, { bitmap, picture }, { placed, scale }) {
  const [x, y, width, height] = picture.region;
  const across = (scale * width) / bitmap.width;
  const down = (scale * gridOf(picture).aspect * height) / bitmap.height;
  context.setTransform(...placed);
  context.imageSmoothingEnabled = Math.abs(across - 1) > ALIKE || Math.abs(down - 1) > ALIKE;
  // Magnified, both are the same; but for "medium" the browser makes smaller copies first, which nobody sees.
  context.imageSmoothingQuality = Math.min(across, down) < 1 ? "medium" : "low";
  context.drawImage(bitmap, x, y, width, height);
}

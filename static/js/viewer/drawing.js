/** Pixels onto a canvas: one matrix, and nothing mixed where a pixel of the picture is a pixel of the screen. */

/** @import { Answer } from "./pictures.js" */
/** @import { Look, Matrix, Size } from "./geometry.js" */
import { magnification, matrix } from "./geometry.js";
import { gridOf } from "./wishes.js";

const ALIKE = 1e-3;

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
 * @param {CanvasRenderingContext2D} context
 * @param {Answer} answer
 * @param {Size} canvas
 * @param {Look} look
 * @returns {{placed: Matrix, scale: number}} the matrix with which it was drawn, device pixels for an image pixel's width
 */
export function draw(context, { bitmap, picture }, canvas, look) {
  const grid = gridOf(picture);
  const placed = matrix(grid, canvas, look);
  const scale = magnification(grid, canvas, look);
  const [x, y, width, height] = picture.region;
  const across = (scale * width) / bitmap.width;
  const down = (scale * grid.aspect * height) / bitmap.height;
  context.setTransform(...placed);
  context.imageSmoothingEnabled = Math.abs(across - 1) > ALIKE || Math.abs(down - 1) > ALIKE;
  context.imageSmoothingQuality = "medium";
  context.drawImage(bitmap, x, y, width, height);
  return { placed, scale };
}

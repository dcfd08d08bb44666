/** Where places of the patient lie on a pane that shows a volume in three dimensions, and back. PURE: LPS millimetres and CSS pixels. */

/** @import { Matrix, Size } from "./geometry.js" */
/** @import { SpacePane, State, Vector, Volume } from "./state.js" */
import { apply, inverse, matrix } from "./geometry.js";
import { axes, fromGrid, planeGrid, toGrid } from "./planes.js";
import { isSpacePane, paneAt, stackOf } from "./state.js";
import { dot, minus } from "./vectors.js";

/** @typedef {[x: number, y: number]} Spot CSS pixels */

/** A pane's camera over its canvas: orthographic, so that a direction is as long everywhere. */
export class SpacePlace {
  /** @type {Matrix} */
  #matrix;

  /**
   * @param {SpacePane} shown
   * @param {Volume} volume
   * @param {Size} canvas device pixels
   * @param {number} ratio device pixels for a CSS pixel
   */
  constructor(shown, volume, canvas, ratio) {
    this.shown = shown;
    this.volume = volume;
    const look = { ...shown, center: shown.center && toGrid(volume, shown.plane, shown.center) };
    this.#matrix = /** @type {Matrix} */ (matrix(planeGrid(volume, shown.plane), canvas, look).map((part) => part / ratio));
  }

  /** @param {Vector} point @returns {Spot} */
  spot(point) {
    return apply(this.#matrix, ...toGrid(this.volume, this.shown.plane, point));
  }

  /** How far a millimetre in a direction goes on the screen. @param {Vector} direction unit vector @returns {Spot} */
  along(direction) {
    const [a, b, c, d] = this.#matrix;
    const { right, down } = axes(this.shown.plane);
    const [x, y] = [dot(direction, right) / this.volume.spacing_mm, dot(direction, down) / this.volume.spacing_mm];
    return [a * x + c * y, b * x + d * y];
  }

  /** @param {Spot} spot @returns {[number, number]} mm to the right and down of the camera's point */
  corner(spot) {
    const { plane } = this.shown;
    const { right, down } = axes(plane);
    const from = minus(fromGrid(this.volume, plane, apply(inverse(this.#matrix), ...spot)), plane.point);
    return /** @type {[number, number]} */ ([dot(from, right), dot(from, down)].map((part) => Math.round(part * 100) / 100));
  }
}

/**
 * @param {State} state
 * @param {number} index of the pane
 * @param {Size} canvas device pixels
 * @param {number} ratio
 * @returns {SpacePlace | null} null where no volume is shown in three dimensions
 */
export function spacePlace(state, index, canvas, ratio) {
  const shown = paneAt(state, index);
  const volume = stackOf(state, shown)?.volume;
  return isSpacePane(shown) && volume && canvas.width ? new SpacePlace(shown, volume, canvas, ratio) : null;
}

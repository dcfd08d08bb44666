/** Which picture of a plane to ask for: a camera before a volume, as PS3.18 rendered MPR. */

/** @import { Size } from "./geometry.js" */
/** @import { Quality } from "./line.js" */
/** @import { Stack, Vector, Volume, VolumePane, VolumeSource } from "./state.js" */
/** @import { Wish } from "./wishes.js" */
import { fusedQuery } from "./fusing.js";
import { magnification, matrix, seenPart } from "./geometry.js";
import { THROUGH } from "./state.js";
import { depth, fromGrid, middle as middleOf, planeGrid, pointAt, series, toGrid } from "./planes.js";
import { minus, times } from "./vectors.js";
import { blocks, encoded, greyQuery } from "./wishes.js";

/** Samples for a side of the smallest voxel, at most: closer ones say nothing more. */
const FINEST = 2;
/** mm from the eye to what it looks at; the picture doesn't depend on it. */
const AWAY = 100;
const NEXT = 8;

/** @param {VolumeSource} source */
export function planeResource({ archive, study, series: uid }) {
  return `/dicomweb/${archive}/studies/${study}/series/${uid}/renderedmpr`;
}

/**
 * The picture that a plane's pane needs: the seen part in whole blocks, sampled as finely as the screen shows it.
 * It depends on where the plane is, not on where in it the crosshair stands.
 * @param {VolumePane} shown
 * @param {Stack} stack
 * @param {Volume} volume
 * @param {Size} canvas device pixels
 * @param {Quality} quality
 * @returns {Wish | null} null when no part of the volume is seen
 */
export function planeWish(shown, stack, volume, canvas, quality) {
  const { slab, center, source } = shown;
  // A projection of all looks the same wherever the crosshair stands.
  const plane = slab.thickness >= THROUGH ? { ...shown.plane, point: middleOf(volume) } : shown.plane;
  const grid = planeGrid(volume, plane);
  const look = { ...shown, center: center && toGrid(volume, plane, center) };
  const seen = seenPart(grid, canvas, matrix(grid, canvas, look));
  if (!seen) return null;
  const part = blocks(grid, seen);
  const density = Math.min(FINEST, magnification(grid, canvas, look));
  const middle = fromGrid(volume, plane, [part.x + part.width / 2, part.y + part.height / 2]);
  const grey = [greyQuery(shown.voi, shown.invert, stack, shown.colormap), fusedQuery(shown)].filter(Boolean).join("&");
  const cut = [
    `stack=${encodeURIComponent(source.stack)}`,
    shown.interpolation === "cubic" && "interpolation=cubic",
    slab.thickness > 0 && `mprslab=${decimals(slab.thickness, 3)}&renderingmethod=${slab.method}`,
  ].filter(Boolean).join("&");
  const camera = [
    `viewpointposition=${triple(minus(middle, times(plane.look, AWAY)), 6)}`,
    `viewpointlookat=${triple(middle, 6)}`,
    `viewpointup=${triple(plane.up, 9)}`,
    `viewport=${pixels(part.width * density)},${pixels(part.height * density)}`,
    `pixelspacing=${decimals(volume.spacing_mm / density, 6)}`,
  ].join("&");
  const content = [grey, cut, camera].filter(Boolean).join("&");
  const where = [triple(plane.look, 9), triple(plane.up, 9), decimals(depth(volume, plane), 4)].join(" ");
  const of = { look: [grey, cut, where].join(" "), stack, window: `${source.series} ${grey}` };
  return { ...encoded(planeResource(source), content, of, quality), patient: true };
}

/**
 * The next planes along the look, nearest first, a few of them back.
 * @param {VolumePane} shown
 * @param {Stack} stack
 * @param {Volume} volume
 * @param {number} direction 1 or -1
 * @param {Size} canvas
 * @returns {Wish[]}
 */
export function nextPlanes(shown, stack, volume, direction, canvas) {
  if (shown.slab.thickness >= THROUGH) return [];
  const { index, count } = series(volume, shown.plane);
  const steps = Array.from({ length: NEXT }, (_, step) => step + 1).flatMap((step) => (step % 3 === 0 ? [step, -step / 3] : [step]));
  return steps.flatMap((step) => {
    const at = Math.round(index) + step * direction;
    if (at < 0 || at >= count) return [];
    const plane = { ...shown.plane, point: pointAt(volume, shown.plane, at) };
    return planeWish({ ...shown, plane }, stack, volume, canvas, null) ?? [];
  });
}

/** @param {number} value @param {number} digits */
const decimals = (value, digits) => String(Number(value.toFixed(digits)) + 0);

/** @param {Vector} vector @param {number} digits */
const triple = (vector, digits) => vector.map((part) => decimals(part, digits)).join(",");

/** @param {number} count */
const pixels = (count) => Math.max(1, Math.round(count));

/** Which picture of a volume in three dimensions to ask for: a camera and how it is drawn, as PS3.18 rendered 3D. */

/** @import { Size } from "./geometry.js" */
/** @import { Quality } from "./line.js" */
/** @import { CutAway } from "./space.js" */
/** @import { SpacePane, SpaceSource, Stack, Volume } from "./state.js" */
/** @import { Wish } from "./wishes.js" */
import { magnification, matrix, seenPart } from "./geometry.js";
import { fromGrid, planeGrid, toGrid } from "./planes.js";
import { minus, times } from "./vectors.js";
import { encoded, greyQuery } from "./wishes.js";

/** Rays for a side of the smallest voxel, at most. */
const FINEST = 2;
/** Rays at most: while a hand turns what is composited, or projected, which costs more; while it turns by itself; and at rest. */
const MOST = { moving: 65_000, projected: 26_000, turning: 250_000, resting: 1_500_000 };
const AWAY = 100;

/** @param {SpaceSource} source */
export function spaceResource({ archive, study, series: uid }) {
  return `/dicomweb/${archive}/studies/${study}/series/${uid}/rendered3d`;
}

/**
 * @param {SpacePane} shown
 * @param {Stack} stack
 * @param {Volume} volume
 * @param {Size} canvas device pixels
 * @param {Quality} quality
 * @param {"moving" | "turning" | "resting"} pace a hand turns it, it turns by itself, or it stands
 * @returns {Wish | null} null when no part of the volume is seen
 */
export function spaceWish(shown, stack, volume, canvas, quality, pace) {
  const { plane, center, source } = shown;
  const grid = planeGrid(volume, plane);
  const look = { ...shown, center: center && toGrid(volume, plane, center) };
  const part = seenPart(grid, canvas, matrix(grid, canvas, look));
  if (!part) return null;
  const area = part.width * part.height;
  const most = pace === "moving" && shown.method !== "volume_rendered" ? MOST.projected : MOST[pace];
  const density = Math.min(FINEST, magnification(grid, canvas, look), Math.sqrt(most / area));
  const middle = fromGrid(volume, plane, [part.x + part.width / 2, part.y + part.height / 2]);
  const isComposite = shown.method === "volume_rendered";
  // A preset has a window of its own, unless a hand has set another.
  const grey = isComposite && shown.voi === null ? "" : greyQuery(shown.voi, shown.invert, stack, isComposite ? null : shown.colormap);
  const how = [
    `stack=${encodeURIComponent(source.stack)}`,
    `renderingmethod=${shown.method}`,
    shown.preset && isComposite && `preset=${shown.preset}`,
    shown.clip && `clip=${shown.clip.flat().map((each) => decimals(each, 2)).join(",")}`,
    shown.cuts.length && `cut=${shown.cuts.map(outline).join(";")}`,
  ].filter(Boolean).join("&");
  const from = [`viewpointup=${plane.up.map((each) => decimals(each, 9)).join(",")}`, plane.look.map((each) => decimals(each, 9)).join(",")];
  const camera = [
    `viewpointposition=${minus(middle, times(plane.look, AWAY)).map((each) => decimals(each, 6)).join(",")}`,
    `viewpointlookat=${middle.map((each) => decimals(each, 6)).join(",")}`,
    from[0],
    `viewport=${count(part.width * density)},${count(part.height * density)}`,
    `pixelspacing=${decimals(volume.spacing_mm / density, 6)}`,
  ].join("&");
  const content = [grey, how, camera].filter(Boolean).join("&");
  const of = { look: [grey, how, ...from].join(" "), stack, window: `${source.series} ${grey}` };
  return { ...encoded(spaceResource(source), content, of, quality), patient: true };
}

/** @param {CutAway} cut */
function outline({ plane, corners, outside }) {
  const numbers = [...plane.point, ...plane.look, ...plane.up].map((each) => decimals(each, 5));
  return [outside ? "outside" : "inside", ...numbers, ...corners.flat().map((each) => decimals(each, 1))].join(",");
}

/** @param {number} value @param {number} digits */
const decimals = (value, digits) => String(Number(value.toFixed(digits)) + 0);

/** @param {number} pixels */
const count = (pixels) => Math.max(1, Math.round(pixels));

/** Where a picture stands in its pane, and what is told over it: all that a paint depends on. */

/** @import { Known } from "./dressing.js" */
/** @import { Matrix, Size } from "./geometry.js" */
/** @import { PicturePane, State } from "./state.js" */
/** @import { Answer } from "./pictures.js" */
import { curveWords, planeWords } from "./planewords.js";
import { isCurvedPane } from "./curves.js";
import { paneOfPicture } from "./dimensions.js";
import { placing } from "./drawing.js";
import { known } from "./known.js";
import { numbered } from "./numbering.js";
import { sheetOf } from "./sheets.js";
import { spaceWords } from "./spacewords.js";
import { isSpacePane, isVolumePane, stackOf } from "./state.js";
import { dot } from "./vectors.js";

/** Cosine: a picture that looks farther away than this isn't the same plane turned. */
const STEEPEST = 0.5;

/**
 * @typedef {object} Placed
 * @property {PicturePane} pane
 * @property {Answer} answer
 * @property {import("./corners.js").Picture} picture   the answer's description, with the page's own number
 * @property {{placed: Matrix, scale: number}} place
 * @property {Known} ofPage
 * @property {string} plane
 * @property {readonly unknown[]} parts   as long as they stay the same, so does what is painted
 */

/**
 * @param {State} state
 * @param {PicturePane} pane
 * @param {Answer} answer
 * @param {{canvas: Size, width: number, height: number}} room device pixels; CSS pixels
 * @returns {Placed | null} null for a plane that is seen from elsewhere by now
 */
export function placedOf(state, pane, answer, room) {
  pane = paneOfPicture(state, pane, answer.picture.stack);
  const picture = numbered(state, pane, answer.picture);
  const sheet = sheetOf(state, asCut(pane, picture));
  const place = isCurvedPane(pane) ? whole(picture, room.canvas) : sheet && placing(picture, sheet, room.canvas);
  if (!place) return null;
  const ofPage = known(state, pane, picture, room);
  const plane = picture.curve ? curveWords(picture.curve) : picture.space ? spaceWords(picture.space) : picture.plane ? planeWords(picture.plane.look) : (stackOf(state, pane)?.plane ?? "");
  const parts = [answer, picture.index, picture.count, pane.source, plane, place.scale, ...place.placed, JSON.stringify(ofPage)];
  return { pane, answer, picture, place, ofPage, plane, parts };
}

/**
 * A plane that is being turned shows the last picture as that one was cut, with its own letters, until the next has come.
 * @param {PicturePane} pane
 * @param {import("./corners.js").Picture} picture
 * @returns {PicturePane}
 */
function asCut(pane, { plane, space }) {
  if (isSpacePane(pane) && space) return { ...pane, plane: { point: pane.plane.point, look: space.look, up: space.up } };
  if (!isVolumePane(pane) || !plane || dot(plane.look, pane.plane.look) < STEEPEST) return pane;
  return { ...pane, plane: { point: pane.plane.point, look: plane.look, up: plane.up } };
}

/**
 * The whole picture in the middle of the pane.
 * @param {import("./corners.js").Picture} picture
 * @param {Size} canvas
 * @returns {{placed: Matrix, scale: number}}
 */
function whole({ columns, rows }, canvas) {
  const scale = Math.min(canvas.width / columns, canvas.height / rows);
  return { placed: [scale, 0, 0, scale, Math.round((canvas.width - scale * columns) / 2), Math.round((canvas.height - scale * rows) / 2)], scale };
}

/**
 * Where a pane stands in its stack or among the planes.
 * @param {State} state
 * @param {PicturePane | null} shown
 */
export function along(state, shown) {
  return sheetOf(state, shown)?.index ?? 0;
}

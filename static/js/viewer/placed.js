/** Where a picture stands in its pane, and what is told over it: all that a paint depends on. */

/** @import { Known } from "./dressing.js" */
/** @import { Matrix, Size } from "./geometry.js" */
/** @import { PicturePane, State } from "./state.js" */
/** @import { Answer } from "./pictures.js" */
import { planeWords } from "./corners.js";
import { paneOfPicture } from "./dimensions.js";
import { placing } from "./drawing.js";
import { known } from "./known.js";
import { numbered } from "./numbering.js";
import { sheetOf } from "./sheets.js";
import { stackOf } from "./state.js";

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
  const sheet = sheetOf(state, pane);
  const place = sheet && placing(picture, sheet, room.canvas);
  if (!place) return null;
  const ofPage = known(state, pane, picture, room);
  const plane = picture.plane ? planeWords(picture.plane.look) : (stackOf(state, pane)?.plane ?? "");
  const parts = [answer, picture.index, picture.count, pane.source, plane, place.scale, ...place.placed, JSON.stringify(ofPage)];
  return { pane, answer, picture, place, ofPage, plane, parts };
}

/**
 * Where a pane stands in its stack or among the planes.
 * @param {State} state
 * @param {PicturePane | null} shown
 */
export function along(state, shown) {
  return sheetOf(state, shown)?.index ?? 0;
}

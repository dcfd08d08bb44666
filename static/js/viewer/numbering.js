/** The number of a picture in the list that this page goes by, which stays until the reader takes up a newer one. PURE */

/** @import { Picture } from "./corners.js" */
/** @import { Entry, PicturePane, State } from "./state.js" */
import { frameKey, isShown, stackOf } from "./state.js";

/** @type {WeakMap<readonly Entry[], Map<string, number>>} */
const known = new WeakMap();

/**
 * The server may have read a newer list by now: what it says of place and count is another list's.
 * @param {State} state
 * @param {PicturePane} pane
 * @param {Picture} picture
 * @returns {Picture} the same one where the numbers agree
 */
export function numbered(state, pane, picture) {
  const stack = stackOf(state, pane);
  const { instance, frame } = picture;
  if (!stack || stack.early || picture.reading || instance === null || frame === null) return picture;
  const index = indexOf(stack.entries, frameKey({ instance, frame }));
  const count = index === null ? null : stack.entries.length;
  return index === picture.index && count === picture.count ? picture : { ...picture, index, count };
}

/**
 * @param {readonly Entry[]} entries
 * @param {string} frame
 * @returns {number | null}
 */
function indexOf(entries, frame) {
  let places = known.get(entries);
  if (!places) {
    places = new Map(entries.flatMap((entry, index) => (isShown(entry) ? [[frameKey(entry), index]] : [])));
    known.set(entries, places);
  }
  return places.get(frame) ?? null;
}

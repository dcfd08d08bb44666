/** A pane in words, for those who don't see it. */

/** @import { Picture } from "./corners.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { number, windowWords } from "./corners.js";

/** What one of a stack is: a place in the patient, a moment of a clip, or neither. */
const PLACES = {
  slice: () => gettext("slice {index} of {count}"),
  frame: () => gettext("frame {index} of {count}"),
  image: () => gettext("image {index} of {count}"),
};

/**
 * What the image area is called for those who don't see it.
 * @param {Picture} picture
 * @param {string} plane of the stack
 * @param {keyof typeof PLACES} thing
 */
export function spoken(picture, plane, thing) {
  const { window } = picture;
  const name = joined([plane, picture.modality, picture.study_description || picture.series_description], " ");
  const place = picture.index === null ? "" : interpolate(PLACES[thing](), { index: picture.index + 1, count: picture.count ?? "?" });
  const level = picture.modality === "PT" && typeof window?.center === "number" ? windowWords(picture)
    : window && typeof window.center === "number"
      ? interpolate(gettext("window {center}/{width}"), { center: number(window.center), width: number(window.width ?? 0) })
      : "";
  return [name.charAt(0).toUpperCase() + name.slice(1), place, level].filter(Boolean).join(", ");
}

/** What files lay over their images, overlays and shutters: what is told of it. */

/** @import { Picture } from "./corners.js" */
import { gettext, interpolate } from "../shared/i18n.js";

/** What the file would lay over the picture, and isn't seen: never silently. @param {Picture} picture */
export function hiddenWords({ hidden }) {
  return (hidden ?? []).map((words) => interpolate(gettext("{what}: hidden"), { what: words }));
}

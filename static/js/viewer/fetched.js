/** A picture by HTTP: the other door than the socket. */

/** @import { Kept } from "./ring.js" */
/** @import { Wish } from "./wishes.js" */
import { gettext } from "../shared/i18n.js";

const PICTURE = "Samsyn-Picture";

/** @param {Wish} wish */
export const keyOf = ({ resource, query }) => `${resource}?${query}`;

/**
 * @param {Wish} wish
 * @param {AbortSignal} signal
 * @param {RequestPriority} priority
 * @returns {Promise<Kept | {words: string}>}
 */
export async function fetched(wish, signal, priority) {
  const response = await fetch(keyOf(wish), { signal, priority, credentials: "same-origin", cache: "no-store" });
  const description = response.headers.get(PICTURE);
  if (response.ok && description) {
    const body = new Uint8Array(await response.arrayBuffer());
    return { wish, picture: JSON.parse(description), type: response.headers.get("Content-Type") ?? "", body };
  }
  const said = response.headers.get("Content-Type")?.includes("json") ? await response.json() : null;
  return { words: said?.words ?? said?.detail ?? gettext("The server could not do this.") };
}

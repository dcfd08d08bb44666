/** The page's own presentation state: written a moment after each change, and when the page is left. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { csrfToken, putJson } from "../shared/api.js";
import { save } from "./presentation.js";

const PAUSE = 800;

/**
 * @param {Store<State>} store
 * @param {string} address
 */
export function keepSaved(store, address) {
  let written = JSON.stringify(save(store.state));
  let timer = 0;

  const changed = () => {
    const now = JSON.stringify(save(store.state));
    return now !== "null" && now !== written ? now : null;
  };
  const write = async () => {
    const now = changed();
    if (!now) return;
    written = now;
    try {
      await putJson(address, JSON.parse(now));
    } catch {
      // Not kept: the next change, or leaving the page, tries again with all of it.
      written = "";
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  };
  store.watch((state) => state.panes, soon);
  store.watch((state) => state.layout, soon);
  store.watch((state) => state.active, soon);
  addEventListener("pagehide", () => {
    const now = changed();
    if (!now) return;
    written = now;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    void fetch(address, { method: "PUT", body: now, headers, keepalive: true, credentials: "same-origin" });
  });
}

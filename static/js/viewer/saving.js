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
  let kept = JSON.stringify(save(store.state));
  let timer = 0;
  let isLate = false;
  /** @type {AbortController | null} */
  let writing = null;

  const wanted = () => {
    const now = JSON.stringify(save(store.state));
    return now !== "null" && now !== kept ? now : null;
  };
  const write = async () => {
    // One at a time: of two that are under way together the older could arrive last.
    isLate = writing !== null;
    const now = wanted();
    if (!now || writing) return;
    writing = new AbortController();
    try {
      await putJson(address, JSON.parse(now), { signal: writing.signal });
      kept = now;
    } catch {
      // Not kept: the next change, or leaving the page, tries again with all of it.
      kept = "";
    }
    writing = null;
    if (isLate) void write();
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  };
  store.watch((state) => state.panes, soon);
  store.watch((state) => state.layout, soon);
  store.watch((state) => state.active, soon);
  addEventListener("pagehide", () => {
    // What is still under way ends with the page, so it is sent again.
    const now = wanted();
    if (!now) return;
    writing?.abort();
    kept = now;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    void fetch(address, { method: "PUT", body: now, headers, keepalive: true, credentials: "same-origin" });
  });
}

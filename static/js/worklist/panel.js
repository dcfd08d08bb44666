/** The panel beside the list: shows the selected exam; the newest selection wins. */

import { ApiError, request } from "../shared/api.js";

/** Rows that are only passed over with a held arrow key don't ask for their panel. */
const SETTLES_AFTER = 20;

/** @type {AbortController | undefined} */
let pending;
let shown = "";

/**
 * @param {HTMLTableRowElement} row
 * @param {{ again?: boolean }} [options] again: also when the panel shows this exam already
 */
export async function show(row, { again = false } = {}) {
  const panel = document.getElementById("panel");
  const address = row.dataset.panel;
  if (!panel || !address) return;
  if (!again && panel.querySelector(`[data-exam="${row.id}"]`)) return;
  pending?.abort();
  const { signal } = (pending = new AbortController());
  try {
    await pause(again ? 0 : SETTLES_AFTER, signal);
    const response = await request(address, { signal, accept: "text/html", renewal: again });
    const html = await response.text();
    if (signal.aborted || (again && html === shown)) return;
    shown = html;
    panel.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError && error.status === 401) return location.reload();
    complain(panel, error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/**
 * The exam that was there before must not stand beside another row.
 * @param {HTMLElement} panel
 * @param {string} words
 */
function complain(panel, words) {
  const box = document.createElement("div");
  box.className = "nothing";
  box.setAttribute("role", "alert");
  const line = document.createElement("p");
  line.textContent = words;
  box.append(line);
  shown = "";
  panel.replaceChildren(box);
}

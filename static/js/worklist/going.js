/** From the list to an exam and back: Read claims it, Look doesn't, and the list is found again as it was. */

import { find } from "../shared/dom.js";

/** What the list was when an exam was opened; `panel`: the exam that came back to it, by its panel's address. @typedef {{ list: string, id: string, index: number, panel?: string }} Left */
/** What was finished last. @typedef {{ archive: string, study: string }} Finished */

const LEFT = "samsyn-list";
const FINISHED = "samsyn-finished";
const MINE = "/?list=mine";

/** @param {string} key @returns {any} null where the tab keeps nothing */
function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key @param {unknown} value */
function keep(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing costs the way back, nothing else.
  }
}

/** @returns {string} the address of the list that was left */
export function listLeft() {
  const left = /** @type {Left | null} */ (kept(LEFT));
  return left?.list.startsWith("/?") ? left.list : "/";
}

/** @param {Finished | null} finished */
export function noteFinished(finished) {
  keep(FINISHED, finished);
}

/** @returns {Finished | null} */
export function lastFinished() {
  return kept(FINISHED);
}

/**
 * @param {HTMLTableRowElement} row
 * @param {number} index
 */
export function noteLeft(row, index) {
  keep(LEFT, { list: location.pathname + location.search, id: row.id, index });
}

/**
 * The row to begin with: the exam that one comes back from, or what took its place.
 * @param {readonly HTMLTableRowElement[]} all
 * @returns {HTMLTableRowElement | undefined}
 */
export function rowLeft(all) {
  const left = /** @type {Left | null} */ (kept(LEFT));
  if (!left || left.list !== location.pathname + location.search) return undefined;
  if (left.panel) return all.find(({ dataset }) => dataset["panel"] === left.panel);
  return all.find(({ id }) => id === left.id) ?? all[Math.min(left.index, all.length - 1)];
}

/**
 * Note that an exam came back from the finished ones: the list begins with it.
 * @param {Finished} exam
 */
export function noteBack({ archive, study }) {
  keep(LEFT, { list: location.pathname + location.search, id: "", index: 0, panel: `/exams/${archive}/${study}/` });
}

/**
 * Where the exam that came back is, if this list doesn't hold it: it is one's own again, no unread one.
 * @param {readonly HTMLTableRowElement[]} all
 * @returns {string} empty: it is here, or none came back
 */
export function elsewhere(all) {
  const left = /** @type {Left | null} */ (kept(LEFT));
  const here = location.pathname + location.search;
  if (!left?.panel || left.list !== here || here === MINE || rowLeft(all)) return "";
  keep(LEFT, { ...left, list: MINE });
  return MINE;
}

/**
 * Open the images of a row.
 * @param {HTMLTableRowElement} row
 * @param {number} index
 * @param {{ look?: boolean }} [options] look: without claiming it
 */
export function open(row, index, { look = false } = {}) {
  noteLeft(row, index);
  const { read, open: address } = row.dataset;
  const form = find("#read-form");
  if (!look && read && form instanceof HTMLFormElement) {
    form.action = read;
    form.requestSubmit();
  } else if (address) location.assign(address);
}

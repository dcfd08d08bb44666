/** What differs between the list that a page goes by and a newer one, and how the newer one is taken up. PURE */

/** @import { Entry, SeriesStacks, Shown, Stack } from "./state.js" */
import { frameKey, isShown } from "./state.js";

/**
 * @typedef {object} Difference
 * @property {number} added      images that weren't there
 * @property {number} removed    images that are no longer there
 * @property {boolean} moved     images that were there stand in another order
 * @property {boolean} altered   the same images in the same order, but something in them has changed
 * @property {boolean} renumbers taking it up would give another number, or another count, to what is there already
 */

/**
 * The newer list with every image that was removed left as a gap at its place, so that its loss renumbers nothing.
 * @param {SeriesStacks} known
 * @param {SeriesStacks} fresh
 * @param {string} words for the place of a removed image
 * @param {ReadonlySet<string>} kept keys of stacks that are shown: they stay even if nothing is left of them
 * @returns {{list: SeriesStacks, difference: Difference}}
 */
export function merged(known, fresh, words, kept) {
  const there = new Set(framesOf(fresh));
  const before = new Set(framesOf(known));
  const list = { ...fresh, stacks: fresh.stacks.map((stack) => filled(known.stacks.find(({ key }) => key === stack.key), stack, there, words)) };
  for (const stack of known.stacks) {
    const isLost = !fresh.stacks.some(({ key }) => key === stack.key) && !stack.entries.some((entry) => isShown(entry) && there.has(frameKey(entry)));
    if (isLost && kept.has(stack.key)) list.stacks.push(filled(stack, { ...stack, entries: [], volume: null, volume_words: words }, there, words));
  }
  const difference = {
    added: [...there].filter((frame) => !before.has(frame)).length,
    removed: [...before].filter((frame) => !there.has(frame)).length,
    moved: framesOf(known).filter((frame) => there.has(frame)).join() !== framesOf(fresh).filter((frame) => before.has(frame)).join(),
    altered: false,
    renumbers: known.stacks.some((stack) => isRenumbered(stack, list)),
  };
  const { added, removed, moved } = difference;
  return { list, difference: { ...difference, altered: known.digest !== fresh.digest && !added && !removed && !moved } };
}

/**
 * Whether an image of a page's list isn't in a newer one.
 * @param {SeriesStacks | undefined} fresh
 * @param {Shown} entry
 */
export function isRemoved(fresh, entry) {
  return fresh !== undefined && !fresh.stacks.some(({ entries }) => entries.some((each) => isShown(each) && frameKey(each) === frameKey(entry)));
}

/**
 * The server's letter for each entry of the page's own list; "" where they belong to another list.
 * @param {string | undefined} states
 * @param {readonly Entry[]} entries
 */
export function statesOf(states, entries) {
  if (!states) return "";
  const given = states[Symbol.iterator]();
  const letters = entries.map((entry) => (isOwn(entry) ? "m" : (given.next().value ?? "?"))).join("");
  return letters.includes("?") || !given.next().done ? "" : letters;
}

/**
 * Where an entry of the page's own list stands in the server's.
 * @param {readonly Entry[]} entries
 * @param {number} index
 */
export function indexAtServer(entries, index) {
  return index - entries.slice(0, index).filter(isOwn).length;
}

/** A gap that only this page knows of. @param {Entry} entry */
const isOwn = (entry) => !isShown(entry) && entry.inserted === true;

/** @param {SeriesStacks} list */
const framesOf = ({ stacks }) => stacks.flatMap(({ entries }) => entries.filter(isShown).map(frameKey));

/**
 * @param {Stack | undefined} known
 * @param {Stack} fresh
 * @param {ReadonlySet<string>} there
 * @param {string} words
 * @returns {Stack}
 */
function filled(known, fresh, there, words) {
  /** @type {Map<string, Entry[]>} by the image before them: what was there, and isn't */
  const lost = new Map();
  let before = "";
  for (const entry of known?.entries ?? []) {
    const frame = isShown(entry) ? frameKey(entry) : entry.gone;
    if (frame !== undefined && there.has(frame)) before = frame;
    else if (frame !== undefined) lost.set(before, [...(lost.get(before) ?? []), entry]);
  }
  if (!lost.size) return fresh;
  const own = [...fresh.entries];
  /** @param {string} frame @returns {Entry[]} */
  const gaps = (frame) => (lost.get(frame) ?? []).map((entry) => {
    // Where the server sees a gap too, it is the same one.
    const same = own[0] && !isShown(own[0]) ? own.shift() : undefined;
    const gone = isShown(entry) ? frameKey(entry) : entry.gone;
    const place = { location: entry.location ?? null, instance_number: entry.instance_number ?? null };
    return same ? { ...same, missing: words, gone } : { ...place, missing: words, gone, inserted: true };
  });
  const entries = gaps("");
  for (let entry = own.shift(); entry; entry = own.shift()) entries.push(entry, ...(isShown(entry) ? gaps(frameKey(entry)) : []));
  return { ...fresh, entries };
}

/**
 * @param {Stack} before
 * @param {SeriesStacks} list
 */
function isRenumbered(before, { stacks }) {
  const after = stacks.find(({ key }) => key === before.key);
  if (!after) return before.entries.some(isShown);
  if (after.entries.length !== before.entries.length) return true;
  return before.entries.some((entry, index) => {
    const now = after.entries[index];
    return isShown(entry) && !(isShown(now) ? frameKey(now) === frameKey(entry) : now?.gone === frameKey(entry));
  });
}

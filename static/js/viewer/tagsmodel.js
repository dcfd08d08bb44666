/** The attributes of an image as rows: which are found, which are unfolded, which differ from the image before. Pure. */

/** @import { Command } from "./commands.js" */
/** @import { State } from "./state.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { entryOf, isShown, isSlidePane, isStackPane, isVolumePane, paneAt, seriesKey, stackOf } from "./state.js";

/**
 * An attribute as the server tells it: one of `value`, `items`, `binary` (bytes, null where nobody knows) and `characters`.
 * @typedef {object} Attribute
 * @property {string} tag   eight hexadecimal digits
 * @property {string} vr
 * @property {string} keyword
 * @property {string} name
 * @property {number} vm
 * @property {string} [creator]   of a private one
 * @property {string} [value]
 * @property {string} [meaning]   of a UID
 * @property {number | null} [binary]
 * @property {string} [digest]
 * @property {number} [characters]   of a text that is too long to be sent
 * @property {Attribute[][]} [items]
 * @property {number} [first]   number of the first item that is sent, where not all are
 * @property {number} [count]   of all items
 */

/** An element that doesn't follow the standard. @typedef {{path: string, keyword: string, words: string}} Deviation path: the key of its row */
/** @typedef {{key: string, level: number, open: boolean | null, changed: boolean, attribute: Attribute | null, item: string}} Row open: null for what can't be unfolded; item: words of an item of a sequence */
/** @typedef {{series: string, instance: string, frame: number, address: string, words: string, digest: string}} Image */
/** @typedef {{changed: ReadonlySet<string>, gone: number}} Difference */

/** @type {readonly Command[]} */
export const TAGS_COMMANDS = [
  { id: "tags", label: () => gettext("DICOM attributes of the image"), keys: ["D"], group: "page", effect: "tags", why: whyNot },
];

/**
 * The image of the active pane.
 * @param {State} state
 * @returns {Image | null} null where there isn't exactly one
 */
export function imageOf(state) {
  const shown = paneAt(state);
  if (!shown || isVolumePane(shown)) return null;
  const key = seriesKey(shown.source);
  const known = state.series[key];
  const told = known && !("error" in known) ? known : null;
  const image = (/** @type {string} */ instance, /** @type {number} */ frame, /** @type {string} */ words) => ({
    series: key, instance, frame, words, digest: told?.digest ?? "",
    address: `/api/studies/${shown.source.archive}/${shown.source.study}/series/${shown.source.series}/instances/${instance}/frames/${frame}/tags/`,
  });
  if (isSlidePane(shown)) {
    const { slide } = shown.source;
    const level = told?.slides?.find((each) => each.key === slide)?.levels[0];
    return level ? image(level.instance, 1, gettext("Slide, full size")) : null;
  }
  if (!isStackPane(shown)) return null;
  const stack = stackOf(state, shown);
  const entry = entryOf(state, shown);
  if (entry && !isShown(entry)) return null;
  const { instance, frame } = entry ?? shown;
  if (!instance) return null;
  const words = stack && !stack.early && shown.index !== null ? interpolate(gettext("Image {number} of {count}"), { number: shown.index + 1, count: stack.entries.length }) : gettext("Image");
  return image(instance, frame ?? 1, words);
}

/** @param {State} state @returns {string} */
export function whyNot(state) {
  const shown = paneAt(state);
  if (isVolumePane(shown)) return gettext("A plane is made of many images: it has no attributes of its own");
  return imageOf(state) ? "" : gettext("There is no image here");
}

/** @param {string} tag @returns {string} as people write it */
export const written = (tag) => `(${tag.slice(0, 4)},${tag.slice(4)})`;

/**
 * What stands in the value's place.
 * @param {Attribute} attribute
 * @returns {string}
 */
export function valueOf({ value, meaning, binary, characters, items, count }) {
  if (items) return ngettext("{count} item", "{count} items", count ?? items.length);
  if (binary !== undefined) return binary === null ? gettext("bulk data; the archive keeps it, its length isn't told") : interpolate(gettext("binary, {count} bytes"), { count: binary });
  if (characters !== undefined) return interpolate(gettext("text of {count} characters"), { count: characters });
  return meaning ? `${value} · ${meaning}` : (value ?? "");
}

/** A tag number, however its halves are set apart. */
const TAG = /\b([0-9a-f]{4})[ ,]+([0-9a-f]{4})\b/g;

/** @type {WeakMap<Attribute, string>} */
const searched = new WeakMap();

/** @param {Attribute} attribute */
function textOf(attribute) {
  let text = searched.get(attribute);
  if (text === undefined) {
    const { tag, keyword, name, creator, value, meaning } = attribute;
    text = [tag, written(tag), keyword, name, creator, value, meaning].filter(Boolean).join("\n").toLocaleLowerCase();
    searched.set(attribute, text);
  }
  return text;
}

/** @param {Attribute} attribute @param {number} index */
function wordsOfItem({ first, count, items }, index) {
  const all = count ?? items?.length ?? 0;
  if (first !== undefined) return interpolate(gettext("Item {number} of {count}: this frame"), { number: first + index, count: all });
  return interpolate(gettext("Item {number} of {count}"), { number: index + 1, count: all });
}

/**
 * Every attribute's key and what it says; a key is the path of tags and items.
 * @param {readonly Attribute[]} elements
 * @param {string} [prefix]
 * @param {Map<string, string>} [found]
 */
function facts(elements, prefix = "", found = new Map()) {
  for (const attribute of elements) {
    const key = prefix + attribute.tag;
    found.set(key, `${attribute.vr} ${attribute.digest ?? ""} ${valueOf(attribute)}`);
    attribute.items?.forEach((item, index) => facts(item, `${key}[${index}]`, found));
  }
  return found;
}

/** The keys of all that an attribute lies in, sequences and their items. @param {string} key */
export function holders(key) {
  return [...key.matchAll(/[[\]]/g)].map(({ index }) => key.slice(0, key[index] === "]" ? index + 1 : index));
}

/**
 * What differs between two images: keys of attributes, and of all that they lie in.
 * @param {readonly Attribute[]} before
 * @param {readonly Attribute[]} now
 * @returns {Difference} gone: how many attributes only the image before has
 */
export function difference(before, now) {
  const [old, fresh] = [facts(before), facts(now)];
  /** @type {Set<string>} */
  const changed = new Set();
  const add = (/** @type {string} */ key) => {
    changed.add(key);
    for (const each of holders(key)) changed.add(each);
  };
  for (const [key, fact] of fresh) if (old.get(key) !== fact) add(key);
  const gone = [...old.keys()].filter((key) => !fresh.has(key));
  return { changed, gone: gone.length };
}

/**
 * @typedef {object} Choice
 * @property {string} words   all of which must be found in an attribute
 * @property {boolean} only   what differs
 * @property {ReadonlyMap<string, boolean>} open   what a hand has unfolded and folded
 * @property {Difference | null} difference
 */

/**
 * The rows to be seen. Where something is sought, sequences that hold it are unfolded; a sequence that is found itself shows all that it holds.
 * @param {readonly Attribute[]} elements
 * @param {Choice} choice
 * @returns {Row[]}
 */
export function rowsOf(elements, { words, only, open, difference: differing }) {
  const sought = words.toLocaleLowerCase().replace(TAG, "$1,$2").split(/\s+/).filter(Boolean);
  const isChanged = (/** @type {string} */ key) => differing?.changed.has(key) ?? false;
  const isFound = (/** @type {Attribute} */ attribute, /** @type {string} */ key) =>
    (!only || isChanged(key)) && sought.every((word) => textOf(attribute).includes(word));

  /** @param {readonly Attribute[]} list @param {number} level @param {string} prefix @param {boolean} filtered @returns {Row[]} */
  const walk = (list, level, prefix, filtered) =>
    list.flatMap((attribute) => {
      const key = prefix + attribute.tag;
      const found = !filtered || isFound(attribute, key);
      const { items } = attribute;
      if (!items) return found ? [{ key, level, open: null, changed: isChanged(key), attribute, item: "" }] : [];
      const within = filtered ? inside(attribute, level, key, true) : [];
      if (!found && !within.length) return [];
      const unfolded = items.length > 0 && (open.get(key) ?? within.length > 0);
      const row = { key, level, open: items.length ? unfolded : null, changed: isChanged(key), attribute, item: "" };
      return unfolded ? [row, ...(within.length ? within : inside(attribute, level, key, false))] : [row];
    });

  /** @param {Attribute} attribute @param {number} level @param {string} key @param {boolean} filtered @returns {Row[]} */
  const inside = (attribute, level, key, filtered) =>
    (attribute.items ?? []).flatMap((item, index) => {
      const at = `${key}[${index}]`;
      const rows = walk(item, level + 2, at, filtered);
      if (filtered && !rows.length) return [];
      const unfolded = open.get(at) ?? true;
      const row = { key: at, level: level + 1, open: unfolded, changed: isChanged(at), attribute: null, item: wordsOfItem(attribute, index) };
      return unfolded ? [row, ...rows] : [row];
    });
  return walk(elements, 1, "", sought.length > 0 || only);
}

/**
 * Whom the attributes name.
 * @param {readonly Attribute[]} elements
 * @returns {string}
 */
export function personOf(elements) {
  const value = (/** @type {string} */ tag) => elements.find((each) => each.tag === tag)?.value ?? "";
  return joined([value("00100010"), value("00100020")]);
}

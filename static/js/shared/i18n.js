/** The page's language: translated words come as JSON in the page, English is what the source says. */

import { isolated } from "./bidi.js";

/** @typedef {{ language: string, words: Record<string, string | string[]> }} Catalogue */

/** @returns {Catalogue} */
function read() {
  const element = globalThis.document?.getElementById("catalogue");
  if (!element?.textContent) return { language: "en", words: {} };
  return JSON.parse(element.textContent);
}

const catalogue = read();
const plurals = new Intl.PluralRules(catalogue.language);
const forms = ["zero", "one", "two", "few", "many", "other"].filter((form) =>
  plurals.resolvedOptions().pluralCategories.some((category) => category === form),
);

/**
 * @param {string} words English
 * @returns {string} the same in the page's language
 */
export function gettext(words) {
  const found = catalogue.words[words];
  return typeof found === "string" && found !== "" ? found : words;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 * @returns {string} with `{count}` filled in
 */
export function ngettext(one, many, count) {
  const found = catalogue.words[one];
  const words = Array.isArray(found) ? found[forms.indexOf(plurals.select(count))] : undefined;
  return interpolate(words || (count === 1 ? one : many), { count });
}

/**
 * Values are kept apart from the words around them: a name that reads from right to left turns nothing but itself.
 * @param {string} words with names in braces, as in "image {index} of {count}"
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function interpolate(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? isolated(String(values[name])) : whole));
}

/** The drawn signs of the house, from one file. */

import { svg } from "../shared/dom.js";

const SHEET = new URL("../../icons.svg", import.meta.url).pathname;

/**
 * @param {string} name
 * @param {string} [more] classes
 * @returns {SVGElement}
 */
export function icon(name, more = "") {
  return svg("svg", { class: `icon ${more}`.trim(), "aria-hidden": "true" }, svg("use", { href: `${SHEET}#${name}` }));
}

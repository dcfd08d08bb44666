/** Text of two directions in one line: what reads from right to left stays in its place, and turns nothing beside it. */

/** Letters that read from right to left: Hebrew, Arabic and their kin. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A text that lies between others, kept apart from them; most need no marks for that.
 * @param {string} text
 */
export function isolated(text) {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

/**
 * Those that say something, each in its own direction, in the order of the list.
 * @param {readonly (string | false | null | undefined)[]} parts
 * @param {string} [between]
 */
export function joined(parts, between = " · ") {
  return parts.flatMap((part) => (part ? [isolated(part)] : [])).join(between);
}

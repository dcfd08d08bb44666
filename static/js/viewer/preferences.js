/** What a user has changed for all studies, and what holds without it. */

/**
 * @typedef {object} Preferences
 * @property {boolean} up_darkens        an upward drag makes darker
 * @property {boolean} single_keys       keys without Ctrl or Alt act at all
 * @property {Record<string, string[]>} keys by command: the chords that take the place of the table's
 */

/** @type {Preferences} */
export const PREFERENCES = { up_darkens: false, single_keys: true, keys: {} };

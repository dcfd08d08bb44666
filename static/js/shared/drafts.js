/** What a person has typed and nobody has saved: kept in this tab over a reload, and shown to that person only. */

import { gettext } from "./i18n.js";
import { keep } from "./kept.js";

const KEPT = "samsyn.draft";

/**
 * What is written beside a form whose text wasn't saved.
 * @param {string} [why] in the server's words, which may say so themselves
 */
export function notSaved(why = gettext("The server does not answer.")) {
  const said = gettext("Not saved.");
  return `${why.startsWith(said) ? why : `${said} ${why}`} ${gettext("What you have typed stays here.")}`;
}

/** @template T */
export class Draft {
  /**
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
   * @param {number} user
   * @param {string} name of what is written
   */
  constructor(storage, user, name) {
    this.storage = storage;
    this.key = `${KEPT}.${user}.${name}`;
    // What another user of this tab wrote isn't this one's to see.
    for (const key of Object.keys(storage)) if (key.startsWith(`${KEPT}.`) && !key.startsWith(`${KEPT}.${user}.`)) storage.removeItem(key);
  }

  /** @returns {T | null} */
  get content() {
    try {
      return JSON.parse(this.storage.getItem(this.key) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {T | null} content null: there is nothing any more that isn't saved */
  keep(content) {
    keep(this.storage, this.key, content === null ? "" : JSON.stringify(content));
  }
}

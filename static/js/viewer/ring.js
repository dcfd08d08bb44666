/** A bounded memory of pictures, the longest unused forgotten first. */

/** @import { Picture } from "./corners.js" */
/** @typedef {{picture: Picture, body: Blob}} Kept */

export class Ring {
  /** @type {Map<string, Kept>} */
  #kept = new Map();
  #bytes = 0;

  /** @param {number} budget bytes */
  constructor(budget) {
    this.budget = budget;
  }

  get bytes() {
    return this.#bytes;
  }

  /** @param {string} key */
  has(key) {
    return this.#kept.has(key);
  }

  /**
   * @param {string} key
   * @returns {Kept | undefined}
   */
  get(key) {
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
    }
    return kept;
  }

  /**
   * @param {string} key
   * @param {Kept} kept
   */
  put(key, kept) {
    this.#forget(key);
    if (kept.body.size > this.budget) return;
    this.#kept.set(key, kept);
    this.#bytes += kept.body.size;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.budget) break;
      this.#forget(oldest);
    }
  }

  clear() {
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** @param {string} key */
  #forget(key) {
    this.#bytes -= this.#kept.get(key)?.body.size ?? 0;
    this.#kept.delete(key);
  }
}

/** A bounded memory of pictures in the windows that panes show now, the longest unused forgotten first. */

/** @import { Picture } from "./corners.js" */
/** @import { Wish } from "./wishes.js" */
/** @typedef {{wish: Wish, picture: Picture, type: string, body: Uint8Array<ArrayBuffer>}} Kept */

/** Compressed pictures kept in the page: some 400 as they are while a hand moves, 160 lossless ones. */
const BUDGET = 16 * 2 ** 20;
/** While a pane shows a clip: it comes round again and again, and is fetched once. */
const CLIP_BUDGET = 96 * 2 ** 20;

export class Ring {
  /** @type {Map<string, Kept>} */
  #kept = new Map();
  #bytes = 0;
  /** @type {ReadonlySet<string>} */
  #windows = new Set();

  /** @param {number} [budget] bytes */
  constructor(budget = BUDGET) {
    this.budget = budget;
  }

  get bytes() {
    return this.#bytes;
  }

  /**
   * A picture that may be shown for a wish: the same, however it was encoded; a lossless wish takes nothing else.
   * @param {Wish} wish
   * @returns {Kept | undefined}
   */
  get({ subject, lossless }) {
    const kept = this.#kept.get(subject);
    if (!kept || (lossless && !kept.wish.lossless)) return undefined;
    this.#kept.delete(subject);
    this.#kept.set(subject, kept);
    return kept;
  }

  /**
   * Keep a picture, if a pane shows its window and nothing better is there.
   * @param {Kept} kept
   */
  put(kept) {
    const { subject, window, lossless } = kept.wish;
    const size = kept.body.byteLength;
    if (!this.#windows.has(window) || size > this.budget || (!lossless && this.#kept.get(subject)?.wish.lossless)) return;
    this.#forget(subject);
    this.#kept.set(subject, kept);
    this.#bytes += size;
    for (const [oldest, unused] of this.#kept) {
      if (this.#bytes <= this.budget) break;
      this.#forget(oldest);
      release(unused);
    }
  }

  /** Whether this very picture is kept. @param {Kept} kept */
  holds(kept) {
    return this.#kept.get(kept.wish.subject) === kept;
  }

  /**
   * Forget what belongs to other series and windows than these.
   * @param {ReadonlySet<string>} windows
   * @param {boolean} [isClip] one of them is a clip's
   * @param {ReadonlySet<Kept>} [due] that are still to be decoded
   */
  keepOnly(windows, isClip, due) {
    this.#windows = windows;
    if (isClip !== undefined) this.budget = isClip ? CLIP_BUDGET : BUDGET;
    for (const [subject, kept] of this.#kept) {
      if (windows.has(kept.wish.window)) continue;
      this.#forget(subject);
      if (!due?.has(kept)) release(kept);
    }
  }

  clear() {
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** @param {string} subject */
  #forget(subject) {
    this.#bytes -= this.#kept.get(subject)?.body.byteLength ?? 0;
    this.#kept.delete(subject);
  }
}

/**
 * Give the bytes back at once. While a hand moves, a browser that collects what nobody holds comes tens of megabytes late.
 * @param {Kept | undefined} kept that nobody will decode any more; a decoder that has begun has its own copy
 */
export function release(kept) {
  const buffer = /** @type {(ArrayBuffer & {transfer?: (length: number) => ArrayBuffer}) | undefined} */ (kept?.body.buffer);
  buffer?.transfer?.(0);
}

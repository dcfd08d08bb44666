/** Bytes to a bitmap, off the page's own thread; for a cine before it is needed. */

/** @import { Kept } from "./ring.js" */

/** Bitmaps that wait for their turn: two panes that run, and what is next of each. */
const WAITING = 6;

/**
 * Decode a picture. A blob would be carried through two more processes on its way: where the browser has a decoder for
 * bytes (on https and on the own machine), it costs half.
 * @param {Uint8Array<ArrayBuffer>} body
 * @param {string} type
 * @returns {Promise<ImageBitmap>}
 */
export async function decoded(body, type) {
  if (!("ImageDecoder" in globalThis)) {
    return createImageBitmap(new Blob([body], { type }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  }
  const decoder = new ImageDecoder({ data: body, type, colorSpaceConversion: "none" });
  try {
    const { image } = await decoder.decode();
    try {
      return await createImageBitmap(image, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}

/** Bitmaps made before they are needed. */
export class Decoded {
  /** @type {Map<Kept, Promise<ImageBitmap>>} */
  #waiting = new Map();

  /** @param {Kept} kept that is needed next */
  prepare(kept) {
    if (this.#waiting.has(kept)) return;
    const bitmap = decoded(kept.body, kept.type);
    bitmap.catch(() => undefined); // whoever takes it hears of it
    this.#waiting.set(kept, bitmap);
    for (const [oldest, made] of this.#waiting) {
      if (this.#waiting.size <= WAITING) break;
      this.#waiting.delete(oldest);
      void made.then((each) => each.close(), () => undefined);
    }
  }

  /**
   * The bitmap of a picture, now the caller's own.
   * @param {Kept} kept
   */
  take(kept) {
    const made = this.#waiting.get(kept);
    this.#waiting.delete(kept);
    return made ?? decoded(kept.body, kept.type);
  }

  clear() {
    for (const made of this.#waiting.values()) void made.then((each) => each.close(), () => undefined);
    this.#waiting.clear();
  }
}

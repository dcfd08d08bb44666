/** The value under the pointer, asked for over the socket, told only of the picture that it belongs to. */

/** @import { Matrix } from "./geometry.js" */
import { number } from "./corners.js";
import { apply, inverse } from "./geometry.js";

/** Panes share a socket: the last digits of a question's number are its pane's. */
const PANES = 16;

export class Probe {
  /** Where the pointer is, in device pixels. @type {[number, number] | null} */
  pointer = null;
  #asked = "";
  #words = "";
  #count = 0;

  /**
   * @param {(probe: {seq: number, resource: string, x: number, y: number}) => void} ask
   * @param {number} place of the pane
   */
  constructor(ask, place) {
    this.ask = ask;
    this.place = place;
  }

  /**
   * Take the pointer's place, and ask for its pixel when that is another one.
   * @param {[number, number] | null} at
   * @param {string | null} resource that is shown
   * @param {{rows: number, columns: number, placed: Matrix} | null} image
   * @returns {string} what is to be shown until the answer comes
   */
  at(at, resource, image) {
    this.pointer = at;
    if (!at || !resource || !image) return this.#forget();
    const [x, y] = /** @type {[number, number]} */ (apply(inverse(image.placed), ...at).map(Math.floor));
    if (x < 0 || y < 0 || x >= image.columns || y >= image.rows) return this.#forget();
    const pixel = `${resource} ${x} ${y}`;
    if (pixel === this.#asked) return this.#words;
    // The value of another pixel of the same picture may stand until the new one comes; of another picture never.
    if (!this.#asked.startsWith(`${resource} `)) this.#words = "";
    this.#asked = pixel;
    this.ask({ seq: this.place + PANES * ++this.#count, resource, x, y });
    return this.#words;
  }

  /**
   * @param {Record<string, any>} answer
   * @param {string | null} shown the resource on the screen now
   * @returns {string | null} the words to show; null when the answer is of no use any more
   */
  answered({ seq, resource, value, unit, words }, shown) {
    if (seq !== this.place + PANES * this.#count || resource !== shown || !this.pointer) return null;
    const values = [value ?? []].flat();
    this.#words = values.length ? `${values.map((each) => number(each, 3)).join(" ")} ${unit ?? ""}`.trim() : (words ?? "");
    return this.#words;
  }

  #forget() {
    this.#asked = "";
    this.#words = "";
    return "";
  }
}

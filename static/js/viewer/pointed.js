/** The value under the pointer, told over the picture that it belongs to. */

/** @import { Easel } from "./easel.js" */
/** @import { Pictures } from "./pictures.js" */
import { Probe, probed } from "./probe.js";

export class Pointed {
  #probe;

  /**
   * @param {Easel} easel
   * @param {Pictures} pictures
   * @param {number} place of the pane
   */
  constructor(easel, pictures, place) {
    this.easel = easel;
    this.#probe = new Probe((probe) => pictures.tell({ probe }), place);
  }

  /**
   * Ask for the value under a point of the area.
   * @param {[number, number] | null} at device pixels
   */
  at(at) {
    const { painted: { shown }, wish } = this.easel;
    const image = shown && wish && probed(shown.picture, shown.placed, wish.query);
    this.#tell(this.#probe.at(at, wish?.resource ?? null, image));
  }

  /** Another picture lies under a pointer that rests. */
  again() {
    if (this.#probe.pointer) this.at(this.#probe.pointer);
  }

  /** @param {Record<string, any>} answer to a probe */
  answered(answer) {
    const words = this.#probe.answered(answer, this.easel.wish?.resource ?? null);
    if (words !== null) this.#tell(words);
  }

  /** Words that weren't there push others: lines that spare words are cut anew. @param {string} words */
  #tell(words) {
    if (this.easel.dressing.value(words)) this.easel.painted.tell();
  }
}

/** Lines that aren't saved yet: sent again by the page itself, kept over a reload, and not left behind unasked. */

/** @import { Keeper } from "./keeper.js" */
/** @import { Mark } from "./marks.js" */
import { keep, kept } from "../shared/kept.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const KEPT = "samsyn.marks";

export class Unsaved {
  #pause = FIRST_PAUSE;
  #timer = 0;
  /** @type {Set<string>} studies whose kept lines are in the keeper */
  #studies = new Set();

  /**
   * @param {Keeper} keeper
   * @param {{user: number, storage: Storage}} means
   */
  constructor(keeper, { user, storage }) {
    this.keeper = keeper;
    this.storage = storage;
    this.prefix = `${KEPT}.${user}.`;
    // What another user of this tab drew isn't this one's to see.
    for (const key of Object.keys(storage)) if (key.startsWith(`${KEPT}.`) && !key.startsWith(this.prefix)) storage.removeItem(key);
    keeper.onChange(() => this.#changed());
  }

  /** Whether leaving the page now would leave a line behind that nobody else has. */
  get some() {
    return this.keeper.unsaved.length > 0;
  }

  /** Take up what was left of a study before the page was loaded again. @param {string} study key */
  restore(study) {
    if (this.#studies.has(study)) return;
    /** @type {Pick<Mark, "id" | "study" | "ground" | "wanted" | "row" | "identity">[]} */
    const left = kept(this.storage, this.prefix + study);
    this.#studies.add(study);
    this.keeper.restore(left.filter((mark) => mark.study === study));
  }

  /** The line is back: don't wait for the end of the pause. */
  wake() {
    this.#pause = FIRST_PAUSE;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.keeper.retry();
  }

  #changed() {
    const { unsaved } = this.keeper;
    for (const study of this.#studies) {
      const left = unsaved.filter((mark) => mark.study === study).map(({ id, ground, wanted, row, identity }) => ({ id, study, ground, wanted, row, identity }));
      keep(this.storage, this.prefix + study, left.length ? JSON.stringify(left) : "");
    }
    if (unsaved.length === 0) this.#pause = FIRST_PAUSE;
    if (this.#timer || !this.keeper.mayPass) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
      this.keeper.retryPassing();
    }, this.#pause);
  }
}

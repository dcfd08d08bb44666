/** What the page has done over its socket; where the line is down, or silent for too long, by REST. */

/** @import { Pictures } from "./pictures.js" */
import { ApiError } from "../shared/api.js";
import { gettext } from "../shared/i18n.js";

/** @typedef {{status: number, result: any}} Done */
/** @typedef {{resolve: (done: Done) => void, reject: (error: Error) => void, timer: ReturnType<typeof setTimeout>}} Asked */

const WITHIN = 6000;
/** Characters of one message that the socket takes, with room for what is around the verb. */
const LONGEST = 15_000;

/** The line gave no answer: whether it was done isn't known. */
class NoAnswer extends Error {}

export class Verbs {
  /** @type {Map<number, Asked>} */
  #asked = new Map();
  #sequence = 0;

  /**
   * @param {Pick<Pictures, "tell">} pictures whose socket this is
   * @param {number} [within] milliseconds for an answer
   */
  constructor(pictures, within = WITHIN) {
    this.pictures = pictures;
    this.within = within;
  }

  /**
   * Have something done. It may be asked for twice, over both doors, when the first answer is lost: only what is
   * harmless to do twice belongs here.
   * @param {string} verb
   * @param {Record<string, unknown>} what it is done with
   * @param {() => Promise<Done>} byRest the same by REST
   * @returns {Promise<Done>} only what was done; everything else is thrown as ApiError
   */
  async do(verb, what, byRest) {
    const done = await this.#bySocket(verb, what).catch((error) => {
      if (error instanceof NoAnswer) return byRest();
      throw error;
    });
    if (done.status < 400) return done;
    throw new ApiError(done.status, done.result?.detail ?? gettext("The server could not do this."));
  }

  /**
   * @param {string} verb
   * @param {Record<string, unknown>} what
   * @returns {Promise<Done>}
   */
  #bySocket(verb, what) {
    return new Promise((resolve, reject) => {
      const seq = ++this.#sequence;
      const message = { do: { seq, verb, with: what } };
      if (JSON.stringify(message).length > LONGEST || !this.pictures.tell(message)) return reject(new NoAnswer());
      const timer = setTimeout(() => this.#giveUp(seq), this.within);
      this.#asked.set(seq, { resolve, reject, timer });
    });
  }

  /** @param {number} seq */
  #giveUp(seq) {
    const asked = this.#asked.get(seq);
    this.#asked.delete(seq);
    clearTimeout(asked?.timer);
    asked?.reject(new NoAnswer());
  }

  /** The line is down: what it owes won't come. */
  lost() {
    for (const seq of [...this.#asked.keys()]) this.#giveUp(seq);
  }

  /**
   * Take an answer of the socket; false when the message isn't one.
   * @param {Record<string, any>} message
   */
  heard({ did }) {
    if (!did) return false;
    const asked = this.#asked.get(did.seq);
    this.#asked.delete(did.seq);
    clearTimeout(asked?.timer);
    asked?.resolve({ status: did.status, result: did.result });
    return true;
  }
}

/** What the page asks of the server about studies and series: once, and again where a failure passes by itself. */

/** @import { SeriesStacks, State, StudyOverview } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Pictures } from "./pictures.js" */
import { ApiError, getJson, request } from "../shared/api.js";
import { receiveSeries, receiveStudy } from "./answers.js";
import { oneByOne } from "./runs.js";

/** No line, or a server that is starting. */
const PASSING = [0, 502, 503, 504];
const AGAIN = 1500;

/**
 * The words of an answer that wasn't hoped for; anything else is a fault of ours and goes on up.
 * @param {unknown} error
 * @returns {string}
 */
export function wordsOf(error) {
  if (error instanceof ApiError) return error.message;
  throw error;
}

export class Asking {
  /** @type {Map<string, Promise<void>>} */
  #asked = new Map();

  /**
   * @param {Store<State>} store
   * @param {Pictures} pictures
   */
  constructor(store, pictures) {
    this.store = store;
    this.pictures = pictures;
  }

  /** @param {string} key archive and study */
  study(key) {
    return this.#once(key, async () => {
      const answer = await getJson(`/api/studies/${key}/`).catch((error) => this.#failure(error, () => this.study(key)));
      this.store.update((state) => receiveStudy(state, key, answer));
      return !("error" in answer);
    });
  }

  /** @param {string} key archive, study and series */
  series(key) {
    return this.#once(key, async () => {
      const [archive, study, series] = key.split("/");
      const address = `/api/studies/${archive}/${study}/series/${series}/stacks/`;
      /** @type {SeriesStacks | {error: string}} */
      const answer = oneByOne(await getJson(address).catch((error) => this.#failure(error, () => this.series(key))));
      this.store.update((state) => receiveSeries(state, key, answer));
      this.pictures.stand(`listen ${series}`, { listen: `series.${series}` });
      return !("error" in answer);
    });
  }

  /**
   * A study as the server tells it now; an error where it isn't there any more, null where nobody can tell.
   * @param {string} key archive and study
   * @returns {Promise<StudyOverview | {error: string} | null>}
   */
  async studyNow(key) {
    return this.#now(`/api/studies/${key}/`);
  }

  /**
   * The stacks of a series as the server tells them now; null where it can't.
   * @param {string} key archive, study and series
   * @returns {Promise<SeriesStacks | null>}
   */
  async seriesNow(key) {
    const [archive, study, series] = key.split("/");
    const answer = oneByOne(await this.#now(`/api/studies/${archive}/${study}/series/${series}/stacks/`));
    return answer && "error" in answer ? null : answer;
  }

  /** No hand asks for it. @param {string} address @returns {Promise<any>} */
  async #now(address) {
    try {
      return await (await request(address, { renewal: true })).json();
    } catch (error) {
      const words = wordsOf(error);
      return error instanceof ApiError && error.status === 404 ? { error: words } : null;
    }
  }

  /**
   * @param {string} address
   * @returns {Promise<any>} null where there is nothing, or nothing for this user
   */
  async optional(address) {
    try {
      const body = await (await request(address)).text();
      return body === "" ? null : JSON.parse(body);
    } catch (error) {
      wordsOf(error);
      return null;
    }
  }

  /**
   * @param {string} key
   * @param {() => Promise<boolean>} question false: it failed, and may be asked again
   */
  #once(key, question) {
    const pending = this.#asked.get(key);
    if (pending) return pending;
    const answer = question().then((answered) => void (answered || this.#asked.delete(key)));
    this.#asked.set(key, answer);
    return answer;
  }

  /**
   * @param {unknown} error
   * @param {() => void} again
   */
  #failure(error, again) {
    const words = wordsOf(error);
    if (error instanceof ApiError && PASSING.includes(error.status)) setTimeout(again, AGAIN);
    return { error: words };
  }
}

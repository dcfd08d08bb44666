/** What the page listens to on its socket: each topic with those who want to hear of it. */

/** @import { Pictures } from "./pictures.js" */
import { afterFirst } from "../shared/first.js";

/**
 * @typedef {object} Listener
 * @property {(event: Record<string, any>) => void} onEvent   a hint that there is something to fetch
 * @property {() => void} [onOpen]   the line is open, for the first time or again: fetch what was missed; not before the first picture
 */

export class Topics {
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();

  /** @param {Pictures} pictures whose socket this is */
  constructor(pictures) {
    this.pictures = pictures;
  }

  /**
   * @param {string} topic
   * @param {Listener} listener
   */
  listen(topic, listener) {
    const there = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, there.add(listener));
    this.pictures.stand(`listen ${topic}`, { listen: topic });
  }

  /**
   * Pass a message of the socket on; false when it isn't about a topic that somebody listens to.
   * @param {Record<string, any>} message
   */
  heard(message) {
    const opened = typeof message.listening === "string" ? this.#listeners.get(message.listening) : undefined;
    const told = typeof message.topic === "string" ? this.#listeners.get(message.topic) : undefined;
    opened?.forEach(({ onOpen }) => onOpen && afterFirst(onOpen));
    told?.forEach(({ onEvent }) => onEvent(message));
    return Boolean(opened ?? told);
  }
}

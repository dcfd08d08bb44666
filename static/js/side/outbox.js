/** Messages on their way: one after the other, with the same id at every try, over lost lines and reloads. */

/** @import { Message, Pending } from "./thread.js" */
import { ApiError } from "../shared/api.js";
import { keep, kept } from "../shared/kept.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/** Whether another try may do: no answer, a server in trouble, or too many requests. @param {unknown} error */
export function passes(error) {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

export class Outbox {
  /** @type {Pending[]} */
  items;
  #running = false;
  #pause = FIRST_PAUSE;
  /** @type {(() => void) | null} */
  #wake = null;

  /**
   * @param {object} means
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} means.storage
   * @param {string} means.key in it
   * @param {(item: Pending) => Promise<Message>} means.send
   * @param {(message: Message) => void} means.onSent
   * @param {() => void} means.onChange
   * @param {(milliseconds: number) => Promise<void>} [means.wait]
   */
  constructor({ storage, key, send, onSent, onChange, wait = (time) => new Promise((done) => setTimeout(done, time)) }) {
    this.storage = storage;
    this.key = key;
    this.send = send;
    this.onSent = onSent;
    this.onChange = onChange;
    this.wait = wait;
    this.items = kept(storage, key);
  }

  /** @param {Pending} item */
  add(item) {
    this.#set([...this.items, item]);
    void this.run();
  }

  /** @param {string} uuid of a stuck one that a hand tries again */
  again(uuid) {
    this.#set(this.items.map((item) => (item.client_uuid === uuid ? { ...item, stuck: false, words: "" } : item)));
    this.wake();
  }

  /** @param {readonly string[]} uuids that are done with: sent, or given up */
  settle(uuids) {
    const left = this.items.filter(({ client_uuid }) => !uuids.includes(client_uuid));
    if (left.length !== this.items.length) this.#set(left);
  }

  /** The line is back: don't wait for the end of the pause. */
  wake() {
    this.#pause = FIRST_PAUSE;
    this.#wake?.();
    void this.run();
  }

  /** Send what waits, until nothing does. */
  async run() {
    if (this.#running) return;
    this.#running = true;
    for (let item = this.#next(); item; item = this.#next()) await this.#try(item);
    this.#running = false;
  }

  #next() {
    return this.items.find(({ stuck }) => !stuck);
  }

  /** @param {Pending} item */
  async #try(item) {
    const { client_uuid } = item;
    try {
      const message = await this.send(item);
      this.#pause = FIRST_PAUSE;
      this.settle([client_uuid]);
      this.onSent(message);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const stuck = !passes(error);
      this.#set(this.items.map((each) => (each.client_uuid === client_uuid ? { ...each, words, stuck } : each)));
      if (stuck) return;
      const woken = new Promise((done) => (this.#wake = () => done(undefined)));
      await Promise.race([this.wait(this.#pause), woken]);
      this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    }
  }

  /** @param {Pending[]} items */
  #set(items) {
    this.items = items;
    keep(this.storage, this.key, items.length ? JSON.stringify(items) : "");
    this.onChange();
  }
}

/** Pictures from the server: over the socket while it is open, else over HTTP; the newest wish of a pane wins. */

/** @import { Picture } from "./corners.js" */
/** @import { Wish } from "./wishes.js" */
/** @import { WireState } from "../shared/live.js" */
import { gettext } from "../shared/i18n.js";
import { connect } from "../shared/live.js";
import * as measured from "./line.js";
import { Ring } from "./ring.js";

/** @typedef {{picture: Picture, bitmap: ImageBitmap, wish: Wish}} Answer */
/** @typedef {{onAnswer: (answer: Answer) => void, onFailure: (wish: Wish, words: string) => void}} Receiver */
/** @typedef {{wish: Wish, at: number, stop?: AbortController}} Flight */
/** @typedef {{receiver: Receiver, next: Wish | null, flights: Map<number, Flight>, delivered: number, newest: string}} Channel */

/** Compressed pictures kept in the page. */
const BUDGET = 96 * 2 ** 20;
const LONGEST_FLIGHT = 15_000;
const PICTURE = "Samsyn-Picture";

/** @param {Wish} wish */
export const keyOf = ({ resource, query }) => `${resource}?${query}`;

export class Pictures {
  /** @type {Map<number, Channel>} */
  #channels = new Map();
  #ring = new Ring(BUDGET);
  #line = measured.UNMEASURED;
  #sequence = 0;
  #bytes = 0;
  #dead = false;
  /** @type {Map<string, string>} */
  #standing = new Map();
  #filling = new AbortController();
  #wire;

  /**
   * @param {string} path of the socket
   * @param {{onState: (state: WireState) => void, onMessage: (message: Record<string, any>) => void}} listeners
   */
  constructor(path, { onState, onMessage }) {
    this.onMessage = onMessage;
    this.#wire = connect(path, {
      onText: (message) => this.#hear(message),
      onBinary: (header, body) => void this.#receive(header, body),
      onRoundTrip: (milliseconds) => (this.#line = measured.roundTrip(this.#line, milliseconds)),
      onState: (state) => {
        if (state === "open") for (const words of this.#standing.values()) this.tell(JSON.parse(words));
        if (state === "lost") this.#turnToHttp();
        if (state === "refused") this.forget();
        onState(state);
      },
    });
    this.watch = setInterval(() => this.#giveUpLate(), 1000);
  }

  /** Whether pictures are asked for lossless while a hand moves. */
  get losslessMoving() {
    return measured.losslessMoving(this.#line, this.#bytes || undefined);
  }

  /** @param {object} message that is worth nothing later */
  tell(message) {
    this.#wire.send(message);
  }

  /**
   * A message that stands until another one takes its place: told again whenever the line comes back.
   * @param {string} name
   * @param {object} message
   */
  stand(name, message) {
    const words = JSON.stringify(message);
    if (this.#standing.get(name) === words) return;
    this.#standing.set(name, words);
    this.#wire.send(message);
  }

  /**
   * @param {number} pane
   * @param {Receiver} receiver
   */
  open(pane, receiver) {
    this.#channels.set(pane, { receiver, next: null, flights: new Map(), delivered: 0, newest: "" });
  }

  /**
   * Ask for a picture; what was asked for before and didn't start is overtaken.
   * @param {number} pane
   * @param {Wish} wish
   */
  want(pane, wish) {
    const channel = this.#channels.get(pane);
    if (!channel || this.#dead || channel.newest === keyOf(wish)) return;
    this.#filling.abort();
    channel.newest = keyOf(wish);
    const kept = this.#ring.get(channel.newest);
    if (kept) {
      channel.next = null;
      void this.#deliver(channel, ++this.#sequence, wish, kept.picture, kept.body);
    } else {
      channel.next = wish;
      this.#pump(pane, channel);
    }
  }

  /**
   * Nothing that was asked for so far may reach the pane any more.
   * @param {number} pane
   */
  cancel(pane) {
    const channel = this.#channels.get(pane);
    if (!channel) return;
    channel.next = null;
    channel.newest = "";
    channel.delivered = this.#sequence;
  }

  /**
   * Fetch neighbours into the page's memory, one after the other, until a hand moves.
   * @param {readonly Wish[]} wishes nearest first
   */
  async fill(wishes) {
    this.#filling.abort();
    const stop = (this.#filling = new AbortController());
    for (const wish of wishes) {
      if (stop.signal.aborted || this.#dead) return;
      if (this.#ring.has(keyOf(wish))) continue;
      const answer = await this.#fetch(wish, stop.signal, "low").catch(() => null);
      if (!answer || "words" in answer) return;
      this.#ring.put(keyOf(wish), answer);
    }
  }

  /** Forget every picture: the patient changes, the screen is locked, or the user has gone. */
  forget() {
    this.#ring.clear();
    this.#filling.abort();
    for (const pane of this.#channels.keys()) this.cancel(pane);
  }

  close() {
    this.#dead = true;
    this.forget();
    clearInterval(this.watch);
    this.#wire.close();
  }

  /**
   * @param {number} pane
   * @param {Channel} channel
   */
  #pump(pane, channel) {
    while (channel.next && channel.flights.size < measured.inFlight(this.#line)) {
      const wish = channel.next;
      const seq = ++this.#sequence;
      const sent = this.#wire.send({ want: { seq, pane, resource: wish.resource, query: wish.query } });
      if (!sent && channel.flights.size) return;
      channel.next = null;
      const flight = { wish, at: performance.now(), stop: sent ? undefined : new AbortController() };
      channel.flights.set(seq, flight);
      if (flight.stop) void this.#byHttp(pane, channel, seq, wish, flight.stop.signal);
    }
  }

  /**
   * @param {Record<string, any>} header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  async #receive({ seq, pane, type, picture }, body) {
    const channel = this.#channels.get(pane);
    const flight = channel?.flights.get(seq);
    if (!channel || !flight) return;
    this.#line = measured.answered(this.#line, body.byteLength, performance.now() - flight.at);
    if (flight.wish.lossless) this.#bytes = body.byteLength;
    this.#land(pane, channel, seq, flight.wish, { picture, body: new Blob([body], { type }) });
  }

  /**
   * @param {number} pane
   * @param {Channel} channel
   * @param {number} seq
   * @param {Wish} wish
   * @param {{picture: Picture, body: Blob} | {words: string}} answer
   */
  #land(pane, channel, seq, wish, answer) {
    channel.flights.delete(seq);
    if ("words" in answer) this.#fail(channel, seq, wish, answer.words);
    else {
      this.#ring.put(keyOf(wish), answer);
      void this.#deliver(channel, seq, wish, answer.picture, answer.body);
    }
    this.#pump(pane, channel);
  }

  /**
   * @param {Channel} channel
   * @param {number} seq
   * @param {Wish} wish
   * @param {Picture} picture
   * @param {Blob} body
   */
  async #deliver(channel, seq, wish, picture, body) {
    if (seq <= channel.delivered) return;
    try {
      const bitmap = await createImageBitmap(body, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
      // Decoding may overtake: an older picture never follows a newer one.
      if (seq <= channel.delivered) return bitmap.close();
      channel.delivered = seq;
      channel.receiver.onAnswer({ picture, bitmap, wish });
    } catch {
      this.#fail(channel, seq, wish, gettext("The picture that came can't be read."));
    }
  }

  /**
   * @param {Channel} channel
   * @param {number} seq
   * @param {Wish} wish
   * @param {string} words
   */
  #fail(channel, seq, wish, words) {
    if (seq <= channel.delivered) return;
    channel.delivered = seq;
    if (channel.newest === keyOf(wish)) channel.newest = "";
    channel.receiver.onFailure(wish, words);
  }

  /** @param {Record<string, any>} message */
  #hear(message) {
    const about = message.failed ?? (message.dropped === undefined ? null : { seq: message.dropped });
    if (!about) return this.onMessage(message);
    for (const [pane, channel] of this.#channels) {
      const flight = channel.flights.get(about.seq);
      if (!flight) continue;
      if (message.failed) this.#land(pane, channel, about.seq, flight.wish, { words: String(about.words) });
      else {
        channel.flights.delete(about.seq);
        this.#pump(pane, channel);
      }
    }
  }

  /**
   * @param {number} pane
   * @param {Channel} channel
   * @param {number} seq
   * @param {Wish} wish
   * @param {AbortSignal} signal
   */
  async #byHttp(pane, channel, seq, wish, signal) {
    const answer = await this.#fetch(wish, signal, "high").catch(() => ({ words: gettext("The server does not answer.") }));
    if (channel.flights.has(seq)) this.#land(pane, channel, seq, wish, answer);
  }

  /**
   * @param {Wish} wish
   * @param {AbortSignal} signal
   * @param {RequestPriority} priority
   * @returns {Promise<{picture: Picture, body: Blob} | {words: string}>}
   */
  async #fetch(wish, signal, priority) {
    const response = await fetch(keyOf(wish), { signal, priority, credentials: "same-origin", cache: "no-store" });
    const description = response.headers.get(PICTURE);
    if (response.ok && description) return { picture: JSON.parse(description), body: await response.blob() };
    const said = response.headers.get("Content-Type")?.includes("json") ? await response.json() : null;
    return { words: said?.words ?? said?.detail ?? gettext("The server could not do this.") };
  }

  /** The line is down: what was under way comes by HTTP. */
  #turnToHttp() {
    for (const [pane, channel] of this.#channels) {
      const last = [...channel.flights.values()].at(-1);
      channel.next ??= last?.wish ?? null;
      channel.flights.clear();
      this.#pump(pane, channel);
    }
  }

  #giveUpLate() {
    for (const [pane, channel] of this.#channels) {
      for (const [seq, { wish, at, stop }] of channel.flights) {
        if (performance.now() - at < LONGEST_FLIGHT) continue;
        stop?.abort();
        this.#land(pane, channel, seq, wish, { words: gettext("The server does not answer.") });
      }
    }
  }
}

/** Pictures from the server: over the socket while it is open, else over HTTP; the newest wish of a pane wins. */

/** @import { Picture } from "./corners.js" */
/** @import { Wish } from "./wishes.js" */
/** @import { WireState } from "../shared/live.js" */
import { gettext } from "../shared/i18n.js";
import { connect } from "../shared/live.js";
import { Decoded } from "./decoding.js";
import { fetched, keyOf } from "./fetched.js";
import * as measured from "./line.js";
import { release, Ring } from "./ring.js";

/** @import { Kept } from "./ring.js" */
/** @typedef {{picture: Picture, bitmap: ImageBitmap, wish: Wish}} Answer */
/** @typedef {{onAnswer: (answer: Answer) => void, onFailure: (wish: Wish, words: string) => void}} Receiver */
/** @typedef {{wish: Wish, at: number, stop?: AbortController}} Flight */
/** @typedef {{receiver: Receiver, next: Wish | null, flights: Map<number, Flight>, delivered: number, newest: string, window: string, clip: boolean, moved: number, decoding: boolean, arrived: {seq: number, kept: Kept} | null}} Channel */

/** Panes whose wishes are no further apart than this (ms) move together, and share the line. */
const TOGETHER = 250;
/** Neighbours fetched at once, at most. */
const FILLED_AT_ONCE = 4;
const LONGEST_FLIGHT = 15_000;
/** Pictures fetched together before a cine needs them. */
const AHEAD_AT_ONCE = 4;
/** Until all slices of a volume have arrived. */
const LONGEST_LOADING = 300_000;
export class Pictures {
  /** @type {Map<number, Channel>} */
  #channels = new Map();
  #ring = new Ring();
  /** What a cine has made ready. */
  decoded = new Decoded();
  #line = measured.UNMEASURED;
  /** @type {import("./line.js").Quality} */
  #quality = null;
  #sequence = 0;
  /** When the last picture arrived. */
  #arrival = 0;
  #dead = false;
  /** @type {Map<string, string>} */
  #standing = new Map();
  #filling = new AbortController();
  #running = new AbortController();
  /** Pictures that are on their way before a cine needs them. @type {Map<string, Promise<void>>} */
  #coming = new Map();
  #wire;

  /**
   * @param {string} path of the socket
   * @param {{onState: (state: WireState) => void, onMessage: (message: Record<string, any>) => void}} listeners
   */
  constructor(path, { onState, onMessage }) {
    this.onMessage = onMessage;
    this.#wire = connect(path, {
      onText: (message) => this.#hear(message),
      onBinary: (header, body) => this.#receive(header, body),
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

  /** How good the pictures are that are asked for while a hand moves. */
  get quality() {
    return (this.#quality = measured.moving(this.#line, this.#sharing(), this.#quality));
  }

  /** @param {object} message that is worth nothing later @returns {boolean} false when the line is down */
  tell(message) {
    return this.#wire.send(message);
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
    this.#channels.set(pane, { receiver, next: null, flights: new Map(), delivered: 0, newest: "", window: "", clip: false, moved: -Infinity, decoding: false, arrived: null });
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
    channel.moved = performance.now();
    this.#show(channel, wish.window, wish.clip);
    const kept = this.#ring.get(wish);
    if (kept) {
      channel.next = null;
      this.#deliver(channel, ++this.#sequence, kept);
    } else {
      channel.next = wish;
      this.#pump(pane, channel);
    }
  }

  /**
   * A pane shows a series in a window; what no pane shows any more is forgotten.
   * @param {Channel} channel
   * @param {string} window
   * @param {boolean} [clip]
   */
  #show(channel, window, clip = false) {
    if (channel.window === window) return;
    channel.window = window;
    channel.clip = clip;
    const shown = [...this.#channels.values()];
    this.#ring.keepOnly(new Set(shown.map((each) => each.window)), shown.some((each) => each.clip), this.#due());
  }

  /** How many panes move. */
  #sharing() {
    const now = performance.now();
    return Math.max(1, [...this.#channels.values()].filter(({ moved }) => now - moved < TOGETHER).length);
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
    channel.arrived = null;
  }

  /**
   * The pane shows nothing any more: nothing is kept for it.
   * @param {number} pane
   */
  leave(pane) {
    this.cancel(pane);
    const channel = this.#channels.get(pane);
    if (channel) this.#show(channel, "");
  }

  /**
   * Fetch neighbours into the page's memory, as many at once as the line is long, until a hand moves.
   * @param {readonly Wish[]} wishes nearest first
   */
  async fill(wishes) {
    this.#filling.abort();
    const { signal } = (this.#filling = new AbortController());
    const missing = wishes.filter((wish) => !this.#ring.get(wish)).values();
    const fetchNext = async () => {
      for (const wish of missing) {
        if (signal.aborted || this.#dead) return;
        const sent = performance.now();
        const answer = await fetched(wish, signal, "low").catch(() => null);
        if (!answer || "words" in answer || signal.aborted) return;
        this.#weigh(wish, answer.body.byteLength, sent, this.#line.took);
        this.#ring.put(answer);
      }
    };
    const together = Math.min(FILLED_AT_ONCE, measured.inFlight(this.#line));
    await Promise.all(Array.from({ length: together }, fetchNext));
  }

  /**
   * Fetch what a cine needs next, several at once and whatever else is asked for.
   * @param {readonly Wish[]} wishes nearest first
   * @returns {Promise<void>} when the first of them has come, or can't be had
   */
  async ahead(wishes) {
    const { signal } = this.#running;
    for (const wish of wishes) {
      const key = keyOf(wish);
      if (this.#dead || this.#coming.size >= AHEAD_AT_ONCE) break;
      if (this.#ring.get(wish) || this.#coming.has(key)) continue;
      const coming = fetched(wish, signal, "high").catch(() => null);
      this.#coming.set(key, coming.then((answer) => {
        this.#coming.delete(key);
        if (answer && !("words" in answer) && !signal.aborted) this.#ring.put(answer);
      }));
    }
    const [first] = wishes;
    if (!first) return;
    await this.#coming.get(keyOf(first));
    const kept = this.#ring.get(first);
    if (kept) this.decoded.prepare(kept);
  }

  /** Forget every picture: the patient changes, the screen is locked, or the user has gone. */
  forget() {
    this.#ring.clear();
    this.decoded.clear();
    this.#filling.abort();
    this.#running.abort();
    this.#running = new AbortController();
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
    while (channel.next && channel.flights.size < measured.inFlight(this.#line, this.#sharing(), this.#quality)) {
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
  #receive({ seq, pane, type, took, picture }, body) {
    const channel = this.#channels.get(pane);
    const flight = channel?.flights.get(seq);
    if (!channel || !flight) return;
    const { wish, at } = flight;
    this.#weigh(wish, body.byteLength, at, took);
    this.#land(pane, channel, seq, wish, { wish, picture, type, body });
  }

  /**
   * @param {Wish} wish whose picture has just arrived
   * @param {number} bytes
   * @param {number} sent when it was asked for
   * @param {number} took ms that the server took to make it
   */
  #weigh({ quality }, bytes, sent, took) {
    const arrived = performance.now();
    this.#line = measured.answered(this.#line, { bytes, sent, arrived, before: this.#arrival, took, quality });
    this.#arrival = arrived;
  }

  /**
   * @param {number} pane
   * @param {Channel} channel
   * @param {number} seq
   * @param {Wish} wish
   * @param {Kept | {words: string}} answer
   */
  #land(pane, channel, seq, wish, answer) {
    channel.flights.delete(seq);
    // The next wish goes out before this picture is turned to: the line doesn't wait for the page.
    this.#pump(pane, channel);
    if ("words" in answer) return this.#fail(channel, seq, wish, answer.words);
    this.#ring.put(answer);
    this.#deliver(channel, seq, answer);
  }

  /**
   * Decode a picture and hand it over. One at a time: of those that arrive meanwhile, only the newest is worth it.
   * @param {Channel} channel
   * @param {number} seq
   * @param {Kept} kept
   */
  #deliver(channel, seq, kept) {
    if (seq <= channel.delivered || seq <= (channel.arrived?.seq ?? 0)) return;
    const before = channel.arrived;
    channel.arrived = { seq, kept };
    if (before) this.#done(before.kept);
    if (!channel.decoding) void this.#decode(channel);
  }

  /** What has arrived and is still to be decoded. */
  #due() {
    return new Set([...this.#channels.values()].flatMap(({ arrived }) => (arrived ? [arrived.kept] : [])));
  }

  /** Bytes that nobody decodes any more are given back, unless they are kept. @param {Kept} kept */
  #done(kept) {
    if (!this.#ring.holds(kept) && !this.#due().has(kept)) release(kept);
  }

  /** @param {Channel} channel */
  async #decode(channel) {
    channel.decoding = true;
    while (channel.arrived) {
      const { seq, kept } = channel.arrived;
      channel.arrived = null;
      const { wish, picture } = kept;
      try {
        const decoding = this.decoded.take(kept);
        this.#done(kept);
        const bitmap = await decoding;
        // An older picture never follows a newer one, and none follows what was cancelled.
        if (seq <= channel.delivered) bitmap.close();
        else {
          channel.delivered = seq;
          channel.receiver.onAnswer({ picture, bitmap, wish });
        }
      } catch {
        this.#fail(channel, seq, wish, gettext("The picture that came can't be read."));
      }
    }
    channel.decoding = false;
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
    const answer = await fetched(wish, signal, "high").catch(() => ({ words: gettext("The server does not answer.") }));
    if (channel.flights.has(seq)) this.#land(pane, channel, seq, wish, answer);
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
        if (performance.now() - at < (wish.patient ? LONGEST_LOADING : LONGEST_FLIGHT)) continue;
        stop?.abort();
        this.#land(pane, channel, seq, wish, { words: gettext("The server does not answer.") });
      }
    }
  }
}

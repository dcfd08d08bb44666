/** The merge of a conversation: whatever is lost, doubled or overtaken on the way, the page shows what the server has. */

import { describe, expect, test } from "vitest";
import { ApiError } from "../../../static/js/shared/api.js";
import { Outbox } from "../../../static/js/side/outbox.js";
import { caughtUp, EMPTY, inOrder, lookedBack, onTheWay, opened, readTo, received, unread } from "../../../static/js/side/thread.js";

/** @import { Message, Page, Pending, Thread } from "../../../static/js/side/thread.js" */

/** @param {number} seed @returns {() => number} the same numbers from 0 to 1 for the same seed (mulberry32) */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} seq @param {number} [sender] @param {string} [text] @returns {Message} as user 1 is told */
const message = (seq, sender = 2, text = `text ${seq}`) => ({
  seq, client_uuid: `uuid-${seq}`, sender: { id: sender, name: `user ${sender}` }, mine: sender === 1, text,
  created: "2026-01-01T10:00:00Z", state: null, picture: null, picture_turn: null,
});

/** @param {Message[]} messages @param {Partial<Page>} [more] @returns {Page} */
const page = (messages, more = {}) => ({ messages, last_seq: messages.at(-1)?.seq ?? 0, read_seq: 0, unread: 0, limited: false, ...more });

const seqs = (/** @type {Thread} */ thread) => inOrder(thread).map(({ seq }) => seq);

describe("a thread", () => {
  test("begins with the newest messages, and goes back on request", () => {
    const begun = opened(EMPTY, page([message(8), message(9)], { limited: true, read_seq: 8 }));
    expect([seqs(begun), begun.known, begun.earlier, unread(begun)]).toEqual([[8, 9], 9, true, 1]);
    const back = lookedBack(begun, page([message(6), message(7)]));
    expect([seqs(back), back.known, back.earlier]).toEqual([[6, 7, 8, 9], 9, false]);
  });

  test("keeps its place before a gap, so that catching up fills it", () => {
    const begun = opened(EMPTY, page([message(1)]));
    const ahead = received(begun, [message(4, 1)]);
    expect([seqs(ahead), ahead.known]).toEqual([[1, 4], 1]);
    const whole = caughtUp(ahead, page([message(2), message(3), message(4, 1)]));
    expect([seqs(whole), whole.known]).toEqual([[1, 2, 3, 4], 4]);
  });

  test("shows a message once, whether it waits or has come", () => {
    const waiting = { client_uuid: "uuid-2", text: "x", state: null, created: "", words: "", stuck: false };
    const begun = opened(EMPTY, page([message(1)]));
    expect(onTheWay(begun, [waiting])).toEqual([waiting]);
    expect(onTheWay(received(begun, [message(2, 1)]), [waiting])).toEqual([]);
    // Another person's message may have the same id.
    expect(onTheWay(received(begun, [message(2, 3)]), [waiting])).toEqual([waiting]);
  });

  test("counts what others said after the marker, which never moves back", () => {
    const begun = opened(EMPTY, page([message(1), message(2, 1), message(3)]));
    expect(unread(begun)).toBe(2);
    const read = readTo(begun, 2);
    expect([unread(read), unread(readTo(read, 1)), unread(readTo(read, 3))]).toEqual([1, 1, 0]);
  });

  test("believes the server's count of what isn't here", () => {
    expect(unread(opened(EMPTY, page([message(500)], { limited: true, unread: 321, read_seq: 3 })))).toBe(321);
  });
});

/** A server that keeps messages as ours does, for pages of user 1 and user 2. */
class Server {
  /** @type {{seq: number, sender: number, client_uuid: string, text: string}[]} */
  rows = [];
  /** @type {Record<number, number>} */
  read = {};

  /** @param {number} sender @param {string} client_uuid @param {string} text */
  send(sender, client_uuid, text) {
    const before = this.rows.find((row) => row.sender === sender && row.client_uuid === client_uuid);
    if (before) return before;
    const row = { seq: this.rows.length + 1, sender, client_uuid, text };
    this.rows.push(row);
    return row;
  }

  /** @param {number} user @param {{seq: number, sender: number, client_uuid: string, text: string}} row @returns {Message} */
  tell(user, { seq, sender, client_uuid, text }) {
    return { ...message(seq, sender, text), client_uuid, mine: sender === user };
  }

  /** @param {number} user @param {{after?: number, before?: number, limit: number}} asked @returns {Page} */
  page(user, { after, before, limit }) {
    const wanted = after !== undefined ? this.rows.filter(({ seq }) => seq > after) : this.rows.filter(({ seq }) => seq < (before ?? Infinity));
    const shown = after !== undefined ? wanted.slice(0, limit) : wanted.slice(-limit);
    const read_seq = this.read[user] ?? 0;
    const count = this.rows.filter(({ seq, sender }) => seq > read_seq && sender !== user).length;
    return { messages: shown.map((row) => this.tell(user, row)), last_seq: this.rows.length, read_seq, unread: count, limited: wanted.length > limit };
  }
}

/** One page whose line does what it likes. */
class Client {
  thread = EMPTY;
  sent = 0;
  /** @type {Map<string, string>} */
  kept = new Map();
  /** @type {(() => void)[]} answers that are still on the way */
  late = [];

  /** @param {Server} server @param {number} user @param {() => number} random */
  constructor(server, user, random) {
    this.server = server;
    this.user = user;
    this.random = random;
    this.outbox = this.#box();
  }

  #box() {
    // A page that was left writes nothing more.
    const storage = {
      getItem: (/** @type {string} */ key) => this.kept.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ text) => void (box === this.outbox && this.kept.set(key, text)),
      removeItem: (/** @type {string} */ key) => void (box === this.outbox && this.kept.delete(key)),
    };
    /** @type {Outbox} */
    const box = new Outbox({
      storage, key: "waiting", send: (item) => this.#send(item), wait: async () => {}, onChange: () => {},
      onSent: (told) => box === this.outbox && this.take([told]),
    });
    return box;
  }

  /** @param {Pending} item @returns {Promise<Message>} */
  async #send({ client_uuid, text }) {
    await Promise.resolve();
    const luck = this.random();
    if (luck < 0.2) throw new ApiError(0, "lost on the way there");
    const row = this.server.send(this.user, client_uuid, text);
    if (luck < 0.4) throw new ApiError(luck < 0.3 ? 0 : 503, "lost on the way back");
    return this.server.tell(this.user, row);
  }

  /** @param {Message[]} messages */
  take(messages) {
    this.thread = received(this.thread, messages);
    this.outbox.settle([...this.thread.messages.values()].filter(({ mine }) => mine).map(({ client_uuid }) => client_uuid));
  }

  write() {
    this.sent += 1;
    this.outbox.add({ client_uuid: `${this.user}-${this.sent}`, text: `${this.user}: ${this.sent}`, state: null, created: "", words: "", stuck: false });
  }

  /** Ask now; the answer comes at once, later, or never. */
  catchUp() {
    const isFirst = this.thread.first === null;
    const answer = this.server.page(this.user, isFirst ? { limit: 5 } : { after: this.thread.known, limit: 5 });
    const take = () => {
      if (isFirst && this.thread.first !== null) return;
      this.thread = isFirst ? opened(this.thread, answer) : caughtUp(this.thread, answer);
      this.take([]);
    };
    const luck = this.random();
    if (luck < 0.5) take();
    else if (luck < 0.8) this.late.push(take);
  }

  lookBack() {
    if (this.thread.first === null || !this.thread.earlier) return;
    this.thread = lookedBack(this.thread, this.server.page(this.user, { before: this.thread.first, limit: 5 }));
  }

  markRead() {
    const seq = Math.floor(this.random() * (this.thread.known + 1));
    this.thread = readTo(this.thread, seq);
    this.server.read[this.user] = Math.max(this.server.read[this.user] ?? 0, seq);
  }

  /** The page is loaded anew: only what storage keeps is left. */
  reload() {
    this.thread = EMPTY;
    this.late = [];
    this.outbox.items.forEach((item) => (item.stuck = true));
    this.outbox = this.#box();
    void this.outbox.run();
  }

  async settle() {
    for (let round = 0; this.outbox.items.length; round++) {
      if (round > 5000) throw new Error("the outbox doesn't empty");
      this.outbox.wake();
      await Promise.resolve();
    }
    this.late.splice(0).forEach((take) => take());
    for (let round = 0; this.thread.first === null || this.thread.known < this.server.rows.length; round++) {
      if (round > 5000) throw new Error("the page doesn't catch up");
      this.catchUp();
    }
    while (this.thread.earlier) this.lookBack();
  }
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))("two pages with bad lines end with the server's list (seed %i)", async (seed) => {
  const random = dice(seed);
  const server = new Server();
  const clients = [new Client(server, 1, random), new Client(server, 2, random), new Client(server, 3, random)];
  /** @type {((client: Client) => void)[]} */
  const deeds = [
    (client) => client.write(), (client) => client.write(), (client) => client.catchUp(), (client) => client.catchUp(),
    (client) => client.late.splice(Math.floor(random() * client.late.length), 1)[0]?.(),
    (client) => client.lookBack(), (client) => client.markRead(), (client) => client.outbox.wake(),
    (client) => random() < 0.3 && client.reload(),
    // A message comes by itself, again, or from the middle.
    (client) => server.rows.length && client.take([server.tell(client.user, /** @type {any} */ (server.rows[Math.floor(random() * server.rows.length)]))]),
  ];
  for (let step = 0; step < 200; step++) {
    const client = /** @type {Client} */ (clients[Math.floor(random() * clients.length)]);
    /** @type {(client: Client) => void} */ (deeds[Math.floor(random() * deeds.length)])(client);
    const shown = seqs(client.thread);
    expect(shown).toEqual([...new Set(shown)].sort((one, other) => one - other));
    if (random() < 0.5) await Promise.resolve();
  }
  for (const client of clients) await client.settle();
  for (const client of clients) await client.settle();
  expect(server.rows.length).toBe(clients.reduce((sum, { sent }) => sum + sent, 0));
  for (const client of clients) {
    expect(inOrder(client.thread).map(({ seq, text }) => [seq, text])).toEqual(server.rows.map(({ seq, text }) => [seq, text]));
    expect(onTheWay(client.thread, client.outbox.items)).toEqual([]);
    expect(unread(client.thread)).toBe(server.page(client.user, { limit: 1 }).unread);
    const own = server.rows.filter(({ sender }) => sender === client.user).map(({ text }) => text);
    expect(own).toEqual(Array.from({ length: client.sent }, (_, index) => `${client.user}: ${index + 1}`));
  }
});

describe("the outbox", () => {
  /** @param {(item: Pending) => Promise<Message>} send */
  const box = (send, kept = new Map()) => new Outbox({
    storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => void kept.set(key, text), removeItem: (key) => void kept.delete(key) },
    key: "waiting", send, onSent: () => {}, onChange: () => {}, wait: async () => {},
  });
  const item = (/** @type {string} */ uuid) => ({ client_uuid: uuid, text: uuid, state: null, created: "", words: "", stuck: false });

  test("holds what is refused for a hand, and lets the others pass", async () => {
    /** @type {string[]} */
    const tried = [];
    const outbox = box(async ({ client_uuid }) => {
      tried.push(client_uuid);
      if (client_uuid === "bad") throw new ApiError(400, "It holds NUL");
      return message(1, 1);
    });
    outbox.add(item("bad"));
    outbox.add(item("good"));
    await expect.poll(() => outbox.items.length).toBe(1);
    expect(outbox.items[0]).toMatchObject({ client_uuid: "bad", stuck: true, words: "It holds NUL" });
    outbox.again("bad");
    await expect.poll(() => tried).toEqual(["bad", "good", "bad"]);
  });

  test("keeps what waits over a reload, with its id", async () => {
    const kept = new Map();
    const first = box(() => new Promise(() => {}), kept);
    first.add(item("one"));
    first.add(item("two"));
    /** @type {string[]} */
    const sent = [];
    const second = box(async ({ client_uuid }) => (sent.push(client_uuid), message(sent.length, 1)), kept);
    await second.run();
    expect([sent, second.items, kept.size]).toEqual([["one", "two"], [], 0]);
  });

  test("begins empty where storage holds nonsense", () => {
    expect(box(async () => message(1), new Map([["waiting", "{not json"]])).items).toEqual([]);
    expect(box(async () => message(1), new Map([["waiting", '{"a": 1}']])).items).toEqual([]);
  });
});

/** A conversation as this page knows it: the server's messages by their place in the one order, and our own on the way. */

/** @typedef {{rotation: number, flip_horizontal: boolean, flip_vertical: boolean}} Turn */
/**
 * @typedef {object} Message
 * @property {number} seq
 * @property {string} client_uuid
 * @property {{id: number, name: string}} sender
 * @property {boolean} mine
 * @property {string} text
 * @property {string} created   ISO
 * @property {string | null} state   id of the presentation state that came along
 * @property {string | null} picture   address
 * @property {Turn | null} picture_turn
 */
/**
 * Our own message until the server has it. `words` say what went wrong last; a `stuck` one waits for a hand.
 * @typedef {object} Pending
 * @property {string} client_uuid
 * @property {string} text
 * @property {object | null} state
 * @property {string} created
 * @property {string} words
 * @property {boolean} stuck
 */
/** @typedef {{messages: Message[], last_seq: number, read_seq: number, unread: number, limited: boolean}} Page of the server */

/**
 * From `first` on, everything up to `known` is there. What came ahead of its neighbours, as the answer to a message
 * of ours may, stands at its place by `seq`; they move in before it.
 * @typedef {object} Thread
 * @property {ReadonlyMap<number, Message>} messages by seq
 * @property {number | null} first   seq of the oldest message asked for; null before the first answer
 * @property {number} known   everything from `first` to here has come
 * @property {boolean} earlier   there are older ones on the server
 * @property {number} read   how far we have read
 * @property {number} unread   as the server counted when it was asked last, for what isn't here
 */

/** @type {Thread} */
export const EMPTY = { messages: new Map(), first: null, known: 0, earlier: false, read: 0, unread: 0 };

/**
 * Take messages in, whatever was there before: each has one place.
 * @param {Thread} thread
 * @param {readonly Message[]} messages
 * @returns {Thread}
 */
export function received(thread, messages) {
  const all = new Map(thread.messages);
  for (const message of messages) all.set(message.seq, message);
  let { known } = thread;
  if (thread.first !== null) while (all.has(known + 1)) known += 1;
  return { ...thread, messages: all, known };
}

/**
 * The first answer: the newest messages.
 * @param {Thread} thread
 * @param {Page} page
 * @returns {Thread}
 */
export function opened(thread, page) {
  const first = page.messages[0]?.seq ?? page.last_seq + 1;
  const known = page.messages.at(-1)?.seq ?? page.last_seq;
  return counted(received({ ...thread, first, known, earlier: page.limited }, page.messages), page);
}

/**
 * What followed `known`.
 * @param {Thread} thread
 * @param {Page} page
 * @returns {Thread}
 */
export function caughtUp(thread, page) {
  return counted(received(thread, page.messages), page);
}

/**
 * Older messages than those that were there.
 * @param {Thread} thread
 * @param {Page} page
 * @returns {Thread}
 */
export function lookedBack(thread, page) {
  const first = page.messages[0]?.seq ?? thread.first;
  return received({ ...thread, first, earlier: page.limited }, page.messages);
}

/** @param {Thread} thread @param {Page} page @returns {Thread} */
function counted(thread, { read_seq, unread }) {
  return { ...readTo(thread, read_seq), unread };
}

/**
 * The marker never moves back.
 * @param {Thread} thread
 * @param {number} seq
 * @returns {Thread}
 */
export function readTo(thread, seq) {
  return seq > thread.read ? { ...thread, read: seq } : thread;
}

/**
 * What there is to show, in the one order.
 * @param {Thread} thread
 * @returns {Message[]}
 */
export function inOrder({ messages, first }) {
  return [...messages.values()].filter(({ seq }) => seq >= (first ?? 0)).sort((one, other) => one.seq - other.seq);
}

/**
 * Our own messages that aren't among the server's yet, in the order in which they were written.
 * @param {Thread} thread
 * @param {readonly Pending[]} pending
 * @returns {Pending[]}
 */
export function onTheWay(thread, pending) {
  const there = new Set([...thread.messages.values()].filter(({ mine }) => mine).map(({ client_uuid }) => client_uuid));
  return pending.filter(({ client_uuid }) => !there.has(client_uuid));
}

/**
 * How many messages of others haven't been read.
 * @param {Thread} thread
 * @returns {number}
 */
export function unread(thread) {
  if (thread.first === null) return 0;
  if (thread.earlier && thread.first > thread.read + 1) return thread.unread;
  return inOrder(thread).filter(({ seq, mine }) => !mine && seq > thread.read).length;
}

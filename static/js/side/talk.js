/** The conversation on the study: what was said, what is on its way, and the views that came along. */

/** @import { Beside } from "./side.js" */
/** @import { Message, Page, Pending, Thread } from "./thread.js" */
import { getJson, request } from "../shared/api.js";
import { el, setText } from "../shared/dom.js";
import { afterFirst } from "../shared/first.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { uuid } from "../shared/uuid.js";
import { draw } from "./bubbles.js";
import { composer } from "./composer.js";
import { Outbox } from "./outbox.js";
import { whenSeen } from "./seen.js";
import { badge, bodyOf } from "./side.js";
import { caughtUp, EMPTY, inOrder, lookedBack, onTheWay, opened, readTo, received, unread } from "./thread.js";
import { views } from "./views.js";

const NEAR = 48; // CSS pixels from the end that still count as being there
const WITHOUT_LINE = 15_000;
const KEPT = "samsyn.talk";

/**
 * @param {HTMLElement} section
 * @param {Beside} beside
 */
export function fillTalk(section, beside) {
  const { page, topics, verbs, store } = beside;
  const address = `${page.urls.study}messages/`;
  const key = `${KEPT}.${page.user.id}.${page.archive}/${page.study}`;
  forgetOthers(page.user.id);

  let thread = EMPTY;
  /** @type {number | null} where the unread ones begin, until they are answered */
  let fresh = null;
  let atEnd = true;
  let asking = false;
  let askAgain = false;

  const earlier = el("button", { type: "button", class: "plain earlier", hidden: true, onclick: () => void lookBack() }, gettext("Earlier messages"));
  const empty = el("p", { class: "muted empty", hidden: true }, gettext("Nothing has been said about this study."));
  const list = el("ol", { class: "messages", "aria-label": gettext("Messages") });
  const scroller = el("div", { class: "fills talk", tabindex: "0", role: "group", "aria-label": gettext("What was said") }, earlier, empty, list);
  const below = el("button", { type: "button", class: "button below", hidden: true, onclick: toFresh });
  const trouble = el("p", { class: "trouble", role: "status", hidden: true });

  const outbox = new Outbox({ storage: sessionStorage, key: `${key}.waiting`, send, onSent, onChange: show });
  const shown = views(beside);
  const write = composer(beside, `${key}.draft`, (text, state) => {
    fresh = null;
    reached(thread.known); // who answers has read
    outbox.add({ client_uuid: uuid(), text, state, created: new Date().toISOString(), words: "", stuck: false });
    toEnd();
  });
  bodyOf(section).append(scroller, el("div", { class: "over" }, below), trouble, shown.element, write.element);

  const hands = {
    onView: (/** @type {Message} */ message) => {
      reached(message.seq);
      void shown.show(message);
    },
    onAgain: (/** @type {Pending} */ { client_uuid }) => outbox.again(client_uuid),
    onDrop: (/** @type {Pending} */ { client_uuid, text }) => {
      outbox.settle([client_uuid]);
      write.giveBack(text);
    },
  };

  /** @param {Pending} item @returns {Promise<Message>} */
  async function send({ client_uuid, text, state }) {
    const what = state ? { client_uuid, text, state } : { client_uuid, text };
    const byRest = async () => {
      const response = await request(address, { method: "POST", body: what });
      return { status: response.status, result: await response.json() };
    };
    return (await verbs.do("send_message", what, byRest)).result;
  }

  /** @param {Message} message */
  function onSent(message) {
    change((now) => received(now, [message]));
    if (message.seq > thread.known) void catchUp();
  }

  /** @param {(thread: Thread) => Thread} made */
  function change(made) {
    const before = thread;
    thread = made(thread);
    outbox.settle([...thread.messages.values()].filter(({ mine }) => mine).map(({ client_uuid }) => client_uuid));
    const news = inOrder(thread).filter(({ seq, mine }) => !mine && seq > before.known && seq > thread.read);
    if (news.length && unread(before) === 0 && !isWatched(before)) fresh = thread.read;
    if (news.length && before.first !== null) tell(news);
    show();
  }

  /** Whether somebody looks at the end of the conversation: what comes needs no mark. @param {Thread} before */
  function isWatched(before) {
    return before.first !== null && atEnd && scroller.clientHeight > 0 && document.visibilityState === "visible";
  }

  /** @param {readonly Message[]} news for ears */
  function tell(news) {
    const last = /** @type {Message} */ (news.at(-1));
    const words = { name: last.sender.name, text: last.text || gettext("a view") };
    beside.announce(news.length === 1 ? interpolate(gettext("{name}: {text}"), words) : ngettext("{count} new message", "{count} new messages", news.length));
  }

  function show() {
    const messages = inOrder(thread);
    const pending = onTheWay(thread, outbox.items);
    draw(list, messages, pending, fresh, hands);
    earlier.hidden = !thread.earlier;
    empty.hidden = thread.first === null || messages.length + pending.length > 0;
    const count = unread(thread);
    badge(section, count, ngettext("{count} unread message", "{count} unread messages", count), { fresh: true });
    setText(below, ngettext("{count} new below", "{count} new below", count));
    if (atEnd) toEnd();
    below.hidden = atEnd || count === 0;
    seen.look();
  }

  function toEnd() {
    atEnd = true;
    scroller.scrollTop = scroller.scrollHeight;
  }

  /** Ask for what followed, until nothing does; one question at a time. */
  async function catchUp() {
    askAgain = true;
    if (asking) return;
    asking = true;
    try {
      while (askAgain) {
        askAgain = false;
        const first = thread.first === null;
        /** @type {Page} */
        const page = await quietly(first ? address : `${address}?after=${thread.known}`);
        change((now) => (first ? opened(now, page) : caughtUp(now, page)));
        askAgain ||= !first && page.limited;
        if (first) toFresh();
      }
      complain("");
    } catch (error) {
      if (thread.first === null) complain(error instanceof Error ? error.message : "");
    } finally {
      asking = false;
    }
  }

  function toFresh() {
    const line = list.querySelector(".new");
    if (line instanceof HTMLElement) line.scrollIntoView({ block: "start" });
    else toEnd();
  }

  async function lookBack() {
    const from = thread.first;
    if (from === null) return;
    try {
      /** @type {Page} */
      const page = await getJson(`${address}?before=${from}`);
      const height = scroller.scrollHeight;
      thread = lookedBack(thread, page);
      show();
      scroller.scrollTop += scroller.scrollHeight - height;
      complain("");
    } catch (error) {
      complain(error instanceof Error ? error.message : "");
    }
  }

  /** @param {string} words */
  function complain(words) {
    trouble.hidden = words === "";
    setText(trouble, words);
  }

  /** A hand has shown that this was read, however long it was in view. @param {number} seq */
  function reached(seq) {
    if (seq > thread.read && unread(thread) > 0) void markRead(seq);
  }

  /** @param {number} seq */
  async function markRead(seq) {
    thread = readTo(thread, Math.min(seq, thread.known));
    show();
    const what = { seq: thread.read };
    const byRest = async () => {
      const response = await request(`${address}read/`, { method: "PUT", body: what, renewal: true });
      return { status: response.status, result: await response.json() };
    };
    await verbs.do("read_messages", what, byRest).catch(() => {
      // The marker moves with the next message, or when the study is opened again.
    });
  }

  const seen = whenSeen(scroller, () => {
    const last = inOrder(thread).findLast(({ seq, mine }) => !mine && seq <= thread.known);
    return last && last.seq > thread.read ? last.seq : null;
  }, (seq) => void markRead(seq));

  topics.listen(`talk.${page.study}`, {
    onEvent: ({ seq }) => {
      if (seq > thread.known) void catchUp();
    },
    onOpen: () => {
      void catchUp();
      outbox.wake();
    },
  });
  topics.listen(`user.${page.user.id}`, {
    onEvent: ({ read, seq }) => {
      if (read !== page.study) return;
      thread = readTo(thread, Math.min(seq, thread.known));
      show();
    },
  });
  // Without a line nobody tells: look now and then.
  setInterval(() => {
    if (store.state.line !== "open" && document.visibilityState === "visible") void catchUp();
  }, WITHOUT_LINE);
  addEventListener("online", () => outbox.wake());

  scroller.addEventListener("scroll", () => {
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
    below.hidden = atEnd || unread(thread) === 0;
  });
  let height = 0;
  new ResizeObserver(() => {
    const wasClosed = height === 0;
    height = scroller.clientHeight;
    if (wasClosed) toFresh();
    else if (atEnd) toEnd();
  }).observe(scroller);

  show();
  afterFirst(() => void catchUp());
  void outbox.run();
}

/** @param {string} address @returns {Promise<any>} asked by the page itself: no hand has moved */
async function quietly(address) {
  return (await request(address, { renewal: true })).json();
}

/** What another user of this tab wrote isn't this one's to see. @param {number} user */
function forgetOthers(user) {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(`${KEPT}.`) && !key.startsWith(`${KEPT}.${user}.`)) sessionStorage.removeItem(key);
  }
}

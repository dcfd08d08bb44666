/** The messages of a conversation as elements: each is made once, and stays where it is while others come. */

/** @import { Message, Pending, Turn } from "./thread.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { icon } from "../viewer/icons.js";
import { clock, dayWords, isoDay } from "./words.js";

/** Messages of one person within this time stand under one name. */
const TOGETHER = 5 * 60_000;

/**
 * @typedef {object} Hands
 * @property {(message: Message) => void} onView
 * @property {(pending: Pending) => void} onAgain
 * @property {(pending: Pending) => void} onDrop
 */

/**
 * Write messages into a list; what says the same as before isn't touched.
 * @param {HTMLElement} list
 * @param {readonly Message[]} messages
 * @param {readonly Pending[]} pending
 * @param {number | null} fresh seq after which the unread ones begin
 * @param {Hands} hands
 */
export function draw(list, messages, pending, fresh, hands) {
  /** @type {HTMLElement[]} */
  const wanted = [];
  const there = new Map([...list.children].map((each) => [/** @type {HTMLElement} */ (each).dataset["key"], /** @type {HTMLElement} */ (each)]));
  const put = (/** @type {string} */ key, /** @type {() => HTMLElement} */ make) => {
    const element = there.get(key) ?? make();
    element.dataset["key"] = key;
    wanted.push(element);
  };
  /** @type {Message | null} */
  let before = null;
  for (const message of messages) {
    const at = new Date(message.created);
    const day = isoDay(at);
    const newDay = !before || isoDay(new Date(before.created)) !== day;
    const isFirstNew = fresh !== null && message.seq > fresh && (before?.seq ?? 0) <= fresh;
    if (newDay) put(`day ${day} ${dayWords(at)}`, () => el("li", { class: "day" }, el("span", {}, dayWords(at))));
    if (isFirstNew) put("new", () => el("li", { class: "new" }, el("span", {}, gettext("New"))));
    const alone = newDay || isFirstNew || !before || before.sender.id !== message.sender.id || at.getTime() - Date.parse(before.created) > TOGETHER;
    put(`${message.seq} ${alone}`, () => bubble(message, at, alone, hands));
    before = message;
  }
  for (const each of pending) {
    put(`${each.client_uuid} ${each.stuck} ${each.words}`, () => waiting(each, hands));
  }
  for (const element of there.values()) if (!wanted.includes(element)) element.remove();
  wanted.forEach((element, index) => {
    const here = list.children[index];
    if (here !== element) list.insertBefore(element, here ?? null);
  });
}

/**
 * @param {Message} message
 * @param {Date} at
 * @param {boolean} alone
 * @param {Hands} hands
 */
function bubble(message, at, alone, { onView }) {
  const time = el("time", { datetime: message.created, title: `${isoDay(at)} ${clock(at)}` }, clock(at));
  const name = el("bdi", { class: "name" }, message.sender.name);
  return el(
    "li", { class: `message ${message.mine ? "own" : "others"} ${alone ? "" : "more"}`.trim(), "data-seq": message.seq },
    el("p", { class: message.mine || !alone ? "unseen" : "who" }, name),
    el("div", { class: "bubble" }, message.state && viewButton(message, onView), words(message.text), time),
  );
}

/** @param {string} text */
const words = (text) => (text ? el("p", { class: "words", dir: "auto" }, text) : null);

/**
 * @param {Message} message
 * @param {Hands["onView"]} onView
 */
function viewButton(message, onView) {
  const name = message.sender.name;
  const label = message.mine ? gettext("Show the view that you sent") : interpolate(gettext("Show the view that {name} sent"), { name });
  const button = el("button", { type: "button", class: "view", "aria-label": label, title: label, onclick: () => onView(message) });
  const nothing = () => button.replaceChildren(icon("eye"), el("span", {}, gettext("Show this view")));
  if (!message.picture) {
    nothing();
    return button;
  }
  const image = el("img", { src: message.picture, alt: "", loading: "lazy", draggable: "false", class: turned(message.picture_turn) });
  image.addEventListener("error", nothing);
  button.append(image);
  return button;
}

/**
 * Classes that turn a picture as the pane was: flipped first, then rotated by the nearest right angle.
 * @param {Turn | null} turn
 */
export function turned(turn) {
  if (!turn) return "";
  const quarter = (Math.round(turn.rotation / 90) % 4) * 90;
  return [turn.flip_horizontal && "flip-h", turn.flip_vertical && "flip-v", quarter && `turn-${quarter}`].filter(Boolean).join(" ");
}

/**
 * @param {Pending} pending
 * @param {Hands} hands
 */
function waiting(pending, { onAgain, onDrop }) {
  const state = pending.stuck
    ? el("p", { class: "trouble", role: "alert" }, icon("warning", "small"), el("span", {}, `${gettext("Not sent.")} ${pending.words}`))
    : el("p", { class: "state muted" }, icon("clock", "small"), el("span", {}, pending.words ? `${gettext("Not sent yet. Trying again.")} ${pending.words}` : gettext("Sending")));
  const again = el("button", { type: "button", class: "button", onclick: () => onAgain(pending) }, gettext("Try again"));
  const drop = el("button", { type: "button", class: "plain", onclick: () => onDrop(pending) }, gettext("Discard"));
  return el(
    "li", { class: `message own pending ${pending.stuck ? "stuck" : ""}`.trim(), "data-uuid": pending.client_uuid },
    el("div", { class: "bubble" }, pending.state && el("p", { class: "with" }, icon("eye", "small"), gettext("With your view")), words(pending.text)),
    state,
    pending.stuck && el("p", { class: "choices" }, again, drop),
  );
}

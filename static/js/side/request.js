/** The request beside the images: all of it without a click, and a plain form to write it. */

/** @import { Typed } from "./request-form.js" */
/** @import { Beside } from "./side.js" */
import { ApiError, getJson, request as send } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { Draft } from "../shared/drafts.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { icon } from "../viewer/icons.js";
import { clock } from "./reading.js";
import { editRequest } from "./request-form.js";
import { bodyOf } from "./side.js";

/**
 * @typedef {object} Request
 * @property {number} version   0: there is none
 * @property {string} accession_number
 * @property {string} clinical_question
 * @property {string} history
 * @property {string} procedure
 * @property {string} referrer
 * @property {string} referrer_words
 * @property {string} referrer_phone
 * @property {string} ward
 * @property {string} contrast
 * @property {string} allergy
 * @property {string} pregnancy
 * @property {string} pregnancy_words
 * @property {boolean} is_not_pregnant
 * @property {"routine" | "urgent" | "stat"} priority
 * @property {string} priority_words
 * @property {string | null} due_at   null: nobody waits by the clock, or it has been read
 * @property {string | null} origin
 * @property {string} origin_words
 * @property {{ id: number, name: string } | null} edited_by
 * @property {string | null} edited_at
 * @property {boolean} may_edit
 */

/**
 * @param {HTMLElement} section
 * @param {Beside} beside
 */
export function fillRequest(section, { page, topics, announce }) {
  const address = `/api/studies/${page.archive}/${page.study}/request/`;
  const body = bodyOf(section);
  const head = section.querySelector("header");
  /** @type {Request | null} */
  let shown = null;
  /** @type {ReturnType<typeof editRequest> | null} */
  let form = null;
  let asked = false;
  /** @type {Draft<Typed>} */
  const draft = new Draft(sessionStorage, page.user.id, `request.${page.archive}/${page.study}`);

  const edit = el("button", { type: "button", class: "plain push", id: "request-edit", hidden: true, onclick: begin }, gettext("Edit"));
  const urgency = el("span", { class: "tag urgency", hidden: true });
  const due = el("span", { class: "due", hidden: true });
  head?.append(urgency, due, edit);

  const draw = () => {
    if (!shown) return;
    edit.hidden = !shown.may_edit || form !== null;
    urgency.hidden = shown.priority === "routine";
    urgency.textContent = shown.priority_words;
    urgency.className = `tag urgency ${shown.priority === "stat" ? "danger" : "warn"}`;
    due.hidden = !shown.due_at;
    due.textContent = shown.due_at ? interpolate(gettext("due {time}"), { time: clock(shown.due_at) }) : "";
    due.classList.toggle("late", shown.due_at !== null && Date.parse(shown.due_at) < Date.now());
    edit.textContent = shown.version ? gettext("Edit") : gettext("Write");
    if (form) return form.heard(shown);
    body.replaceChildren(...(shown.version ? whole(shown, announce) : none()));
  };
  const fetchAgain = async () => {
    try {
      const isFirst = shown === null;
      shown = /** @type {Request} */ (await getJson(address));
      draw();
      if (isFirst) takeUp();
      if (shown.version || asked) return;
      asked = true;
      await send(address, { method: "POST" });
    } catch (error) {
      if (!shown) body.replaceChildren(el("p", { class: "muted" }, error instanceof ApiError ? error.message : String(error)));
    }
  };
  function begin() {
    if (!shown) return;
    open(shown);
    form?.focus();
    draw();
  }
  /** @param {Request} seen */
  function open(seen) {
    form = editRequest(seen, address, {
      onSaved: (saved) => {
        shown = saved;
        end();
        announce(gettext("The request is saved."));
      },
      onCancel: end,
      onTyped: (typed) => draft.keep(typed),
    });
    body.replaceChildren(form.element);
  }
  /** What was typed before the page was loaded again stands in the form once more, beside what was saved meanwhile. */
  function takeUp() {
    const left = draft.content;
    if (!left || !shown?.may_edit) return;
    open(left.base);
    form?.restore(left.fields);
    draw();
  }
  function end() {
    form = null;
    draft.keep(null);
    draw();
    edit.focus();
  }
  addEventListener("beforeunload", (event) => draft.content && event.preventDefault());
  topics.listen(`study.${page.study}`, {
    onEvent: ({ changed }) => (changed === "request" || changed === "reading") && void fetchAgain(),
    onOpen: () => void fetchAgain(),
  });
}

function none() {
  return [el("p", { class: "muted" }, gettext("No request came with this exam."))];
}

/**
 * @param {Request} request
 * @param {(words: string) => void} announce
 * @returns {HTMLElement[]}
 */
function whole(request, announce) {
  const { allergy, pregnancy, priority, clinical_question, history } = request;
  const pressing = priority !== "routine";
  const facts = [
    fact(gettext("Asked for"), request.procedure),
    fact(gettext("Referrer"), request.referrer_words),
    request.referrer_phone ? phone(request.referrer_phone, announce) : null,
    fact(gettext("From"), request.ward),
    pressing ? null : fact(gettext("Priority"), request.priority_words),
    fact(gettext("Contrast"), request.contrast),
    fact(gettext("Accession"), request.accession_number),
  ];
  const changed = request.edited_by
    ? interpolate(gettext("changed by {name}, {time}"), { name: request.edited_by.name, time: clock(request.edited_at) })
    : "";
  return [
    allergy ? alert(gettext("Allergy"), allergy) : null,
    pregnancy ? alert(gettext("Pregnancy"), request.pregnancy_words, request.is_not_pregnant) : null,
    el("p", { class: clinical_question ? "question" : "muted" }, el("bdi", {}, clinical_question || gettext("No question is written in the request."))),
    history ? el("p", { class: "history" }, el("bdi", {}, history)) : null,
    el("dl", { class: "facts-list" }, ...facts.flatMap((pair) => pair ?? [])),
    el("p", { class: "muted origin" }, [request.origin_words, changed].filter(Boolean).join("; ")),
  ].filter((part) => part !== null);
}

/**
 * What stands out: a warning, or the calm word that there is no reason for one.
 * @param {string} name
 * @param {string} words
 * @param {boolean} [calm]
 */
function alert(name, words, calm = false) {
  return el("p", { class: calm ? "alert calm" : "alert" }, calm ? null : icon("warning"), el("span", {}, el("b", {}, name), " ", el("bdi", {}, words)));
}

/** @param {string} name @param {string} value */
function fact(name, value) {
  return value ? [el("dt", {}, name), el("dd", {}, el("bdi", {}, value))] : null;
}

/**
 * A number to call back, with a button that copies it.
 * @param {string} number
 * @param {(words: string) => void} announce
 */
function phone(number, announce) {
  const copy = el("button", { type: "button", class: "plain copy", onclick: async () => {
    try {
      await navigator.clipboard.writeText(number);
      copy.textContent = gettext("Copied");
    } catch {
      getSelection()?.selectAllChildren(text);
      copy.textContent = gettext("Selected");
    }
    announce(copy.textContent);
    setTimeout(() => (copy.textContent = gettext("Copy")), 2000);
  } }, gettext("Copy"));
  const text = el("bdi", { class: "phone" }, number);
  return [el("dt", {}, gettext("Call back")), el("dd", { class: "callback" }, text, copy)];
}

/** The form of the request: what is typed is never lost, and who was quicker is shown beside it. */

/** @import { Request } from "./request.js" */
import { csrfToken } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { notSaved } from "../shared/drafts.js";
import { gettext, interpolate } from "../shared/i18n.js";

/** @typedef {"clinical_question" | "history" | "procedure" | "referrer" | "referrer_phone" | "ward" | "priority" | "contrast" | "allergy" | "pregnancy" | "accession_number"} Field */

/** Field, label, rows of text (1: a line), most characters. @type {() => [Field, string, number, number][]} */
const FIELDS = () => [
  ["clinical_question", gettext("Question"), 3, 10_000],
  ["history", gettext("History"), 3, 10_000],
  ["procedure", gettext("Asked for"), 1, 255],
  ["referrer", gettext("Referrer"), 1, 255],
  ["referrer_phone", gettext("Call back"), 1, 100],
  ["ward", gettext("From"), 1, 100],
  ["priority", gettext("Priority"), 0, 0],
  ["contrast", gettext("Contrast"), 1, 10_000],
  ["allergy", gettext("Allergy"), 1, 10_000],
  ["pregnancy", gettext("Pregnancy"), 1, 100],
  ["accession_number", gettext("Accession"), 1, 64],
];
/** @typedef {{ base: Request, fields: Partial<Record<Field, string>> }} Typed what was typed over which request */

const PRIORITIES = () => /** @type {const} */ ([
  ["routine", gettext("routine")],
  ["urgent", gettext("urgent")],
  ["stat", gettext("stat")],
]);

/**
 * @param {Request} seen
 * @param {string} address
 * @param {{ onSaved: (saved: Request) => void, onCancel: () => void, onTyped: (typed: Typed | null) => void }} listeners
 *   onTyped: what isn't saved has changed; null when nothing differs
 */
export function editRequest(seen, address, { onSaved, onCancel, onTyped }) {
  let base = asTyped(seen);
  /** @type {Map<Field, HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>} */
  const inputs = new Map();
  /** @type {Map<Field, HTMLElement>} */
  const theirs = new Map();
  const lines = FIELDS().map(([name, label, rows, longest]) => {
    const input = field(name, rows, longest, base[name]);
    const other = el("p", { class: "theirs", hidden: true });
    inputs.set(name, input);
    theirs.set(name, other);
    return el("label", {}, el("span", {}, label), input, other);
  });
  const said = el("p", { class: "said", role: "alert", hidden: true });
  const save = el("button", { class: "button first" }, gettext("Save"));
  const cancel = el("button", { type: "button", class: "button", onclick: onCancel }, gettext("Cancel"));
  const element = el("form", { class: "request-form", onsubmit: submit }, said, ...lines, el("div", { class: "do" }, save, cancel));
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element.requestSubmit();
    if (event.key === "Escape" && changed().length === 0) onCancel();
  });

  element.addEventListener("input", () => onTyped(changed().length ? { base, fields: typed() } : null));

  function typed() {
    return Object.fromEntries(changed().map((name) => [name, inputs.get(name)?.value ?? ""]));
  }

  /** @returns {Field[]} those that differ from what was there when the form began */
  function changed() {
    return [...inputs].filter(([name, input]) => plain(input.value) !== plain(base[name])).map(([name]) => name);
  }
  const say = (/** @type {string} */ words) => {
    said.textContent = words;
    said.hidden = words === "";
  };

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const fields = typed();
    if (Object.keys(fields).length === 0 && base.version) return onCancel();
    save.disabled = true;
    try {
      const response = await fetch(address, {
        method: "PUT", credentials: "same-origin", body: JSON.stringify({ version: base.version, ...fields }),
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
      });
      const answer = await response.json().catch(() => ({}));
      if (response.ok) return onSaved(answer);
      if (response.status === 409) return heard(answer.request);
      say(notSaved(answer.detail ?? gettext("The server could not do this.")));
    } catch {
      say(notSaved());
    } finally {
      save.disabled = false;
    }
  }

  /**
   * Somebody else has written meanwhile: what they wrote goes into the fields that were left alone here, and stands
   * beside the others.
   * @param {Request} now
   */
  function heard(now) {
    if (now.version === base.version) return;
    const fresh = asTyped(now);
    const own = new Set(changed());
    const before = base;
    let clashes = 0;
    base = fresh;
    for (const [name, input] of inputs) {
      const other = theirs.get(name);
      if (!own.has(name)) input.value = fresh[name];
      else if (other && plain(fresh[name]) !== plain(before[name]) && plain(fresh[name]) !== plain(input.value)) {
        clashes += 1;
        const take = el("button", { type: "button", class: "plain", onclick: () => {
          input.value = fresh[name];
          other.hidden = true;
          input.focus();
        } }, gettext("Take this"));
        other.replaceChildren(el("span", { class: "muted" }, gettext("Now saved:")), " ", el("bdi", {}, fresh[name] || "–"), " ", take);
        other.hidden = false;
      }
    }
    const name = fresh.edited_by?.name ?? "";
    const who = name ? interpolate(gettext("{name} has changed the request meanwhile."), { name }) : gettext("The request has changed meanwhile.");
    say(clashes ? `${who} ${gettext("Both texts are shown; yours is saved with “Save”.")}` : `${who} ${gettext("It doesn't touch what you changed.")}`);
  }

  /** Put back what was typed before the page was loaded again. @param {Typed["fields"]} fields */
  function restore(fields) {
    for (const [name, input] of inputs) input.value = fields[name] ?? input.value;
    say(gettext("This is what you had typed. It isn't saved yet."));
  }

  return { element, heard, restore, focus: () => inputs.get("clinical_question")?.focus() };
}

/** A name as people write it, not as DICOM does. @param {Request} request @returns {Request} */
function asTyped(request) {
  return { ...request, referrer: request.referrer_words };
}

/** A text as a field gives it back. @param {string} text */
function plain(text) {
  return text.replace(/\r\n?/g, "\n").trim();
}

/**
 * @param {Field} name
 * @param {number} rows
 * @param {number} longest
 * @param {string} value
 */
function field(name, rows, longest, value) {
  if (name === "priority") {
    const select = el("select", { class: "field", name }, ...PRIORITIES().map(([key, words]) => el("option", { value: key }, words)));
    select.value = value;
    return select;
  }
  const shape = { class: "field", name, maxlength: longest, autocomplete: "off" };
  const input = rows > 1 ? el("textarea", { ...shape, rows }) : el("input", { ...shape, type: "text" });
  input.value = value;
  return input;
}

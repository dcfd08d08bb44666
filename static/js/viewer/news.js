/** What has changed in the archive while a reader looks: quiet lines beside the images, and what can't be overlooked. */

/** @import { Patient } from "./listed.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { icon } from "./icons.js";
import { patientWords } from "./newswords.js";

/** Lines that ask nothing, at most; the oldest goes first. */
const MOST = 4;

export class News {
  #list = el("ul", { role: "list" });
  #element = el("section", { id: "news", "aria-label": gettext("New in the archive"), hidden: true }, this.#list);
  #said = el("p", { class: "unseen", role: "status" });
  /** @type {Map<string, {words: string, act: (() => void) | null, key: string}>} */
  #lines = new Map();

  /**
   * @param {HTMLElement} place behind which the lines stand
   * @param {{onDone: () => void, key: () => string}} page onDone: a button has done its work, and is no longer there to have the focus; key: that shows what is new
   */
  constructor(place, { onDone, key }) {
    this.onDone = onDone;
    this.key = key;
    place.after(this.#element);
    document.body.append(this.#said);
  }

  /**
   * @param {string} about one line for each
   * @param {string} words "" for none any more
   * @param {(() => void) | null} [act] what a reader may do about it
   * @param {string} [key] that does it; "" for none
   */
  tell(about, words, act = null, key = this.key()) {
    const before = this.#lines.get(about);
    if ((before?.words ?? "") === words && (before?.act ?? null) === act) return;
    this.#lines.delete(about);
    if (words) this.#lines.set(about, { words, act, key });
    const told = [...this.#lines].filter(([, line]) => !line.act).map(([each]) => each);
    for (const each of told.slice(0, Math.max(0, told.length - MOST))) this.#lines.delete(each);
    this.#draw();
    if (words) this.#said.textContent = act && key ? [words, interpolate(gettext("{key} shows it."), { key })].join(" ") : words;
  }

  #draw() {
    this.#element.hidden = this.#lines.size === 0;
    this.#list.replaceChildren(...[...this.#lines].map(([about, { words, act, key }]) => {
      const done = (/** @type {() => void} */ work) => () => {
        work();
        this.onDone();
      };
      const button = act
        ? el("button", { type: "button", class: "button first", onclick: done(act) }, gettext("Show"), key && " ", key && el("kbd", { "aria-hidden": "true" }, key))
        : el("button", { type: "button", class: "plain square", "aria-label": gettext("Close"), onclick: done(() => this.tell(about, "")) }, "×");
      return el("li", { class: act ? "offer" : "" }, el("p", {}, words), button);
    }));
  }

  /**
   * Another person's study: nothing goes on until a reader has seen it.
   * @param {Patient} before
   * @param {Patient} now
   * @param {string} study which of the patient's it is
   * @param {() => void} onSeen
   */
  person(before, now, study, onSeen) {
    const title = el("h1", { id: "person-title", tabindex: -1 }, icon("warning"), gettext("The patient of this exam was changed in the archive"));
    const dialog = el(
      "dialog", { class: "person", role: "alertdialog", "aria-labelledby": "person-title", "aria-describedby": "person-what" }, title,
      el(
        "dl", { id: "person-what" },
        study && el("dt", {}, gettext("Exam")), study && el("dd", {}, el("bdi", {}, study)),
        el("dt", {}, gettext("Until now")), el("dd", {}, el("bdi", {}, patientWords(before))),
        el("dt", {}, gettext("From now on")), el("dd", { class: "now" }, el("bdi", {}, patientWords(now))),
        now.conflict && el("dt", {}, gettext("In doubt")), now.conflict && el("dd", {}, now.conflict),
      ),
      el("p", {}, gettext("Measurements stay on their images. What you save from now on belongs to the patient named last.")),
      el("button", { type: "button", class: "button first", onclick: () => dialog.close() }, gettext("I have seen it")),
    );
    // A key that was meant for the images must not put it away.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      onSeen();
      this.onDone();
    });
    document.body.append(dialog);
    dialog.showModal();
    title.focus();
  }
}

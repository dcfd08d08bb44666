/** Everything over the pixels of one pane: corners, letters, scale bar, fidelity sign, notices. */

/** @import { Picture, Line } from "./corners.js" */
/** @import { Matrix } from "./geometry.js" */
/** @import { TextLevel } from "./state.js" */
import { el, setText, svg } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { corners, fidelity, identityLine, spoken } from "./corners.js";
import { edgeLetters, scaleBar } from "./geometry.js";
import { icon } from "./icons.js";

/** @typedef {{prior: string, notes: readonly string[], zoom: string, text: TextLevel, narrow: boolean, height: number}} Known height: CSS pixels, measured before anything is written */

const EDGES = /** @type {const} */ (["left", "right", "top", "bottom"]);
const CORNERS = /** @type {const} */ (["topLeft", "topRight", "bottomLeft", "bottomRight"]);
const SIGNS = { full: "fidelity-full", scaled: "fidelity-part", moving: "fidelity-part", source: "warning" };

export class Dressing {
  #corner = { topLeft: box("corner top-left"), topRight: box("corner top-right"), bottomLeft: box("corner bottom-left"), bottomRight: box("corner bottom-right") };
  #letter = { left: box("letter left"), right: box("letter right"), top: box("letter top"), bottom: box("letter bottom") };
  #unknown = el("p", { class: "unknown-orientation", hidden: true });
  #identity = el("p", { class: "identity", hidden: true });
  #prior = el("p", { class: "prior-frame", hidden: true });
  #scale = svg("svg", { class: "scale", "aria-hidden": "true" });
  #scaleWords = el("p", { class: "scale-words", hidden: true });
  #fidelity = el("p", { class: "fidelity", hidden: true });
  #value = el("p", { class: "value", "aria-hidden": "true" });
  #late = el("p", { class: "late", hidden: true });
  #notice = el("div", { class: "notice", hidden: true });
  #persons = el("p", { class: "persons", role: "alert", hidden: true });
  #live = el("p", { class: "unseen", "aria-live": "polite" });
  #spoken = "";

  /** @param {HTMLElement} area */
  constructor(area) {
    this.area = area;
    area.append(
      this.#scale, this.#scaleWords, ...Object.values(this.#letter), this.#unknown, ...Object.values(this.#corner),
      this.#identity, this.#prior, this.#fidelity, this.#late, this.#notice, this.#persons, this.#live,
    );
    this.empty();
  }

  /** A pane with nothing in it. */
  empty() {
    this.#bare(null);
    this.#say(gettext("Empty pane. Choose a series on the left."), "");
    this.#name(gettext("Empty pane"));
  }

  /** @param {Picture | null} picture whose image is on its way */
  waiting(picture) {
    this.#bare(picture);
    this.#say(gettext("Loading …"), "");
    this.#name(gettext("Loading"));
  }

  /**
   * @param {Picture | null} picture of what isn't there
   * @param {"gap" | "failed"} kind
   * @param {string} title
   * @param {string} words
   * @param {Known} known
   */
  notice(picture, kind, title, words, known) {
    this.#bare(picture);
    if (picture) this.#corners(picture, { ...known, zoom: "" });
    this.#say(title, words, kind);
    this.#name([title, words].filter(Boolean).join(": "));
  }

  /**
   * @param {Picture} picture that is being painted
   * @param {Matrix} matrix with which it is painted
   * @param {number} scale device pixels for the width of an image pixel
   * @param {Known} known
   * @param {string} plane
   */
  picture(picture, matrix, scale, known, plane) {
    this.#notice.hidden = true;
    this.#late.hidden = true;
    this.#corners(picture, known);
    this.#letters(picture, matrix, known.text);
    this.#ruler(picture, scale, known);
    this.#sign(picture);
    this.#name(spoken(picture, plane));
  }

  /** Repeat to those who listen what is shown, once the hand rests. */
  announce() {
    setText(this.#live, this.#spoken);
  }

  /** @param {string} words */
  value(words) {
    setText(this.#value, words);
  }

  /** @param {string} words of a picture that takes its time */
  late(words) {
    setText(this.#late, words);
    this.#late.hidden = false;
  }

  /** @param {boolean} insist on the words beside the sign */
  insist(insist) {
    this.#fidelity.classList.toggle("insisting", insist);
  }

  /** @param {string} words about more than one person on the screen; "" for one */
  warn(words) {
    setText(this.#persons, words);
    this.#persons.hidden = words === "";
  }

  /** @param {Picture | null} picture only its person is told */
  #bare(picture) {
    for (const edge of EDGES) setText(this.#letter[edge], "");
    for (const corner of CORNERS) this.#corner[corner].replaceChildren();
    this.#scale.replaceChildren();
    this.#unknown.hidden = true;
    this.#scaleWords.hidden = true;
    this.#fidelity.hidden = true;
    this.#late.hidden = true;
    this.#value.textContent = "";
    this.#identity.hidden = picture === null;
    this.#prior.hidden = true;
    if (picture) setText(this.#identity, identityLine(picture));
  }

  /**
   * @param {Picture} picture
   * @param {Known} known
   */
  #corners(picture, known) {
    const all = known.text === "all" && !known.narrow;
    const lines = corners(picture, known);
    for (const corner of CORNERS) {
      const shown = all ? lines[corner] : [];
      this.#corner[corner].replaceChildren(...shown.map(lineElement));
    }
    if (all) this.#corner.bottomLeft.prepend(this.#value);
    this.#identity.hidden = all;
    setText(this.#identity, [identityLine(picture), known.prior].filter(Boolean).join(" · "));
    this.#prior.hidden = known.prior === "";
  }

  /**
   * @param {Picture} picture
   * @param {Matrix} matrix
   * @param {TextLevel} text
   */
  #letters(picture, matrix, text) {
    const letters = text === "none" ? null : edgeLetters(picture, matrix);
    for (const edge of EDGES) setText(this.#letter[edge], letters?.[edge] ?? "");
    this.#unknown.hidden = text === "none" || letters !== null;
    setText(this.#unknown, gettext("orientation unknown"));
  }

  /**
   * @param {Picture} picture
   * @param {number} scale
   * @param {Known} known
   */
  #ruler({ pixel_spacing, spacing_basis, spacing_words }, scale, { text, height }) {
    const ratio = window.devicePixelRatio;
    const calibrated = pixel_spacing && spacing_basis !== "none" && text !== "none";
    const bar = calibrated ? scaleBar(scale / pixel_spacing[1] / ratio, height * 0.4) : null;
    this.#scaleWords.hidden = !bar;
    if (!bar) return this.#scale.replaceChildren();
    const ticks = Array.from({ length: Math.round(bar.mm / bar.step) + 1 }, (_, index) => (index * bar.length * bar.step) / bar.mm);
    const path = `M1 0V${bar.length}` + ticks.map((y, index) => `M1 ${y}h${index % 5 ? 5 : 9}`).join("");
    this.#scale.setAttribute("height", String(bar.length + 2));
    this.#scale.replaceChildren(svg("path", { d: path, transform: "translate(0 1)", class: "halo" }), svg("path", { d: path, transform: "translate(0 1)" }));
    const length = bar.mm >= 10 ? `${bar.mm / 10} cm` : `${bar.mm} mm`;
    setText(this.#scaleWords, [length, spacing_basis === "patient" ? "" : spacing_words].filter(Boolean).join("\n"));
  }

  /** @param {Picture} picture */
  #sign(picture) {
    const { sign, words, insist } = fidelity(picture);
    this.#fidelity.hidden = false;
    if (this.#fidelity.dataset["words"] === words) return;
    this.#fidelity.dataset["words"] = words;
    this.#fidelity.dataset["sign"] = sign;
    this.#fidelity.title = words;
    this.#fidelity.classList.toggle("always", insist);
    this.#fidelity.replaceChildren(icon(SIGNS[sign], "small"), el("span", { class: "words" }, words));
  }

  /**
   * @param {string} title
   * @param {string} words
   * @param {"gap" | "failed" | ""} [kind]
   */
  #say(title, words, kind = "") {
    const lines = [el("strong", {}, title), words && el("span", {}, words)];
    this.#notice.hidden = false;
    this.#notice.className = `notice ${kind}`;
    this.#notice.replaceChildren(...(kind ? [el("div", { class: "frame" }, icon("warning"), ...lines)] : lines.filter(Boolean)));
  }

  /** @param {string} words */
  #name(words) {
    this.#spoken = words;
    if (this.area.getAttribute("aria-label") !== words) this.area.setAttribute("aria-label", words);
  }
}

/** @param {string} name */
function box(name) {
  return el("div", { class: name });
}

/** @param {Line} line */
function lineElement({ text, kind }) {
  return el("p", { class: kind }, el("bdi", {}, text));
}

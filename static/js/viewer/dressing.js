/** Everything over the pixels of one pane: corners, letters, scale bar, fidelity sign, notices. */

/** @import { Picture, Line } from "./corners.js" */
/** @import { Matrix } from "./geometry.js" */
/** @import { TextLevel } from "./state.js" */
import { el, setText, svg } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { ColourBar } from "./colourbar.js";
import { aside, corners, fidelity, fitted, heldLines, identityLine } from "./corners.js";
import { edgeLetters, scaleBar } from "./geometry.js";
import { icon } from "./icons.js";
import { chestSide } from "./mammography.js";
import { spoken } from "./spoken.js";

/** @typedef {{prior: string, notes: readonly string[], across: string, carved: string, zoom: string, text: TextLevel, thing: "slice" | "frame" | "image", named: import("./planes.js").PlaneName | null, narrow: boolean, ownWindow: boolean, calibration: {pixel_spacing: [number, number], words: string} | null, height: number, rows: number}} Known across: how it goes along with panes of other Frames of Reference, always said; carved: what of a volume is hidden by hand; named: which of a volume's planes it is; ownWindow: or one that has a name; calibration: set by hand, above what the file says; rows: lines of text that fit above each other; height: CSS pixels, measured before anything is written */

const EDGES = /** @type {const} */ (["left", "right", "top", "bottom"]);
const CORNERS = /** @type {const} */ (["topLeft", "topRight", "bottomLeft", "bottomRight"]);
const SIGNS = { full: "fidelity-full", scaled: "fidelity-part", moving: "fidelity-part", source: "warning" };

/** Lines that the letters need where they stand together in a corner; how high all that stands below a corner is, and a line (CSS pixels). */
const COMPASS = 3;
const BELOW = 100;
const LINE = 19;
/** How long words that go by themselves stand (ms). */
const TOLD = 6000;

export class Dressing {
  #corner = { topLeft: box("corner top-left"), topRight: box("corner top-right"), bottomLeft: box("corner bottom-left"), bottomRight: box("corner bottom-right") };
  #letter = { left: box("letter left"), right: box("letter right"), top: box("letter top"), bottom: box("letter bottom") };
  #unknown = el("p", { class: "unknown-orientation", hidden: true });
  #who = el("span", { class: "who" });
  #patientId = el("span", { class: "patient-id" });
  #across = el("span", { class: "across" });
  #identity = el("p", { class: "identity", hidden: true }, this.#who, this.#patientId, this.#across);
  #prior = el("p", { class: "prior-frame", hidden: true });
  #scale = svg("svg", { class: "scale", "aria-hidden": "true" });
  #scaleWords = el("p", { class: "scale-words", hidden: true });
  #colours = new ColourBar();
  #fidelity = el("p", { class: "fidelity", hidden: true });
  #value = el("p", { class: "value", "aria-hidden": "true" });
  #late = el("p", { class: "late", hidden: true });
  #told = el("p", { class: "told", role: "status", hidden: true });
  #telling = 0;
  #notice = el("div", { class: "notice", hidden: true });
  #persons = el("p", { class: "persons", role: "alert", hidden: true });
  #live = el("p", { class: "unseen", "aria-live": "polite" });
  #spoken = "";
  #kinds = { topLeft: "", topRight: "", bottomLeft: "", bottomRight: "" };
  #bar = "";
  /** Of a breast: lines above and below the scale. */
  #beside = [0, 0];

  /**
   * @param {HTMLElement} area
   * @param {() => void} onMoved words stand elsewhere than before
   */
  constructor(area, onMoved) {
    this.area = area;
    area.append(
      this.#scale, this.#scaleWords, this.#colours.element, ...Object.values(this.#letter), this.#unknown, ...Object.values(this.#corner),
      this.#identity, this.#prior, this.#fidelity, this.#late, this.#told, this.#notice, this.#persons, this.#live,
    );
    // The letter at the upper edge stands below who it is.
    new ResizeObserver(([entry]) => {
      area.style.setProperty("--identity", `${Math.ceil(entry?.borderBoxSize[0]?.blockSize ?? 0)}px`);
      onMoved();
    }).observe(this.#identity);
    this.empty();
  }

  /** A pane with nothing in it. */
  empty() {
    this.#bare(null);
    this.#say(gettext("Empty pane. Choose a series on the left."), "");
    this.#name(gettext("Empty pane"));
  }

  /**
   * @param {Picture | null} picture whose image is on its way
   * @param {string} [words] how far it has come
   */
  waiting(picture, words = "") {
    this.#bare(picture);
    this.#say(words || gettext("Loading …"), "");
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
    this.area.dataset["chest"] = chestSide(picture.breast, edgeLetters(picture, matrix));
    this.area.classList.toggle("grounded", picture.colour || picture.burnt_in === true);
    this.#corners(picture, known);
    this.#letters(picture, matrix, known.text);
    this.#ruler(picture, scale, known);
    this.#colours.show(known.text === "none" ? null : picture, known.height);
    this.#sign(picture);
    this.#name(spoken(picture, plane, known.thing));
  }

  /** Repeat to those who listen what is shown, once the hand rests. */
  announce() {
    setText(this.#live, this.#spoken);
  }

  /**
   * @param {string} words
   * @returns {boolean} whether its line takes another place than before
   */
  value(words) {
    const before = this.#value.textContent ?? "";
    setText(this.#value, words);
    return before.length !== words.length;
  }

  /** @param {string} words of a picture that takes its time */
  late(words) {
    setText(this.#late, words);
    this.#late.hidden = false;
  }

  /** What was waited for is there. */
  inTime() {
    this.#late.hidden = true;
  }

  /** @param {string} words that stand for a while; "" takes them away */
  tell(words) {
    clearTimeout(this.#telling);
    if (words !== "") setText(this.#told, words);
    this.#told.hidden = words === "";
    if (words === "") return;
    this.#telling = setTimeout(() => (this.#told.hidden = true), TOLD);
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
    delete this.area.dataset["chest"];
    for (const edge of EDGES) setText(this.#letter[edge], "");
    for (const corner of CORNERS) {
      this.#corner[corner].replaceChildren();
      this.#kinds[corner] = "";
    }
    this.#bar = "";
    this.#scale.replaceChildren();
    this.#colours.show(null, 0);
    this.#unknown.hidden = true;
    this.#scaleWords.hidden = true;
    this.#fidelity.hidden = true;
    this.#late.hidden = true;
    this.#value.textContent = "";
    this.#identity.hidden = picture === null;
    this.#prior.hidden = true;
    if (picture) this.#identify(picture, "");
  }

  /**
   * @param {Picture} picture
   * @param {Known} known
   */
  #corners(picture, known) {
    const all = known.text === "all" && !known.narrow;
    const held = all ? [] : heldLines(picture, known);
    const { lines, lower, still } = this.#arranged(corners(picture, known), known.rows);
    for (const corner of CORNERS) {
      const own = [...(all ? lines[corner] : []), ...(corner === lower ? held : [])];
      const value = all && corner === still ? [this.#value] : [];
      this.#fill(corner, own, value);
      this.#corner[corner].classList.toggle("holding", corner === lower && held.length > 0);
    }
    this.#identity.hidden = all;
    this.#identify(picture, known.prior, known.across);
    this.#prior.hidden = known.prior === "";
  }

  /**
   * Which lines stand where: all of them away from a chest wall, so that none lies over tissue.
   * @param {import("./corners.js").Corners} all
   * @param {number} rows
   * @returns {{lines: import("./corners.js").Corners, lower: (typeof CORNERS)[number], still: (typeof CORNERS)[number]}} lower: of what is held; still: of the pixel value
   */
  #arranged(all, rows) {
    const chest = this.area.dataset["chest"];
    if (!chest) return { lines: fitted(all, rows), lower: "bottomRight", still: "bottomLeft" };
    const own = chest === "right" ? "bottomLeft" : "bottomRight";
    const lines = fitted(aside(all, chest === "right" ? "left" : "right"), rows - COMPASS);
    this.#beside = [lines.topLeft.length + lines.topRight.length, lines[own].length + 2]; // the pixel value, and the name is large
    return { lines, lower: own, still: own };
  }

  /**
   * Most lines stay from picture to picture: only those that differ are touched.
   * @param {(typeof CORNERS)[number]} corner
   * @param {readonly Line[]} lines
   * @param {readonly HTMLElement[]} above
   */
  #fill(corner, lines, above) {
    const element = this.#corner[corner];
    const kinds = JSON.stringify([above.length, lines.map(({ kind }) => kind)]);
    if (kinds !== this.#kinds[corner]) {
      this.#kinds[corner] = kinds;
      element.replaceChildren(...above, ...lines.map(lineElement));
    } else lines.forEach(({ text }, index) => setText(/** @type {Element} */ (element.children[above.length + index]?.firstElementChild), text));
  }

  /**
   * Who it is, with the patient's ID where the birth date stands in the place of it; and how it goes along unregistered.
   * @param {Picture} picture
   * @param {string} prior
   * @param {string} [across]
   */
  #identify(picture, prior, across = "") {
    const { id, birth_date } = picture.patient;
    setText(this.#who, [identityLine(picture), prior].filter(Boolean).join(" · "));
    setText(this.#patientId, birth_date ? id : "");
    setText(this.#across, across);
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
  #ruler({ pixel_spacing, spacing_basis }, scale, { text, height, calibration }) {
    const ratio = window.devicePixelRatio;
    const steps = calibration?.pixel_spacing ?? (spacing_basis === "none" ? null : pixel_spacing);
    const [above, free] = this.#free(height);
    const bar = steps && text !== "none" ? scaleBar(scale / steps[1] / ratio, Math.min(height * 0.4, free)) : null;
    const words = bar ? (bar.mm >= 10 ? `${bar.mm / 10} cm` : `${bar.mm} mm`) : "";
    const now = `${bar?.mm} ${bar?.step} ${bar?.length} ${words} ${above} ${free}`;
    if (now === this.#bar) return;
    this.#bar = now;
    this.#scaleWords.hidden = words === "";
    setText(this.#scaleWords, words);
    if (!bar) return this.#scale.replaceChildren();
    const ticks = Array.from({ length: Math.round(bar.mm / bar.step) + 1 }, (_, index) => (index * bar.length * bar.step) / bar.mm);
    const path = `M1 0V${bar.length}` + ticks.map((y, index) => `M1 ${y}h${index % 5 ? 5 : 9}`).join("");
    this.#scale.style.top = `${above + free / 2}px`;
    this.#scale.setAttribute("height", String(bar.length + 2));
    this.#scale.replaceChildren(svg("path", { d: path, transform: "translate(0 1)", class: "halo" }), svg("path", { d: path, transform: "translate(0 1)" }));
  }

  /**
   * Where the scale may stand: in the middle, of a breast between the words at the same side.
   * @param {number} height CSS pixels
   * @returns {[number, number]} CSS pixels above it, and its room
   */
  #free(height) {
    if (!this.area.dataset["chest"]) return [0, height];
    const [above = 0, below = 0] = this.#beside;
    return [8 + above * LINE, height - 8 - (above + below) * LINE - BELOW];
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

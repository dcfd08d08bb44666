/** Everything over a slide: identity, scale bar, magnification, notices, the places of tiles that failed. */

/** @import { Line } from "../viewer/corners.js" */
/** @import { Matrix } from "../viewer/geometry.js" */
/** @import { Slide, TextLevel } from "../viewer/state.js" */
/** @import { Failed } from "./tiles.js" */
import { el, setText, svg } from "../shared/dom.js";
import { gettext, ngettext } from "../shared/i18n.js";
import { apply } from "../viewer/geometry.js";
import { icon } from "../viewer/icons.js";
import { blanksOf } from "./slides.js";

/**
 * @typedef {object} Text   of one slide on the screen
 * @property {{topLeft: Line[], topRight: Line[], bottomRight: Line[]}} corners
 * @property {string} identity   the one line that is never left out, with the prior in it
 * @property {string} prior
 * @property {string} zoom
 * @property {string} words   why there is no scale bar
 * @property {{length: number, words: string} | null} bar   CSS pixels
 * @property {TextLevel} text
 * @property {boolean} narrow
 * @property {string} name   for those who don't see it
 */

export class SlideDressing {
  #corner = { topLeft: box("corner top-left"), topRight: box("corner top-right"), bottomRight: box("corner bottom-right") };
  #identity = el("p", { class: "identity", hidden: true });
  #prior = el("p", { class: "prior-frame", hidden: true });
  #bar = el("div", { class: "slide-scale", hidden: true });
  #barWords = el("p", {});
  #rule = svg("svg", { "aria-hidden": "true", height: 8 });
  #zoom = el("p", { class: "slide-zoom" });
  #uncalibrated = el("p", { class: "warn" });
  #late = el("p", { class: "late", hidden: true });
  #notice = el("div", { class: "notice", hidden: true });
  #persons = el("p", { class: "persons", role: "alert", hidden: true });
  #live = el("p", { class: "unseen", "aria-live": "polite" });
  #faults = svg("svg", { class: "faults", "aria-hidden": "true" });
  #blank = svg("path", {});
  #faultWords = el("span", {});
  #fault;

  /**
   * @param {HTMLElement} area
   * @param {{onAgain: () => void}} listeners
   */
  constructor(area, { onAgain }) {
    this.area = area;
    this.#bar.append(this.#rule, this.#barWords);
    const again = el("button", { type: "button", class: "button", onclick: onAgain }, gettext("Try again"));
    this.#fault = el("div", { class: "fault", role: "status", hidden: true }, icon("warning"), this.#faultWords, again);
    const scale = el("div", { class: "corner bottom-left" }, this.#bar, this.#zoom, this.#uncalibrated);
    area.prepend(svg("svg", { class: "blanks", "aria-hidden": "true" }, this.#blank));
    area.append(this.#faults, ...Object.values(this.#corner), scale, this.#identity, this.#prior, this.#late, this.#notice, this.#fault, this.#persons, this.#live);
  }

  /**
   * @param {Text} text
   * @param {boolean} covered by a notice: identity stays, scale goes
   */
  show(text, covered) {
    const all = text.text === "all" && !text.narrow;
    for (const [name, place] of Object.entries(this.#corner)) {
      draw(place, all ? text.corners[/** @type {keyof Text["corners"]} */ (name)] : []);
    }
    this.#identity.hidden = all;
    setText(this.#identity, text.identity);
    this.#prior.hidden = text.prior === "";
    const bar = covered || text.text === "none" ? null : text.bar;
    this.#bar.hidden = bar === null;
    if (bar) this.#drawBar(bar);
    setText(this.#zoom, covered || !all ? "" : text.zoom);
    setText(this.#uncalibrated, covered || text.text === "none" ? "" : text.words);
    if (this.area.getAttribute("aria-label") !== text.name) this.area.setAttribute("aria-label", text.name);
  }

  /** Repeat to those who listen what is shown, once the hand rests. */
  announce() {
    setText(this.#live, this.area.getAttribute("aria-label") ?? "");
  }

  /** @param {{length: number, words: string}} bar */
  #drawBar({ length, words }) {
    const width = String(length + 2);
    if (this.#rule.getAttribute("width") !== width) {
      const path = `M1 1v6M1 4h${length}M${length + 1} 1v6`;
      this.#rule.setAttribute("width", width);
      this.#rule.replaceChildren(svg("path", { d: path, class: "halo" }), svg("path", { d: path }));
    }
    setText(this.#barWords, words);
  }

  /** @param {string} words of a slide that takes its time; "" for none */
  late(words) {
    setText(this.#late, words);
    this.#late.hidden = words === "";
  }

  /**
   * @param {string} title "" for no notice
   * @param {string} [words]
   * @param {boolean} [failed]
   */
  notice(title, words = "", failed = false) {
    this.#notice.hidden = title === "";
    this.#notice.className = failed ? "notice failed" : "notice";
    const lines = [el("strong", {}, title), words && el("span", {}, words)].filter((line) => line !== "");
    this.#notice.replaceChildren(...(failed ? [el("div", { class: "frame" }, icon("warning"), ...lines)] : lines));
  }

  /** What was not scanned is white, as light comes through the glass. @param {Slide | null} slide */
  blank(slide) {
    const parts = slide ? blanksOf(slide) : [];
    this.#blank.setAttribute("d", parts.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`).join(""));
  }

  /** @param {Matrix} placed from pixels of the slide to CSS pixels */
  place(placed) {
    this.#blank.setAttribute("transform", `matrix(${placed.join(" ")})`);
  }

  /** @param {string} words about more than one person on the screen; "" for one */
  warn(words) {
    setText(this.#persons, words);
    this.#persons.hidden = words === "";
  }

  /**
   * Mark the places of tiles that can't be shown, and say so.
   * @param {readonly Failed[]} failed
   * @param {Matrix} placed from pixels of the slide to CSS pixels
   * @param {string} why
   */
  fail(failed, placed, why) {
    const shapes = failed.map(({ x, y, width, height }) => {
      const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
      return svg("polygon", { points: corners.map(([column = 0, row = 0]) => apply(placed, column, row).join()).join(" ") });
    });
    this.#faults.replaceChildren(...shapes);
    this.#fault.hidden = failed.length === 0;
    if (!failed.length) return;
    const count = ngettext("{count} part of the slide can't be shown.", "{count} parts of the slide can't be shown.", failed.length);
    setText(this.#faultWords, [count, why].filter(Boolean).join(" "));
  }
}

/** @param {string} name */
function box(name) {
  return el("div", { class: name });
}

/**
 * @param {HTMLElement} place
 * @param {Line[]} lines
 */
function draw(place, lines) {
  const now = JSON.stringify(lines);
  if (place.dataset["lines"] === now) return;
  place.dataset["lines"] = now;
  place.replaceChildren(...lines.map(({ text, kind }) => el("p", { class: kind }, el("bdi", {}, text))));
}

/** The lines over one image area: drawn after each paint, from where they lie in the patient, on the slide or in the image. */

/** @import { Ground, Surface } from "../viewer/surface.js" */
/** @import { Keeper } from "./keeper.js" */
/** @import { Mark, Point } from "./marks.js" */
/** @import { Spot } from "./gesture.js" */
import { el, setText, svg } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { labelBeside } from "./labels.js";
import { belongs, isAtHome, numberOf, spoken } from "./marks.js";

const END = 4;
const GRIP = 11;

/** @typedef {{group: SVGGElement, halo: SVGLineElement, line: SVGLineElement, body: SVGLineElement, leader: SVGLineElement, ends: SVGCircleElement[], grips: SVGCircleElement[], label: HTMLElement, number: HTMLElement, name: HTMLElement, trouble: HTMLElement, again: HTMLElement, at: [Spot, Spot]}} Parts at: its ends on the screen */

/** What is being drawn or moved here and isn't wanted yet. @typedef {{id: string | null, ground: Ground, points: Point[]}} Draft */

export class Layer {
  /** @type {Map<string, Parts>} */
  #parts = new Map();
  /** @type {Draft | null} */
  #draft = null;
  #sheet;
  #cursor;

  /**
   * @param {Surface} surface
   * @param {Keeper} keeper
   * @param {{reach: () => number, hidden: () => boolean, onGrip: (event: PointerEvent, mark: Mark, end: number) => void}} pane
   *   reach: mm that a line may lie off what is shown; hidden: nobody wants to see lines here
   */
  constructor(surface, keeper, pane) {
    this.surface = surface;
    this.keeper = keeper;
    this.pane = pane;
    this.#cursor = svg("path", { class: "cursor", d: "M-9 0H9M0 -9V9" });
    this.#cursor.setAttribute("hidden", "");
    this.#sheet = svg("svg", { class: "lines", role: "group", "aria-label": gettext("Measurements") }, this.#cursor);
    this.element = el("div", { class: "marks" }, this.#sheet);
    surface.area.append(this.element);
    surface.onDrawn(() => this.draw());
    keeper.onChange(() => this.draw());
  }

  get draft() {
    return this.#draft;
  }

  /** @param {Draft | null} draft */
  set draft(draft) {
    if (draft === this.#draft) return;
    this.#draft = draft;
    this.draw();
  }

  /** Where the keyboard points to. @param {Spot | null} at */
  set cursor(at) {
    this.#cursor.toggleAttribute("hidden", at === null);
    if (at) this.#cursor.setAttribute("transform", `translate(${at.x} ${at.y})`);
  }

  draw() {
    const { surface, keeper } = this;
    const shown = surface.ground;
    /** @type {Set<string>} */
    const drawn = new Set();
    const draft = this.#draft;
    if (shown && !this.pane.hidden()) {
      for (const mark of keeper.of(`${shown.archive}/${shown.study}`)) {
        const points = draft?.id === mark.id ? draft.points : mark.wanted.points;
        if (this.#place(mark, points, shown)) drawn.add(mark.id);
      }
    }
    if (draft && draft.id === null && shown && isAtHome(draft.ground, shown)) {
      const mark = { id: "", study: "", ground: draft.ground, wanted: { points: draft.points, label: "", deleted: false }, row: null, busy: true, failed: "" };
      if (this.#place(mark, draft.points, shown)) drawn.add("");
    }
    for (const [id, { group, label }] of this.#parts) {
      if (drawn.has(id)) continue;
      group.remove();
      label.remove();
      this.#parts.delete(id);
    }
    this.#name();
  }

  /** Set the labels beside their lines: the chosen line's first, then in the order of drawing; one without room keeps its number or waits. */
  #name() {
    if (this.#parts.size === 0) return;
    const { clientWidth: width, clientHeight: height } = this.surface.area;
    const drawn = [...this.#parts.entries()].sort(([one], [other]) => Number(other === this.keeper.selected) - Number(one === this.keeper.selected));
    for (const [, { label }] of drawn) label.classList.remove("short");
    const sizes = new Map(drawn.map(([id, { label, number }]) => [id, [sizeOf(label), sizeOf(number)]]));
    /** @type {import("./labels.js").Box[]} */
    const taken = [];
    for (const [id, { at, label, leader }] of drawn) {
      const others = drawn.filter(([other]) => other !== id).map(([, parts]) => parts.at);
      const found = (sizes.get(id) ?? []).map((size) => labelBeside(at, size, others, taken, { width, height }));
      const place = found.find((each) => each !== null) ?? null;
      label.classList.toggle("short", found[0] === null && place !== null);
      label.classList.toggle("nowhere", place === null);
      leader.toggleAttribute("hidden", !place?.leader);
      if (place?.leader) lay(leader, place.leader);
      if (!place) continue;
      taken.push(place.box);
      label.style.transform = `translate(${Math.round(place.box.x)}px, ${Math.round(place.box.y)}px)`;
    }
  }

  /**
   * @param {Mark} mark
   * @param {Point[]} points
   * @param {Ground} shown
   * @returns {boolean} whether it is to be seen here
   */
  #place(mark, points, shown) {
    if (mark.ground.space !== shown.space) return false;
    const [one, other] = points.map((point) => this.surface.project(point));
    if (!one || !other || !belongs(mark.ground, shown, [one.distance, other.distance], this.pane.reach())) return false;
    this.#paint(mark, points, [one, other], isAtHome(mark.ground, shown));
    return true;
  }

  /**
   * @param {Mark} mark
   * @param {Point[]} points
   * @param {[Spot, Spot]} ends on the screen
   * @param {boolean} home whether its ends may be moved here
   */
  #paint(mark, points, ends, home) {
    const parts = this.#parts.get(mark.id) ?? this.#make(mark.id);
    const { words, provisional } = numberOf(mark, points);
    const isSelected = mark.id !== "" && this.keeper.selected === mark.id;
    const isMine = mark.row?.mine ?? true;
    const { classList } = parts.group;
    classList.toggle("selected", isSelected);
    classList.toggle("unsaved", mark.failed !== "");
    classList.toggle("foreign", !isMine);
    parts.at = ends;
    for (const line of [parts.halo, parts.line, parts.body]) lay(line, ends);
    [...parts.ends, ...parts.grips].forEach((circle, index) => {
      const end = ends[index % 2] ?? ends[0];
      circle.setAttribute("cx", String(end.x));
      circle.setAttribute("cy", String(end.y));
    });
    for (const grip of parts.grips) grip.toggleAttribute("hidden", !(home && isMine && mark.id));
    parts.group.setAttribute("aria-label", spoken(mark));
    setText(parts.number, words);
    parts.number.classList.toggle("provisional", provisional);
    setText(parts.name, mark.wanted.label);
    parts.name.title = mark.wanted.label;
    setText(parts.trouble, mark.failed);
    parts.again.hidden = mark.failed === "";
    parts.label.classList.toggle("selected", isSelected);
  }

  /**
   * @param {string} id
   * @returns {Parts}
   */
  #make(id) {
    const line = (/** @type {string} */ name) => svg("line", { class: name });
    const circle = (/** @type {string} */ name, /** @type {number} */ r) => svg("circle", { class: name, r });
    const [halo, shown, body, leader] = [line("halo"), line("line"), line("body"), line("leader")];
    const ends = [circle("end", END), circle("end", END)];
    const grips = [circle("grip", GRIP), circle("grip", GRIP)];
    const group = svg("g", { class: "mark", role: "img", "data-mark": id }, leader, halo, body, shown, ...ends, ...grips);
    body.addEventListener("click", () => this.keeper.select(id));
    grips.forEach((grip, end) => {
      grip.addEventListener("pointerdown", (event) => {
        const mark = this.keeper.mark(id);
        if (mark && event.button === 0) this.pane.onGrip(event, mark, end);
      });
    });
    const [number, name, trouble] = [el("span", { class: "number" }), el("span", { class: "name" }), el("span", { class: "trouble" })];
    const again = el("button", { type: "button", class: "again", hidden: true, onclick: () => this.keeper.insist(id) }, gettext("Try again"));
    again.addEventListener("pointerdown", (event) => event.stopPropagation());
    const label = el("div", { class: "mark-label", "data-mark": id }, number, name, trouble, again);
    this.#sheet.insertBefore(group, this.#cursor);
    this.element.append(label);
    /** @type {Parts} */
    const parts = { group, halo, line: shown, body, leader, ends, grips, label, number, name, trouble, again, at: [{ x: 0, y: 0 }, { x: 0, y: 0 }] };
    this.#parts.set(id, parts);
    return parts;
  }
}

/** @param {SVGLineElement} line @param {readonly [Spot, Spot]} ends */
function lay(line, [one, other]) {
  for (const [name, value] of Object.entries({ x1: one.x, y1: one.y, x2: other.x, y2: other.y })) line.setAttribute(name, String(value));
}

/** @param {HTMLElement} element */
const sizeOf = ({ offsetWidth: width, offsetHeight: height }) => ({ width, height });

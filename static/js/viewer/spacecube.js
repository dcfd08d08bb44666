/** The cube beside a volume in three dimensions: drawn from the picture's own orientation, a click turns the view to a face. */

/** @import { CubeFace } from "./orientation.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { svg } from "../shared/dom.js";
import { facesOf, letterOf } from "./orientation.js";
import { activate } from "./panes.js";
import { lookFrom } from "./space.js";
import { isSpacePane, paneAt } from "./state.js";

/** Of the drawing; half a side of the cube, whose corners reach 1.74 of that. */
const SIZE = 72;
const HALF = 20;

export class SpaceCube {
  #element = svg("svg", { class: "cube", viewBox: `${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}` });
  #drawn = "";

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    viewport.area.append(this.#element);
    viewport.painted.onDrawn(() => this.#draw());
    for (const name of ["pointerdown", "dblclick"]) this.#element.addEventListener(name, (event) => event.stopPropagation());
    this.#element.addEventListener("click", (event) => this.#turn(event.target));
    this.#element.addEventListener("keydown", (event) => {
      if (!["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      this.#turn(event.target);
    });
  }

  #draw() {
    const { shown } = this.viewport.painted;
    const isHere = isSpacePane(paneAt(this.store.state, this.viewport.number)) && shown?.picture.space && paneAt(this.store.state, this.viewport.number)?.text !== "none";
    const faces = isHere && shown ? facesOf(shown.picture.orientation, shown.placed) : [];
    const now = JSON.stringify(faces.map(({ corners }) => corners.map((corner) => corner.map(tidy))));
    if (now === this.#drawn) return;
    this.#drawn = now;
    const focused = /** @type {SVGElement | null} */ (this.#element.querySelector(":focus"))?.dataset["side"];
    this.#element.replaceChildren(...faces.map(drawn));
    if (focused) /** @type {SVGElement | null} */ (this.#element.querySelector(`[data-side="${focused}"]`) ?? this.#element.lastElementChild)?.focus();
  }

  /** @param {EventTarget | null} target */
  #turn(target) {
    const id = target instanceof Element ? target.closest("[data-side]")?.getAttribute("data-side") : null;
    const { shown } = this.viewport.painted;
    const side = shown && facesOf(shown.picture.orientation, shown.placed).find((face) => face.side.id === id)?.side;
    if (!side) return;
    this.store.update((state) => {
      const pane = paneAt(state, this.viewport.number);
      const now = activate(state, this.viewport.number);
      return isSpacePane(pane) ? lookFrom(now, this.viewport.number, { point: pane.plane.point, look: side.look, up: side.up }) : state;
    });
  }
}

/** @param {CubeFace} face */
function drawn(face) {
  const { side, corners, middle } = face;
  const points = corners.map((corner) => corner.map((part) => tidy(part * HALF)).join(",")).join(" ");
  const letter = letterOf(face);
  const words = letter && svg("text", { x: tidy((middle[0] ?? 0) * HALF), y: tidy((middle[1] ?? 0) * HALF), "aria-hidden": "true" }, letter);
  return svg("g", { role: "button", tabindex: 0, "data-side": side.id, "aria-label": side.label() }, svg("polygon", { points }), words);
}

/** @param {number} value */
const tidy = (value) => Math.round(value * 100) / 100;

/** The bar beside a picture that says which colour stands for which value. */

/** @import { Picture } from "./corners.js" */
import { joined } from "../shared/bidi.js";
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { ends, factorOf, three } from "./uptake.js";

const STEPS = 128;
/** Below this height of a pane (CSS pixels) there is no room for it. */
const LOWEST = 260;

/**
 * What a bar shows: colours from its lower end upwards, and the values at its ends and in its middle.
 * @param {Picture} picture
 * @returns {{unit: string, values: number[], colours: string[]} | null} null where it would say nothing or wrong things
 */
export function barOf(picture) {
  const of = picture.fused ? { ...picture.fused, colour: false } : picture;
  const { window, modality, colours = "", low_is_white: turned = false, suv, unit, colour, palette } = /** @type {Picture} */ (of);
  if (palette) return { unit: joined([palette.label, palette.unit], "\n"), values: palette.values, colours: steps(palette.colours) };
  const { center, width } = window ?? {};
  const straight = window?.function === "LINEAR" || window?.function === "LINEAR_EXACT";
  if (colour || !straight || typeof center !== "number" || typeof width !== "number") return null;
  if (!colours && !["PT", "NM"].includes(modality)) return null;
  const factor = factorOf({ suv });
  const [low, high] = /** @type {[number, number]} */ (ends({ center, width, function: window?.function }).map((end) => end * (factor ?? 1)));
  return { unit: suv && factor !== null ? suv.name : unit, values: [low, (low + high) / 2, high], colours: steps(colours, turned) };
}

/**
 * Colours from a bar's lower end upwards.
 * @param {string} colours of a map, six hexadecimal digits each; none: greys
 * @param {boolean} [turned] the other way round
 */
function steps(colours, turned = false) {
  const map = colours.match(/.{6}/g) ?? [];
  return Array.from({ length: STEPS }, (_, step) => {
    const part = (turned ? STEPS - 1 - step : step) / (STEPS - 1);
    const grey = Math.round(255 * part).toString(16).padStart(2, "0");
    return `#${map.length ? map[Math.round(part * (map.length - 1))] : grey.repeat(3)}`;
  });
}

export class ColourBar {
  #canvas = el("canvas", { width: 1, height: STEPS, "aria-hidden": "true" });
  #unit = el("p", { class: "unit" });
  #values = [el("span"), el("span"), el("span")];
  #shown = "";
  element = el("div", { class: "colour-bar", role: "img", hidden: true }, this.#unit, el("div", { class: "ramp" }, this.#canvas, el("div", { class: "values" }, ...this.#values)));

  /**
   * @param {Picture | null} picture
   * @param {number} height of the pane, CSS pixels
   */
  show(picture, height) {
    const bar = picture && height >= LOWEST ? barOf(picture) : null;
    this.element.hidden = bar === null;
    const now = JSON.stringify(bar);
    if (!bar || now === this.#shown) return;
    this.#shown = now;
    const [low = "", middle = "", high = ""] = bar.values.map(three);
    setText(this.#unit, bar.unit);
    [high, middle, low].forEach((words, index) => setText(/** @type {Element} */ (this.#values[index]), words));
    this.element.setAttribute("aria-label", interpolate(gettext("Colours from {low} to {high} {unit}"), { low, high, unit: bar.unit.replace("\n", " ") }));
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    bar.colours.forEach((colour, step) => {
      context.fillStyle = colour;
      context.fillRect(0, STEPS - 1 - step, 1, 1);
    });
  }
}

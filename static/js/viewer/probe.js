/** The value under the pointer, asked for over the socket, told only of the picture that it belongs to. */

/** @import { Picture } from "./corners.js" */
/** @import { Matrix } from "./geometry.js" */
/** @import { Lie } from "./surface.js" */
import { number } from "./corners.js";
import { apply, inverse } from "./geometry.js";
import { lieOf, toPatient } from "./surface.js";

/** Panes share a socket: the last digits of a question's number are its pane's. */
const PANES = 16;

/** A plane is asked for by the place in the patient: `cut` tells it from every other plane of the same resource. @typedef {{cut: string, query: string, lie: Lie}} Cut */
/** @typedef {{rows: number, columns: number, placed: Matrix, plane?: Cut | null}} Image */
/** @typedef {{seq: number, resource: string} & ({x: number, y: number} | {point: number[], query: string})} Question */

/**
 * @param {Picture} picture
 * @param {Matrix} placed
 * @param {string} query it was asked for with
 * @returns {Image | null} null for a plane that doesn't say where it lies
 */
export function probed(picture, placed, query) {
  const { rows, columns, plane, space } = picture;
  if (space) return null;
  if (!plane) return { rows, columns, placed };
  const lie = lieOf(picture);
  const cut = [picture.location, plane.look, plane.thickness, plane.method, picture.stack].join(" ");
  return lie && { rows, columns, placed, plane: { cut, query, lie } };
}

export class Probe {
  /** Where the pointer is, in device pixels. @type {[number, number] | null} */
  pointer = null;
  #asked = "";
  #words = "";
  #count = 0;

  /**
   * @param {(probe: Question) => void} ask
   * @param {number} place of the pane
   */
  constructor(ask, place) {
    this.ask = ask;
    this.place = place;
  }

  /**
   * Take the pointer's place, and ask for its pixel when that is another one.
   * @param {[number, number] | null} at
   * @param {string | null} resource that is shown
   * @param {Image | null} image
   * @returns {string} what is to be shown until the answer comes
   */
  at(at, resource, image) {
    this.pointer = at;
    if (!at || !resource || !image) return this.#forget();
    const [x, y] = /** @type {[number, number]} */ (apply(inverse(image.placed), ...at).map(Math.floor));
    if (x < 0 || y < 0 || x >= image.columns || y >= image.rows) return this.#forget();
    const { plane } = image;
    const picture = plane ? `${resource} ${plane.cut}` : resource;
    // The middle of the picture's pixel: there its value was sampled.
    const point = plane && toPatient(plane.lie, x + 0.5, y + 0.5).map((part) => Number(part.toFixed(6)));
    const pixel = `${picture} ${point ?? [x, y]}`;
    if (pixel === this.#asked) return this.#words;
    // The value of another pixel of the same picture may stand until the new one comes; of another picture never.
    if (!this.#asked.startsWith(`${picture} `)) this.#words = "";
    this.#asked = pixel;
    const question = plane && point ? { point, query: plane.query } : { x, y };
    this.ask({ seq: this.place + PANES * ++this.#count, resource, ...question });
    return this.#words;
  }

  /**
   * @param {Record<string, any>} answer
   * @param {string | null} shown the resource on the screen now
   * @returns {string | null} the words to show; null when the answer is of no use any more
   */
  answered({ seq, resource, fused, ...own }, shown) {
    if (seq !== this.place + PANES * this.#count || resource !== shown || !this.pointer) return null;
    this.#words = fused ? bothWords(own, fused) : valueWords(own);
    return this.#words;
  }

  #forget() {
    this.#asked = "";
    this.#words = "";
    return "";
  }
}

/** Of two volumes at one point: each value in its own unit, of PET as SUV. @param {Record<string, any>} own @param {Record<string, any>} layer */
function bothWords(own, layer) {
  const short = (/** @type {Record<string, any>} */ { value, unit, suv, words }) =>
    valueWords(suv ? { value: suv.value, unit: suv.unit, suv: null } : { value, unit, words: typeof value === "number" ? "" : words });
  const name = layer.suv ? `${layer.suv.name} ` : "";
  const made = [own, layer].some(({ value, words }) => typeof value === "number" && words) ? (own.words || layer.words) : "";
  return [short(own), name + short(layer), made].filter(Boolean).join(" · ");
}

/** A value with its unit, as SUV too where it has one. @param {Record<string, any>} told */
function valueWords({ value, unit, words, real, suv }) {
  const values = [value ?? []].flat();
  const told = `${values.map((each) => number(each, words || Math.abs(each) < 1 ? digits(each) : 3)).join(" ")} ${unit ?? ""}`.trim();
  const meant = (real ?? []).map((/** @type {Record<string, any>} */ each) => [each.label, number(each.value, digits(each.value)), each.unit].filter(Boolean).join(" "));
  const uptake = suv ? `${suv.name} ${number(suv.value, 3)} ${suv.unit}` : "";
  return values.length ? [uptake, told, words, ...meant].filter(Boolean).join(" · ") : (words ?? "");
}

/** Digits after the point of a value that was computed: four count. @param {number} value */
function digits(value) {
  return value === 0 ? 0 : Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value)))));
}

/** SUV in the page: a factor beside the window, which itself stays in the units of the pixels. */

/** @import { Change, Stack, State } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { targetOf } from "./fusing.js";
import { paneAt, stackOf } from "./state.js";

/** A kind of SUV: value of a pixel × `factor`. @typedef {{name: string, formula: string, unit: string, factor: number | null, reason: string}} Measure */
/** One element of the file that an SUV rests on. @typedef {{keyword: string, tag: string, value: string, made: string}} Factor */
/** @typedef {{measures: Measure[], factors: Factor[], notes: string[]}} Uptake */
/** @typedef {{center: number, width: number, function?: string}} Range */

/** @type {readonly [name: string, label: () => string][]} */
export const COLORMAPS = [
  ["GREY_INVERTED", () => gettext("Grey, dark on white")],
  ["GREY", () => gettext("Grey")],
  ["HOT_IRON", () => gettext("Hot iron")],
  ["PET", () => "PET"],
  ["HOT_METAL_BLUE", () => gettext("Hot metal, blue")],
  ["PET_20_STEP", () => gettext("PET, 20 steps")],
  ["RAINBOW", () => gettext("Rainbow")],
];

/** @param {{suv?: {factor: number | null, name: string} | null} | null | undefined} of @returns {number | null} SUV for a modality value of 1 */
export const factorOf = (of) => of?.suv?.factor ?? null;

/** Whether body weight's presets mean something. @param {Pick<Stack, "modality" | "suv" | "colour"> | null} stack */
export function hasSuv(stack) {
  return stack?.modality === "PT" && stack.suv?.name === "SUVbw" && factorOf(stack) !== null && !stack.colour;
}

/**
 * A window from 0 to an upper end, in modality units.
 * @param {number} upper
 * @returns {{center: number, width: number, function: "LINEAR_EXACT"}}
 */
export function upTo(upper) {
  return { center: upper / 2, width: upper, function: "LINEAR_EXACT" };
}

/** @param {Range} window @returns {[lower: number, upper: number]} as far as black and white */
export function ends({ center, width, function: name }) {
  return name === "LINEAR" ? [center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2] : [center - width / 2, center + width / 2];
}

/** A number with three digits that count, never in powers of ten. @param {number} value */
export function three(value) {
  const digits = value === 0 ? 0 : Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

/**
 * A PET window as readers say it: in SUV, beside it in the unit of the pixels.
 * @param {Range} window
 * @param {{suv?: Measure | null, unit: string}} picture
 */
export function windowInSuv(window, { suv, unit }) {
  const factor = factorOf({ suv });
  const range = ends(window);
  const inUnits = `${range.map(three).join("–")} ${unit}`.trim();
  if (!suv || factor === null) return inUnits;
  return `${suv.name} ${range.map((end) => three(end * factor)).join("–")} ${suv.unit} · ${inUnits}`;
}

/** @param {State} state @returns {Stack | null} of the active pane, if it is grey */
function greyStack(state) {
  const stack = stackOf(state, paneAt(state));
  return stack && !stack.colour ? stack : null;
}

/** Whether colour maps stand in the menu of an image. @param {State} state */
export const isNuclear = (state) => ["PT", "NM"].includes(greyStack(state)?.modality ?? "");

/** @type {Change} */
export function nextColormap(state) {
  const target = targetOf(state);
  if (!target || target.stack.colour) return state;
  const names = COLORMAPS.map(([name]) => name);
  const present = target.colormap ?? target.usual;
  return target.change(state, { colormap: names[(names.indexOf(present) + 1) % names.length] ?? null });
}

/** @type {import("./commands.js").Command[]} */
export const UPTAKE_COMMANDS = [
  {
    id: "colormap-next", label: () => gettext("Next colour map"), keys: ["Shift+I"], group: "window", icon: "colours",
    run: nextColormap, offered: (state) => greyStack(state) !== null,
  },
  ...COLORMAPS.map(([name, label]) => /** @type {import("./commands.js").Command} */ ({
    id: `colormap-${name.toLowerCase().replaceAll("_", "-")}`,
    label: () => interpolate(gettext("Colours: {name}"), { name: label() }),
    keys: [],
    group: "window",
    run: (state) => (greyStack(state) ? (targetOf(state)?.change(state, { colormap: name }) ?? state) : state),
    offered: (state) => greyStack(state) !== null,
  })),
  {
    id: "suv", label: () => gettext("What SUV rests on"), keys: ["Shift+S"], group: "window", icon: "uptake", effect: "suv",
    offered: (state) => stackOf(state, paneAt(state))?.uptake !== undefined,
  },
];

/** Windows by name, and which window a pane asks for. */

/** @import { Stack, Voi, Window, WindowChoice } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { factorOf, hasSuv, upTo } from "./uptake.js";

/** @typedef {{name: string, label: () => string, digit: number | null, width: number, center: number, suv?: number}} Preset suv: from 0 to this, in place of width and centre */

/** For CT, in Hounsfield units. @type {readonly Preset[]} */
export const CT = [
  { name: "soft-tissue", label: () => gettext("Soft tissue"), digit: 1, width: 400, center: 40 },
  { name: "lung", label: () => gettext("Lung"), digit: 2, width: 1500, center: -600 },
  { name: "bone", label: () => gettext("Bone"), digit: 3, width: 2000, center: 400 },
  { name: "brain", label: () => gettext("Brain"), digit: 4, width: 80, center: 40 },
  { name: "mediastinum", label: () => gettext("Mediastinum"), digit: 5, width: 350, center: 50 },
  { name: "liver", label: () => gettext("Liver"), digit: 6, width: 150, center: 90 },
  { name: "angio", label: () => gettext("Angiography"), digit: 7, width: 600, center: 300 },
  { name: "stroke", label: () => gettext("Stroke"), digit: 8, width: 40, center: 40 },
  { name: "subdural", label: () => gettext("Subdural"), digit: 9, width: 200, center: 75 },
  { name: "air", label: () => gettext("Air"), digit: null, width: 1000, center: -426 },
  { name: "temporal-bone", label: () => gettext("Temporal bone"), digit: null, width: 4000, center: 700 },
];

/** For PET, in SUV by body weight. @type {readonly Preset[]} */
export const PET = [3, 5, 7, 10, 15].map((suv, at) => ({
  name: `suv-${suv}`, label: () => interpolate(gettext("SUV 0–{upper}"), { upper: suv }), digit: at + 1, width: suv, center: suv / 2, suv,
}));

/**
 * The presets that mean something for a stack. Values in Hounsfield units fit nothing but CT, those in SUV only PET that has it.
 * @param {Pick<Stack, "modality" | "unit" | "colour" | "suv"> | null} stack
 * @returns {readonly Preset[]}
 */
export function presetsFor(stack) {
  if (hasSuv(stack)) return PET;
  return stack && stack.modality === "CT" && stack.unit === "HU" && !stack.colour ? CT : [];
}

/**
 * Why there are no presets for a stack; "" where there are, and where nothing is known yet.
 * @param {Pick<Stack, "modality" | "unit" | "colour" | "suv"> | null} stack
 * @returns {string}
 */
export function whyNoPresets(stack) {
  if (!stack || presetsFor(stack).length) return "";
  if (stack.colour) return whyNoWindow(stack);
  if (["CT", "PT"].includes(stack.modality)) return gettext("The presets are windows for CT in Hounsfield units, and for PET in SUV: these images have neither. Drag, or 0 for the file’s own window.");
  return interpolate(gettext("The presets are windows for CT in Hounsfield units, and for PET in SUV: there are none for {modality}. Drag, or 0 for the file’s own window."), { modality: stack.modality || gettext("these images") });
}

/**
 * Why a stack has no window; "" where it has.
 * @param {Pick<Stack, "colour"> | null} stack
 * @returns {string}
 */
export function whyNoWindow(stack) {
  return stack?.colour ? gettext("These images are in colour: they have no window and no presets") : "";
}

/**
 * @param {Preset} preset
 * @param {Pick<Stack, "suv"> | null} [stack]
 * @returns {Window}
 */
export function windowOf({ center, width, suv }, stack = null) {
  const factor = factorOf(stack);
  if (suv && factor) return upTo(Number((suv / factor).toPrecision(9)));
  return { center, width, function: "LINEAR" };
}

/**
 * The preset that a window is, or null.
 * @param {Pick<Stack, "modality" | "unit" | "colour" | "suv"> | null} stack
 * @param {{center: number, width: number} | null} window
 * @returns {Preset | null}
 */
export function presetOf(stack, window) {
  return presetsFor(stack).find((preset) => {
    const { center, width } = windowOf(preset, stack);
    const near = (/** @type {number} */ one, /** @type {number} */ other) => Math.abs(one - other) <= (preset.suv ? 1e-6 * width : 0);
    return window !== null && near(center, window.center) && near(width, window.width);
  }) ?? null;
}

/**
 * @param {WindowChoice} choice
 * @returns {Window}
 */
function asWindow({ center, width, function: name }) {
  const known = name === "LINEAR_EXACT" || name === "SIGMOID" ? name : "LINEAR";
  return { center, width, function: known };
}

/**
 * The window that a pane asks for; null leaves it to the server (colour, or what only the file has: see `choiceOf`).
 * One window for the whole stack: it never changes from slice to slice by itself.
 * @param {Stack} stack
 * @param {Voi} voi
 * @returns {Window | null}
 */
export function wanted(stack, voi) {
  if (stack.colour) return null;
  if (voi && "automatic" in voi) return null;
  if (voi && "width" in voi) return voi;
  const choice = voi ? stack.windows[voi.choice] : stack.window;
  return choice && isFunction(choice) ? asWindow(choice) : null;
}

/**
 * The place of the file's choice that a pane asks for, where that is no window: a lookup table, or each image's own.
 * @param {Stack} stack
 * @param {Voi} voi
 * @returns {number | null}
 */
export function choiceOf(stack, voi) {
  return voi && "choice" in voi && !stack.colour && voi.choice < countOf(stack) && !wanted(stack, voi) ? voi.choice : null;
}

/** @param {Stack} stack */
function countOf({ windows, window_count }) {
  return windows.length || (window_count ?? 0);
}

/**
 * Whether a choice of the file is a window function, and not a lookup table.
 * @param {WindowChoice} choice
 */
function isFunction(choice) {
  return choice.function !== "LUT" && choice.width > 0;
}

/**
 * Whether a pane's window is the series' own or one that has a name, and not one that a hand or the server made up.
 * @param {Stack} stack
 * @param {Voi} voi
 */
export function isOwnOrNamed(stack, voi) {
  if (!voi || "choice" in voi || stack.colour) return true;
  if ("automatic" in voi) return false;
  const own = [stack.window, ...stack.windows].some((choice) => choice?.center === voi.center && choice.width === voi.width);
  return own || presetOf(stack, voi) !== null;
}

/**
 * The window that a hand starts from: the one that is shown, or the range that the file's lookup table covers.
 * @param {Stack} stack
 * @param {Voi} voi
 * @param {{center?: number, width?: number} | null | undefined} painted
 * @returns {Window | null}
 */
export function startOf(stack, voi, painted) {
  const asked = wanted(stack, voi);
  if (asked || stack.colour) return asked;
  const { center, width } = painted ?? {};
  return typeof center === "number" && typeof width === "number" ? { center, width, function: "LINEAR" } : null;
}

/**
 * The file's own window; again, the next one that it offers, windows and lookup tables in its own order.
 * @param {Stack} stack
 * @param {{voi: Voi}} shown
 * @returns {Voi}
 */
export function nextOfFile(stack, shown) {
  const count = countOf(stack);
  const present = shown.voi && "choice" in shown.voi ? shown.voi.choice : -1;
  return count ? { choice: (present + 1) % count } : null;
}

/** How a volume in three dimensions is drawn, in words. */

/** @import { SpacePane } from "./state.js" */
import { gettext } from "../shared/i18n.js";

/** In the order of menus and menus. @type {() => readonly (readonly [preset: string, modality: string | null, words: string])[]} */
export const PRESETS = () => [
  ["ct-bone", "CT", gettext("Bone")],
  ["ct-skin-and-bone", "CT", gettext("Skin and bone")],
  ["ct-vessels", "CT", gettext("Vessels")],
  ["ct-lung", "CT", gettext("Lung")],
  ["ct-airways", "CT", gettext("Airways")],
  ["mr-brain", "MR", gettext("Brain")],
  ["mr-angiography", "MR", gettext("Angiography")],
  ["any-window", null, gettext("By the window")],
];

/** @type {() => readonly (readonly [method: SpacePane["method"], words: string])[]} */
export const METHODS = () => [
  ["volume_rendered", gettext("Surfaces")],
  ["maximum_ip", gettext("MIP")],
  ["minimum_ip", gettext("MinIP")],
  ["average_ip", gettext("Average")],
];

/** The preset that the server composites in where none is chosen. @param {string} modality */
export const usualPreset = (modality) => ({ CT: "ct-bone", MR: "mr-brain" })[modality] ?? "any-window";

/** How a volume of a modality can be drawn: presets, then methods. @param {string} modality @returns {(readonly [id: string, words: string])[]} */
export function waysOf(modality) {
  const presets = PRESETS().filter(([, of]) => of === null || of === modality).map(([preset, , words]) => /** @type {const} */ ([preset, words]));
  return [...presets, ...METHODS().slice(1)];
}

/** @param {{method: string, preset: string | null}} shown @returns {string} */
export function spaceWords({ method, preset }) {
  const how = METHODS().find(([each]) => each === method)?.[1] ?? "";
  const named = PRESETS().find(([each]) => each === preset)?.[2];
  return ["3D", method === "volume_rendered" && named ? named : how].join(" ");
}

/** The window in which a projection of a CT's values says something; null: the file's own. @param {SpacePane["method"]} method @param {string | undefined} unit @returns {import("./state.js").Voi} */
export function windowOfMethod(method, unit) {
  if (unit !== "HU") return null;
  if (method === "maximum_ip") return { center: 300, width: 600, function: "LINEAR" };
  return method === "minimum_ip" ? { center: -600, width: 1500, function: "LINEAR" } : null;
}

/** @param {{method: string, preset: string | null}} shown @param {string} [carved] what of it is hidden by hand */
export const spaceLine = (shown, carved) => [spaceWords(shown), carved].filter(Boolean).join(" · ");

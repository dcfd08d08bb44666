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

/** @param {{method: string, preset: string | null}} shown @returns {string} */
export function spaceWords({ method, preset }) {
  const how = METHODS().find(([each]) => each === method)?.[1] ?? "";
  const named = PRESETS().find(([each]) => each === preset)?.[2];
  return ["3D", method === "volume_rendered" && named ? named : how].join(" ");
}

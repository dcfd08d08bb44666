/** Planes in words: which one it is, how far it is turned from it, how thick it is. */

/** @import { PlaneName } from "./planes.js" */
/** @import { Plane, Slab } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { isCanonical, nearest } from "./planes.js";
import { THROUGH } from "./state.js";
import { dot } from "./vectors.js";

/** @type {Record<PlaneName, () => string>} */
export const PLANES = { axial: () => gettext("axial"), coronal: () => gettext("coronal"), sagittal: () => gettext("sagittal") };

/** @param {Plane["look"]} look */
export function planeWords(look) {
  const plane = PLANES[nearest(look)]();
  const degrees = Math.max(1, Math.round((Math.acos(Math.min(1, Math.max(...look.map(Math.abs)))) * 180) / Math.PI));
  return isCanonical(look) ? `MPR ${plane}` : interpolate(gettext("MPR oblique, {degrees}° from {plane}"), { degrees, plane });
}

/**
 * Which plane it is, as briefly as in a list: "sagittal, −101.6 mm", counted toward left, posterior or head.
 * @param {Pick<Plane, "point" | "look">} plane
 */
export function planePlace({ point, look }) {
  if (!isCanonical(look)) return gettext("oblique");
  const mm = dot(point, look) * (Math.sign(look.reduce((sum, part) => sum + part, 0)) || 1);
  return interpolate(gettext("{plane}, {mm} mm"), { plane: PLANES[nearest(look)](), mm: mm.toFixed(1).replace("-", "−") });
}

/** @param {import("./curves.js").Curve} curve */
export function curveWords({ form, length, turn }) {
  const forms = { straightened: gettext("straightened"), stretched: gettext("stretched") };
  const turned = turn ? interpolate(gettext("turned {degrees}°"), { degrees: Number(turn.toFixed(1)) }) : "";
  return [gettext("MPR curved"), forms[form], `${length.toFixed(0)} mm`, turned].filter(Boolean).join(" · ");
}

/** @param {Slab} slab */
export function slabWords({ thickness, method }) {
  const words = { average_ip: gettext("average"), maximum_ip: "MIP", minimum_ip: "MinIP" };
  if (thickness >= THROUGH) return interpolate(gettext("{method}, whole volume"), { method: words[method] });
  return thickness > 0 ? interpolate(gettext("{method} {mm} mm"), { mm: Number(thickness.toFixed(2)), method: words[method] }) : "";
}

/**
 * @param {Plane & Slab | null | undefined} plane
 * @param {import("./curves.js").Curve | null} [curve]
 * @returns {string} "" where there is neither
 */
export function planeLine(plane, curve) {
  if (curve?.form) return [curveWords(curve), slabWords(curve)].filter(Boolean).join(" · ");
  return plane ? [planeWords(plane.look), slabWords(plane)].filter(Boolean).join(" · ") : "";
}

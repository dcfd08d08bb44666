/** A sphere drawn in the patient, to be asked what it holds. PURE. */

/** @import { State, Vector } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { number } from "./corners.js";
import { isSlidePane, paneAt, stackOf } from "./state.js";
import { three } from "./uptake.js";
import { length, minus } from "./vectors.js";

/** Where it was drawn, and in which Frame of Reference. @typedef {{pane: number, frame: string, center: Vector, radius: number}} Sphere center: LPS mm; radius: mm */

const SMALLEST = 0.5;
const LARGEST = 500;

/**
 * @param {State} state
 * @param {number} index of the pane in which a hand draws
 * @param {Vector} center
 * @param {Vector} edge
 * @returns {State}
 */
export function drawSphere(state, index, center, edge) {
  const shown = paneAt(state, index);
  const frame = stackOf(state, shown)?.frame_of_reference;
  const radius = Math.min(LARGEST, Number(length(minus(edge, center)).toFixed(2)));
  return !frame || isSlidePane(shown) || radius < SMALLEST ? state : { ...state, sphere: { pane: index, frame, center, radius } };
}

/**
 * How large the circle is that a sphere leaves in a plane; 0 where it leaves none.
 * @param {Sphere} sphere
 * @param {number} distance mm from the sphere's centre to the plane
 */
export const radiusAt = ({ radius }, distance) => Math.sqrt(Math.max(0, radius ** 2 - distance ** 2));

/** @typedef {{modality?: string, count: number, lacking?: number, unit: string, words: string, max?: number, mean?: number, suv?: {name: string, unit: string, max: number, mean: number} | null, fused?: Held}} Held */

/**
 * @param {number} radius mm
 * @param {Held} held
 * @returns {string[]} lines: how large it is, and what it holds of each volume
 */
export function sphereLines(radius, held) {
  const each = [held, held.fused].flatMap((of) => (of ? [line(of)] : []));
  return [interpolate(gettext("Sphere ⌀ {mm} mm, not saved"), { mm: number(2 * radius) }), ...each];
}

/** @param {Held} held */
function line({ modality, count, lacking, unit, words, max, mean, suv }) {
  if (!count || max === undefined || mean === undefined) return words;
  const [name, values, of] = suv ? [suv.name, suv, suv.unit] : [modality ?? "", { max, mean }, unit];
  const said = interpolate(gettext("{name}: max {max}, mean {mean} {unit} ({count} voxels)"), { name, max: three(values.max), mean: three(values.mean), unit: of, count });
  const missing = lacking ? interpolate(gettext("{count} without a value"), { count: lacking }) : "";
  return [said, missing, words].filter(Boolean).join(" · ");
}

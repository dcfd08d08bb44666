/** The sides of the patient: how each is looked at, and a cube that shows which of them a picture shows. PURE. */

/** @import { Matrix } from "./geometry.js" */
/** @import { Vector } from "./state.js" */
import { gettext } from "../shared/i18n.js";
import { add, cross, dot, times } from "./vectors.js";

/** @typedef {"A" | "P" | "L" | "R" | "H" | "F"} Letter */
/** @typedef {{id: string, letter: Letter, label: () => string, normal: Vector, look: Vector, up: Vector}} Side normal: outward */

/** @type {readonly Side[]} */
export const SIDES = [
  { id: "anterior", letter: "A", label: () => gettext("3D: from the front"), normal: [0, -1, 0], look: [0, 1, 0], up: [0, 0, 1] },
  { id: "posterior", letter: "P", label: () => gettext("3D: from the back"), normal: [0, 1, 0], look: [0, -1, 0], up: [0, 0, 1] },
  { id: "left-side", letter: "L", label: () => gettext("3D: from the left"), normal: [1, 0, 0], look: [-1, 0, 0], up: [0, 0, 1] },
  { id: "right-side", letter: "R", label: () => gettext("3D: from the right"), normal: [-1, 0, 0], look: [1, 0, 0], up: [0, 0, 1] },
  { id: "head", letter: "H", label: () => gettext("3D: from the head"), normal: [0, 0, 1], look: [0, 0, -1], up: [0, -1, 0] },
  { id: "feet", letter: "F", label: () => gettext("3D: from the feet"), normal: [0, 0, -1], look: [0, 0, 1], up: [0, -1, 0] },
];

/** A face seen more steeply than this (cosine) is too thin for its letter; and for itself. */
const READABLE = 0.35;
const SEEN = 0.03;

/** A face of the cube on the screen: from -1 to 1 for its half side. @typedef {{side: Side, corners: [number, number][], middle: [number, number], facing: number}} CubeFace facing: cosine, 1 for one that is seen straight */

/**
 * The faces that a picture turns to the reader, by its own orientation and the matrix that it is painted with.
 * @param {readonly number[] | null | undefined} orientation
 * @param {Matrix} placed
 * @returns {CubeFace[]} those seen most steeply first; none where the orientation isn't known
 */
export function facesOf(orientation, [a, b, c, d]) {
  const scale = Math.sqrt(Math.abs(a * d - b * c));
  if (orientation?.length !== 6 || !(scale > 0)) return [];
  const [right, down] = /** @type {[Vector, Vector]} */ ([orientation.slice(0, 3), orientation.slice(3)]);
  const look = cross(right, down);
  if (!(Math.abs(dot(look, look) - 1) < 1e-3)) return [];
  const spot = (/** @type {Vector} */ at) => {
    const [x, y] = [dot(at, right), dot(at, down)];
    return /** @type {[number, number]} */ ([(a * x + c * y) / scale, (b * x + d * y) / scale]);
  };
  return SIDES.flatMap((side) => {
    const facing = -dot(side.normal, look);
    if (facing < SEEN) return [];
    const across = cross(side.normal, side.up);
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u = 0, v = 0]) => spot(add(side.normal, add(times(across, u), times(side.up, v)))));
    return [{ side, corners, middle: spot(side.normal), facing }];
  }).sort((one, other) => one.facing - other.facing);
}

/** The letter of a face, "" where it is seen too steeply. @param {CubeFace} face */
export const letterOf = ({ side, facing }) => (facing >= READABLE ? side.letter : "");

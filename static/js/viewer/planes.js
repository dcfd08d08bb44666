/** Planes of a volume: their own flat grid of the smallest voxels, and the steps by which they are leafed through. PURE: LPS millimetres. */

/** @import { Grid } from "./geometry.js" */
/** @import { Plane, Vector, Volume, VolumePane } from "./state.js" */
import { add, cross, dot, minus, times } from "./vectors.js";

/** Rounding must not make a plane through the last voxels one more or one less. */
const SLIGHT = 1e-6;

/** Looks and ups of the three planes, as a radiologist expects them. @type {Readonly<Record<"axial" | "coronal" | "sagittal", {look: Vector, up: Vector}>>} */
export const CANONICAL = {
  axial: { look: [0, 0, 1], up: [0, -1, 0] },
  coronal: { look: [0, 1, 0], up: [0, 0, 1] },
  sagittal: { look: [-1, 0, 0], up: [0, 0, 1] },
};

/** @typedef {keyof typeof CANONICAL} PlaneName */

/** Which way the planes of a volume are leafed through that weren't acquired: head to feet, front to back, right to left. @type {Readonly<Record<PlaneName, Vector>>} */
export const ONWARD = { axial: [0, 0, -1], coronal: [0, 1, 0], sagittal: [1, 0, 0] };

/**
 * The plane that a direction of look is nearest to.
 * @param {Vector} look
 * @returns {PlaneName}
 */
export function nearest([x, y, z]) {
  const [across, through, along] = [Math.abs(x), Math.abs(y), Math.abs(z)];
  return along >= across && along >= through ? "axial" : through >= across ? "coronal" : "sagittal";
}

/**
 * Which of the three planes a pane is: the one that it began as, however far it was turned since.
 * @param {Pick<VolumePane, "named" | "plane">} pane
 * @returns {PlaneName}
 */
export const nameOf = ({ named, plane }) => named ?? nearest(plane.look);

/**
 * Whether a look is that of its nearest plane, to a tenth of a degree.
 * @param {Vector} look
 */
export function isCanonical(look) {
  return Math.max(...look.map(Math.abs)) > 0.999998;
}

/** The picture's right and down in the patient. @param {{look: Vector, up: Vector}} plane @returns {{right: Vector, down: Vector}} */
export function axes({ look, up }) {
  return { right: cross(look, up), down: times(up, -1) };
}

/** @param {Volume} volume @returns {Vector} the middle of all voxels */
export function middle({ position, row, column, step, size }) {
  const [columns, rows, slices] = size;
  return add(add(position, times(row, (columns - 1) / 2)), add(times(column, (rows - 1) / 2), times(step, (slices - 1) / 2)));
}

/**
 * How far the voxels reach from the middle along a direction.
 * @param {Volume} volume
 * @param {Vector} direction
 * @param {number} [borders] 1: to the outer sides of the voxels, 0: to their centres
 */
function reach({ row, column, step, size }, direction, borders = 1) {
  return [row, column, step].reduce((sum, side, axis) => sum + (Math.abs(dot(side, direction)) * ((size[axis] ?? 1) - 1 + borders)) / 2, 0);
}

/**
 * The grid that a volume fills in a plane, its pixels as wide as the smallest voxel.
 * @param {Volume} volume
 * @param {{look: Vector, up: Vector}} plane
 * @returns {Grid}
 */
export function planeGrid(volume, plane) {
  const { right, down } = axes(plane);
  const count = (/** @type {Vector} */ direction) => Math.max(1, (2 * reach(volume, direction)) / volume.spacing_mm);
  return { columns: count(right), rows: count(down), aspect: 1 };
}

/**
 * @param {Volume} volume
 * @param {{look: Vector, up: Vector}} plane
 * @param {Vector} point
 * @returns {[column: number, row: number]} pixels of the plane's grid from its corner
 */
export function toGrid(volume, plane, point) {
  const { right, down } = axes(plane);
  const { columns, rows } = planeGrid(volume, plane);
  const from = minus(point, middle(volume));
  return [dot(from, right) / volume.spacing_mm + columns / 2, dot(from, down) / volume.spacing_mm + rows / 2];
}

/**
 * @param {Volume} volume
 * @param {Plane} plane
 * @param {readonly [column: number, row: number]} at on the plane's grid
 * @returns {Vector} on the plane itself
 */
export function fromGrid(volume, plane, [column, row]) {
  const { right, down } = axes(plane);
  const { columns, rows } = planeGrid(volume, plane);
  const flat = add(times(right, (column - columns / 2) * volume.spacing_mm), times(down, (row - rows / 2) * volume.spacing_mm));
  return add(middle(volume), add(flat, times(plane.look, depth(volume, plane))));
}

/** @param {Volume} volume @param {{point: Vector, look: Vector}} plane @returns {number} signed mm of the plane from the middle, along its look */
export function depth(volume, { point, look }) {
  return dot(minus(point, middle(volume)), look);
}

/**
 * Which way is on: where the plane is nearest to the acquired images, that of their stack.
 * @param {Volume} volume
 * @param {Vector} look
 * @returns {1 | -1} along the look or against it
 */
export function onward({ row, column, step }, look) {
  const name = nearest(look);
  const way = name === nearest(cross(row, column)) ? step : ONWARD[name];
  return dot(way, look) < 0 ? -1 : 1;
}

/**
 * The planes that a volume has along a look: how far apart, how many, and between which two the present one lies.
 * @param {Volume} volume
 * @param {{point: Vector, look: Vector}} plane
 * @returns {{step: number, count: number, index: number}} step in mm; index from 0 onward, with fractions between two
 */
export function series(volume, plane) {
  const step = spacingAlong(volume, plane.look);
  const deep = reach(volume, plane.look, 0);
  const count = Math.floor((2 * deep) / step + SLIGHT) + 1;
  const exact = (onward(volume, plane.look) * depth(volume, plane) + ((count - 1) * step) / 2) / step;
  const whole = Math.round(exact);
  return { step, count, index: Math.abs(exact - whole) < 1e-4 ? whole : exact };
}

/**
 * The distance in a direction after which another layer of voxels is reached.
 * @param {Volume} volume
 * @param {Vector} look
 */
export function spacingAlong({ row, column, step }, look) {
  const block = dot(row, cross(column, step));
  const across = [cross(column, step), cross(step, row), cross(row, column)].map((side) => Math.abs(dot(side, look) / block));
  return 1 / Math.max(...across);
}

/**
 * The point moved along the look to one of the planes.
 * @param {Volume} volume
 * @param {Plane} plane
 * @param {number} index
 * @returns {Vector}
 */
export function pointAt(volume, plane, index) {
  const { step, count } = series(volume, plane);
  const wanted = Math.min(count - 1, Math.max(0, index));
  const along = onward(volume, plane.look) * (wanted - (count - 1) / 2) * step;
  return add(plane.point, times(plane.look, along - depth(volume, plane)));
}

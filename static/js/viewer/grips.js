/** Where the crosshair's lines lie on the screen, and what of them a hand takes hold of. PURE: CSS pixels of the area. */

/** @import { Cut } from "./crosshair.js" */
/** @import { Size } from "./geometry.js" */
/** @import { State, Vector, VolumePane, Volume } from "./state.js" */
import { cutsOf, isParallel } from "./crosshair.js";
import { apply, inverse, matrix } from "./geometry.js";
import { axes, fromGrid, toGrid } from "./planes.js";
import { sheetOf } from "./sheets.js";
import { isVolumePane, paneAt } from "./state.js";
import { add, cross, dot, length, minus, times, unit } from "./vectors.js";

/** CSS pixels around the point that stay free. */
export const FREE = 18;
/** How near a hand must come to a grip, to the point and to a line. */
const NEAR = { grip: 11, point: 14, line: 6 };
/** Where on a line's half its grips sit, between the point and the pane's edge, and how far out at most. */
const PLACES = { turn: { share: 0.8, most: 400 }, thick: { share: 0.45, most: 200 } };
/** Halves of lines shorter than this have no grips. */
const SHORTEST = 70;
/** Shorter pieces of a line would be specks. */
const SPECK = 4;

/** @typedef {readonly [x: number, y: number]} Spot */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box CSS pixels of the area */

/**
 * A line of the crosshair on the screen.
 * @typedef {Cut & {along: Spot, across: Spot, half: number}} Line along: the line's direction; across: where the plane's own look points; half: from the line to each side of its slab
 */

/**
 * @typedef {object} Cross
 * @property {Spot} point
 * @property {Box} room
 * @property {Line[]} lines
 * @property {(spot: Spot) => Vector} inPatient   LPS mm, on the pane's own plane
 * @property {(place: Vector, look: Vector) => {at: Spot, along: Spot} | null} cutBy   the line that another plane leaves; null for one that is parallel
 */

/** @typedef {{kind: "turn" | "thick", line: Line, spot: Spot}} Grip */
/** @typedef {Grip | {kind: "line", line: Line} | {kind: "point"}} Held */

/**
 * The crosshair over a pane, from the state alone.
 * @param {State} state
 * @param {number} index of the pane
 * @param {Size} size of its canvas, device pixels
 * @param {number} ratio device pixels for a CSS pixel
 * @returns {Cross | null}
 */
export function crossOf(state, index, size, ratio) {
  const sheet = sheetOf(state, paneAt(state, index));
  const volume = sheet?.stack.volume;
  if (!sheet || !volume || !isVolumePane(sheet.pane) || !size.width) return null;
  const placed = matrix(sheet.grid, size, sheet.look);
  const { plane } = sheet.pane;
  const [x, y] = apply(placed, ...toGrid(volume, plane, plane.point));
  const toward = screened(placed, sheet.pane);
  const perMm = Math.hypot(placed[0], placed[1]) / volume.spacing_mm / ratio;
  return {
    point: [x / ratio, y / ratio],
    room: { left: 0, top: 0, right: size.width / ratio, bottom: size.height / ratio },
    lines: cutsOf(state, index).map((cut) => lineOf(cut, plane.look, toward, perMm)),
    inPatient: underSpot(volume, sheet.pane, placed, ratio),
    cutBy: (place, look) => {
      if (isParallel(plane.look, look)) return null;
      const line = cross(plane.look, look);
      // From the point along this plane, square to the line, until the other one is reached.
      const way = cross(line, plane.look);
      const there = add(plane.point, times(way, dot(minus(place, plane.point), look) / dot(way, look)));
      const [left, top] = apply(placed, ...toGrid(volume, plane, there));
      return { at: [left / ratio, top / ratio], along: toward(line) };
    },
  };
}

/**
 * @param {Volume} volume
 * @param {VolumePane} pane
 * @param {import("./geometry.js").Matrix} placed
 * @param {number} ratio
 * @returns {Cross["inPatient"]}
 */
function underSpot(volume, { plane }, placed, ratio) {
  const back = inverse(placed);
  return ([x, y]) => fromGrid(volume, plane, apply(back, x * ratio, y * ratio));
}

/**
 * @param {import("./geometry.js").Matrix} placed
 * @param {VolumePane} pane
 * @returns {(direction: Vector) => Spot} a direction in the patient as a unit vector on the screen
 */
function screened([a, b, c, d], { plane }) {
  const { right, down } = axes(plane);
  return (direction) => {
    const [along, across] = [dot(direction, right), dot(direction, down)];
    const [x, y] = [a * along + c * across, b * along + d * across];
    const whole = Math.hypot(x, y) || 1;
    return [x / whole, y / whole];
  };
}

/**
 * @param {Cut} cut
 * @param {Vector} own look of the pane
 * @param {(direction: Vector) => Spot} toward
 * @param {number} perMm
 * @returns {Line}
 */
function lineOf(cut, own, toward, perMm) {
  const sine = length(cross(cut.look, own));
  const across = toward(unit(minus(cut.look, times(own, dot(cut.look, own)))));
  return { ...cut, along: toward(cut.direction), across, half: ((cut.thickness / 2) * perMm) / sine };
}

/**
 * The grips of a crosshair: circles near the ends of each line turn it, squares beside it make it thicker.
 * @param {Cross} cross
 * @returns {Grip[]}
 */
export function gripsOf({ point, room, lines }) {
  return lines.filter(({ isThere }) => isThere).flatMap((line) => {
    const [from, to] = within(point, line.along, room) ?? [0, 0];
    return [from, to].filter((end) => Math.abs(end) >= SHORTEST).flatMap((end) => {
      const at = (/** @type {"turn" | "thick"} */ kind) => Math.sign(end) * Math.min(PLACES[kind].share * Math.abs(end), PLACES[kind].most);
      /** @type {Grip[]} */
      const grips = [{ kind: "turn", line, spot: moved(point, [line.along, at("turn")]) }];
      for (const side of [-1, 1]) grips.push({ kind: "thick", line, spot: moved(point, [line.along, at("thick")], [line.across, side * line.half]) });
      return grips.filter(({ spot: [x, y] }) => x >= room.left && x <= room.right && y >= room.top && y <= room.bottom);
    });
  });
}

/**
 * What a hand takes hold of at a place.
 * @param {Cross} cross
 * @param {Spot} spot
 * @returns {Held | null} null where it is none of the crosshair's
 */
export function heldAt(cross, spot) {
  const far = ([x, y] = spot) => Math.hypot(x - spot[0], y - spot[1]);
  if (far(cross.point) <= NEAR.point) return { kind: "point" };
  const [grip] = gripsOf(cross).filter((each) => far(each.spot) <= NEAR.grip).sort((one, other) => far(one.spot) - far(other.spot));
  if (grip) return grip;
  const from = /** @type {const} */ ([spot[0] - cross.point[0], spot[1] - cross.point[1]]);
  const beside = (/** @type {Line} */ { along: [x, y] }) => Math.abs(from[0] * y - from[1] * x);
  const [line] = cross.lines.filter((each) => each.isThere && beside(each) <= NEAR.line).sort((one, other) => beside(one) - beside(other));
  return line ? { kind: "line", line } : null;
}

/**
 * @param {Spot} point
 * @param {...readonly [along: Spot, distance: number]} ways
 * @returns {Spot}
 */
export function moved([x, y], ...ways) {
  return ways.reduce(([left, top], [[across, down], distance]) => [left + across * distance, top + down * distance], /** @type {Spot} */ ([x, y]));
}

/**
 * The part of a line that lies in a box.
 * @param {Spot} point
 * @param {Spot} along unit vector
 * @param {Box} box
 * @returns {[from: number, to: number] | null} distances from the point
 */
export function within([x, y], [across, down], { left, top, right, bottom }) {
  let [from, to] = [-Infinity, Infinity];
  for (const [start, way, low, high] of /** @type {const} */ ([[x, across, left, right], [y, down, top, bottom]])) {
    if (Math.abs(way) < 1e-9) {
      if (start < low || start > high) return null;
      continue;
    }
    const [one, other] = [(low - start) / way, (high - start) / way];
    [from, to] = [Math.max(from, Math.min(one, other)), Math.min(to, Math.max(one, other))];
  }
  return from < to ? [from, to] : null;
}

/**
 * The pieces of a line through a point that lie in a room, outside of boxes and not at the point itself.
 * @param {Spot} point
 * @param {Spot} along unit vector
 * @param {Box} room
 * @param {readonly Box[]} boxes
 * @param {number} [free] around the point
 * @returns {[from: number, to: number][]} distances from the point
 */
export function spared(point, along, room, boxes, free = FREE) {
  const whole = within(point, along, room);
  if (!whole) return [];
  /** @type {[number, number][]} */
  const gaps = [[-free, free]];
  for (const box of boxes) gaps.push(within(point, along, box) ?? [0, 0]);
  gaps.sort(([one], [other]) => one - other);
  /** @type {[number, number][]} */
  const pieces = [];
  let from = whole[0];
  for (const [start, end] of gaps) {
    if (Math.min(start, whole[1]) - from >= SPECK) pieces.push([from, Math.min(start, whole[1])]);
    from = Math.max(from, end);
  }
  if (whole[1] - from >= SPECK) pieces.push([from, whole[1]]);
  return pieces;
}

import { describe, expect, it } from "vitest";
import {
  apply, edgeLetters, fitting, inverse, lettersOf, magnification, matrix, panned, scaleBar, seenPart, zoomed,
} from "../../../static/js/viewer/geometry.js";

const GRID = { columns: 200, rows: 100, aspect: 1 };
const CANVAS = { width: 400, height: 400 };
/** @type {import("../../../static/js/viewer/geometry.js").Look} */
const LOOK = { rotation: 0, flip_horizontal: false, flip_vertical: false, center: null, scale: { fit: 1 } };
const AXIAL = [1, 0, 0, 0, 1, 0];

describe("fitting", () => {
  it("takes the side that is short of room, after the turn", () => {
    expect(fitting(GRID, CANVAS, 0)).toBe(2);
    expect(fitting(GRID, { width: 400, height: 100 }, 0)).toBe(1);
    expect(fitting(GRID, { width: 400, height: 100 }, 90)).toBe(0.5);
  });

  it("leaves room above and below a picture that has text of its own, less in a low pane", () => {
    const own = { columns: 100, rows: 100, aspect: 1, text: true };
    expect(fitting(own, { width: 2000, height: 1000 }, 0)).toBeCloseTo((1000 - 2 * 46) / 100);
    expect(fitting(own, { width: 2000, height: 300 }, 0)).toBeCloseTo((300 - 2 * 36) / 100);
    expect(fitting({ ...own, columns: 400 }, { width: 800, height: 1000 }, 0)).toBe(2);
  });

  it("knows pixels that are taller than wide", () => {
    expect(fitting({ columns: 100, rows: 100, aspect: 2 }, CANVAS, 0)).toBe(2);
  });
});

describe("the matrix", () => {
  it("lays the image's middle on the pane's middle", () => {
    expect(apply(matrix(GRID, CANVAS, LOOK), 100, 50)).toEqual([200, 200]);
  });

  it("flips first and turns then", () => {
    const turned = matrix(GRID, CANVAS, { ...LOOK, rotation: 90, flip_horizontal: true, scale: { pixels: 1 } });
    // The image's right end went to the left by the flip, and from there up by the quarter turn clockwise.
    const [x, y] = apply(turned, 200, 50);
    expect([x, y]).toEqual([200, 100]);
  });

  it("lays whole pixels on whole pixels at 1:1", () => {
    const placed = matrix({ columns: 101, rows: 77, aspect: 1 }, { width: 333, height: 222 }, { ...LOOK, center: [13.37, 42.1], scale: { pixels: 1 } });
    expect(placed.every(Number.isInteger)).toBe(true);
  });

  it("is undone by its inverse", () => {
    const placed = matrix(GRID, CANVAS, { ...LOOK, rotation: 270, flip_vertical: true, center: [30, 40], scale: { pixels: 1.7 } });
    const [x, y] = apply(inverse(placed), ...apply(placed, 12.5, 80.25));
    expect(x).toBeCloseTo(12.5, 9);
    expect(y).toBeCloseTo(80.25, 9);
  });
});

it("moves the picture with the hand, flipped and turned as well", () => {
  for (const rotation of /** @type {const} */ ([0, 90, 180, 270])) {
    for (const flip_horizontal of [false, true]) {
      const look = { ...LOOK, rotation, flip_horizontal, scale: { pixels: 2 } };
      const before = apply(matrix(GRID, CANVAS, look), 90, 60);
      const after = apply(matrix(GRID, CANVAS, { ...look, center: panned(GRID, CANVAS, look, 14, -6) }), 90, 60);
      expect([after[0] - before[0], after[1] - before[1]]).toEqual([14, -6]);
    }
  }
});

it("zooms at the pointer: what is under it stays there", () => {
  const look = { ...LOOK, rotation: /** @type {const} */ (90), flip_vertical: true };
  const under = apply(inverse(matrix(GRID, CANVAS, look)), 100, 300);
  const after = { ...look, ...zoomed(GRID, CANVAS, look, 3, [100, 300]) };
  expect(magnification(GRID, CANVAS, after)).toBeCloseTo(6, 9);
  const [x, y] = apply(matrix(GRID, CANVAS, after), ...under);
  expect(Math.hypot(x - 100, y - 300)).toBeLessThan(1);
});

it("tells which part of the image is on the screen", () => {
  expect(seenPart(GRID, CANVAS, matrix(GRID, CANVAS, LOOK))).toEqual({ x: 0, y: 0, width: 200, height: 100 });
  const near = matrix(GRID, CANVAS, { ...LOOK, center: [100, 50], scale: { pixels: 8 } });
  expect(seenPart(GRID, CANVAS, near)).toEqual({ x: 75, y: 25, width: 50, height: 50 });
  expect(seenPart(GRID, CANVAS, [1, 0, 0, 1, 900, 900])).toBe(null);
});

describe("letters", () => {
  const at = (/** @type {Partial<typeof LOOK>} */ look, picture = /** @type {object} */ ({ orientation: AXIAL })) =>
    edgeLetters(picture, matrix(GRID, CANVAS, { ...LOOK, ...look }));

  it("stand where the patient is", () => {
    expect(at({})).toEqual({ left: "R", right: "L", top: "A", bottom: "P" });
    expect(at({ flip_horizontal: true })).toEqual({ left: "L", right: "R", top: "A", bottom: "P" });
    expect(at({ rotation: 90 })).toEqual({ left: "P", right: "A", top: "R", bottom: "L" });
    expect(at({ rotation: 90, flip_vertical: true })).toEqual({ left: "A", right: "P", top: "R", bottom: "L" });
  });

  it("are two or three when oblique, the most important first", () => {
    expect(lettersOf([0.8, 0.6, 0])).toBe("LP");
    expect(lettersOf([-0.5, -0.3, 0.81])).toBe("HRA");
    expect(lettersOf([1, 0.01, 0])).toBe("L");
    expect(lettersOf([0, 0, 0])).toBe("");
  });

  it("come from Patient Orientation where there is no plane", () => {
    expect(at({}, { orientation: null, patient_orientation: ["L", "F"] })).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
    expect(at({ rotation: 180 }, { patient_orientation: ["PL", "F"] })).toEqual({ left: "PL", right: "AR", top: "F", bottom: "H" });
  });

  it("are none rather than a guess", () => {
    expect(at({}, {})).toBe(null);
    expect(at({}, { patient_orientation: ["LE", "F"] })).toBe(null);
    expect(at({}, { orientation: [0, 0, 0, 0, 0, 0] })).toBe(null);
    expect(at({}, { orientation: [1, 0, 0] })).toBe(null);
  });
});

it("draws a bar of a round length, or none", () => {
  expect(scaleBar(2, 250)).toEqual({ mm: 100, length: 200, step: 10 });
  expect(scaleBar(40, 250)?.mm).toBe(5);
  expect(scaleBar(0, 250)).toBe(null);
  expect(scaleBar(NaN, 250)).toBe(null);
});

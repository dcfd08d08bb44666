import { describe, expect, it } from "vitest";
import { apply, inverse } from "../../../static/js/viewer/geometry.js";
import { magnification, millimetres, panned, perMillimetre, pixels, placed, widthAt, zoomed } from "../../../static/js/slide/coordinates.js";
import { look, slide } from "./slide.js";

const PANE = { width: 800, height: 600 };

describe("millimetres of a slide", () => {
  it("lie at the centre of the first pixel, where the origin is", () => {
    expect(millimetres(slide(), [0.5, 0.5])).toEqual([20, 40]);
  });

  it("go down in y for a step to the right, down in x for a step downwards, on a slide that lies as most do", () => {
    const [x, y] = millimetres(slide(), [1.5, 0.5]);
    expect(x).toBeCloseTo(20, 12);
    expect(y).toBeCloseTo(40 - 0.000499, 12);
    expect(millimetres(slide(), [0.5, 1.5])[0]).toBeCloseTo(20 - 0.000499, 12);
  });

  it("agree with highdicom for spacings that differ", () => {
    // highdicom 0.28 ImageToReferenceTransformer((20, 40, 0), (0, -1, 0, -1, 0, 0), (0.0005, 0.00025)) at (100.25, 7.5)
    const [x, y] = millimetres(slide({ spacing_mm: [0.0005, 0.00025] }), [100.25, 7.5]);
    expect(x).toBeCloseTo(19.9965, 10);
    expect(y).toBeCloseTo(39.9750625, 10);
  });

  it("come back as the pixel they were, whichever way the slide lies", () => {
    for (const orientation of [[0, -1, 0, -1, 0, 0], [1, 0, 0, 0, 1, 0], [-1, 0, 0, 0, -1, 0], [0.8, 0.6, 0, -0.6, 0.8, 0]]) {
      const lying = slide({ orientation });
      const [column, row] = pixels(lying, millimetres(lying, [1234.25, 77.5]));
      expect(column).toBeCloseTo(1234.25, 6);
      expect(row).toBeCloseTo(77.5, 6);
    }
  });

  it("are pixels where no spacing is known", () => {
    expect(millimetres(slide({ spacing_mm: null }), [12, 34])).toEqual([12, 34]);
  });
});

describe("a slide in its pane", () => {
  it("fits, in the middle", () => {
    const matrix = placed(slide(), look(), PANE);
    expect(apply(matrix, 1110, 1483.5)).toEqual([400, 300]);
    expect(apply(matrix, 0, 0)[1]).toBeCloseTo(0, 9);
    expect(apply(matrix, 2220, 2967)[1]).toBeCloseTo(600, 9);
  });

  it("fits turned by a quarter", () => {
    const matrix = placed(slide(), look({ rotation: 90 }), PANE);
    const corners = [[0, 0], [2220, 2967]].map(([x = 0, y = 0]) => apply(matrix, x, y));
    for (const [x, y] of corners) {
      expect(x).toBeGreaterThan(-1e-6);
      expect(x).toBeLessThan(800 + 1e-6);
      expect(y).toBeGreaterThan(-1e-6);
      expect(y).toBeLessThan(600 + 1e-6);
    }
  });

  it("is flipped first and turned clockwise then", () => {
    const matrix = placed(slide(), look({ rotation: 90, flip_horizontal: true }), PANE);
    const [x, y] = apply(matrix, 1210, 1483.5);
    // To the right on the slide is to the left once flipped, and up once turned.
    expect(x).toBeCloseTo(400, 9);
    expect(y).toBeLessThan(300);
  });

  it("shows as many millimetres as its state says", () => {
    const matrix = placed(slide(), look({ width: 0.4 }), PANE);
    const across = apply(inverse(matrix), 800, 0)[0] - apply(inverse(matrix), 0, 0)[0];
    expect(across * 0.000499).toBeCloseTo(0.4, 12);
  });

  it("keeps what lies under the pointer while it is zoomed", () => {
    for (const rotation of [0, 30, 90, 270]) {
      for (const flip_horizontal of [false, true]) {
        const before = look({ center: millimetres(slide(), [900, 1200]), width: 0.5, rotation, flip_horizontal });
        const at = /** @type {const} */ ([650, 120]);
        const under = apply(inverse(placed(slide(), before, PANE)), ...at);
        const after = { ...before, ...zoomed(slide(), before, PANE, 1.7, at) };
        const [x, y] = apply(placed(slide(), after, PANE), ...under);
        expect(x).toBeCloseTo(650, 6);
        expect(y).toBeCloseTo(120, 6);
        expect(magnification(slide(), after, PANE)).toBeCloseTo(1.7 * magnification(slide(), before, PANE), 9);
      }
    }
  });

  it("follows the hand, turned and flipped or not", () => {
    for (const rotation of [0, 45, 180]) {
      const before = look({ center: millimetres(slide(), [900, 1200]), width: 0.3, rotation, flip_horizontal: true });
      const point = apply(inverse(placed(slide(), before, PANE)), 300, 200);
      const after = { ...before, ...panned(slide(), before, PANE, 40, -25) };
      const [x, y] = apply(placed(slide(), after, PANE), ...point);
      expect(x).toBeCloseTo(340, 6);
      expect(y).toBeCloseTo(175, 6);
    }
  });

  it("can't be lost", () => {
    const far = panned(slide(), look({ width: 1 }), PANE, 1e6, 1e6);
    for (const value of pixels(slide(), far.center)) expect(value).toBeCloseTo(0, 6);
  });

  it("shows a micrometre for each pixel of the screen at 10×", () => {
    const width = widthAt(10, PANE, 2);
    expect(width).toBeCloseTo(1.6, 12);
    expect((perMillimetre(slide(), look({ width }), PANE) * 2) / 1000).toBeCloseTo(1, 12);
    expect(widthAt(40, PANE, 1)).toBeCloseTo(0.2, 12);
  });
});

import { describe, expect, it } from "vitest";
import { DARK, LIGHT, STEPS, pattern } from "../../../static/js/display/pattern.js";
import { CARD_MM, PRESUMED, cardWidth, mmPerPx, moved } from "../../../static/js/display/ruler.js";

/** @import { Part } from "../../../static/js/display/pattern.js" */

// A page's pattern of 1150 × 647 CSS pixels at three ratios, whole screens, an upright one, a small one.
const SIZES = [[1150, 647], [1725, 970], [2300, 1294], [1280, 900], [3840, 2160], [1080, 1920], [320, 180]];

/**
 * Paints as a canvas does.
 * @param {number} width
 * @param {number} height
 */
function painted(width, height) {
  const greys = new Uint8Array(width * height);
  for (const part of pattern(width, height)) {
    for (let y = Math.max(0, part.y); y < Math.min(height, part.y + part.height); y += 1) {
      greys.fill(part.grey, y * width + Math.max(0, part.x), y * width + Math.min(width, part.x + part.width));
    }
  }
  return (/** @type {number} */ x, /** @type {number} */ y) => greys[y * width + x];
}

/**
 * @param {Part[]} parts
 * @param {string} name
 */
function first(parts, name) {
  const part = parts.find((each) => each.name === name);
  if (!part) throw new Error(`no ${name}`);
  return part;
}

/** @param {Part} part */
function middle({ x, y, width, height }) {
  return /** @type {const} */ ([x + Math.floor(width / 2), y + Math.floor(height / 2)]);
}

describe.each(SIZES)("the pattern on %i × %i device pixels", (width, height) => {
  const parts = pattern(width, height);
  const grey = painted(width, height);

  it("lies on whole pixels inside the screen, in greys that a byte holds", () => {
    for (const part of parts) {
      for (const number of [part.x, part.y, part.width, part.height, part.grey]) expect(Number.isInteger(number)).toBe(true);
      expect(part.grey >= 0 && part.grey <= 255 && part.width > 0 && part.height > 0).toBe(true);
      expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= width && part.y + part.height <= height).toBe(true);
    }
  });

  it("shows 5 % on black and 95 % on white", () => {
    const [dark, light] = [first(parts, "dark"), first(parts, "light")];
    expect([DARK, LIGHT]).toEqual([13, 242]);
    expect(grey(...middle(dark))).toBe(13);
    expect(grey(dark.x, dark.y)).toBe(0);
    expect(grey(...middle(light))).toBe(242);
    expect(grey(light.x, light.y)).toBe(255);
  });

  it("steps from black to white by 15, each with inserts that differ by 4", () => {
    const steps = Array.from({ length: STEPS }, (_, index) => first(parts, `step ${index}`));
    expect(steps.map((step) => grey(...middle(step)))).toEqual(steps.map((_, index) => 15 * index));
    steps.forEach((step, index) => {
      const inserts = parts.filter(({ name }) => name === `insert ${index}`);
      expect(inserts.map((insert) => Math.abs((grey(...middle(insert)) ?? 0) - step.grey))).toEqual([4, 4, 4, 4]);
    });
  });

  it("has a ramp that never falls and jumps by one grey, or as little as its pixels allow", () => {
    const bands = parts.filter(({ name }) => name === "ramp");
    const [start, end] = [first(parts, "ramp").x, (bands.at(-1)?.x ?? 0) + (bands.at(-1)?.width ?? 0)];
    const row = Array.from({ length: end - start }, (_, index) => grey(start + index, first(parts, "ramp").y) ?? 0);
    const jumps = row.slice(1).map((value, index) => value - (row[index] ?? 0));
    expect(Math.min(...jumps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...jumps)).toBeLessThanOrEqual(Math.max(1, Math.ceil(256 / row.length)));
    expect(row.at(-1)).toBe(255);
  });

  it("has line pairs of one and of two pixels, both ways", () => {
    const along = (/** @type {string} */ name, /** @type {boolean} */ across) => {
      const { x, y } = first(parts, name);
      return Array.from({ length: 8 }, (_, index) => (across ? grey(x + index, y) : grey(x, y + index)));
    };
    expect(along("pairs across, Nyquist", true)).toEqual([0, 255, 0, 255, 0, 255, 0, 255]);
    expect(along("pairs down, Nyquist", false)).toEqual([0, 255, 0, 255, 0, 255, 0, 255]);
    expect(along("pairs across, half", true)).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
    expect(along("pairs down, half", false)).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
  });

  it("marks the four corners and the outermost pixels, and hides none of its parts", () => {
    const corners = parts.filter(({ name }) => name === "corner");
    const places = /** @type {[number, number][]} */ ([[0, 0], [width, 0], [0, height], [width, height]]);
    for (const [x, y] of places) {
      expect(corners.some((part) => Math.hypot(part.x - x, part.y - y) < Math.min(width, height) / 5)).toBe(true);
    }
    expect([grey(0, 0), grey(width - 1, 0), grey(0, height - 1), grey(width - 1, height - 1)]).toEqual([255, 255, 255, 255]);
    expect(grey(...middle(first(parts, "white")))).toBe(255);
    expect(grey(...middle(first(parts, "black")))).toBe(0);
  });

  it("has a grid of squares", () => {
    const lines = parts.filter(({ name }) => name === "grid");
    const gaps = (/** @type {number[]} */ places) => new Set(places.slice(1).map((place, index) => place - (places[index] ?? 0)));
    const across = gaps(lines.filter((line) => line.width === 1).map(({ x }) => x));
    const down = gaps(lines.filter((line) => line.height === 1).map(({ y }) => y));
    expect(across.size).toBe(1);
    expect(down).toEqual(across);
  });
});

describe("the ruler", () => {
  it("tells millimetres of a pixel from the width that fits", () => {
    expect(mmPerPx(428)).toBeCloseTo(0.2, 10);
    expect(cardWidth(0.2)).toBeCloseTo(428, 10);
    expect(cardWidth(PRESUMED)).toBeCloseTo((CARD_MM.width / 25.4) * 96, 10);
  });

  it("moves by one device pixel, ten with Shift, and stays within reason", () => {
    expect(moved("ArrowRight", false, 400, 2)).toBe(400.5);
    expect(moved("ArrowLeft", true, 400, 2)).toBe(395);
    expect(moved("ArrowLeft", false, 140, 1)).toBe(140);
    expect(moved("End", false, 400, 1)).toBe(1070);
    expect(moved("x", false, 400, 1)).toBeNull();
  });
});

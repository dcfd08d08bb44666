import { describe, expect, it } from "vitest";
import { matrix } from "../../../static/js/viewer/geometry.js";
import { onScreen, underScreen } from "../../../static/js/viewer/surface.js";

const RATIOS = [1, 1.25, 1.5, 2];
const [COLUMNS, ROWS] = [700, 500];

/** Numbers that look random and are the same each time. @param {number} seed */
function dice(seed) {
  let state = seed;
  return (/** @type {number} */ low, /** @type {number} */ high) => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return low + ((high - low) * state) / 2 ** 32;
  };
}

describe("an end that a hand sets", () => {
  it("lies within half a pixel of the image, however it is turned, moved and enlarged", () => {
    const roll = dice(26);
    for (let turn = 0; turn < 5000; turn++) {
      const ratio = RATIOS[Math.floor(roll(0, 4))] ?? 1;
      const [down, across] = [roll(0.05, 3), roll(0.05, 3)];
      const aspect = down / across;
      const canvas = { width: Math.round(1000 * ratio), height: Math.round(800 * ratio) };
      const look = /** @type {const} */ ({
        rotation: [0, 90, 180, 270][Math.floor(roll(0, 4))] ?? 0, flip_horizontal: roll(0, 1) < 0.5, flip_vertical: roll(0, 1) < 0.5,
        center: [roll(0, COLUMNS), roll(0, ROWS)], scale: { pixels: roll(1, 12) * Math.max(1, 1 / aspect) },
      });
      const picture = /** @type {any} */ ({
        rows: ROWS, columns: COLUMNS, aspect, pixel_spacing: [down, across], spacing_basis: "detector", position: null, orientation: null, frame_of_reference: null,
      });
      const placed = matrix({ columns: COLUMNS, rows: ROWS, aspect }, canvas, /** @type {any} */ (look));
      const meant = [roll(0, COLUMNS - 1), roll(0, ROWS - 1)];
      const { x, y } = onScreen(picture, placed, meant);
      const exact = underScreen(picture, placed, x, y) ?? [];
      const clicked = underScreen(picture, placed, Math.round(x), Math.round(y)) ?? meant;
      expect(Math.max(...exact.map((part, axis) => Math.abs(part - (meant[axis] ?? NaN))))).toBeLessThan(1e-7);
      expect(Math.max(...clicked.map((part, axis) => Math.abs(part - (meant[axis] ?? NaN))))).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  });
});

import { describe, expect, it } from "vitest";
import { LENS_COMMANDS, enlarged } from "../../../static/js/viewer/lens.js";
import { threePlanes } from "../../../static/js/viewer/layouts.js";
import { apply, magnification, matrix } from "../../../static/js/viewer/geometry.js";
import { changePane, flip, rotate } from "../../../static/js/viewer/panes.js";
import { sheetOf } from "../../../static/js/viewer/sheets.js";
import { paneAt } from "../../../static/js/viewer/state.js";
import { open, stack } from "./stacks.js";

/** @import { PicturePane, State } from "../../../static/js/viewer/state.js" */
/** @import { Sheet } from "../../../static/js/viewer/sheets.js" */

const CANVAS = { width: 400, height: 300 };
const LENS = { width: 120, height: 120 };
const VOLUME = /** @type {const} */ ({ position: [-256, -256, -100], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2], size: [512, 512, 100], spacing_mm: 1, words: "" });

/**
 * Where the point of the image that lies at a place of the pane is in the lens, and how much larger.
 * @param {State} state
 * @param {[number, number]} at
 * @param {[number, number]} beside
 */
function seen(state, at, beside) {
  const shown = /** @type {PicturePane} */ (paneAt(state));
  const pane = enlarged(state, shown, CANVAS, at, 3);
  const [sheet, large] = /** @type {[Sheet, Sheet]} */ ([sheetOf(state, shown), sheetOf(state, pane)]);
  const back = (/** @type {[number, number]} */ place) => {
    const [a, b, c, d, e, f] = matrix(sheet.grid, CANVAS, sheet.look);
    const [x, y] = [place[0] - e, place[1] - f];
    return /** @type {[number, number]} */ ([(d * x - c * y) / (a * d - b * c), (a * y - b * x) / (a * d - b * c)]);
  };
  const there = (/** @type {[number, number]} */ place) => apply(matrix(large.grid, LENS, large.look), ...back(place));
  return { middle: there(at), beside: there(beside), factor: magnification(large.grid, LENS, large.look) / magnification(sheet.grid, CANVAS, sheet.look) };
}

describe("the lens", () => {
  const volume = /** @type {any} */ (VOLUME);
  const plain = open(stack({ volume, orientation: [1, 0, 0, 0, 1, 0] }));
  /** @type {[string, State][]} */
  const states = [
    ["an image", plain],
    ["an image flipped and turned", rotate(flip(plain, "horizontal"), 1)],
    ["an image moved and zoomed", changePane(plain, { center: [100, 400], scale: { pixels: 1.5 } })],
    ["a plane, turned", rotate(threePlanes(plain), -1)],
  ];
  for (const [name, state] of states) {
    it(`shows ${name} three times as large around the pointer, lying as its pane does`, () => {
      const { middle, beside, factor } = seen(state, [170, 130], [180, 125]);
      expect(factor).toBeCloseTo(3);
      // To a pixel: the image's corner is laid on a whole one.
      expect(Math.abs(middle[0] - 60) + Math.abs(middle[1] - 60)).toBeLessThan(2);
      expect(beside[0] - middle[0]).toBeCloseTo(30);
      expect(beside[1] - middle[1]).toBeCloseTo(-15);
    });
  }

  it("is there or not, and two, three or four times", () => {
    const [lens, more] = LENS_COMMANDS.map(({ run }) => /** @type {(state: State) => State} */ (run));
    const on = /** @type {(state: State) => State} */ (lens)(open());
    expect(on.lens).toBe(3);
    expect(lens?.(on).lens).toBe(0);
    expect([1, 2, 3].reduce((states) => [...states, /** @type {any} */ (more)(states.at(-1))], [on]).map((state) => state.lens)).toEqual([3, 4, 2, 3]);
    expect(LENS_COMMANDS[0]?.offered?.({ ...open(), panes: [null] })).toBe(false);
  });
});

import { describe, expect, it } from "vitest";

import { aside } from "../../../static/js/viewer/corners.js";
import * as geometry from "../../../static/js/viewer/geometry.js";
import * as mammography from "../../../static/js/viewer/mammography.js";
import { flip, place, reset } from "../../../static/js/viewer/panes.js";
import { receiveSeries, receiveStudy } from "../../../static/js/viewer/answers.js";
import { initial } from "../../../static/js/viewer/state.js";

// Panes of every kind go through these; here all are of stacks.
const { apply, magnification, matrix, panned } = /** @type {any} */ (geometry);
const { asHung, chestSide, hangStage, screening, stages } = /** @type {any} */ (mammography);
const KEY = "main/1.2";
const STRAIGHT = { rotation: 0, flip_horizontal: false, flip_vertical: false };

/** @param {string} name @param {any} [more] @returns {any} */
function stackOf(name, more = {}) {
  const { place = null, hang = STRAIGHT, spacing = 0.1, rows = 2000, columns = 1000, ...breast } = more;
  return {
    key: name, title: name, modality: "MG", unit: "", rows, columns, aspect: 1, colour: false, windows: [], window: null,
    pixel_spacing: spacing && [spacing, spacing], spacing_basis: spacing ? "detector" : "none", plane: "",
    entries: [{ instance: `1.2.${name.length}`, frame: 1 }],
    breast: {
      name, view: name.slice(2), laterality: name[0], words: "", chest_wall: "", hang, place, tomosynthesis: false,
      synthetic: false, for_processing: false, ...breast,
    },
  };
}

const FOUR = [
  stackOf("R CC", { place: 0, hang: { ...STRAIGHT, flip_horizontal: true } }),
  stackOf("L CC", { place: 1 }),
  stackOf("R MLO", { place: 2, spacing: 0.05, columns: 4000, rows: 6000 }),
  stackOf("L MLO", { place: 3, hang: { ...STRAIGHT, rotation: 90 }, columns: 2400, rows: 1500 }),
];

/** @param {any[]} [stacks] */
function exam(stacks = FOUR) {
  const series = stacks.map((_, index) => ({ uid: `1.3.${index}`, number: index, modality: "MG", description: "", instances: 1, viewable: null, words: "" }));
  /** @type {any} */
  const study = { archive: "main", study: "1.2", patient: {}, study_date: "", series, studies: [] };
  /** @type {any} */
  const known = receiveStudy(initial("main", "1.2"), KEY, study);
  return stacks.reduce((state, stack, index) => receiveSeries(state, `${KEY}/1.3.${index}`, { .../** @type {any} */ ({ digest: "", stacks: [stack], not_viewable: [] }) }), known);
}

/** @type {(state: any) => any} */
const shown = (state) => state.panes.map((/** @type {any} */ pane) => pane && pane.source.stack);
/** @type {(stack: any) => any} */
const grid = ({ columns, rows, aspect }) => ({ columns, rows, aspect });
/** @type {(...given: any[]) => number} */
const mm = (stack, pane, canvas) => magnification(grid(stack), canvas, pane) / stack.pixel_spacing[0];

describe("a mammography exam", () => {
  it("hangs its four views, in whatever order they come, each turned by the standard", () => {
    const state = hangStage(exam([...FOUR].reverse()), 0);
    expect(state.layout).toEqual({ rows: 2, columns: 2 });
    expect(shown(state)).toEqual(["R CC", "L CC", "R MLO", "L MLO"]);
    expect(state.panes[0]).toMatchObject({ flip_horizontal: true, rotation: 0, index: 0 });
    expect(state.panes[3]).toMatchObject({ flip_horizontal: false, rotation: 90 });
  });

  it("leaves the place of a view that was not taken empty", () => {
    expect(shown(hangStage(exam([FOUR[0], FOUR[3]]), 0))).toEqual(["R CC", null, null, "L MLO"]);
  });

  it("shows all at one scale in millimetres, in which the largest just fits", () => {
    const { panes } = hangStage(exam(), 0);
    const canvas = { width: 900, height: 600 };
    const scales = panes.map((/** @type {any} */ pane, /** @type {any} */ index) => mm(FOUR[index], pane, canvas));
    // The tallest is 6000 pixels of 0.05 mm: 300 mm on 600 pixels.
    scales.forEach((/** @type {any} */ scale) => expect(scale).toBeCloseTo(600 / 300, 9));
  });

  it.each([[900, 600], [300, 800]])("has chest walls back to back, in a pane of %d by %d", (width, height) => {
    const { panes } = hangStage(exam(), 0);
    panes.forEach((/** @type {any} */ pane, /** @type {any} */ index) => {
      const { columns, rows } = FOUR[index];
      const placed = matrix(grid(FOUR[index]), { width, height }, pane);
      const across = [apply(placed, 0, 0), apply(placed, columns, rows)].map(([x]) => x);
      if (index % 2 === 0) expect(Math.max(...across)).toBeCloseTo(width, -0.3);
      else expect(Math.abs(Math.min(...across))).toBeLessThanOrEqual(1);
    });
  });

  it("begins a pan where the picture stands", () => {
    const { panes } = hangStage(exam(), 0);
    const canvas = { width: 900, height: 600 };
    const [before, after] = [panes[0], { ...panes[0], center: panned(grid(FOUR[0]), canvas, panes[0], 0, 0) }].map((look) => matrix(grid(FOUR[0]), canvas, look));
    after.forEach((/** @type {any} */ value, /** @type {any} */ index) => expect(value).toBeCloseTo(before[index], 6));
  });

  it("keeps what is for reading and was taken, and of those the last; others come after the four", () => {
    const again = stackOf("R CC", { place: 0 });
    const views = [
      stackOf("R CC", { place: 0, for_processing: true }), stackOf("R CC", { place: 0 }), again, stackOf("R CC", { place: 0, synthetic: true }),
    ].map((stack) => ({ source: {}, stack, breast: stack.breast }));
    expect(screening(views)[0].stack).toBe(again);
    const spot = stackOf("R CC S");
    expect(stages(exam([spot, ...FOUR])).at(-1).panes[0].source.stack).toBe("R CC S");
  });

  it("is stepped through: pairs, each view fitted, at 1:1, in quarters", () => {
    const all = stages(exam());
    expect(all.map((/** @type {any} */ { panes }) => panes.length)).toEqual([4, 2, 2, ...Array(24).fill(1)]);
    expect(all.slice(0, 3).map((/** @type {any} */ stage) => shown(stage))).toEqual([["R CC", "L CC", "R MLO", "L MLO"], ["R CC", "L CC"], ["R MLO", "L MLO"]]);
    expect(all.slice(3, 9).map((/** @type {any} */ { panes }) => panes[0].scale)).toEqual([
      { fit: 1, edge: "right" }, { pixels: 1, edge: "right" }, { fit: 2 }, { fit: 2 }, { fit: 2 }, { fit: 2 },
    ]);
    const last = hangStage(exam(), 99);
    expect([last.stage, hangStage(last, -1).stage]).toEqual([26, 0]);
  });

  it("shows the quarters in reading order, however the picture is stored", () => {
    const canvas = { width: 500, height: 500 };
    for (const [first, stack] of [[5, FOUR[0]], [23, FOUR[3]]]) {
      const whole = matrix(grid(stack), canvas, { ...stages(exam())[first].panes[0], scale: { fit: 1 }, center: null });
      const seen = stages(exam()).slice(first, first + 4).map((/** @type {any} */ { panes }) => apply(whole, ...panes[0].center).map((/** @type {any} */ at) => at > 250));
      expect(seen).toEqual([[false, false], [true, false], [false, true], [true, true]]);
    }
  });

  it("turns a view back as it was hung", () => {
    const state = hangStage(exam(), 0);
    const moved = flip(state, "horizontal");
    expect(asHung(moved).panes[0]).toEqual(state.panes[0]);
    expect(reset(moved).panes[0]).toMatchObject({ flip_horizontal: true, scale: { fit: 1 } });
  });

  it("hangs a view by the standard wherever it is put", () => {
    const state = exam();
    const put = place(state, 0, { kind: "stack", archive: "main", study: "1.2", series: "1.3.0", stack: "R CC" });
    expect(put.panes[0]).toMatchObject({ flip_horizontal: true });
  });
});

describe("words beside a breast", () => {
  const letters = { left: "A", right: "P", top: "R", bottom: "L" };

  it("stand away from the chest wall as it is displayed", () => {
    expect(chestSide(FOUR[0].breast, letters)).toBe("right");
    expect(chestSide(FOUR[0].breast, { ...letters, left: "P", right: "A" })).toBe("left");
    expect(chestSide(FOUR[0].breast, { left: "L", right: "R", top: "A", bottom: "P" })).toBe("");
    expect(chestSide(null, letters)).toBe("");
    expect(chestSide(FOUR[0].breast, null)).toBe("");
  });

  it("are all there, on one side", () => {
    const line = (/** @type {any} */ text) => ({ text });
    const all = { topLeft: [line("a")], topRight: [line("b")], bottomLeft: [line("c")], bottomRight: [line("d")] };
    expect(aside(all, "right")).toEqual({ topLeft: [], bottomLeft: [], topRight: [line("a"), line("b")], bottomRight: [line("d"), line("c")] });
  });
});

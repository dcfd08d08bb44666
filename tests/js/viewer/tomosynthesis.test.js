import { describe, expect, it } from "vitest";

import * as tomosynthesis from "../../../static/js/viewer/tomosynthesis.js";
import { receiveSeries, receiveStudy } from "../../../static/js/viewer/answers.js";
import { initial, pane } from "../../../static/js/viewer/state.js";

const { breastSlab, toCounterpart, whyNoCounterpart } = /** @type {any} */ (tomosynthesis);
const breast = { name: "R CC", view: "CC", laterality: "R", words: "", chest_wall: "right", hang: { rotation: 0, flip_horizontal: false, flip_vertical: true }, place: null, tomosynthesis: true, synthetic: false, for_processing: false };
const common = { modality: "MG", unit: "", rows: 40, columns: 30, aspect: 1, colour: false, windows: [], window: null, pixel_spacing: [0.1, 0.1], spacing_basis: "patient", plane: "axial", spatial: true, title: "", orientation: [0, 1, 0, 1, 0, 0], frame_of_reference: "9" };
/** @type {any} */
const SLICES = {
  ...common, key: "t", breast, spacing_mm: 1,
  entries: Array.from({ length: 9 }, (_, at) => ({ instance: "1.5", frame: at + 1, location: -at })),
  volume: { position: [0, 0, 0], row: [0, 0.1, 0], column: [0.1, 0, 0], step: [0, 0, -1], size: [30, 40, 9], spacing_mm: 0.1, words: "" },
};
/** @param {any} [more] @returns {any} */
const flat = (more) => ({ ...common, key: "f", breast: { ...breast, tomosynthesis: false, synthetic: true, place: 0 }, entries: [{ instance: "1.6", frame: 1, location: -6.2 }], ...more });

/** @param {any} flatStack @param {"0" | "1"} shown @returns {any} */
function exam(flatStack, shown) {
  const stacks = [flatStack, SLICES];
  const series = stacks.map((_, index) => ({ uid: `1.3.${index}`, number: index, modality: "MG", description: "", instances: 1, viewable: null, words: "" }));
  /** @type {any} */
  const study = { archive: "main", study: "1.2", patient: {}, study_date: "", series, studies: [] };
  const known = receiveStudy(initial("main", "1.2"), "main/1.2", study);
  const all = stacks.reduce((state, stack, index) => receiveSeries(state, `main/1.2/1.3.${index}`, /** @type {any} */ ({ digest: "", stacks: [stack], not_viewable: [] })), known);
  const source = /** @type {const} */ ({ kind: "stack", archive: "main", study: "1.2", series: `1.3.${shown}`, stack: shown === "0" ? "f" : "t" });
  return { ...all, panes: [pane(source, { index: shown === "0" ? 0 : 3, instance: "1.5", frame: 4, flip_vertical: true })] };
}

describe("tomosynthesis", () => {
  it("finds the slice of a 2D image by the place that both share, and its way back", () => {
    const state = exam(flat(), "0");
    expect(whyNoCounterpart(state)).toBe("");
    const there = toCounterpart(state);
    expect(there.panes[0]).toMatchObject({ source: { stack: "t" }, index: 6, frame: 7, flip_vertical: true });
    expect(toCounterpart(there).panes[0]).toMatchObject({ source: { stack: "f" }, index: 0 });
  });

  it.each([
    ["another frame of reference", { frame_of_reference: "8" }],
    ["no frame of reference", { frame_of_reference: null }],
    ["no position", { entries: [{ instance: "1.6", frame: 1, location: null }] }],
    ["a place beside the slices", { entries: [{ instance: "1.6", frame: 1, location: 40 }] }],
    ["another direction", { orientation: [0, 1, 0, 0, 0, 1] }],
  ])("says that it can't where the 2D image has %s", (_, more) => {
    const state = exam(flat(more), "0");
    expect(whyNoCounterpart(state)).toContain("can't be told");
    expect(toCounterpart(state)).toBe(state);
  });

  it("becomes a slab around the slice that is shown, turned as it was, and slices again", () => {
    const thick = breastSlab(exam(flat(), "1"), { thickness: 10, method: "maximum_ip" });
    expect(thick.panes[0]).toMatchObject({
      source: { kind: "volume", stack: "t" }, slab: { thickness: 10, method: "maximum_ip" }, flip_vertical: true,
      plane: { look: [0, 0, -1], up: [-1, 0, 0] },
    });
    expect(thick.panes[0].plane.point[2]).toBeCloseTo(-3, 9);
    expect(breastSlab(thick, { thickness: 0, method: "average_ip" }).panes[0]).toMatchObject({ source: { kind: "stack" }, index: 3, flip_vertical: true });
  });
});

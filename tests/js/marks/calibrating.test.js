import { describe, expect, it, vi } from "vitest";
import { millimetres, standing } from "../../../static/js/marks/calibrating.js";
import { quantity, spoken } from "../../../static/js/marks/marks.js";
import { initial } from "../../../static/js/viewer/state.js";
import { known } from "../../../static/js/viewer/known.js";

/** @param {Partial<import("../../../static/js/marks/calibrating.js").Calibration>} more */
const calibration = (more) => ({
  id: "1", series: "1.2", instance: "1.2.3", frame: 1, frames: /** @type {number[] | null} */ (null), rows: 8, columns: 6, points: [], length: 40, pixel_spacing: /** @type {[number, number]} */ ([0.5, 0.4]), words: "mm calibrated by Ada on 2026-01-02",
  author: "Ada", created: "", withdrawn: null, withdrawn_by: "", ...more,
});
/** @param {object} more */
const row = (more) => /** @type {import("../../../static/js/marks/marks.js").Measurement} */ (/** @type {unknown} */ ({ space: "image", unit_words: "px", short_words: "px", label: "", ...more }));

describe("a known length", () => {
  it("is read as people write it, and nothing else is", () => {
    expect(["25", " 25.4 mm", "25,4", "0.5"].map(millimetres)).toEqual([25, 25.4, 25.4, 0.5]);
    expect(["", "0", "-3", "1e3", "2 cm", "12 13", "mm", "1.2.3", "٣"].map(millimetres)).toEqual(Array(9).fill(null));
  });

  it("counts for its own image until it is withdrawn", () => {
    const all = [calibration({ withdrawn: "2026-01-01" }), calibration({ id: "2", instance: "1.2.4" })];
    expect(standing("main/9", all)).toEqual({ "main/9/1.2.4": [{ frames: null, rows: 8, columns: 6, pixel_spacing: [0.5, 0.4], words: "mm calibrated by Ada on 2026-01-02" }] });
  });

  it("stands above what the file says, on its own image only", () => {
    vi.stubGlobal("innerWidth", 1000);
    const all = [calibration({}), calibration({ id: "2", instance: "1.2.5", frames: [2, 3] }), calibration({ id: "3", instance: "1.2.5", frames: [4], words: "by Bo" })];
    const state = { ...initial("main", "9"), calibrations: standing("main/9", all) };
    const pane = /** @type {any} */ ({ source: { kind: "stack", archive: "main", study: "9", series: "1.2", stack: "0" }, text: "all", voi: null, scale: { fit: 1 } });
    const of = (/** @type {string} */ instance, rows = 8, frame = 1) => known(state, pane, /** @type {any} */ ({ instance, frame, rows, columns: 6, study_date: "" }), { canvas: { width: 9, height: 9 }, width: 900, height: 900 }).calibration;
    expect(of("1.2.3")?.words).toBe("mm calibrated by Ada on 2026-01-02");
    expect(of("1.2.4")).toBe(null);
    expect([1, 2, 3, 4].map((frame) => of("1.2.5", 8, frame)?.words.slice(0, 5))).toEqual([undefined, "mm ca", "mm ca", "by Bo"]);
    expect(of("1.2.3", 16)).toBe(null); // replaced in the archive by an image of another size
  });
});

describe("a line that is no length", () => {
  const doppler = row({
    value: 27.4, short_words: "in the region",
    parts: [{ name: "Δv", value: -27.4, unit: "cm/s", unit_words: "cm/s" }, { name: "Δt", value: 0.27, unit: "s", unit_words: "s" }, { name: "slope", value: -101.48, unit: "cm/s2", unit_words: "cm/s²" }],
  });
  it("says each number with its own unit, and never millimetres", () => {
    expect(quantity(doppler).replaceAll("\u00a0", " ")).toBe("Δv −27.40 cm/s · Δt 0.2700 s · slope −101.5 cm/s² in the region");
    expect(quantity(row({ value: 12, parts: [] }))).toBe("12.0 px");
  });
  it("isn't called a length", () => {
    const mark = /** @type {any} */ ({ row: doppler, wanted: { label: "" } });
    expect(spoken(mark)).toBe(quantity(doppler));
  });
});

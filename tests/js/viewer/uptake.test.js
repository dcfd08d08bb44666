import { describe, expect, it } from "vitest";
import { barOf } from "../../../static/js/viewer/colourbar.js";
import { bindings, COMMANDS } from "../../../static/js/viewer/commands.js";
import { windowWords } from "../../../static/js/viewer/corners.js";
import { PET, presetOf, presetsFor, whyNoPresets, windowOf } from "../../../static/js/viewer/presets.js";
import { Probe } from "../../../static/js/viewer/probe.js";
import { initial, pane } from "../../../static/js/viewer/state.js";
import { dragUpper } from "../../../static/js/viewer/tools.js";
import { hasSuv, three, upTo } from "../../../static/js/viewer/uptake.js";
import { greyQuery } from "../../../static/js/viewer/wishes.js";

/** SUV 1 is 4000 Bq/ml. */
const suv = { name: "SUVbw", formula: "body weight", unit: "g/ml", factor: 1 / 4000, reason: "" };
const stack = /** @type {any} */ ({ key: "k", modality: "PT", unit: "Bq/ml", colour: false, windows: [], window: null, suv, entries: [] });
const without = { ...stack, suv: null, suv_words: "SUV not available: no weight" };
const source = /** @type {const} */ ({ kind: "stack", archive: "main", study: "1", series: "2", stack: "k" });

/** @param {any} shown */
function showing(shown) {
  const told = { stacks: [shown], slides: [] };
  return /** @type {any} */ ({ ...initial("main", "1"), panes: [pane(source, { index: 0 })], series: { "main/1/2": told } });
}

describe("PET presets", () => {
  it("are windows in modality units from 0 to an SUV, only where SUV is available", () => {
    expect(presetsFor(stack).map((preset) => windowOf(preset, stack).width)).toEqual([12000, 20000, 28000, 40000, 60000]);
    expect(windowOf(/** @type {any} */ (PET[1]), stack)).toEqual({ center: 10000, width: 20000, function: "LINEAR_EXACT" });
    expect(presetsFor(without)).toEqual([]);
    expect(presetsFor({ ...stack, suv: { ...suv, name: "SUVbsa" } })).toEqual([]);
    expect(whyNoPresets(stack)).toBe("");
    expect(whyNoPresets(without)).toContain("these images have neither");
    expect(whyNoPresets({ ...stack, modality: "CT", unit: "ml/100ml/s", suv: null })).toContain("these images have neither");
    expect(whyNoPresets({ ...without, modality: "MR" })).toContain("there are none for MR");
    expect(presetOf(stack, upTo(20000.001))?.name).toBe("suv-5");
    expect(hasSuv({ ...stack, modality: "NM" })).toBe(false);
  });

  it("have the digits 1 to 5 on PET that has SUV, where those of CT mean nothing", () => {
    const keys = ["1", "2", "3", "4", "5"];
    const bound = bindings({}, ["pet"]);
    expect(keys.map((key) => bound.get(key)?.id)).toEqual(["window-suv-3", "window-suv-5", "window-suv-7", "window-suv-10", "window-suv-15"]);
    expect(bindings().get("2")?.id).toBe("window-lung");
    const seven = bound.get("3");
    expect(seven?.run?.(showing(stack)).panes[0]).toMatchObject({ voi: { center: 14000, width: 28000 } });
    expect(seven?.run?.(showing(without)).panes[0]).toMatchObject({ voi: null });
  });
});

describe("the window of PET", () => {
  it("is said in SUV beside the pixels' unit, and in that alone where there is no SUV", () => {
    const picture = /** @type {any} */ ({ modality: "PT", unit: "Bq/ml", colour: false, inverted: false, window: upTo(20000), suv });
    expect(windowWords(picture)).toBe("SUVbw 0–5 g/ml · 0–20000 Bq/ml");
    expect(windowWords({ ...picture, suv: null })).toBe("0–20000 Bq/ml");
  });

  it("is dragged by its upper end, the lower stays 0", () => {
    const from = upTo(20000);
    expect(dragUpper(from, { dy: 100 })).toEqual(upTo(30000));
    expect(dragUpper(from, { dy: 100 }, { inverted: true })).toEqual(upTo(10000));
    expect(dragUpper({ center: 500, width: 400, function: "LINEAR" }, { dy: 0 })).toEqual(upTo(700));
    expect(dragUpper(from, { dy: -1000 }).width).toBe(400);
  });
});

describe("colours", () => {
  const picture = /** @type {any} */ ({ modality: "PT", unit: "Bq/ml", colour: false, window: upTo(20000), suv, low_is_white: true, colours: "" });

  it("of the bar run as those of the picture, with numbers in SUV", () => {
    const bar = barOf(picture);
    expect(bar?.values).toEqual([0, 2.5, 5]);
    expect([bar?.unit, bar?.colours[0], bar?.colours.at(-1)]).toEqual(["SUVbw", "#ffffff", "#000000"]);
    const hot = barOf({ ...picture, suv: null, low_is_white: false, colours: "000000ff0000ffffff" });
    expect([hot?.unit, hot?.values[2], hot?.colours[0], hot?.colours[64], hot?.colours.at(-1)]).toEqual(["Bq/ml", 20000, "#000000", "#ff0000", "#ffffff"]);
    expect(barOf({ ...picture, modality: "CT" })).toBeNull();
    expect(barOf({ ...picture, window: { center: 1, width: 2, function: "SIGMOID" } })).toBeNull();
  });

  it("above the greys have a bar of their own", () => {
    const palette = { colours: "00000000ff00", values: [0, 49, 99], label: "RCBF", unit: "ml/100ml/s" };
    const bar = barOf({ ...picture, modality: "CT", palette });
    expect([bar?.unit, bar?.values, bar?.colours[0], bar?.colours.at(-1)]).toEqual(["RCBF\nml/100ml/s", [0, 49, 99], "#000000", "#00ff00"]);
  });

  it("are asked for by name, and chosen one after the other", () => {
    expect(greyQuery(null, false, stack, "HOT_IRON")).toContain("colormap=HOT_IRON");
    expect(greyQuery(null, false, stack)).not.toContain("colormap");
    const next = COMMANDS.find(({ id }) => id === "colormap-next");
    expect(next?.run?.(showing(stack)).panes[0]).toMatchObject({ colormap: "GREY" });
  });
});

it("tells the value under the pointer in SUV first", () => {
  const probe = new Probe(() => {}, 0);
  probe.at([3, 4], "r", { rows: 9, columns: 9, placed: [1, 0, 0, 1, 0, 0] });
  const words = probe.answered({ seq: 16, resource: "r", value: 12800, unit: "Bq/ml", words: "", suv: { name: "SUVbw", value: 3.2, unit: "g/ml" } }, "r");
  expect(words).toBe("SUVbw 3.2 g/ml · 12800 Bq/ml");
});

it("writes numbers with the digits that count", () => {
  expect([0, 5, 2.5, 0.0123, 18231.4, -3.14159].map(three)).toEqual(["0", "5", "2.5", "0.0123", "18231", "−3.14"]);
});

import { describe, expect, it } from "vitest";
import { dimensionWords } from "../../../static/js/viewer/corners.js";
import { beside, goTo, isBeside, paneOfPicture, sameSlice, sliders, stackAt, stepped } from "../../../static/js/viewer/dimensions.js";
import { changePane } from "../../../static/js/viewer/panes.js";
import { isOf, shelf } from "../../../static/js/viewer/shelf.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { isShown, isStackPane, paneAt, stackOf, volumePane } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack } from "./stacks.js";

const KEY = "main/1.2/1.2.4";
const dimension = (/** @type {string} */ label, /** @type {number} */ index, /** @type {number} */ count, words = "") => ({ name: label, label, by: label, value: null, words, index, count });

/** b 0 has one direction, b 500 and b 1000 have three: seven volumes of one thing, and a map. */
const weighted = () => [[0, 1], [1, 3], [2, 3]].flatMap(([b = 0, directions = 0]) => Array.from({ length: directions }, (_, direction) => stack({
  key: `${b}.${direction}`, title: `axial, b ${b}`, group: "g", window: { center: 100 * (b + 1), width: 400, function: "LINEAR" }, windows: [],
  entries: Array.from({ length: 4 }, (__, at) => ({ instance: `1.${b}.${direction}.${at}`, frame: 1, location: 3 * at, instance_number: at })),
  dimensions: [dimension("b-value", b, 3, `${500 * b} s/mm²`), dimension("direction", direction, directions)],
})));
const map = stack({ key: "map", title: "axial, no b-value" });
const state = (shown = "0.0") => {
  const opened = open(stack({ key: shown }));
  return changePane(receiveSeries({ ...opened, series: {} }, KEY, { ...series(...weighted(), map), split: "split by DiffusionBValue: 0, 500, 1000" }), { source: { ...SOURCE, stack: shown }, index: 2 });
};
const shownIn = (/** @type {import("../../../static/js/viewer/state.js").State} */ now) => {
  const shown = paneAt(now);
  return isStackPane(shown) ? [shown.source.stack, shown.index, shown.instance] : [];
};

describe("steps along a dimension", () => {
  it("keep the slice, and stay at both ends", () => {
    expect(shownIn(stepped(state(), 0, 1))).toEqual(["1.0", 2, "1.1.0.2"]);
    expect(stepped(state(), 0, -1)).toEqual(state());
    expect(stepped(state("2.2"), 0, 1)).toEqual(state("2.2"));
  });

  it("stay as near as can be in the other dimension", () => {
    expect(shownIn(stepped(state("1.2"), 0, 1))[0]).toBe("2.2");
    expect(shownIn(stepped(state("1.2"), 0, -1))[0]).toBe("0.0");
    expect(shownIn(stepped(state("1.1"), 1, 1))[0]).toBe("1.2");
  });

  it("keep the window that is seen, in numbers", () => {
    expect(paneAt(stepped(state(), 0, 1))).toMatchObject({ voi: { center: 100, width: 400, function: "LINEAR" } });
    const own = changePane(state(), { voi: { center: 7, width: 9, function: "LINEAR" } });
    expect(paneAt(stepped(own, 0, 1))).toMatchObject({ voi: { center: 7, width: 9 } });
    const zoomed = changePane(state(), { scale: { fit: 3 }, center: [4, 5], rotation: 90 });
    expect(paneAt(stepped(zoomed, 0, 1))).toMatchObject({ scale: { fit: 3 }, center: [4, 5], rotation: 90 });
  });

  it("take all planes of the volume along, and none where there is no volume", () => {
    const volume = /** @type {import("../../../static/js/viewer/state.js").Volume} */ ({ position: [0, 0, 0], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 3], size: [4, 4, 4], spacing_mm: 1, words: "" });
    const list = series(...weighted().map((each) => ({ ...each, volume: each.key === "2.0" ? null : volume })));
    const plane = /** @type {const} */ ({ point: [1, 2, 3], look: [0, 0, 1], up: [0, -1, 0] });
    const planes = [0, 1].map(() => volumePane({ ...SOURCE, kind: "volume", stack: "0.0" }, /** @type {any} */ (plane)));
    const before = { ...state(), series: { [KEY]: list }, panes: planes };
    const after = goTo(before, 0, 1, 1);
    expect(after.panes.map((each) => each?.source)).toMatchObject([{ stack: "1.0" }, { stack: "1.0" }]);
    expect(after.panes[0]).toMatchObject({ plane });
    expect(goTo({ ...after }, 0, 2, 1).panes.map((each) => each?.source)).toMatchObject([{ stack: "1.0" }, { stack: "1.0" }]);
  });

  it("end a cine of the pane", () => {
    const playing = { runs: [{ pane: 0, source: SOURCE, at: 2, step: /** @type {const} */ (1) }] };
    expect(stepped({ ...state(), playing }, 0, 1).playing).toBe(null);
  });
});

it("finds the slice by its place, and the image where a gap stands beside one", () => {
  const [from, to] = [stack({}, 10), stack({ key: "b", entries: [{ missing: "lost", location: 4 }, { instance: "9.1", frame: 1, location: 4 }, { instance: "9.2", frame: 1, location: 5 }] })];
  expect(sameSlice(from, 4, to)).toBe(1);
  expect(isShown(to.entries[sameSlice(from, 9, to)])).toBe(true);
  expect(sameSlice(from, 9, to)).toBe(2);
  expect(sameSlice(stack({}, 10, [3]), 3, stack({ key: "b" }, 10, [3]))).toBe(3);
});

it("has a slider for each dimension with more than one place", () => {
  const [b0, , b500] = weighted();
  expect(sliders(b0 ?? null).map(({ label, depth }) => [label, depth])).toEqual([["b-value", 0]]);
  expect(sliders(b500 ?? null).map(({ label, index, count }) => [label, index, count])).toEqual([["b-value", 1, 3], ["direction", 1, 3]]);
  expect(sliders(map)).toEqual([]);
  expect(stackAt(weighted(), /** @type {any} */ (b0), 0, 7)).toBe(null);
  expect(dimensionWords(dimension("phase", 2, 20, "312 ms"))).toBe("phase 3 of 20 (312 ms)");
  expect(dimensionWords(dimension("direction", 0, 3))).toBe("direction 1 of 3");
});

it("asks for the neighbours along each dimension before a hand does", () => {
  const shown = paneAt(state("1.1"));
  const found = isStackPane(shown) ? beside(state("1.1"), shown).map(({ stack: { key } }) => key) : [];
  expect(found).toEqual(["2.1", "0.0", "1.2", "1.0"]);
});

it("is one thumbnail for all volumes, another for what is none of them", () => {
  const items = shelf(state(), "main/1.2").filter(({ source }) => source.series === "1.2.4");
  expect(items.map(({ title, words, count }) => [title, words, count])).toEqual([
    ["Thorax · axial", "28 images · b-value × 3 · direction × 3", 28], ["Thorax · axial, no b-value", "10 images", 10],
  ]);
  expect(items[0]?.why).toBe("split by DiffusionBValue: 0, 500, 1000");
  expect(items.map((item) => isOf(item, paneAt(state("2.1"))))).toEqual([true, false]);
});

it("knows of which volume the picture on the screen is, until the next has come", () => {
  const [before, after] = [state("1.0"), state("2.0")];
  expect(isBeside(after, paneAt(before), paneAt(after))).toBe(true);
  expect(isBeside(after, paneAt(before), paneAt(state("map")))).toBe(false);
  const shown = paneAt(after);
  if (!isStackPane(shown)) throw new Error("no stack");
  expect(stackOf(after, paneOfPicture(after, shown, "1.0"))?.key).toBe("1.0");
  expect(paneOfPicture(after, shown, "2.0")).toBe(shown);
  expect(paneOfPicture(after, shown, "elsewhere")).toBe(shown);
});

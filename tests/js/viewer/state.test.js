import { describe, expect, it } from "vitest";
import {
  activate, arrange, changePane, cycleText, exchange, flip, markSeen, place, reset, rotate,
} from "../../../static/js/viewer/panes.js";
import { scroll, scrollTo } from "../../../static/js/viewer/scrolling.js";
import { doubt } from "../../../static/js/viewer/identity.js";
import { showsStudy } from "../../../static/js/viewer/presentation.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { entryOf, isShown, opening, pane, paneAt, visible } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack, stackAt } from "./stacks.js";

describe("scrolling", () => {
  it("moves by entries and stops at both ends", () => {
    const state = open();
    expect(stackAt(scroll(state, 3))?.index).toBe(3);
    expect(stackAt(scroll(state, 99))?.index).toBe(9);
    expect(stackAt(scroll(state, -5))?.index).toBe(0);
    expect(stackAt(scrollTo(state, Infinity))?.index).toBe(9);
  });

  it("stops at a gap: a missing slice is an entry like any other", () => {
    const state = scrollTo(open(stack({}, 10, [4])), 4);
    expect(stackAt(state)?.index).toBe(4);
    expect(isShown(entryOf(state, paneAt(state)))).toBe(false);
    expect(entryOf(scroll(state, 1), paneAt(scroll(state, 1)))).toMatchObject({ instance: "1.2.6" });
  });

  it("gives the same object when nothing moves", () => {
    const state = open();
    expect(scroll(state, -1)).toBe(state);
    expect(changePane(state, { invert: false })).toBe(state);
  });
});

describe("what a study opens with", () => {
  it("is an image and never a gap", () => {
    expect(opening(stack({}, 10, [0, 1]))).toBe(2);
    expect(opening(stack({}, 0))).toBe(0);
  });

  it("is the middle of an MR volume, whose ends are empty", () => {
    expect(opening(stack({ modality: "MR", spatial: true }, 10, [5]))).toBe(6);
    expect(opening(stack({ modality: "MR", spatial: false }, 10))).toBe(0);
  });

  it("is the saved view only if that shows the study itself", () => {
    const saved = (/** @type {string} */ study) => ({ source: { kind: "stack", archive: "main", study, series: "1", stack: "a", instance: "2", frame: 1 } });
    const layout = { rows: 1, columns: 1 };
    expect(showsStudy(/** @type {any} */ ({ version: 1, layout, active: 0, panes: [saved("9.9"), saved("1.2")] }), "main/1.2")).toBe(false);
    expect(showsStudy(/** @type {any} */ ({ version: 1, layout, active: 0, panes: [saved("1.2")] }), "main/1.2")).toBe(true);
  });
});

describe("an identity in doubt", () => {
  it("is told in the pane of that study", () => {
    const state = open();
    const shown = /** @type {import("../../../static/js/viewer/state.js").Pane} */ (paneAt(state));
    const studies = /** @type {any} */ ({ "main/1.2": { patient: { conflict: "two names" } } });
    expect(doubt(state, shown)).toBe("");
    expect(doubt({ ...state, studies }, shown)).toContain("two names");
  });
});

describe("a pane that waits for its stack", () => {
  it("finds the image that it was asked for", () => {
    const waiting = { ...open(), series: {}, panes: [pane({ ...SOURCE, stack: "" }, { instance: "1.2.7", frame: 1 })] };
    const state = receiveSeries(waiting, "main/1.2/1.2.4", series(stack({ key: "scout" }, 0), stack()));
    expect(paneAt(state)).toMatchObject({ index: 6, source: { stack: "a" } });
  });

  it("keeps its image when slices arrive before it", () => {
    const before = scrollTo(open(), 5);
    const more = stack();
    more.entries.unshift({ instance: "1.2.99", frame: 1 });
    expect(stackAt(receiveSeries(before, "main/1.2/1.2.4", series(more)))?.index).toBe(6);
  });

  it("changes nothing when the series can't be had", () => {
    const state = open();
    expect(paneAt(receiveSeries(state, "main/1.2/1.2.4", { error: "no" }))).toBe(paneAt(state));
  });
});

describe("placing a series", () => {
  it("starts afresh: window and turn belong to the series", () => {
    const turned = changePane(open(), { rotation: 90, voi: { center: 1, width: 2, function: "LINEAR" }, text: "identity" });
    const state = place(turned, 0, { ...SOURCE, series: "1.2.3", stack: "" });
    expect(paneAt(state)).toMatchObject({ rotation: 0, voi: null, text: "identity", index: null });
  });

  it("leaves the pane alone when it shows that already", () => {
    const state = scroll(open(), 3);
    expect(place(state, 0, { ...SOURCE })).toBe(state);
  });
});

describe("turning", () => {
  it("comes back after four quarters", () => {
    let state = open();
    for (let turn = 0; turn < 4; turn++) state = rotate(state, 1);
    expect(paneAt(state)?.rotation).toBe(0);
    expect(paneAt(rotate(state, -1))?.rotation).toBe(270);
  });

  it("mirrors what is on the screen, however the image is turned", () => {
    expect(paneAt(flip(open(), "horizontal"))).toMatchObject({ flip_horizontal: true, flip_vertical: false });
    expect(paneAt(flip(rotate(open(), 1), "horizontal"))).toMatchObject({ flip_horizontal: false, flip_vertical: true });
  });

  it("is undone by a reset, with window and zoom", () => {
    const state = flip(rotate(changePane(open(), { scale: { pixels: 2 }, center: [1, 2], invert: true }), 1), "vertical");
    expect(paneAt(reset(state))).toEqual(paneAt(open()));
  });
});

describe("layout", () => {
  it("keeps what is shown and fills the new places", () => {
    const state = arrange(scroll(open(), 2), 2, 2, [pane({ ...SOURCE, series: "9" })]);
    expect(state.panes.map((shown) => shown?.source.series)).toEqual(["1.2.4", "9", undefined, undefined]);
    expect(visible(state)).toEqual([0, 1, 2, 3]);
  });

  it("goes back to the active pane", () => {
    const four = activate(arrange(open(), 2, 2, [pane({ ...SOURCE, series: "9" })]), 1);
    const one = arrange(four, 1, 1);
    expect(visible(one)).toEqual([0]);
    expect(paneAt(one)?.source.series).toBe("9");
    expect(one.active).toBe(0);
  });

  it("keeps what falls out of sight, and brings it back to its place", () => {
    const nine = arrange(open(), 3, 3, Array.from({ length: 8 }, (_, index) => pane({ ...SOURCE, series: `9.${index + 1}` })));
    const names = (/** @type {import("../../../static/js/viewer/state.js").State} */ state) =>
      visible(state).map((index) => paneAt(state, index)?.source.series.replace("1.2.4", "9.0").slice(2)).join("");
    expect(names(nine)).toBe("012345678");
    const last = activate(nine, 7);
    const two = arrange(last, 1, 2);
    expect(names(two)).toBe("07");
    expect(two.active).toBe(1);
    expect(names(arrange(two, 2, 2))).toBe("0127");
    expect(names(arrange(arrange(two, 1, 1), 3, 3))).toBe("012345678");
    expect(arrange(two, 3, 3).active).toBe(7);
    expect(names(arrange(exchange(two, 0, 1), 3, 3))).toBe("702345618");
  });

  it("lets two pictures change places, and the active one stays it", () => {
    const four = arrange(open(), 2, 2, [pane({ ...SOURCE, series: "9" })]);
    const other = exchange(four, 0, 3);
    expect(other.panes.map((shown) => shown?.source.series)).toEqual([undefined, "9", undefined, "1.2.4"]);
    expect(other.active).toBe(3);
    expect(exchange(four, 0, 9)).toBe(four);
  });

  it("shows only the active pane while it is large", () => {
    const four = { ...activate(arrange(open(), 2, 2), 2), maximised: true };
    expect(visible(four)).toEqual([2]);
  });
});

it("cycles the text through all, identity, none", () => {
  const texts = [1, 2, 3].reduce((states) => [...states, cycleText(states.at(-1) ?? open())], [open()]).map((state) => paneAt(state)?.text);
  expect(texts).toEqual(["all", "identity", "none", "all"]);
});

it("counts a picture as seen once", () => {
  const state = open();
  const shown = /** @type {import("../../../static/js/viewer/state.js").Pane} */ (paneAt(state));
  const seen = markSeen(state, shown, "1.2.1/1");
  expect(Object.values(seen.seen)[0]?.size).toBe(1);
  expect(markSeen(seen, shown, "1.2.1/1")).toBe(seen);
});

import { describe, expect, it } from "vitest";
import { indexAtServer, isRemoved, merged, statesOf } from "../../../static/js/viewer/growth.js";
import { receiveNewer, takeUp } from "../../../static/js/viewer/newer.js";
import { numbered } from "../../../static/js/viewer/numbering.js";
import { scrollTo } from "../../../static/js/viewer/scrolling.js";
import { isShown, paneAt, seriesKey } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack, stackAt } from "./stacks.js";

/** @import { SeriesStacks } from "../../../static/js/viewer/state.js" */

const KEY = seriesKey(SOURCE);
const SHOWN = new Set([SOURCE.stack]);

/** A list whose images are these. @param {readonly number[]} numbers @returns {SeriesStacks} */
function list(...numbers) {
  const entries = numbers.map((number) => ({ instance: `9.${number}`, frame: 1, location: number }));
  return series({ ...stack(), entries });
}

/** @param {SeriesStacks} found */
const numbers = ({ stacks }) => stacks[0]?.entries.map((entry) => (isShown(entry) ? Number(entry.instance.slice(2)) : `gap ${entry.gone?.slice(2, -2)}`));

/** @param {SeriesStacks} known @param {SeriesStacks} fresh */
const after = (known, fresh) => merged(known, { ...fresh, digest: "newer" }, "removed", SHOWN);

describe("a newer list of a series", () => {
  it("keeps the place of each image that was removed, so that nothing is renumbered", () => {
    const { list: found, difference } = after(list(1, 2, 3, 4, 5), list(1, 3, 5));
    expect(numbers(found)).toEqual([1, "gap 2", 3, "gap 4", 5]);
    expect(difference).toMatchObject({ added: 0, removed: 2, moved: false, altered: false, renumbers: false });
    const later = after(found, list(3, 5));
    expect(numbers(later.list)).toEqual(["gap 1", "gap 2", 3, "gap 4", 5]);
    expect(later.difference.renumbers).toBe(false);
  });

  it("makes one gap of what the server sees missing and the page has lost", () => {
    const fresh = list(1, 3);
    fresh.stacks[0]?.entries.splice(1, 0, { missing: "one slice", location: 2 });
    const { list: found } = after(list(1, 2, 3), fresh);
    expect(found.stacks[0]?.entries[1]).toEqual({ missing: "removed", location: 2, gone: "9.2/1" });
    expect(found.stacks[0]?.entries).toHaveLength(3);
  });

  it("puts an image that comes back into its own gap", () => {
    const { list: lost } = after(list(1, 2, 3), list(1, 3));
    const { list: found, difference } = after(lost, list(1, 2, 3));
    expect(numbers(found)).toEqual([1, 2, 3]);
    expect(difference).toMatchObject({ added: 1, removed: 0, renumbers: false });
  });

  it("renumbers with images before, between and behind, and with another order", () => {
    for (const fresh of [list(0, 1, 2), list(1, 1.5, 2), list(1, 2, 3), list(2, 1)]) expect(after(list(1, 2), fresh).difference.renumbers).toBe(true);
    expect(after(list(1, 2), list(2, 1)).difference.moved).toBe(true);
    expect(after(list(1, 2), list(1, 2)).difference).toMatchObject({ altered: true, renumbers: false });
  });
});

describe("a page whose series has grown", () => {
  const before = scrollTo(open({ ...stack(), entries: list(1, 2, 3).stacks[0]?.entries ?? [] }), 1);

  it("goes by its own list until the newer one is asked for; the image stays in view", () => {
    const { state, waits } = receiveNewer(before, KEY, list(0, 1, 2, 3), "removed");
    expect(waits).toBe(true);
    expect(stackAt(state)).toMatchObject({ index: 1, instance: "9.2" });
    const taken = takeUp(state, "removed");
    expect(stackAt(taken)).toMatchObject({ index: 2, instance: "9.2" });
    expect(taken.fresh).toEqual({});
  });

  it("stays at the place of an image that was removed, and shows no other", () => {
    const { state, waits } = receiveNewer(before, KEY, list(1, 3), "removed");
    expect(waits).toBe(false);
    expect(stackAt(state)?.index).toBe(1);
    expect(isShown(state.series[KEY] && !("error" in state.series[KEY]) ? state.series[KEY].stacks[0]?.entries[1] : null)).toBe(false);
    expect(stackAt(receiveNewer(state, KEY, list(1, 2, 3), "removed").state)).toMatchObject({ index: 1, instance: "9.2" });
  });

  it("knows what a waiting list has lost", () => {
    const { state } = receiveNewer(before, KEY, list(0, 1, 3), "removed");
    expect(isRemoved(state.fresh[KEY], { instance: "9.2", frame: 1 })).toBe(true);
    expect(isRemoved(state.fresh[KEY], { instance: "9.3", frame: 1 })).toBe(false);
    expect(isRemoved(undefined, { instance: "9.2", frame: 1 })).toBe(false);
  });

  it("numbers a picture by its own list, whatever the server counts by now", () => {
    const pane = /** @type {import("../../../static/js/viewer/state.js").PicturePane} */ (paneAt(before));
    const picture = /** @type {any} */ ({ instance: "9.2", frame: 1, index: 40, count: 99 });
    expect(numbered(before, pane, picture)).toMatchObject({ index: 1, count: 3 });
    expect(numbered(before, pane, { ...picture, instance: "9.7" })).toMatchObject({ index: null, count: null });
    const same = { ...picture, index: 1, count: 3 };
    expect(numbered(before, pane, same)).toBe(same);
  });
});

describe("what the server says of its own list", () => {
  const { entries } = after(list(1, 2, 3), list(1, 3)).list.stacks[0] ?? { entries: [] };

  it("is told of the page's places", () => {
    expect(statesOf("pf", entries)).toBe("pmf");
    expect(statesOf("ppp", entries)).toBe("");
    expect(statesOf("p", entries)).toBe("");
    expect(statesOf(undefined, entries)).toBe("");
    expect([0, 1, 2].map((index) => indexAtServer(entries, index))).toEqual([0, 1, 1]);
  });
});

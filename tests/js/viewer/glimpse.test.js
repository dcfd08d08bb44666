import { describe, expect, it } from "vitest";
import { aimOf } from "../../../static/js/viewer/aims.js";
import { imageOf } from "../../../static/js/viewer/corners.js";
import { receiveGlimpse } from "../../../static/js/viewer/glimpse.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { initial, pane, stackOf } from "../../../static/js/viewer/state.js";
import { series, SOURCE, stack } from "./stacks.js";

const KEY = "main/1.2/1.2.4";
const UNKNOWN = { ...SOURCE, stack: "" };
const CANVAS = { width: 512, height: 512 };
const ALONE = stack({ key: "", early: true, windows: [], window: null, entries: [{ instance: "1.2.4", frame: 1 }] });
const WHOLE = stack({ windows: [], window: null }, 10, [0]);
const waiting = { ...initial("main", "1.2"), panes: [pane(UNKNOWN)] };
const seen = receiveGlimpse(waiting, KEY, ALONE);

/** What the only pane of a state asks for. @param {import("../../../static/js/viewer/state.js").State} state */
function aimed(state) {
  const aim = aimOf(state, /** @type {import("../../../static/js/viewer/state.js").StackPane} */ (state.panes[0]), CANVAS);
  if (!aim || "title" in aim) throw new Error("there is nothing to ask for");
  return aim;
}

describe("an image before its series", () => {
  it("is what the pane shows, without a place in a stack", () => {
    expect(seen.panes[0]).toMatchObject({ instance: "1.2.4", frame: 1, index: null });
    expect(stackOf(seen, seen.panes[0] ?? null)).toBe(ALONE);
    expect(aimed(seen)).toMatchObject({ index: null, late: "Loading …" });
    expect(aimed(seen).wish(null)).toMatchObject({ early: true, query: "accept=image/png&early=yes" });
  });

  it("stays, with its right number, when the series is told", () => {
    const told = receiveSeries(seen, KEY, series(WHOLE));
    expect(told.panes[0]).toMatchObject({ instance: "1.2.4", index: 3, source: { stack: "a" } });
    expect(aimed(told).index).toBe(3);
    expect(aimed(told).wish(null)?.early).toBeUndefined();
    expect(aimed(told).wish(null)?.query).toBe("accept=image/png");
  });

  it("turns no pane that names another image, and none whose series is told", () => {
    const other = { ...waiting, panes: [pane(UNKNOWN, { instance: "1.2.7", frame: 1 })] };
    expect(receiveGlimpse(other, KEY, ALONE).panes).toEqual(other.panes);
    expect(stackOf(receiveGlimpse(other, KEY, ALONE), other.panes[0] ?? null)).toBeNull();
    const told = receiveSeries(waiting, KEY, series(WHOLE));
    expect(receiveGlimpse(told, KEY, ALONE)).toBe(told);
  });

  it("says that its number isn't known", () => {
    const picture = /** @type {import("../../../static/js/viewer/corners.js").Picture} */ ({ index: null, instance_number: 9, reading: true });
    expect(imageOf({ ...picture, count: 400 })).toBe("Image ? of 400, reading the series …");
    expect(imageOf({ ...picture, count: null })).toBe("Image ?, reading the series …");
  });
});

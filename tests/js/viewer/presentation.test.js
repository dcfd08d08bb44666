import { expect, it } from "vitest";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { arrange, changePane } from "../../../static/js/viewer/panes.js";
import { scroll, scrollTo } from "../../../static/js/viewer/scrolling.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { initial, paneAt } from "../../../static/js/viewer/state.js";
import { open, series, stack } from "./stacks.js";

it("is nothing before anything is shown", () => {
  expect(save(initial("main", "1.2"))).toBe(null);
});

it("comes back as it was", () => {
  const state = scroll(changePane(arrange(open(), 2, 2), {
    voi: { center: -600, width: 1500, function: "LINEAR" }, invert: true, rotation: 90, flip_vertical: true,
    center: [100.5, 200.5], scale: { pixels: 1 }, text: "identity",
  }), 4);
  const saved = JSON.parse(JSON.stringify(save(state)));
  expect(saved.panes[0]).toMatchObject({ source: { kind: "stack", instance: "1.2.5", frame: 1 }, center: [100, 200] });
  const again = receiveSeries(restore(initial("main", "1.2"), saved), "main/1.2/1.2.4", series(stack()));
  expect(paneAt(again)).toEqual(paneAt(state));
  expect(save(again)).toEqual(saved);
});

it("names the nearest image that there is when it stands at a gap", () => {
  const state = scrollTo(scrollTo(open(stack({}, 10, [4])), 3), 4);
  expect(save(state)?.panes[0]?.source).toMatchObject({ instance: "1.2.4" });
});

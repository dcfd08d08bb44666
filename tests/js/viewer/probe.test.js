import { expect, it } from "vitest";
import { Probe } from "../../../static/js/viewer/probe.js";

/** @type {{seq: number, resource: string, x: number, y: number}[]} */
let asked = [];
const IMAGE = { rows: 10, columns: 20, placed: /** @type {[number, number, number, number, number, number]} */ ([2, 0, 0, 2, 0, 0]) };
const probe = () => {
  asked = [];
  return new Probe((question) => asked.push(question), 3);
};

it("asks for the pixel under the pointer, once", () => {
  const one = probe();
  one.at([5, 3], "a", IMAGE);
  one.at([5.5, 3.5], "a", IMAGE);
  expect(asked).toEqual([{ seq: 19, resource: "a", x: 2, y: 1 }]);
});

it("tells the answer with its unit", () => {
  const one = probe();
  one.at([5, 3], "a", IMAGE);
  expect(one.answered({ seq: 19, resource: "a", value: -120, unit: "HU" }, "a")).toBe("−120 HU");
  expect(one.at([5, 3], "a", IMAGE)).toBe("−120 HU");
  expect(one.answered({ seq: 19, resource: "a", value: null, unit: "", words: "no pixel (padding)" }, "a")).toBe("no pixel (padding)");
  expect(one.answered({ seq: 19, resource: "a", value: [1, 2, 3], unit: "RGB" }, "a")).toBe("1 2 3 RGB");
});

it("never tells the value of one picture over another", () => {
  const one = probe();
  one.at([5, 3], "a", IMAGE);
  one.answered({ seq: 19, resource: "a", value: 7, unit: "" }, "a");
  expect(one.at([5, 3], "b", IMAGE)).toBe("");
  expect(one.answered({ seq: 19, resource: "a", value: 7, unit: "" }, "b")).toBe(null);
  expect(one.answered({ seq: 35, resource: "a", value: 7, unit: "" }, "b")).toBe(null);
});

it("is silent outside the image and when the pointer has gone", () => {
  const one = probe();
  expect(one.at([-1, 3], "a", IMAGE)).toBe("");
  expect(one.at([41, 3], "a", IMAGE)).toBe("");
  expect(one.at(null, "a", IMAGE)).toBe("");
  expect(asked).toEqual([]);
});

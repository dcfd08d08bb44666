import { expect, it } from "vitest";
import { Probe, probed } from "../../../static/js/viewer/probe.js";

/** @import { Picture } from "../../../static/js/viewer/corners.js" */
/** @import { Question } from "../../../static/js/viewer/probe.js" */

/** @type {Question[]} */
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

/** A coronal plane, 0.5 mm a pixel, 40 mm behind the middle. @type {Record<string, unknown>} */
const CORONAL = {
  rows: 10, columns: 20, position: [-5, 40, 9], orientation: [1, 0, 0, 0, 0, -1], pixel_spacing: [0.5, 0.5], spacing_basis: "patient",
  frame_of_reference: "1.2", location: 40, stack: "a", plane: { point: [0, 40, 0], look: [0, 1, 0], up: [0, 0, 1], thickness: 0, method: "average_ip" },
};
const plane = (/** @type {Record<string, unknown>} */ other = {}, query = "q") =>
  probed(/** @type {Picture} */ (/** @type {unknown} */ ({ ...CORONAL, ...other })), IMAGE.placed, query);

it("asks for the middle of a plane's pixel in the patient", () => {
  const one = probe();
  one.at([5, 3], "a", plane());
  one.at([5.5, 3.5], "a", plane({}, "another window"));
  expect(asked).toEqual([{ seq: 19, resource: "a", point: [-4, 40, 8.5], query: "q" }]);
  expect(one.answered({ seq: 19, resource: "a", value: -120.4567, unit: "HU", words: "interpolated" }, "a")).toBe("−120.5 HU · interpolated");
  expect(one.answered({ seq: 19, resource: "a", value: 0.012345, unit: "", words: "interpolated" }, "a")).toBe("0.01235 · interpolated");
  expect(one.answered({ seq: 19, resource: "a", value: null, unit: "", words: "–" }, "a")).toBe("–");
});

it("never tells the value of one plane over another of the same volume", () => {
  const one = probe();
  one.at([5, 3], "a", plane());
  one.answered({ seq: 19, resource: "a", value: 7, unit: "HU", words: "" }, "a");
  expect(one.at([9, 3], "a", plane())).toBe("7 HU");
  expect(one.at([9, 3], "a", plane({ location: 41, position: [-5, 41, 9] }))).toBe("");
  expect(one.at([9, 3], "a", plane({ location: 41, position: [-5, 41, 9], plane: { look: [0, 1, 0], thickness: 5, method: "maximum_ip" } }))).toBe("");
  expect(asked.length).toBe(4);
});

it("asks nothing of a plane that doesn't say where it lies", () => {
  const one = probe();
  expect(one.at([5, 3], "a", plane({ position: null }))).toBe("");
  expect(asked).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { drawSphere, radiusAt, sphereLines } from "../../../static/js/viewer/sphere.js";
import { open, stack } from "./stacks.js";

describe("a sphere that is asked what it holds", () => {
  const state = open(stack({ frame_of_reference: "9.1" }));

  it("is drawn from its middle to its edge, in a Frame of Reference", () => {
    expect(drawSphere(state, 0, [1, 2, 3], [4, 6, 3]).sphere).toEqual({ pane: 0, frame: "9.1", center: [1, 2, 3], radius: 5 });
    expect(drawSphere(state, 0, [1, 2, 3], [1, 2.1, 3])).toBe(state);
    expect(drawSphere(open(stack()), 0, [1, 2, 3], [4, 6, 3]).sphere).toBeNull();
  });

  it("leaves smaller circles farther from its middle, and then none", () => {
    const sphere = { pane: 0, frame: "9.1", center: /** @type {const} */ ([0, 0, 0]), radius: 5 };
    expect([0, 3, -4, 5, 9].map((distance) => radiusAt(/** @type {any} */ (sphere), distance))).toEqual([5, 4, 3, 0, 0]);
  });

  it("says what it holds of each volume, that it isn't saved, and what is lacking", () => {
    const ct = { modality: "CT", count: 812, lacking: 0, unit: "HU", words: "", max: 71, mean: 38.25 };
    const pet = { modality: "PT", count: 30, lacking: 2, unit: "Bq/ml", words: "", max: 9000, mean: 5000, suv: { name: "SUVbw", unit: "g/ml", max: 4.912, mean: 2.7 } };
    expect(sphereLines(12, { ...ct, fused: pet })).toEqual([
      "Sphere ⌀ 24 mm, not saved", "CT: max 71, mean 38.3 HU (812 voxels)", "SUVbw: max 4.91, mean 2.7 g/ml (30 voxels) · 2 without a value",
    ]);
    expect(sphereLines(1, { count: 0, unit: "", words: "no voxel lies in the region" })[1]).toBe("no voxel lies in the region");
  });
});

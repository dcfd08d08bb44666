import { expect, test } from "vitest";
import { oneByOne } from "../../../static/js/viewer/runs.js";

test("a run of frames has an entry for each of them, between what stands beside it", () => {
  const alone = { instance: "1.2", frame: 1, location: null, instance_number: 4 };
  const missing = { missing: "no image with this number was received", location: null, instance_number: 5 };
  const run = { instance: "1.2", frame: 2, frames: 3, location: null, instance_number: 4 };
  const told = oneByOne({ digest: "a", stacks: [{ key: "s", entries: [alone, run, missing] }, { key: "t", entries: [alone] }] });
  expect(told.stacks[0].entries).toEqual([alone, ...[2, 3, 4].map((frame) => ({ ...alone, frame })), missing]);
  expect(told.stacks[1].entries).toEqual([alone]);
  expect(told.digest).toBe("a");
});

test("an answer without stacks stays as it is", () => {
  expect(oneByOne({ error: "The archive is down." })).toEqual({ error: "The archive is down." });
  expect(oneByOne(null)).toBe(null);
});

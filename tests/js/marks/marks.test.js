import { describe, expect, it } from "vitest";
import { drawn, IDLE } from "../../../static/js/marks/gesture.js";
import { jumpTo } from "../../../static/js/marks/jump.js";
import { belongs, difference, isAtHome, measured, numberOf } from "../../../static/js/marks/marks.js";
import { planePlace } from "../../../static/js/viewer/planewords.js";
import { initial, pane, volumePane } from "../../../static/js/viewer/state.js";

/** @type {any} */
const IMAGE = {
  space: "patient", archive: "main", study: "1.2", series: "1.2.1", frame_of_reference: "9.9", instance: "1.2.1.4", frame: 1, stack: "s", plane: null,
};
/** @type {any} */
const PLANE = { ...IMAGE, instance: null, frame: null, plane: { point: [0, 0, 5], look: [0, 0, 1], up: [0, -1, 0] } };
const row = (more = {}) => /** @type {any} */ ({
  id: "a", space: "patient", frame_of_reference: "9.9", series: "1.2.1", instance: "1.2.1.4", frame: 1, stack: "s", plane: null,
  points: [[0, 0, 0], [3, 4, 0]], value: 5, unit: "mm", unit_words: "mm", basis: "patient", basis_words: "", short_words: "", label: "", version: 1,
  deleted: false, author: null, observer: "", mine: true, report: { uid: "", version: null, state: "none", words: "" }, created: "", ...more,
});
const mark = (more = {}) => /** @type {any} */ ({ id: "a", study: "main/1.2", ground: IMAGE, wanted: { points: row().points, label: "", deleted: false }, row: row(), busy: false, failed: "", ...more });

describe("where a line belongs", () => {
  it("to its own frame of its own image, however near another is", () => {
    expect(belongs(IMAGE, IMAGE, [0, 0], 1)).toBe(true);
    expect(belongs(IMAGE, { ...IMAGE, instance: "1.2.1.5" }, [0.5, 0.5], 1)).toBe(false);
    expect(belongs(IMAGE, { ...IMAGE, frame: 2 }, [0, 0], 1)).toBe(false);
  });

  it("to planes and other stacks of its frame of reference where both ends lie near", () => {
    expect(belongs(IMAGE, PLANE, [0.9, -0.9], 1)).toBe(true);
    expect(belongs(IMAGE, PLANE, [0.9, 1.1], 1)).toBe(false);
    expect(belongs(PLANE, { ...IMAGE, series: "1.2.2" }, [0.2, 0.2], 1)).toBe(true);
  });

  it("never to another frame of reference, study, or kind of space", () => {
    expect(belongs(IMAGE, { ...PLANE, frame_of_reference: "8.8" }, [0, 0], 1)).toBe(false);
    expect(belongs({ ...IMAGE, frame_of_reference: null }, { ...PLANE, frame_of_reference: null }, [0, 0], 1)).toBe(false);
    expect(belongs(IMAGE, { ...IMAGE, study: "1.3" }, [0, 0], 1)).toBe(false);
    expect(belongs(IMAGE, { ...IMAGE, space: "image" }, [0, 0], 1)).toBe(false);
  });

  it("is moved only where it was drawn", () => {
    expect(isAtHome(IMAGE, IMAGE)).toBe(true);
    expect(isAtHome(IMAGE, PLANE)).toBe(false);
    expect(isAtHome(PLANE, { ...PLANE, plane: { ...PLANE.plane, point: [7, 8, 5], look: [0, 0, -1] } })).toBe(true);
    expect(isAtHome(PLANE, { ...PLANE, plane: { ...PLANE.plane, point: [0, 0, 6] } })).toBe(false);
  });
});

describe("its number", () => {
  it("is the server's, and provisional until that is there", () => {
    expect(numberOf(mark(), row().points)).toEqual({ words: "5.0 mm", provisional: false });
    expect(numberOf(mark(), [[0, 0, 0], [6, 8, 0]])).toEqual({ words: "≈ 10.0 mm", provisional: true });
    expect(numberOf(mark({ row: null }), row().points).provisional).toBe(true);
  });

  it("isn't guessed where the page doesn't know the scale", () => {
    const flat = { ...IMAGE, space: "image", frame_of_reference: null };
    expect(numberOf(mark({ row: null, ground: flat }), [[0, 0], [3, 4]]).words).toBe("…");
  });

  it("says what it rests on", () => {
    expect(numberOf(mark({ row: row({ short_words: "mm at detector" }) }), row().points).words).toBe("5.0 mm at detector");
  });

  it("is said in µm below a millimetre of a slide, with two to four digits", () => {
    const words = [123.44, 12.345, 1.2345, 0.9996, 0.9994, 0.0634, 0.00632, 0.00063].map((value) => measured(value, "slide", "mm"));
    expect(words).toEqual(["123.4 mm", "12.3 mm", "1.23 mm", "1.00 mm", "999 µm", "63 µm", "6.3 µm", "0.63 µm"]);
    expect(measured(0.5, "patient", "mm")).toBe("0.5 mm");
    expect(measured(0.5, "slide", "pixels")).toBe("0.50 pixels");
    expect(numberOf(mark({ row: row({ space: "slide", value: 0.0634 }) }), row().points).words).toBe("63 µm");
  });
});

it("only what differs is sent", () => {
  const wanted = { points: row().points, label: "", deleted: false };
  expect(difference(wanted, row())).toBeNull();
  expect(difference({ ...wanted, label: "node" }, row())).toEqual({ label: "node" });
  expect(difference({ ...wanted, deleted: true, label: "node" }, row())).toEqual({ deleted: true });
  expect(difference({ ...wanted, deleted: true, label: "node" }, row({ deleted: true }))).toBeNull();
});

describe("a hand draws", () => {
  const at = (/** @type {number} */ x, y = 0) => ({ x, y });
  /** @typedef {import("../../../static/js/marks/gesture.js").Gesture} Gesture */
  const go = (/** @type {any[]} */ steps, /** @type {Gesture} */ from) => steps.reduce((gesture, [what, where]) => drawn(gesture, what, where), from);
  const all = (/** @type {any[]} */ ...steps) => go(steps, IDLE);

  it("by press, drag and release", () => {
    expect(all(["down", at(0)], ["move", at(30)], ["up", at(40)])).toEqual({ phase: "done", from: at(0), to: at(40) });
  });

  it("by click and click, trembling allowed", () => {
    const once = all(["down", at(0)], ["move", at(2)], ["up", at(3)]);
    expect(once.phase).toBe("placing");
    const twice = go([["move", at(50)], ["down", at(60)], ["up", at(61)]], once);
    expect(twice).toEqual({ phase: "done", from: at(0), to: at(61) });
  });

  it("nothing by clicking twice on one place, nor after Escape", () => {
    expect(all(["down", at(0)], ["up", at(0)], ["down", at(1)], ["up", at(1)]).phase).toBe("placing");
    expect(all(["down", at(0)], ["move", at(30)], ["cancel", at(0)])).toEqual(IDLE);
    expect(all(["move", at(5)])).toEqual(IDLE);
  });
});

describe("a click in the list", () => {
  /** @type {import("../../../static/js/viewer/state.js").StackSource} */
  const source = { kind: "stack", archive: "main", study: "1.2", series: "1.2.1", stack: "s" };
  const state = { ...initial("main", "1.2"), panes: [pane(source, { instance: "1.2.1.1", frame: 1, index: 0, rotation: 90 })] };

  it("shows the image in the pane that has its series, as that is turned", () => {
    const [shown] = jumpTo(state, mark()).panes;
    expect(shown).toMatchObject({ instance: "1.2.1.4", frame: 1, rotation: 90 });
  });

  it("shows the plane through the line", () => {
    const drawnOn = mark({ ground: PLANE, wanted: { points: [[0, 0, 5], [10, 0, 5]], label: "", deleted: false } });
    expect(jumpTo(state, drawnOn).panes[0]).toMatchObject({ source: { kind: "volume" }, plane: { point: [5, 0, 5], look: [0, 0, 1] } });
    const there = { ...state, panes: [volumePane({ ...source, kind: "volume" }, PLANE.plane, { slab: { thickness: 5, method: "average_ip" } })] };
    expect(jumpTo(there, drawnOn).panes[0]).toMatchObject({ slab: { thickness: 5 } });
  });

  it("shows the field of the slide, near enough", () => {
    const ground = { ...IMAGE, space: "slide" };
    const [shown] = jumpTo(state, mark({ ground, wanted: { points: [[1, 2, 0], [3, 2, 0]], label: "", deleted: false } })).panes;
    expect(shown).toMatchObject({ source: { kind: "slide", slide: "s" }, center: [2, 2], width: 5 });
  });

  it("goes no nearer to a slide than it was scanned", () => {
    const ground = { ...IMAGE, space: "slide" };
    const cell = mark({ ground, wanted: { points: [[1, 2, 0], [1.063, 2, 0]], label: "", deleted: false } });
    const listed = /** @type {any} */ ({ ...state, series: { "main/1.2/1.2.1": { slides: [{ key: "s", spacing_mm: [0.0005, 0.0005] }] } } });
    const [shown] = jumpTo(listed, cell, () => 800).panes;
    expect(shown).toMatchObject({ width: 0.4 });
    const wide = { ...listed, panes: [{ ...shown, width: 20 }] };
    expect(jumpTo(wide, cell, () => 800).panes[0]).toMatchObject({ width: 0.4 });
    const nearer = { ...listed, panes: [{ ...shown, width: 0.2 }] };
    expect(jumpTo(nearer, cell, () => 800).panes[0]).toMatchObject({ width: 0.2 });
  });
});

it("a plane is named by what it is and where it lies", () => {
  expect(planePlace({ point: [-101.6, 3, 4], look: [-1, 0, 0] })).toBe("sagittal, −101.6 mm");
  expect(planePlace({ point: [1, 2, 30], look: [0, 0, 1] })).toBe("axial, 30.0 mm");
  expect(planePlace({ point: [1, 2, 30], look: [0.6, 0, 0.8] })).toBe("oblique");
});

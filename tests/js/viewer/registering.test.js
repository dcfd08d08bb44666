import { describe, expect, it } from "vitest";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { pointCrosshair } from "../../../static/js/viewer/crosshair.js";
import { fuse, pairOf, whyNotFused } from "../../../static/js/viewer/fusing.js";
import { followed, linkScroll, linkWords } from "../../../static/js/viewer/linking.js";
import { addLandmark, carried, landmarksOf, receiveRegistrations, toRegister } from "../../../static/js/viewer/registering.js";
import { scrollTo } from "../../../static/js/viewer/scrolling.js";
import { isVolumePane, pane, paneAt } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack } from "./stacks.js";

/** @import { State } from "../../../static/js/viewer/state.js" */

const VOLUME = { position: [-50, -40, -100], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 5], size: [100, 80, 41], spacing_mm: 1, words: "" };
/** The PET's patient lies 10 mm to the left, turned by a quarter about the long axis, and 25 mm higher. */
const MATRIX = [[0, -1, 0, 10], [1, 0, 0, -20], [0, 0, 1, 25], [0, 0, 0, 1]];

/** @param {string} key @param {string} modality @param {string} frame */
function placed(key, modality, frame) {
  const made = stack(/** @type {any} */ ({ key, modality, spatial: true, orientation: [1, 0, 0, 0, 1, 0], frame_of_reference: frame, volume: VOLUME, rows: 80, columns: 100 }), 41);
  return { ...made, entries: made.entries.map((entry, index) => ({ ...entry, instance: `${key}.${index}`, location: -100 + 5 * index })) };
}

/** @returns {State} a CT beside a PET of another Frame of Reference */
function apart() {
  const known = receiveSeries(open(placed("a", "CT", "9.1")), "main/1.2/1.2.9", series(placed("p", "PT", "9.2")));
  const second = pane({ ...SOURCE, series: "1.2.9", stack: "p" }, { index: 3, instance: "p.3", frame: 1 });
  return { ...known, layout: { rows: 1, columns: 2 }, panes: [paneAt(known, 0), second] };
}

/** @param {"accepted" | "proposed"} state */
const known = (state) => {
  const side = (/** @type {string} */ uid, /** @type {string} */ frame) => ({ archive: "main", study: "1.2", series: uid, stack: "a", frame_of_reference: frame });
  return /** @type {any} */ ({ id: "r", fixed: side("1.2.4", "9.1"), moving: side("1.2.9", "9.2"), method: "landmarks", state, matrix: MATRIX, error: 1, words: "registered: check by eye" });
};

describe("two Frames of Reference", () => {
  it("are joined by what a person has accepted, and by nothing else", () => {
    expect(pairOf(apart())).toBeNull();
    expect(whyNotFused(apart())).toContain("Register now");
    expect(pairOf(receiveRegistrations(apart(), "main/1.2", [known("proposed")]))).toBeNull();
    const state = fuse(receiveRegistrations(apart(), "main/1.2", [known("accepted")]));
    expect(state.panes.filter(isVolumePane).map((each) => each.fused?.registration)).toEqual(["r", "r", "r"]);
  });

  it("have landmarks where the crosshair pointed in both", () => {
    const canvas = { width: 100, height: 100 };
    const one = pointCrosshair(apart(), 0, [1, 1], canvas, [1, 2, -50]);
    expect(addLandmark(one)).toBe(one);
    const both = addLandmark(pointCrosshair(one, 1, [1, 1], canvas, [7, 8, -90]));
    expect(landmarksOf(both)).toEqual([[[1, 2, -50], [7, 8, -90]]]);
    // Each place counts once.
    expect(addLandmark(both)).toBe(both);
    expect(toRegister(both)?.moving.stack.modality).toBe("PT");
  });

  it("take points to and fro", () => {
    const there = carried(known("accepted"), "9.2", [1, 2, 3]);
    expect(there).toEqual([8, -19, 28]);
    expect(carried(known("accepted"), "9.1", /** @type {any} */ (there))).toEqual([1, 2, 3]);
    expect(carried(known("accepted"), "9.3", [0, 0, 0])).toBeNull();
  });

  it("scroll together through the registration, and say so", () => {
    const state = receiveRegistrations(linkScroll(apart()), "main/1.2", [known("accepted")]);
    const now = followed(state, scrollTo(state, 20));
    // 0 mm here is -25 mm there
    expect(/** @type {any} */ (paneAt(now, 1)).index).toBe(15);
    expect(linkWords(now, /** @type {any} */ (paneAt(now, 1)))).toEqual(["linked: scrolling", "registered: check by eye"]);
    const proposed = receiveRegistrations(linkScroll(apart()), "main/1.2", [known("proposed")]);
    expect(/** @type {any} */ (paneAt(followed(proposed, scrollTo(proposed, 20)), 1)).index).toBe(3);
  });
});

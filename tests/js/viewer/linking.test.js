import { describe, expect, it } from "vitest";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { pointCrosshair, referencePoint, stackCut } from "../../../static/js/viewer/crosshair.js";
import { acrossWords, followed, linkAcross, linkScroll, linkWords } from "../../../static/js/viewer/linking.js";
import { changePane } from "../../../static/js/viewer/panes.js";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { scroll, scrollTo } from "../../../static/js/viewer/scrolling.js";
import { pane, paneAt } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack } from "./stacks.js";

/** @import { Change, State } from "../../../static/js/viewer/state.js" */

const AXIAL = [1, 0, 0, 0, 1, 0];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

/** @param {string} key @param {Record<string, unknown>} more @param {(at: number) => number} at @param {number} count */
function placed(key, more, at, count) {
  const made = stack(/** @type {any} */ ({ key, spatial: true, orientation: AXIAL, frame_of_reference: "9.1", ...more }), count);
  return { ...made, entries: made.entries.map((entry, index) => ({ ...entry, instance: `${key}.${index}`, location: at(index) })) };
}

/**
 * A CT every 5 mm from -100, beside another stack.
 * @param {ReturnType<typeof placed>} other
 * @returns {State}
 */
function two(other) {
  const first = open(placed("a", {}, (index) => -100 + 5 * index, 41));
  const known = receiveSeries(first, "main/1.2/1.2.9", series(other));
  const second = pane({ ...SOURCE, series: "1.2.9", stack: other.key }, { index: 3, instance: `${other.key}.3`, frame: 1 });
  return { ...known, layout: { rows: 1, columns: 2 }, panes: [paneAt(known, 0), second] };
}

/** @param {State} state @param {Change} change */
const go = (state, change) => followed(state, change(state));
/** @param {State} state @param {number} [index] */
const at = (state, index = 1) => /** @type {any} */ (paneAt(state, index)).index;

describe("panes that scroll together", () => {
  const pet = placed("p", { modality: "PT" }, (index) => -90 + 3 * index, 30);

  it("do so by position in one Frame of Reference, once they are linked", () => {
    const apart = go(two(pet), (state) => scrollTo(state, 10));
    expect(at(apart)).toBe(3);
    const state = go(linkScroll(apart), (now) => scroll(now, 1));
    expect([at(state, 0), at(state)]).toEqual([11, 15]);
    expect(at(go({ ...state, active: 1 }, (now) => scrollTo(now, 20, 1)), 0)).toBe(14);
    // Beyond its end a stack stays where it is.
    expect(at(go(state, (now) => scrollTo(now, 40)))).toBe(15);
    expect([linkWords(state, /** @type {any} */ (paneAt(state, 1))), acrossWords(state, /** @type {any} */ (paneAt(state, 1)))]).toEqual([["linked: scrolling"], ""]);
    expect(at(go(linkScroll(state), (now) => scroll(now, -5)))).toBe(15);
  });

  it("never by themselves across Frames of Reference", () => {
    const state = linkScroll(two({ ...pet, frame_of_reference: "9.2" }));
    for (const entry of [0, 7, 20, 40]) expect(at(go(state, (now) => scrollTo(now, entry)))).toBe(3);
    expect(at(go(linkScroll(two({ ...pet, frame_of_reference: null })), (now) => scrollTo(now, 9)))).toBe(3);
  });

  it("across them by the offset that a hand has set, which stays and is told as not registered until it is released", () => {
    const before = scrollTo(two({ ...pet, frame_of_reference: "9.2" }), 10);
    const state = linkAcross(before);
    const second = (/** @type {State} */ now) => acrossWords(now, /** @type {any} */ (paneAt(now, 1)));
    // -50 mm here, -81 mm there
    expect(second(state)).toBe("not registered: linked by an offset of −31 mm");
    expect([linkWords(state, /** @type {any} */ (paneAt(state, 0))), acrossWords(state, /** @type {any} */ (paneAt(state, 0)))]).toEqual([["linked: scrolling"], ""]);
    let now = state;
    for (let turn = 0; turn < 9; turn++) now = go(now, (each) => scroll(each, 1));
    expect([at(now, 0), at(now)]).toEqual([19, 18]);
    for (let turn = 0; turn < 9; turn++) now = go(now, (each) => scroll(each, -1));
    expect([at(now, 0), at(now)]).toEqual([10, 3]);
    expect(second(now)).toContain("−31 mm");
    const free = linkAcross(now);
    expect(second(free)).toBe("");
    expect(at(go(free, (each) => scroll(each, 4)))).toBe(3);
  });

  it("and still told once the pane that it is told against has gone", () => {
    const third = pane({ ...SOURCE, series: "1.2.8", stack: "t" }, { index: 0, instance: "t.0", frame: 1 });
    const known = receiveSeries(two({ ...pet, frame_of_reference: "9.2" }), "main/1.2/1.2.8", series(placed("t", { frame_of_reference: "9.3" }, (index) => 5 * index, 9)));
    const state = linkAcross({ ...known, layout: { rows: 1, columns: 3 }, panes: [...known.panes, third] });
    const left = { ...state, panes: state.panes.slice(1), layout: { rows: 1, columns: 2 }, active: 0 };
    expect(at(go(left, (now) => scroll(now, 4)))).toBeGreaterThan(0);
    expect(left.panes.map((each) => acrossWords(left, /** @type {any} */ (each)))).toEqual(["", expect.stringContaining("not registered: linked by an offset of")]);
  });

  it("not where the slices stand across each other", () => {
    const state = linkScroll(two({ ...pet, orientation: SAGITTAL }));
    expect(at(go(state, (now) => scrollTo(now, 9)))).toBe(3);
  });

  it("as a saved state says", () => {
    const state = linkAcross(two({ ...pet, frame_of_reference: "9.2" }));
    const saved = /** @type {any} */ (JSON.parse(JSON.stringify(save(state))));
    expect(saved.links).toEqual({ scroll: true, across: true, pan: false, zoom: false, window: false });
    const back = restore(two({ ...pet, frame_of_reference: "9.2" }), saved);
    expect(acrossWords(back, /** @type {any} */ (paneAt(back, 1)))).toContain("not registered");
    expect(at(go(back, (now) => scroll(now, 3)))).toBe(8);
  });
});

describe("zoom, place and window", () => {
  const other = placed("p", { pixel_spacing: [1.4, 1.4] }, (index) => index, 30);
  const linked = (/** @type {"pan" | "zoom" | "window"} */ kind) => {
    const state = two(other);
    return { ...state, links: { ...state.links, [kind]: true } };
  };
  const look = (/** @type {State} */ state) => /** @type {any} */ (paneAt(state, 1));

  it("are linked each by itself, zoom by millimetres", () => {
    const change = /** @type {any} */ ({ scale: { pixels: 3 }, voi: { center: 50, width: 200, function: "LINEAR" } });
    expect(look(go(linked("zoom"), (state) => changePane(state, change)))).toMatchObject({ scale: { pixels: expect.closeTo(6) }, voi: null });
    expect(look(go(linked("window"), (state) => changePane(state, change)))).toMatchObject({ scale: { fit: 1 }, voi: change.voi });
    expect(look(go(two(other), (state) => changePane(state, change)))).toMatchObject({ scale: { fit: 1 }, voi: null });
  });

  it("leave a window to its own kind of values", () => {
    const state = two({ ...other, modality: "MR", unit: "" });
    const after = go({ ...state, links: { ...state.links, window: true } }, (now) => changePane(now, /** @type {any} */ ({ voi: { center: 50, width: 200, function: "LINEAR" } })));
    expect(look(after).voi).toBeNull();
  });

  it("place goes along within a Frame of Reference only", () => {
    const volume = (/** @type {number} */ mm) => ({ position: [0, 0, 0], row: [mm, 0, 0], column: [0, mm, 0], step: [0, 0, 1], size: [9, 9, 9], spacing_mm: mm, words: "" });
    for (const [frame, expected] of /** @type {const} */ ([["9.1", [50.5, 25.5]], ["9.2", null]])) {
      let state = two(placed("p", { volume: volume(2), frame_of_reference: frame }, (index) => index, 30));
      const key = "main/1.2/1.2.4";
      state = receiveSeries(state, key, series(placed("a", { volume: volume(1) }, (index) => -100 + 5 * index, 41)));
      const after = go({ ...state, links: { ...state.links, pan: true } }, (now) => changePane(now, { center: [100.5, 50.5] }));
      expect(look(after).center).toEqual(expected);
    }
  });
});

describe("lines and points between stacks", () => {
  const sagittal = placed("s", { orientation: SAGITTAL }, (index) => -30 + 4 * index, 16);

  it("are where the active slice cuts, in one Frame of Reference only", () => {
    const state = scrollTo(two(sagittal), 12);
    const cut = stackCut(state, 1);
    expect(cut?.point.map((part) => part + 0)).toEqual([-18, 0, -40]);
    expect(cut?.direction.map(Math.abs)).toEqual([0, 1, 0]);
    expect(stackCut(state, 0)).toBeNull();
    expect(stackCut(two({ ...sagittal, frame_of_reference: "9.2" }), 1)).toBeNull();
    expect(stackCut(two({ ...sagittal, frame_of_reference: null }), 1)).toBeNull();
    expect(stackCut(two(placed("p", {}, (index) => index, 9)), 1)).toBeNull();
  });

  it("a point in one stack is shown in the others of its Frame of Reference", () => {
    const pointed = pointCrosshair(two(sagittal), 0, [1, 1], { width: 100, height: 100 }, [2, 7, -60]);
    expect(at(pointed)).toBe(8);
    expect(referencePoint(pointed, paneAt(pointed, 1))).toEqual([2, 7, -60]);
    const apart = pointCrosshair(two({ ...sagittal, frame_of_reference: "9.2" }), 0, [1, 1], { width: 100, height: 100 }, [2, 7, -60]);
    expect(at(apart)).toBe(3);
    expect(referencePoint(apart, paneAt(apart, 1))).toBeNull();
  });
});

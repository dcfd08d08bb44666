import { describe, expect, it } from "vitest";
import { around, canRedo, canUndo, carvedWords, cutAway, FACES, MOST_CUTS, moveFace, redo, remembered, undo, whole } from "../../../static/js/viewer/carving.js";
import { facesOf, letterOf, SIDES } from "../../../static/js/viewer/orientation.js";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { openSpace } from "../../../static/js/viewer/space.js";
import { SpacePlace } from "../../../static/js/viewer/spaceplace.js";
import { bodyAxis, isUndisturbed, on, PICTURES, spin, stepped } from "../../../static/js/viewer/spinning.js";
import { isSpacePane, paneAt } from "../../../static/js/viewer/state.js";
import { cross, dot, length } from "../../../static/js/viewer/vectors.js";
import { open, stack } from "./stacks.js";

/** @import { State, Vector, Volume } from "../../../static/js/viewer/state.js" */

/** 100 by 80 voxels of 1 mm, 41 slices of 2.5 mm. @type {Volume} */
const VOLUME = { position: [-49.5, -39.5, -50], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const CANVAS = { width: 400, height: 300 };
const begun = () => openSpace(open(stack({ modality: "CT", rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0], volume: VOLUME }, 41)));

/** @param {State} state */
const spaceAt = (state) => {
  const shown = paneAt(state);
  if (!isSpacePane(shown)) throw new Error("no volume there");
  return shown;
};
const face = (/** @type {number} */ number) => /** @type {import("../../../static/js/viewer/carving.js").Face} */ (FACES[number]);
const TRIANGLE = /** @type {[number, number][]} */ ([[-5, -5], [5, -5], [0, 5]]);

describe("the clip box", () => {
  it("is around all voxels until a face is moved, and never turns inside out", () => {
    expect(around(VOLUME)).toEqual([[-50, -40, -51.25], [50, 40, 51.25]]);
    const state = moveFace(begun(), 0, face(0), -20.123);
    expect(spaceAt(state).clip).toEqual([[-20.12, -40, -51.25], [50, 40, 51.25]]);
    expect(spaceAt(moveFace(state, 0, face(1), -400)).clip?.[1][0]).toBeCloseTo(-19.12, 9);
    expect(spaceAt(moveFace(state, 0, face(0), -400)).clip?.[0][0]).toBe(-50);
    expect(spaceAt(moveFace(state, 0, face(5), 30)).clip).toEqual([[-20.12, -40, -51.25], [50, 40, 30]]);
  });

  it("is drawn where the picture has it, however the view is moved, mirrored and turned", () => {
    const shown = { ...spaceAt(begun()), scale: { pixels: 2 } };
    const of = (/** @type {object} */ more) => new SpacePlace({ ...shown, ...more }, VOLUME, CANVAS, 2);
    // The picture's corner is laid on a whole pixel.
    const near = (/** @type {number} */ x, /** @type {number} */ y) => [expect.closeTo(x, 0), expect.closeTo(y, 0)];
    // From the front the patient's left is on the right; two device pixels are one CSS pixel, and one millimetre.
    expect(of({}).spot([10, 0, 20])).toEqual(near(110, 55));
    expect(of({}).spot([10, -30, 20])).toEqual(near(110, 55));
    expect(of({ flip_horizontal: true }).spot([10, 0, 20])).toEqual(near(90, 55));
    expect(of({ center: [10, 0, 20] }).spot([10, 0, 20])).toEqual(near(100, 75));
    for (const more of [{}, { flip_horizontal: true }, { rotation: 90 }, { center: [5, 0, -7] }]) {
      const [right, down] = of(more).corner(of(more).spot([10, 0, 20]));
      expect([right, down]).toEqual([10, -20]);
      expect(of(more).along([1, 0, 0]).map(Math.abs)).toEqual(/** @type {any} */ (more).rotation ? [0, 1] : [1, 0]);
    }
  });
});

describe("what is hidden by hand", () => {
  it("is undone and done again step by step, and shown whole again", () => {
    let state = moveFace(remembered(begun()), 0, face(0), -20);
    state = cutAway(state, 0, TRIANGLE, false);
    state = cutAway(state, 0, TRIANGLE, true);
    expect(spaceAt(state).cuts.map(({ outside }) => outside)).toEqual([false, true]);
    expect(carvedWords(spaceAt(state))).toBe("clip box · cut away: 2");
    const carved = spaceAt(state);
    expect(spaceAt(undo(state)).cuts).toHaveLength(1);
    const first = undo(undo(undo(state)));
    expect([spaceAt(first).clip, spaceAt(first).cuts, canUndo(first), canRedo(first)]).toEqual([null, [], false, true]);
    expect(undo(first)).toBe(first);
    expect(spaceAt(redo(redo(redo(first))))).toEqual(carved);
    const all = whole(state);
    expect([spaceAt(all).clip, spaceAt(all).cuts, carvedWords(spaceAt(all))]).toEqual([null, [], ""]);
    expect(spaceAt(undo(all))).toEqual(carved);
    // What comes after an undo takes the place of what was undone.
    expect(canRedo(cutAway(undo(state), 0, TRIANGLE, false))).toBe(false);
  });

  it("is bounded as the server takes it, and comes back with a saved state", () => {
    const circle = Array.from({ length: 1000 }, (_, each) => /** @type {[number, number]} */ ([50 * Math.cos(each / 159), 50 * Math.sin(each / 159)]));
    let state = begun();
    for (let each = 0; each <= MOST_CUTS; each++) state = cutAway(state, 0, circle, false);
    expect(spaceAt(state).cuts).toHaveLength(MOST_CUTS);
    expect(spaceAt(state).cuts[0]?.corners.length).toBeLessThanOrEqual(400);
    expect(cutAway(begun(), 0, [[0, 0], [1, 1]], false)).toEqual(begun());
    const saved = JSON.parse(JSON.stringify(save(moveFace(state, 0, face(3), 12))));
    expect(JSON.stringify(saved).length).toBeLessThan(64 * 1024);
    expect(spaceAt(restore(begun(), saved))).toEqual(spaceAt(moveFace(state, 0, face(3), 12)));
  });
});

describe("the cube", () => {
  const seen = (/** @type {Vector} */ look, /** @type {Vector} */ up, /** @type {any} */ placed = [2, 0, 0, 2, 5, 5]) => {
    const right = cross(look, up);
    return facesOf([...right, ...up.map((part) => -part)], placed);
  };

  it("shows the side that one looks from, and none where the orientation isn't known", () => {
    for (const { letter, look, up } of SIDES) expect(seen(look, up).map((each) => letterOf(each)).filter(Boolean)).toEqual([letter]);
    for (const orientation of [null, undefined, [], [1, 0, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0]]) expect(facesOf(orientation, [1, 0, 0, 1, 0, 0])).toEqual([]);
  });

  it("has each letter where the picture has that side, mirrored or turned too", () => {
    const half = Math.SQRT1_2;
    const look = /** @type {Vector} */ ([-half, half, 0]);
    const place = (/** @type {any} */ placed) => Object.fromEntries(seen(look, [0, 0, 1], placed).map((each) => [letterOf(each), each.middle.map((part) => Math.sign(Math.round(part * 9)) + 0)]));
    // The eye is before the patient and to the left: the front is on the picture's left, the left side on its right.
    expect(place([1, 0, 0, 1, 0, 0])).toEqual({ A: [-1, 0], L: [1, 0] });
    expect(place([-1, 0, 0, 1, 0, 0])).toEqual({ A: [1, 0], L: [-1, 0] });
    expect(place([0, 3, -3, 0, 0, 0])).toEqual({ A: [0, -1], L: [0, 1] });
  });

  it("names no face that is seen too steeply", () => {
    const [cos, sin] = [Math.cos(0.2), Math.sin(0.2)];
    expect(seen([-sin, cos, 0], [0, 0, 1]).map((each) => letterOf(each))).toEqual(["", "A"]);
  });
});

describe("a volume that turns by itself", () => {
  it("comes round to the same pictures, head and feet where they are", () => {
    let state = spin(begun());
    const { plane } = spaceAt(state);
    const seen = new Set();
    for (let step = 0; step < 2 * PICTURES; step++) {
      state = on(state);
      const { look, up } = spaceAt(state).plane;
      seen.add(look.join());
      expect([up[2], length(look), dot(look, up)].map((part) => Number(part.toFixed(9)) + 0)).toEqual([1, 1, 0]);
      expect(isUndisturbed(state)).toBe(true);
    }
    expect(seen.size).toBe(PICTURES);
    expect(spaceAt(state).plane).toEqual(plane);
    expect(bodyAxis(plane)).toEqual([0, 0, 1]);
    expect(spin(state).spinning).toBeNull();
  });

  it("ends when a hand moves the camera", () => {
    const state = on(spin(begun()));
    const turned = { ...state, panes: [{ ...spaceAt(state), plane: stepped(spaceAt(state).plane, 3) }] };
    expect(isUndisturbed(turned)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { spared } from "../../../static/js/viewer/grips.js";
import { placing } from "../../../static/js/viewer/drawing.js";
import { threePlanes } from "../../../static/js/viewer/layouts.js";
import { CANONICAL, onward } from "../../../static/js/viewer/planes.js";
import { nextPlanes, planeWish } from "../../../static/js/viewer/planewishes.js";
import { scroll, scrollTo } from "../../../static/js/viewer/scrolling.js";
import { sheetOf } from "../../../static/js/viewer/sheets.js";
import { isVolumePane, paneAt } from "../../../static/js/viewer/state.js";
import { groundOf } from "../../../static/js/viewer/surface.js";
import { open, SOURCE, stack, stackAt } from "./stacks.js";

/** @import { Picture } from "../../../static/js/viewer/corners.js" */
/** @import { State, Volume } from "../../../static/js/viewer/state.js" */

/** 100 by 80 voxels of 1 mm, 41 slices of 2.5 mm from head to feet. @type {Volume} */
const VOLUME = { position: [-50, -40, -200], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, -2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const CANVAS = { width: 400, height: 400 };

/** @param {Partial<import("../../../static/js/viewer/state.js").Stack>} [differently] */
const made = (differently = {}) => {
  const shown = stack({ rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0], frame_of_reference: "9.1", volume: VOLUME, ...differently }, 41);
  return { ...shown, entries: shown.entries.map((entry, index) => ({ ...entry, location: -200 - 2.5 * index })) };
};

/** @param {State} state @param {number} [index] */
const planeAt = (state, index) => {
  const shown = paneAt(state, index);
  if (!isVolumePane(shown)) throw new Error("no plane there");
  return shown;
};

describe("a volume in no frame of reference", () => {
  it("is laid in its place where the series names no frame of reference, but takes no marks", () => {
    const state = threePlanes(open({ ...made(), frame_of_reference: null }));
    const picture = /** @type {Picture} */ (/** @type {unknown} */ ({
      position: [-49.5, -39.5, -300], orientation: [1, 0, 0, 0, 1, 0], pixel_spacing: [2, 2], spacing_basis: "patient", frame_of_reference: null,
      rows: 40, columns: 50, aspect: 1, region: [0, 0, 50, 40], series_uid: "1.2.4", plane: planeAt(state).plane,
    }));
    const sheet = sheetOf(state, paneAt(state));
    expect(sheet && placing(picture, sheet, CANVAS)?.placed).toEqual(sheet && placing({ ...picture, frame_of_reference: "9.1" }, sheet, CANVAS)?.placed);
    expect(sheet && placing(picture, sheet, CANVAS)).not.toBe(null);
    expect(groundOf(picture, { ...SOURCE, kind: "volume" })).toBe(null);
  });
});

describe("the way through a volume", () => {
  const TILTED = { ...VOLUME, column: /** @type {const} */ ([0, 0.97, -0.242]) };

  it("is that of the acquired stack for the plane nearest to it, and an anatomical one for the others", () => {
    expect(onward(VOLUME, CANONICAL.axial.look)).toBe(-1);
    expect(onward({ ...VOLUME, step: [0, 0, 2.5] }, CANONICAL.axial.look)).toBe(1);
    expect(onward(/** @type {any} */ (TILTED), CANONICAL.axial.look)).toBe(-1);
    for (const [name, way] of Object.entries({ coronal: 1, sagittal: -1 })) expect(onward(VOLUME, CANONICAL[/** @type {"coronal"} */ (name)].look)).toBe(way);
    const coronal = { ...VOLUME, column: /** @type {const} */ ([0, 0, -1]), step: /** @type {const} */ ([0, -2.5, 0]) };
    expect(onward(/** @type {any} */ (coronal), CANONICAL.coronal.look)).toBe(-1);
    expect(onward(/** @type {any} */ (coronal), CANONICAL.axial.look)).toBe(-1);
  });

  it("leads a notch down from the same slice to the same next one", () => {
    const state = threePlanes(open(made()));
    const planes = scroll(state, 1, 0);
    const images = scroll(state, 1, 3);
    expect(stackAt(planes, 3)?.index).toBe(stackAt(images, 3)?.index);
    expect(planeAt(planes, 0).plane.point).toEqual(planeAt(images, 0).plane.point);
    expect(planeAt(planes, 0).plane.point[2]).toBeLessThan(planeAt(state, 0).plane.point[2]);
    expect(sheetOf(planes, paneAt(planes, 0))?.index).toBe(sheetOf(planes, paneAt(planes, 3))?.index);
    expect(planeAt(scroll(state, 1, 1), 1).plane.point[1]).toBeGreaterThan(planeAt(state, 1).plane.point[1]);
    expect(planeAt(scroll(state, 1, 2), 2).plane.point[0]).toBeGreaterThan(planeAt(state, 2).plane.point[0]);
    expect(planeAt(scrollTo(state, 0, 0), 0).plane.point[2]).toBe(-200);
    expect(planeAt(scrollTo(state, Infinity, 0), 0).plane.point[2]).toBe(-300);
  });

  it("is fetched ahead", () => {
    const state = scrollTo(threePlanes(open(made())), 10, 0);
    const [next] = nextPlanes(planeAt(state, 0), made(), VOLUME, 1, CANVAS);
    expect(next?.look).toBe(planeWish(planeAt(scroll(state, 1, 0), 0), made(), VOLUME, CANVAS, null)?.look);
  });
});

describe("a stack beside its planes", () => {
  it("takes their point along the normal of its slices, its place within them kept", () => {
    const state = threePlanes(open(made()));
    const [x, y] = planeAt(state, 1).plane.point;
    const scrolled = scrollTo(state, 7, 3);
    expect(stackAt(scrolled, 3)?.index).toBe(7);
    for (const index of [0, 1, 2]) expect(planeAt(scrolled, index).plane.point).toEqual([x, y, -217.5]);
    expect(stackAt(scroll(scrolled, 1, 1), 3)?.index).toBe(7);
  });

  it("goes by itself where its slices have no place, or planes lie in another space", () => {
    const lone = threePlanes(open(made({ orientation: null })));
    expect(planeAt(scrollTo(lone, 7, 3), 0).plane).toEqual(planeAt(lone, 0).plane);
    expect(stackAt(scrollTo(lone, 7, 3), 3)?.index).toBe(7);
  });
});

describe("a line of the crosshair", () => {
  const room = { left: 0, top: 0, right: 300, bottom: 200 };

  it("ends at the sides, and is open around the point", () => {
    expect(spared([100, 50], [1, 0], room, [])).toEqual([[-100, -18], [18, 200]]);
    expect(spared([100, 50], [0, 1], room, [])).toEqual([[-50, -18], [18, 150]]);
    expect(spared([100, 350], [1, 0], room, [])).toEqual([]);
  });

  it("spares words, wherever they stand on it", () => {
    const boxes = [{ left: 0, top: 40, right: 20, bottom: 60 }, { left: 200, top: 45, right: 220, bottom: 55 }, { left: 210, top: 30, right: 230, bottom: 70 }];
    expect(spared([100, 50], [1, 0], room, boxes)).toEqual([[-80, -18], [18, 100], [130, 200]]);
    expect(spared([100, 100], [1, 0], room, boxes)).toEqual([[-100, -18], [18, 200]]);
    expect(spared([10, 50], [1, 0], room, boxes)).toEqual([[18, 190], [220, 290]]);
  });
});

import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../static/js/viewer/commands.js";
import { cutsOf, moveCrosshair, nearestEntry, pointCrosshair, referencePoint } from "../../../static/js/viewer/crosshair.js";
import { placing } from "../../../static/js/viewer/drawing.js";
import { apply, edgeLetters, fitting, magnification, matrix } from "../../../static/js/viewer/geometry.js";
import { isThreePlanes, leavePlanes, threePlanes } from "../../../static/js/viewer/layouts.js";
import { axes, CANONICAL, fromGrid, isCanonical, middle, nearest, planeGrid, pointAt, series as along, spacingAlong, toGrid } from "../../../static/js/viewer/planes.js";
import { nextPlanes, planeWish } from "../../../static/js/viewer/planewishes.js";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { activate, arrange, changePane, flip, reset, rotate } from "../../../static/js/viewer/panes.js";
import { scroll, scrollTo } from "../../../static/js/viewer/scrolling.js";
import { changeLook, sheetOf } from "../../../static/js/viewer/sheets.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { initial, isVolumePane, pane, paneAt, visible } from "../../../static/js/viewer/state.js";
import { lieOf, onScreen, toPatient, toPicture, underScreen } from "../../../static/js/viewer/surface.js";
import { dot, minus } from "../../../static/js/viewer/vectors.js";
import { open, series, SOURCE, stack, stackAt } from "./stacks.js";

/** @import { Picture } from "../../../static/js/viewer/corners.js" */
/** @import { State, VolumePane, Volume } from "../../../static/js/viewer/state.js" */

/** 100 by 80 voxels of 1 mm, 41 slices of 2.5 mm. @type {Volume} */
const VOLUME = { position: [-50, -40, -300], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const CANVAS = { width: 400, height: 400 };

/** @param {Partial<Volume>} [differently] */
const made = (differently = {}) => {
  const shown = stack({ rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0], frame_of_reference: "9.1", volume: { ...VOLUME, ...differently } }, 41);
  return { ...shown, entries: shown.entries.map((entry, index) => ({ ...entry, location: -300 + 2.5 * index })) };
};

/** @param {State} state @param {number} [index] */
const planeAt = (state, index) => {
  const shown = paneAt(state, index);
  if (!isVolumePane(shown)) throw new Error("no plane there");
  return shown;
};

describe("a plane of a volume", () => {
  it("looks as a radiologist expects it", () => {
    expect(axes(CANONICAL.axial)).toEqual({ right: [1, 0, 0], down: [0, 1, 0] });
    expect(axes(CANONICAL.coronal)).toEqual({ right: [1, 0, 0], down: [0, 0, -1] });
    expect(axes(CANONICAL.sagittal)).toEqual({ right: [0, 1, 0], down: [0, 0, -1] });
    expect([nearest([0, 0.1, -0.9]), nearest([0.9, 0.2, 0]), nearest([0.1, 0.8, 0.7])]).toEqual(["axial", "sagittal", "coronal"]);
    expect([isCanonical([0, 0, -1]), isCanonical([0.1, 0, 0.995])]).toEqual([true, false]);
  });

  it("fills a grid of the smallest voxels, to the voxels' outer sides", () => {
    expect(planeGrid(VOLUME, CANONICAL.axial)).toEqual({ columns: 100, rows: 80, aspect: 1 });
    expect(planeGrid(VOLUME, CANONICAL.coronal)).toEqual({ columns: 100, rows: 102.5, aspect: 1 });
    expect(toGrid(VOLUME, CANONICAL.axial, VOLUME.position)).toEqual([0.5, 0.5]);
    expect(toGrid(VOLUME, CANONICAL.coronal, [-50, 7, -200])).toEqual([0.5, 1.25]);
  });

  it("crosses from grid to patient and back", () => {
    const plane = { point: /** @type {const} */ ([3, 4, -250]), look: /** @type {const} */ ([0.6, 0, 0.8]), up: /** @type {const} */ ([0, -1, 0]) };
    const at = fromGrid(VOLUME, /** @type {any} */ (plane), [31.5, 22.25]);
    expect(toGrid(VOLUME, /** @type {any} */ (plane), at).map((part) => Number(part.toFixed(9)))).toEqual([31.5, 22.25]);
    expect(dot(minus(at, [3, 4, -250]), [0.6, 0, 0.8])).toBeCloseTo(0, 9);
  });

  it("moves by the smallest step along its look, whole voxels where it looks along them", () => {
    expect(spacingAlong(VOLUME, [0, 0, 1])).toBeCloseTo(2.5, 12);
    expect(spacingAlong(VOLUME, [0, -1, 0])).toBeCloseTo(1, 12);
    expect(spacingAlong(VOLUME, [0, Math.SQRT1_2, Math.SQRT1_2])).toBeCloseTo(Math.SQRT2, 12);
    const axial = { ...CANONICAL.axial, point: middle(VOLUME) };
    expect(along(VOLUME, axial)).toEqual({ step: 2.5, count: 41, index: 20 });
    expect(pointAt(VOLUME, axial, 0)[2]).toBe(-300);
    expect(pointAt(VOLUME, axial, Infinity)[2]).toBe(-200);
    expect(along(VOLUME, { ...CANONICAL.sagittal, point: middle(VOLUME) }).count).toBe(100);
  });

  it("stands on the voxels of a tilted gantry too", () => {
    const tilted = { ...VOLUME, step: /** @type {import("../../../static/js/viewer/state.js").Vector} */ ([0, -0.67, 2.41]) };
    const { count, step } = along(tilted, { ...CANONICAL.axial, point: middle(tilted) });
    expect([count, Number(step.toFixed(9))]).toEqual([41, 2.41]);
  });
});

describe("the picture of a plane", () => {
  const shown = () => planeAt(threePlanes(open(made())), 0);

  it("is a camera before the middle of what is seen", () => {
    const asked = planeWish(shown(), made(), VOLUME, CANVAS, null);
    expect(asked).toMatchObject({ resource: "/dicomweb/main/studies/1.2/series/1.2.4/renderedmpr", lossless: true, patient: true });
    expect(asked?.query).toBe(
      "accept=image/png&window=50,350,linear&stack=a&viewpointposition=-0.5,-0.5,-350&viewpointlookat=-0.5,-0.5,-250&viewpointup=0,-1,0&viewport=200,160&pixelspacing=0.5",
    );
  });

  it("is sampled as the screen shows it, never finer than half a voxel", () => {
    const query = (/** @type {number} */ pixels) => planeWish({ ...shown(), scale: { pixels } }, made(), VOLUME, CANVAS, 80)?.query;
    expect(query(0.5)).toMatch(/^accept=image\/jpeg&quality=80.*viewport=50,40&pixelspacing=2$/);
    expect(query(32)).toMatch(/pixelspacing=0\.5$/);
  });

  it("stays the same where the crosshair moves in it", () => {
    const state = threePlanes(open(made()));
    const moved = moveCrosshair(state, planeAt(state, 1), [20, -0.5, -222]);
    const wish = (/** @type {State} */ of, /** @type {number} */ index) => planeWish(planeAt(of, index), made(), VOLUME, CANVAS, null);
    expect(planeAt(moved, 1).plane.point).toEqual([20, -0.5, -222]);
    expect(wish(moved, 1)).toEqual(wish(state, 1));
    expect(wish(moved, 0)?.look).not.toBe(wish(state, 0)?.look);
  });

  it("says its slab, and asks for colour as it is", () => {
    const query = planeWish({ ...shown(), slab: { thickness: 10, method: "maximum_ip" } }, made(), VOLUME, CANVAS, null)?.query;
    expect(query).toContain("&mprslab=10&renderingmethod=maximum_ip&");
  });

  it("has next ones along the look, none beyond the ends", () => {
    const first = planeAt(scrollTo(threePlanes(open(made())), 0), 0);
    const wishes = nextPlanes(first, made(), VOLUME, 1, CANVAS);
    expect(wishes[0]?.query).toContain("viewpointlookat=-0.5,-0.5,-297.5");
    expect(wishes).toHaveLength(8);
  });

  it("is laid where it belongs, however the pane is turned since", () => {
    const state = changePane(threePlanes(open(made())), { scale: { fit: 1 } });
    /** @type {Partial<Picture>} */
    const picture = {
      position: [-49.5, -39.5, -300], orientation: [1, 0, 0, 0, 1, 0], pixel_spacing: [2, 2], spacing_basis: "patient", frame_of_reference: "9.1",
      rows: 40, columns: 50, aspect: 1, region: [0, 0, 50, 40],
    };
    const sheet = sheetOf(state, paneAt(state));
    const place = sheet && placing(/** @type {Picture} */ (picture), sheet, CANVAS);
    expect(place?.scale).toBe(8);
    expect(place?.placed).toEqual([8, 0, 0, 8, 0, 40]);
    const other = sheetOf(state, paneAt(state, 1));
    expect(other && placing(/** @type {Picture} */ (picture), other, CANVAS)).toBe(null);
  });

  it("has the letters of its own orientation, flipped and turned", () => {
    const state = threePlanes(open(made()));
    const letters = (/** @type {State} */ of) => {
      const sheet = sheetOf(of, paneAt(of));
      const { right, down } = axes(planeAt(of).plane);
      return sheet && edgeLetters({ orientation: [...right, ...down] }, matrix(sheet.grid, CANVAS, sheet.look));
    };
    const coronal = activate(state, 1);
    expect(letters(coronal)).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
    expect(letters(flip(coronal, "horizontal"))).toEqual({ left: "L", right: "R", top: "H", bottom: "F" });
    expect(letters(rotate(coronal, 1))).toEqual({ left: "F", right: "H", top: "R", bottom: "L" });
    expect(letters(activate(state, 2))).toEqual({ left: "A", right: "P", top: "H", bottom: "F" });
  });
});

describe("three planes", () => {
  it("stand beside their stack, at its slice and in its window", () => {
    const state = threePlanes(scrollTo(open(made(), { invert: true, voi: { center: 1, width: 2, function: "LINEAR" } }), 30));
    expect(isThreePlanes(state)).toBe(true);
    expect(state.panes.map((shown) => shown?.source.kind)).toEqual(["volume", "volume", "volume", "stack"]);
    expect(planeAt(state, 1)).toMatchObject({ invert: true, voi: { width: 2 }, plane: { point: [-0.5, -0.5, -225], look: [0, 1, 0] } });
    expect(stackAt(state, 3)?.index).toBe(30);
  });

  it("begin in the middle where no hand has moved through the stack", () => {
    const state = threePlanes(open(made()));
    expect(planeAt(state).plane.point).toEqual(middle(VOLUME));
    expect(stackAt(state, 3)?.index).toBe(20);
  });

  it("are left for the stack", () => {
    const state = scroll(threePlanes(open(made())), 5);
    expect(leavePlanes(state)).toMatchObject({ layout: { rows: 1, columns: 1 }, panes: [{ source: { kind: "stack" }, index: 25 }] });
    expect(leavePlanes(open())).toEqual(open());
  });

  it("keep the panes that stood beside their stack until they are left", () => {
    const before = arrange(open(made()), 2, 2, [{ ...pane({ ...SOURCE, series: "9" }) }]);
    const state = threePlanes(before);
    expect(visible(state).map((index) => paneAt(state, index)?.source.series)).toEqual(["1.2.4", "1.2.4", "1.2.4", "1.2.4"]);
    expect(leavePlanes(state).panes.map((shown) => shown?.source.series)).toEqual(["1.2.4", "9"]);
    const nine = arrange(state, 3, 3);
    expect(nine.panes.slice(0, 5).map((shown) => shown?.source.kind)).toEqual(["volume", "volume", "volume", "stack", "stack"]);
    expect(threePlanes(activate(nine, 1)).panes.filter(Boolean)).toHaveLength(5);
  });

  it("need a volume", () => {
    const state = open();
    expect(threePlanes(state)).toBe(state);
    expect(isThreePlanes(arrange(state, 2, 2))).toBe(false);
  });

  it("come back from a saved state as they were", () => {
    const state = changeLook(scroll(changePane(threePlanes(open(made())), { slab: { thickness: 10, method: "maximum_ip" } }), 3), { center: [20, 30], scale: { pixels: 3 } });
    const saved = JSON.parse(JSON.stringify(save(state)));
    expect(saved).toMatchObject({ version: 2, panes: [{ source: { kind: "volume", stack: "a" }, center: [-30.5, -10.5, -242.5], slab: { thickness: 10 } }, {}, {}, {}] });
    const again = receiveSeries(restore(initial("main", "1.2"), saved), "main/1.2/1.2.4", series(made()));
    expect(again.panes).toEqual(state.panes);
    expect(save(again)).toEqual(saved);
  });

  it("keep their place when the look is reset", () => {
    const state = changeLook(scroll(threePlanes(open(made())), 3), { center: [20, 30], scale: { pixels: 3 } });
    expect(planeAt(reset(state))).toMatchObject({ center: null, scale: { fit: 1 }, plane: { point: [-0.5, -0.5, -242.5] } });
  });
});

describe("the crosshair", () => {
  const three = () => threePlanes(open(made()));

  it("takes all planes and the nearest slice along", () => {
    const state = three();
    const moved = moveCrosshair(state, planeAt(state, 0), [10, 20, -248]);
    for (const index of [0, 1, 2]) expect(planeAt(moved, index).plane.point).toEqual([10, 20, -248]);
    expect(stackAt(moved, 3)?.index).toBe(21);
    expect(moveCrosshair(moved, planeAt(moved, 0), [10, 20, -248])).toBe(moved);
  });

  it("leaves what lies in another space", () => {
    const far = { ...made(), frame_of_reference: "9.2" };
    const near = { ...made(), key: "b" };
    const base = three();
    const source = { ...SOURCE, series: "1.2.9", study: "1.1" };
    const known = {
      ...base,
      series: { ...base.series, "main/1.1/1.2.9": series(far), "main/1.2/1.2.8": series(near) },
      panes: [...base.panes, pane(source, { index: 2 }), pane({ ...SOURCE, series: "1.2.8", stack: "b" }, { index: 2 })],
    };
    const moved = moveCrosshair(known, planeAt(known, 1), [0, 0, -250]);
    expect([stackAt(moved, 4)?.index, stackAt(moved, 5)?.index]).toEqual([2, 20]);
  });

  it("finds the nearest slice, none far beyond the ends, in whichever direction slices are counted", () => {
    const shown = made();
    expect([-300, -298.7, -201, -198, -190, -330].map((z) => nearestEntry(shown, [0, 0, z]))).toEqual([0, 1, 40, 40, null, null]);
    const turned = { ...shown, orientation: [1, 0, 0, 0, -1, 0] };
    expect(nearestEntry(turned, [0, 0, -250])).toBe(20);
    expect(nearestEntry({ ...shown, spatial: false }, [0, 0, -250])).toBe(null);
  });

  it("goes where a hand points, and slides along the volume's side", () => {
    const state = three();
    // The coronal plane fits by its height: 400 / 102.5 device pixels for a millimetre.
    const moved = pointCrosshair(state, 1, [200, 100], CANVAS, null);
    const [x, y, z] = planeAt(moved, 2).plane.point;
    // Pictures lie on whole device pixels: half of one is what a hand may be off.
    const half = 102.5 / 400 / 2;
    expect(Math.abs((x ?? 9) + 0.5)).toBeLessThan(half);
    expect(y).toBe(-0.5);
    expect(z).toBeCloseTo(-250 + 100 / (400 / 102.5), 9);
    expect(planeAt(pointCrosshair(state, 1, [9000, 200], CANVAS, null), 2).plane.point[0]).toBeCloseTo(49.5, 9);
    expect(planeAt(pointCrosshair(state, 3, [0, 0], CANVAS, [1, 2, -240]), 0).plane.point).toEqual([1, 2, -240]);
    expect(pointCrosshair(state, 3, [0, 0], CANVAS, [4, 5])).toBe(state);
  });

  it("is drawn as the lines of the other planes", () => {
    const state = three();
    expect(cutsOf(state, 0)).toEqual([
      { name: "coronal", look: [0, 1, 0], direction: [-1, 0, 0], thickness: 0, isThere: true },
      { name: "sagittal", look: [-1, 0, 0], direction: [0, -1, 0], thickness: 0, isThere: true },
    ]);
    expect(cutsOf({ ...state, maximised: true }, 0)).toEqual([]);
    expect(cutsOf({ ...state, maximised: true, tool: "crosshair" }, 0).map(({ name }) => name)).toEqual(["coronal", "sagittal"]);
    const lonely = { ...state, layout: { rows: 1, columns: 1 }, panes: state.panes.slice(0, 1), tool: /** @type {const} */ ("crosshair") };
    expect(cutsOf(lonely, 0).map(({ name, isThere }) => [name, isThere])).toEqual([["sagittal", false], ["coronal", false]]);
    expect(cutsOf(state, 3)).toEqual([]);
    expect(referencePoint(state, paneAt(state, 3))).toEqual(planeAt(state).plane.point);
    expect(referencePoint(open(made()), paneAt(open(made())))).toBe(null);
  });

  it("follows the wheel on a plane: first to a whole plane, then by whole ones", () => {
    const state = moveCrosshair(three(), planeAt(three(), 0), [0, 0, -248.7]);
    const steps = [scroll(state, 1), scroll(state, -1), scroll(scroll(state, 1), 1)];
    expect(steps.map((each) => planeAt(each, 2).plane.point[2])).toEqual([-247.5, -250, -245]);
    expect(planeAt(scroll(state, 500)).plane.point[2]).toBe(-200);
  });
});

describe("a surface", () => {
  const picture = /** @type {Picture} */ ({
    position: [-50, -40, -300], orientation: [1, 0, 0, 0, 1, 0], pixel_spacing: [2, 0.5], spacing_basis: "patient", frame_of_reference: "9.1", rows: 80, columns: 100,
  });

  it("finds the patient under the screen and the screen under the patient", () => {
    const placed = /** @type {import("../../../static/js/viewer/geometry.js").Matrix} */ ([0, 3, -12, 0, 700, 20]);
    const point = underScreen(picture, placed, ...apply(placed, 10.5, 20.5));
    expect(point?.map((part) => Number(part.toFixed(9)) + 0)).toEqual([-45, 0, -300]);
    expect(onScreen(picture, placed, [-45, 0, -290])).toEqual({ x: 700 - 12 * 20.5, y: 20 + 3 * 10.5, distance: 10 });
    expect(underScreen(picture, placed, 5000, 5000)).toBe(null);
  });

  it("counts pixels where the picture doesn't say where it lies", () => {
    const flat = { ...picture, position: null };
    expect(lieOf(flat)).toBe(null);
    expect(underScreen(flat, [2, 0, 0, 2, 0, 0], 21, 41)).toEqual([10, 20]);
    expect(onScreen(flat, [2, 0, 0, 2, 0, 0], [10, 20])).toEqual({ x: 21, y: 41, distance: 0 });
    expect(lieOf({ ...picture, spacing_basis: "detector" })).toBe(null);
  });

  it("crosses there and back", () => {
    const lie = lieOf(picture);
    if (!lie) throw new Error("it lies somewhere");
    expect(toPicture(lie, toPatient(lie, 7.25, 3.5))).toEqual({ column: 7.25, row: 3.5, distance: 0 });
  });
});

describe("three planes", () => {
  const scales = (/** @type {State} */ state, canvas = CANVAS) => [0, 1, 2].map((index) => {
    const sheet = sheetOf(state, paneAt(state, index));
    return sheet && magnification(sheet.grid, canvas, sheet.look);
  });
  const own = (/** @type {State} */ state, canvas = CANVAS) => [0, 1, 2].map((index) => fitting(planeGrid(VOLUME, planeAt(state, index).plane), canvas, 0));

  it("begin with one scale: the smallest fit of the three, whatever the panes' shape", () => {
    const state = threePlanes(open(made()));
    for (const canvas of [CANVAS, { width: 300, height: 700 }, { width: 900, height: 200 }]) {
      expect(scales(state, canvas)).toEqual(Array(3).fill(Math.min(...own(state, canvas))));
    }
  });

  it("fit each for itself on wish, and keep their scale in what is saved", () => {
    const state = threePlanes(open(made()));
    const fit = COMMANDS.find(({ id }) => id === "fit");
    const fitted = [0, 1, 2].reduce((before, index) => fit?.run?.(activate(before, index)) ?? before, state);
    expect(scales(fitted)).toEqual(own(state));
    const saved = save(state);
    expect(saved && scales(restore(state, JSON.parse(JSON.stringify(saved))))).toEqual(scales(state));
  });
});

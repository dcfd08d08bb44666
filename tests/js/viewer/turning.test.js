import { describe, expect, it } from "vitest";
import { cutsOf } from "../../../static/js/viewer/crosshair.js";
import { crossOf, gripsOf, heldAt } from "../../../static/js/viewer/grips.js";
import { placedOf } from "../../../static/js/viewer/placed.js";
import { isThreePlanes, sideBySide, threePlanes } from "../../../static/js/viewer/layouts.js";
import { PLANE_COMMANDS } from "../../../static/js/viewer/planecommands.js";
import { axes, nameOf } from "../../../static/js/viewer/planes.js";
import { planeWords } from "../../../static/js/viewer/planewords.js";
import { placesOf, planned, wholeRange } from "../../../static/js/viewer/planned.js";
import { activate, flip } from "../../../static/js/viewer/panes.js";
import { scroll } from "../../../static/js/viewer/scrolling.js";
import { isVolumePane, paneAt } from "../../../static/js/viewer/state.js";
import { isTurned, largeStep, moveLine, nextMethod, stepThickness, straighten, thicken, turnPlanes } from "../../../static/js/viewer/turning.js";
import { cross, dot, length, minus, turned } from "../../../static/js/viewer/vectors.js";
import { open, stack } from "./stacks.js";

/** @import { State, Vector } from "../../../static/js/viewer/state.js" */

const VOLUME = { position: [-50, -40, -300], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const CANVAS = { width: 400, height: 400 };
const [AXIAL, CORONAL, SAGITTAL] = [0, 1, 2];
const THIRTY = Math.PI / 6;

const three = () => {
  const made = stack({ rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0], frame_of_reference: "9.1", volume: /** @type {any} */ (VOLUME) }, 41);
  const entries = made.entries.map((entry, index) => ({ ...entry, location: -300 + 2.5 * index }));
  return { ...threePlanes(open({ ...made, entries })), tool: /** @type {const} */ ("crosshair") };
};

/** @param {State} state @param {number} index */
const planeAt = (state, index) => {
  const shown = paneAt(state, index);
  if (!isVolumePane(shown)) throw new Error("no plane there");
  return shown;
};

/** @param {State} state @param {number} index */
const lookAt = (state, index) => planeAt(state, index).plane.look;
/** @param {readonly number[]} vector */
const rounded = (vector) => vector.map((part) => Number(part.toFixed(9)) + 0);

describe("planes that are turned", () => {
  it("turn about the normal of the pane in which they are seen, clockwise along its look, all but that pane", () => {
    const state = turnPlanes(three(), AXIAL, THIRTY);
    const [cos, sin] = [Math.cos(THIRTY), Math.sin(THIRTY)];
    expect(planeAt(state, AXIAL)).toBe(planeAt(state, AXIAL));
    expect(lookAt(state, AXIAL)).toEqual([0, 0, 1]);
    expect(rounded(lookAt(state, CORONAL))).toEqual(rounded([-sin, cos, 0]));
    expect(rounded(lookAt(state, SAGITTAL))).toEqual(rounded([-cos, -sin, 0]));
    expect(dot(lookAt(state, CORONAL), lookAt(state, SAGITTAL))).toBeCloseTo(0, 12);
    expect([CORONAL, SAGITTAL].map((index) => planeAt(state, index).plane.up)).toEqual([[0, 0, 1], [0, 0, 1]]);
  });

  it("turn one alone", () => {
    const before = three();
    const state = turnPlanes(before, AXIAL, THIRTY, lookAt(before, CORONAL));
    expect(planeAt(state, SAGITTAL)).toBe(planeAt(before, SAGITTAL));
    expect((Math.acos(dot(lookAt(state, CORONAL), [0, 1, 0])) * 180) / Math.PI).toBeCloseTo(30, 9);
  });

  it("stay unit vectors at right angles through a thousand turns, doubly oblique, and keep name and point", () => {
    /** @type {State} */
    let state = three();
    for (let count = 0; count < 1000; count++) state = turnPlanes(state, count % 3, 0.017);
    for (const index of [AXIAL, CORONAL, SAGITTAL]) {
      const { look, up, point } = planeAt(state, index).plane;
      for (const [value, wanted] of [[length(look), 1], [length(up), 1], [dot(look, up), 0]]) expect(Math.abs((value ?? 9) - (wanted ?? 0))).toBeLessThan(1e-12);
      expect(point).toBe(planeAt(three(), 0).plane.point.length ? point : null);
    }
    expect([AXIAL, CORONAL, SAGITTAL].map((index) => nameOf(planeAt(state, index)))).toEqual(["axial", "coronal", "sagittal"]);
    expect(Math.abs(dot(lookAt(state, AXIAL), lookAt(state, CORONAL)))).toBeLessThan(1e-9);
  });

  it("say how far they are turned, and are straightened by one command", () => {
    const state = thicken(turnPlanes(three(), SAGITTAL, THIRTY), SAGITTAL, [0, 0, 1], { thickness: 9 });
    expect(planeWords(lookAt(state, AXIAL))).toBe("MPR oblique, 30° from axial");
    expect(planeWords([0, 0, -1])).toBe("MPR axial");
    expect([isTurned(state), isTurned(three())]).toEqual([true, false]);
    expect(straighten(state).panes).toEqual(three().panes);
  });

  it("turn by keys as the screen shows it, mirrored or not", () => {
    const run = (/** @type {State} */ state) => PLANE_COMMANDS.find(({ id }) => id === "turn-clockwise")?.run?.(state) ?? state;
    const onScreen = (/** @type {State} */ before) => {
      const { right, down } = axes(planeAt(before, AXIAL).plane);
      const mirror = planeAt(before, AXIAL).flip_horizontal ? -1 : 1;
      const angle = (/** @type {State} */ of) => {
        const line = cutsOf(of, AXIAL)[0]?.direction ?? right;
        return Math.atan2(dot(line, down), mirror * dot(line, right));
      };
      return (((angle(run(before)) - angle(before)) * 180) / Math.PI + 540) % 360 - 180;
    };
    expect(onScreen(three())).toBeCloseTo(5, 6);
    expect(onScreen(flip(three(), "horizontal"))).toBeCloseTo(5, 6);
  });

  it("show their last picture as it was cut until the next one has come", () => {
    const state = turnPlanes(three(), AXIAL, 0.2);
    const picture = {
      position: [-49.5, 0, -200], orientation: [1, 0, 0, 0, 0, -1], pixel_spacing: [1, 1], spacing_basis: "patient", frame_of_reference: "9.1", patient: {},
      rows: 102, columns: 100, aspect: 1, region: [0, 0, 100, 102], plane: { point: [0, 0, -250], look: [0, 1, 0], up: [0, 0, 1] }, study_date: "", stack: "a", index: null, count: null,
    };
    const answer = /** @type {any} */ ({ picture, bitmap: {}, wish: {} });
    globalThis.innerWidth ??= 1000;
    const place = (/** @type {number} */ index) => placedOf(state, planeAt(state, index), answer, { canvas: CANVAS, width: 400, height: 400 });
    expect(place(CORONAL)?.place.scale).toBeGreaterThan(0);
    expect(place(SAGITTAL)).toBe(null);
  });
});

describe("one line of the crosshair", () => {
  it("moves its own plane and no other", () => {
    const before = three();
    const moved = moveLine(before, AXIAL, lookAt(before, CORONAL), [7, 4, 0]);
    expect(minus(planeAt(moved, 0).plane.point, planeAt(before, 0).plane.point)).toEqual([0, 4, 0]);
    const oblique = turnPlanes(before, AXIAL, THIRTY, lookAt(before, CORONAL));
    const next = moveLine(oblique, AXIAL, lookAt(oblique, CORONAL), [7, 4, 0]);
    const by = minus(planeAt(next, 0).plane.point, planeAt(before, 0).plane.point);
    expect(dot(by, lookAt(before, SAGITTAL))).toBeCloseTo(0, 12);
    expect(dot(by, lookAt(oblique, CORONAL))).toBeCloseTo(dot([7, 4, 0], lookAt(oblique, CORONAL)), 12);
  });
});

describe("a slab", () => {
  it("is given to one plane, by steps and by hand", () => {
    const state = activate(three(), CORONAL);
    const thick = thicken(state, AXIAL, lookAt(state, SAGITTAL), { thickness: 12.5 });
    expect([AXIAL, CORONAL, SAGITTAL].map((index) => planeAt(thick, index).slab.thickness)).toEqual([0, 0, 12.5]);
    expect(thicken(thick, AXIAL, lookAt(state, SAGITTAL), { thickness: 0.3 }).panes).toEqual(state.panes);
    const stepped = stepThickness(stepThickness(activate(thick, SAGITTAL), 1), 1);
    expect(planeAt(stepped, SAGITTAL).slab).toEqual({ thickness: 20, method: "average_ip" });
    expect(planeAt(stepThickness(nextMethod(stepped), -1), SAGITTAL).slab).toEqual({ thickness: 15, method: "maximum_ip" });
    expect(stepThickness(state, -1)).toBe(state);
  });

  it("is what a large step goes through", () => {
    const state = activate(three(), AXIAL);
    expect(largeStep(state)).toBe(10);
    const thick = thicken(state, AXIAL, [0, 0, 1], { thickness: 20 });
    expect(largeStep(thick)).toBe(8);
    const by = minus(planeAt(scroll(thick, largeStep(thick)), 0).plane.point, planeAt(thick, 0).plane.point);
    expect(Math.abs(by[2])).toBe(20);
  });
});

describe("what a hand takes hold of", () => {
  it("lies where it is drawn: circles far out, squares at a slab's sides, the line itself, the point", () => {
    const state = thicken(three(), AXIAL, lookAt(three(), CORONAL), { thickness: 10 });
    const shown = crossOf(state, AXIAL, CANVAS, 1);
    if (!shown) throw new Error("no crosshair");
    const grips = gripsOf(shown);
    expect(grips.filter(({ kind }) => kind === "turn")).toHaveLength(4);
    const kinds = grips.map(({ kind, line, spot }) => {
      const held = heldAt(shown, spot);
      return [held?.kind, held && "line" in held && held.line.name].join(" ") === [kind, line.name].join(" ");
    });
    expect(kinds.every(Boolean)).toBe(true);
    const [x, y] = shown.point;
    const coronal = grips.find(({ kind, line }) => kind === "thick" && line.name === "coronal");
    // The room of three planes is 102.5 mm high: 400 / 102.5 pixels for a millimetre, half of 10 mm to each side.
    expect(Math.abs((coronal?.spot[1] ?? 0) - y)).toBeCloseTo((5 * 400) / 102.5, 1);
    expect([heldAt(shown, [x + 3, y])?.kind, heldAt(shown, [x + 40, y + 2])?.kind, heldAt(shown, [x + 40, y + 60])]).toEqual(["point", "line", null]);
    expect(rounded(minus(shown.inPatient([x, y]), planeAt(state, AXIAL).plane.point))).toEqual([0, 0, 0]);
  });

  it("is nothing where no other pane shows the plane", () => {
    const alone = { ...three(), layout: { rows: 1, columns: 1 } };
    const shown = crossOf(alone, AXIAL, CANVAS, 1);
    expect([shown?.lines.length, shown && gripsOf(shown)]).toEqual([2, []]);
  });
});

describe("three planes side by side", () => {
  it("leave their stack behind them, and are four again", () => {
    const row = sideBySide(activate(three(), 3));
    expect([row.layout, row.active, isThreePlanes(row)]).toEqual([{ rows: 1, columns: 3 }, 2, true]);
    expect(threePlanes(row).layout).toEqual({ rows: 2, columns: 2 });
    expect(sideBySide(open())).toEqual(open());
  });
});

it("a vector turns by the right hand", () => {
  expect(rounded(turned([1, 0, 0], [0, 0, 1], Math.PI / 2))).toEqual([0, 1, 0]);
  expect(rounded(cross(/** @type {Vector} */ ([1, 0, 0]), [0, 1, 0]))).toEqual([0, 0, 1]);
});

describe("planes that are to be saved", () => {
  it("begin with the whole volume, as their text tells its places, and follow each other along the look", () => {
    const state = three();
    expect(wholeRange(/** @type {any} */ (VOLUME), planeAt(state, AXIAL))).toEqual({ from: -300, to: -200, step: 2.5, thickness: 0, method: "average_ip" });
    const sagittal = planeAt(state, SAGITTAL);
    expect(wholeRange(/** @type {any} */ (VOLUME), sagittal)).toMatchObject({ from: -50, to: 49, step: 1 });
    const made = planned(/** @type {any} */ (VOLUME), sagittal, { from: -20, to: 10, step: 5, thickness: 3, method: "maximum_ip" });
    expect(made).toMatchObject({ first: [10, -0.5, -250], look: [-1, 0, 0], up: [0, 0, 1], count: 7, spacing: 5, columns: 80, rows: 103, pixel_spacing: 1, thickness: 3 });
    expect(made && placesOf(made, 25).map(([x]) => x)).toEqual([10, 5, 0, -5, -10, -15, -20]);
    for (const range of [{ step: 0 }, { step: NaN }, { from: -1e6 }, { thickness: -1 }]) {
      expect(planned(/** @type {any} */ (VOLUME), sagittal, { from: 0, to: 10, step: 1, thickness: 0, method: "average_ip", ...range })).toBe(null);
    }
  });

  it("leave their lines in the panes that they cross", () => {
    const shown = crossOf(three(), AXIAL, CANVAS, 1);
    const line = shown?.cutBy([20, 0, 0], [-1, 0, 0]);
    expect(line?.at[0]).toBeCloseTo((shown?.point[0] ?? 0) + (20.5 * 400) / 102.5, 6);
    expect(line?.along.map(Math.abs)).toEqual([0, 1]);
    expect(shown?.cutBy([0, 0, 9], [0, 0, 1])).toBe(null);
  });
});

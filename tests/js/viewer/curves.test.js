import { describe, expect, it } from "vitest";
import { aimOf } from "../../../static/js/viewer/aims.js";
import { CURVE_COMMANDS } from "../../../static/js/viewer/curvecommands.js";
import { addPoint, dropPoint, inCurve, isCurvedPane, openPath } from "../../../static/js/viewer/curves.js";
import { threePlanes } from "../../../static/js/viewer/layouts.js";
import { curveWords } from "../../../static/js/viewer/planewords.js";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { smooth } from "../../../static/js/viewer/smooth.js";
import { initial, paneAt } from "../../../static/js/viewer/state.js";
import { length, minus } from "../../../static/js/viewer/vectors.js";
import { open, stack } from "./stacks.js";

/** @import { State, Vector } from "../../../static/js/viewer/state.js" */

const VOLUME = { position: [-50, -40, -300], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const CANVAS = { width: 400, height: 300 };
/** @type {Vector[]} */
const POINTS = [[0, 0, -290], [10, 5, -270], [0, 10, -250]];

const three = () => threePlanes(open(stack({ rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0], frame_of_reference: "9.1", volume: /** @type {any} */ (VOLUME) }, 41)));
const drawn = () => POINTS.reduce((/** @type {State} */ state, point, index) => addPoint(state, index, point), three());
const run = (/** @type {State} */ state, /** @type {string} */ id) => CURVE_COMMANDS.find((each) => each.id === id)?.run?.(state) ?? state;

const curved = (/** @type {State} */ state) => {
  const shown = paneAt(state);
  if (!isCurvedPane(shown)) throw new Error("no curved plane there");
  return shown;
};

describe("a path", () => {
  it("is drawn point by point in any pane of its volume, and opens in the last one", () => {
    const state = openPath({ ...drawn(), tool: "path" });
    expect([state.active, state.path, state.tool, state.layout]).toEqual([3, null, "crosshair", { rows: 2, columns: 2 }]);
    expect(curved(state)).toMatchObject({ path: POINTS, form: "straightened", turn: 0, source: { kind: "curved", stack: "a" } });
    expect(dropPoint(drawn()).path?.points).toEqual(POINTS.slice(0, 2));
    expect(dropPoint(dropPoint(dropPoint(drawn()))).path).toBe(null);
    const one = addPoint(three(), 0, [0, 0, -290]);
    expect(openPath(one)).toBe(one);
  });

  it("takes the place of the one before, which keeps its form", () => {
    const stretched = run(openPath(drawn()), "curve-form");
    const again = openPath(addPoint(addPoint(stretched, 0, [1, 1, -280]), 0, [2, 2, -260]));
    expect(curved(again)).toMatchObject({ path: [[1, 1, -280], [2, 2, -260]], form: "stretched" });
  });

  it("goes smoothly through all its points, straight where there are two", () => {
    const line = smooth(POINTS);
    for (const point of POINTS) expect(Math.min(...line.map((each) => length(minus(each, point))))).toBeLessThan(1e-9);
    const two = smooth([[0, 0, 0], [10, 0, 0]]);
    expect(two.every(([, y, z]) => Math.abs(y) + Math.abs(z) < 1e-9)).toBe(true);
    const arc = smooth([0, 30, 60, 90].map((degrees) => /** @type {Vector} */ ([50 * Math.cos((degrees * Math.PI) / 180), 50 * Math.sin((degrees * Math.PI) / 180), 0])));
    for (const each of arc) expect(Math.abs(length(each) - 50)).toBeLessThan(0.2);
  });

  it("is asked for as the standard says, in the pane's own pixels", () => {
    const state = run(run(run(openPath(drawn()), "curve-form"), "curve-clockwise"), "curve-thicker");
    const aim = aimOf(state, curved(state), CANVAS);
    const asked = aim && "wish" in aim ? aim.wish(null) : null;
    expect(asked?.resource).toBe("/dicomweb/main/studies/1.2/series/1.2.4/renderedmpr");
    expect(asked?.query).toContain("&stack=a&mprslab=2&renderingmethod=average_ip&volumetriccurvepoint=0,0,-290,10,5,-270,0,10,-250&curve=stretched&curveturn=15&viewport=400,300");
  });

  it("comes back from a saved state", () => {
    const state = run(openPath(drawn()), "curve-back");
    const saved = JSON.parse(JSON.stringify(save(state)));
    expect(saved.panes[3]).toMatchObject({ source: { kind: "curved" }, path: POINTS, turn: -15, center: null });
    expect(restore(initial("main", "1.2"), saved).panes[3]).toEqual(curved(state));
  });

  it("says what it is", () => {
    expect(curveWords({ form: "stretched", length: 44.6, turn: -15, thickness: 0, method: "average_ip", pixel_mm: 1 })).toBe("MPR curved · stretched · 45 mm · turned -15°");
  });

  it("finds the patient under its picture", () => {
    const knots = [{ column: 10, along: 0, point: /** @type {Vector} */ ([0, 0, 0]), down: /** @type {Vector} */ ([0, 0, -1]) }, { column: 20, along: 5, point: /** @type {Vector} */ ([5, 0, 0]), down: /** @type {Vector} */ ([0, 0, -1]) }];
    const curve = { form: /** @type {const} */ ("stretched"), length: 5, turn: 0, thickness: 0, method: /** @type {const} */ ("average_ip"), pixel_mm: 0.5, knots };
    expect(inCurve(curve, 15.5, 4.5)).toEqual([2.5, 0, -2]);
    expect([inCurve(curve, 3, 4), inCurve(curve, 30, 4)]).toEqual([null, null]);
  });
});

import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../static/js/viewer/commands.js";
import { threePlanes } from "../../../static/js/viewer/layouts.js";
import { CANONICAL } from "../../../static/js/viewer/planes.js";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { met, openSpace, turnedBy } from "../../../static/js/viewer/space.js";
import { spaceWish } from "../../../static/js/viewer/spacewishes.js";
import { isSpacePane, isStackPane, isVolumePane, paneAt, stackOf } from "../../../static/js/viewer/state.js";
import { cross, dot, length } from "../../../static/js/viewer/vectors.js";
import { open, stack } from "./stacks.js";

/** @import { State, Vector, Volume } from "../../../static/js/viewer/state.js" */

/** 100 by 80 voxels of 1 mm, 41 slices of 2.5 mm. @type {Volume} */
const VOLUME = { position: [-50, -40, -300], row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const CANVAS = { width: 400, height: 400 };
const made = () => stack({ modality: "CT", rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0], frame_of_reference: "9.1", volume: VOLUME }, 41);
const begun = () => open(made());

/** @param {State} state */
const spaceAt = (state) => {
  const shown = paneAt(state);
  if (!isSpacePane(shown)) throw new Error("no volume there");
  return shown;
};

describe("a volume in three dimensions", () => {
  it("opens alone, seen from the front, and goes back to its stack", () => {
    const state = openSpace(begun());
    expect(state.layout).toEqual({ rows: 1, columns: 1 });
    expect(spaceAt(state).plane).toMatchObject(CANONICAL.coronal);
    expect(isStackPane(paneAt(openSpace(state)))).toBe(true);
  });

  it("takes the fourth place beside its planes", () => {
    const state = openSpace(threePlanes(begun()));
    expect(state.active).toBe(3);
    expect(state.panes.map((shown) => shown?.source.kind)).toEqual(["volume", "volume", "volume", "rendered3d"]);
  });

  it("turns so that what is near follows the hand", () => {
    const plane = spaceAt(openSpace(begun())).plane;
    const right = turnedBy(plane, 100, 0);
    // The eye was before the patient; what is near moves to the picture's right when the eye goes to its left: the patient's right.
    expect(right.look[0]).toBeGreaterThan(0.5);
    expect(right.up).toEqual([0, 0, 1]);
    const down = turnedBy(plane, 0, 100);
    expect(down.look[2]).toBeLessThan(-0.5);
    for (const each of [right, down, turnedBy(right, -37, 81)]) {
      expect(length(each.look)).toBeCloseTo(1, 9);
      expect(dot(each.look, each.up)).toBeCloseTo(0, 9);
    }
  });

  it("keeps head and feet where they are while it turns to the side", () => {
    const plane = spaceAt(openSpace(begun())).plane;
    for (let x = 0; x < 800; x += 90) {
      const { look, up } = turnedBy(plane, x, 0);
      expect(cross(look, up)[2]).toBeCloseTo(0, 9);
      expect(up[2]).toBeCloseTo(1, 9);
    }
  });

  it("asks for fewer rays while a hand turns it", () => {
    const state = openSpace(begun());
    const shown = spaceAt(state);
    const of = /** @type {import("../../../static/js/viewer/state.js").Stack} */ (stackOf(state, shown));
    const rays = (/** @type {"moving" | "resting"} */ pace) => {
      const query = new URLSearchParams(spaceWish({ ...shown, scale: { fit: 1 } }, of, { ...VOLUME, size: [400, 400, 161] }, { width: 1600, height: 1600 }, null, pace)?.query);
      return (query.get("viewport") ?? "").split(",").map(Number).reduce((a, b) => a * b);
    };
    expect(rays("moving")).toBeLessThan(100_000);
    expect(rays("resting")).toBeGreaterThan(2 * rays("moving"));
    const { query = "" } = spaceWish({ ...shown, preset: "ct-lung", clip: [[0, 0, 0], [1, 2, 3]], cuts: [{ plane: shown.plane, corners: [[0, 0], [1, 0], [0, 1]], outside: true }] }, of, VOLUME, CANVAS, null, "resting") ?? {};
    expect(query).toContain("preset=ct-lung");
    expect(query).toContain("clip=0,0,0,1,2,3");
    expect(query).toContain("cut=outside,");
  });

  it("moves the planes to what a click has met", () => {
    const state = openSpace(threePlanes(begun()));
    const point = /** @type {Vector} */ ([1, 2, -250]);
    const next = met(state, `/dicomweb/main/studies/1/series/${spaceAt(state).source.series}/rendered3d`, point);
    expect(next.panes.filter(isVolumePane).map(({ plane }) => plane.point)).toEqual([point, point, point]);
  });

  it("is kept and comes back", () => {
    const state = openSpace(begun());
    const saved = JSON.parse(JSON.stringify(save(state)));
    expect(spaceAt(restore(begun(), saved))).toEqual(spaceAt(state));
  });

  it("has its presets by name", () => {
    const state = openSpace(begun());
    const lung = COMMANDS.find(({ id }) => id === "space-ct-lung");
    expect(lung?.offered?.(state)).toBe(true);
    expect(spaceAt(lung?.run?.(state) ?? state).preset).toBe("ct-lung");
    expect(COMMANDS.find(({ id }) => id === "space-mr-brain")?.offered?.(state)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { barOf } from "../../../static/js/viewer/colourbar.js";
import { bindings, COMMANDS } from "../../../static/js/viewer/commands.js";
import { changeFused, fuse, isFused, pairOf, targetOf, threeRows, toAsk, whyNotFused } from "../../../static/js/viewer/fusing.js";
import { layerLines } from "../../../static/js/viewer/fusedwords.js";
import { planeWish } from "../../../static/js/viewer/planewishes.js";
import { restore, save } from "../../../static/js/viewer/presentation.js";
import { Probe } from "../../../static/js/viewer/probe.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { isVolumePane, stackOf } from "../../../static/js/viewer/state.js";
import { open, series, stack, study } from "./stacks.js";
import { receiveStudy } from "../../../static/js/viewer/answers.js";

/** @import { State, VolumePane } from "../../../static/js/viewer/state.js" */

const VOLUME = { position: /** @type {const} */ ([-50, -40, -300]), row: [1, 0, 0], column: [0, 1, 0], step: [0, 0, 2.5], size: [100, 80, 41], spacing_mm: 1, words: "" };
const WIDE = { ...VOLUME, position: [-60, -60, -300], row: [4, 0, 0], column: [0, 4, 0], size: [30, 30, 41], spacing_mm: 2.5 };
const SUV = { name: "SUVbw", formula: "body weight", unit: "g/ml", factor: 0.001, reason: "" };

/** @param {string} [frame] of the PET @returns {State} a CT in the only pane, its PET known */
function both(frame = "9.1") {
  const spatial = { rows: 80, columns: 100, spatial: true, orientation: [1, 0, 0, 0, 1, 0] };
  const ct = stack(/** @type {any} */ ({ ...spatial, frame_of_reference: "9.1", volume: VOLUME }), 41);
  const pet = stack(/** @type {any} */ ({ ...spatial, key: "p", modality: "PT", unit: "Bq/ml", suv: SUV, frame_of_reference: frame, volume: WIDE }), 41);
  return receiveSeries(open(ct), "main/1.2/1.2.9", series(pet));
}

/** @param {State} state @returns {VolumePane[]} */
const fused = (state) => state.panes.filter(isVolumePane).filter((each) => each.fused);

/** @param {State} state @param {string} id */
const done = (state, id) => COMMANDS.find((command) => command.id === id)?.run?.(state) ?? state;

describe("a second volume over the planes", () => {
  it("is the PET of the same Frame of Reference, over all three planes, and goes again", () => {
    const state = fuse(both());
    expect(fused(state)).toHaveLength(3);
    expect(fused(state)[0]?.fused).toEqual({ source: { kind: "volume", archive: "main", study: "1.2", series: "1.2.9", stack: "p" }, voi: null, colormap: null, opacity: 0.5 });
    expect(isFused(state)).toBe(true);
    expect(fused(fuse(state))).toHaveLength(0);
  });

  it("is refused in words where the Frames of Reference differ", () => {
    const state = both("9.2");
    expect(pairOf(state)).toBeNull();
    expect(fuse(state)).toBe(state);
    expect(whyNotFused(state)).toContain("Frames of Reference differ");
    expect(whyNotFused(state)).toContain("Register now");
    expect(fused(threeRows(state))).toHaveLength(0);
  });

  it("is asked for on the plane's own picture, with its own window, map and opacity", () => {
    const state = changeFused(fuse(both()), { voi: { center: 2500, width: 5000, function: "LINEAR_EXACT" }, colormap: "PET", opacity: 0.7 });
    const [shown] = fused(state);
    if (!shown) throw new Error("no plane");
    const wish = planeWish(shown, /** @type {any} */ (stackOf(state, shown)), /** @type {any} */ (VOLUME), { width: 400, height: 400 }, null);
    expect(wish?.query).toContain("&fused=1.2.9:p&fusedwindow=2500,5000,linear-exact&fusedcolormap=PET&fusedopacity=0.7&");
    expect(wish?.query).not.toContain("fusedstudy");
    const elsewhere = { ...shown, fused: { .../** @type {any} */ (shown.fused), source: { .../** @type {any} */ (shown.fused).source, study: "1.1" }, registration: "r" } };
    const other = planeWish(elsewhere, /** @type {any} */ (stackOf(state, shown)), /** @type {any} */ (VOLUME), { width: 400, height: 400 }, null);
    expect(other?.query).toContain("&fusedstudy=1.1&");
    expect(other?.query).toContain("&registration=r&");
    expect(other?.look).not.toBe(wish?.look);
  });

  it("takes the window, presets and maps once a key has said so, for all planes that have it", () => {
    const before = fuse(both());
    expect(targetOf(before)?.stack.modality).toBe("CT");
    const state = done(done(done(before, "fuse-layer"), "window-suv-10"), "colormap-next");
    expect(targetOf(state)?.stack.modality).toBe("PT");
    expect(fused(state).map((each) => each.fused?.voi)).toEqual(Array(3).fill({ center: 5000, width: 10000, function: "LINEAR_EXACT" }));
    expect(fused(state).map((each) => [each.voi, each.colormap, each.fused?.colormap])).toEqual(Array(3).fill([null, null, "PET"]));
    expect(fused(done(done(before, "fuse-more"), "fuse-more")).map((each) => each.fused?.opacity)).toEqual([0.7, 0.7, 0.7]);
    expect(fused(Array(9).fill(0).reduce((now) => done(now, "fuse-less"), before))[0]?.fused?.opacity).toBe(0);
    expect([bindings().get("N")?.id, bindings().get("Shift+N")?.id]).toEqual(["fuse-more", "fuse-less"]);
  });

  it("stands in three rows with the MIP beside, all of one size about one middle", () => {
    const state = threeRows(both());
    expect(state.layout).toEqual({ rows: 3, columns: 4 });
    const panes = state.panes.filter(isVolumePane);
    expect(panes).toHaveLength(12);
    const series = panes.map((each) => each.source.series.at(-1) + (each.fused ? "+" : ""));
    expect(series.join(" ")).toBe("4 4 4 9 9 9 9 9 4+ 4+ 4+ 4+");
    expect(panes.map(({ slab }) => slab.thickness)).toEqual([0, 0, 0, 1000, 0, 0, 0, 1000, 0, 0, 0, 20]);
    expect(new Set(panes.map(({ plane }) => plane.point.join())).size).toBe(1);
    expect(new Set(panes.map(({ center }) => center?.join())).size).toBe(1);
    const mm = panes.map(({ scale, source }) => ("room" in scale ? (scale.room?.[0] ?? 0) : 0) * (source.series === "1.2.9" ? 2.5 : 1));
    expect(new Set(mm.map((each) => each.toFixed(6))).size).toBe(1);
  });

  it("has a MIP that is the same wherever the crosshair stands", () => {
    const state = threeRows(both());
    const mip = /** @type {VolumePane} */ (state.panes[3]);
    const wish = (/** @type {any} */ point) => planeWish({ ...mip, plane: { ...mip.plane, point } }, /** @type {any} */ (stackOf(state, mip)), /** @type {any} */ (WIDE), { width: 300, height: 300 }, null)?.query;
    expect(wish([1, 2, -250])).toBe(wish([9, 55, -210]));
    const thin = (/** @type {any} */ point) => planeWish({ ...mip, slab: { thickness: 10, method: "maximum_ip" }, plane: { ...mip.plane, point } }, /** @type {any} */ (stackOf(state, mip)), /** @type {any} */ (WIDE), { width: 300, height: 300 }, null)?.query;
    expect(thin([1, 2, -250])).not.toBe(thin([9, 55, -210]));
  });

  it("comes back with a saved state", () => {
    const state = changeFused(fuse(both()), { opacity: 0.3 });
    const back = restore(both(), /** @type {any} */ (JSON.parse(JSON.stringify(save(state)))));
    expect(back.panes).toEqual(state.panes);
    expect(toAsk(back)).toContain("main/1.2/1.2.9");
  });

  it("is known beforehand, where a study has both", () => {
    const kinds = study({ series: [["1.2.4", "CT"], ["1.2.9", "PT"], ["1.2.5", "SEG"]].map(([uid = "", modality = ""]) => ({ uid, modality, number: 1, description: "", instances: 9, viewable: null, words: "" })) });
    expect(toAsk(receiveStudy(both(), "main/1.2", kinds))).toEqual(["main/1.2/1.2.9", "main/1.2/1.2.4"]);
    expect(toAsk(open())).toEqual([]);
  });
});

describe("what is said of both", () => {
  const layer = /** @type {any} */ ({ study_uid: "1.2", study_date: "2024-05-01", modality: "PT", unit: "Bq/ml", suv: SUV, window: { center: 2500, width: 5000, function: "LINEAR_EXACT" }, colours: "000000ff0000", opacity: 0.5, volume_words: "" });

  it("is the layer's window in SUV and its opacity, of another day with its date", () => {
    expect(layerLines(layer, /** @type {any} */ ({ study_uid: "1.2" }))).toEqual([["+ PT · SUVbw 0–5 g/ml · 50 %"]]);
    expect(layerLines({ ...layer, registration_words: "registered" }, /** @type {any} */ ({ study_uid: "1.1" }))).toEqual([["registered", "warn"], ["+ PT · 2024-05-01 · SUVbw 0–5 g/ml · 50 %"]]);
    expect(layerLines(undefined, /** @type {any} */ ({}))).toEqual([]);
    expect(barOf(/** @type {any} */ ({ fused: layer, colour: false, modality: "CT", unit: "HU" }))).toMatchObject({ unit: "SUVbw", values: [0, 2.5, 5] });
  });

  it("is both values under the pointer", () => {
    const probe = new Probe(() => undefined, 0);
    probe.at([1, 1], "r", { rows: 9, columns: 9, placed: [1, 0, 0, 1, 0, 0] });
    const told = { seq: 16, resource: "r", value: 41.3, unit: "HU", words: "interpolated" };
    const pet = { value: 3210, unit: "Bq/ml", words: "interpolated", suv: { name: "SUVbw", value: 3.21, unit: "g/ml" } };
    expect(probe.answered({ ...told, fused: pet }, "r")).toBe("41.3 HU · SUVbw 3.21 g/ml · interpolated");
    expect(probe.answered({ ...told, fused: { value: null, unit: "", words: "–" } }, "r")).toBe("41.3 HU · – · interpolated");
  });
});

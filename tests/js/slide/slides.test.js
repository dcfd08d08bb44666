import { describe, expect, it } from "vitest";
import { blanksOf, extentOf, frameOf, levelsOf, tileAddress, tilesOf } from "../../../static/js/slide/slides.js";
import { level, slide } from "./slide.js";

describe("levels", () => {
  it("come smallest first, without those that show nothing", () => {
    expect(levelsOf(slide()).map(({ columns }) => columns)).toEqual([277, 555, 1110, 2220]);
  });

  it("are never none", () => {
    expect(levelsOf(slide({ levels: [level(10, 10)] }))).toHaveLength(1);
  });
});

describe("tiles", () => {
  it("are as many as cover the level", () => {
    expect(tilesOf(level(2220, 2967))).toEqual([5, 6]);
  });

  it("follow each other row by row from the first frame", () => {
    expect(frameOf(level(2220, 2967), 4, 5)).toEqual({ instance: "1.2220", frame: 30 });
    expect(frameOf(level(2220, 2967, { first: 31 }), 0, 1)).toEqual({ instance: "1.2220", frame: 36 });
  });

  it("aren't there beside the level, nor where a sparse one has none", () => {
    expect(frameOf(level(2220, 2967), 5, 0)).toBeNull();
    const sparse = level(1110, 1483, { frames: [3, 0, 1, 0, 0, 0, 2, 0, 0] });
    expect(frameOf(sparse, 0, 0)?.frame).toBe(3);
    expect(frameOf(sparse, 1, 0)).toBeNull();
    expect(frameOf(sparse, 0, 2)?.frame).toBe(2);
  });

  it("lie in the part of a concatenation that holds their frame", () => {
    const parts = [{ instance: "1.a", offset: 0, frames: 20 }, { instance: "1.b", offset: 20, frames: 10 }];
    expect(frameOf(level(2220, 2967, { parts }), 4, 3)).toEqual({ instance: "1.a", frame: 20 });
    expect(frameOf(level(2220, 2967, { parts }), 0, 4)).toEqual({ instance: "1.b", frame: 1 });
  });

  it("are cut off where the padding begins", () => {
    expect(extentOf(level(2220, 2967), 4, 5)).toEqual({ x: 2000, y: 2500, width: 220, height: 467 });
  });

  it("have the standard's address", () => {
    expect(tileAddress({ archive: "main", study: "1", series: "2" }, { instance: "3", frame: 4 })).toBe(
      "/dicomweb/main/studies/1/series/2/instances/3/frames/4/rendered",
    );
  });
});

describe("what was not scanned", () => {
  const sparse = level(1110, 1483, { frames: [1, 0, 0, 0, 0, 0, 2, 3, 4] });

  it("lies under the missing tiles of the smallest level, joined along rows and cut at the edge", () => {
    const down = 2967 / 1483;
    expect(blanksOf(slide({ levels: [level(2220, 2967), sparse] }))).toEqual([
      { x: 1000, y: 0, width: 1220, height: 500 * down },
      { x: 0, y: 500 * down, width: 2220, height: 500 * down },
    ]);
  });

  it("is nothing where a coarser level lies under it, nor in a grey slide", () => {
    expect(blanksOf(slide({ levels: [sparse, level(555, 741)] }))).toEqual([]);
    expect(blanksOf(slide({ levels: [sparse], colour: false }))).toEqual([]);
    expect(blanksOf(slide())).toEqual([]);
  });
});

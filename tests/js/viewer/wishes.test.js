import { describe, expect, it } from "vitest";
import { viewport, wish } from "../../../static/js/viewer/wishes.js";
import { pane } from "../../../static/js/viewer/state.js";
import { SOURCE, stack } from "./stacks.js";

const ENTRY = { instance: "1.2.1", frame: 1 };
/** @type {import("../../../static/js/viewer/geometry.js").Look} */
const LOOK = { rotation: 0, flip_horizontal: false, flip_vertical: false, center: null, scale: { fit: 1 } };

describe("what is asked for", () => {
  it("is the frame's rendered picture in the window of the stack", () => {
    const asked = wish(pane(SOURCE), stack(), ENTRY, { width: 1024, height: 800 }, null);
    expect(asked).toMatchObject({
      resource: "/dicomweb/main/studies/1.2/series/1.2.4/instances/1.2.1/frames/1/rendered",
      query: "accept=image/png&window=50,350,linear",
    });
  });

  it("leaves the grey levels to the server where the file has a lookup table", () => {
    const table = { center: 2048, width: 4096, function: "LUT" };
    const asked = wish(pane(SOURCE), stack({ window: table, windows: [table] }), ENTRY, { width: 600, height: 600 }, null);
    expect(asked?.query).toBe("accept=image/png");
  });

  it("spells the functions as the standard's parameter does", () => {
    const voi = { center: 1.5, width: 0.25, function: /** @type {const} */ ("LINEAR_EXACT") };
    expect(wish(pane(SOURCE, { voi, invert: true }), stack(), ENTRY, { width: 600, height: 600 }, 80)?.query)
      .toBe("accept=image/jpeg&quality=80&window=1.5,0.25,linear-exact&invert=yes");
  });

  it("never inverts or windows colours", () => {
    expect(wish(pane(SOURCE, { invert: true }), stack({ colour: true }), ENTRY, { width: 600, height: 600 }, null)?.query)
      .toBe("accept=image/png");
  });
});

describe("how a picture is encoded", () => {
  const asked = (/** @type {number | null} */ quality, modality = "CT") => wish(pane(SOURCE), stack({ modality }), ENTRY, { width: 600, height: 600 }, quality);

  it("doesn't change what it shows, nor the window that it belongs to", () => {
    expect(asked(60)).toMatchObject({ lossless: false, quality: 60, query: "accept=image/jpeg&quality=60&window=50,350,linear" });
    expect(asked(60)?.subject).toBe(asked(null)?.subject);
    expect(asked(60)?.window).toBe(asked(null)?.window);
  });

  it("is never lossy for a mammogram", () => {
    expect(asked(60, "MG")).toMatchObject({ lossless: true, quality: null, query: "accept=image/png&window=50,350,linear" });
  });
});

describe("the part and size", () => {
  const grid = { columns: 512, rows: 512, aspect: 1 };

  it("is the stored matrix when it is magnified", () => {
    expect(viewport(grid, { width: 800, height: 800 }, LOOK)).toBe("");
  });

  it("is the pane's own resolution when it is minified", () => {
    expect(viewport(grid, { width: 300, height: 256 }, LOOK)).toBe("256,256");
    expect(viewport({ columns: 400, rows: 200, aspect: 2 }, { width: 200, height: 900 }, LOOK)).toBe("200,200");
  });

  it("is a part of a large matrix when only that is seen", () => {
    const large = { columns: 4000, rows: 4000, aspect: 1 };
    expect(viewport(large, { width: 512, height: 512 }, { ...LOOK, center: [2048, 2048], scale: { pixels: 2 } })).toBe("256,256,1920,1920,256,256");
    expect(viewport(large, { width: 512, height: 512 }, { ...LOOK, center: [2048, 2048], scale: { pixels: 0.5 } })).toBe("512,512,1536,1536,1024,1024");
  });

  it("is nothing when the image lies outside the pane", () => {
    expect(viewport(grid, { width: 100, height: 100 }, { ...LOOK, center: [5000, 0], scale: { pixels: 1 } })).toBe(null);
  });
});

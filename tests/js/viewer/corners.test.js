import { describe, expect, it } from "vitest";
import { corners, fidelity, fitted, heldLine, heldLines, identityLine, imageOf, windowWords, zoomWords } from "../../../static/js/viewer/corners.js";
import { isOwnOrNamed } from "../../../static/js/viewer/presets.js";
import { spoken } from "../../../static/js/viewer/spoken.js";
import { stack } from "./stacks.js";

/** @type {import("../../../static/js/viewer/corners.js").Picture} */
const PICTURE = {
  patient: { name: "Ek, Anna", id: "7", birth_date: "1950-01-01", sex: "F", age: "074Y" },
  study_uid: "1.2", study_date: "2024-05-01", study_time: "10:20:30", study_description: "CT Thorax", accession_number: "A1", institution: "St Elsewhere",
  series_uid: "1.2.4", series_number: 2, series_description: "Thorax 1.0", modality: "CT", instance: "1.2.1", frame: 1, instance_number: 45,
  stack: "a", index: 44, count: 120, location: -120.5, slice_thickness: 1.25, orientation: null, patient_orientation: null, laterality: "",
  rows: 512, columns: 512, pixel_spacing: [0.7, 0.7], aspect: 1, spacing_basis: "patient", spacing_words: "",
  window: { center: 40, width: 400, function: "LINEAR", explanation: null }, unit: "HU", inverted: false,
  region: [0, 0, 512, 512], size: [512, 512], lossless: true, source_lossy: false, source_lossy_ratio: null, derived: false,
  technique: { KVP: 120, ConvolutionKernel: "B30f" }, frame_of_reference: null, colour: false,
};
const PAGE = { zoom: "1:1", prior: "", notes: [] };
const texts = (/** @type {{text: string}[]} */ lines) => lines.map(({ text }) => text);

describe("the corners", () => {
  it("say who, what, how and where", () => {
    const shown = corners(PICTURE, PAGE);
    expect(texts(shown.topLeft)).toEqual(["Ek, Anna", "7", "1950-01-01 (074Y) F"]);
    expect(texts(shown.topRight)).toEqual(["St Elsewhere", "2024-05-01 10:20", "CT Thorax", "A1"]);
    expect(texts(shown.bottomLeft)).toEqual(["W 400 L 40 HU · Soft tissue", "1:1"]);
    expect(texts(shown.bottomRight)).toEqual(["2. Thorax 1.0", "120 kV  B30f", "Loc −120.5 mm  Thk 1.25 mm", "Image 45/120"]);
  });

  it("say what millimetres rest on that aren't the patient's, also where a pane has no room or no other text", () => {
    const detector = { ...PICTURE, spacing_basis: "detector", spacing_words: "mm at detector" };
    expect(texts(corners(detector, PAGE).bottomLeft)[0]).toBe("mm at detector");
    const calibration = { words: "mm calibrated by Ek" };
    expect(texts(corners(detector, { ...PAGE, calibration }).bottomLeft)[0]).toBe("mm calibrated by Ek");
    for (const text of /** @type {const} */ (["all", "identity"])) {
      expect(texts(heldLines(detector, { ownWindow: true, text, prior: "" }))).toContain("mm at detector");
    }
    expect(heldLines(detector, { ownWindow: true, text: "none", prior: "" })).toEqual([]);
  });

  it("say that a pane goes along unregistered, whatever else stands there", () => {
    const across = "not registered: linked by an offset of −31 mm";
    const line = { text: across, kind: "across" };
    for (const burnt_in of [true, false]) {
      const all = corners({ ...PICTURE, burnt_in, derived: true, remarks: ["no patient identity"] }, { ...PAGE, across });
      expect(fitted(all, 1).bottomRight).toContainEqual(expect.objectContaining(line));
    }
  });

  it("are two lines each beside a picture that has text of its own", () => {
    const shown = corners({ ...PICTURE, modality: "US", burnt_in: true, laterality: "R", derived: true, remarks: ["no patient identity"] }, PAGE);
    expect(texts(shown.topLeft)).toEqual(["Ek, Anna", "7 · 1950-01-01 (074Y) F"]);
    expect(texts(shown.topRight)).toEqual(["2024-05-01 10:20", "CT Thorax"]);
    expect(texts(shown.bottomLeft)).toHaveLength(1);
    expect(shown.bottomRight.map(({ text, kind }) => [text, kind])).toEqual([
      ["DERIVED · no patient identity", "warn"], ["R (right)", "strong"], ["Image 45/120", "strong"],
    ]);
    expect(texts(corners({ ...PICTURE, burnt_in: true }, { ...PAGE, prior: "PRIOR 8 months" }).topRight)[0]).toBe("PRIOR 8 months");
  });

  it("say what is to be known of a picture before it is trusted", () => {
    const shown = corners({ ...PICTURE, remarks: ["no patient identity"] }, { ...PAGE, notes: ["2 missing"] });
    expect(shown.bottomRight.filter(({ kind }) => kind === "warn").map(({ text }) => text)).toEqual(["no patient identity", "2 missing"]);
  });

  it("put prior and laterality where they are seen", () => {
    const shown = corners({ ...PICTURE, laterality: "L" }, { ...PAGE, prior: "PRIOR 8 months" });
    expect(shown.topRight[0]).toEqual({ text: "PRIOR 8 months", kind: "prior" });
    expect(shown.bottomRight[0]).toEqual({ text: "L (left)", kind: "large" });
  });

  it("keep a name for the nameless", () => {
    expect(identityLine({ ...PICTURE, patient: { ...PICTURE.patient, name: "", birth_date: "" } })).toBe("Name unknown · 7 · 2024-05-01 · CT");
  });

  it("tell the Instance Number where it isn't the place", () => {
    expect(imageOf({ ...PICTURE, instance_number: 76 })).toBe("Image 45/120 (no. 76)");
    expect(imageOf({ ...PICTURE, index: null, instance_number: 3 })).toBe("No. 3");
  });

  it("name a window by its preset, its file's words or its shape", () => {
    expect(windowWords({ ...PICTURE, window: { center: 1, width: 2, function: "SIGMOID" } })).toBe("W 2 L 1 HU · sigmoid");
    expect(windowWords({ ...PICTURE, modality: "MR", unit: "", window: { center: 40, width: 400, explanation: "BRAIN" } })).toBe("W 400 L 40 · BRAIN");
    expect(windowWords({ ...PICTURE, window: null })).toBe("");
  });
});

describe("what is never hidden", () => {
  const plane = /** @type {const} */ ({ point: [0, 0, 0], look: [0, 1, 0], up: [0, 0, 1], thickness: 10, method: "maximum_ip", pixel_spacing: 1 });
  const cut = /** @type {import("../../../static/js/viewer/corners.js").Picture} */ (/** @type {unknown} */ ({ ...PICTURE, plane }));

  it("is a slab, at every level of text", () => {
    for (const text of /** @type {const} */ (["all", "identity", "none"])) {
      expect(heldLine(cut, { ownWindow: true, text })).toEqual({ text: "MPR coronal · MIP 10 mm", kind: "coronal" });
    }
    expect(corners(cut, PAGE).bottomRight.at(-1)).toEqual({ text: "MPR coronal · MIP 10 mm", kind: "coronal" });
  });

  it("is a window that a hand made, and an inversion", () => {
    const thin = { ...cut, plane: cut.plane && { ...cut.plane, thickness: 0 }, window: { center: 33, width: 333 } };
    expect(heldLine(thin, { ownWindow: true, text: "all" })?.text).toBe("MPR coronal");
    expect(heldLine(thin, { ownWindow: true, text: "none" })).toBe(null);
    expect(heldLine(thin, { ownWindow: false, text: "none" })?.text).toBe("MPR coronal · W 333 L 33 HU");
    expect(heldLine({ ...PICTURE, window: { center: 33, width: 333 } }, { ownWindow: false, text: "identity" })).toEqual({ text: "W 333 L 33 HU", kind: "held" });
    expect(heldLine({ ...PICTURE, inverted: true }, { ownWindow: true, text: "all" })?.text).toBe("W 400 L 40 HU · Soft tissue · inverted");
    expect(heldLine(PICTURE, { ownWindow: true, text: "all" })).toBe(null);
  });

  it("tells a window of the series, or one with a name, from others", () => {
    const shown = stack();
    expect([null, { choice: 1 }, { center: 40, width: 400, function: "LINEAR" }].map((voi) => isOwnOrNamed(shown, /** @type {any} */ (voi)))).toEqual([true, true, true]);
    expect(isOwnOrNamed(shown, { center: 41, width: 400, function: "LINEAR" })).toBe(false);
    expect(isOwnOrNamed(shown, { automatic: true })).toBe(false);
    expect(isOwnOrNamed(stack({ modality: "MR", unit: "" }), { center: -600, width: 1500, function: "LINEAR" })).toBe(false);
  });
});

describe("a pane without much room", () => {
  const full = corners({ ...PICTURE, laterality: "L", derived: true }, { ...PAGE, prior: "PRIOR 1 day", notes: ["2 missing"] });
  const said = (/** @type {number} */ rows) => Object.values(fitted(full, rows)).flat().map(({ text }) => text);

  it("leaves out by weight, never who, when, which side, which image, or a warning", () => {
    expect(fitted(full, 99)).toEqual(full);
    expect(said(full.topRight.length + full.bottomRight.length - 1)).not.toContain("A1");
    expect(said(full.topRight.length + full.bottomRight.length - 1)).toContain("St Elsewhere");
    const least = said(1);
    for (const text of [...full.topLeft, ...full.bottomLeft].map((line) => line.text)) expect(least).toContain(text);
    for (const text of ["PRIOR 1 day", "L (left)", "DERIVED", "2 missing", "Image 45/120"]) expect(least).toContain(text);
    expect(least).not.toContain("CT Thorax");
  });

  it("keeps side and image beside the line of identity", () => {
    expect(heldLines({ ...PICTURE, laterality: "R" }, { ownWindow: true, text: "all", prior: "PRIOR 1 day" }).map(({ text }) => text)).toEqual(["PRIOR 1 day", "R (right)", "Image 45/120"]);
    expect(heldLines(PICTURE, { ownWindow: true, text: "identity", prior: "" })).toEqual([]);
  });
});

describe("fidelity", () => {
  it("is full only when every stored pixel arrives unchanged", () => {
    expect(fidelity(PICTURE).sign).toBe("full");
    expect(fidelity({ ...PICTURE, size: [256, 256] })).toMatchObject({ sign: "scaled", words: "lossless, reduced to 50 %" });
  });

  it("tells a lossy source in words, always", () => {
    expect(fidelity({ ...PICTURE, source_lossy: true, source_lossy_ratio: [10.4] })).toEqual({ sign: "source", words: "LOSSY SOURCE 10.4:1", insist: true });
  });

  it("tells a picture that only moves", () => {
    expect(fidelity({ ...PICTURE, lossless: false }).sign).toBe("moving");
  });
});

it("speaks as the image area's name", () => {
  expect(spoken(PICTURE, "axial", "slice")).toBe("Axial CT CT Thorax, slice 45 of 120, window 40/400");
  expect(spoken({ ...PICTURE, modality: "US", window: null }, "", "frame")).toBe("US CT Thorax, frame 45 of 120");
});

it("shows zoom as people read it", () => {
  expect(zoomWords(1)).toBe("1:1");
  expect(zoomWords(1.504)).toBe("Zoom 150 %");
});

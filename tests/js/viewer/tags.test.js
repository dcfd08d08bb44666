import { describe, expect, it } from "vitest";
import { difference, holders, imageOf, rowsOf, valueOf, whyNot } from "../../../static/js/viewer/tagsmodel.js";
import { COMMANDS } from "../../../static/js/viewer/commands.js";
import { scrollTo } from "../../../static/js/viewer/scrolling.js";
import { open, stack } from "./stacks.js";

/** @import { Attribute } from "../../../static/js/viewer/tagsmodel.js" */

/** @param {string} tag @param {string} value @param {Partial<Attribute>} [more] @returns {Attribute} */
const said = (tag, value, more = {}) => ({ tag, vr: "LO", keyword: "", name: "", vm: 1, value, ...more });
/** @param {string} value @returns {Attribute[]} */
const codes = (value) => [said("00080100", value, { keyword: "CodeValue", name: "Code Value" })];
/** @type {Attribute[]} */
const IMAGE = [
  said("00100010", "Ek^Anna", { keyword: "PatientName", name: "Patient's Name" }),
  { tag: "00081140", vr: "SQ", keyword: "ReferencedImageSequence", name: "Referenced Image Sequence", vm: 2, items: [codes("T-1"), codes("T-2")] },
  { tag: "7FE00010", vr: "OW", keyword: "PixelData", name: "Pixel Data", vm: 1, binary: null },
  said("00191001", "5", { creator: "ACME 1.1" }),
];
/** @type {import("../../../static/js/viewer/tagsmodel.js").Choice} */
const ALL = { words: "", only: false, open: new Map(), difference: null };
const keys = (/** @type {Partial<typeof ALL>} */ choice, elements = IMAGE) => rowsOf(elements, { ...ALL, ...choice }).map(({ key }) => key);

it("knows what an attribute lies in", () => {
  expect(holders("00100010")).toEqual([]);
  expect(holders("00081140[0]00080100")).toEqual(["00081140", "00081140[0]"]);
  expect(holders("00081140[12]00400260[0]00080100")).toEqual(["00081140", "00081140[12]", "00081140[12]00400260", "00081140[12]00400260[0]"]);
});

describe("rows", () => {
  it("fold, and a sequence unfolds with its items", () => {
    expect(keys({})).toEqual(["00100010", "00081140", "7FE00010", "00191001"]);
    const open = new Map([["00081140", true]]);
    expect(keys({ open })).toEqual(["00100010", "00081140", "00081140[0]", "00081140[0]00080100", "00081140[1]", "00081140[1]00080100", "7FE00010", "00191001"]);
    expect(rowsOf(IMAGE, { ...ALL, open }).map(({ level }) => level)).toEqual([1, 1, 2, 3, 2, 3, 1, 1]);
    open.set("00081140[0]", false);
    expect(keys({ open })).not.toContain("00081140[0]00080100");
  });

  it("are found by keyword, name, tag number in any spelling, value and creator", () => {
    for (const words of ["patientname", "patient's na", "00100010", "0010,0010", "(0010,0010)", "0010 0010", "anna ek"]) expect(keys({ words })).toEqual(["00100010"]);
    expect(keys({ words: "acme" })).toEqual(["00191001"]);
    expect(keys({ words: "nowhere" })).toEqual([]);
  });

  it("are found inside of sequences, which unfold around them", () => {
    expect(keys({ words: "t-2" })).toEqual(["00081140", "00081140[1]", "00081140[1]00080100"]);
    expect(keys({ words: "t-2", open: new Map([["00081140", false]]) })).toEqual(["00081140"]);
    expect(keys({ words: "referencedimage" }), "found itself: it holds all that it held").toEqual(["00081140"]);
    expect(keys({ words: "referencedimage", open: new Map([["00081140", true]]) })).toHaveLength(5);
  });
});

describe("the image before", () => {
  it("differs in values, in what is new and in what lies in sequences", () => {
    const before = [said("00100010", "Ek^Anna", { keyword: "PatientName", name: "Patient's Name" }), { ...IMAGE[1], items: [codes("T-1"), codes("T-9")] }, IMAGE[2], said("00204000", "gone")];
    const found = difference(/** @type {Attribute[]} */ (before), IMAGE);
    expect([...found.changed].sort()).toEqual(["00081140", "00081140[1]", "00081140[1]00080100", "00191001"]);
    expect(found.gone).toBe(1);
    expect(keys({ only: true, difference: found })).toEqual(["00081140", "00081140[1]", "00081140[1]00080100", "00191001"]);
  });

  it("tells binary values of one length apart by their digest", () => {
    const lut = (/** @type {string} */ digest) => [{ tag: "00283006", vr: "OW", keyword: "LUTData", name: "LUT Data", vm: 1, binary: 512, digest }];
    expect(difference(lut("a"), lut("a")).changed.size).toBe(0);
    expect(difference(lut("a"), lut("b")).changed.size).toBe(1);
  });
});

describe("what is told", () => {
  it("never is what is binary", () => {
    expect(valueOf({ tag: "00283006", vr: "OW", keyword: "", name: "", vm: 1, binary: 512 })).toBe("binary, 512 bytes");
    expect(valueOf(/** @type {Attribute} */ (IMAGE[2]))).toContain("bulk data");
  });

  it("is of the image that the active pane shows, not of a gap", () => {
    const state = scrollTo(open(stack({}, 5, [3])), 2);
    expect(imageOf(state)).toMatchObject({ instance: "1.2.3", frame: 1, words: "Image 3 of 5", address: "/api/studies/main/1.2/series/1.2.4/instances/1.2.3/frames/1/tags/" });
    expect(whyNot(state)).toBe("");
    const gap = scrollTo(state, 3);
    expect(imageOf(gap)).toBeNull();
    expect(whyNot(gap)).not.toBe("");
    expect(COMMANDS.find(({ id }) => id === "tags")?.why?.(gap)).toBe(whyNot(gap));
  });
});

import { describe, expect, it } from "vitest";
import { isolated, joined } from "../../../static/js/shared/bidi.js";
import { interpolate } from "../../../static/js/shared/i18n.js";
import { identityLine } from "../../../static/js/viewer/corners.js";
import { patientWords } from "../../../static/js/viewer/newswords.js";

const [BEGIN, END] = ["\u2068", "\u2069"];
const HEBREW = "שרון, דבורה";

describe("text that reads from right to left", () => {
  it("is kept apart, and nothing else is touched", () => {
    for (const text of ["", "Åström, Göran", "Чайковский", "山田 太郎", "123-4", "สมชาย"]) expect(isolated(text)).toBe(text);
    for (const text of [HEBREW, "قباني, لنزار", "CT של", "\u{10a00}", "\ufefb"]) expect(isolated(text)).toBe(BEGIN + text + END);
  });

  it("leaves the order of what stands beside it", () => {
    expect(joined([HEBREW, "12-345", null, "", "1970-01-01"])).toBe(`${BEGIN}${HEBREW}${END} · 12-345 · 1970-01-01`);
    expect(interpolate("Read by {name} {time}", { name: HEBREW, time: "07:30" })).toBe(`Read by ${BEGIN}${HEBREW}${END} 07:30`);
    const patient = { name: HEBREW, id: "12-345", birth_date: "1970-01-01", sex: "F", age: "50 y", identity: "", key: "k" };
    expect(patientWords(patient)).toBe(`${BEGIN}${HEBREW}${END} · 12-345 · 1970-01-01 · F`);
    const picture = /** @type {import("../../../static/js/viewer/corners.js").Picture} */ (/** @type {unknown} */ ({ patient, study_date: "2020-01-02", modality: "CT", laterality: "" }));
    expect(identityLine(picture)).toBe(`${BEGIN}${HEBREW}${END} · *1970 · 2020-01-02 · CT`);
  });
});

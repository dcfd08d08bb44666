import { describe, expect, it } from "vitest";
import { interval, isoDate, whenWords } from "../../../static/js/viewer/when.js";

const on = (/** @type {string} */ date, time = "", offset = "") => ({ date, time, offset });

describe("how long ago", () => {
  it.each([
    ["2024-04-30", "PRIOR 1 day"],
    ["2024-03-20", "PRIOR 6 weeks"],
    ["2023-09-01", "PRIOR 8 months"],
    ["20200501", "PRIOR 4 years"],
    ["2024-06-01", "LATER 4 weeks"],
    ["2024-05-01", ""],
    ["", ""],
  ])("%s is %s", (date, words) => expect(interval(on(date), on("2024-05-01"))).toBe(words));
});

describe("how long before the page's own study a prior was made", () => {
  it("is said in the unit that one would say it in", () => {
    expect(interval(on("2026-08-23"), on("2026-11-23"))).toBe("PRIOR 3 months");
    expect(interval(on("20251130"), on("20260228"))).toBe("PRIOR 3 months");
    expect(interval(on("2026-11-22"), on("2026-11-23"))).toBe("PRIOR 1 day");
    expect(interval(on("2027-02-23"), on("2026-11-23"))).toBe("LATER 3 months");
  });

  it("isn't changed by summer time", () => {
    expect(interval(on("2026-10-24", "23:30:00"), on("2026-10-25", "00:30:00"))).toBe("PRIOR 1 day");
    expect(interval(on("2026-03-28"), on("2026-03-30"))).toBe("PRIOR 2 days");
  });

  it("is counted by one clock where the offsets of both are known", () => {
    // 23:00 and 23:30 UTC of the 22nd.
    const [tokyo, london] = [on("2026-11-23", "08:00:00", "+09:00"), on("2026-11-22", "23:30:00", "+00:00")];
    expect(interval(tokyo, london)).toBe("");
    expect(interval(london, tokyo)).toBe("");
    expect(interval(on("2026-11-22", "23:30:00"), tokyo)).toBe("PRIOR 1 day");
    // 04:30 UTC of the 23rd and 03:00 UTC of the 23rd: in Saint John's the 22nd still.
    expect(interval(on("2026-11-23", "10:00:00", "+05:30"), on("2026-11-22", "23:30:00", "-03:30"))).toBe("LATER 1 day");
  });

  it("isn't said of a day that no calendar has", () => {
    expect(interval(on("2026-02-30"), on("2026-11-23"))).toBe("");
    expect(interval(on("20260230"), on("2026-11-23"))).toBe("");
    expect(interval(on("00000000"), on("2026-11-23"))).toBe("");
    expect(interval(on(""), on("2026-11-23"))).toBe("");
  });
});

describe("when a study was made", () => {
  it("is shown as written, with its offset where the file says one", () => {
    expect(whenWords("2026-11-23", "08:00:00", "+09:00")).toBe("2026-11-23 08:00 +09:00");
    expect(whenWords("20261123", "080000", "")).toBe("2026-11-23 08:00");
    expect(whenWords("20261123", "", "+09:00")).toBe("2026-11-23");
    expect(isoDate("20240501")).toBe("2024-05-01");
    expect(isoDate("unknown")).toBe("unknown");
  });
});

import { describe, expect, test } from "vitest";
import { clock, wordsOf } from "../../../static/js/side/reading.js";

/** @type {import("../../../static/js/side/reading.js").Reading} */
const UNREAD = { state: "unread", reader: null, mine: false, may_claim: true, claimed_at: null, active_until: null, finished_at: null };
const EVA = { id: 3, name: "Eva Lund" };

/** @param {Date} moment @returns {string} */
function today(moment) {
  return `${String(moment.getHours()).padStart(2, "0")}:${String(moment.getMinutes()).padStart(2, "0")}`;
}

describe("a moment", () => {
  test("of today is a time of day", () => {
    const now = new Date();
    expect(clock(now.toISOString())).toBe(today(now));
  });
  test("of another day has its date", () => {
    expect(clock("2026-03-01T09:05:00")).toBe("2026-03-01 09:05");
  });
  test("that isn't known is nothing", () => {
    expect(clock(null)).toBe("");
  });
});

describe("the strip says", () => {
  test("that one reads", () => {
    expect(wordsOf({ ...UNREAD, state: "claimed", mine: true, reader: EVA })).toBe("Reading");
  });
  test("that one looks at what nobody has", () => {
    expect(wordsOf(UNREAD)).toBe("Looking");
    expect(wordsOf({ ...UNREAD, state: "none" })).toBe("Looking");
  });
  test("who has it, and since when", () => {
    const claimed_at = "2026-03-01T09:05:00";
    expect(wordsOf({ ...UNREAD, state: "claimed", reader: EVA, claimed_at })).toBe("Claimed by Eva Lund since 2026-03-01 09:05");
    expect(wordsOf({ ...UNREAD, state: "claimed", reader: EVA })).toBe("Claimed by Eva Lund");
  });
  test("who has read it", () => {
    expect(wordsOf({ ...UNREAD, state: "done", reader: EVA, finished_at: "2026-03-01T09:05:00" })).toBe("Read by Eva Lund 2026-03-01 09:05");
    expect(wordsOf({ ...UNREAD, state: "done" })).toBe("It has been read");
  });
});

import { describe, expect, it } from "vitest";
import { answered, carries, inFlight, moving, roundTrip, UNMEASURED } from "../../../static/js/viewer/line.js";
import { Ring } from "../../../static/js/viewer/ring.js";

/** @import { Measured } from "../../../static/js/viewer/line.js" */

/** Bytes of a JPEG at each quality, as of a CT slice of which 120 kB are lossless. */
const BYTES = /** @type {Record<number, number>} */ ({ 90: 32_000, 80: 20_000, 70: 16_000, 60: 13_500, 50: 11_500, 40: 10_000, 30: 8_500 });

/**
 * A line that carried pictures for a while, one after the other or several at once.
 * @param {{round: number, rate: number, pictures?: number, together?: number}} line round trip in ms, rate in bytes a ms
 * @returns {Measured}
 */
function used({ round, rate, pictures = 40, together = 1 }) {
  let line = roundTrip(UNMEASURED, round);
  let before = 0;
  let free = 0;
  let sent = 0;
  for (let count = 0; count < pictures; count++) {
    const quality = count % 8 === 0 ? null : moving(line);
    const bytes = quality === null ? 120_000 : /** @type {number} */ (BYTES[quality]);
    const ready = sent + round + 5;
    const arrived = Math.max(ready, free) + bytes / rate;
    line = answered(line, { bytes, sent, arrived, before, took: 5, quality });
    [before, free] = [arrived, arrived];
    if (count % together === together - 1) sent = arrived;
  }
  return line;
}

describe("the line", () => {
  it("is asked for one picture at a time when it is short, for eight at most when it is long", () => {
    expect(inFlight(UNMEASURED)).toBe(1);
    expect(inFlight(used({ round: 2, rate: 100_000 }))).toBe(1);
    expect(inFlight(used({ round: 40, rate: 2500 }))).toBeGreaterThanOrEqual(3);
    expect(inFlight(used({ round: 100, rate: 1250 }))).toBeGreaterThanOrEqual(6);
    expect(inFlight(used({ round: 900, rate: 1250 }))).toBe(8);
  });

  it("is known by the shortest of the last round trips: the others also waited behind pictures", () => {
    const line = [300, 41, 40, 180].reduce(roundTrip, UNMEASURED);
    expect(line.roundTrip).toBe(40);
    expect([90, 90, 90, 90, 90, 90].reduce(roundTrip, line).roundTrip).toBe(90);
  });

  it("stays lossless until it was measured to be slow, and is so again when it is fast", () => {
    expect(moving(UNMEASURED)).toBe(null);
    expect(moving(used({ round: 2, rate: 100_000 }))).toBe(null);
    expect(moving(used({ round: 40, rate: 12_500 }))).toBe(null);
    expect(moving(used({ round: 40, rate: 2500 }))).not.toBe(null);
  });

  it("stays lossy until a lossless picture was fast: small ones can't tell", () => {
    let line = used({ round: 40, rate: 2500 });
    for (let count = 0; count < 50; count++) {
      line = answered(line, { bytes: 9000, sent: 1e5 + 100 * count, arrived: 1e5 + 100 * count + 45, before: 0, took: 5, quality: 40 });
    }
    expect(moving(line, 1, 40)).not.toBe(null);
    for (let count = 0; count < 8; count++) {
      line = answered(line, { bytes: 120_000, sent: 2e5 + 400 * count, arrived: 2e5 + 400 * count + 50, before: 0, took: 5, quality: null });
    }
    expect(moving(line, 1, 40)).toBe(null);
  });

  it("is weighed by the round trip that is known by now, not by the first one of a page that was busy", () => {
    let line = roundTrip(UNMEASURED, 140);
    line = answered(line, { bytes: 120_000, sent: 0, arrived: 93, before: 0, took: 5, quality: null });
    expect(moving(line)).toBe(null);
    expect(moving(roundTrip(line, 40))).not.toBe(null);
  });

  it("carries a quality that fits: the narrower, the lower, and lower where panes move together", () => {
    const [wide, narrow] = [used({ round: 40, rate: 2500 }), used({ round: 100, rate: 1000 })];
    expect(moving(wide)).toBeGreaterThan(Number(moving(narrow)));
    expect(moving(wide, 3)).toBeLessThan(Number(moving(wide)));
    expect(moving(used({ round: 100, rate: 20 }))).toBe(30);
  });

  it("is weighed rightly when several pictures follow each other closely", () => {
    const [one, many] = [used({ round: 100, rate: 1250 }), used({ round: 100, rate: 1250, together: 6 })];
    expect(carries(many).jpeg / carries(one).jpeg).toBeGreaterThan(0.8);
    expect(carries(many).jpeg / carries(one).jpeg).toBeLessThan(1.4);
  });

  it("isn't taken for slow by a page that is busy now and then", () => {
    let line = roundTrip(UNMEASURED, 2);
    for (let count = 0; count < 30; count++) {
      const late = count % 3 ? 4 : 60;
      line = answered(line, { bytes: 120_000, sent: 1000 * count, arrived: 1000 * count + 7 + late, before: 0, took: 5, quality: null });
    }
    expect(moving(line)).toBe(null);
  });

  it("isn't taken for fast by answers that a busy page turns to all at once", () => {
    let line = roundTrip(UNMEASURED, 40);
    for (let count = 0; count < 30; count++) {
      const sent = 400 * count;
      const arrived = sent + 45 + 3 * 20_000 / 1250 + 60;
      for (const each of [0, 1, 2]) {
        line = answered(line, { bytes: 20_000, sent, arrived: arrived + each, before: each ? arrived + each - 1 : 0, took: 5, quality: 80 });
      }
    }
    expect(carries(line).jpeg).toBeGreaterThan(0.9 / 1250);
  });

  it("isn't taken for slow by a frame that had to be fetched first", () => {
    const line = answered(roundTrip(UNMEASURED, 2), { bytes: 120_000, sent: 0, arrived: 3010, before: 0, took: 3000, quality: null });
    expect([moving(line), inFlight(line)]).toEqual([null, 1]);
  });
});

describe("the memory of pictures", () => {
  /** @param {string} subject @param {number} size @param {{quality?: number | null, window?: string}} [more] */
  const kept = (subject, size, { quality = null, window = "soft" } = {}) => ({
    wish: { resource: subject, query: "", look: "", subject, window, lossless: quality === null, quality },
    picture: /** @type {any} */ ({}), type: "image/png", body: new Uint8Array(size),
  });
  const wish = (/** @type {string} */ subject, more = {}) => kept(subject, 0, more).wish;

  /** @param {string[]} windows */
  const ringOf = (...windows) => {
    const ring = new Ring(100);
    ring.keepOnly(new Set(windows));
    return ring;
  };

  it("forgets the longest unused first, and never holds more than its budget", () => {
    const ring = ringOf("soft");
    ring.put(kept("a", 40));
    ring.put(kept("b", 40));
    ring.get(wish("a"));
    ring.put(kept("c", 40));
    expect([ring.get(wish("b")), ring.bytes]).toEqual([undefined, 80]);
    expect(ring.get(wish("a")) && ring.get(wish("c"))).toBeTruthy();
    ring.put(kept("d", 500));
    expect(ring.get(wish("d"))).toBe(undefined);
    ring.clear();
    expect(ring.bytes).toBe(0);
  });

  it("gives a moving hand any picture that it has, a resting one only a lossless one", () => {
    const ring = ringOf("soft");
    ring.put(kept("a", 10, { quality: 60 }));
    expect(ring.get(wish("a", { quality: 80 }))?.wish.quality).toBe(60);
    expect(ring.get(wish("a"))).toBe(undefined);
    ring.put(kept("a", 40));
    ring.put(kept("a", 10, { quality: 60 }));
    expect([ring.get(wish("a", { quality: 60 }))?.wish.lossless, ring.bytes]).toEqual([true, 40]);
  });

  it("holds only what belongs to a series and window that some pane shows", () => {
    const ring = ringOf("soft", "lung");
    ring.put(kept("a", 10));
    ring.put(kept("b", 10, { window: "lung" }));
    ring.put(kept("c", 10, { window: "bone" }));
    expect(ring.bytes).toBe(20);
    ring.keepOnly(new Set(["lung"]));
    expect([ring.get(wish("a")), ring.bytes]).toEqual([undefined, 10]);
  });
});

import { describe, expect, it } from "vitest";
import { Ring } from "../../../static/js/viewer/ring.js";

/** @import { Kept } from "../../../static/js/viewer/ring.js" */

/** @param {string} subject @param {string} window @param {boolean} [lossless] @returns {Kept} */
const kept = (subject, window, lossless = true) => /** @type {any} */ ({ wish: { subject, window, lossless }, picture: {}, type: "image/png", body: new Uint8Array(1000) });

// Browsers have it; this engine may not yet.
if (!("transfer" in ArrayBuffer.prototype)) {
  Object.defineProperty(ArrayBuffer.prototype, "transfer", {
    configurable: true,
    value() {
      return structuredClone(this, { transfer: [this] });
    },
  });
}

describe("the page's memory of pictures", () => {
  it("gives back the bytes of windows that no pane shows, but for what is still to be decoded", () => {
    const ring = new Ring();
    ring.keepOnly(new Set(["lung"]));
    const [one, due] = [kept("1", "lung"), kept("2", "lung")];
    ring.put(one);
    ring.put(due);
    expect([ring.bytes, ring.holds(one)]).toEqual([2000, true]);
    ring.keepOnly(new Set(["bone"]), undefined, new Set([due]));
    expect([ring.bytes, ring.holds(one), ring.holds(due)]).toEqual([0, false, false]);
    expect([one.body.byteLength, due.body.byteLength]).toEqual([0, 1000]);
  });

  it("forgets the longest unused first", () => {
    const ring = new Ring(2500);
    ring.keepOnly(new Set(["lung"]));
    const [one, two, three] = [kept("1", "lung"), kept("2", "lung"), kept("3", "lung")];
    ring.put(one);
    ring.put(two);
    ring.get(one.wish);
    ring.put(three);
    expect([one, two, three].map((each) => ring.holds(each))).toEqual([true, false, true]);
    expect(two.body.byteLength).toBe(0);
    expect(ring.bytes).toBe(2000);
    for (let number = 4; number < 20; number += 1) {
      const next = kept(String(number), "lung");
      ring.put(next);
      expect([ring.holds(next), next.body.byteLength, ring.bytes]).toEqual([true, 1000, 2000]);
    }
  });
});

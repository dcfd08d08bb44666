import { describe, expect, it } from "vitest";
import { length, magnificationWords, scaleBar } from "../../../static/js/slide/words.js";

describe("the scale bar", () => {
  it("is the longest round length that has room", () => {
    expect(scaleBar(1000, 200)).toMatchObject({ mm: 0.2, length: 200, words: "200 µm" });
    expect(scaleBar(1000, 199)).toMatchObject({ mm: 0.1, length: 100 });
    expect(scaleBar(20, 200)).toMatchObject({ mm: 10, words: "10 mm" });
    expect(scaleBar(4008, 190)).toMatchObject({ mm: 0.02, words: "20 µm" });
  });

  it("is as long on the screen as it says, at every zoom", () => {
    for (let perMm = 0.5; perMm < 1e5; perMm *= 1.37) {
      const bar = scaleBar(perMm, 200);
      expect(bar?.length).toBeCloseTo((bar?.mm ?? 0) * perMm, 9);
      expect(bar?.length).toBeGreaterThan(200 / 2.6);
      expect(bar?.length).toBeLessThanOrEqual(200);
    }
  });

  it("isn't there without a scale", () => {
    expect(scaleBar(Number.NaN, 200)).toBeNull();
    expect(scaleBar(0, 200)).toBeNull();
  });
});

describe("words", () => {
  it("say the magnification in what the eye gets", () => {
    expect(magnificationWords(1000)).toBe("10× (1 µm per pixel)");
    expect(magnificationWords(4000)).toBe("40× (0.25 µm per pixel)");
    expect(magnificationWords(125)).toBe("1.25× (8 µm per pixel)");
  });

  it("give lengths in the unit that suits them", () => {
    expect(length(0.05)).toBe("50 µm");
    expect(length(2)).toBe("2 mm");
  });
});

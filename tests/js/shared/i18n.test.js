import { describe, expect, it } from "vitest";

import { gettext, interpolate, ngettext } from "../../../static/js/shared/i18n.js";

describe("words without a catalogue", () => {
  it("are the English ones", () => {
    expect(gettext("Worklist")).toBe("Worklist");
    expect(ngettext("{count} image", "{count} images", 1)).toBe("1 image");
    expect(ngettext("{count} image", "{count} images", 61)).toBe("61 images");
  });

  it("keep what has no value, and are never read twice", () => {
    expect(interpolate("image {index} of {count}", { index: 1 })).toBe("image 1 of {count}");
    expect(interpolate("{name}", { name: "{count}", count: 2 })).toBe("{count}");
  });
});

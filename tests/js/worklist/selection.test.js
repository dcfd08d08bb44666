import { describe, expect, it } from "vitest";

import { target } from "../../../static/js/worklist/selection.js";

describe("keys in the list", () => {
  it("move by one, by a page, and to the ends, never out of the list", () => {
    expect(target("ArrowDown", 3, 10, 5)).toBe(4);
    expect(target("ArrowUp", 0, 10, 5)).toBe(0);
    expect(target("PageDown", 7, 10, 5)).toBe(9);
    expect(target("PageUp", 7, 10, 5)).toBe(2);
    expect(target("Home", 7, 10, 5)).toBe(0);
    expect(target("End", 0, 10, 5)).toBe(9);
  });

  it("leave other keys alone, even those that every object knows", () => {
    expect(target("a", 3, 10, 5)).toBeUndefined();
    expect(target("toString", 3, 10, 5)).toBeUndefined();
  });
});

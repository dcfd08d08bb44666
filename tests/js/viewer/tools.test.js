import { describe, expect, it } from "vitest";
import { dragScroll, dragWindow, dragZoom, wheelSteps } from "../../../static/js/viewer/tools.js";

describe("the window under the hand", () => {
  const start = { center: 40, width: 400, function: /** @type {const} */ ("LINEAR") };

  it("widens to the right and brightens upwards, in proportion", () => {
    expect(dragWindow(start, { dx: 10, dy: 0 })).toMatchObject({ width: 420, center: 40 });
    expect(dragWindow(start, { dx: 0, dy: -10 })).toMatchObject({ width: 400, center: 20 });
    expect(dragWindow({ ...start, width: 80 }, { dx: 10, dy: 0 }).width).toBe(84);
    expect(dragWindow({ ...start, width: 2000 }, { dx: 10, dy: 0 }).width).toBe(2100);
  });

  it("brightens upwards on inverted images too, unless the user likes it otherwise", () => {
    expect(dragWindow(start, { dx: 0, dy: -10 }, { inverted: true }).center).toBe(60);
    expect(dragWindow(start, { dx: 0, dy: -10 }, { upDarkens: true }).center).toBe(60);
  });

  it("never gets narrower than the function allows", () => {
    expect(dragWindow(start, { dx: -9999, dy: 0 }).width).toBe(1);
    expect(dragWindow({ center: 0.5, width: 0.2, function: "SIGMOID" }, { dx: 10, dy: 0 }).width).toBeCloseTo(0.21, 6);
  });
});

describe("the wheel", () => {
  it("is one image for each notch, however large the browser says it is", () => {
    for (const deltaY of [53, 100, 120, 240]) expect(wheelSteps({ deltaX: 0, deltaY, deltaMode: 0 }, 0).steps).toBe(1);
    expect(wheelSteps({ deltaX: 0, deltaY: -3, deltaMode: 1 }, 0).steps).toBe(-1);
    expect(wheelSteps({ deltaX: 120, deltaY: 0, deltaMode: 0 }, 0).steps).toBe(1);
  });

  it("gathers a trackpad's small movements", () => {
    let left = 0;
    let steps = 0;
    for (let event = 0; event < 10; event++) {
      const moved = wheelSteps({ deltaX: 0, deltaY: 7, deltaMode: 0 }, left);
      steps += moved.steps;
      left = moved.left;
    }
    expect(steps).toBe(2);
    expect(wheelSteps({ deltaX: 0, deltaY: -7, deltaMode: 0 }, 25)).toEqual({ steps: 0, left: -7 });
  });
});

it("scrolls by drag through a long stack as through a short one", () => {
  expect(dragScroll(5, 24, 30)).toBe(8);
  expect(dragScroll(0, 480, 600)).toBe(600);
  expect(dragZoom(-150)).toBe(2);
});

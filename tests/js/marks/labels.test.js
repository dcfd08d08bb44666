import { describe, expect, it } from "vitest";
import { distance, labelBeside } from "../../../static/js/marks/labels.js";

const AREA = { width: 400, height: 300 };
const SIZE = { width: 60, height: 20 };
const line = (/** @type {number[]} */ ...[a = 0, b = 0, c = 0, d = 0]) => /** @type {[{x: number, y: number}, {x: number, y: number}]} */ ([{ x: a, y: b }, { x: c, y: d }]);
const place = (/** @type {any} */ of, /** @type {any[]} */ others = [], /** @type {any[]} */ taken = [], size = SIZE) => labelBeside(of, size, others, taken, AREA);

/** Numbers between 0 and 1, the same at every run. @param {number} seed */
function dice(seed) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647;
}

describe("a label", () => {
  it("stands beyond the end that lies further right, off its line and without a leader", () => {
    const there = place(line(100, 100, 200, 150));
    expect(there?.box.x).toBeGreaterThanOrEqual(200);
    expect(there?.leader).toBeNull();
    expect(distance(/** @type {any} */ (there).box, line(100, 100, 200, 150))).toBeGreaterThan(0);
  });

  it("stays inside the area, at the other end or the middle", () => {
    const { box } = /** @type {any} */ (place(line(300, 290, 395, 298)));
    expect([box.x + box.width <= 398, box.y + box.height <= 298]).toEqual([true, true]);
  });

  it("isn't there for a line out of sight, nor in a corner for one that crosses the area", () => {
    expect(place(line(-200, -50, -20, -10))).toBeNull();
    const across = line(-500, 150, 900, 150);
    expect(distance(/** @type {any} */ (place(across)).box, across)).toBeLessThan(16);
  });

  it("of a long name at the left never goes to the line at the right", () => {
    const [left, right] = [line(115, 185, 152, 212), line(198, 182, 238, 205)];
    const { box } = /** @type {any} */ (place(left, [right], [], { width: 200, height: 40 }));
    expect(distance(box, left)).toBeLessThan(distance(box, right));
  });

  it("moves away with a leader when what is near is taken, and is nowhere when all is", () => {
    const short = line(200, 150, 204, 150);
    expect(place(short, [], [{ x: 120, y: 115, width: 170, height: 70 }])).toBeNull(); // a leader would run over the label there
    const beside = [{ x: 206, y: 100, width: 100, height: 100 }, { x: 98, y: 100, width: 100, height: 100 }];
    const led = place(short, [], [...beside, { x: 198, y: 152, width: 8, height: 20 }]);
    expect(led?.leader).not.toBeNull();
    expect(place(short, [], [{ x: 0, y: 0, ...AREA }])).toBeNull();
  });

  it("among up to eight lines is always nearest to its own, and over no other", () => {
    const roll = dice(7);
    for (let round = 0; round < 300; round++) {
      const spot = () => [roll() * 440 - 20, roll() * 340 - 20];
      const lines = Array.from({ length: 1 + (round % 8) }, () => line(...spot(), ...spot()));
      /** @type {any[]} */
      const taken = [];
      for (const own of lines) {
        const others = lines.filter((each) => each !== own);
        const there = place(own, others, taken, { width: 60 + 140 * roll(), height: 38 });
        if (!there) continue;
        const { box } = there;
        expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 400 && box.y + box.height <= 300).toBe(true);
        for (const other of others) expect(distance(box, other)).toBeGreaterThanOrEqual(distance(box, own) - 0.5);
        for (const each of taken) expect(box.x < each.x + each.width && each.x < box.x + box.width && box.y < each.y + each.height && each.y < box.y + box.height).toBe(false);
        taken.push(box);
      }
    }
  });
});

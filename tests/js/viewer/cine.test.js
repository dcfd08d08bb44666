import { describe, expect, it } from "vitest";
import { advance, ahead, choose, CINE_COMMANDS, earnsSeen, isUndisturbed, painted, running, seek, toggle, trimTo } from "../../../static/js/viewer/cine.js";
import { COMMANDS } from "../../../static/js/viewer/commands.js";
import { threePlanes } from "../../../static/js/viewer/layouts.js";
import { activate, arrange } from "../../../static/js/viewer/panes.js";
import { following, isAtEnd, reelAt, standing } from "../../../static/js/viewer/reel.js";
import { scroll } from "../../../static/js/viewer/scrolling.js";
import { receiveSeries } from "../../../static/js/viewer/answers.js";
import { paneAt, stackKey } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack, stackAt } from "./stacks.js";

/** @import { Cine } from "../../../static/js/viewer/listed.js" */
/** @import { Stack, StackPane, State } from "../../../static/js/viewer/state.js" */

const command = (/** @type {string} */ id) => /** @type {(state: State) => State} */ (CINE_COMMANDS.find((each) => each.id === id)?.run);
const reel = (/** @type {State} */ state, pane = state.active) => /** @type {import("../../../static/js/viewer/reel.js").Reel} */ (reelAt(state, paneAt(state, pane)));
const at = (/** @type {State} */ state, pane = state.active) => stackAt(state, pane)?.index;

/** @param {Partial<Cine>} [cine] @param {number} [count] @returns {Stack} */
function clip(cine = {}, count = 5) {
  const entries = Array.from({ length: count }, (_, index) => ({ instance: "1.2.9", frame: index + 1 }));
  return stack({ modality: "US", cine: { rate: 25, basis: "FrameTime", intervals: null, sweep: false, first: 0, last: count - 1, ...cine }, entries });
}

/** @param {State} state @param {number} steps */
function run(state, steps) {
  const shown = [];
  for (let step = 0; step < steps; step++) {
    state = advance(state, state.active);
    shown.push(at(state));
  }
  return shown;
}

/** How long each picture stands, ms. @param {State} state @param {number} steps */
function times(state, steps) {
  return Array.from({ length: steps }, () => {
    const [found] = running(state);
    state = advance(state, state.active);
    return found && standing(found.reel, found.run);
  });
}

/** Two panes, each with a clip of its own. @param {Stack} first @param {Stack} second */
function two(first, second) {
  const known = arrange(receiveSeries(open({ ...first, key: "a" }), "main/1.2/1.2.4", series({ ...first, key: "a" }, { ...second, key: "b" })), 1, 2, []);
  const shown = /** @type {StackPane} */ (paneAt(known, 0));
  return { ...known, together: true, panes: [shown, { ...shown, source: { ...SOURCE, stack: "b" } }] };
}

describe("a cine", () => {
  it("shows every picture in its order, round and round", () => {
    expect(run(toggle(open(stack({}, 4))), 9)).toEqual([1, 2, 3, 0, 1, 2, 3, 0, 1]);
  });

  it("goes back and forth without showing the ends twice, by a hand or by the file", () => {
    const order = [1, 2, 3, 2, 1, 0, 1, 2, 3];
    expect(run(command("cine-sweep")(toggle(open(stack({}, 4)))), 9)).toEqual(order);
    expect(run(toggle(open(clip({ sweep: true }, 4))), 9)).toEqual(order);
    expect(run(command("cine-sweep")(toggle(open(clip({ sweep: true }, 3)))), 4)).toEqual([1, 2, 0, 1]);
  });

  it("shows a gap as a gap", () => {
    expect(run(toggle(open(stack({}, 4, [2]))), 4)).toEqual([1, 2, 3, 0]);
  });

  it("asks beforehand for what comes next", () => {
    const state = toggle(scroll(open(stack({}, 5)), 3));
    expect(ahead(state, 0, 3).map((each) => at(each))).toEqual([4, 0, 1]);
    expect(ahead(state, 0, 99)).toHaveLength(4);
  });

  it("needs more than one picture, and no plane", () => {
    for (const state of [open(stack({}, 1)), open(stack({}, 2, [1]))]) expect(toggle(state).playing).toBe(null);
    expect(threePlanes(open()).playing).toBe(null);
    const cine = COMMANDS.find(({ id }) => id === "cine");
    expect(cine?.why?.(open(stack({}, 1)))).toMatch(/nothing to run/);
    expect(cine?.why?.(open())).toBe("");
  });
});

describe("its speed", () => {
  it("is the file's, else twenty a second, and by steps of the hand; the file's own is one of them", () => {
    expect(reel(open()).rate).toBe(20);
    const echo = open(clip({ rate: 33.333 }));
    expect(reel(echo).rate).toBe(33.333);
    const faster = command("cine-faster")(echo);
    expect(reel(faster).rate).toBe(40);
    expect(reel(command("cine-slower")(faster)).rate).toBe(33.333);
    expect(reel(command("cine-slower")(command("cine-slower")(faster))).rate).toBe(30);
    expect(reel(command("cine-own")(faster)).rate).toBe(33.333);
    expect(reel(command("cine-faster")(open(clip({ rate: 500 })))).rate).toBe(60);
  });

  it("is each picture's own where the file says so, forwards and backwards", () => {
    const state = toggle(open(clip({ rate: 20, intervals: [20, 40, 60, 80, 50] })));
    expect(times(state, 6)).toEqual([20, 40, 60, 80, 50, 20]);
    expect(times(command("cine-sweep")(state), 9)).toEqual([20, 40, 60, 80, 80, 60, 40, 20, 20]);
    expect(times(choose(state, { rate: 10 }), 3)).toEqual([40, 80, 120]);
  });
});

describe("its trim", () => {
  it("is the file's until a hand sets it, running or standing", () => {
    const own = open(clip({ first: 1, last: 3 }));
    expect(at(toggle(own))).toBe(1);
    expect(run(toggle(own), 4)).toEqual([2, 3, 1, 2]);
    const state = command("cine-start")(scroll(open(clip({}, 8)), 2));
    const ended = command("cine-end")(scroll(state, 3));
    expect([reel(ended).first, reel(ended).last]).toEqual([2, 5]);
    expect(run(toggle(ended), 5)).toEqual([2, 3, 4, 5, 2]);
    expect(run(trimTo(toggle(ended), "last", 3), 4)).toEqual([2, 3, 2, 3]);
    expect(reel(command("cine-end")(ended)).last).toBe(7);
    expect(reel(command("cine-whole")(ended)).first).toBe(0);
  });

  it("is never less than two pictures", () => {
    const state = open(clip({}, 8));
    for (const trimmed of [trimTo(trimTo(state, "first", 5), "last", 4), trimTo(state, "first", 7), trimTo(state, "last", 0), trimTo(trimTo(state, "last", 4), "first", 4)]) {
      expect(reel(trimmed).last).toBeGreaterThan(reel(trimmed).first);
    }
  });

  it("turns in time when it is set so that the place lies outside", () => {
    const [within, back] = [{ first: 3, last: 5, sweep: false }, { first: 3, last: 5, sweep: true }];
    const place = (/** @type {number} */ at) => ({ at, step: /** @type {const} */ (1) });
    expect([following(place(0), within).at, following(place(9), within).at]).toEqual([3, 3]);
    expect([following(place(0), back), following(place(9), back)]).toEqual([{ at: 3, step: 1 }, { at: 5, step: -1 }]);
  });
});

describe("a hand", () => {
  it("ends it by scrolling, turning to another pane, or changing what is shown; the frame stays", () => {
    const state = advance(toggle(arrange(open(), 2, 2, [...open().panes.flatMap((each) => each ?? [])])), 0);
    expect(isUndisturbed(state)).toBe(true);
    expect(isUndisturbed(scroll(state, 1))).toBe(false);
    expect(isUndisturbed(activate(state, 1))).toBe(false);
    expect(isUndisturbed({ ...state, panes: [null] })).toBe(false);
    expect(toggle(state).playing).toBe(null);
    expect(at(toggle(state))).toBe(at(state));
  });

  it("ends it by scrolling at the last picture too", () => {
    const last = [1, 2, 3].reduce((now) => advance(now, 0), toggle(open(stack({}, 4))));
    expect(at(last)).toBe(3);
    expect(scroll(last, 1).playing).toBe(null);
    expect(scroll(last, 1, last.active + 1).playing).toBe(last.playing);
  });

  it("steps by one, round the ends, and it stands", () => {
    const state = advance(toggle(open(clip({ first: 1, last: 3 }))), 0);
    const stepped = command("cine-on")(state);
    expect([stepped.playing, at(stepped)]).toEqual([null, 3]);
    expect(at(command("cine-on")(stepped))).toBe(1);
    expect(at(command("cine-back")(command("cine-on")(stepped)))).toBe(3);
  });

  it("moves its place while it runs on", () => {
    const state = seek(toggle(open(clip({}, 8))), 5, 0);
    expect(isUndisturbed(state)).toBe(true);
    expect(run(state, 3)).toEqual([6, 7, 0]);
  });
});

describe("panes together", () => {
  it("keep one time, each its own trim, and wait for each other at the end of a round", () => {
    const state = toggle(two(clip({ rate: 25 }, 4), clip({ rate: 50 }, 6)));
    expect(running(state).map(({ run: { pane }, reel: { rate } }) => [pane, rate])).toEqual([[0, 25], [1, 50]]);
    expect(running(choose(state, { rate: 12.5 })).map(({ reel: { rate } }) => rate)).toEqual([12.5, 25]);
    const there = [1, 2, 3].reduce((now) => advance(now, 0), state);
    expect(running(there).map((each) => isAtEnd(each.run, each.reel))).toEqual([true, false]);
    expect(isUndisturbed(activate(state, 1))).toBe(true);
  });

  it("go frame by frame where one has no times", () => {
    const state = toggle(two(clip({ rate: 20, intervals: [20, 40, 60, 80, 50], first: 1 }), clip({ rate: null, first: 2 })));
    const [, other] = running(state);
    expect(at(state, 1)).toBe(2);
    expect(other && [2, 3, 4].map((at) => standing(other.reel, { at, step: 1 }))).toEqual([40, 60, 80]);
  });

  it("are one alone until that is asked for", () => {
    expect(toggle({ ...two(clip(), clip()), together: false }).playing?.runs).toHaveLength(1);
    expect(command("cine-together")(toggle(two(clip(), clip()))).playing).toBe(null);
  });
});

describe("what runs by", () => {
  const frame = { instance: "1.2.9", frame: 2 };
  const counted = (/** @type {State} */ state) => painted(state, /** @type {StackPane} */ (paneAt(state)), state.active, frame).seen[stackKey(/** @type {StackPane} */ (paneAt(state)).source)]?.size ?? 0;

  it("is seen in a clip that runs no faster than what it shows", () => {
    const state = toggle(open(clip()));
    expect(counted(state)).toBe(1);
    expect(counted(command("cine-slower")(state))).toBe(1);
    expect(counted(command("cine-faster")(state))).toBe(0);
  });

  it("isn't among slices of a body, until it stands", () => {
    const state = toggle(open(stack({ spatial: true })));
    expect(counted(state)).toBe(0);
    expect(counted(toggle(state))).toBe(1);
    expect(earnsSeen(state, 1)).toBe(true);
  });
});

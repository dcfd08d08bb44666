import { describe, expect, it } from "vitest";
import { achieved, advance, ahead, CINE_COMMANDS, following, isUndisturbed, toggle } from "../../../static/js/viewer/cine.js";
import { threePlanes } from "../../../static/js/viewer/layouts.js";
import { activate, arrange } from "../../../static/js/viewer/panes.js";
import { scroll } from "../../../static/js/viewer/scrolling.js";
import { open, stack, stackAt } from "./stacks.js";

/** @import { Playing, State } from "../../../static/js/viewer/state.js" */

const command = (/** @type {string} */ id) => /** @type {(state: State) => State} */ (CINE_COMMANDS.find((each) => each.id === id)?.run);
const playing = (/** @type {State} */ state) => /** @type {Playing} */ (state.playing);

/** @param {State} state @param {number} steps */
function run(state, steps) {
  const shown = [];
  for (let step = 0; step < steps; step++) {
    state = advance(state);
    shown.push(stackAt(state)?.index);
  }
  return shown;
}

describe("a cine", () => {
  it("shows every picture in its order, round and round", () => {
    expect(run(toggle(open(stack({}, 4))), 9)).toEqual([1, 2, 3, 0, 1, 2, 3, 0, 1]);
  });

  it("goes back and forth without showing the ends twice", () => {
    expect(run(command("cine-sweep")(toggle(open(stack({}, 4)))), 9)).toEqual([1, 2, 3, 2, 1, 0, 1, 2, 3]);
    expect(following({ .../** @type {any} */ ({}), at: 0, step: -1, sweep: true }, 1)).toEqual({ at: 0, step: 1 });
  });

  it("shows a gap as a gap", () => {
    expect(run(toggle(open(stack({}, 4, [2]))), 4)).toEqual([1, 2, 3, 0]);
  });

  it("asks beforehand for what comes next", () => {
    const state = toggle(scroll(open(stack({}, 5)), 3));
    expect(ahead(state, 3).map((each) => stackAt(each)?.index)).toEqual([4, 0, 1]);
    expect(ahead(state, 99)).toHaveLength(4);
  });

  it("runs as fast as the file wishes, else twenty a second, and by steps of the hand", () => {
    expect(playing(toggle(open())).rate).toBe(20);
    const echo = toggle(open(stack({ frame_rate: 33.333 })));
    expect(playing(echo).rate).toBe(33.333);
    expect(playing(command("cine-faster")(echo)).rate).toBe(40);
    expect(playing(command("cine-slower")(echo)).rate).toBe(30);
    expect(playing(command("cine-faster")(toggle(open(stack({ frame_rate: 500 }))))).rate).toBe(60);
  });

  it("ends when a hand scrolls, turns to another pane, or changes what is shown", () => {
    const state = advance(toggle(arrange(open(), 2, 2, [...open().panes.flatMap((each) => each ?? [])])));
    expect(isUndisturbed(state, playing(state))).toBe(true);
    expect(isUndisturbed(scroll(state, 1), playing(state))).toBe(false);
    expect(isUndisturbed(activate(state, 1), playing(state))).toBe(false);
    expect(isUndisturbed({ ...state, panes: [null] }, playing(state))).toBe(false);
    expect(toggle(state).playing).toBe(null);
  });

  it("ends when a hand scrolls, at the last picture too", () => {
    const last = advance(advance(advance(toggle(open(stack({}, 4))))));
    expect(stackAt(last)?.index).toBe(3);
    expect(scroll(last, 1).playing).toBe(null);
    expect(playing(scroll(last, 1, last.active + 1))).toBe(playing(last));
  });

  it("needs more than one picture, and no plane", () => {
    for (const state of [open(stack({}, 1)), open(stack({}, 2, [1]))]) expect(toggle(state).playing).toBe(null);
    expect(threePlanes(open()).playing).toBe(null);
  });
});

it("counts what was painted", () => {
  expect(achieved([0, 50, 100])).toBe(null);
  expect(achieved([0, 50, 100, 150])).toBe(20);
});

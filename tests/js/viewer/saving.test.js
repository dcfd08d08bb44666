/** The state is written in the order of its changes, whatever the line does, and not lost when the page is left. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createStore } from "../../../static/js/shared/store.js";
import { changePane } from "../../../static/js/viewer/panes.js";
import { keepSaved } from "../../../static/js/viewer/saving.js";
import { open } from "./stacks.js";

/** @typedef {{rotation: number, keepalive: boolean, signal: AbortSignal | undefined, answer: (status?: number) => void}} Sent */
/** @type {Sent[]} */
let sent = [];
/** @type {() => void} */
let leave = () => {};

beforeEach(() => {
  sent = [];
  vi.useFakeTimers();
  vi.stubGlobal("document", { querySelector: () => null });
  vi.stubGlobal("HTMLMetaElement", class {});
  vi.stubGlobal("addEventListener", (/** @type {string} */ _name, /** @type {() => void} */ listener) => (leave = listener));
  vi.stubGlobal("fetch", (/** @type {string} */ _address, /** @type {any} */ { body, keepalive = false, signal }) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("aborted")));
      sent.push({ rotation: JSON.parse(body).panes[0].rotation, keepalive, signal, answer: (status = 204) => resolve(new Response(null, { status })) });
    }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function begin() {
  const store = createStore(open());
  keepSaved(store, "/state/");
  const turn = (/** @type {0 | 90 | 180 | 270} */ rotation) => store.update((state) => changePane(state, { rotation }));
  return turn;
}

const rotations = () => sent.map(({ rotation }) => rotation);

it("is written once, a moment after the last change", async () => {
  const turn = begin();
  turn(90);
  await vi.advanceTimersByTimeAsync(500);
  turn(180);
  await vi.advanceTimersByTimeAsync(700);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(rotations()).toEqual([180]);
});

it("waits for the write that is under way: the older one never arrives last", async () => {
  const turn = begin();
  turn(90);
  await vi.advanceTimersByTimeAsync(1000);
  turn(180);
  await vi.advanceTimersByTimeAsync(1000);
  turn(270);
  await vi.advanceTimersByTimeAsync(1000);
  expect(rotations()).toEqual([90]);
  sent[0]?.answer();
  await vi.advanceTimersByTimeAsync(10);
  expect(rotations()).toEqual([90, 270]);
});

it("comes back to what was kept before, though another write was under way", async () => {
  const turn = begin();
  turn(90);
  await vi.advanceTimersByTimeAsync(1000);
  turn(0);
  await vi.advanceTimersByTimeAsync(1000);
  sent[0]?.answer();
  await vi.advanceTimersByTimeAsync(10);
  expect(rotations()).toEqual([90, 0]);
});

it("is tried again with the next change where the server failed", async () => {
  const turn = begin();
  turn(90);
  await vi.advanceTimersByTimeAsync(1000);
  sent[0]?.answer(503);
  turn(0);
  await vi.advanceTimersByTimeAsync(1000);
  expect(rotations()).toEqual([90, 0]);
});

it("goes along when the page is left, also what was under way", async () => {
  const turn = begin();
  turn(90);
  await vi.advanceTimersByTimeAsync(1000);
  leave();
  expect(sent.map(({ rotation, keepalive }) => [rotation, keepalive])).toEqual([[90, false], [90, true]]);
  expect(sent[0]?.signal?.aborted).toBe(true);
  leave();
  expect(sent).toHaveLength(2);
});

/** Drawing a line: press, drag and release, or click and click; a hand that only trembles has clicked. */

import { CLICK } from "./marks.js";

/** CSS pixels in an area. @typedef {{x: number, y: number}} Spot */
/**
 * `pressed`: the button is down where the line begins; `dragging`: it has moved; `placing`: the first end was set by a
 * click and the other follows the pointer; `ending`: the button is down for the other end; `done`: both ends are set.
 * @typedef {{phase: "idle"} | {phase: "pressed" | "dragging" | "placing" | "ending" | "done", from: Spot, to: Spot}} Gesture
 */

/** @type {Gesture} */
export const IDLE = { phase: "idle" };

/**
 * @param {Gesture} gesture
 * @param {"down" | "move" | "up" | "cancel"} what
 * @param {Spot} at
 * @returns {Gesture}
 */
export function drawn(gesture, what, at) {
  if (what === "cancel") return IDLE;
  if (gesture.phase === "idle" || gesture.phase === "done") return what === "down" ? { phase: "pressed", from: at, to: at } : IDLE;
  const { phase, from } = gesture;
  if (phase === "pressed") {
    if (what === "up") return { phase: "placing", from, to: at };
    return isMoved(from, at) ? { phase: "dragging", from, to: at } : gesture;
  }
  if (phase === "dragging") return { phase: what === "up" ? "done" : "dragging", from, to: at };
  if (phase === "placing") return { phase: what === "down" ? "ending" : "placing", from, to: at };
  // A second click on the first end is no line: the other end goes on following the pointer.
  if (what === "up") return { phase: isMoved(from, at) ? "done" : "placing", from, to: at };
  return { phase: "ending", from, to: at };
}

/**
 * @param {Spot} from
 * @param {Spot} to
 */
export function isMoved(from, to) {
  return Math.hypot(to.x - from.x, to.y - from.y) > CLICK;
}

/** What a hand's movement means: pure, from where it began and how far it went. */

/** @import { Window } from "./state.js" */

import { upTo } from "./uptake.js";

/** CSS pixels for a change of the window by half of itself... */
const GAIN = 200;
/** A drag of this many CSS pixels is one entry of the stack. */
const PER_ENTRY = 8;
const PER_DOUBLING = 150;
export const TRACKPAD_PER_ENTRY = 30;

/**
 * Right widens, up makes brighter; the gain is proportional to the window at the start.
 * @param {Window} start
 * @param {{dx: number, dy: number}} moved CSS pixels
 * @param {{inverted?: boolean, upDarkens?: boolean}} [way]
 * @returns {Window}
 */
export function dragWindow(start, { dx, dy }, { inverted = false, upDarkens = false } = {}) {
  const gain = start.width / GAIN;
  const least = start.function === "LINEAR" ? 1 : 1e-6;
  const sense = inverted !== upDarkens ? -1 : 1;
  return {
    ...start,
    width: Math.max(least, tidy(start.width + gain * dx, gain)),
    center: tidy(start.center + gain * dy * sense, gain),
  };
}

/**
 * The window of PET: up makes brighter by its upper end, the lower stays 0.
 * @param {Window} start
 * @param {{dy: number}} moved CSS pixels
 * @param {{inverted?: boolean, upDarkens?: boolean}} [way]
 * @returns {Window}
 */
export function dragUpper(start, { dy }, { inverted = false, upDarkens = false } = {}) {
  const upper = start.center + start.width / 2;
  const gain = upper / GAIN;
  const sense = inverted !== upDarkens ? -1 : 1;
  return upTo(Math.max(upper / 50, tidy(upper + gain * dy * sense, gain)));
}

/**
 * Rounded to what a hand can mean.
 * @param {number} value
 * @param {number} gain
 */
function tidy(value, gain) {
  const digits = gain >= 0.1 ? 0 : Math.min(9, Math.ceil(-Math.log10(gain)));
  return Number(value.toFixed(digits));
}

/**
 * Down moves forward.
 * @param {number} start entry
 * @param {number} dy CSS pixels
 * @param {number} count of entries: a long stack moves faster, so that a pane's height reaches through it
 */
export function dragScroll(start, dy, count) {
  return start + Math.trunc((dy / PER_ENTRY) * Math.max(1, count / 60));
}

/**
 * Up enlarges.
 * @param {number} dy CSS pixels
 * @returns {number} factor
 */
export function dragZoom(dy) {
  return 2 ** (-dy / PER_DOUBLING);
}

/**
 * A wheel's movement as whole entries; what is left over waits for the next movement.
 * A notch of a mouse wheel is one, about 30 px of a trackpad are one.
 * @param {{deltaX: number, deltaY: number, deltaMode: number}} event
 * @param {number} left over from before
 * @returns {{steps: number, left: number}}
 */
export function wheelSteps({ deltaX, deltaY, deltaMode }, left) {
  // With Shift, browsers turn a wheel sideways.
  const delta = deltaY || deltaX;
  if (delta === 0) return { steps: 0, left };
  const notch = deltaMode !== 0 || (Math.abs(delta) >= 50 && Number.isInteger(delta));
  if (notch) return { steps: Math.sign(delta), left: 0 };
  const sum = Math.sign(left) === -Math.sign(delta) ? delta : left + delta;
  const steps = Math.trunc(sum / TRACKPAD_PER_ENTRY) || 0;
  return { steps, left: sum - steps * TRACKPAD_PER_ENTRY };
}

/**
 * @param {number} deltaY of a wheel with Ctrl, or of a pinch on a trackpad
 * @returns {number} factor
 */
export function wheelZoom(deltaY) {
  return Math.abs(deltaY) >= 50 ? (deltaY > 0 ? 1 / 1.2 : 1.2) : 2 ** (-deltaY / 60);
}

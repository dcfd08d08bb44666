/** What a reader can do with a slide and with nothing else: these keys mean something else on other images. */

/** @import { Command } from "../viewer/commands.js" */
/** @import { State } from "../viewer/state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { changePane } from "../viewer/panes.js";
import { isSlidePane, paneAt } from "../viewer/state.js";

const MAGNIFICATIONS = [1.25, 2.5, 5, 10, 20, 40];
/** An arrow key moves the field by this part of the pane. */
const FIELD = 0.5;

const isSlide = (/** @type {State} */ state) => isSlidePane(paneAt(state));

/**
 * The whole slide, as it is turned.
 * @param {State} state
 * @returns {State}
 */
export function fitSlide(state) {
  return changePane(state, { center: null, width: null });
}

/**
 * @param {string} id
 * @param {string} key
 * @param {() => string} label
 * @param {Partial<Command>} what
 * @returns {Command}
 */
function slide(id, key, label, what) {
  return { id: `slide-${id}`, label, keys: [key], group: "slide", only: "slide", offered: isSlide, ...what };
}

/**
 * @param {string} id
 * @param {string} key
 * @param {() => string} label
 * @param {number} x parts of the pane
 * @param {number} y
 */
function field(id, key, label, x, y) {
  return slide(id, key, label, { onSlide: (shown) => shown.pan(-x * FIELD * shown.size.width, -y * FIELD * shown.size.height) });
}

/** @type {readonly Command[]} */
export const SLIDE_COMMANDS = [
  ...MAGNIFICATIONS.map((times, index) =>
    slide(`${times}x`, String(index + 1), () => interpolate(gettext("{times}×: {micrometres} µm per pixel"), { times, micrometres: 10 / times }), {
      onSlide: (shown) => shown.magnify(times),
    }),
  ),
  slide("fit", "7", () => gettext("The whole slide"), { run: fitSlide }),
  field("left", "ArrowLeft", () => gettext("Half a field to the left"), -1, 0),
  field("right", "ArrowRight", () => gettext("Half a field to the right"), 1, 0),
  field("up", "ArrowUp", () => gettext("Half a field up"), 0, -1),
  field("down", "ArrowDown", () => gettext("Half a field down"), 0, 1),
  slide("overview", "Y", () => gettext("Overview of the slide"), { onSlide: (shown) => shown.toggleOverview() }),
];

/** The tools without a mouse: zoom at the centre, and the active tool by steps. */

/** @import { State } from "./state.js" */
/** @import { Effect } from "./commands.js" */
/** @import { Viewport } from "./viewport.js" */
import { panned, zoomed } from "./geometry.js";
import { startOf } from "./presets.js";
import { changePane, scroll } from "./panes.js";
import { paneAt, stackOf } from "./state.js";
import { dragWindow, dragZoom } from "./tools.js";
import { gridOf } from "./wishes.js";

const STEP = 10;
const PAN_STEP = 40;
const ZOOM_STEP = 1.2;
const WAYS = /** @type {const} */ ({ left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] });

/**
 * @param {State} state
 * @param {Effect} effect
 * @param {Viewport} viewport of the active pane
 * @returns {State}
 */
export function byKey(state, effect, viewport) {
  const pane = paneAt(state);
  const stack = stackOf(state, pane);
  if (!pane || !stack) return state;
  const grid = gridOf(stack);
  const { size } = viewport;
  const zoom = (/** @type {number} */ factor) =>
    changePane(state, zoomed(grid, size, pane, factor, [size.width / 2, size.height / 2]));
  if (effect === "zoom-in") return zoom(ZOOM_STEP);
  if (effect === "zoom-out") return zoom(1 / ZOOM_STEP);
  if (effect === "palette" || effect === "help") return state;
  const [x, y] = WAYS[effect];
  if (state.tool === "zoom") return zoom(dragZoom(3 * STEP * (y - x)));
  if (state.tool === "scroll") return scroll(state, x + y);
  if (state.tool === "pan") return changePane(state, { center: panned(grid, size, pane, x * PAN_STEP, y * PAN_STEP) });
  const start = startOf(stack, pane.voi, viewport.picture?.window);
  const way = { inverted: viewport.picture?.low_is_white ?? false, upDarkens: state.preferences.up_darkens };
  return start ? changePane(state, { voi: dragWindow(start, { dx: x * STEP, dy: y * STEP }, way) }) : state;
}

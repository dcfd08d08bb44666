/** The tools without a mouse: zoom at the centre, and the active tool by steps. */

/** @import { State } from "./state.js" */
/** @import { Effect } from "./commands.js" */
/** @import { Sheet } from "./sheets.js" */
/** @import { Viewport } from "./viewport.js" */
import { moveCrosshair } from "./crosshair.js";
import { paintedWindow, targetOf } from "./fusing.js";
import { matrix, panned, zoomed } from "./geometry.js";
import { fromGrid, toGrid } from "./planes.js";
import { startOf } from "./presets.js";
import { scroll } from "./scrolling.js";
import { changeLook, sheetOf } from "./sheets.js";
import { isVolumePane, paneAt } from "./state.js";
import { dragUpper, dragWindow, dragZoom } from "./tools.js";

const STEP = 10;
const PAN_STEP = 40;
const ZOOM_STEP = 1.2;
const WAYS = /** @type {const} */ ({ left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] });

/**
 * The crosshair moved by one voxel as the screen shows it.
 * @param {State} state
 * @param {Sheet} sheet
 * @param {number} x to the right
 * @param {number} y downward
 * @returns {State}
 */
function nudged(state, { pane, stack, grid, look }, x, y) {
  if (!isVolumePane(pane) || !stack.volume) return state;
  const [a, b, c, d] = matrix(grid, { width: 1, height: 1 }, { ...look, scale: { pixels: 1 } });
  const [column, row] = toGrid(stack.volume, pane.plane, pane.plane.point);
  return moveCrosshair(state, pane, fromGrid(stack.volume, pane.plane, [column + a * x + b * y, row + c * x + d * y]));
}

/**
 * @param {State} state
 * @param {Effect} effect
 * @param {Viewport} viewport of the active pane
 * @returns {State}
 */
export function byKey(state, effect, viewport) {
  const sheet = sheetOf(state, paneAt(state));
  if (!sheet) return state;
  const { grid, look } = sheet;
  const { size } = viewport;
  const zoom = (/** @type {number} */ factor) =>
    changeLook(state, zoomed(grid, size, look, factor, [size.width / 2, size.height / 2]));
  if (effect === "zoom-in") return zoom(ZOOM_STEP);
  if (effect === "zoom-out") return zoom(1 / ZOOM_STEP);
  if (!(effect in WAYS)) return state;
  const [x, y] = WAYS[/** @type {keyof typeof WAYS} */ (effect)];
  if (state.tool === "length" || state.tool === "path") return state;
  if (state.tool === "crosshair") return nudged(state, sheet, x, y);
  if (state.tool === "zoom") return zoom(dragZoom(3 * STEP * (y - x)));
  if (state.tool === "scroll") return scroll(state, x + y);
  if (state.tool === "pan") return changeLook(state, { center: panned(grid, size, look, x * PAN_STEP, y * PAN_STEP) });
  const target = targetOf(state);
  const start = target && startOf(target.stack, target.voi, paintedWindow(target, viewport.picture));
  const way = { inverted: !target?.isLayer && (viewport.picture?.low_is_white ?? false), upDarkens: state.preferences.up_darkens };
  const drag = target?.stack.modality === "PT" ? dragUpper : dragWindow;
  return start ? target.change(state, { voi: drag(start, { dx: x * STEP, dy: y * STEP }, way) }) : state;
}

/** The three planes of a volume beside the stack that it is made of. */

/** @import { Pane, PicturePane, State, Vector, Volume, VolumePane, VolumeSource } from "./state.js" */
import { nearestEntry } from "./crosshair.js";
import { CANONICAL, middle, planeGrid } from "./planes.js";
import { imageAt, isSlidePane, isStackPane, isVolumePane, opening, pane, paneAt, sourceKey, stackOf, volumePane } from "./state.js";
import { add, times } from "./vectors.js";

/** In reading order; the acquired stack takes the last place. */
const ORDER = /** @type {const} */ (["axial", "coronal", "sagittal"]);

/**
 * Axial, coronal and sagittal of the active stack's volume, and the stack itself, each with the active pane's window.
 * @param {State} state
 * @returns {State} unchanged where there is no volume
 */
export function threePlanes(state) {
  const shown = paneAt(state);
  const volume = stackOf(state, shown)?.volume;
  if (!shown || !volume || isSlidePane(shown)) return state;
  if (isThreePlanes(state)) return { ...state, layout: { rows: 2, columns: 2 }, maximised: false };
  const { archive, study, series, stack } = shown.source;
  const source = /** @type {const} */ ({ kind: "volume", archive, study, series, stack });
  const point = isVolumePane(shown) ? shown.plane.point : standing(state, shown);
  const { voi, invert, text } = shown;
  const slab = isVolumePane(shown) ? { slab: shown.slab } : {};
  const scale = { fit: 1, room: together(volume) };
  const planes = ORDER.map((name) => volumePane(source, { point, ...CANONICAL[name] }, { voi, invert, text, scale, named: name, ...slab }));
  const beside = acquired(state, shown, point);
  const panes = [...planes, beside, ...others(state, [shown, beside], source)];
  return { ...state, layout: { rows: 2, columns: 2 }, active: 0, maximised: false, stepped: null, panes };
}

/**
 * What waits behind the planes until they are left.
 * @param {State} state
 * @param {readonly Pane[]} used
 * @param {VolumeSource} source of the planes
 * @returns {Pane[]}
 */
function others(state, used, source) {
  return state.panes.flatMap((each) => (!each || used.includes(each) || sourceKey(each.source) === sourceKey(source) ? [] : [each]));
}

/**
 * The room in which each of the three planes fits: with it all have one scale, as large as panes of one size allow.
 * @param {Volume} volume
 * @returns {[columns: number, rows: number]}
 */
export function together(volume) {
  const grids = ORDER.map((name) => planeGrid(volume, CANONICAL[name]));
  return [Math.max(...grids.map(({ columns }) => columns)), Math.max(...grids.map(({ rows }) => rows))];
}

/**
 * Where the planes of a stack begin to cross: the middle of the slice that is shown, or of the volume.
 * @param {State} state
 * @param {PicturePane} shown
 * @returns {Vector}
 */
function standing(state, shown) {
  const volume = /** @type {import("./state.js").Volume} */ (stackOf(state, shown)?.volume);
  const stack = /** @type {import("./state.js").Stack} */ (stackOf(state, shown));
  // Where no hand has been yet the stack stands at its end, which is no place to look along.
  const half = (volume.size[2] - 1) / 2;
  const index = isStackPane(shown) && shown.index !== null && shown.index !== opening(stack) ? shown.index : null;
  const place = index === null ? half : volume.places ? (volume.places[index] ?? half) : index;
  return add(middle(volume), times(volume.step, place - half));
}

/**
 * @param {State} state
 * @param {PicturePane} shown
 * @param {Vector} point
 * @returns {PicturePane}
 */
function acquired(state, shown, point) {
  if (isStackPane(shown)) return { ...shown, ...nearestImage(state, shown, point) };
  const source = /** @type {const} */ ({ ...shown.source, kind: "stack" });
  const there = state.panes.find((each) => isStackPane(each) && sourceKey(each.source) === sourceKey(source));
  if (isStackPane(there)) return there;
  const { voi, invert, text } = shown;
  return pane(source, { voi, invert, text, ...nearestImage(state, shown, point) });
}

/**
 * @param {State} state
 * @param {PicturePane} shown
 * @param {Vector} point
 */
function nearestImage(state, shown, point) {
  const stack = stackOf(state, shown);
  const index = stack && nearestEntry(stack, point);
  return stack && index !== null ? imageAt(stack, index) : {};
}

/**
 * The three planes alone, side by side; their stack waits behind them.
 * @param {State} state
 * @returns {State} unchanged where there is no volume
 */
export function sideBySide(state) {
  const four = threePlanes(state);
  return isThreePlanes(four) ? { ...four, layout: { rows: 1, columns: 3 }, active: Math.min(2, four.active) } : state;
}

/** @param {State} state */
export function isThreePlanes({ layout: { rows, columns }, panes }) {
  const planes = panes.slice(0, rows * columns).filter(isVolumePane);
  return ((rows === 2 && columns === 2) || (rows === 1 && columns === 3)) && planes.length === 3 && new Set(planes.map(({ source }) => sourceKey(source))).size === 1;
}

/**
 * Leave the three planes for the stack that they are made of, large.
 * @param {State} state
 * @returns {State}
 */
export function leavePlanes(state) {
  const shown = isThreePlanes(state) ? paneAt(state) : null;
  if (!shown || isSlidePane(shown)) return state;
  const stack = isStackPane(shown) ? shown : acquired(state, shown, /** @type {VolumePane} */ (shown).plane.point);
  return { ...state, layout: { rows: 1, columns: 1 }, active: 0, maximised: false, stepped: null, panes: [stack, ...state.panes.slice(4)] };
}

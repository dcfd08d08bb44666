/** Curved planes: a path through a volume, drawn by its points, and the picture that is unrolled along it. PURE: LPS millimetres. */

/** @import { Size } from "./geometry.js" */
/** @import { Quality } from "./line.js" */
/** @import { PictureLook, SeriesSource, Slab, Stack, State, Vector } from "./state.js" */
/** @import { Wish } from "./wishes.js" */
import { isVolumePane, paneAt, PLAIN, sourceKey, stackOf, THIN } from "./state.js";
import { add, minus, times } from "./vectors.js";
import { encoded, greyQuery } from "./wishes.js";

/** @typedef {SeriesSource & {kind: "curved", stack: string}} CurvedSource the volume that a stack makes, along a path */
/** @typedef {"straightened" | "stretched"} Form drawn out along the path; or only unrolled, so that lengths across stay true */
/**
 * A picture along a path.
 * @typedef {PictureLook & {source: CurvedSource, path: readonly Vector[], form: Form, turn: number, slab: Slab, center: null}} CurvedPane turn: degrees about the path
 */
/** A path that is being drawn. @typedef {{source: CurvedSource, points: readonly Vector[]}} Drawing */

/** Points that a path has at most, as the server takes them. */
const MOST = 200;

/** @param {import("./state.js").Pane | null | undefined} shown @returns {shown is CurvedPane} */
export const isCurvedPane = (shown) => shown?.source.kind === "curved";

/**
 * @param {CurvedSource} source
 * @param {readonly Vector[]} path
 * @param {Partial<CurvedPane>} [differently]
 * @returns {CurvedPane}
 */
export function curvedPane(source, path, differently = {}) {
  return { source, path, form: "straightened", turn: 0, slab: THIN, ...PLAIN, text: "all", ...differently, center: null };
}

/**
 * Add a point to the path that is being drawn; the first one begins it in the volume under the pane.
 * @param {State} state
 * @param {number} index of the pane
 * @param {Vector} point
 * @returns {State}
 */
export function addPoint(state, index, point) {
  const shown = paneAt(state, index);
  if (!shown || shown.source.kind === "slide" || !stackOf(state, shown)?.volume) return state;
  const { archive, study, series, stack } = shown.source;
  const source = /** @type {const} */ ({ kind: "curved", archive, study, series, stack });
  const before = state.path && sourceKey(state.path.source) === sourceKey(source) ? state.path : { source, points: [] };
  return before.points.length < MOST ? { ...state, path: { ...before, points: [...before.points, point] } } : state;
}

/** @param {State} state @returns {State} without the last point of the path that is being drawn */
export function dropPoint(state) {
  const points = state.path?.points.slice(0, -1) ?? [];
  return state.path ? { ...state, path: points.length ? { ...state.path, points } : null } : state;
}

/**
 * Show the volume along the path: in the pane that shows such a picture, else in the last one.
 * @param {State} state
 * @returns {State}
 */
export function openPath(state) {
  const { path, layout } = state;
  if (!path || path.points.length < 2) return state;
  const count = layout.rows * layout.columns;
  const there = state.panes.slice(0, count).findIndex(isCurvedPane);
  const from = state.panes.find((shown) => isVolumePane(shown) && shown.source.stack === path.source.stack && shown.source.series === path.source.series) ?? paneAt(state);
  const { voi = null, invert = false, text = "all" } = from && from.source.kind !== "slide" ? /** @type {CurvedPane} */ (from) : {};
  const [layoutNow, at] = count > 1 ? [layout, there < 0 ? count - 1 : there] : [{ rows: 1, columns: 2 }, 1];
  const before = state.panes[at];
  const pane = isCurvedPane(before) ? { ...before, source: path.source, path: path.points } : curvedPane(path.source, path.points, { voi, invert, text });
  const panes = Array.from({ length: Math.max(state.panes.length, at + 1) }, (_, index) => (index === at ? pane : (state.panes[index] ?? null)));
  return { ...state, layout: layoutNow, panes, active: at, maximised: false, path: null, tool: state.tool === "path" ? "crosshair" : state.tool };
}

/**
 * @param {State} state
 * @param {(shown: CurvedPane) => Partial<CurvedPane>} change of the active pane
 * @returns {State}
 */
export function changeCurve(state, change) {
  const shown = paneAt(state);
  return isCurvedPane(shown) ? { ...state, panes: state.panes.with(state.active, { ...shown, ...change(shown) }) } : state;
}

/** @param {CurvedSource} source */
export function curvedResource({ archive, study, series }) {
  return `/dicomweb/${archive}/studies/${study}/series/${series}/renderedmpr`;
}

/**
 * The whole path in the pane's own pixels.
 * @param {CurvedPane} shown
 * @param {Stack} stack
 * @param {Size} canvas device pixels
 * @param {Quality} quality
 * @returns {Wish}
 */
export function curvedWish(shown, stack, canvas, quality) {
  const { source, path, form, turn, slab } = shown;
  const grey = greyQuery(shown.voi, shown.invert, stack, shown.colormap);
  const content = [
    grey,
    `stack=${encodeURIComponent(source.stack)}`,
    slab.thickness > 0 && `mprslab=${slab.thickness}&renderingmethod=${slab.method}`,
    `volumetriccurvepoint=${path.flatMap((point) => point.map((part) => Number(part.toFixed(4)) + 0)).join(",")}`,
    `curve=${form}`,
    turn !== 0 && `curveturn=${turn}`,
    `viewport=${canvas.width},${canvas.height}`,
  ].filter(Boolean).join("&");
  const of = { look: content, stack, window: `${source.series} ${grey}` };
  return { ...encoded(curvedResource(source), content, of, quality), patient: true };
}

/** What the server tells of a curved picture. @typedef {{form: Form, length: number, turn: number, thickness: number, method: Slab["method"], pixel_mm: number, knots?: {column: number, along: number, point: Vector, down: Vector}[]}} Curve */

/**
 * Where in the patient a pixel of a curved picture lies.
 * @param {Curve} curve
 * @param {number} column pixels from the picture's corner
 * @param {number} row
 * @returns {Vector | null} null beside the path's ends
 */
export function inCurve({ knots = [], pixel_mm }, column, row) {
  const at = column - 0.5;
  const after = knots.findIndex((knot) => knot.column >= at);
  const [from, to] = [knots[Math.max(0, after - 1)], knots[after]];
  if (!from || !to || at < from.column - 1) return null;
  const share = to.column > from.column ? Math.max(0, (at - from.column) / (to.column - from.column)) : 0;
  const between = (/** @type {Vector} */ one, /** @type {Vector} */ other) => add(one, times(minus(other, one), share));
  return add(between(from.point, to.point), times(between(from.down, to.down), (row - 0.5) * pixel_mm));
}

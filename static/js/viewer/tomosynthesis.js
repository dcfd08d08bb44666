/** Breast tomosynthesis: slabs of a millimetre to twenty, and the way from a 2D image to its slices and back. */

/** @import { Command } from "./commands.js" */
/** @import { View } from "./mammography.js" */
/** @import { Pane, Slab, Stack, State, Vector, VolumePane } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { nearestEntry, ontoEntry } from "./crosshair.js";
import { breastViews } from "./mammography.js";
import { changePane } from "./panes.js";
import { middle } from "./planes.js";
import { entryOf, hung, imageAt, isStackPane, isVolumePane, pane, paneAt, stackKey, stackOf, volumePane } from "./state.js";
import { cross, dot, times } from "./vectors.js";

/** Thicknesses in mm. */
const THICK = /** @type {const} */ ([1, 2, 5, 10, 20]);
/** Sine between planes that count as parallel. */
const PARALLEL = 0.02;

/**
 * The slices of a breast that the active pane shows, one by one or as a slab.
 * @param {State} state
 * @returns {Stack | null}
 */
function slicesAt(state) {
  const stack = stackOf(state, paneAt(state));
  return stack?.breast?.tomosynthesis ? stack : null;
}

/**
 * A slab around the slice that is shown, as it is hung; of no thickness the slices themselves.
 * @param {State} state
 * @param {Slab} slab
 * @returns {State}
 */
export function breastSlab(state, slab) {
  const shown = paneAt(state);
  const stack = slicesAt(state);
  if (!stack) return state;
  if (isVolumePane(shown)) return slab.thickness ? changePane(state, { slab }) : backToSlices(state, shown, stack);
  const { volume, orientation } = stack;
  if (!isStackPane(shown) || !slab.thickness || !volume || orientation?.length !== 6) return state;
  const [a, b, c, d, e, f] = /** @type {[number, number, number, number, number, number]} */ (orientation);
  // Seen along the normal with the first row up, a plane lies as the stored image does, and is turned like it.
  const [look, up] = [cross([a, b, c], [d, e, f]), times(/** @type {Vector} */ ([d, e, f]), -1)];
  const point = ontoEntry(stack, shown.index ?? 0, middle(volume)) ?? middle(volume);
  const { voi, invert, rotation, flip_horizontal, flip_vertical, text, scale } = shown;
  const { archive, study, series, stack: key } = shown.source;
  const source = /** @type {const} */ ({ kind: "volume", archive, study, series, stack: key });
  const edge = scale.edge ? { edge: scale.edge } : {};
  const made = volumePane(source, { point, look, up }, { voi, invert, rotation, flip_horizontal, flip_vertical, text, slab, scale: { fit: 1, ...edge } });
  return put(state, made);
}

/**
 * @param {State} state
 * @param {VolumePane} shown
 * @param {Stack} stack
 * @returns {State}
 */
function backToSlices(state, { source, plane, voi, invert, text, rotation, flip_horizontal, flip_vertical, scale }, stack) {
  const at = imageAt(stack, nearestEntry(stack, plane.point) ?? 0);
  const edge = scale.edge ? { edge: scale.edge } : {};
  const look = { voi, invert, text, rotation, flip_horizontal, flip_vertical, scale: { fit: 1, ...edge } };
  return put(state, pane({ ...source, kind: "stack" }, { ...look, ...at }));
}

/** @param {State} state @param {Pane} shown @returns {State} */
const put = (state, shown) => ({ ...state, panes: state.panes.with(state.active, shown) });

/**
 * The images of the same view as the active pane's: slices for a 2D image, a 2D image for slices.
 * @param {State} state
 * @returns {View | null}
 */
function counterpart(state) {
  const shown = paneAt(state);
  const own = stackOf(state, shown)?.breast;
  if (!shown || !own) return null;
  const alike = breastViews(state).filter(({ breast }) => breast.name === own.name && breast.tomosynthesis !== own.tomosynthesis);
  return alike.find(({ source }) => stackKey(source) !== stackKey(shown.source)) ?? null;
}

/**
 * The slice at the place of a 2D image, told by a frame of reference that both share; null where nothing ties them.
 * @param {State} state
 * @param {Stack} slices
 * @returns {number | null}
 */
function sliceOf(state, slices) {
  const shown = paneAt(state);
  const flat = stackOf(state, shown);
  const location = entryOf(state, shown)?.location;
  if (!flat?.frame_of_reference || flat.frame_of_reference !== slices.frame_of_reference) return null;
  if (typeof location !== "number" || !isParallel(flat, slices)) return null;
  const along = slices.entries.map((entry) => (typeof entry.location === "number" ? Math.abs(entry.location - location) : Infinity));
  const nearest = Math.min(...along);
  return nearest <= (slices.spacing_mm ?? 1) ? along.indexOf(nearest) : null;
}

/** @param {Stack} one @param {Stack} other */
function isParallel(one, other) {
  const [first, second] = [one, other].map(({ orientation }) => normal(orientation));
  return first && second ? Math.hypot(...cross(first, second)) < PARALLEL && dot(first, first) > 0 : false;
}

/** @param {readonly number[] | null | undefined} orientation @returns {Vector | null} */
function normal(orientation) {
  if (orientation?.length !== 6) return null;
  const [a, b, c, d, e, f] = /** @type {[number, number, number, number, number, number]} */ (orientation);
  return cross([a, b, c], [d, e, f]);
}

/**
 * From a 2D image to its slice, from slices to their 2D image.
 * @param {State} state
 * @returns {State}
 */
export function toCounterpart(state) {
  const other = counterpart(state);
  if (!other) return state;
  const index = other.breast.tomosynthesis ? sliceOf(state, other.stack) : 0;
  if (index === null) return state;
  const shown = paneAt(state);
  const edge = shown && "scale" in shown && shown.scale.edge ? { edge: shown.scale.edge } : {};
  return put(state, pane(other.source, { ...imageAt(other.stack, index), ...hung(other.stack), scale: { fit: 1, ...edge }, text: shown?.text ?? "all" }));
}

/** @param {State} state */
export function whyNoCounterpart(state) {
  const other = counterpart(state);
  if (!other) return slicesAt(state) ? gettext("The exam has no 2D image of this view.") : gettext("The exam has no tomosynthesis of this view.");
  if (!other.breast.tomosynthesis || sliceOf(state, other.stack) !== null) return "";
  return gettext("Which slice belongs to this image can't be told: the file gives it no place in the tomosynthesis. Open the slices from the thumbnails.");
}

const isBreast = (/** @type {State} */ state) => Boolean(stackOf(state, paneAt(state))?.breast);

/** @type {readonly Command[]} */
export const TOMOSYNTHESIS_COMMANDS = [
  {
    id: "tomosynthesis",
    label: () => gettext("From a 2D breast image to its tomosynthesis slice, and back"),
    keys: ["Shift+T"],
    group: "move",
    run: toCounterpart,
    offered: isBreast,
    why: (state) => (isBreast(state) ? whyNoCounterpart(state) : ""),
  },
  slabOf(0, "average_ip", () => gettext("Tomosynthesis: single slices")),
  ...THICK.map((thickness) => slabOf(thickness, "average_ip", () => interpolate(gettext("Tomosynthesis: slab of {mm} mm, average"), { mm: thickness }))),
  ...THICK.map((thickness) => slabOf(thickness, "maximum_ip", () => interpolate(gettext("Tomosynthesis: slab of {mm} mm, maximum"), { mm: thickness }))),
];

/**
 * @param {number} thickness mm
 * @param {"average_ip" | "maximum_ip"} method
 * @param {() => string} label
 * @returns {Command}
 */
function slabOf(thickness, method, label) {
  return {
    id: `slab-breast-${method}-${thickness}`,
    label,
    keys: [],
    group: "image",
    run: (state) => breastSlab(state, { thickness, method }),
    offered: (state) => slicesAt(state) !== null,
    why: (state) => slicesAt(state)?.volume === null ? interpolate(gettext("These slices make no slab: {reason}"), { reason: slicesAt(state)?.volume_words || gettext("no reason given") }) : "",
  };
}

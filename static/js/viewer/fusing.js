/** A second volume over the planes of a first: which may lie there, the layouts that show both, what hands change of it. */

/** @import { Known } from "./registering.js" */
/** @import { Fused, Pane, PicturePane, Stack, State, Vector, Voi, VolumePane } from "./state.js" */
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { threePlanes, together } from "./layouts.js";
import { changePane, place } from "./panes.js";
import { CANONICAL, middle } from "./planes.js";
import { addLandmark, joined, knownOf, landmarksOf, toRegister, volumes } from "./registering.js";
import { isSlidePane, isStackPane, isVolumePane, paneAt, seriesKey, sourceKey, stackOf, studyKey, visible, volumePane, THROUGH } from "./state.js";

export const OPACITY = 0.5;
const STEP = 0.1;
const NUCLEAR = ["PT", "NM"];
const ANATOMY = ["CT", "MR"];
const ORDER = /** @type {const} */ (["axial", "coronal", "sagittal"]);
/** mm; of both together, thin enough that bones don't hide what glows. */
const THICK = 20;
/** Inverted grey for PET alone and in the MIP, hot iron over CT: as the server does it by itself. */
const LAYER = { voi: null, colormap: null, opacity: OPACITY };

/** The layer's own stack. @param {State} state @param {Pane | null} shown @returns {Stack | null} */
export function layerOf(state, shown) {
  return isVolumePane(shown) && shown.fused ? stackOf(state, { ...shown, source: shown.fused.source }) : null;
}

/** The part of a plane's query that lays another volume over it. @param {VolumePane} shown */
export function fusedQuery({ source, fused }) {
  if (!fused) return "";
  const { voi, colormap, opacity, registration } = fused;
  return [
    `fused=${fused.source.series}:${encodeURIComponent(fused.source.stack)}`,
    fused.source.study !== source.study && `fusedstudy=${fused.source.study}`,
    fused.source.archive !== source.archive && `fusedarchive=${fused.source.archive}`,
    voi && "width" in voi && `fusedwindow=${voi.center},${voi.width},${voi.function.toLowerCase().replace("_", "-")}`,
    colormap && `fusedcolormap=${colormap}`,
    `fusedopacity=${opacity}`,
    registration && `registration=${registration}`,
  ].filter(Boolean).join("&");
}

/**
 * Series that have to be known before they can be laid over each other: those of layers, and both kinds of a study that has both.
 * @param {State} state
 * @returns {string[]} keys
 */
export function toAsk(state) {
  const layers = state.panes.flatMap((shown) => (isVolumePane(shown) && shown.fused ? [seriesKey(shown.fused.source)] : []));
  const studies = new Set(state.panes.flatMap((shown) => (shown && !isSlidePane(shown) ? [studyKey(shown.source)] : [])));
  const pairs = [...studies].flatMap((key) => {
    const study = state.studies[key];
    if (!study || "error" in study) return [];
    const of = (/** @type {string[]} */ kinds) => study.series.filter(({ modality, viewable }) => viewable !== false && kinds.includes(modality));
    const [nuclear, anatomy] = [of(NUCLEAR), of(ANATOMY)];
    return nuclear.length && anatomy.length ? [...nuclear, ...anatomy].map(({ uid }) => `${key}/${uid}`) : [];
  });
  return [...new Set([...layers, ...pairs])];
}

/**
 * What is laid over what, for the active pane: PET or NM over CT or MR; else what another pane shows.
 * @param {State} state
 * @returns {{base: Known, layer: Known} | null}
 */
export function pairOf(state) {
  const shown = paneAt(state);
  const own = knownOf(state, shown);
  if (!shown || !own?.stack.frame_of_reference) return null;
  const { stack } = own;
  const all = volumes(state).filter((each) => sourceKey(each.source) !== sourceKey(own.source));
  const near = all.filter((each) => each.stack.frame_of_reference === stack.frame_of_reference);
  // What shares a Frame of Reference goes first; else what somebody has registered, and accepted.
  return pairAmong(state, own, near) ?? pairAmong(state, own, all.filter((each) => joined(state, own, each)));
}

/** @param {State} state @param {Known} own @param {Known[]} others @returns {{base: Known, layer: Known} | null} */
function pairAmong(state, own, others) {
  const shown = /** @type {PicturePane} */ (paneAt(state));
  const { stack } = own;
  const nearby = (/** @type {Known} */ each) => (studyKey(each.source) === studyKey(shown.source) ? 1 : 0);
  const best = (/** @type {string[]} */ kinds) => others.filter((each) => kinds.includes(each.stack.modality))
    .sort((one, other) => nearby(other) - nearby(one) || Number(!!other.stack.suv) - Number(!!one.stack.suv) || other.stack.entries.length - one.stack.entries.length)[0];
  if (NUCLEAR.includes(stack.modality)) {
    const base = best(ANATOMY);
    return base ? { base, layer: own } : null;
  }
  const beside = visible(state).map((index) => paneAt(state, index)).filter((each) => each !== null && each !== shown).map((each) => stackOf(state, each));
  const layer = best(NUCLEAR) ?? others.find((each) => beside.includes(each.stack));
  return layer ? { base: own, layer } : null;
}

/** Whether the active pane shows two volumes. @param {State} state */
export function isFused(state) {
  const shown = paneAt(state);
  return isVolumePane(shown) && !!shown.fused;
}

/**
 * Lay the other volume over the three planes of the active one, or take it away again.
 * @param {State} state
 * @returns {State}
 */
export function fuse(state) {
  if (isFused(state)) return { ...state, onLayer: false, panes: state.panes.map((each) => (isVolumePane(each) && each.fused ? { ...each, fused: null } : each)) };
  const pair = pairOf(state);
  if (!pair) return state;
  return fuseWith(state, pair.base, pair.layer, joined(state, pair.base, pair.layer)?.id ?? null);
}

/**
 * Lay one volume over the planes of another, by a registration where their Frames of Reference differ.
 * @param {State} state
 * @param {Known} base
 * @param {Known} layer
 * @param {string | null} registration
 * @returns {State}
 */
export function fuseWith(state, base, layer, registration) {
  const planes = onPlanes(state, base);
  const key = sourceKey(base.source);
  const fused = { source: layer.source, ...LAYER, ...(registration ? { registration } : {}) };
  return { ...planes, panes: planes.panes.map((each) => (isVolumePane(each) && sourceKey(each.source) === key ? { ...each, fused } : each)) };
}

/** The planes of a volume, where the active pane doesn't show one yet. @param {State} state @param {Known} base */
function onPlanes(state, { source }) {
  const shown = paneAt(state);
  if (isVolumePane(shown) && sourceKey(shown.source) === sourceKey(source)) return state;
  return threePlanes(place(state, state.active, { ...source, kind: "stack" }));
}

/**
 * Three planes of the one, of the other and of both, all of one size and through one point, and beside them the other's MIP.
 * @param {State} state
 * @returns {State}
 */
export function threeRows(state) {
  const pair = pairOf(state) ?? fusedPair(state);
  const volume = pair?.base.stack.volume;
  const other = pair?.layer.stack.volume;
  if (!pair || !volume || !other) return state;
  const shown = /** @type {PicturePane} */ (paneAt(state));
  const point = isVolumePane(shown) ? shown.plane.point : middle(volume);
  const [columns, rows] = together(volume);
  const scaled = (/** @type {number} */ spacing) => ({ fit: 1, room: /** @type {[number, number]} */ ([(columns * volume.spacing_mm) / spacing, (rows * volume.spacing_mm) / spacing]) });
  const common = { center: middle(volume), text: shown.text };
  const plane = (/** @type {Known} */ of, /** @type {typeof ORDER[number]} */ name, /** @type {Partial<VolumePane>} */ more) =>
    volumePane(of.source, { point, ...CANONICAL[name] }, { ...common, named: name, scale: scaled(of.stack.volume?.spacing_mm ?? 1), ...more });
  const registration = joined(state, pair.base, pair.layer)?.id;
  const fused = { source: pair.layer.source, ...LAYER, ...(registration ? { registration } : {}), ...(isVolumePane(shown) && shown.fused) };
  const slab = /** @type {const} */ ({ thickness: THROUGH, method: "maximum_ip" });
  const row = (/** @type {Known} */ of, /** @type {Partial<VolumePane>} */ more) => ORDER.map((name) => plane(of, name, more));
  const voi = isOfBase(shown, pair.base) ? { voi: shown.voi, invert: shown.invert } : {};
  const mip = (/** @type {"coronal" | "sagittal"} */ name) => plane(pair.layer, name, { voi: fused.voi, slab });
  const panes = [
    ...row(pair.base, voi), mip("coronal"),
    ...row(pair.layer, { voi: fused.voi }), mip("sagittal"),
    ...row(pair.base, { ...voi, fused }), plane(pair.base, "coronal", { ...voi, fused, slab: { ...slab, thickness: THICK } }),
  ];
  const links = { ...state.links, pan: true, zoom: true, window: true };
  return { ...state, links, layout: { rows: 3, columns: 4 }, active: 8, maximised: false, stepped: null, panes };
}

/** @param {PicturePane} shown @param {Known} base */
const isOfBase = (shown, base) => seriesKey(shown.source) === seriesKey(base.source);

/** @param {State} state @returns {{base: Known, layer: Known} | null} of a plane that is fused already */
function fusedPair(state) {
  const shown = paneAt(state);
  const [stack, layer] = [stackOf(state, shown), layerOf(state, shown)];
  return isVolumePane(shown) && shown.fused && stack && layer ? { base: { source: shown.source, stack }, layer: { source: shown.fused.source, stack: layer } } : null;
}

/**
 * Change the layer of a pane, and of all planes that have the same.
 * @param {State} state
 * @param {Partial<Fused>} difference
 * @param {number} [index]
 * @returns {State}
 */
export function changeFused(state, difference, index = state.active) {
  const shown = paneAt(state, index);
  if (!isVolumePane(shown) || !shown.fused) return state;
  const key = sourceKey(shown.fused.source);
  const panes = state.panes.map((each) => (isVolumePane(each) && each.fused && sourceKey(each.fused.source) === key ? { ...each, fused: { ...each.fused, ...difference } } : each));
  return { ...state, panes };
}

/** @param {number} step @returns {import("./state.js").Change} */
const moreOpaque = (step) => (state) => {
  const shown = paneAt(state);
  const before = isVolumePane(shown) ? (shown.fused?.opacity ?? 0) : 0;
  return changeFused(state, { opacity: Math.min(1, Math.max(0, Math.round(10 * (before + step)) / 10)) });
};

/**
 * What a window, its presets and colour maps act on in a pane: the picture, or the layer over it.
 * @typedef {{stack: Stack, voi: Voi, colormap: string | null, usual: string, isLayer: boolean, change: (state: State, difference: {voi?: Voi, colormap?: string | null}) => State}} Target
 */

/**
 * @param {State} state
 * @param {number} [index]
 * @returns {Target | null}
 */
export function targetOf(state, index = state.active) {
  const shown = paneAt(state, index);
  const layer = state.onLayer ? layerOf(state, shown) : null;
  if (layer && isVolumePane(shown) && shown.fused) {
    const { voi, colormap } = shown.fused;
    return { stack: layer, voi, colormap, usual: "HOT_IRON", isLayer: true, change: (now, difference) => changeFused(now, difference, index) };
  }
  const stack = stackOf(state, shown);
  if (!stack || !shown || isSlidePane(shown)) return null;
  const usual = stack.modality === "PT" ? "GREY_INVERTED" : "GREY";
  return { stack, voi: shown.voi, colormap: shown.colormap, usual, isLayer: false, change: (now, difference) => changePane(now, difference, index) };
}

/**
 * The window that a target is painted with.
 * @param {Target} target
 * @param {import("./corners.js").Picture | null} picture
 */
export const paintedWindow = (target, picture) => (target.isLayer ? picture?.fused?.window : picture?.window);

/** Why nothing can be laid over the active pane; "" where something can. @param {State} state */
export function whyNotFused(state) {
  const shown = paneAt(state);
  if (isFused(state) || pairOf(state) || !shown) return "";
  const stack = stackOf(state, shown);
  if (!stack?.volume) return interpolate(gettext("These images make no planes: {reason}"), { reason: stack?.volume_words || gettext("no reason given") });
  const kinds = NUCLEAR.includes(stack.modality) ? ANATOMY : NUCLEAR;
  const elsewhere = volumes(state).some((each) => kinds.includes(each.stack.modality));
  return elsewhere
    ? gettext("Not fused: the Frames of Reference differ and aren’t registered. Register now: Alt+R")
    : gettext("Nothing shares a Frame of Reference with these images, so nothing is laid over them");
}

/** @type {readonly import("./commands.js").Command[]} */
export const FUSION_COMMANDS = [
  { id: "fuse", label: () => gettext("Fuse: PET over CT or MR, and back"), keys: ["P"], group: "layout", run: fuse, pressed: isFused, offered: isPicture, why: whyNotFused },
  { id: "fuse-rows", label: () => gettext("Fusion in three rows: CT, PET, both, with MIP"), keys: ["Shift+P"], group: "layout", run: threeRows, offered: isPicture, why: whyNotFused },
  { id: "fuse-layer", label: () => gettext("Window and colours act on the layer, and back"), keys: ["A"], group: "window", run: (state) => ({ ...state, onLayer: !state.onLayer }), offered: isFused, pressed: (state) => state.onLayer },
  { id: "fuse-more", label: () => gettext("Layer: more opaque"), keys: ["N"], group: "window", run: moreOpaque(STEP), offered: isFused },
  { id: "fuse-less", label: () => gettext("Layer: more transparent"), keys: ["Shift+N"], group: "window", run: moreOpaque(-STEP), offered: isFused },
];

/** @param {State} state */
function landmarksWords(state) {
  const count = landmarksOf(state).length;
  return interpolate(ngettext("{count} pair of landmarks is set", "{count} pairs of landmarks are set", count), { count });
}

/** @type {readonly import("./commands.js").Command[]} */
export const REGISTER_COMMANDS = [
  { id: "register", label: () => gettext("Register two series …"), keys: ["Alt+R"], group: "layout", effect: "register", offered: isPicture },
  { id: "landmark", label: () => gettext("Landmark: the places that the crosshair points at in both series"), keys: ["Alt+L"], group: "layout", run: addLandmark, offered: (state) => toRegister(state) !== null, said: landmarksWords, why: (state) => (addLandmark(state) === state && toRegister(state) ? gettext("Point at the place in both series with the crosshair first") : "") },
];

/** @param {State} state */
function isPicture(state) {
  const shown = paneAt(state);
  return isStackPane(shown) || isVolumePane(shown);
}

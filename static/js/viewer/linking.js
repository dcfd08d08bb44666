/** Panes that go along with each other: by position within a Frame of Reference, by a set offset across, each kind of movement by itself. PURE. */

/** @import { Change, Links, Pane, PicturePane, Stack, State, Vector, VolumePane } from "./state.js" */
import { isCurvedPane } from "./curves.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { number } from "./corners.js";
import { inSameSpace, moveCrosshair, nearestEntry, normalOf } from "./crosshair.js";
import { changePane } from "./panes.js";
import { carried, joined, knownOf } from "./registering.js";
import { imageAt, isSlidePane, isSpacePane, isStackPane, isVolumePane, paneAt, sourceKey, stackOf, visible } from "./state.js";
import { factorOf } from "./uptake.js";
import { add, dot, length, minus, times } from "./vectors.js";

/** Directions whose cosine is above this are taken for one. */
const ALIKE = 0.98;

/**
 * What a change means for the panes that are linked with the one it was made in. Each kind is linked by itself; across
 * Frames of Reference nothing goes along but the scrolling that a hand has linked with an offset.
 * @param {State} before
 * @param {State} after
 * @returns {State}
 */
export function followed(before, after) {
  const { links } = after;
  const isLinked = links.scroll || links.across || links.pan || links.zoom || links.window;
  if (!isLinked || before.panes === after.panes || before.layout !== after.layout || before.links !== links) return after;
  const leader = leaderOf(before, after);
  if (leader === null) return after;
  let state = after;
  if (links.scroll || links.across) state = scrolled(before, state, leader);
  if (links.zoom) state = zoomedAlong(before, state, leader);
  if (links.pan) state = pannedAlong(before, state, leader);
  if (links.window) state = windowedAlong(before, state, leader);
  return state;
}

/** @param {State} before @param {State} after @returns {number | null} the pane in which a hand moved */
function leaderOf(before, after) {
  const moved = visible(after).filter((index) => {
    const [was, is] = [paneAt(before, index), paneAt(after, index)];
    return was && is && was !== is && !isSlidePane(is) && sourceKey(was.source) === sourceKey(is.source);
  });
  if (moved.includes(after.active)) return after.active;
  return moved.find((index) => isVolumePane(paneAt(after, index))) ?? moved[0] ?? null;
}

/** @param {State} state @param {number} leader @returns {number[]} the other panes that show pictures */
const others = (state, leader) => visible(state).filter((index) => index !== leader && paneAt(state, index) && !isSlidePane(paneAt(state, index)));

/**
 * Where a pane stands: of a stack along its normal alone.
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {{at: Vector, along: Vector} | null} along: unit vector of scrolling
 */
function standing(state, shown) {
  if (isVolumePane(shown)) return { at: shown.plane.point, along: shown.plane.look };
  const stack = isStackPane(shown) ? stackOf(state, shown) : null;
  const along = stack?.spatial ? normalOf(stack.orientation) : null;
  const location = stack && isStackPane(shown) ? stack.entries[shown.index ?? -1]?.location : null;
  return along && typeof location === "number" ? { at: times(along, location), along } : null;
}

/** @param {State} before @param {State} state @param {number} leader @returns {State} */
function scrolled(before, state, leader) {
  const shown = /** @type {PicturePane} */ (paneAt(state, leader));
  const [was, is] = [standing(before, paneAt(before, leader)), standing(state, shown)];
  if (!was || !is || length(minus(is.at, was.at)) < 1e-6) return state;
  let next = state;
  const own = state.links.anchors[sourceKey(shown.source)] ?? was.at;
  const anchors = { ...state.links.anchors, [sourceKey(shown.source)]: own };
  for (const index of others(state, leader)) {
    const other = /** @type {PicturePane} */ (paneAt(next, index));
    const there = standing(next, other);
    if (other !== paneAt(before, index) || !there || isCurvedPane(other)) continue;
    const alike = Math.abs(dot(there.along, is.along)) > ALIKE;
    if (inSameSpace(state, shown, other)) {
      if (state.links.scroll && alike && isStackPane(other)) next = toLocation(next, index, is.at);
    } else if (state.links.scroll && registered(state, shown, other)) {
      const target = registered(state, shown, other)?.(is.at);
      if (target && (alike || isVolumePane(shown))) next = isStackPane(other) ? toLocation(next, index, target) : moveCrosshair(next, other, isVolumePane(other) && isStackPane(shown) ? onto(other, target) : target);
    } else if (state.links.across && (alike || (isVolumePane(other) && isVolumePane(shown)))) {
      // What came later is linked by the offset that it has by now.
      const far = (anchors[sourceKey(other.source)] ??= minus(there.at, minus(was.at, own)));
      const target = add(far, minus(is.at, own));
      next = isStackPane(other) ? toLocation(next, index, target) : moveCrosshair(next, other, isVolumePane(other) && isStackPane(shown) ? onto(other, target) : target);
    }
  }
  return next === state && sameAnchors(anchors, state.links.anchors) ? state : { ...next, links: { ...next.links, anchors } };
}

/**
 * What takes a point of one pane's Frame of Reference to another's, if somebody has registered them.
 * @param {State} state
 * @param {PicturePane} from
 * @param {PicturePane} to
 * @returns {((point: Vector) => Vector | null) | null}
 */
function registered(state, from, to) {
  const [one, other] = [knownOf(state, from), knownOf(state, to)];
  const found = one && other ? joined(state, one, other) : null;
  return found ? (point) => carried(found, one?.stack.frame_of_reference ?? "", point) : null;
}

/** A plane's point moved along its look to the depth of another point. @param {VolumePane} shown @param {Vector} target @returns {Vector} */
const onto = ({ plane }, target) => add(plane.point, times(plane.look, dot(minus(target, plane.point), plane.look)));

/** @param {Record<string, Vector>} one @param {Record<string, Vector>} other */
const sameAnchors = (one, other) => Object.keys(one).length === Object.keys(other).length;

/**
 * @param {State} state
 * @param {number} index of a stack's pane
 * @param {Vector} point
 * @returns {State} unchanged where the stack doesn't reach as far
 */
function toLocation(state, index, point) {
  const shown = paneAt(state, index);
  const stack = stackOf(state, shown);
  const entry = stack && nearestEntry(stack, point);
  return stack && typeof entry === "number" && isStackPane(shown) && entry !== shown.index ? changePane(state, imageAt(stack, entry), index) : state;
}

/** Where every pane stands by now. @param {State} state @returns {Record<string, Vector>} by stack */
function anchorsOf(state) {
  return Object.fromEntries(visible(state).flatMap((index) => {
    const shown = paneAt(state, index);
    const there = standing(state, shown);
    return shown && there ? [[sourceKey(shown.source), there.at]] : [];
  }));
}

/** Millimetres for the side of what a scale counts. @param {State} state @param {PicturePane} shown */
function side(state, shown) {
  const stack = stackOf(state, shown);
  return isVolumePane(shown) || isSpacePane(shown) ? (stack?.volume?.spacing_mm ?? null) : (stack?.pixel_spacing?.[1] ?? null);
}

/** As many millimetres for a pixel of the screen everywhere. @param {State} before @param {State} state @param {number} leader @returns {State} */
function zoomedAlong(before, state, leader) {
  const [was, shown] = [paneAt(before, leader), /** @type {PicturePane} */ (paneAt(state, leader))];
  if (isSlidePane(was) || was?.scale === shown.scale) return state;
  const own = side(state, shown);
  const { scale } = shown;
  return others(state, leader).reduce((next, index) => {
    const other = /** @type {PicturePane} */ (paneAt(next, index));
    const theirs = side(next, other);
    if (!("pixels" in scale)) return changePane(next, { scale: { ...("fit" in other.scale ? other.scale : {}), fit: scale.fit } }, index);
    return own && theirs ? changePane(next, { scale: { pixels: (scale.pixels * theirs) / own } }, index) : next;
  }, state);
}

/** @param {State} before @param {State} state @param {number} leader @returns {State} */
function pannedAlong(before, state, leader) {
  const [was, shown] = [paneAt(before, leader), /** @type {PicturePane} */ (paneAt(state, leader))];
  if (isSlidePane(was) || was?.center === shown.center) return state;
  const center = shown.center && centerInPatient(state, shown);
  if (shown.center && !center) return state;
  return others(state, leader).reduce((next, index) => {
    const other = /** @type {PicturePane} */ (paneAt(next, index));
    if (!inSameSpace(state, shown, other)) return next;
    const there = center && (isVolumePane(other) ? center : centerInStack(next, other, center));
    return center && !there ? next : changePane(next, /** @type {any} */ ({ center: there }), index);
  }, state);
}

/** @param {State} state @param {PicturePane} shown @returns {Vector | null} LPS mm */
function centerInPatient(state, shown) {
  if (!isStackPane(shown)) return shown.center;
  const volume = stackOf(state, shown)?.volume;
  if (!volume || !shown.center) return null;
  const [x, y] = shown.center;
  return add(add(volume.position, times(volume.step, shown.index ?? 0)), add(times(volume.row, x - 0.5), times(volume.column, y - 0.5)));
}

/** @param {State} state @param {PicturePane} shown of a stack @param {Vector} center @returns {[number, number] | null} image pixels */
function centerInStack(state, shown, center) {
  const volume = stackOf(state, shown)?.volume;
  if (!volume || !isStackPane(shown)) return null;
  const from = minus(center, add(volume.position, times(volume.step, shown.index ?? 0)));
  const along = (/** @type {Vector} */ way) => dot(from, way) / dot(way, way) + 0.5;
  return [along(volume.row), along(volume.column)];
}

/** @param {State} before @param {State} state @param {number} leader @returns {State} */
function windowedAlong(before, state, leader) {
  const [was, shown] = [paneAt(before, leader), /** @type {PicturePane} */ (paneAt(state, leader))];
  if (!was || isSlidePane(was)) return state;
  let next = state;
  if (was.voi !== shown.voi) next = spread(next, leader, stackOf(state, shown), shown.voi);
  if (isVolumePane(was) && isVolumePane(shown) && shown.fused && was.fused?.voi !== shown.fused.voi) {
    next = spread(next, leader, stackOf(state, { ...shown, source: shown.fused.source }), shown.fused.voi);
  }
  return next;
}

/**
 * A window for all pictures and layers that have the same unit: of PET by SUV.
 * @param {State} state
 * @param {number} leader
 * @param {Stack | null} of
 * @param {import("./state.js").Voi} voi
 * @returns {State}
 */
function spread(state, leader, of, voi) {
  if (!of) return state;
  return [leader, ...others(state, leader)].reduce((next, index) => {
    const other = /** @type {PicturePane} */ (paneAt(next, index));
    const own = index === leader ? null : converted(of, stackOf(next, other), voi);
    const changed = own ? changePane(next, { voi: own.voi }, index) : next;
    const fused = isVolumePane(other) ? other.fused : null;
    const layer = fused && isVolumePane(other) ? converted(of, stackOf(next, { ...other, source: fused.source }), voi) : null;
    return fused && layer && layer.voi !== fused.voi ? changePane(changed, { fused: { ...fused, voi: layer.voi } }, index) : changed;
  }, state);
}

/** @param {Stack} of @param {Stack | null} other @param {import("./state.js").Voi} voi @returns {{voi: import("./state.js").Voi} | null} null where it means nothing */
function converted(of, other, voi) {
  if (!other || other.colour || other.modality !== of.modality || other.unit !== of.unit) return null;
  if (!voi || !("width" in voi)) return other.key === of.key ? { voi } : null;
  const [own, theirs] = [factorOf(of), factorOf(other)];
  if (!own || !theirs || own === theirs) return { voi };
  return { voi: { ...voi, center: (voi.center * own) / theirs, width: (voi.width * own) / theirs } };
}

/**
 * What a pane shares with the others; where its Frame of Reference isn't that of the active one, which registration joins them.
 * @param {State} state
 * @param {PicturePane} shown
 * @returns {string[]}
 */
export function linkWords(state, shown) {
  const { scroll, across, pan, zoom, window } = state.links;
  const kinds = [scroll || across ? gettext("scrolling") : "", pan ? gettext("place") : "", zoom ? gettext("zoom") : "", window ? gettext("window") : ""].filter(Boolean);
  const words = kinds.length && visible(state).length > 1 ? interpolate(gettext("linked: {what}"), { what: kinds.join(", ") }) : "";
  return [words, joinWords(state, shown)].filter(Boolean);
}

/** @param {State} state @param {PicturePane} shown */
function joinWords(state, shown) {
  const active = paneAt(state);
  return state.links.scroll && active && active !== shown && !isSlidePane(active) && !inSameSpace(state, active, shown) ? joinedWords(state, active, shown) : "";
}

/**
 * What must be seen of a pane that goes along with one of another Frame of Reference: that it isn't registered, and the offset.
 * @param {State} state
 * @param {PicturePane} shown
 * @returns {string} "" where nothing goes along like that
 */
export function acrossWords(state, shown) {
  const { across, anchors } = state.links;
  if (joinWords(state, shown)) return "";
  const first = across ? leaderShown(state) : null;
  if (!first || inSameSpace(state, first, shown)) return "";
  const [one, other] = [standing(state, first), standing(state, shown)];
  const [own, far] = [anchors[sourceKey(first.source)] ?? one?.at, anchors[sourceKey(shown.source)] ?? other?.at];
  const along = other?.along;
  if (!own || !far || !along) return "";
  const offset = isVolumePane(shown) ? length(minus(far, own)) : dot(minus(far, own), along);
  return interpolate(gettext("not registered: linked by an offset of {mm} mm"), { mm: (offset > 0 && !isVolumePane(shown) ? "+" : "") + number(offset) });
}

/** The pane that offsets are told against: once it has gone, the first that is left. @param {State} state @returns {PicturePane | null} */
function leaderShown(state) {
  const all = [...state.panes.filter((each) => each && sourceKey(each.source) === state.links.leader), ...visible(state).map((index) => paneAt(state, index))];
  return /** @type {PicturePane | undefined} */ (all.find((each) => each && !isSlidePane(each) && standing(state, each))) ?? null;
}

/** @param {State} state @param {PicturePane} one @param {PicturePane} other */
function joinedWords(state, one, other) {
  const [own, far] = [knownOf(state, one), knownOf(state, other)];
  return (own && far && joined(state, own, far)?.words) || "";
}

/** @param {"pan" | "zoom" | "window"} kind @returns {Change} */
const toggle = (kind) => (state) => ({ ...state, links: { ...state.links, [kind]: !state.links[kind] } });

/** Panes of one Frame of Reference scroll together, or no longer. @type {Change} */
export const linkScroll = (state) => ({ ...state, links: { ...state.links, scroll: !state.links.scroll } });

/** Panes of other Frames of Reference go along too, by the offset that they have now, until this is done again. @type {Change} */
export function linkAcross(state) {
  const shown = paneAt(state);
  if (state.links.across || !shown) return { ...state, links: { ...state.links, across: false, anchors: {}, leader: null } };
  return { ...state, links: { ...state.links, scroll: true, across: true, anchors: anchorsOf(state), leader: sourceKey(shown.source) } };
}

/** @param {State} state */
const severalShown = (state) => visible(state).length > 1;

/** @param {string} id @param {string} key @param {() => string} label @param {Change} run @param {(links: Links) => boolean} on @returns {import("./commands.js").Command} */
const link = (id, key, label, run, on) => ({ id: `link-${id}`, label, keys: [key], group: "layout", run, pressed: ({ links }) => on(links), offered: severalShown });

/** @type {readonly import("./commands.js").Command[]} */
export const LINK_COMMANDS = [
  link("scroll", "Alt+S", () => gettext("Link scrolling by position, and unlink"), linkScroll, ({ scroll }) => scroll),
  link("across", "Alt+Shift+S", () => gettext("Link scrolling with other exams by the present offset (not registered), and release"), linkAcross, ({ across }) => across),
  link("pan", "Alt+M", () => gettext("Link panning, and unlink"), toggle("pan"), ({ pan }) => pan),
  link("zoom", "Alt+Z", () => gettext("Link zooming, and unlink"), toggle("zoom"), ({ zoom }) => zoom),
  link("window", "Alt+W", () => gettext("Link windows, and unlink"), toggle("window"), ({ window }) => window),
];

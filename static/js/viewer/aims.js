/** What a pane needs now: a picture to ask for, or words why there is none. */

/** @import { Entry, SeriesStacks, Stack, StackPane, State, PicturePane, SpacePane, VolumePane } from "./state.js" */
/** @import { CurvedPane } from "./curves.js" */
/** @import { Size } from "./geometry.js" */
/** @import { Quality } from "./line.js" */
/** @import { Wish } from "./wishes.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { nearestEntry } from "./crosshair.js";
import { curvedResource, curvedWish, isCurvedPane } from "./curves.js";
import { beside } from "./dimensions.js";
import { isRemoved, statesOf } from "./growth.js";
import { isShown, isSpacePane, isStackPane, progressKey, seriesKey, stackOf } from "./state.js";
import { nextPlanes, planeResource, planeWish } from "./planewishes.js";
import { spaceResource, spaceWish } from "./spacewishes.js";
import { frameResource, neighbours, wish } from "./wishes.js";

/**
 * @typedef {object} Aim
 * @property {string} resource
 * @property {(quality: Quality, moving?: boolean) => Wish | null} wish null when nothing of it is seen; moving: a coarser one will do
 * @property {(direction: number) => Wish[]} next what a hand may want next
 * @property {Entry | null} entry of a stack
 * @property {string} late words while it takes its time
 * @property {number | null} index of the slice that is needed first; null while nobody knows which it is
 */

/** @typedef {{title: string, words: string, entry: Entry | null, index: number | null}} Hindrance index: of the slice where the pane stands */

/**
 * @param {State} state
 * @param {PicturePane} shown
 * @param {Size} canvas device pixels
 * @returns {Aim | Hindrance | null} null while the server hasn't told
 */
export function aimOf(state, shown, canvas) {
  const series = state.series[seriesKey(shown.source)];
  const none = gettext("This series can't be shown");
  if (!series) {
    const seen = isStackPane(shown) ? stackOf(state, shown) : null;
    return seen && isStackPane(shown) ? imageAim(state, shown, seen, canvas) : null;
  }
  if ("error" in series) return { title: series.title ?? none, words: series.error, entry: null, index: null };
  const stack = stackOf(state, shown);
  if (!stack) return { title: none, words: noStack(series), entry: null, index: null };
  if (isCurvedPane(shown)) return curvedAim(state, shown, stack, canvas);
  if (isStackPane(shown)) return imageAim(state, shown, stack, canvas);
  return isSpacePane(shown) ? spaceAim(state, shown, stack, canvas) : planeAim(state, shown, stack, canvas);
}

/**
 * @param {State} state
 * @param {StackPane} shown
 * @param {Stack} stack
 * @param {Size} canvas
 * @returns {Aim | Hindrance}
 */
function imageAim(state, shown, stack, canvas) {
  const index = shown.index ?? 0;
  const entry = stack.entries[index];
  const title = gettext("This image is no longer in the archive");
  if (!isShown(entry)) return { title: entry?.gone ? title : gettext("Slice missing"), words: entry?.missing ?? "", entry: entry ?? null, index };
  if (isRemoved(state.fresh[seriesKey(shown.source)], entry)) return { title, words: "", entry: null, index };
  return {
    resource: frameResource(shown.source, entry),
    wish: (quality) => wish(shown, stack, entry, canvas, quality),
    next: (direction) => [...besides(state, shown, canvas), ...neighbours(shown, stack, direction, canvas)],
    entry,
    late: stack.early ? gettext("Loading …") : interpolate(gettext("Loading image {index} …"), { index: index + 1 }),
    index: stack.early ? null : index,
  };
}

/**
 * The same slice in the next volumes of the series.
 * @param {State} state
 * @param {StackPane} shown
 * @param {Size} canvas
 */
function besides(state, shown, canvas) {
  return beside(state, shown).flatMap(({ pane, stack }) => {
    const entry = stack.entries[pane.index ?? 0];
    return isShown(entry) ? (wish(pane, stack, entry, canvas, null) ?? []) : [];
  });
}

/**
 * @param {State} state
 * @param {VolumePane} shown
 * @param {Stack} stack
 * @param {Size} canvas
 * @returns {Aim | Hindrance}
 */
function planeAim(state, shown, stack, canvas) {
  const { volume, volume_words } = stack;
  if (!volume) return { title: gettext("This series makes no planes"), words: volume_words ?? "", entry: null, index: null };
  return {
    resource: planeResource(shown.source),
    wish: (quality) => planeWish(shown, stack, volume, canvas, quality),
    next: (direction) => nextPlanes(shown, stack, volume, direction, canvas),
    entry: null,
    late: loadingWords(state, shown) || gettext("Loading the plane …"),
    index: nearestEntry(stack, shown.plane.point) ?? 0,
  };
}

/** How good the pictures of a volume are that turns by itself: a whole turn fits into the page's memory. */
const TURNING = 90;

/** @param {State} state @param {SpacePane} shown */
const isTurning = ({ spinning }, shown) => spinning !== null && spinning.source === shown.source;

/**
 * @param {State} state
 * @param {SpacePane} shown
 * @param {Stack} stack
 * @param {Size} canvas
 * @returns {Aim | Hindrance}
 */
function spaceAim(state, shown, stack, canvas) {
  const { volume, volume_words } = stack;
  if (!volume) return { title: gettext("This series makes no volume"), words: volume_words ?? "", entry: null, index: null };
  return {
    resource: spaceResource(shown.source),
    wish: (quality, moving = false) => isTurning(state, shown)
      ? spaceWish(shown, stack, volume, canvas, TURNING, "turning")
      : spaceWish(shown, stack, volume, canvas, quality, moving ? "moving" : "resting"),
    next: () => [],
    entry: null,
    late: loadingWords(state, shown) || gettext("Loading the volume …"),
    index: Math.floor(stack.entries.length / 2),
  };
}

/**
 * @param {State} state
 * @param {CurvedPane} shown
 * @param {Stack} stack
 * @param {Size} canvas
 * @returns {Aim | Hindrance}
 */
function curvedAim(state, shown, stack, canvas) {
  if (!stack.volume) return { title: gettext("This series makes no planes"), words: stack.volume_words ?? "", entry: null, index: null };
  return {
    resource: curvedResource(shown.source),
    wish: (quality) => curvedWish(shown, stack, canvas, quality),
    next: () => [],
    entry: null,
    late: loadingWords(state, shown) || gettext("Loading the plane …"),
    index: nearestEntry(stack, /** @type {import("./state.js").Vector} */ (shown.path[0])) ?? 0,
  };
}

/**
 * How much of a volume has arrived; "" once all of it has, or while nobody knows.
 * @param {State} state
 * @param {PicturePane} shown
 */
export function loadingWords(state, shown) {
  const stack = stackOf(state, shown);
  const states = stack && statesOf(state.progress[progressKey(shown.source)], stack.entries);
  if (isStackPane(shown) || !stack || !states) return "";
  const slices = stack.entries.flatMap((entry, index) => (isShown(entry) ? [states[index]] : []));
  const present = slices.filter((each) => each === "p").length;
  const settled = present + slices.filter((each) => each === "f").length;
  if (settled >= slices.length) return "";
  return interpolate(gettext("Loading the volume: {present} of {count} slices"), { present, count: slices.length });
}

/** @param {SeriesStacks} series */
function noStack({ not_viewable, words }) {
  return not_viewable[0]?.words ?? words ?? "";
}

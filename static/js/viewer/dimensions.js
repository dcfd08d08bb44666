/** The volumes of one series in their order: phases, echoes, b-values. PURE */

/** @import { Command } from "./commands.js" */
/** @import { Dimension, Pane, PicturePane, Stack, StackPane, StackSource, State, Voi, VolumePane } from "./state.js" */
import { isCurvedPane } from "./curves.js";
import { gettext } from "../shared/i18n.js";
import { changePane } from "./panes.js";
import { wanted } from "./presets.js";
import { imageAt, isShown, isSlidePane, isSpacePane, isStackPane, isVolumePane, paneAt, seriesKey, sourceKey, stackOf } from "./state.js";

/** @type {readonly Command[]} */
export const DIMENSION_COMMANDS = [
  step("next-phase", ["Shift+ArrowRight"], () => gettext("Next phase, echo or b-value, at the same slice"), 0, 1),
  step("previous-phase", ["Shift+ArrowLeft"], () => gettext("Previous phase, echo or b-value, at the same slice"), 0, -1),
  step("next-phase-2", ["Ctrl+Shift+ArrowRight"], () => gettext("Next of a second dimension, such as the direction"), 1, 1),
  step("previous-phase-2", ["Ctrl+Shift+ArrowLeft"], () => gettext("Previous of a second dimension, such as the direction"), 1, -1),
];

/**
 * @param {string} id
 * @param {readonly string[]} keys
 * @param {() => string} label
 * @param {number} which of the pane's sliders, from the first
 * @param {1 | -1} way
 * @returns {Command}
 */
function step(id, keys, label, which, way) {
  return { id, label, keys, group: "move", run: (state) => stepped(state, which, way), offered: (state) => which in sliders(stackOf(state, paneAt(state))) };
}

/**
 * The stacks of a series that are volumes of one thing, in the server's order; the stack alone where it is one by itself.
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Stack[]}
 */
export function family(state, shown) {
  const stack = stackOf(state, shown);
  const series = shown && state.series[seriesKey(shown.source)];
  if (!stack?.group || !series || "error" in series) return stack ? [stack] : [];
  return series.stacks.filter(({ group }) => group === stack.group);
}

/**
 * The dimensions along which there is more than one place: `depth` in the stack's own list.
 * @param {Stack | null} stack
 * @returns {(Dimension & {depth: number})[]}
 */
export function sliders(stack) {
  return (stack?.dimensions ?? []).map((each, depth) => ({ ...each, depth })).filter(({ count }) => count > 1);
}

/**
 * The stack that stands at a place of one dimension, alike in those before and as near as can be in those after.
 * @param {readonly Stack[]} among
 * @param {Stack} from
 * @param {number} depth
 * @param {number} to from 0
 * @returns {Stack | null}
 */
export function stackAt(among, from, depth, to) {
  const [own, places] = [placesOf(from), new Map(among.map((each) => [each, placesOf(each)]))];
  const there = among.filter((each) => {
    const at = places.get(each);
    return at?.[depth] === to && own.slice(0, depth).every((place, index) => at[index] === place);
  });
  const away = (/** @type {Stack} */ each) => own.slice(depth + 1).reduce((sum, place, index) => sum + Math.abs((places.get(each)?.[depth + 1 + index] ?? 0) - place), 0);
  return there.reduce((/** @type {Stack | null} */ best, each) => (best && away(best) <= away(each) ? best : each), null);
}

/** @param {Stack} stack */
const placesOf = ({ dimensions }) => (dimensions ?? []).map(({ index }) => index);

/**
 * The entry of a stack that lies where one of another does, a gap too: the nearest place in mm, else the same number.
 * @param {Stack} from
 * @param {number} index
 * @param {Stack} to
 */
export function sameSlice(from, index, to) {
  const here = from.entries[index]?.location;
  if (typeof here !== "number") return Math.min(index, to.entries.length - 1);
  const away = to.entries.map(({ location }) => (typeof location === "number" ? Math.abs(location - here) : Infinity));
  const least = Math.min(...away);
  // Of several at that place, the one that has an image.
  const places = away.flatMap((distance, at) => (distance <= least + 0.01 ? [at] : []));
  return places.find((at) => isShown(to.entries[at])) ?? places[0] ?? 0;
}

/**
 * Go to a place along one dimension: the slice, the window and the look stay, and so does a plane.
 * @param {State} state
 * @param {number} depth
 * @param {number} to from 0
 * @param {number} [index] of the pane
 * @returns {State}
 */
export function goTo(state, depth, to, index = state.active) {
  const shown = paneAt(state, index);
  const stack = stackOf(state, shown);
  const target = stack && stackAt(family(state, shown), stack, depth, to);
  if (!shown || !stack || !target || target === stack || isSlidePane(shown) || isCurvedPane(shown)) return state;
  if (isSpacePane(shown)) return changePane(state, { source: { ...shown.source, stack: target.key } }, index);
  if (isVolumePane(shown)) return withPlanes(state, shown, stack, target);
  const resting = state.playing?.runs.some(({ pane }) => pane === index) ? { ...state, playing: null } : state;
  return changePane(resting, moved(shown, stack, target), index);
}

/**
 * @param {StackPane} shown
 * @param {Stack} stack
 * @param {Stack} target
 * @returns {Partial<StackPane>}
 */
export function moved(shown, stack, target) {
  const source = { ...shown.source, stack: target.key };
  return { source, voi: sameWindow(stack, target, shown.voi), ...imageAt(target, sameSlice(stack, shown.index ?? 0, target)) };
}

/**
 * All planes of one volume go along; where the other makes none, they stay.
 * @param {State} state
 * @param {VolumePane} shown
 * @param {Stack} stack
 * @param {Stack} target
 */
function withPlanes(state, shown, stack, target) {
  if (!target.volume) return state;
  const panes = state.panes.map((each) =>
    isVolumePane(each) && sourceKey(each.source) === sourceKey(shown.source)
      ? { ...each, source: { ...each.source, stack: target.key }, voi: sameWindow(stack, target, each.voi) }
      : each);
  return { ...state, panes };
}

/**
 * The window that is seen, so that what differs between two volumes is the patient: named in numbers where the other's own differs.
 * @param {Stack} stack
 * @param {Stack} target
 * @param {Voi} voi
 * @returns {Voi}
 */
export function sameWindow(stack, target, voi) {
  const [seen, there] = [wanted(stack, voi), wanted(target, voi)];
  const same = seen?.center === there?.center && seen?.width === there?.width && seen?.function === there?.function;
  return same || !seen ? voi : seen;
}

/**
 * One step along one of the pane's sliders; at either end it stays.
 * @param {State} state
 * @param {number} which
 * @param {1 | -1} way
 * @returns {State}
 */
export function stepped(state, which, way) {
  const slider = sliders(stackOf(state, paneAt(state)))[which];
  return slider ? goTo(state, slider.depth, slider.index + way) : state;
}

/**
 * The panes as the next steps of a hand would show them, to have their pictures before.
 * @param {State} state
 * @param {StackPane} shown
 * @returns {{pane: StackPane, stack: Stack}[]}
 */
export function beside(state, shown) {
  const stack = stackOf(state, shown);
  if (!stack) return [];
  const among = family(state, shown);
  return sliders(stack).flatMap(({ depth, index }) => [1, -1, 2].flatMap((way) => {
    const target = stackAt(among, stack, depth, index + way);
    return target ? [{ pane: { ...shown, ...moved(shown, stack, target) }, stack: target }] : [];
  }));
}

/**
 * The pane of which a picture is, while that of another volume of the same series is on its way.
 * @template {PicturePane} P
 * @param {State} state
 * @param {P} pane
 * @param {string | null} stack key, as the picture says it
 * @returns {P}
 */
export function paneOfPicture(state, pane, stack) {
  if (!stack || stack === pane.source.stack || !isStackPane(pane)) return pane;
  const there = family(state, pane).some(({ key }) => key === stack);
  return there ? { ...pane, source: { ...pane.source, stack } } : pane;
}

/**
 * Whether two sources are volumes of one thing, between which a pane goes over without a blank.
 * @param {State} state
 * @param {Pane | null} before
 * @param {Pane | null} after
 */
export function isBeside(state, before, after) {
  if (!before || !after || isSlidePane(before) || isSlidePane(after) || before.source.kind !== after.source.kind) return false;
  if (seriesKey(before.source) !== seriesKey(after.source)) return false;
  const group = stackOf(state, after)?.group;
  return !!group && stackOf(state, before)?.group === group;
}

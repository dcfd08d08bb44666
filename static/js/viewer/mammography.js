/** Breast images: their standard hang, the four views at one scale, and the stages that a reader steps through. */

/** @import { Command } from "./commands.js" */
/** @import { Breast, Stack } from "./listed.js" */
/** @import { Letters } from "./geometry.js" */
/** @import { Pane, Scale, StackSource, State } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { hung, pane, paneAt, resolve, seriesKey, sourceKey, studyKey } from "./state.js";

/** @typedef {{source: StackSource, stack: Stack, breast: Breast}} View */
/** @typedef {{rows: number, columns: number, panes: (Pane | null)[]}} Stage */

/** Series that a mammography exam's page asks for before it hangs anything. */
export const MOST_SERIES = 24;
const MODALITY = "MG";
/** Of the four screening views: their places in two rows. */
const FOUR = [0, 1, 2, 3];
/** Middles of the quarters of a picture on the screen, in reading order. */
const QUARTERS = /** @type {const} */ ([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]);

/**
 * The series of the page's own exam that hold breast images.
 * @param {State} state
 * @returns {string[]} keys
 */
export function breastSeries(state) {
  const study = state.studies[studyKey(state)];
  if (!study || "error" in study) return [];
  const shown = study.series.filter(({ modality, viewable }) => modality === MODALITY && viewable !== false);
  return shown.slice(0, MOST_SERIES).map(({ uid }) => seriesKey({ ...study, series: uid }));
}

/**
 * The breast images that are known: the four screening views first, then the others.
 * @param {State} state
 * @returns {View[]}
 */
export function breastViews(state) {
  const found = breastSeries(state).flatMap((key) => {
    const series = state.series[key];
    const [archive = "", study = "", uid = ""] = key.split("/");
    if (!series || "error" in series) return [];
    return series.stacks.flatMap((stack) => {
      const source = /** @type {const} */ ({ kind: "stack", archive, study, series: uid, stack: stack.key });
      return stack.breast ? [{ source, stack, breast: stack.breast }] : [];
    });
  });
  return found.sort((one, other) => rank(one.breast) - rank(other.breast));
}

/** @param {Breast} breast */
const rank = ({ place, tomosynthesis }) => (place ?? FOUR.length) + (tomosynthesis ? FOUR.length : 0);

/**
 * Which image stands at each of the four places: of several the last, taken rather than made from slices, for reading
 * rather than for processing.
 * @param {readonly View[]} views
 * @returns {(View | null)[]} right CC, left CC, right MLO, left MLO
 */
export function screening(views) {
  return FOUR.map((place) => {
    const fitting = views.filter(({ breast }) => breast.place === place);
    const best = Math.min(...fitting.map(({ breast }) => worth(breast)));
    return fitting.findLast(({ breast }) => worth(breast) === best) ?? null;
  });
}

/** @param {Breast} breast */
const worth = ({ for_processing, synthetic }) => (for_processing ? 2 : 0) + (synthetic ? 1 : 0);

/**
 * What a reader of a mammography exam steps through.
 * @param {State} state
 * @returns {Stage[]} none where no screening view is known
 */
export function stages(state) {
  const views = breastViews(state);
  const four = screening(views);
  if (!four.some(Boolean)) return [];
  const others = views.filter((view) => !four.includes(view));
  const [rightCC = null, leftCC = null, rightMLO = null, leftMLO = null] = four;
  const pairs = [[rightCC, leftCC], [rightMLO, leftMLO]].filter((pair) => pair.some(Boolean));
  return [
    { rows: 2, columns: 2, panes: together(state, four) },
    ...pairs.map((pair) => ({ rows: 1, columns: 2, panes: together(state, pair) })),
    ...[...four, ...others].flatMap((view) => (view ? alone(state, view) : [])),
  ];
}

/**
 * Panes of one scale in millimetres, in which the largest image fits, chest walls back to back.
 * @param {State} state
 * @param {readonly (View | null)[]} views
 * @returns {(Pane | null)[]}
 */
function together(state, views) {
  const known = views.flatMap((view) => view ?? []);
  const isMeasured = known.every(({ stack }) => stack.pixel_spacing && stack.spacing_basis !== "none");
  const sizes = known.map(({ stack }) => extent(stack, isMeasured));
  const most = [0, 1].map((axis) => Math.max(...sizes.map((size) => size[axis] ?? 0)));
  return views.map((view) => view && shownAs(state, view, { fit: 1, room: room(view.stack, most, isMeasured), ...edge(view) }));
}

/**
 * One view fitted, at 1:1, and its quarters.
 * @param {State} state
 * @param {View} view
 * @returns {Stage[]}
 */
function alone(state, view) {
  const { columns, rows } = view.stack;
  const looks = [
    shownAs(state, view, { fit: 1, ...edge(view) }),
    shownAs(state, view, { pixels: 1, ...edge(view) }),
    ...QUARTERS.map((at) => {
      const [x, y] = stored(view.stack, at);
      return shownAs(state, view, { fit: 2 }, [x * columns, y * rows]);
    }),
  ];
  const stages = looks.map((each) => ({ rows: 1, columns: 1, panes: [each] }));
  return view.breast.tomosynthesis ? stages.slice(0, 1) : stages;
}

/**
 * @param {State} state
 * @param {View} view
 * @param {Scale} scale
 * @param {[number, number] | null} [center]
 */
const shownAs = (state, { source, stack }, scale, center = null) => resolve(state, pane(source, { scale, center, ...hung(stack), text: textOf(state) }));

/** @param {State} state */
const textOf = (state) => paneAt(state)?.text ?? "all";

/** @param {View} view @returns {{edge?: "left" | "right"}} where its chest wall is hung */
const edge = ({ breast: { hang, laterality } }) => (hang ? { edge: laterality === "R" ? "right" : "left" } : {});

/** mm of an image's pixel across, or 1. @param {Stack} stack @param {boolean} isMeasured */
const unit = ({ pixel_spacing }, isMeasured) => (isMeasured && pixel_spacing ? pixel_spacing[1] : 1);

/** Whether rows stand upright on the screen. @param {Stack} stack */
const isTurned = ({ breast }) => (breast?.hang?.rotation ?? 0) % 180 !== 0;

/**
 * Width and height on the screen, in millimetres or pixels.
 * @param {Stack} stack
 * @param {boolean} isMeasured
 */
function extent(stack, isMeasured) {
  const [across, down] = [stack.columns * unit(stack, isMeasured), stack.rows * stack.aspect * unit(stack, isMeasured)];
  return isTurned(stack) ? [down, across] : [across, down];
}

/**
 * The room on the screen, in an image's own columns and rows.
 * @param {Stack} stack
 * @param {readonly number[]} most its width and height in millimetres or pixels
 * @param {boolean} isMeasured
 * @returns {[number, number]}
 */
function room(stack, [width = 1, height = 1], isMeasured) {
  const each = unit(stack, isMeasured);
  return isTurned(stack) ? [height / each, width / each] : [width / each, height / each];
}

/**
 * Where in the stored image a part of the hung picture lies.
 * @param {Stack} stack
 * @param {readonly [number, number]} at parts of the width and height on the screen
 * @returns {[number, number]} parts of columns and rows
 */
function stored({ breast }, [across, down]) {
  const { rotation = 0, flip_horizontal = false, flip_vertical = false } = breast?.hang ?? {};
  const [x, y] = rotation === 90 ? [down, 1 - across] : [across, down];
  return [flip_horizontal ? 1 - x : x, flip_vertical ? 1 - y : y];
}

/**
 * @param {State} state
 * @param {number} index of the stage; beyond the ends the first or the last
 * @returns {State} unchanged where the exam isn't one of the breast
 */
export function hangStage(state, index) {
  const all = stages(state);
  const at = Math.max(0, Math.min(all.length - 1, index));
  const stage = all[at];
  if (!stage) return state;
  const { rows, columns, panes } = stage;
  const active = Math.max(0, panes.findIndex(Boolean));
  return { ...state, layout: { rows, columns }, panes, active, maximised: false, stepped: null, stage: at };
}

/**
 * The active pane as its stage hangs it.
 * @param {State} state
 * @returns {State | null} null where it doesn't stand there
 */
export function asHung(state) {
  const own = stages(state)[state.stage ?? -1]?.panes[state.active];
  const shown = paneAt(state);
  if (!own || !shown || sourceKey(own.source) !== sourceKey(shown.source)) return null;
  return { ...state, panes: state.panes.with(state.active, { ...own, text: shown.text }) };
}

/**
 * The side of a pane on which the chest wall lies now, however the picture was turned: no words stand there.
 * @param {Breast | null | undefined} breast
 * @param {Letters | null} letters at the pane's edges
 * @returns {"left" | "right" | ""}
 */
export function chestSide(breast, letters) {
  if (!breast || !letters) return "";
  const sides = /** @type {const} */ (["left", "right"]);
  const isUpright = /^[PA]/.test(letters.top);
  return sides.find((side) => letters[side].startsWith("P")) ?? sides.find((side) => !isUpright && letters[side].includes("P")) ?? "";
}

const isMammography = (/** @type {State} */ state) => breastViews(state).some(({ breast }) => breast.place !== null);
/** The pairs stand after the four. @param {State} state @param {string} view */
const pairStage = (state, view) => {
  const four = screening(breastViews(state));
  const has = (/** @type {number} */ place) => (four[place] ?? four[place + 1]) ? 1 : 0;
  return view === "CC" ? (has(0) ? 1 : -1) : has(2) ? 1 + has(0) : -1;
};

/** @type {readonly Command[]} */
export const MAMMOGRAPHY_COMMANDS = [
  {
    id: "next-stage",
    label: () => gettext("Mammography: next stage (four views, pairs, each view, 1:1, quarters)"),
    keys: ["."],
    group: "layout",
    run: (state) => hangStage(state, (state.stage ?? -1) + 1),
    offered: isMammography,
  },
  {
    id: "previous-stage",
    label: () => gettext("Mammography: stage before"),
    keys: [","],
    group: "layout",
    run: (state) => hangStage(state, (state.stage ?? 0) - 1),
    offered: isMammography,
  },
  {
    id: "four-views",
    label: () => gettext("Mammography: four views"),
    keys: [],
    group: "layout",
    run: (state) => hangStage(state, 0),
    offered: isMammography,
    pressed: ({ stage }) => stage === 0,
  },
  ...["CC", "MLO"].map((view) => /** @type {Command} */ ({
    id: `pair-${view.toLowerCase()}`,
    label: () => interpolate(gettext("Mammography: both {view} views"), { view }),
    keys: [],
    group: "layout",
    run: (state) => hangStage(state, pairStage(state, view)),
    offered: (state) => isMammography(state) && pairStage(state, view) > 0,
  })),
];


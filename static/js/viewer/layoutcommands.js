/** What arranges the panes: layouts up to three by three, planes, pictures that change places. */

/** @import { Command } from "./commands.js" */
/** @import { Pane, State } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { isThreePlanes, leavePlanes, sideBySide, threePlanes } from "./layouts.js";
import { arrange, cycleText, exchange, maximise, several } from "./panes.js";
import { beside, candidates } from "./shelf.js";
import { isSlidePane, paneAt, sourceKey, stackOf, visible } from "./state.js";

/** Rows and columns that a layout has at most. */
export const MOST = 3;
/** Places of three planes and their stack. */
const PLANES = 4;

/** @type {readonly Command[]} */
export const LAYOUT_COMMANDS = [
  layout(1, 1, "Shift+1", () => gettext("One pane"), { icon: "layout-1" }),
  layout(1, 2, "Shift+4", () => gettext("Two panes side by side"), { icon: "layout-2" }, beside),
  layout(2, 2, "Shift+2", () => gettext("Four panes"), { icon: "layout-4" }),
  { id: "layouts", label: () => gettext("Choose rows and columns"), keys: ["Shift+G"], group: "layout", icon: "layout-9", effect: "layouts" },
  {
    id: "three-planes",
    label: () => gettext("Three planes (MPR)"),
    keys: ["Shift+3"],
    group: "layout",
    icon: "planes",
    run: threePlanes,
    pressed: (state) => isThreePlanes(state) && state.layout.rows === 2,
    offered: (state) => stackOf(state, paneAt(state)) !== null || isSlidePane(paneAt(state)),
    why: noPlanes,
  },
  {
    id: "planes-in-a-row",
    label: () => gettext("Three planes side by side (MPR)"),
    keys: ["Ctrl+Shift+3"],
    group: "layout",
    run: sideBySide,
    pressed: (state) => isThreePlanes(state) && state.layout.rows === 1,
    offered: (state) => stackOf(state, paneAt(state)) !== null,
    why: noPlanes,
  },
  layout(2, 1, "Shift+5", () => gettext("Two panes, one above the other")),
  layout(1, 3, "Shift+8", () => gettext("Three panes side by side")),
  layout(3, 1, "Ctrl+Shift+8", () => gettext("Three panes, one above the other")),
  layout(2, 3, "Shift+6", () => gettext("Six panes in two rows")),
  layout(3, 2, "Shift+7", () => gettext("Six panes in three rows")),
  layout(3, 3, "Shift+9", () => gettext("Nine panes")),
  {
    id: "maximise",
    label: () => gettext("One of several panes, large"),
    keys: ["Shift+M"],
    group: "layout",
    run: maximise,
    offered: several,
    pressed: ({ maximised }) => maximised,
  },
  {
    id: "text",
    label: () => gettext("Text: all, identity only, nothing else"),
    keys: ["O"],
    group: "layout",
    icon: "text",
    run: cycleText,
  },
  ...Array.from({ length: MOST * MOST }, (_, index) => put(index)),
];

/**
 * @param {number} rows
 * @param {number} columns
 * @param {string} key
 * @param {() => string} label
 * @param {Partial<Command>} [more]
 * @param {(state: State) => Pane[]} [filling] for panes that would stay empty
 * @returns {Command}
 */
function layout(rows, columns, key, label, more = {}, filling = candidates) {
  return {
    id: `layout-${rows}x${columns}`,
    label,
    keys: [key],
    group: "layout",
    run: (state) => chosen(state, rows, columns, filling),
    pressed: (state) => state.layout.rows === rows && state.layout.columns === columns && !isThreePlanes(state),
    ...more,
  };
}

/**
 * Another layout, with something in each pane as far as there is anything.
 * @param {State} state
 * @param {number} rows
 * @param {number} columns
 * @param {(state: State) => Pane[]} [filling]
 * @returns {State}
 */
export function chosen(state, rows, columns, filling = candidates) {
  const count = rows * columns;
  // Where planes have room they stay; one pane shows the plane that is active.
  const from = count > 1 && count <= PLANES ? leavePlanes(state) : state;
  if (count === 1) return arrange(from, rows, columns);
  const active = paneAt(from);
  const hidden = new Set(from.panes.flatMap((each) => (each && each !== active ? [sourceKey(each.source)] : [])));
  return arrange(from, rows, columns, filling(from).filter((each) => !hidden.has(sourceKey(each.source))));
}

/** @param {number} index of a pane @returns {Command} */
function put(index) {
  return {
    id: `put-${index + 1}`,
    label: () => interpolate(gettext("Put this picture into pane {number}"), { number: index + 1 }),
    keys: [`Alt+Shift+${index + 1}`],
    group: "layout",
    run: (state) => exchange(state, state.active, index),
    offered: (state) => index !== state.active && visible(state).includes(index),
  };
}

/** @param {State} state */
function noPlanes(state) {
  const stack = stackOf(state, paneAt(state));
  if (!stack || stack.volume) return "";
  return interpolate(gettext("These images make no planes: {reason}"), { reason: stack.volume_words || gettext("no reason given") });
}

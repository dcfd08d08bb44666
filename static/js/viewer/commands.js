/** Everything a reader can do, in one table: it feeds the toolbar, the keys, the palette and the help sheet. */

/** @import { Change, Pane, State, Tool } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { number } from "./corners.js";
import * as presets from "./presets.js";
import { candidates, nextSeries, nextStudy } from "./shelf.js";
import { arrange, changePane, cycleText, flip, nextPane, reset, rotate, scroll, scrollTo } from "./panes.js";
import { paneAt, stackOf } from "./state.js";

/** @typedef {"tools" | "image" | "window" | "move" | "layout" | "page"} Group */
/** What only the page itself can do. @typedef {"palette" | "help" | "zoom-in" | "zoom-out" | "left" | "right" | "up" | "down"} Effect */

/**
 * @typedef {object} Command
 * @property {string} id
 * @property {() => string} label
 * @property {readonly string[]} keys
 * @property {Group} group
 * @property {string} [icon] set: it stands in the toolbar
 * @property {Change} [run]
 * @property {Effect} [effect] where a pure change isn't enough
 * @property {(state: State) => boolean} [pressed]
 * @property {(state: State) => boolean} [offered] false: it means nothing for what is shown
 */

const hasImage = (/** @type {State} */ state) => stackOf(state, paneAt(state)) !== null;
const several = (/** @type {State} */ { layout }) => layout.rows * layout.columns > 1;

/**
 * @param {Tool} tool
 * @param {string} key
 * @param {() => string} label
 * @returns {Command}
 */
function tool(tool, key, label) {
  const run = (/** @type {State} */ state) => ({ ...state, tool });
  return { id: `tool-${tool}`, label, keys: [key], group: "tools", icon: tool, run, pressed: (state) => state.tool === tool };
}

/**
 * @param {string} id
 * @param {string} key
 * @param {() => string} label
 * @param {Change} run
 * @param {Partial<Command>} [more]
 * @returns {Command}
 */
function image(id, key, label, run, more = {}) {
  return { id, label, keys: [key], group: "image", run, offered: hasImage, ...more };
}

/** @param {keyof Pane} field @returns {(state: State) => boolean} */
const isSet = (field) => (state) => paneAt(state)?.[field] === true;

/** @param {presets.Preset} preset @returns {Command} */
function preset(preset) {
  const { width, center, digit, name } = preset;
  return {
    id: `window-${name}`,
    label: () => interpolate(gettext("{name} {width}/{center}"), { name: preset.label(), width, center: number(center) }),
    keys: digit === null ? [] : [String(digit)],
    group: "window",
    run: (state) => {
      const offered = presets.presetsFor(stackOf(state, paneAt(state)));
      return offered.includes(preset) ? changePane(state, { voi: presets.windowOf(preset) }) : state;
    },
    offered: (state) => presets.presetsFor(stackOf(state, paneAt(state))).includes(preset),
  };
}

/** @type {readonly Command[]} */
export const COMMANDS = [
  tool("window", "W", () => gettext("Window")),
  tool("pan", "M", () => gettext("Pan")),
  tool("zoom", "Z", () => gettext("Zoom")),
  tool("scroll", "S", () => gettext("Scroll")),

  image("invert", "I", () => gettext("Invert"), invert, { icon: "invert", pressed: isSet("invert"), offered: isGrey }),
  image("rotate", "R", () => gettext("Rotate clockwise"), (state) => rotate(state, 1), { icon: "rotate" }),
  image("rotate-back", "Shift+R", () => gettext("Rotate anticlockwise"), (state) => rotate(state, -1)),
  image("flip-horizontal", "H", () => gettext("Flip left to right"), (state) => flip(state, "horizontal"), { icon: "flip-h" }),
  image("flip-vertical", "V", () => gettext("Flip top to bottom"), (state) => flip(state, "vertical"), { icon: "flip-v" }),
  image("fit", "F", () => gettext("Fit"), (state) => changePane(state, { scale: { fit: 1 }, center: null }), { icon: "fit" }),
  image("one-to-one", "Shift+F", () => gettext("Every pixel, 1:1"), (state) => changePane(state, { scale: { pixels: 1 } }), {
    icon: "one-to-one",
    pressed: (state) => isOneToOne(paneAt(state)),
  }),
  image("reset", "Space", () => gettext("Reset"), reset, { icon: "reset" }),
  image("zoom-in", "+", () => gettext("Zoom in"), same, { effect: "zoom-in" }),
  image("zoom-out", "-", () => gettext("Zoom out"), same, { effect: "zoom-out" }),
  image("tool-left", "Alt+ArrowLeft", () => gettext("Use the tool: left"), same, { effect: "left" }),
  image("tool-right", "Alt+ArrowRight", () => gettext("Use the tool: right"), same, { effect: "right" }),
  image("tool-up", "Alt+ArrowUp", () => gettext("Use the tool: up"), same, { effect: "up" }),
  image("tool-down", "Alt+ArrowDown", () => gettext("Use the tool: down"), same, { effect: "down" }),

  {
    id: "window-file",
    label: () => gettext("The file's own window (again: its next)"),
    keys: ["0"],
    group: "window",
    run: fileWindow,
    offered: isGrey,
  },
  {
    id: "window-auto",
    label: () => gettext("Automatic window"),
    keys: ["Shift+0"],
    group: "window",
    run: (state) => changePane(state, { voi: { automatic: true } }),
    offered: isGrey,
  },
  ...presets.CT.map(preset),

  move("next-image", "ArrowDown", () => gettext("Next image"), (state) => scroll(state, 1)),
  move("previous-image", "ArrowUp", () => gettext("Previous image"), (state) => scroll(state, -1)),
  move("forward-ten", "Shift+ArrowDown", () => gettext("Ten images on"), (state) => scroll(state, 10)),
  move("back-ten", "Shift+ArrowUp", () => gettext("Ten images back"), (state) => scroll(state, -10)),
  move("first-image", "Home", () => gettext("First image"), (state) => scrollTo(state, 0)),
  move("last-image", "End", () => gettext("Last image"), (state) => scrollTo(state, Infinity)),
  move("next-series", "PageDown", () => gettext("Next series"), (state) => nextSeries(state, 1)),
  move("previous-series", "PageUp", () => gettext("Previous series"), (state) => nextSeries(state, -1)),
  move("across", "ArrowRight", () => gettext("Next pane, or series if there is one pane"), (state) => across(state, 1)),
  move("back-across", "ArrowLeft", () => gettext("Previous pane, or series if there is one pane"), (state) => across(state, -1)),
  move("earlier-study", "Ctrl+ArrowLeft", () => gettext("Earlier study of the patient"), (state) => nextStudy(state, -1)),
  move("later-study", "Ctrl+ArrowRight", () => gettext("Later study of the patient"), (state) => nextStudy(state, 1)),

  layout(1, 1, "Shift+1", "layout-1", () => gettext("One pane")),
  layout(2, 2, "Shift+2", "layout-4", () => gettext("Four panes")),
  {
    id: "maximise",
    label: () => gettext("One of several panes, large"),
    keys: ["Shift+M"],
    group: "layout",
    run: maximise,
    offered: (state) => several(state),
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
  { id: "palette", label: () => gettext("Find a command"), keys: ["Ctrl+K"], group: "page", icon: "more", effect: "palette" },
  { id: "help", label: () => gettext("All keys"), keys: ["?"], group: "page", icon: "help", effect: "help" },
];

/**
 * @param {string} id
 * @param {string} key
 * @param {() => string} label
 * @param {Change} run
 * @returns {Command}
 */
function move(id, key, label, run) {
  return { id, label, keys: [key], group: "move", run };
}

/**
 * @param {number} rows
 * @param {number} columns
 * @param {string} key
 * @param {string} icon
 * @param {() => string} label
 * @returns {Command}
 */
function layout(rows, columns, key, icon, label) {
  return {
    id: `layout-${rows}x${columns}`,
    label,
    keys: [key],
    group: "layout",
    icon,
    run: (state) => arrange(state, rows, columns, rows * columns > 1 ? candidates(state) : []),
    pressed: (state) => state.layout.rows === rows && state.layout.columns === columns,
  };
}

/** @type {Change} */
function same(state) {
  return state;
}

/** @type {Change} */
function invert(state) {
  return isGrey(state) ? changePane(state, { invert: !paneAt(state)?.invert }) : state;
}

/** @param {State} state */
function isGrey(state) {
  return stackOf(state, paneAt(state))?.colour === false;
}

/** @param {Pane | null} shown */
function isOneToOne(shown) {
  return shown !== null && "pixels" in shown.scale && shown.scale.pixels === 1;
}

/** @type {Change} */
function fileWindow(state) {
  const shown = paneAt(state);
  const stack = stackOf(state, shown);
  return shown && stack ? changePane(state, { voi: presets.nextOfFile(stack, shown) }) : state;
}

/** @type {Change} */
export function maximise(state) {
  return several(state) ? { ...state, maximised: !state.maximised } : state;
}

/**
 * @param {State} state
 * @param {1 | -1} step
 */
function across(state, step) {
  return several(state) ? nextPane(state, step) : nextSeries(state, step);
}

/**
 * Which command a chord means, with the user's own keys in place of the table's.
 * @param {Record<string, string[]>} [own] chords by command
 * @returns {Map<string, Command>}
 */
export function bindings(own = {}) {
  const bound = new Map(COMMANDS.flatMap((command) => keysOf(command, {}).map((key) => [key, command])));
  for (const command of COMMANDS) {
    const changed = own[command.id];
    if (!changed) continue;
    for (const key of command.keys) if (bound.get(key) === command) bound.delete(key);
    for (const key of changed) bound.set(key, command);
  }
  return bound;
}

/**
 * @param {Command} command
 * @param {Record<string, string[]>} own
 * @returns {readonly string[]}
 */
export function keysOf(command, own) {
  return own[command.id] ?? command.keys;
}

/** @type {readonly [group: Group, label: () => string][]} */
export const GROUPS = [
  ["tools", () => gettext("Tools")],
  ["image", () => gettext("Image")],
  ["window", () => gettext("Window")],
  ["move", () => gettext("Move")],
  ["layout", () => gettext("Layout")],
  ["page", () => gettext("Page")],
];

/** Keys and gestures that are no commands of the table, for the help sheet. @type {() => readonly [keys: string, meaning: string][]} */
export const GESTURES = () => [
  ["Tab, Shift+Tab", gettext("Next pane, previous pane")],
  [gettext("Left drag"), gettext("The chosen tool. Window: right is wider, up is brighter")],
  [gettext("Middle drag, Shift+left drag"), gettext("Pan")],
  [gettext("Right drag, Ctrl+left drag"), gettext("Zoom")],
  [gettext("Right click"), gettext("Commands for this image")],
  [gettext("Wheel"), gettext("Images, one for each notch; with Shift ten")],
  [gettext("Ctrl+wheel, pinch"), gettext("Zoom at the pointer")],
  [gettext("Double click"), gettext("One of several panes, large, and back")],
  [gettext("One finger, three fingers"), gettext("Images; window")],
];

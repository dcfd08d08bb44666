/** Everything a reader can do, in one table: it feeds the toolbar, the keys, the palette and the help sheet. */

/** @import { MarkEffect } from "../marks/measuring.js" */
/** @import { SlideViewport } from "../slide/viewport.js" */
/** @import { Change, PicturePane, State, Tool } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { fitSlide, SLIDE_COMMANDS } from "../slide/commands.js";
import { CINE_COMMANDS } from "./cine.js";
import { number } from "./corners.js";
import { CURVE_COMMANDS } from "./curvecommands.js";
import { DIMENSION_COMMANDS } from "./dimensions.js";
import * as presets from "./presets.js";
import { PLANE_COMMANDS } from "./planecommands.js";
import { LAYOUT_COMMANDS } from "./layoutcommands.js";
import { LENS_COMMANDS } from "./lens.js";
import { asHung, MAMMOGRAPHY_COMMANDS } from "./mammography.js";
import { LINK_COMMANDS } from "./linking.js";
import { takeUp } from "./newer.js";
import { removedWords } from "./newswords.js";
import { FUSION_COMMANDS, REGISTER_COMMANDS, targetOf } from "./fusing.js";
import { changePane, flip, nextPane, reset, rotate, several } from "./panes.js";
import { scroll, scrollTo } from "./scrolling.js";
import { nextSeries, nextStudy } from "./shelf.js";
import { isSlidePane, isSpacePane, isStackPane, isVolumePane, paneAt, stackOf } from "./state.js";
import { fitSpace } from "./space.js";
import { SPACE_COMMANDS } from "./spacecommands.js";
import { TAGS_COMMANDS } from "./tagsmodel.js";
import { TOMOSYNTHESIS_COMMANDS } from "./tomosynthesis.js";
import { largeStep } from "./turning.js";
import { hasSuv, UPTAKE_COMMANDS } from "./uptake.js";

/** @typedef {"tools" | "image" | "window" | "slide" | "move" | "cine" | "space" | "layout" | "page"} Group */
/** What only the page itself can do. @typedef {"palette" | "help" | "layouts" | "side" | "tags" | "suv" | "save-planes" | "register" | "done" | MarkEffect | "zoom-in" | "zoom-out" | "left" | "right" | "up" | "down"} Effect */

/** Slides; PET that has SUV; volumes in three dimensions, and those of MR. @typedef {"slide" | "pet" | "space" | "space-mr"} Kind */
/**
 * @typedef {object} Command
 * @property {string} id
 * @property {() => string} label
 * @property {readonly string[]} keys
 * @property {Group} group
 * @property {string} [icon] set: it stands in the toolbar
 * @property {Change} [run]
 * @property {boolean} [once] a key that is held down does it once
 * @property {boolean} [held] and once more when it is let go after a while
 * @property {Effect} [effect] where a pure change isn't enough
 * @property {(slide: SlideViewport) => void} [onSlide] what it does where a slide is shown
 * @property {Kind} [only] it, and its keys, are there for this kind of picture only
 * @property {(state: State) => boolean} [pressed]
 * @property {(state: State) => string} [why] words why it can't be done with what is shown; "" where it can
 * @property {(state: State) => string} [said] words of what it has done, where nothing else shows it
 * @property {(state: State) => boolean} [offered] false: it means nothing for what is shown
 */

const hasStack = (/** @type {State} */ state) => stackOf(state, paneAt(state)) !== null;
const hasImage = (/** @type {State} */ state) => hasStack(state) || isSlidePane(paneAt(state));
/** What a key zooms by. */
const ZOOM_STEP = 1.2;

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

const isInverted = (/** @type {State} */ state) => pictureAt(state)?.invert === true;

/** @param {presets.Preset} preset @returns {Command} */
function preset(preset) {
  const { width, center, digit, name, suv } = preset;
  return {
    id: `window-${name}`,
    label: () => (suv ? preset.label() : interpolate(gettext("{name} {width}/{center}"), { name: preset.label(), width, center: number(center) })),
    keys: digit === null ? [] : [String(digit)],
    group: "window",
    run: (state) => {
      const target = targetOf(state);
      return target && presets.presetsFor(target.stack).includes(preset) ? target.change(state, { voi: presets.windowOf(preset, target.stack) }) : state;
    },
    ...(suv ? { only: "pet" } : {}),
    offered: (state) => presets.presetsFor(targetOf(state)?.stack ?? null).includes(preset),
    why: (state) => presets.whyNoPresets(targetOf(state)?.stack ?? null),
  };
}

/**
 * Show or hide what the file lays over its image.
 * @param {"overlay" | "shutter"} what
 * @param {string} key
 * @param {() => string} label
 * @returns {Command}
 */
function laidOver(what, key, label) {
  const isShown = (/** @type {State} */ state) => pictureAt(state)?.[what] !== false;
  const offered = (/** @type {State} */ state) => isStackPane(paneAt(state)) && stackOf(state, paneAt(state))?.laid_over?.includes(what) === true;
  return image(what, key, label, (state) => (offered(state) ? changePane(state, { [what]: !isShown(state) }) : state), { offered, pressed: isShown });
}

/** @type {readonly Command[]} */
export const COMMANDS = [
  tool("window", "W", () => gettext("Window")),
  tool("pan", "M", () => gettext("Pan")),
  tool("zoom", "Z", () => gettext("Zoom")),
  tool("scroll", "S", () => gettext("Scroll")),
  tool("crosshair", "X", () => gettext("Crosshair")),
  tool("length", "L", () => gettext("Length")),
  tool("sphere", "Q", () => gettext("Sphere: what it holds, as HU and SUV")),
  ...LENS_COMMANDS,

  image("invert", "I", () => gettext("Invert"), invert, { icon: "invert", pressed: isInverted, offered: isGrey }),
  image("rotate", "R", () => gettext("Rotate clockwise"), (state) => rotate(state, 1), { icon: "rotate" }),
  image("rotate-back", "Shift+R", () => gettext("Rotate anticlockwise"), (state) => rotate(state, -1)),
  image("flip-horizontal", "H", () => gettext("Flip left to right"), (state) => flip(state, "horizontal"), { icon: "flip-h" }),
  image("flip-vertical", "V", () => gettext("Flip top to bottom"), (state) => flip(state, "vertical"), { icon: "flip-v" }),
  image("fit", "F", () => gettext("Fit"), fit, { icon: "fit" }),
  image("one-to-one", "Shift+F", () => gettext("Every pixel, 1:1"), (state) => changePane(state, { scale: { pixels: 1 } }), {
    icon: "one-to-one",
    offered: hasStack,
    pressed: (state) => isOneToOne(pictureAt(state)),
  }),
  laidOver("overlay", "Shift+O", () => gettext("The file's overlays")),
  laidOver("shutter", "Shift+H", () => gettext("The file's shutter")),
  image("reset", "Space", () => gettext("Reset"), (state) => fitSpace(state, true) ?? asHung(state) ?? reset(state), { icon: "reset" }),
  image("zoom-in", "+", () => gettext("Zoom in"), same, { effect: "zoom-in", onSlide: (slide) => slide.zoom(ZOOM_STEP) }),
  image("zoom-out", "-", () => gettext("Zoom out"), same, { effect: "zoom-out", onSlide: (slide) => slide.zoom(1 / ZOOM_STEP) }),
  image("tool-left", "Alt+ArrowLeft", () => gettext("Use the tool: left"), same, { effect: "left", offered: hasStack }),
  image("tool-right", "Alt+ArrowRight", () => gettext("Use the tool: right"), same, { effect: "right", offered: hasStack }),
  image("tool-up", "Alt+ArrowUp", () => gettext("Use the tool: up"), same, { effect: "up", offered: hasStack }),
  image("tool-down", "Alt+ArrowDown", () => gettext("Use the tool: down"), same, { effect: "down", offered: hasStack }),

  { id: "delete-mark", label: () => gettext("Delete the chosen measurement"), keys: ["Delete", "Backspace"], group: "image", effect: "delete-mark" },
  { id: "calibrate", label: () => gettext("Known length: calibrate the image by the chosen line"), keys: ["K"], group: "image", effect: "calibrate", offered: hasStack },
  { id: "undo", label: () => gettext("Undo"), keys: ["Ctrl+Z"], group: "image", effect: "undo" },
  { id: "redo", label: () => gettext("Redo"), keys: ["Ctrl+Shift+Z", "Ctrl+Y"], group: "image", effect: "redo" },

  {
    id: "window-file",
    label: () => gettext("The file's own window (again: its next)"),
    keys: ["0"],
    group: "window",
    run: fileWindow,
    offered: isGrey,
    why: noWindow,
  },
  {
    id: "window-auto",
    label: () => gettext("Automatic window"),
    keys: ["Shift+0"],
    group: "window",
    run: (state) => changePane(state, { voi: { automatic: true } }),
    offered: isGrey,
    why: noWindow,
  },
  ...presets.CT.map(preset),
  ...presets.PET.map(preset),
  ...UPTAKE_COMMANDS,

  move("next-image", "ArrowDown", () => gettext("Next image"), (state) => scroll(state, 1)),
  move("previous-image", "ArrowUp", () => gettext("Previous image"), (state) => scroll(state, -1)),
  move("forward-ten", "Shift+ArrowDown", () => gettext("Ten images on"), (state) => scroll(state, largeStep(state))),
  move("back-ten", "Shift+ArrowUp", () => gettext("Ten images back"), (state) => scroll(state, -largeStep(state))),
  move("first-image", "Home", () => gettext("First image"), (state) => scrollTo(state, 0)),
  move("last-image", "End", () => gettext("Last image"), (state) => scrollTo(state, Infinity)),
  move("next-series", "PageDown", () => gettext("Next series; ten planes or a slab on"), (state) => leaf(state, 1)),
  move("previous-series", "PageUp", () => gettext("Previous series; ten planes or a slab back"), (state) => leaf(state, -1)),
  move("across", "ArrowRight", () => gettext("Next pane, or series if there is one pane"), (state) => across(state, 1)),
  move("back-across", "ArrowLeft", () => gettext("Previous pane, or series if there is one pane"), (state) => across(state, -1)),
  move("earlier-study", "Ctrl+ArrowLeft", () => gettext("Earlier study of the patient"), (state) => nextStudy(state, -1)),
  move("later-study", "Ctrl+ArrowRight", () => gettext("Later study of the patient"), (state) => nextStudy(state, 1)),

  ...DIMENSION_COMMANDS,
  ...CINE_COMMANDS,
  ...LAYOUT_COMMANDS,
  ...SPACE_COMMANDS,
  ...FUSION_COMMANDS,
  ...REGISTER_COMMANDS,
  ...LINK_COMMANDS,
  ...PLANE_COMMANDS,
  ...CURVE_COMMANDS,
  ...MAMMOGRAPHY_COMMANDS,
  ...TOMOSYNTHESIS_COMMANDS,
  {
    id: "take-up",
    label: () => gettext("Show what is new in the archive"),
    keys: ["J"],
    group: "page",
    run: (state) => takeUp(state, removedWords()),
    offered: ({ fresh }) => Object.keys(fresh).length > 0,
  },
  { id: "done", label: () => gettext("Done: finish the exam that you are reading"), keys: ["Ctrl+Enter"], group: "page", effect: "done" },
  { id: "side", label: () => gettext("Request, findings and conversation beside the images"), keys: ["B"], group: "page", icon: "side", effect: "side" },
  ...TAGS_COMMANDS,
  { id: "palette", label: () => gettext("Find a command"), keys: ["Ctrl+K"], group: "page", icon: "more", effect: "palette" },
  { id: "help", label: () => gettext("All keys"), keys: ["?"], group: "page", icon: "help", effect: "help" },
  ...SLIDE_COMMANDS,
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

/** @type {Change} */
function same(state) {
  return state;
}

/** @type {Change} */
function fit(state) {
  return isSlidePane(paneAt(state)) ? fitSlide(state) : fitSpace(state) ?? changePane(state, { scale: { fit: 1 }, center: null });
}

/** @type {Change} */
function invert(state) {
  return isGrey(state) ? changePane(state, { invert: !isInverted(state) }) : state;
}

/** @param {State} state */
function isGrey(state) {
  return stackOf(state, paneAt(state))?.colour === false;
}

/** @param {State} state */
function noWindow(state) {
  return presets.whyNoWindow(stackOf(state, paneAt(state)));
}

/**
 * The active pane unless it shows a slide.
 * @param {State} state
 * @returns {PicturePane | null}
 */
function pictureAt(state) {
  const shown = paneAt(state);
  return isSlidePane(shown) ? null : shown;
}

/** @param {PicturePane | null} shown */
function isOneToOne(shown) {
  return shown !== null && "pixels" in shown.scale && shown.scale.pixels === 1;
}

/** @type {Change} */
function fileWindow(state) {
  const shown = pictureAt(state);
  const stack = stackOf(state, shown);
  return shown && stack ? changePane(state, { voi: presets.nextOfFile(stack, shown) }) : state;
}

/**
 * One command for each window and lookup table that the file offers, where it offers several.
 * @param {State} state
 * @returns {Command[]}
 */
export function fileWindows(state) {
  const stack = stackOf(state, pictureAt(state));
  if (!stack || stack.colour || stack.windows.length < 2) return [];
  return stack.windows.map(({ center, width, function: shape, explanation }, choice) => {
    const values = shape === "LUT" ? gettext("lookup table") : `W ${number(width)} L ${number(center)}`;
    const label = interpolate(gettext("The file's {count}: {words}"), { count: choice + 1, words: [explanation, values].filter(Boolean).join(" · ") });
    return { id: `window-file-${choice}`, label: () => label, keys: [], group: "window", run: (now) => changePane(now, { voi: { choice } }) };
  });
}

/**
 * A plane keeps its place among the others: there is no next series for it.
 * @param {State} state
 * @param {1 | -1} step
 */
function leaf(state, step) {
  return isVolumePane(paneAt(state)) ? scroll(state, largeStep(state) * step) : nextSeries(state, step);
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
 * @param {readonly Kind[]} [kinds] what is meant: their own commands stand last and take their keys
 * @returns {Map<string, Command>}
 */
export function bindings(own = {}, kinds = []) {
  const common = COMMANDS.filter(({ only }) => !only);
  const offered = [...common, ...kinds.flatMap((kind) => COMMANDS.filter(({ only }) => only === kind))];
  const bound = new Map(offered.flatMap((command) => keysOf(command, {}).map((key) => [key, command])));
  for (const command of offered) {
    const changed = own[command.id];
    if (!changed) continue;
    for (const key of command.keys) if (bound.get(key) === command) bound.delete(key);
    for (const key of changed) bound.set(key, command);
  }
  return bound;
}

/** What kinds of picture a pane shows, as keys know them. @param {State} state @param {number} [index] of the pane @returns {Kind[]} */
export function kindsAt(state, index) {
  const shown = paneAt(state, index);
  if (isSlidePane(shown)) return ["slide"];
  if (isSpacePane(shown)) return stackOf(state, shown)?.modality === "MR" ? ["space", "space-mr"] : ["space"];
  return hasSuv(targetOf(state, index)?.stack ?? null) ? ["pet"] : [];
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
  ["slide", () => gettext("Slide")],
  ["move", () => gettext("Move")],
  ["cine", () => gettext("Cine")],
  ["space", () => gettext("In three dimensions: keys in its pane")],
  ["layout", () => gettext("Layout")],
  ["page", () => gettext("Page")],
];

/** Keys and gestures that are no commands of the table, for the help sheet. @type {() => readonly [keys: string, meaning: string][]} */
export const GESTURES = () => [
  ["Tab, Shift+Tab", gettext("Next pane, previous pane")],
  [gettext("On a slide: wheel, drag"), gettext("Zoom at the pointer; move the field")],
  [gettext("Length: Enter, arrows, Enter"), gettext("Measure without a mouse: first end at the cursor, move it, other end")],
  [gettext("Left drag"), gettext("The chosen tool. Window: right is wider, up is brighter")],
  [gettext("Middle drag, Shift+left drag"), gettext("Pan")],
  [gettext("Right drag, Ctrl+left drag"), gettext("Zoom")],
  [gettext("Right click"), gettext("Commands for this image")],
  [gettext("Shift+move"), gettext("The crosshair, whatever the tool")],
  [gettext("Crosshair: drag a line, its circles, its squares"), gettext("Move that plane alone; turn the planes, with Alt one alone; make it thicker")],
  [gettext("3D: left drag, click"), gettext("Turn the volume; bring the crosshair to what is under the pointer")],
  [gettext("3D: wheel; Alt+left drag"), gettext("Turn a MIP by 5°, zoom surfaces; window")],
  [gettext("3D: click on the cube’s face"), gettext("Look from that side")],
  [gettext("3D clip box: arrows on a handle, with Shift"), gettext("Move that face by 1 mm, 10 mm")],
  [gettext("Wheel"), gettext("Images, one for each notch; with Shift ten, or a slab")],
  [gettext("Ctrl+wheel, pinch"), gettext("Zoom at the pointer")],
  [gettext("Double click"), gettext("One of several panes, large, and back")],
  [gettext("One finger, three fingers"), gettext("Images; window")],
  [gettext("Drag a thumbnail"), gettext("Its series into any pane; Escape leaves everything as it was")],
  [gettext("Drag a pane’s handle"), gettext("Two pictures change places")],
  [gettext("1 to 9 on a thumbnail"), gettext("Its series into that pane")],
];

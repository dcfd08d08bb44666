/** What is done with a volume in three dimensions by a key or by name; in its pane these keys stand before all others. */

/** @import { Command } from "./commands.js" */
/** @import { SpacePane, State } from "./state.js" */
import { gettext } from "../shared/i18n.js";
import { canRedo, canUndo, isCarved, redo, undo, whole } from "./carving.js";
import { SIDES } from "./orientation.js";
import { changePane } from "./panes.js";
import { openSpace, PER_PIXEL, turnedBy } from "./space.js";
import { METHODS, PRESETS, windowOfMethod } from "./spacewords.js";
import { isSpinning, spin } from "./spinning.js";
import { isSpacePane, paneAt, stackOf } from "./state.js";

/** Radians for a key press. */
const STEP = Math.PI / 12;
/** Keys of presets, in their order, and of methods. */
const PRESET_KEYS = { CT: ["1", "2", "3", "4", "5"], MR: ["1", "2"] };
const METHOD_KEYS = ["0", "7", "8", "9"];

const isSpace = (/** @type {State} */ state) => isSpacePane(paneAt(state));

/**
 * @param {string} id
 * @param {readonly string[]} keys
 * @param {() => string} label
 * @param {(shown: SpacePane, unit: string | undefined) => Partial<SpacePane>} change
 * @param {Partial<Command>} [more]
 * @returns {Command}
 */
function space(id, keys, label, change, more = {}) {
  const run = (/** @type {State} */ state) => {
    const shown = paneAt(state);
    return isSpacePane(shown) ? changePane(state, change(shown, stackOf(state, shown)?.unit)) : state;
  };
  return { id: `space-${id}`, label, keys, group: "space", run, offered: isSpace, only: "space", ...more };
}

/** @param {string} id @param {readonly string[]} keys @param {() => string} label @param {(state: State) => State} run @param {Partial<Command>} [more] */
const act = (id, keys, label, run, more = {}) => space(id, keys, label, () => ({}), { run: (state) => (isSpace(state) ? run(state) : state), ...more });

/** @param {State} state */
function whyNot(state) {
  const stack = stackOf(state, paneAt(state));
  return stack && !stack.volume ? (stack.volume_words ?? "") : "";
}

/** @param {"inside" | "outside"} scissors @returns {(state: State) => State} */
const cutting = (scissors) => (state) => ({ ...state, carving: { ...state.carving, scissors: state.carving.scissors === scissors ? null : scissors } });

/** @type {readonly Command[]} */
export const SPACE_COMMANDS = [
  {
    id: "space",
    label: () => gettext("The volume in three dimensions (3D)"),
    keys: ["Shift+D"],
    group: "layout",
    run: openSpace,
    pressed: isSpace,
    offered: (state) => stackOf(state, paneAt(state)) !== null,
    why: whyNot,
  },
  ...presets(),
  ...METHODS().map(([method], index) => space(method, [METHOD_KEYS[index] ?? ""], () => ["3D", METHODS()[index]?.[1]].join(": "), (_, unit) => ({ method, voi: windowOfMethod(method, unit) }))),
  ...SIDES.map(({ id, letter, label, look, up }) => space(id, [letter], label, ({ plane }) => ({ plane: { ...plane, look, up } }))),
  turn("left", "ArrowLeft", -1, 0, () => gettext("3D: turn to the left, 15°")),
  turn("right", "ArrowRight", 1, 0, () => gettext("3D: turn to the right, 15°")),
  turn("up", "ArrowUp", 0, -1, () => gettext("3D: turn upward, 15°")),
  turn("down", "ArrowDown", 0, 1, () => gettext("3D: turn downward, 15°")),
  act("spin", ["C"], () => gettext("3D: turn by itself about the body’s axis, stop"), spin, { once: true, pressed: (state) => isSpinning(state, state.active) }),
  act("box", ["E"], () => gettext("3D: clip box, its faces dragged"), (state) => ({ ...state, carving: { ...state.carving, box: !state.carving.box } }), { pressed: ({ carving }) => carving.box }),
  act("scissors", ["X"], () => gettext("3D: cut away a drawn region (Enter, arrows, Enter without a mouse)"), cutting("inside"), { pressed: ({ carving }) => carving.scissors === "inside" }),
  act("keep", ["Shift+X"], () => gettext("3D: keep a drawn region, cut away all else"), cutting("outside"), { pressed: ({ carving }) => carving.scissors === "outside" }),
  act("undo", ["Ctrl+Z"], () => gettext("3D: undo clip box or cut"), undo, { offered: (state) => isSpace(state) && canUndo(state) }),
  act("redo", ["Ctrl+Shift+Z", "Ctrl+Y"], () => gettext("3D: redo clip box or cut"), redo, { offered: (state) => isSpace(state) && canRedo(state) }),
  act("whole", ["Shift+Space"], () => gettext("3D: whole volume again, without clip box and cuts"), whole, { offered: (state) => isCarved(paneAt(state)) }),
];

/** @returns {Command[]} */
function presets() {
  /** @type {Record<string, number>} */
  const counts = {};
  return PRESETS().map(([preset, modality], index) => {
    const at = (counts[modality ?? ""] = (counts[modality ?? ""] ?? -1) + 1);
    const key = modality === "MR" ? PRESET_KEYS.MR[at] : modality === "CT" ? PRESET_KEYS.CT[at] : "6";
    return space(preset, key ? [key] : [], () => ["3D", PRESETS()[index]?.[2]].join(": "), () => ({ preset, method: "volume_rendered", voi: null }), {
      offered: (state) => isSpace(state) && (modality === null || stackOf(state, paneAt(state))?.modality === modality),
      ...(modality === "MR" ? { only: "space-mr" } : {}),
    });
  });
}

/** @param {string} id @param {string} key @param {number} x @param {number} y @param {() => string} label */
function turn(id, key, x, y, label) {
  return space(`turn-${id}`, [key, `Ctrl+Alt+${key}`], label, ({ plane }) => ({ plane: turnedBy(plane, (x * STEP) / PER_PIXEL, (y * STEP) / PER_PIXEL) }));
}

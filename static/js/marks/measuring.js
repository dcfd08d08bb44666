/** Measuring on this page: the keeper of lines, a layer and a tool on each image area, and who hears of it. */

/** @import { Beside } from "../side/side.js" */
/** @import { Surface } from "../viewer/surface.js" */
import { getJson, patchJson, postJson } from "../shared/api.js";
import { gettext } from "../shared/i18n.js";
import { spacingAlong } from "../viewer/planes.js";
import { isStackPane, isVolumePane, paneAt, personOf, stackOf, studyKey } from "../viewer/state.js";
import { Calibrating } from "./calibrating.js";
import { Keeper } from "./keeper.js";
import { Layer } from "./layer.js";
import { spoken } from "./marks.js";
import { LengthTool } from "./tool.js";
import { Unsaved } from "./unsaved.js";

/** Changes of others reach us as one event each; several at once are one question. */
const TOGETHER = 40;

/** @typedef {"undo" | "redo" | "delete-mark" | "calibrate"} MarkEffect */

/** @type {import("./keeper.js").Door} */
const door = {
  list: (archive, study) => getJson(addressOf(archive, study)),
  add: (archive, study, body) => postJson(addressOf(archive, study), body),
  change: (id, body) => patchJson(`/api/measurements/${id}/`, body),
};

/** @param {string} archive @param {string} study */
export const addressOf = (archive, study) => `/api/studies/${encodeURIComponent(archive)}/${encodeURIComponent(study)}/measurements/`;

export class Measuring {
  /** @type {Map<string, {soon: number}>} studies that are listened to */
  #studies = new Map();
  /** @type {Map<Surface, LengthTool>} */
  #tools = new Map();
  /** @type {Map<string, number>} numbers that were said */
  #said = new Map();
  #byKey = false;

  /** @param {Beside} beside */
  constructor(beside) {
    this.beside = beside;
    this.keeper = new Keeper({ ...door, identity: (study) => personOf(beside.store.state, study) }, {
      saved: (mark) => {
        const value = mark.row?.value ?? 0;
        if (!mark.wanted.deleted && this.#said.get(mark.id) !== value) beside.announce(spoken(mark));
        this.#said.set(mark.id, value);
      },
      overtaken: () => beside.announce(gettext("This line was changed in another window meanwhile; that change is shown")),
    });
    this.calibrating = new Calibrating(beside, this.keeper);
    const { page, store } = beside;
    this.unsaved = new Unsaved(this.keeper, { user: page.user.id, storage: sessionStorage });
    addEventListener("beforeunload", (event) => this.unsaved.some && event.preventDefault());
    addEventListener("online", () => this.unsaved.wake());
    this.#follow(page.archive, page.study);
    store.watch((state) => state.panes, (panes) => panes.forEach((pane) => pane && this.#follow(pane.source.archive, pane.source.study)));
    document.addEventListener("keydown", (event) => this.#escape(event), { capture: true });
    for (const type of ["keydown", "pointerdown"]) addEventListener(type, () => (this.#byKey = type === "keydown"), { capture: true });
  }

  /** Lay lines over an image area, once. @param {Surface} surface @param {number} number of its pane */
  lay(surface, number) {
    if (this.#tools.has(surface)) return;
    const { store, announce } = this.beside;
    /** @type {LengthTool} */
    let tool;
    const layer = new Layer(surface, this.keeper, {
      reach: () => this.#reach(number),
      hidden: () => paneAt(store.state, number)?.text === "none",
      onGrip: (event, mark, end) => tool.grip(event, mark, end),
    });
    tool = new LengthTool(surface, layer, this.keeper, store, { number, announce, byKey: () => this.#byKey });
    this.#tools.set(surface, tool);
  }

  /** @param {Exclude<MarkEffect, "calibrate">} effect */
  run(effect) {
    const { keeper, beside } = this;
    if (effect === "undo") beside.announce(keeper.undo() ? gettext("Undone") : gettext("Nothing to undo"));
    else if (effect === "redo") beside.announce(keeper.redo() ? gettext("Done again") : gettext("Nothing to do again"));
    else this.#remove();
  }

  #remove() {
    const { keeper, beside } = this;
    const mark = keeper.selected ? keeper.mark(keeper.selected) : null;
    if (!mark) return;
    if (mark.row && !mark.row.mine) return beside.announce(gettext("Only who measured changes a measurement"));
    keeper.change(mark.id, { deleted: true });
    beside.announce(gettext("Measurement taken away; Ctrl+Z brings it back"));
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key !== "Escape") return;
    const drawing = [...this.#tools.values()].filter((tool) => tool.isDrawing);
    drawing.forEach((tool) => tool.cancel());
    if (drawing.length) event.stopImmediatePropagation();
    else if (!(event.target instanceof HTMLInputElement)) this.keeper.select(null);
  }

  /**
   * Millimetres that a line may lie off what a pane shows: half a slice, or half the slab.
   * @param {number} number
   */
  #reach(number) {
    const { state } = this.beside.store;
    const pane = paneAt(state, number);
    const stack = stackOf(state, pane);
    if (isVolumePane(pane)) return Math.max(pane.slab.thickness, stack?.volume ? spacingAlong(stack.volume, pane.plane.look) : 0) / 2;
    return isStackPane(pane) ? (stack?.spacing_mm ?? 0) / 2 : 0;
  }

  /** @param {string} archive @param {string} study */
  #follow(archive, study) {
    const key = studyKey({ archive, study });
    if (this.#studies.has(key)) return;
    const followed = { soon: 0 };
    this.#studies.set(key, followed);
    this.unsaved.restore(key);
    const fetch = () => {
      clearTimeout(followed.soon);
      followed.soon = setTimeout(() => {
        void this.keeper.fetch(archive, study).catch(() => {
          // The line is down or the study is gone: what is shown stays, and its next opening asks again.
        });
      }, TOGETHER);
    };
    const calibrations = () => {
      void this.calibrating.fetch(archive, study).catch(() => {
        // As with the lines: what is known stays.
      });
    };
    this.beside.topics.listen(`study.${study}`, {
      onOpen: () => {
        fetch();
        calibrations();
        this.unsaved.wake();
      },
      onEvent: ({ changed }) => {
        if (changed === "measurements" || changed === "outbox") fetch();
        if (changed === "calibrations") calibrations();
      },
    });
  }
}

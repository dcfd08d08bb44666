/** Calibrating images by lines of known length: asked for, kept as the server knows it, withdrawn. */

/** @import { Beside } from "../side/side.js" */
/** @import { Keeper } from "./keeper.js" */
/** @import { Mark } from "./marks.js" */
import { getJson, postJson, request } from "../shared/api.js";
import { el, setText } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { uuid } from "../shared/uuid.js";
import { personOf, studyKey } from "../viewer/state.js";

/**
 * A calibration of one image as the server keeps it; `length` and `pixel_spacing` in mm.
 * @typedef {object} Calibration
 * @property {string} id
 * @property {string} series
 * @property {string} instance
 * @property {number} frame
 * @property {number[] | null} frames   that it holds for, because they share the geometry of that one; null: all
 * @property {number} rows   of the image when it was calibrated
 * @property {number} columns
 * @property {number[][]} points
 * @property {number} length
 * @property {[number, number]} pixel_spacing   between rows, between columns
 * @property {string} words   what stands beside every number on the image
 * @property {string} author
 * @property {string} created
 * @property {string | null} withdrawn
 * @property {string} withdrawn_by
 */

/** @param {string} archive @param {string} study */
const addressOf = (archive, study) => `/api/studies/${encodeURIComponent(archive)}/${encodeURIComponent(study)}/calibrations/`;

export class Calibrating {
  /** @type {Map<string, Calibration[]>} by study */
  #known = new Map();

  /**
   * @param {Beside} beside
   * @param {Keeper} keeper
   */
  constructor(beside, keeper) {
    this.beside = beside;
    this.keeper = keeper;
  }

  /** All that there ever were, oldest first. @param {string} study key */
  of(study) {
    return this.#known.get(study) ?? [];
  }

  /** @param {string} archive @param {string} study */
  async fetch(archive, study) {
    /** @type {{calibrations: Calibration[]}} */
    const { calibrations } = await getJson(addressOf(archive, study));
    const key = studyKey({ archive, study });
    this.#known.set(key, calibrations);
    this.beside.store.update((state) => ({ ...state, calibrations: { ...others(state.calibrations, key), ...standing(key, calibrations) } }));
  }

  /**
   * Ask how long the chosen line is.
   * @param {(words: string) => void} tell why that can't be asked
   */
  ask(tell) {
    const { keeper } = this;
    const mark = keeper.selected ? keeper.mark(keeper.selected) : null;
    if (!mark) return tell(gettext("Draw a line along something of known length, or choose one; then say how long it is"));
    if (mark.ground.space !== "image") return tell(gettext("This image brings its own geometry: its millimetres aren’t calibrated by hand"));
    if (!keeper.mayMark(mark.study)) return tell(gettext("You may not measure in this study"));
    this.#open(mark);
  }

  /** @param {string} archive @param {string} study @param {Calibration} calibration */
  async withdraw(archive, study, { id }) {
    const identity = personOf(this.beside.store.state, studyKey({ archive, study }));
    await request(`/api/calibrations/${id}/`, { method: "DELETE", body: identity ? { identity } : undefined });
    await this.#again(archive, study);
    this.beside.announce(gettext("The calibration was withdrawn; the measurements on the image were computed anew"));
  }

  /** @param {string} archive @param {string} study */
  #again(archive, study) {
    return Promise.all([this.fetch(archive, study), this.keeper.fetch(archive, study)]);
  }

  /** @param {Mark} mark */
  #open(mark) {
    const id = uuid();
    const input = el("input", { class: "field", type: "text", inputmode: "decimal", autocomplete: "off", id: "known-length", "aria-describedby": "known-length-words known-length-trouble" });
    const trouble = el("p", { class: "trouble", id: "known-length-trouble", role: "alert" });
    const set = el("button", { class: "button first", type: "submit" }, gettext("Calibrate this image"));
    const form = el("form", {},
      el("label", { for: "known-length" }, gettext("The chosen line is, in mm:")), input,
      el("p", { class: "muted", id: "known-length-words" }, gettext("It sets the millimetres of this image, for everybody. What was measured on it is computed anew.")),
      trouble,
      el("div", { class: "choices" }, set, el("button", { class: "button", type: "button", onclick: () => dialog.close() }, gettext("Cancel"))));
    const dialog = el("dialog", { class: "known-length", "aria-label": gettext("Known length") }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(mark, id, input.value).then(() => dialog.close(), (error) => {
        setText(trouble, error instanceof Error ? error.message : String(error));
        input.select();
      });
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  }

  /** @param {Mark} mark @param {string} id @param {string} written */
  async #send({ ground, wanted: { points }, study: key }, id, written) {
    const length = millimetres(written);
    if (length === null) throw new RangeError(gettext("Write a length in mm, such as 25.4"));
    const { archive, study, series, instance, frame } = ground;
    const identity = personOf(this.beside.store.state, key);
    await postJson(addressOf(archive, study), { id, series, instance, frame, points, length, ...(identity ? { identity } : {}) });
    await this.#again(archive, study);
    this.beside.announce(gettext("The image is calibrated; the measurements on it were computed anew"));
  }
}

/** A length as people write it; null for what is none. @param {string} written */
export function millimetres(written) {
  const number = /^\s*(\d{1,5}(?:[.,]\d+)?)\s*(?:mm)?\s*$/.exec(written)?.[1];
  const length = Number(number?.replace(",", "."));
  return length > 0 ? length : null;
}

/**
 * What counts now, by image.
 * @param {string} study key
 * @param {readonly Calibration[]} calibrations
 * @returns {import("../viewer/state.js").State["calibrations"]}
 */
export function standing(study, calibrations) {
  /** @type {import("../viewer/state.js").State["calibrations"]} */
  const found = {};
  for (const { withdrawn, instance, frames, rows, columns, pixel_spacing, words } of calibrations) {
    if (withdrawn === null) (found[`${study}/${instance}`] ??= []).push({ frames, rows, columns, pixel_spacing, words });
  }
  return found;
}

/** @param {import("../viewer/state.js").State["calibrations"]} all @param {string} study key */
function others(all, study) {
  return Object.fromEntries(Object.entries(all).filter(([image]) => !image.startsWith(`${study}/`)));
}

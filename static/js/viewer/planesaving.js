/** The dialog that saves planes as a series: which, from where to where, and how far the job has come. */

/** @import { Planned, Range } from "./planned.js" */
/** @import { State, VolumePane, Volume } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { ApiError, getJson, postJson } from "../shared/api.js";
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { uuid } from "../shared/uuid.js";
import { number } from "./corners.js";
import { nameOf } from "./planes.js";
import { planned, savable, wholeRange } from "./planned.js";
import { PLANES, planeWords } from "./planewords.js";
import { personOf, studyKey } from "./state.js";

/** Between two questions of how far the job is (ms). */
const ASK = 1500;
const OVER = ["COMPLETED", "CANCELED"];
/** @typedef {{job: string, state: string, done?: number, total?: number | null, words?: string}} Told */
const FIELDS = /** @type {const} */ (["from", "to", "step", "thickness"]);
/** @type {() => Record<string, string>} */
const METHODS = () => ({ average_ip: gettext("average"), maximum_ip: "MIP", minimum_ip: "MinIP" });

/**
 * @param {Store<State>} store
 * @param {() => void} onClosed
 * @returns {() => void} opens it for the active plane
 */
export function planeSaving(store, onClosed) {
  const inputs = Object.fromEntries(FIELDS.map((name) => [name, el("input", { type: "number", step: "any", name, required: true })]));
  const method = el("select", { name: "method" }, ...Object.entries(METHODS()).map(([value, words]) => el("option", { value }, words)));
  const description = el("input", { type: "text", name: "description", maxlength: 64 });
  const title = el("h1", { id: "planes-saving-title" });
  const counted = el("p", { class: "muted", role: "status" });
  const save = el("button", { type: "submit", class: "button primary" }, gettext("Save as series"));
  const close = el("button", { type: "button", class: "button", onclick: () => dialog.close() }, gettext("Close"));
  const row = (/** @type {string} */ words, /** @type {HTMLElement} */ control) => el("label", {}, el("span", {}, words), control);
  const words = { from: gettext("From (mm)"), to: gettext("To (mm)"), step: gettext("Every (mm)"), thickness: gettext("Thickness (mm)") };
  const form = el("form", {}, ...FIELDS.map((name) => row(words[name], /** @type {HTMLElement} */ (inputs[name]))), row(gettext("Method"), method), row(gettext("Series description"), description), counted, el("div", { class: "buttons" }, save, close));
  const dialog = el("dialog", { class: "planes-saving", "aria-labelledby": "planes-saving-title" }, title, form);
  document.body.append(dialog);
  /** @type {{shown: VolumePane, volume: Volume} | null} */
  let of = null;
  let timer = 0;

  /** @returns {Planned | null} */
  const wanted = () => {
    const value = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (inputs[name]).valueAsNumber;
    const range = /** @type {Range} */ ({ from: value("from"), to: value("to"), step: value("step"), thickness: value("thickness"), method: method.value });
    return of && planned(of.volume, of.shown, range);
  };
  const preview = () => {
    const made = wanted();
    save.disabled = made === null;
    setText(counted, made ? interpolate(ngettext("{count} image of {columns} × {rows} pixels", "{count} images of {columns} × {rows} pixels", made.count), { count: made.count, columns: made.columns, rows: made.rows }) : gettext("These are no planes, or too many"));
    store.update((state) => ({ ...state, planned: made }));
  };
  const tell = (/** @type {string} */ address, /** @type {Told} */ told) => {
    setText(counted, progressWords(told));
    if (dialog.open && !OVER.includes(told.state)) timer = setTimeout(() => void getJson(`${address}?job=${told.job}`).then((now) => tell(address, now)).catch(fail), ASK);
  };
  const fail = (/** @type {unknown} */ error) => {
    if (!(error instanceof ApiError)) throw error;
    setText(counted, error.message);
    save.disabled = false;
  };
  form.addEventListener("input", preview);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const made = wanted();
    if (!of || !made) return;
    save.disabled = true;
    const { archive, study, series, stack } = of.shown.source;
    const { voi } = of.shown;
    const identity = personOf(store.state, studyKey(of.shown.source));
    const body = { id: uuid(), stack, ...made, window: voi && "center" in voi ? [voi.center, voi.width] : null, description: description.value, ...(identity ? { identity } : {}) };
    const address = `/api/studies/${encodeURIComponent(archive)}/${encodeURIComponent(study)}/series/${encodeURIComponent(series)}/planes/`;
    void postJson(address, body).then((told) => tell(address, told)).catch(fail);
  });
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    of = null;
    store.update((state) => ({ ...state, planned: null }));
    onClosed();
  });
  return () => {
    of = savable(store.state);
    if (!of || dialog.open) return;
    const range = wholeRange(of.volume, of.shown);
    for (const name of FIELDS) /** @type {HTMLInputElement} */ (inputs[name]).value = String(range[name]);
    method.value = range.method;
    description.value = `${planeWords(of.shown.plane.look)}${range.thickness ? ` ${METHODS()[range.method]} ${number(range.thickness)} mm` : ""}`.slice(0, 64);
    setText(title, interpolate(gettext("Save planes as a series: {plane}"), { plane: PLANES[nameOf(of.shown)]() }));
    // Not modal: the lines of the planes are seen in the panes beside it.
    dialog.show();
    preview();
    inputs["from"]?.focus();
  };
}

/** @param {Told} job */
function progressWords({ state, done = 0, total = null, words = "" }) {
  if (state === "COMPLETED") return words || gettext("On its way to the archive");
  if (state === "CANCELED") return words || gettext("Cancelled");
  return total ? interpolate(gettext("Saving: {done} of {total}"), { done, total }) : gettext("Waiting for its turn");
}

/** What was finished last, with its way back. */

import { getJson, postJson } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { lastFinished, noteBack, noteFinished } from "./going.js";

/**
 * @param {HTMLElement} place
 * @param {(busy: boolean) => void} onBusy while the exam is on its way back, no other must be taken for it
 */
export function offerUndo(place, onBusy) {
  const finished = lastFinished();
  if (!finished) return;
  const address = `/api/studies/${finished.archive}/${finished.study}/`;
  const words = el("span", {}, gettext("Finished."));
  void nameIt();
  const over = () => {
    noteFinished(null);
    place.replaceChildren();
    place.hidden = true;
  };
  const undo = el("button", { type: "button", class: "plain", id: "undo", onclick: back }, gettext("Undo"));
  const close = el("button", { type: "button", class: "plain square", "aria-label": gettext("Close"), onclick: over }, "×");
  place.replaceChildren(words, undo, close);
  place.hidden = false;

  async function back() {
    if (!finished || undo.getAttribute("aria-disabled") === "true") return;
    undo.setAttribute("aria-disabled", "true");
    onBusy(true);
    try {
      await postJson(`${address}reading/`, { do: "reopen" });
      over();
      noteBack(finished);
      location.reload();
    } catch (error) {
      onBusy(false);
      words.textContent = error instanceof Error ? error.message : String(error);
      undo.remove();
    }
  }

  // Asked for, not kept in the browser: a name stays where its access is checked.
  async function nameIt() {
    try {
      const [{ patient, modalities, study_description, study_date }, { state }] = await Promise.all([getJson(address), getJson(`${address}reading/`)]);
      if (state !== "done") return over(); // taken up again, here or elsewhere
      const exam = [study_description || modalities, study_date].filter(Boolean).join(" ");
      if (undo.isConnected) words.textContent = interpolate(gettext("Finished: {patient} · {exam}"), { patient: patient.name, exam });
    } catch {
      // Its words are missing then; Undo is there all the same.
    }
  }
}

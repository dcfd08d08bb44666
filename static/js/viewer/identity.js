/** Whose images are on the screen: told by patient keys and by what the pictures themselves say. */

/** @import { State } from "./state.js" */
/** @import { Picture } from "./corners.js" */
import { paneAt, studyKey, visible } from "./state.js";

/**
 * Whether the panes on the screen show more than one person.
 * @param {State} state
 * @param {(Picture["patient"] | null)[]} painted per pane: the patient that its picture names
 * @returns {"same" | "two" | "differing"} differing: one key, but the pictures disagree on name, ID or birth date
 */
export function persons(state, painted) {
  const shown = visible(state);
  const keys = new Set(
    shown.flatMap((index) => {
      const pane = paneAt(state, index);
      const study = pane && state.studies[studyKey(pane.source)];
      return study && !("error" in study) ? [study.patient.key] : [];
    }),
  );
  if (keys.size > 1) return "two";
  const said = new Set(
    shown.flatMap((index) => {
      const patient = painted[index];
      return patient && paneAt(state, index) ? [[patient.id, patient.name, patient.birth_date].join("\n")] : [];
    }),
  );
  return said.size > 1 ? "differing" : "same";
}

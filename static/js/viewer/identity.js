/** Whose images are on the screen: told by patient keys and by what the pictures themselves say. */

/** @import { Pane, State, StudyOverview } from "./state.js" */
/** @import { Picture } from "./corners.js" */
import { gettext } from "../shared/i18n.js";
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

/**
 * Why one can't be sure whose images a pane shows; "" where nothing speaks against it.
 * @param {State} state
 * @param {Pane} shown
 * @returns {string}
 */
export function doubt(state, shown) {
  const study = state.studies[studyKey(shown.source)];
  const conflict = study && !("error" in study) ? study.patient.conflict : null;
  return conflict ? `${gettext("IDENTITY IN DOUBT")}: ${conflict}` : "";
}

/**
 * Who a study is of and what it is, in lines, for when no picture says it.
 * @param {StudyOverview} study
 * @returns {string[]}
 */
export function identityOf({ patient, study_date, modalities, study_description }) {
  return [
    patient.name || gettext("Name unknown"),
    [patient.id, patient.birth_date, patient.sex].filter(Boolean).join(" · "),
    [study_date, modalities, study_description].filter(Boolean).join(" · "),
  ];
}

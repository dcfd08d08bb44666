/** Whose images are on the screen: told by patient keys and by what the pictures themselves say. */

/** @import { Pane, State, StudyOverview } from "./state.js" */
/** @import { Picture } from "./corners.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate } from "../shared/i18n.js";
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
 * Whether the archive has given a pane's study to somebody else, and a reader hasn't seen it, or the picture says otherwise.
 * @param {State} state
 * @param {Pane} shown
 * @param {Picture["patient"] | null | undefined} painted the patient that its picture names
 * @returns {string} ""  where nothing is the matter
 */
export function changedPerson(state, shown, painted) {
  const changed = state.persons[studyKey(shown.source)];
  if (!changed) return "";
  if (!changed.seen) return gettext("THE PATIENT WAS CHANGED IN THE ARCHIVE");
  const { before } = changed;
  const study = state.studies[studyKey(shown.source)];
  const now = study && !("error" in study) ? study.patient : null;
  const says = (/** @type {Picture["patient"] | null} */ one) => one && [one.id, one.name, one.birth_date].join("\n");
  if (!painted || says(painted) !== says(before) || says(before) === says(now)) return "";
  return interpolate(gettext("THE IMAGE STILL NAMES {name}"), { name: before.name || before.id });
}

/**
 * Who a study is of and what it is, in lines, for when no picture says it.
 * @param {StudyOverview} study
 * @returns {string[]}
 */
export function identityOf({ patient, study_date, modalities, study_description }) {
  return [
    patient.name || gettext("Name unknown"),
    joined([patient.id, patient.birth_date, patient.sex]),
    joined([study_date, modalities, study_description]),
  ];
}

/** The description of an image that isn't there: whose it would be, from what the server told of study and stack. */

/** @import { Entry, PicturePane, State } from "./state.js" */
/** @import { Picture } from "./corners.js" */
import { isShown, seriesKey, stackOf, studyKey } from "./state.js";

/**
 * It says nothing of pixels: no window, no orientation, no spacing.
 * @param {State} state
 * @param {PicturePane} pane
 * @param {Entry | null} entry
 * @param {number | null} [index] of the entry
 * @returns {Picture | null} null while nobody knows whose it is
 */
export function standIn(state, pane, entry, index = null) {
  const study = state.studies[studyKey(pane.source)];
  if (!study || "error" in study) return null;
  const series = study.series.find(({ uid }) => uid === pane.source.series);
  const stack = stackOf(state, pane);
  const known = state.series[seriesKey(pane.source)];
  return {
    patient: study.patient,
    study_uid: study.study,
    study_date: study.study_date,
    study_time: study.study_time ?? "",
    timezone_offset: study.timezone_offset ?? "",
    remarks: study.date_words ? [study.date_words] : [],
    study_description: study.study_description ?? "",
    accession_number: study.accession_number ?? "",
    institution: study.institution ?? "",
    series_uid: pane.source.series,
    series_number: series?.number ?? null,
    series_description: stack?.title || series?.description || "",
    modality: stack?.modality || series?.modality || "",
    instance: isShown(entry) ? entry.instance : "",
    frame: isShown(entry) ? entry.frame : 0,
    instance_number: entry?.instance_number ?? null,
    stack: pane.source.stack,
    index: known && entry ? index : null,
    count: stack?.entries.length ?? null,
    location: entry?.location ?? null,
    slice_thickness: null,
    orientation: null,
    patient_orientation: null,
    laterality: stack?.breast?.laterality ?? series?.laterality ?? null,
    breast: stack?.breast ?? null,
    rows: stack?.rows ?? 0,
    columns: stack?.columns ?? 0,
    pixel_spacing: null,
    aspect: stack?.aspect ?? 1,
    spacing_basis: "none",
    spacing_words: "",
    window: null,
    unit: "",
    inverted: false,
    region: [0, 0, 1, 1],
    size: [1, 1],
    lossless: true,
    source_lossy: false,
    source_lossy_ratio: null,
    derived: false,
    technique: {},
    frame_of_reference: null,
    colour: stack?.colour ?? false,
  };
}

/** What the millimetres of a picture rest on, in words. */

/** @import { Picture } from "./corners.js" */

/** A spacing set by hand, above what the file says. @typedef {{words: string}} Calibrated */

/**
 * What the millimetres rest on, or why there are none; "" for those of the patient.
 * @param {Picture} picture
 * @param {Calibrated | null} [calibration]
 */
export function basisWords({ spacing_basis, spacing_words }, calibration) {
  return calibration?.words ?? (spacing_basis === "patient" ? "" : spacing_words);
}

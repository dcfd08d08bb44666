/** What a picture says of the volume that lies over it. */

/** @import { Measure } from "./uptake.js" */
/** @import { Line, Picture } from "./corners.js" */
/** @import { Window } from "./state.js" */
import { gettext, interpolate } from "../shared/i18n.js";
import { windowInSuv } from "./uptake.js";
import { isoDate } from "./when.js";

/**
 * @typedef {object} Layer
 * @property {string} archive
 * @property {string} study_uid
 * @property {string} study_date
 * @property {string} series_uid
 * @property {string} series_description
 * @property {string} modality
 * @property {string} stack
 * @property {string | null} frame_of_reference
 * @property {string} unit
 * @property {Measure | null} [suv]
 * @property {string} [suv_words]
 * @property {(Partial<Window> & {explanation?: string | null}) | null} window
 * @property {string | null} colormap
 * @property {string} colours
 * @property {number} opacity
 * @property {string} volume_words
 * @property {string} [registration_words]
 */

/**
 * The lines that a layer adds to a corner.
 * @param {Layer | undefined} layer
 * @param {Picture} picture under it
 * @returns {(readonly [text: string, kind?: Line["kind"]])[]}
 */
export function layerLines(layer, picture) {
  if (!layer) return [];
  const { window } = layer;
  const level = window && typeof window.center === "number" && typeof window.width === "number"
    ? (windowInSuv({ center: window.center, width: window.width, function: window.function }, layer).split(" · ")[0] ?? "") : "";
  const opacity = interpolate(gettext("{percent} %"), { percent: Math.round(100 * layer.opacity) });
  const when = layer.study_uid === picture.study_uid ? "" : isoDate(layer.study_date);
  const words = [`+ ${layer.modality}`, when, level, opacity].filter(Boolean).join(" · ");
  const warnings = [layer.registration_words, layer.suv_words, layer.volume_words].filter(Boolean).join(" · ");
  return warnings ? [[warnings, "warn"], [words]] : [[words]];
}

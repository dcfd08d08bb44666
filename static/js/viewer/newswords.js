/** In which words a reader hears that a study has changed in the archive. */

/** @import { Difference } from "./growth.js" */
/** @import { Patient } from "./listed.js" */
/** @import { SeriesOverview } from "./state.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { clock } from "../side/words.js";

/** For the place of an image that isn't there any more. @param {Date} [now] */
export const removedWords = (now = new Date()) => interpolate(gettext("Removed; noticed at {time}"), { time: clock(now) });

/** @param {Pick<SeriesOverview, "number" | "description"> | undefined} series */
export function seriesName(series) {
  const number = series?.number ?? null;
  const described = series?.description ?? "";
  if (number === null) return described || gettext("a series");
  return [interpolate(gettext("series {number}"), { number }), described].filter(Boolean).join(", ");
}

/**
 * @param {Difference} difference
 * @param {string} series as it is called
 * @returns {string} "" for nothing that a reader need know
 */
export function changeWords({ added, removed, moved, altered }, series) {
  const said = [
    added ? interpolate(ngettext("{count} new image in {series}.", "{count} new images in {series}.", added), { series }) : "",
    removed ? interpolate(ngettext("{count} image removed from {series}.", "{count} images removed from {series}.", removed), { series }) : "",
    moved ? interpolate(gettext("The order of {series} has changed."), { series }) : "",
    altered ? interpolate(gettext("Something in {series} was changed; it is shown as it is now."), { series }) : "",
  ];
  return said.filter(Boolean).join(" ");
}

/** @param {Patient} patient @returns {string} one line, with what tells namesakes apart */
export function patientWords({ name, id, birth_date, sex }) {
  return joined([name || gettext("Name unknown"), id || gettext("no ID"), birth_date, sex]);
}

/** Whether two descriptions are of what a reader would call the same person. @param {Patient} one @param {Patient} other */
export function isSamePerson(one, other) {
  return one.identity && other.identity ? one.identity === other.identity : patientWords(one) === patientWords(other);
}

/** Which images of the studies on the screen are calibrated by hand, by whom; a click withdraws it. */

/** @import { Beside } from "./side.js" */
/** @import { Calibrating, Calibration } from "../marks/calibrating.js" */
import { joined } from "../shared/bidi.js";
import { el } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { timeWords } from "./words.js";

/**
 * @param {Beside} beside
 * @param {Calibrating} calibrating
 * @param {(calibration: Calibration, study: string) => string} whereOf the image, in words
 * @returns {{element: HTMLElement, draw: (studies: readonly string[]) => void}}
 */
export function calibrationList(beside, calibrating, whereOf) {
  const element = el("div", { class: "calibrations", hidden: true });

  /** @param {string} study key @param {Calibration} calibration */
  function item(study, calibration) {
    const [archive = "", uid = ""] = study.split("/");
    const { length, words, withdrawn, withdrawn_by } = calibration;
    const line = interpolate(gettext("{where}: a line of {length} mm"), { where: whereOf(calibration, study), length });
    const shared = calibration.frames ? ngettext("for {count} frame of the same geometry", "for {count} frames of the same geometry", calibration.frames.length) : "";
    const what = joined([line, shared], ", ");
    if (withdrawn) {
      const ended = interpolate(gettext("withdrawn by {name}, {time}"), { name: withdrawn_by, time: timeWords(new Date(withdrawn)) });
      return el("li", { class: "muted" }, `${what} · ${words} · ${ended}`);
    }
    const end = el("button", { type: "button", class: "plain", onclick: () => {
      end.disabled = true;
      calibrating.withdraw(archive, uid, calibration).catch((error) => {
        end.disabled = false;
        beside.announce(error instanceof Error ? error.message : String(error));
      });
    } }, gettext("Withdraw"));
    end.setAttribute("aria-label", interpolate(gettext("Withdraw the calibration: {what}"), { what }));
    return el("li", {}, el("span", {}, `${what} · ${words}`), end);
  }

  /** @param {readonly string[]} studies keys */
  function draw(studies) {
    const all = studies.flatMap((study) => calibrating.of(study).map((calibration) => ({ study, calibration })));
    const [now, before] = [true, false].map((counts) => all.filter(({ calibration }) => (calibration.withdrawn === null) === counts));
    const items = (/** @type {typeof all} */ some) => some.map(({ study, calibration }) => item(study, calibration));
    element.hidden = all.length === 0;
    element.replaceChildren(
      el("h3", { class: "muted" }, gettext("Calibrated by hand")),
      el("ul", { "aria-label": gettext("Calibrated by hand") }, ...items(now ?? [])),
      ...(before?.length
        ? [el("details", {}, el("summary", { class: "muted" }, ngettext("{count} withdrawn", "{count} withdrawn", before.length)), el("ul", {}, ...items(before)))]
        : []),
    );
  }
  return { element, draw };
}

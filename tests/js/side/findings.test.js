/** Which studies the findings list, what they are called, and what the archive still lacks of them. */

import { expect, test } from "vitest";
import { headingOf, notInArchive, shownStudies } from "../../../static/js/side/findings.js";
import { timeWords } from "../../../static/js/side/words.js";
import { receiveStudy } from "../../../static/js/viewer/answers.js";
import { slidePane } from "../../../static/js/viewer/state.js";
import { open, study } from "../viewer/stacks.js";

/** @import { Mark } from "../../../static/js/marks/marks.js" */

const beside = () => {
  const state = open();
  const slide = slidePane({ kind: "slide", archive: "main", study: "1.1", series: "1.1.1", slide: "s" });
  return { ...state, layout: { rows: 1, columns: 2 }, panes: [state.panes[0] ?? null, slide] };
};

/** @param {string} report @param {boolean} [mine] @returns {Mark} */
const mark = (report, mine = true) => /** @type {any} */ ({ row: { mine, report: { state: report } } });

test("lists the own study first, then those that are on the screen", () => {
  const state = beside();
  expect(shownStudies(state)).toEqual(["main/1.2", "main/1.1"]);
  expect(shownStudies({ ...state, layout: { rows: 1, columns: 1 } })).toEqual(["main/1.2"]);
  expect(shownStudies({ ...state, maximised: true, active: 1 })).toEqual(["main/1.2", "main/1.1"]);
});

test("another study is called by its date and description, as far as they are known", () => {
  const state = beside();
  expect(headingOf(state, "main/1.1")).toBe("2023-09-01 Thorax");
  const known = receiveStudy(state, "main/1.1", study({ study: "1.1", study_date: "2023-09-02", study_description: "Biopsy" }));
  expect(headingOf(known, "main/1.1")).toBe("2023-09-02 Biopsy");
  expect(headingOf(state, "other/9")).toBe("Another study");
});

test("what is on its way, stored or somebody else's isn't saved again", () => {
  const [fresh, changed, failed] = [mark("none"), mark("changed"), mark("failed")];
  const unsaved = /** @type {Mark} */ (/** @type {any} */ ({ row: null }));
  expect(notInArchive([fresh, mark("waiting"), mark("stored"), changed, mark("none", false), failed, unsaved])).toEqual([fresh, changed, failed, unsaved]);
});

test("a time of today is the clock alone, an earlier one says its day", () => {
  const now = new Date(2026, 2, 5, 21, 0);
  expect(timeWords(new Date(2026, 2, 5, 9, 6), now)).toBe("09:06");
  expect(timeWords(new Date(2026, 2, 4, 19, 56), now)).toBe("2026-03-04 19:56");
});

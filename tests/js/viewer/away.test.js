/** What is said of archives that don't answer. */

import { expect, test } from "vitest";
import { awayWords } from "../../../static/js/viewer/away.js";

const now = new Date(2026, 10, 22, 23, 30);
const since = new Date(2026, 10, 22, 23, 17).toISOString();

test("an archive that doesn't answer is named with the time, once, for as long as something of it is open", () => {
  const away = new Map([["pacs", since], ["other", null]]);
  expect(awayWords(away, ["pacs", "other", "pacs"], now)).toBe(
    "Archive pacs unreachable since 23:17. Images that are here already are shown; others can't come until it answers.",
  );
  expect(awayWords(away, ["other"], now)).toBe("");
  expect(awayWords(new Map(), ["pacs"], now)).toBe("");
});

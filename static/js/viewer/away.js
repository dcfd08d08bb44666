/** Archives that don't answer: said above the panes for as long as images of theirs are open. */

/** @import { State, StudyOverview } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Topics } from "./topics.js" */
import { getJson } from "../shared/api.js";
import { setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { timeWords } from "../side/words.js";
import { wordsOf } from "./asking.js";
import { studyKey } from "./state.js";

/**
 * @param {ReadonlyMap<string, string | null>} away   by archive: since when it doesn't answer
 * @param {Iterable<string>} open   archives of what is open
 * @param {Date} [now]
 * @returns {string}
 */
export function awayWords(away, open, now = new Date()) {
  const words = gettext("Archive {name} unreachable since {time}. Images that are here already are shown; others can't come until it answers.");
  const told = [...new Set(open)].sort().flatMap((name) => {
    const since = away.get(name);
    return since ? [interpolate(words, { name, time: timeWords(new Date(since), now) })] : [];
  });
  return told.join(" ");
}

/**
 * Say it in `place`, and ask again whenever an archive is said to have gone or come back.
 * @param {HTMLElement} place
 * @param {Store<State>} store
 * @param {Topics} topics
 */
export function tellAway(place, store, topics) {
  /** @type {Map<string, string | null>} */
  const away = new Map();
  /** @type {WeakSet<object>} */
  const heard = new WeakSet();

  const keys = () => new Set([studyKey(store.state), ...store.state.panes.flatMap((pane) => (pane ? studyKey(pane.source) : []))]);
  const archiveOf = (/** @type {string} */ key) => key.slice(0, key.indexOf("/"));
  function show() {
    const words = awayWords(away, [...keys()].map(archiveOf));
    setText(place, words);
    place.hidden = words === "";
  }
  async function ask() {
    const one = new Map([...keys()].map((key) => [archiveOf(key), key]));
    for (const [archive, key] of one) {
      try {
        away.set(archive, (await getJson(`/api/studies/${key}/`)).unreachable_since ?? null);
      } catch (error) {
        wordsOf(error);
      }
    }
    show();
  }

  store.watch((state) => state.studies, (studies) => {
    for (const study of Object.values(studies)) {
      if ("error" in study || heard.has(study)) continue;
      heard.add(study);
      away.set(study.archive, study.unreachable_since ?? null);
    }
    show();
  });
  store.watch((state) => state.panes, show);
  let opened = false;
  topics.listen("list", {
    onEvent: ({ changed }) => void (changed === "archives" && ask()),
    onOpen: () => {
      if (opened) void ask();
      opened = true;
    },
  });
}

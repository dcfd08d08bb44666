/** Who reads this exam: said in the strip, with what may be done about it; a hand keeps the claim alive. */

/** @import { Beside } from "./side.js" */
import { ApiError, csrfToken, getJson, postJson } from "../shared/api.js";
import { el, find } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { icon } from "../viewer/icons.js";
import { studyKey } from "../viewer/state.js";
import { listLeft, noteFinished } from "../worklist/going.js";

/** @typedef {{ id: number, name: string }} Person */
/**
 * @typedef {object} Reading
 * @property {"none" | "unread" | "claimed" | "done"} state
 * @property {Person | null} reader
 * @property {boolean} mine
 * @property {boolean} may_claim
 * @property {string | null} claimed_at
 * @property {string | null} active_until
 * @property {string | null} finished_at
 * @property {string} [contents]   what the exam holds, as the server marks it
 * @property {boolean} [changed_since]   it was read, and holds something else by now
 */
/** @typedef {"claim" | "take_over" | "give_back" | "finish" | "reopen" | "active"} Verb */

/** A hand tells the server this often at most, in milliseconds. */
const TELL_EVERY = 60_000;
/** With less than this left, another page of ours has been closed: we hold on at once. */
const ENDS_SOON = 60_000;
const AGAIN_AFTER = 5_000;

/**
 * @param {string | null} moment
 * @returns {string} the time of day for today, else with its date
 */
export function clock(moment) {
  if (!moment) return "";
  const at = new Date(moment);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return at.toDateString() === new Date().toDateString() ? time : `${date} ${time}`;
}

/**
 * What the strip says of the exam.
 * @param {Reading} reading
 * @returns {string}
 */
export function wordsOf({ state, reader, mine, claimed_at, finished_at, changed_since }) {
  const name = reader?.name ?? "";
  if (changed_since) return interpolate(gettext("Changed since it was read {time}"), { time: clock(finished_at) }).trim();
  if (mine) return gettext("Reading");
  if (state === "claimed" && claimed_at) return interpolate(gettext("Claimed by {name} since {time}"), { name, time: clock(claimed_at) });
  if (state === "claimed") return interpolate(gettext("Claimed by {name}"), { name });
  if (state === "done" && name) return interpolate(gettext("Read by {name} {time}"), { name, time: clock(finished_at) }).trim();
  if (state === "done") return gettext("It has been read");
  return gettext("Looking");
}

/**
 * @param {HTMLElement} place in the strip
 * @param {Beside} beside
 * @returns {{ done: () => void }} done: what the key of the command does
 */
export function fillReading(place, { page, store, topics, announce }) {
  const address = `/api/studies/${page.archive}/${page.study}/reading/`;
  /** @type {Reading | null} */
  let reading = null;
  let told = performance.now();
  let movedAt = performance.now();
  let busy = false;
  /** What the exam held when its reader last had all of it on the page, or was told of more. @type {string | undefined} */
  let seen;
  const held = () => {
    const study = store.state.studies[studyKey(page)];
    return study && !("error" in study) ? study.contents : undefined;
  };
  store.watch((state) => state.studies, () => (seen ??= held()));
  let waited = false;
  store.watch((state) => state.fresh, (waiting) => {
    const waits = Object.keys(waiting).length > 0;
    if (waited && !waits) seen = held();
    waited = waits;
  });

  /** @param {Reading} fresh */
  const show = (fresh) => {
    const before = reading;
    reading = fresh;
    const lost = before?.mine === true && !fresh.mine;
    draw(lost);
    if (lost) announce(note.textContent ?? "");
    if (lost && fresh.state === "claimed") tell(note.textContent ?? "");
    if (fresh.mine && before && !before.mine) taken.hidden = true;
    if (fresh.mine && endsSoon(fresh) && performance.now() - movedAt < 30 * TELL_EVERY) void say("active");
  };
  const note = el("span", { class: "words" });
  const taken = find("#taken-over");
  /** Above the images until somebody has seen it. */
  const tell = (/** @type {string} */ words, more = gettext("You can go on looking.")) => {
    const close = el("button", { type: "button", class: "plain square", "aria-label": gettext("Close"), onclick: () => (taken.hidden = true) }, "×");
    taken.replaceChildren(icon("warning"), el("strong", {}, words), el("span", {}, more), close);
    taken.hidden = false;
  };

  /** @param {boolean} lost to somebody else, or to time */
  const draw = (lost) => {
    if (!reading) return;
    const { state, reader, mine, may_claim } = reading;
    note.textContent = lost && state === "claimed" ? interpolate(gettext("Taken over by {name}"), { name: reader?.name ?? "" })
      : lost && state === "unread" ? gettext("No longer yours")
      : wordsOf(reading);
    note.title = note.textContent;
    place.classList.toggle("mine", mine);
    place.classList.toggle("lost", lost);
    const button = (/** @type {Verb} */ verb, /** @type {string} */ words, /** @type {string} */ title, more = "") =>
      el("button", { type: "button", class: `button ${more}`.trim(), "data-do": verb, title, onclick: () => void act(verb) },
        ...(verb === "give_back" ? [icon("inbox", "small"), el("span", {}, words)] : [words]));
    /** @type {(Element | false)[]} */
    const buttons = mine
      ? [
          button("finish", gettext("Done"), gettext("Finish this exam and go to the next (Ctrl+Enter)"), "first"),
          button("give_back", gettext("Give back"), gettext("Put this exam back among the unread ones")),
        ]
      : [
          may_claim && (state === "none" || state === "unread") && button("claim", gettext("Read"), gettext("Claim this exam for reading"), "first"),
          may_claim && state === "claimed" && button("take_over", gettext("Take over"), gettext("Read this exam instead")),
          may_claim && state === "done" && button("reopen", gettext("Read again"), gettext("Take this exam up again")),
        ];
    const held = place.contains(document.activeElement) ? document.activeElement?.getAttribute("data-do") : null;
    place.replaceChildren(icon(mine ? "state-claimed" : state === "done" ? "state-done" : "eye"), note, ...buttons.filter((each) => each !== false));
    const again = held && place.querySelector(`[data-do="${held}"]`);
    if (again instanceof HTMLElement) again.focus();
  };

  /** @param {Verb} verb */
  const say = async (verb) => {
    told = performance.now();
    try {
      show(/** @type {Reading} */ (await postJson(address, { do: verb, ...(verb === "finish" && seen && { contents: seen }) })));
      return true;
    } catch (error) {
      if (verb === "active") return false;
      if (error instanceof ApiError && error.status === 409) {
        await fetchAgain();
        // Told once that there is more: the reader decides.
        if (reading?.mine && reading.contents) seen = reading.contents;
      }
      complain(error);
      return false;
    }
  };
  const complain = (/** @type {unknown} */ error) => {
    const words = error instanceof Error ? error.message : String(error);
    tell(words, "");
  };
  const fetchAgain = async () => {
    try {
      show(/** @type {Reading} */ (await getJson(address)));
    } catch {
      // The next hint, or the line's return, asks again.
    }
  };

  /** @param {Verb} verb */
  const act = async (verb) => {
    if (busy) return;
    busy = true;
    const wellDone = await say(verb);
    busy = false;
    if (!wellDone) return;
    announce(note.textContent ?? "");
    if (verb === "finish") leave();
  };
  const leave = () => {
    noteFinished({ archive: page.archive, study: page.study });
    location.assign(listLeft());
  };

  // A hand on the exam, anywhere on its page.
  const moved = () => {
    movedAt = performance.now();
    if (reading?.mine && movedAt - told > TELL_EVERY) void say("active");
  };
  for (const kind of ["pointerdown", "pointermove", "wheel", "keydown"]) addEventListener(kind, moved, { passive: true, capture: true });

  addEventListener("pagehide", () => {
    if (!reading?.mine) return;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    void fetch(address, { method: "POST", body: JSON.stringify({ do: "close" }), headers, keepalive: true, credentials: "same-origin" });
  });

  find(".strip > a").setAttribute("href", listLeft());
  let first = true;
  topics.listen(`study.${page.study}`, {
    onEvent: ({ changed, study }) => void ((changed === "reading" || (study && reading?.state === "done")) && fetchAgain()),
    onOpen: async () => {
      await fetchAgain();
      if (!first || !reading?.mine) return;
      // This page may be the reload of one whose farewell arrives after its greeting.
      first = false;
      void say("active");
      setTimeout(() => void fetchAgain(), AGAIN_AFTER);
    },
  });
  return { done: () => void (reading?.mine && act("finish")) };
}

/** @param {Reading} reading */
function endsSoon({ active_until }) {
  return active_until !== null && new Date(active_until).getTime() - Date.now() < ENDS_SOON;
}

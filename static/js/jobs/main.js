/** The page of jobs stays as it is in truth: its lists are fetched again when the socket says that something changed. */

import { connect } from "../shared/live.js";

const GATHER = 300;
/** Ages are written on the server, in words: now and then they are read again. */
const OLDER = 30_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
let asking = false;
let asked = false;

/** Several hints in a row cost one refresh. */
function changed() {
  waiting ??= setTimeout(() => {
    waiting = undefined;
    void refresh();
  }, GATHER);
}

async function refresh() {
  asked = asking;
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("?lists", { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.reload();
    if (answer.ok) show(await answer.text());
  } catch {
    // The line is down: the socket comes back, and asks again.
  } finally {
    asking = false;
    if (asked) changed();
  }
}

/** @param {string} html as our own server wrote it */
function show(html) {
  const place = document.getElementById("jobs");
  if (!place) return;
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const held = focused();
  place.replaceChildren(...fresh.childNodes);
  if (held) focus(held);
}

/** Where the focus is: the line, and what its button says. */
function focused() {
  const at = document.activeElement;
  const line = at?.closest(".work-line");
  return at instanceof HTMLButtonElement && line ? { line: line.id, says: at.textContent } : null;
}

/** @param {{ line: string, says: string }} held */
function focus({ line, says }) {
  const buttons = [...(document.getElementById(line)?.querySelectorAll("button") ?? [])];
  buttons.find((button) => button.textContent === says)?.focus();
}

const wire = connect("/ws/", {
  onText: (message) => {
    if (message.topic === "jobs" || message.listening === "jobs") changed();
  },
  onBinary: () => {},
  onRoundTrip: () => {},
  onState: (state) => {
    if (state === "open") wire.send({ listen: "jobs" });
    if (state === "refused") location.reload();
  },
});

setInterval(changed, OLDER);

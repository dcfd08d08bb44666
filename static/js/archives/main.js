/** The page of archives: tests tell each finding as soon as it is known; states are read again by themselves. */

import { keepFresh } from "../shared/quiet.js";
import { gettext } from "../shared/i18n.js";

const FRESH = 3;

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-try]") : null;
  if (button instanceof HTMLButtonElement) void test(button);
});

/** @param {HTMLButtonElement} button of a form that says what is to be tried */
async function test(button) {
  const place = document.getElementById(button.getAttribute("aria-controls") ?? "");
  const { form } = button;
  if (!place || !form || !form.reportValidity() || button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  place.replaceChildren(line(gettext("Asking the archive …")));
  try {
    const answer = await fetch(button.dataset.try ?? "", { method: "POST", body: new FormData(form) });
    if (answer.redirected || !answer.ok || !answer.body) throw new Error(String(answer.status));
    await tell(answer.body, place);
  } catch {
    place.append(line(gettext("The test was cut off. Reload the page and try again.")));
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/**
 * Put each line in place as it comes: one list item a line, as our own server wrote it.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @param {HTMLElement} place
 */
async function tell(body, place) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (let first = true; ; ) {
    const { done, value } = await reader.read();
    held += value ?? "";
    const lines = held.split("\n");
    held = done ? "" : (lines.pop() ?? "");
    for (const html of lines.filter((text) => text.trim())) {
      const items = new DOMParser().parseFromString(html, "text/html").querySelectorAll("li");
      if (first) place.replaceChildren();
      first = false;
      place.append(...items);
    }
    if (done) return;
  }
}

/** @param {string} words */
function line(words) {
  const item = document.createElement("li");
  item.className = "finding idle";
  item.textContent = words;
  return item;
}

keepFresh(FRESH);

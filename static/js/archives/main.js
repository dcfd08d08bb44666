/** The page of archives: tests tell each finding as soon as it is known; states are read again by themselves. */

import { notSaved } from "../shared/drafts.js";
import { keepFresh } from "../shared/quiet.js";
import { gettext } from "../shared/i18n.js";

const FRESH = 3;

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-try]") : null;
  if (button instanceof HTMLButtonElement) void test(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.classList.contains("archive-form")) return;
  event.preventDefault();
  void save(form);
});

/** Save a form without leaving the page: what can't be saved stays as it was typed. @param {HTMLFormElement} form */
async function save(form) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  complain(form, "");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    const text = await answer.text();
    const told = new DOMParser().parseFromString(text, "text/html");
    const main = told.getElementById("main");
    if (new URL(answer.url).pathname === "/login/") complain(form, notSaved(gettext("You are logged out. Please log in again.")));
    else if (answer.ok && main) show(main);
    else if (answer.status === 422) refuse(form, told);
    else complain(form, notSaved(answer.status === 503 ? text : gettext("The server could not do this.")));
  } catch {
    complain(form, notSaved());
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** The page as it is now. @param {HTMLElement} main as our own server wrote it */
function show(main) {
  document.getElementById("main")?.replaceWith(main);
  const banner = main.querySelector(".banner");
  if (!(banner instanceof HTMLElement)) return;
  banner.tabIndex = -1;
  banner.focus();
}

/** @param {HTMLFormElement} form @param {Document} told the page with the reason in it */
function refuse(form, told) {
  complain(form, told.querySelector(".unfit")?.textContent?.trim() ?? gettext("The server could not do this."));
  const name = told.querySelector('[aria-invalid="true"]')?.getAttribute("name");
  const field = name && form.elements.namedItem(name);
  if (!(field instanceof HTMLInputElement)) return;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** @param {HTMLFormElement} form @param {string} words none: nothing is wrong any more */
function complain(form, words) {
  form.querySelector(".unfit")?.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  if (!words) return;
  const place = line(words, "p");
  place.className = "unfit";
  place.setAttribute("role", "alert");
  form.prepend(place);
}

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

/** @param {string} words @param {"li" | "p"} [tag] */
function line(words, tag = "li") {
  const item = document.createElement(tag);
  item.className = "finding idle";
  item.textContent = words;
  return item;
}

keepFresh(FRESH);

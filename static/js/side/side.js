/** The panel beside the images: three sections, open or closed by a button and a key, and how much is in each. */

/** @import { Change, State } from "../viewer/state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Topics } from "../viewer/topics.js" */
/** @import { Pictures } from "../viewer/pictures.js" */
/** @import { Verbs } from "../viewer/verbs.js" */
/** @import { Page } from "../viewer/main.js" */
import { putJson } from "../shared/api.js";
import { el, find } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { spelled } from "../shared/keys.js";
import { COMMANDS, keysOf } from "../viewer/commands.js";

/**
 * What a section may use of the page.
 * @typedef {object} Beside
 * @property {Page} page
 * @property {Store<State>} store
 * @property {Topics} topics
 * @property {Pictures} pictures
 * @property {Verbs} verbs
 * @property {(change: Change) => void} perform
 * @property {(words: string) => void} announce   for ears: said once, politely
 */

const PREFERENCE = "side";
const NARROW = 900; // CSS pixels, as in side.css

/** @param {HTMLElement} section @returns {HTMLElement} where its content goes */
export function bodyOf(section) {
  return find(".body", section);
}

/**
 * Say beside the heading how much there is.
 * @param {HTMLElement} section
 * @param {number} count 0: nothing to say
 * @param {string} [words] what the number counts, for ears and for the pointer
 * @param {{ fresh?: boolean }} [options] fresh: somebody waits to be read
 */
export function badge(section, count, words = "", { fresh = false } = {}) {
  const sign = find(".badge", section);
  sign.hidden = count === 0;
  sign.textContent = count > 99 ? "99+" : String(count);
  sign.title = words;
  sign.classList.toggle("new", fresh);
}

/**
 * Make the panel open and close, and its foldable sections by their headings; the choice is kept for the next study.
 * @param {HTMLElement} side
 * @param {Beside} beside
 * @returns {{ toggle: () => void, open: (section?: HTMLElement) => void }}
 */
export function fillSide(side, { page, store }) {
  const button = find("#side-toggle", side);
  const command = COMMANDS.find(({ id }) => id === "side");
  // In a narrow window the images come first; the choice that is kept is one for a wide one.
  const isNarrow = matchMedia(`(max-width: ${NARROW}px)`).matches;
  let isOpen = page.side?.open !== false && !isNarrow;
  const folds = [...side.querySelectorAll("section[data-fold]")].map((section) => folding(/** @type {HTMLElement} */ (section), page.side?.folded ?? [], keep));

  function keep() {
    const folded = folds.filter(({ isFolded }) => isFolded()).map(({ name }) => name);
    void putJson(`${page.urls.preferences}${PREFERENCE}/`, { open: isNarrow ? page.side?.open !== false : isOpen, folded }).catch(() => {
      // Kept for this page; the next choice is tried again.
    });
  }
  const draw = () => {
    side.classList.toggle("closed", !isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
    const keys = command ? keysOf(command, store.state.preferences.keys).map(spelled).join(", ") : "";
    const words = isOpen ? gettext("Close the panel") : gettext("Request, findings, conversation");
    button.setAttribute("aria-label", words);
    button.title = keys ? interpolate("{words} ({keys})", { words, keys }) : words;
  };
  const set = (/** @type {boolean} */ wanted) => {
    if (wanted === isOpen) return;
    isOpen = wanted;
    draw();
    if (!isNarrow) keep();
  };
  const open = (/** @type {HTMLElement | undefined} */ section) => {
    set(true);
    folds.find(({ element }) => element === section)?.open();
    if (section) bodyOf(section).focus({ preventScroll: true });
  };
  button.addEventListener("click", () => set(!isOpen));
  side.addEventListener("click", ({ target }) => {
    const header = !isOpen && target instanceof Element ? target.closest("section > header") : null;
    if (header?.parentElement) open(header.parentElement);
  });
  store.watch(({ preferences }) => preferences, draw);
  return { toggle: () => set(!isOpen), open };
}

/**
 * Let a section fold by its heading.
 * @param {HTMLElement} element section with data-fold, its name in the preference
 * @param {readonly string[]} folded names
 * @param {() => void} onChange
 */
function folding(element, folded, onChange) {
  const name = element.dataset["fold"] ?? "";
  const heading = find("h2", element);
  const body = bodyOf(element);
  body.id ||= `${element.id}-body`;
  const button = el("button", { type: "button", class: "fold", "aria-controls": body.id }, ...heading.childNodes);
  heading.append(button);
  const set = (/** @type {boolean} */ isFolded) => {
    element.classList.toggle("folded", isFolded);
    button.setAttribute("aria-expanded", String(!isFolded));
  };
  const isFolded = () => element.classList.contains("folded");
  button.addEventListener("click", () => {
    set(!isFolded());
    onChange();
  });
  set(folded.includes(name));
  return { element, name, isFolded, open: () => set(false) };
}

/** Where a message is written: Enter sends, Shift+Enter begins a new line, and the draft outlives a reload. */

/** @import { Beside } from "./side.js" */
import { el } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { keep } from "../shared/kept.js";
import { save } from "../viewer/presentation.js";
import { icon } from "../viewer/icons.js";

const LONGEST = 8000;
const TALLEST = 140; // CSS pixels
const PREVIEW = { width: 120, height: 90 };
const SOON = 250;

/**
 * @param {Beside} beside
 * @param {string} key of the draft
 * @param {(text: string, state: object | null) => void} onSend
 * @returns {{element: HTMLElement, giveBack: (text: string) => void}} giveBack: text that wasn't sent, to be written anew
 */
export function composer({ store }, key, onSend) {
  let withView = false;
  let timer = 0;
  const field = el("textarea", {
    class: "field", rows: 1, maxlength: LONGEST, dir: "auto", autocomplete: "off",
    placeholder: gettext("Write to colleagues"), "aria-label": gettext("Message"), title: gettext("Enter sends, Shift+Enter begins a new line"),
  });
  const canvas = el("canvas", { ...PREVIEW, role: "img", "aria-label": gettext("The present view goes along") });
  const preview = el("div", { class: "along", hidden: true }, canvas, el("span", { class: "muted" }, gettext("What is on the screen when you send goes along.")));
  const toggle = el("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: () => attach(!withView) }, icon("eye"), gettext("With this view"));
  const submit = el("button", { type: "submit", class: "button first" }, gettext("Send"));
  const element = el("form", { class: "bottom composer" }, preview, field, el("div", { class: "choices" }, toggle, submit));

  function state() {
    return withView ? save(store.state) : null;
  }

  /** @param {boolean} wanted */
  function attach(wanted) {
    withView = wanted && save(store.state) !== null;
    toggle.setAttribute("aria-pressed", String(withView));
    preview.hidden = !withView;
    enable();
    if (withView) paint();
  }

  function paint() {
    const shown = largest([...document.querySelectorAll(".pane.active canvas")]);
    const context = canvas.getContext("2d");
    if (!shown || !context) return;
    const scale = Math.min(PREVIEW.width / shown.width, PREVIEW.height / shown.height);
    const [width, height] = [shown.width * scale, shown.height * scale];
    context.clearRect(0, 0, PREVIEW.width, PREVIEW.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(shown, (PREVIEW.width - width) / 2, (PREVIEW.height - height) / 2, width, height);
  }

  function enable() {
    submit.disabled = !withView && field.value.trim() === "";
  }

  function grow() {
    if (field.clientHeight === 0) return; // in a closed panel nothing can be measured
    const rows = field.value.split("\n").length;
    field.rows = 1;
    while (field.rows < 8 && (field.scrollHeight > field.clientHeight + 2 || field.rows < rows) && field.clientHeight < TALLEST) field.rows += 1;
  }

  function changed() {
    keep(sessionStorage, key, field.value);
    enable();
    grow();
  }

  function send() {
    const [text, along] = [field.value, state()];
    if (!along && text.trim() === "") return;
    onSend(text, along);
    field.value = "";
    attach(false);
    changed();
    field.focus();
  }

  field.value = sessionStorage.getItem(key) ?? "";
  field.addEventListener("input", changed);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape") {
      const pane = document.querySelector(".pane.active .area");
      if (pane instanceof HTMLElement) pane.focus({ preventScroll: true });
    }
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  store.watch((now) => now.panes, () => {
    clearTimeout(timer);
    if (withView) timer = setTimeout(paint, SOON);
  });
  enable();
  let width = 0;
  new ResizeObserver(() => {
    if (field.clientWidth === width) return;
    width = field.clientWidth;
    grow();
  }).observe(field);

  return {
    element,
    giveBack(text) {
      field.value = [text, field.value].filter(Boolean).join("\n");
      changed();
      field.focus();
    },
  };
}

/** @param {Element[]} canvases @returns {HTMLCanvasElement | null} the one that shows the image */
function largest(canvases) {
  const area = (/** @type {Element} */ each) => each.clientWidth * each.clientHeight;
  const found = canvases.sort((one, other) => area(other) - area(one))[0];
  return found instanceof HTMLCanvasElement && found.width && found.height ? found : null;
}

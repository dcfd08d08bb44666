/** The attributes of the image in the active pane: a panel that lies over it, follows it, and never asks twice at once. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Attribute, Deviation, Difference, Image, Row } from "./tagsmodel.js" */
import { getJson } from "../shared/api.js";
import { joined } from "../shared/bidi.js";
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { wordsOf } from "./asking.js";
import { scroll } from "./scrolling.js";
import { difference, holders, imageOf, personOf, rowsOf, valueOf, whyNot, written } from "./tagsmodel.js";

/** A hand that scrolls on within this time (ms) has no time to read. */
const REST = 150;
/** Rows drawn at once. */
const MOST = 1000;
/** Characters of a value in its row; the whole stands below. */
const SHORT = 120;

export class Tags {
  #of = el("p", { role: "status" });
  #told = el("p", { class: "muted", role: "status" });
  #search = el("input", {
    class: "field", type: "search", autocomplete: "off", spellcheck: "false",
    "aria-label": gettext("Search the attributes"), placeholder: gettext("Keyword, name, tag or value"), oninput: () => this.#sought(),
  });
  #only = el("input", { type: "checkbox", onchange: () => this.#draw() });
  #body = el("tbody", { role: "rowgroup" });
  #more = el("button", { type: "button", class: "button", hidden: true, onclick: () => this.#drawMore() }, gettext("More rows"));
  #oddWords = el("summary", {});
  #oddList = el("ul", {});
  #odd = el("details", { class: "odd", hidden: true }, this.#oddWords, this.#oddList);
  #failure = el("p", { role: "alert", hidden: true });
  #whole = el("pre", { tabindex: 0, role: "group", "aria-label": gettext("The whole value") });
  #which = el("h3", {});
  #said = el("span", { class: "muted", role: "status" });
  #chosen = el("section", { class: "chosen", "aria-label": gettext("The chosen attribute"), hidden: true }, this.#which, this.#whole,
    el("p", {}, el("button", { type: "button", class: "button", onclick: () => void this.#copy() }, gettext("Copy the value")), this.#said));
  #dialog = this.#make();

  /** @type {Image | null} whose attributes are here */
  #image = null;
  /** @type {Attribute[]} */
  #elements = [];
  /** @type {Difference | null} */
  #difference = null;
  #before = "";
  /** @type {Row[]} */
  #rows = [];
  /** @type {Map<string, boolean>} */
  #open = new Map();
  #at = "";
  #limit = MOST;
  #timer = 0;
  /** @type {AbortController | null} */
  #asking = null;

  /**
   * @param {Store<State>} store
   * @param {() => Element | undefined} under the active pane
   * @param {() => void} onClosed
   */
  constructor(store, under, onClosed) {
    this.store = store;
    this.under = under;
    this.#dialog.addEventListener("close", () => {
      this.#forget();
      onClosed();
    });
    document.body.append(this.#dialog);
    store.watch(wished, () => this.#dialog.open && this.#follow(REST));
    const later = () => requestAnimationFrame(() => this.#place());
    store.watch((state) => state.active, later);
    store.watch((state) => state.layout, later);
    store.watch((state) => state.maximised, later);
    addEventListener("resize", () => this.#place());
  }

  /** Open it, or come back to it. */
  show() {
    if (!this.#dialog.open) {
      this.#search.value = "";
      this.#only.checked = false;
      this.#dialog.show();
      this.#follow(0);
    }
    this.#place();
    this.#search.focus();
  }

  #make() {
    const step = (/** @type {1 | -1} */ by, /** @type {string} */ words, /** @type {string} */ sign) =>
      el("button", { type: "button", class: "plain square", "aria-label": words, title: words, onclick: () => this.store.update((state) => scroll(state, by)) }, sign);
    const columns = [gettext("Tag"), gettext("Name"), gettext("VR"), gettext("VM"), gettext("Value")];
    const head = el("tr", { role: "row" }, ...columns.map((words) => el("th", { role: "columnheader", scope: "col" }, words)));
    const grid = el("table", { role: "treegrid", "aria-label": gettext("Attributes"), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      el("thead", { role: "rowgroup" }, head), this.#body);
    this.#body.addEventListener("click", (event) => this.#click(event));
    this.#body.addEventListener("focusin", (event) => this.#choose(rowElement(event.target)?.dataset["key"] ?? ""));
    const close = el("button", { type: "button", class: "plain square", "aria-label": gettext("Close"), title: gettext("Close"), onclick: () => this.#dialog.close() }, "✕");
    const dialog = el("dialog", { class: "tags", "aria-labelledby": "tags-title" },
      el("div", { class: "head" }, el("h2", { id: "tags-title" }, gettext("DICOM attributes")), step(-1, gettext("Previous image"), "↑"), step(1, gettext("Next image"), "↓"), close),
      this.#of,
      el("div", { class: "seek" }, this.#search, el("label", { class: "check" }, this.#only, gettext("Only what differs"))),
      this.#told, this.#odd, this.#failure,
      el("div", { class: "rows" }, grid, this.#more),
      this.#chosen);
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      dialog.close();
    });
    return dialog;
  }

  /** Over the right half of the active pane: whom it shows stands on its left. */
  #place() {
    const pane = this.#dialog.open && this.under()?.getBoundingClientRect();
    if (!pane) return;
    const width = Math.min(innerWidth, Math.max(Math.min(640, pane.width * 0.62), Math.min(380, innerWidth)));
    const left = Math.max(0, Math.min(pane.right - width, innerWidth - width));
    Object.assign(this.#dialog.style, { left: `${left}px`, top: `${pane.top}px`, width: `${width}px`, height: `${pane.height}px` });
  }

  /** @param {number} after ms */
  #follow(after) {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#dialog.classList.add("late");
    this.#timer = setTimeout(() => void this.#ask(), after);
  }

  async #ask() {
    const image = imageOf(this.store.state);
    if (!image) return this.#fail(whyNot(this.store.state));
    const asking = (this.#asking = new AbortController());
    try {
      const { elements, deviations } = await getJson(image.address, { signal: asking.signal });
      if (asking.signal.aborted || !this.#dialog.open) return;
      this.#receive(image, elements);
      this.#tellDeviations(deviations);
    } catch (error) {
      if (!asking.signal.aborted) this.#fail(wordsOf(error));
    }
  }

  /**
   * @param {Image} image
   * @param {Attribute[]} elements
   */
  #receive(image, elements) {
    if (this.#image && this.#image.address !== image.address) {
      this.#difference = difference(this.#elements, elements);
      this.#before = this.#image.words;
    }
    this.#image = image;
    this.#elements = elements;
    this.#failure.hidden = true;
    this.#dialog.classList.remove("late");
    setText(this.#of, [personOf(elements), image.words].filter(Boolean).join(" · "));
    this.#draw();
  }

  /** Nothing of another image stays under the words. @param {string} words */
  #fail(words) {
    this.#forget();
    this.#dialog.classList.remove("late");
    this.#failure.hidden = false;
    setText(this.#failure, words);
    this.#draw();
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#image = this.#difference = null;
    this.#elements = [];
    this.#before = "";
    this.#tellDeviations([]);
    setText(this.#of, "");
  }

  /** @param {readonly Deviation[]} deviations of the image that is told */
  #tellDeviations(deviations) {
    this.#odd.hidden = deviations.length === 0;
    setText(this.#oddWords, ngettext("{count} element of this image doesn't follow the standard", "{count} elements of this image don't follow the standard", deviations.length));
    this.#oddList.replaceChildren(...deviations.map(({ path, keyword, words }) => el("li", {},
      el("button", { type: "button", class: "plain", onclick: () => this.#reveal(path) }, keyword || written(path.slice(-8))), " ", el("bdi", {}, words))));
  }

  /** Unfold what an attribute lies in, and go to it. @param {string} key */
  #reveal(key) {
    this.#search.value = "";
    this.#only.checked = false;
    for (const each of holders(key)) this.#open.set(each, true);
    this.#at = key;
    this.#draw();
    while (this.#rows.findIndex((row) => row.key === key) >= this.#limit) this.#drawMore();
    this.#focus(key);
  }

  #sought() {
    // What was folded by hand mustn't hide what is looked for now.
    this.#open = new Map([...this.#open].filter(([, unfolded]) => unfolded));
    this.#draw();
  }

  #draw() {
    this.#limit = MOST;
    this.#only.disabled = !this.#difference;
    const only = this.#only.checked && this.#difference !== null;
    this.#rows = rowsOf(this.#elements, { words: this.#search.value, only, open: this.#open, difference: this.#difference });
    if (!this.#rows.some(({ key }) => key === this.#at)) this.#at = this.#rows[0]?.key ?? "";
    const held = this.#body.contains(document.activeElement);
    this.#body.replaceChildren(...this.#rows.slice(0, this.#limit).map((row) => this.#row(row)));
    if (held) this.#focus(this.#at);
    this.#tell();
    this.#detail();
  }

  #drawMore() {
    const first = this.#limit;
    this.#limit += MOST;
    this.#body.append(...this.#rows.slice(first, this.#limit).map((row) => this.#row(row)));
    this.#tell();
    this.#focus(this.#rows[first]?.key);
  }

  #tell() {
    this.#more.hidden = this.#rows.length <= this.#limit;
    const words = [ngettext("{count} row", "{count} rows", this.#rows.length)];
    if (this.#difference) {
      const leaves = this.#difference.changed.size;
      words.push(leaves ? interpolate(gettext("≠ differs from: {image}"), { image: this.#before }) : interpolate(gettext("nothing differs from: {image}"), { image: this.#before }));
      if (this.#difference.gone) words.push(ngettext("{count} attribute of it is absent here", "{count} attributes of it are absent here", this.#difference.gone));
    }
    setText(this.#told, this.#image ? words.join(" · ") : "");
  }

  /** @param {Row} row */
  #row({ key, level, open, changed, attribute, item }) {
    const state = open === null ? {} : { "aria-expanded": String(open) };
    const attributes = { role: "row", "data-key": key, "data-level": Math.min(level, 9), "aria-level": level, tabindex: key === this.#at ? 0 : -1, class: changed ? "changed" : "", ...state };
    const sign = changed && el("span", { class: "differs", title: gettext("differs from the image before") }, "≠", el("span", { class: "unseen" }, gettext("differs from the image before")));
    const fold = open === null ? null : el("span", { class: "fold", "aria-hidden": "true" }, open ? "▾" : "▸");
    const cell = (/** @type {(import("../shared/dom.js").Child)[]} */ ...children) => el("td", { role: "gridcell" }, ...children);
    if (!attribute) return el("tr", attributes, el("td", { role: "gridcell", colspan: 5 }, fold, item, " ", sign));
    const { tag, vr, vm, keyword, name, creator } = attribute;
    const value = valueOf(attribute);
    const shown = value.length > SHORT ? `${value.slice(0, SHORT)} …` : value;
    const named = [el("span", {}, name || gettext("unknown")), keyword && el("small", {}, keyword), creator && el("small", {}, creator)];
    return el("tr", attributes,
      cell(fold, el("code", {}, written(tag))), cell(...named), cell(vr), cell(String(vm)), cell(sign, el("bdi", {}, shown)));
  }

  /** @param {string} key */
  #choose(key) {
    if (!key) return;
    this.#body.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    this.#at = key;
    this.#element(key)?.setAttribute("tabindex", "0");
    this.#detail();
  }

  #detail() {
    const attribute = this.#rows.find(({ key }) => key === this.#at)?.attribute;
    this.#chosen.hidden = !attribute;
    setText(this.#said, "");
    if (!attribute) return;
    const { tag, name, creator, vr, vm } = attribute;
    setText(this.#which, joined([written(tag), name, creator, interpolate(gettext("VR {vr}, VM {vm}"), { vr, vm })]));
    setText(this.#whole, valueOf(attribute));
  }

  /** @param {string} key @returns {HTMLElement | null} */
  #element(key) {
    return this.#body.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  /** @param {string | undefined} key */
  #focus(key) {
    if (key) this.#element(key)?.focus();
  }

  /** @param {Event} event */
  #click({ target }) {
    const row = rowElement(target);
    if (!row) return;
    row.focus();
    if (target instanceof Element && target.closest(".fold")) this.#fold(row.dataset["key"] ?? "");
  }

  /** @param {string} key @param {boolean} [to] */
  #fold(key, to) {
    const row = this.#rows.find((each) => each.key === key);
    if (!row || row.open === null || row.open === to) return;
    this.#open.set(key, !row.open);
    this.#draw();
    this.#focus(key);
  }

  /** The keys of a treegrid (ARIA APG). @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#rows.findIndex(({ key }) => key === this.#at);
    const row = this.#rows[at];
    if (!row || event.altKey) return;
    const last = Math.min(this.#rows.length, this.#limit) - 1;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "c" || getSelection()?.toString()) return;
      event.preventDefault();
      return void this.#copy();
    }
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + 20, PageUp: at - 20 };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (to !== undefined) this.#focus(this.#rows[Math.max(0, Math.min(last, to))]?.key);
    else if (event.key === "ArrowRight" && row.open !== null) row.open ? this.#focus(this.#rows[at + 1]?.key) : this.#fold(row.key, true);
    else if (event.key === "ArrowLeft" && row.open) this.#fold(row.key, false);
    else if (event.key === "ArrowLeft") this.#focus(this.#rows.slice(0, at).findLast(({ level }) => level < row.level)?.key);
    else if (event.key === "Enter" && row.open !== null) this.#fold(row.key);
    else return;
    event.preventDefault();
  }

  async #copy() {
    const attribute = this.#rows.find(({ key }) => key === this.#at)?.attribute;
    if (!attribute) return;
    try {
      await navigator.clipboard.writeText(attribute.value ?? valueOf(attribute));
      setText(this.#said, gettext("copied"));
    } catch {
      // A browser that keeps the clipboard to itself still copies what is selected.
      getSelection()?.selectAllChildren(this.#whole);
      setText(this.#said, gettext("selected: press Ctrl+C"));
    }
  }
}

/** One string for the image that is to be told, so that the same image is told once. @param {State} state */
function wished(state) {
  const image = imageOf(state);
  return image ? `${image.address} ${image.digest}` : whyNot(state);
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function rowElement(target) {
  return target instanceof Element ? target.closest("tr") : null;
}

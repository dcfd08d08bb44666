/**
 * The controls of a clip at its pane's foot: run, step, place, trim, speed, and how well it keeps its time.
 * All of it has keys on the image, so that Tab goes on leading from pane to pane.
 */

/** @import { Command } from "./commands.js" */
/** @import { Tally } from "./player.js" */
/** @import { Reel } from "./reel.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { spelled } from "../shared/keys.js";
import { CINE_COMMANDS, earnsSeen, running, seek, trimTo } from "./cine.js";
import { keysOf } from "./commands.js";
import { number } from "./corners.js";
import { icon } from "./icons.js";
import { reelAt } from "./reel.js";
import { isStackPane, paneAt, stackKey, stackOf } from "./state.js";

/** What stands in which part of the bar, and its sign where that isn't the command's own. @type {readonly (readonly [id: string, sign: string])[][]} */
const PARTS = [
  [["cine", "cine"], ["cine-back", "chevron-left"], ["cine-on", "chevron-right"]],
  [["cine-start", "trim-start"], ["cine-end", "trim-end"], ["cine-whole", "trim-none"]],
  [["cine-slower", "−"], ["cine-faster", "+"]],
  [["cine-sweep", "sweep"], ["cine-together", "link"]],
];
/** What keys on the place do. @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

export class CineBar {
  /** @type {Map<Command, HTMLButtonElement>} */
  #buttons = new Map();
  #kept = el("span", { class: "kept" });
  #place = el("span", { class: "place" });
  #from = el("span", { class: "end" });
  #to = el("span", { class: "end" });
  #track = el("div", { class: "track", role: "slider", tabindex: -1, "aria-label": gettext("Place in the clip"), "aria-valuemin": 1 }, this.#kept, this.#from, this.#to, this.#place);
  #frame = el("span", { class: "frame" });
  #speed = el("span", { class: "speed" });
  #tally = el("output", { class: "tally", "aria-live": "off" });
  /** Which clip the tally is of. */
  #told = "";
  /** What is drawn. @type {readonly unknown[]} */
  #drawn = [];

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   * @param {(command: Command, target: number) => void} run
   */
  constructor(viewport, store, run) {
    this.viewport = viewport;
    this.store = store;
    const [drive, trim, speed, way] = PARTS.map((part) => el("div", { class: "group" }, ...part.map(([id, sign]) => this.#button(id, sign, run))));
    speed?.firstElementChild?.after(this.#speed);
    this.element = el("div", { class: "cinebar", role: "group", "aria-label": gettext("Cine"), hidden: true }, drive, this.#track, this.#frame, trim, speed, way, this.#tally);
    viewport.element.append(this.element);
    this.#track.addEventListener("pointerdown", (event) => this.#grab(event));
    this.#track.addEventListener("keydown", (event) => this.#turn(event));
    store.watch((state) => state, (state) => this.#draw(state));
  }

  /**
   * @param {string} id
   * @param {string} sign
   * @param {(command: Command, target: number) => void} run
   */
  #button(id, sign, run) {
    const command = CINE_COMMANDS.find((each) => each.id === id);
    if (!command) return null;
    const onclick = (/** @type {MouseEvent} */ { detail }) => {
      run(command, this.viewport.number);
      // A click leaves the keys to the image; a key press leaves them to the bar.
      if (detail > 0) this.viewport.focus();
    };
    const pressed = command.pressed ? { "aria-pressed": "false" } : {};
    const button = el("button", { type: "button", class: "plain square", tabindex: -1, "data-cine": id, ...pressed, onclick }, sign.length > 1 ? icon(sign) : sign);
    this.#buttons.set(command, button);
    return button;
  }

  /**
   * How a cine keeps its time.
   * @param {Tally} tally
   */
  tell({ painted, late, behind }) {
    const shown = paneAt(this.store.state, this.viewport.number);
    this.#told = isStackPane(shown) ? stackKey(shown.source) : "";
    Object.assign(this.#tally.dataset, { painted, late, behind: behind.toFixed(1) });
    const words = late
      ? interpolate(gettext("{late} of {painted} late ({behind} ms)"), { late, painted, behind: number(behind, 0) })
      : painted ? interpolate(gettext("{painted} shown, all in time"), { painted }) : "";
    setText(this.#tally, words);
    this.#tally.title = late ? gettext("Pictures that came when the next was due, and by how much the clip is behind its own time. None is left out.") : "";
    this.#tally.classList.toggle("slow", late > 0);
  }

  /** @param {State} state */
  #draw(state) {
    const shown = paneAt(state, this.viewport.number);
    const stack = isStackPane(shown) ? stackOf(state, shown) : null;
    const offered = isStackPane(shown) && stack && !stack.early && stack.entries.length > 1 && (stack.cine || state.reels[stackKey(shown.source)]);
    this.element.hidden = !offered;
    const reel = offered ? reelAt(state, shown) : null;
    if (!offered || !reel) return;
    if (this.#told && this.#told !== stackKey(shown.source)) this.tell({ painted: 0, late: 0, behind: 0 });
    const at = shown.index ?? 0;
    const isClip = new Set(stack.entries.map((entry) => ("instance" in entry ? entry.instance : ""))).size === 1;
    this.#drawPlace(at, reel, isClip);
    // The rest stays while it runs.
    const now = [state.reels, state.playing === null, state.together, state.active, state.layout, state.maximised, state.preferences, stack, state.panes.length];
    if (now.every((each, index) => each === this.#drawn[index])) return;
    this.#drawn = now;
    this.#drawTrim(reel);
    this.#drawSpeed(state, reel);
    for (const [command, button] of this.#buttons) this.#drawButton(command, button, state);
  }

  /**
   * @param {number} at
   * @param {Reel} reel
   * @param {boolean} isClip
   */
  #drawPlace(at, { count }, isClip) {
    this.#place.style.insetInlineStart = share(at, count);
    const words = interpolate(isClip ? gettext("Frame {index}/{count}") : gettext("Image {index}/{count}"), { index: at + 1, count });
    setText(this.#frame, words);
    this.#track.setAttribute("aria-valuenow", String(at + 1));
    this.#track.setAttribute("aria-valuetext", words);
  }

  /** @param {Reel} reel */
  #drawTrim({ first, last, count }) {
    this.#kept.style.insetInlineStart = this.#from.style.insetInlineStart = share(first, count);
    this.#to.style.insetInlineStart = share(last, count);
    this.#kept.style.inlineSize = share(last - first, count);
    const isTrimmed = first > 0 || last < count - 1;
    this.#track.classList.toggle("trimmed", isTrimmed);
    this.#track.title = isTrimmed ? interpolate(gettext("Runs from {first} to {last} of {count}"), { first: first + 1, last: last + 1, count }) : "";
    this.#track.setAttribute("aria-description", this.#track.title);
    this.#track.setAttribute("aria-valuemax", String(count));
  }

  /**
   * @param {State} state
   * @param {Reel} alone
   */
  #drawSpeed(state, alone) {
    const reel = running(state).find(({ run }) => run.pane === this.viewport.number)?.reel ?? alone;
    const { rate, own, basis, intervals } = reel;
    const wished = interpolate(gettext("{wished} pictures/s"), { wished: number(rate, rate < 10 ? 1 : 0) });
    const times = own && Math.abs(rate / own - 1) > 0.001 ? `×${number(rate / own, 2)}` : "";
    const isSeen = state.playing === null || earnsSeen(state, this.viewport.number);
    setText(this.#speed, [wished, times, isSeen ? "" : gettext("not counted as seen")].filter(Boolean).join(" · "));
    this.#speed.title = own
      ? interpolate(intervals ? gettext("The file says {own} pictures/s on average, each its own time ({basis})") : gettext("The file says {own} pictures/s ({basis})"), { own: number(own, 2), basis })
      : gettext("The file doesn’t say how fast");
  }

  /**
   * @param {Command} command
   * @param {HTMLButtonElement} button
   * @param {State} state
   */
  #drawButton(command, button, state) {
    const here = { ...state, active: this.viewport.number };
    const runs = state.playing?.runs.some(({ pane }) => pane === this.viewport.number) ?? false;
    const chords = keysOf(command, state.preferences.keys).map(spelled).join(", ");
    const label = command.label();
    button.setAttribute("aria-label", label);
    button.title = chords ? `${label} (${chords})` : label;
    if (command.id === "cine") button.replaceChildren(icon(runs ? "pause" : "cine"));
    if (command.pressed) button.setAttribute("aria-pressed", String(command.id === "cine" ? runs : command.pressed(here)));
    button.setAttribute("aria-disabled", String(command.offered?.(here) === false));
  }

  /** @param {KeyboardEvent} event */
  #turn(event) {
    const step = STEPS[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    const { number: pane } = this.viewport;
    this.store.update((state) => {
      const shown = paneAt(state, pane);
      return seek({ ...state, active: pane }, (isStackPane(shown) ? (shown.index ?? 0) : 0) + step, pane);
    });
  }

  /** The place follows the pointer; an end of the trim does where it is taken hold of. @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#track.setPointerCapture(event.pointerId);
    const pane = this.viewport.number;
    const end = event.target === this.#from ? "first" : event.target === this.#to ? "last" : null;
    const stop = new AbortController();
    const move = (/** @type {PointerEvent} */ { clientX }) => {
      const { left, width } = this.#track.getBoundingClientRect();
      this.store.update((state) => {
        const count = reelAt(state, paneAt(state, pane))?.count ?? 1;
        const to = Math.round(((clientX - left) / width) * (count - 1));
        const at = Math.max(0, Math.min(count - 1, to));
        return end ? trimTo(state, end, at, pane) : seek({ ...state, active: pane }, at, pane);
      });
    };
    if (!end) move(event);
    this.#track.addEventListener("pointermove", move, stop);
    for (const name of ["pointerup", "pointercancel"]) this.#track.addEventListener(name, () => stop.abort(), stop);
  }
}

/**
 * @param {number} at
 * @param {number} count
 */
const share = (at, count) => `${(100 * at) / Math.max(1, count - 1)}%`;

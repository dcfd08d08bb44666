/** The row below a volume in three dimensions: how it is drawn, what is hidden of it, and whether it turns. */

/** @import { Command } from "./commands.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { el, setText } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { spelled } from "../shared/keys.js";
import { COMMANDS, keysOf } from "./commands.js";
import { activate } from "./panes.js";
import { usualPreset, waysOf } from "./spacewords.js";
import { isSpacePane, paneAt, stackOf } from "./state.js";

/** What is done by a button of the row, by command, in short words. @type {() => readonly (readonly [id: string, words: string])[]} */
const ACTS = () => [
  ["space-spin", gettext("Turn")],
  ["space-box", gettext("Clip box")],
  ["space-scissors", gettext("Cut away")],
  ["space-keep", gettext("Keep")],
  ["space-undo", gettext("Undo")],
  ["space-redo", gettext("Redo")],
  ["space-whole", gettext("Whole")],
];

export class SpaceBar {
  #ways = el("select", { "aria-label": gettext("How the volume is drawn") });
  #offered = "";
  #element;
  /** @type {{button: HTMLButtonElement, command: Command, words: string}[]} */
  #buttons;

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   * @param {(command: Command, target: number) => void} run
   */
  constructor(viewport, store, run) {
    this.viewport = viewport;
    const { number } = viewport;
    const act = (/** @type {Command} */ command) => {
      store.update((state) => activate(state, number));
      run(command, number);
      viewport.focus();
    };
    this.#buttons = ACTS().flatMap(([id, words]) => {
      const command = COMMANDS.find((each) => each.id === id);
      return command ? [{ command, words, button: el("button", { type: "button", class: "plain", "data-act": id, onclick: () => act(command) }, words) }] : [];
    });
    this.#ways.addEventListener("change", () => {
      const command = COMMANDS.find(({ id }) => id === this.#ways.value);
      if (command) act(command);
    });
    this.#element = el("div", { class: "space-bar", role: "group", "aria-label": gettext("The volume in three dimensions"), hidden: true }, this.#ways, ...this.#buttons.map(({ button }) => button));
    viewport.element.append(this.#element);
    store.watch((state) => state, (state) => this.#draw(state));
  }

  /** @param {State} state */
  #draw(state) {
    const shown = paneAt(state, this.viewport.number);
    const isHere = isSpacePane(shown) && shown.text !== "none" && !this.viewport.element.hidden;
    this.#element.hidden = !isHere;
    if (!isHere) return;
    const here = { ...state, active: this.viewport.number };
    const modality = stackOf(state, shown)?.modality ?? "";
    const ways = waysOf(modality);
    const offered = JSON.stringify(ways);
    if (offered !== this.#offered) {
      this.#offered = offered;
      this.#ways.replaceChildren(...ways.map(([id, words]) => el("option", { value: `space-${id}` }, words)));
    }
    const way = `space-${shown.method === "volume_rendered" ? (shown.preset ?? usualPreset(modality)) : shown.method}`;
    if (this.#ways.value !== way) this.#ways.value = way;
    for (const { button, command, words } of this.#buttons) {
      const [key] = keysOf(command, state.preferences.keys);
      const label = key ? `${command.label()} (${spelled(key)})` : command.label();
      if (button.title !== label) {
        button.title = label;
        button.setAttribute("aria-label", label);
        setText(button, words);
      }
      if (command.pressed) button.setAttribute("aria-pressed", String(command.pressed(here)));
      button.setAttribute("aria-disabled", String(command.offered?.(here) === false));
    }
  }
}

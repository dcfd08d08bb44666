/** The menu of an image: its windows and what turns it, at the pointer. */

/** @import { State } from "./state.js" */
/** @import { Command } from "./commands.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { spelled } from "../shared/keys.js";
import { COMMANDS, fileWindows, keysOf } from "./commands.js";
import { isNuclear } from "./uptake.js";

const LEFT_OUT = /^(tool-|zoom-|turn-|alone-|window-auto)/;
const COLOURS = /^colormap-/;

/**
 * @param {Store<State>} store
 * @param {(command: Command) => void} run
 * @returns {(x: number, y: number) => void} opens it at a place of the window
 */
export function contextMenu(store, run) {
  const menu = el("div", { class: "popup", role: "menu", "aria-label": gettext("Commands for this image"), popover: "auto" });
  document.body.append(menu);
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")];
    const at = items.findIndex((item) => item === document.activeElement);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (event.key === "Tab") menu.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  });
  return (x, y) => {
    const { state } = store;
    const offered = COMMANDS.filter((command) => ["image", "window", "cine"].includes(command.group) && !LEFT_OUT.test(command.id) && (isNuclear(state) || !COLOURS.test(command.id)) && command.offered?.(state) !== false);
    const at = offered.findIndex(({ id }) => id === "window-file");
    offered.splice(at + 1, 0, ...(at < 0 ? [] : fileWindows(state)));
    menu.replaceChildren(...offered.map((command) => {
      const onclick = () => {
        menu.hidePopover();
        run(command);
      };
      return el("button", { type: "button", role: "menuitem", tabindex: -1, onclick },
        el("span", {}, command.label()), ...keysOf(command, state.preferences.keys).map((key) => el("kbd", {}, spelled(key))));
    }));
    menu.showPopover();
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(0, Math.min(x, innerWidth - width))}px`;
    menu.style.top = `${Math.max(0, Math.min(y, innerHeight - height))}px`;
    menu.querySelector("button")?.focus();
  };
}

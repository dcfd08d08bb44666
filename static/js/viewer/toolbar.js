/** The strip of tools: one tab stop, arrow keys inside (ARIA APG, toolbar). */

/** @import { State } from "./state.js" */
/** @import { Command } from "./commands.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { spelled } from "../shared/keys.js";
import { COMMANDS, GROUPS, keysOf } from "./commands.js";
import { icon } from "./icons.js";

/**
 * @param {HTMLElement} bar
 * @param {Store<State>} store
 * @param {(command: Command, event: MouseEvent) => void} run
 */
export function fillToolbar(bar, store, run) {
  const shown = COMMANDS.filter((command) => command.icon);
  const buttons = shown.map((command) => {
    const pressed = command.pressed ? { "aria-pressed": "false" } : {};
    const onclick = (/** @type {MouseEvent} */ event) => run(command, event);
    return el("button", { type: "button", class: "plain square", "data-command": command.id, tabindex: -1, ...pressed, onclick }, icon(command.icon ?? ""));
  });
  buttons[0]?.setAttribute("tabindex", "0");
  // Tools without room drop out of their line; what belongs to the page, "…" with all of them, never does.
  const tools = el("div", { class: "tools" });
  bar.append(tools);
  for (const [group] of GROUPS) {
    const members = buttons.filter((_, index) => shown[index]?.group === group);
    if (members.length) (group === "page" ? bar : tools).append(el("div", { class: "group" }, ...members));
  }
  bar.addEventListener("keydown", (event) => {
    const at = buttons.findIndex((button) => button === document.activeElement);
    const end = buttons.length - 1;
    const rtl = getComputedStyle(bar).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: at + rtl, ArrowLeft: at - rtl, Home: 0, End: end };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = buttons[(to + buttons.length) % buttons.length];
    buttons.forEach((button) => button.setAttribute("tabindex", button === next ? "0" : "-1"));
    next?.focus();
  });
  store.watch(({ preferences }) => preferences, ({ keys }) => {
    shown.forEach((command, index) => {
      const chords = keysOf(command, keys);
      const label = command.label();
      buttons[index]?.setAttribute("aria-label", label);
      buttons[index]?.setAttribute("title", chords.length ? `${label} (${chords.map(spelled).join(", ")})` : label);
    });
  });
  store.watch((state) => state, (state) => {
    shown.forEach((command, index) => {
      const button = buttons[index];
      if (command.pressed) button?.setAttribute("aria-pressed", String(command.pressed(state)));
      // Not `disabled`: a button that vanishes from the tab order under the hand can't be found again.
      if (command.offered) button?.setAttribute("aria-disabled", String(!command.offered(state)));
    });
  });
}

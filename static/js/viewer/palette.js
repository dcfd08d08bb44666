/** The command palette and the sheet of all keys: two dialogs over one table. */

/** @import { Preferences } from "./preferences.js" */
/** @import { State } from "./state.js" */
/** @import { Command } from "./commands.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { chord, spelled } from "../shared/keys.js";
import { bindings, COMMANDS, GESTURES, GROUPS, keysOf } from "./commands.js";

/**
 * @param {Store<State>} store
 * @param {(command: Command) => void} run
 * @returns {() => void} opens it
 */
export function palette(store, run) {
  const list = el("ul", { role: "listbox", id: "palette-list", "aria-label": gettext("Commands") });
  const input = el("input", {
    class: "field", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
    autocomplete: "off", spellcheck: "false", "aria-label": gettext("Find a command"), placeholder: gettext("Find a command"),
  });
  const dialog = el("dialog", { class: "palette", "aria-label": gettext("Find a command") }, input, list);
  document.body.append(dialog);
  /** @type {Command[]} */
  let found = [];
  let chosen = 0;

  const choose = (/** @type {Command | undefined} */ command) => {
    dialog.close();
    if (command) run(command);
  };
  const draw = () => {
    const words = input.value.toLocaleLowerCase().split(/\s+/);
    const label = (/** @type {Command} */ command) => command.label().toLocaleLowerCase();
    const fits = COMMANDS.filter((command) => command.id !== "palette" && words.every((word) => label(command).includes(word)));
    const isOffered = (/** @type {Command} */ command) => command.offered?.(store.state) !== false;
    // What means nothing for what is shown is found when it is looked for by name.
    const others = input.value.trim() ? fits.filter((command) => !isOffered(command)) : [];
    found = [...fits.filter(isOffered), ...others];
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    list.replaceChildren(...found.map((command, index) =>
      el("li", { role: "option", id: `palette-${index}`, "aria-selected": String(index === chosen), ...(isOffered(command) ? {} : { "aria-disabled": "true" }), onclick: () => choose(command) },
        el("span", {}, command.label()), isOffered(command) ? null : el("span", { class: "muted" }, command.why?.(store.state) || gettext("not for what is shown")), ...keysOf(command, store.state.preferences.keys).map((key) => el("kbd", {}, spelled(key))))));
    input.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => {
    chosen = 0;
    draw();
  });
  input.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && found.length) {
      event.preventDefault();
      chosen = (chosen + step + found.length) % found.length;
      draw();
    }
    if (event.key === "Enter") {
      event.preventDefault();
      choose(found[chosen]);
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return () => {
    input.value = "";
    chosen = 0;
    draw();
    if (!dialog.open) dialog.showModal();
  };
}

/**
 * @param {Store<State>} store
 * @param {(preferences: Preferences) => void} onPreferences a user changed the own keys or habits
 * @returns {() => void} opens it
 */
export function helpSheet(store, onPreferences) {
  const body = el("div", { class: "columns" });
  const note = el("p", { class: "muted", role: "status" });
  const close = el("button", { type: "button", class: "button", onclick: () => dialog.close() }, gettext("Close"));
  const dialog = el("dialog", { class: "help", "aria-labelledby": "help-title" }, el("h1", { id: "help-title" }, gettext("All keys")), body, note, close);
  document.body.append(dialog);
  /** @type {string | null} */
  let changing = null;

  const change = (/** @type {Partial<Preferences>} */ difference) => {
    onPreferences({ ...store.state.preferences, ...difference });
    draw();
  };
  const draw = () => {
    const { preferences } = store.state;
    const tables = GROUPS.map(([group, label]) =>
      section(label(), COMMANDS.filter((command) => command.group === group).map((command) => {
        const keys = keysOf(command, preferences.keys);
        const words = changing === command.id ? gettext("press a key") : keys.map(spelled).join(", ") || "–";
        const name = interpolate(gettext("Change the key of: {command}"), { command: command.label() });
        const onclick = () => {
          changing = changing === command.id ? null : command.id;
          draw();
          dialog.querySelector(`[data-change="${command.id}"]`)?.dispatchEvent(new Event("refocus"));
        };
        const button = el("button", { type: "button", class: "key", "data-change": command.id, "aria-label": `${name} (${words})`, onclick }, el("kbd", {}, words));
        button.addEventListener("refocus", () => button.focus());
        return [command.label(), button];
      })));
    const gestures = section(gettext("Mouse and touch"), GESTURES().map(([keys, meaning]) => [meaning, el("kbd", {}, keys)]));
    const habits = el("section", {},
      el("h2", {}, gettext("Habits")),
      checkbox(gettext("An upward drag makes darker"), preferences.up_darkens, (up_darkens) => change({ up_darkens })),
      checkbox(gettext("Single keys act (without Ctrl)"), preferences.single_keys, (single_keys) => change({ single_keys })),
      el("button", { type: "button", class: "button", onclick: () => change({ keys: {} }) }, gettext("All keys as at first")));
    body.replaceChildren(...tables, gestures, habits);
  };
  dialog.addEventListener("keydown", (event) => {
    if (!changing || event.key === "Tab") return;
    const pressed = chord(event);
    if (!pressed) return;
    event.preventDefault();
    event.stopPropagation();
    const { keys } = store.state.preferences;
    const holder = bindings(keys).get(pressed);
    const id = changing;
    changing = null;
    if (pressed === "Escape") return draw();
    note.textContent = holder && holder.id !== id ? interpolate(gettext("{key} belongs to: {command}"), { key: spelled(pressed), command: holder.label() }) : "";
    if (!holder) change({ keys: { ...keys, [id]: [pressed] } });
    else draw();
  });
  return () => {
    changing = null;
    note.textContent = "";
    draw();
    if (!dialog.open) dialog.showModal();
  };
}

/**
 * @param {string} title
 * @param {[words: string, key: Element][]} rows
 */
function section(title, rows) {
  const lines = rows.map(([words, key]) => el("tr", {}, el("th", { scope: "row" }, words), el("td", {}, key)));
  return el("section", {}, el("h2", {}, title), el("table", {}, el("tbody", {}, ...lines)));
}

/**
 * @param {string} words
 * @param {boolean} checked
 * @param {(checked: boolean) => void} onChange
 */
function checkbox(words, checked, onChange) {
  const input = el("input", { type: "checkbox", checked });
  input.addEventListener("change", () => onChange(input.checked));
  return el("label", { class: "check" }, input, words);
}

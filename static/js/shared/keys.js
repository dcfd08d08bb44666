/** Keys as words: one spelling for a chord, whatever the keyboard. */

/** @typedef {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} Pressed */

const NAMED = new Map([
  [" ", "Space"],
  ["Esc", "Escape"],
  ["Del", "Delete"],
]);

/**
 * The chord of an event: "W", "Shift+0", "Ctrl+K", "?", "ArrowDown".
 * Digits go by their place on the keyboard (so Shift+0 is the same on every layout), the rest by what it types.
 * @param {Pressed} event
 * @returns {string} empty for a modifier alone or a dead key
 */
export function chord(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  let key = digit ?? NAMED.get(event.key) ?? event.key;
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Process", "Unidentified"].includes(key)) return "";
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  if (letter) key = key.toUpperCase();
  // What "?" needs to be typed differs between layouts, so Shift is not a part of a sign's name.
  const shift = event.shiftKey && (letter || digit !== undefined || key.length > 1);
  const control = event.ctrlKey || event.metaKey;
  return [control && "Ctrl", event.altKey && "Alt", shift && "Shift", key].filter(Boolean).join("+");
}

/**
 * Whether a chord is a single printable key, which must never act while text is typed (WCAG 2.1.4).
 * @param {string} name
 */
export function isSingle(name) {
  return !/^(Ctrl|Alt)\+/.test(name);
}

/**
 * Whether the target takes text or has keys of its own.
 * @param {EventTarget | null} target
 */
export function takesKeys(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("dialog") !== null;
}

/** @type {Record<string, string>} */
const SIGNS = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "PgUp", PageDown: "PgDn" };

/**
 * A chord as people read it.
 * @param {string} name
 * @returns {string}
 */
export function spelled(name) {
  return name
    .split("+")
    .map((part) => SIGNS[part] ?? part)
    .join("+");
}

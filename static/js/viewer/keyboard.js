/** Keys on images: the one under the pointer, else the one with the focus. */

/** @import { State } from "./state.js" */
/** @import { Command } from "./commands.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { chord, isSingle, takesKeys } from "../shared/keys.js";
import { bindings, kindsAt } from "./commands.js";

/** A key that was down for less is pressed, not held (ms). */
const HELD = 300;
const MOVES = /^(Shift\+)?(Arrow|Home|End|Page)/;

/**
 * @param {Store<State>} store
 * @param {readonly Viewport[]} viewports
 * @param {() => Viewport | null} hovered
 * @param {(command: Command, target?: number) => void} run
 */
export function listenToKeys(store, viewports, hovered, run) {
  /** @type {{code: string, command: Command, since: number, target: number | undefined} | null} */
  let down = null;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || takesKeys(event.target)) return;
    const name = chord(event);
    const { preferences } = store.state;
    const command = bindings(preferences.keys, kindsAt(store.state, hovered()?.number)).get(name);
    if (!command) return;
    const focused = event.target === document.body || viewports.some((viewport) => viewport.holds(event.target));
    // A key without Ctrl acts on images only, never on a button that has the focus (WCAG 2.1.4).
    if (isSingle(name) && !(focused || (hovered() && !opensByKey(event)))) return;
    if (isSingle(name) && !MOVES.test(name) && !preferences.single_keys) return;
    event.preventDefault();
    if (event.repeat && command.once) return;
    if (command.held) down = { code: event.code, command, since: event.timeStamp, target: hovered()?.number };
    run(command, hovered()?.number);
  });
  document.addEventListener("keyup", (event) => {
    if (event.code !== down?.code) return;
    const { command, since, target } = down;
    down = null;
    if (event.timeStamp - since > HELD) run(command, target);
  });
}

/**
 * Whether the focused control takes this key for itself.
 * @param {KeyboardEvent} event
 */
function opensByKey({ target, key }) {
  if (!(target instanceof Element)) return false;
  if ([" ", "Enter"].includes(key)) return target.closest("button, a, summary") !== null;
  return key.startsWith("Arrow") && target.closest("[role=toolbar], [role=menu]") !== null;
}

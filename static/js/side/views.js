/** Views that came with messages: shown by a click, with a way back to one's own. */

/** @import { Beside } from "./side.js" */
/** @import { Message } from "./thread.js" */
/** @import { Saved } from "../viewer/presentation.js" */
import { getJson } from "../shared/api.js";
import { el, setText } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { icon } from "../viewer/icons.js";
import { restore, save } from "../viewer/presentation.js";

/**
 * @param {Beside} beside
 * @returns {{element: HTMLElement, show: (message: Message) => Promise<void>}}
 */
export function views({ page, store, perform, announce }) {
  /** @type {Saved | null} what we looked at before the first of others' views */
  let own = null;
  const words = el("span", {});
  const back = el("button", { type: "button", class: "button", onclick: goBack }, icon("reset"), gettext("Back to my view"));
  const element = el("div", { class: "away", hidden: true }, words, back);

  function goBack() {
    const kept = own;
    own = null;
    element.hidden = true;
    if (kept) perform((state) => restore(state, kept));
    announce(gettext("Your own view is back."));
  }

  /** @param {Message} message */
  async function show({ state: id, sender, mine }) {
    const whose = mine ? gettext("The view that you sent") : interpolate(gettext("The view that {name} sent"), { name: sender.name });
    try {
      /** @type {Saved} */
      const saved = await getJson(`${page.urls.states}${id}/`);
      own ??= save(store.state);
      perform((state) => restore(state, saved));
      const hidden = saved.panes.slice(0, saved.layout.rows * saved.layout.columns).every((pane) => !pane);
      setText(words, hidden ? gettext("What this view shows isn't yours to see.") : whose);
      announce(words.textContent ?? "");
    } catch (error) {
      setText(words, error instanceof Error ? error.message : "");
    }
    back.hidden = own === null;
    element.hidden = false;
  }

  return { element, show };
}

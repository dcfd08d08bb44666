/** What stands in the place of all panes: a study that can't be opened, or has nothing that can be shown. */

/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
import { el } from "../shared/dom.js";
import { firstIsThere } from "../shared/first.js";
import { gettext } from "../shared/i18n.js";
import { identityOf } from "./identity.js";
import { studyKey } from "./state.js";

/**
 * The study holds other things than images that can be shown: the panel names them.
 * @param {Store<State>} store
 * @param {HTMLElement} grid of the panes
 */
export function nothingYet(store, grid) {
  const study = store.state.studies[studyKey(store.state)];
  const [name, ...lines] = study && !("error" in study) ? identityOf(study) : [];
  const words = el(
    "div", { class: "nothing" },
    el("strong", {}, el("bdi", {}, name ?? "")), ...lines.map((line) => el("p", {}, el("bdi", {}, line))),
    el("p", {}, gettext("This study has no images that can be shown yet.")),
  );
  firstIsThere();
  grid.classList.add("bare");
  grid.append(words);
  store.watch((state) => state.panes.some(Boolean), (some) => {
    grid.classList.toggle("bare", !some);
    words.hidden = some;
  });
}

/**
 * @param {HTMLElement} grid of the panes
 * @param {string} words why not
 */
export function unopened(grid, words) {
  const again = el("button", { type: "button", class: "button", onclick: () => location.reload() }, gettext("Try again"));
  grid.replaceChildren(el("div", { class: "nothing", role: "alert" }, el("strong", {}, gettext("This study can't be opened")), el("p", {}, words), again));
}

/** The sheet in which two series are registered: by landmarks or by mutual information, looked at, accepted or not. */

/** @import { Known, Registration } from "./registering.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Topics } from "./topics.js" */
import { getJson, postJson, putJson, request } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { wordsOf } from "./asking.js";
import { fuseWith } from "./fusing.js";
import { landmarksOf, pairKey, receiveRegistrations, toRegister } from "./registering.js";
import { studyKey } from "./state.js";

const FEWEST = 3;

export class RegisterSheet {
  #body = el("div", { class: "registering" });
  #dialog;
  /** @type {Set<string>} studies whose registrations were asked for */
  #asked = new Set();

  /**
   * @param {Store<State>} store
   * @param {Topics} topics
   * @param {() => void} onClosed
   */
  constructor(store, topics, onClosed) {
    this.store = store;
    this.topics = topics;
    const close = el("button", { type: "button", class: "button", onclick: () => this.#dialog.close() }, gettext("Close"));
    this.#dialog = el("dialog", { class: "provenance", "aria-labelledby": "register-title" }, el("h1", { id: "register-title" }, gettext("Register two series")), this.#body, close);
    this.#dialog.addEventListener("close", onClosed);
    document.body.append(this.#dialog);
    store.watch((state) => state.panes, (panes) => panes.forEach((shown) => shown && this.#follow(studyKey(shown.source))));
    store.watch((state) => state.registrations, () => this.#dialog.open && this.#draw());
  }

  open() {
    if (this.#dialog.open) return;
    this.#draw();
    this.#dialog.showModal();
  }

  /** Know a study's registrations, now and when they change. @param {string} key */
  #follow(key) {
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    const ask = () => void this.#ask(key);
    this.topics.listen(`study.${key.split("/")[1]}`, { onEvent: ({ changed }) => changed === "registrations" && ask(), onOpen: ask });
  }

  /** @param {string} key */
  async #ask(key) {
    try {
      const { registrations } = await getJson(`/api/studies/${key}/registrations/`);
      this.store.update((state) => receiveRegistrations(state, key, registrations));
    } catch (error) {
      wordsOf(error);
    }
  }

  #draw() {
    const { state } = this.store;
    const pair = toRegister(state);
    if (!pair) return this.#body.replaceChildren(el("p", {}, gettext("There are no two volumes of different Frames of Reference: show both, beside each other.")));
    const count = landmarksOf(state).length;
    const pairs = interpolate(ngettext("{count} pair of landmarks is set", "{count} pairs of landmarks are set", count), { count });
    this.#body.replaceChildren(
      el("p", {}, interpolate(gettext("{moving} is moved onto {fixed}."), { moving: nameOf(pair.moving), fixed: nameOf(pair.fixed) })),
      el("p", { class: "muted" }, `${pairs}. ${gettext("Point at one place in both with the crosshair, then Alt+L; at least three, not on a line.")}`),
      el("p", { class: "acts" },
        this.#act(gettext("Register by landmarks"), () => this.#propose(pair, true), count < FEWEST),
        this.#act(gettext("Register by mutual information"), () => this.#propose(pair, false))),
      ...this.#known(pair).map((each) => this.#row(each, pair)),
    );
  }

  /** @param {{fixed: Known, moving: Known}} pair @returns {Registration[]} */
  #known(pair) {
    const { registrations } = this.store.state;
    const frames = [pair.fixed.stack.frame_of_reference, pair.moving.stack.frame_of_reference];
    const all = [pair.fixed, pair.moving].flatMap(({ source }) => registrations[studyKey(source)] ?? []);
    return [...new Map(all.map((each) => [each.id, each])).values()].filter(({ fixed, moving }) => [fixed, moving].every((side) => frames.includes(side.frame_of_reference)));
  }

  /** @param {Registration} known @param {{fixed: Known, moving: Known}} pair */
  #row(known, pair) {
    const address = `/api/registrations/${known.id}/`;
    const show = () => {
      this.store.update((state) => fuseWith(state, pair.fixed, pair.moving, known.id));
      this.#dialog.close();
    };
    return el("div", { class: "registration" },
      el("p", { role: "status", class: known.state === "accepted" ? "" : "warn" }, known.words),
      el("p", { class: "acts" },
        this.#act(gettext("Show fused"), show, !known.matrix),
        this.#act(gettext("Accept"), () => this.#decide(() => putJson(address, {})), known.state !== "proposed" || !known.matrix),
        this.#act(known.state === "computing" ? gettext("Cancel") : gettext("Reject"), () => this.#decide(() => request(address, { method: "DELETE" })))));
  }

  /** @param {string} words @param {() => void} onclick @param {boolean} [disabled] */
  #act(words, onclick, disabled = false) {
    return el("button", { type: "button", class: "button", onclick, disabled }, words);
  }

  /** @param {{fixed: Known, moving: Known}} pair @param {boolean} byLandmarks */
  #propose(pair, byLandmarks) {
    const [fixed, moving] = [pair.fixed, pair.moving].map(({ source: { series, stack } }) => ({ series, stack }));
    const { archive, study } = pair.moving.source;
    const pairs = byLandmarks ? { pairs: this.store.state.landmarks[pairKey(pair)] ?? [] } : {};
    void this.#decide(() => postJson(`/api/studies/${studyKey(pair.fixed.source)}/registrations/`, { fixed, moving, archive, study, ...pairs }));
  }

  /** @param {() => Promise<unknown>} act */
  async #decide(act) {
    try {
      await act();
    } catch (error) {
      this.#body.append(el("p", { class: "warn", role: "alert" }, wordsOf(error)));
      return;
    }
    const pair = toRegister(this.store.state);
    for (const key of new Set([pair?.fixed, pair?.moving].flatMap((each) => (each ? [studyKey(each.source)] : [])))) await this.#ask(key);
  }
}

/** @param {Known} known */
const nameOf = ({ stack }) => [stack.modality, stack.title].filter(Boolean).join(" ");

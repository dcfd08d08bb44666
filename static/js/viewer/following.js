/** Follows the studies of a page while they are open: what arrives, changes or goes is there without a reload. */

/** @import { Store } from "../shared/store.js" */
/** @import { Asking } from "./asking.js" */
/** @import { News } from "./news.js" */
/** @import { State, StudyOverview } from "./state.js" */
/** @import { Topics } from "./topics.js" */
/** @import { Viewport } from "./viewport.js" */
import { joined } from "../shared/bidi.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { receiveStudy } from "./answers.js";
import { lose, receiveNewer, takeUp } from "./newer.js";
import { changeWords, isSamePerson, removedWords, seriesName } from "./newswords.js";
import { place } from "./panes.js";
import { first } from "./shelf.js";
import { studyKey } from "./state.js";

/** Hints come in bursts: several at once are one question (ms). */
const TOGETHER = 150;
/** Between two questions whether an exam that has gone is there again (ms): its topic isn't told to anybody meanwhile. */
const RETURN_EVERY = 10_000;

export class Following {
  /** @type {Set<string>} keys of studies */
  #studies = new Set();
  /** @type {Map<string, number>} */
  #soon = new Map();
  /** @type {Map<string, Promise<void>>} questions under way, one at a time for each study and series */
  #asking = new Map();

  /**
   * @param {Store<State>} store
   * @param {{asking: Asking, topics: Topics, news: News, viewports: readonly Viewport[], forget: () => void, reopen: () => void}} page forget: pictures that were kept; reopen: the page as it was left
   */
  constructor(store, page) {
    this.store = store;
    this.page = page;
    this.take = () => store.update((state) => takeUp(state, removedWords()));
    store.watch((state) => state.panes, (panes) => {
      for (const key of new Set([studyKey(store.state), ...panes.flatMap((pane) => (pane ? [studyKey(pane.source)] : []))])) this.#follow(key);
    });
    let waiting = Object.keys(store.state.fresh);
    store.watch((state) => state.fresh, (fresh) => {
      for (const key of waiting) if (!(key in fresh)) page.news.tell(key, "");
      waiting = Object.keys(fresh);
    });
  }

  /** Whether the page's own study has gone. */
  get isLost() {
    const own = this.store.state.studies[studyKey(this.store.state)];
    return own !== undefined && "error" in own && own.gone === true;
  }

  /** The images of a series have changed in the archive. @param {string} uid */
  series(uid) {
    for (const key of Object.keys(this.store.state.series)) if (key.endsWith(`/${uid}`)) this.#later(key, () => this.#series(key));
  }

  /** @param {string} key of a study */
  #follow(key) {
    if (this.#studies.has(key)) return;
    this.#studies.add(key);
    let opened = false;
    this.page.topics.listen(`study.${key.slice(key.indexOf("/") + 1)}`, {
      onEvent: ({ study }) => void (study && this.#later(key, () => this.#study(key))),
      onOpen: () => {
        if (opened) this.#again(key);
        opened = true;
      },
    });
  }

  /** The line was down: whatever was said meanwhile is asked for. @param {string} key of a study */
  #again(key) {
    this.#later(key, () => this.#study(key));
    for (const pane of this.store.state.panes) {
      if (pane && studyKey(pane.source) === key) this.series(pane.source.series);
    }
  }

  /** @param {string} key @param {() => Promise<void>} question */
  #later(key, question) {
    clearTimeout(this.#soon.get(key));
    this.#soon.set(key, setTimeout(() => {
      this.#asking.set(key, (this.#asking.get(key) ?? Promise.resolve()).then(question));
    }, TOGETHER));
  }

  /** @param {string} key of a study */
  async #study(key) {
    const { store, page } = this;
    const before = store.state.studies[key];
    const now = await page.asking.studyNow(key);
    if (!now || !before) return;
    if ("error" in now) return this.#gone(key, now.error);
    if ("error" in before) return store.update((state) => receiveStudy(state, key, now));
    const isOther = !isSamePerson(before.patient, now.patient);
    store.update((state) => receiveStudy(isOther ? changedPerson(state, key, before) : state, key, now));
    if (isOther) this.#person(key, before, now);
    this.#listed(key, before, now);
    if (!store.state.panes.some(Boolean) && key === studyKey(store.state)) {
      const source = first(store.state, key);
      if (source) store.update((state) => place(state, state.active, source));
    }
  }

  /** @param {string} key @param {StudyOverview} before @param {StudyOverview} now */
  #listed(key, before, now) {
    const { store, page } = this;
    for (const series of now.series) {
      const its = `${key}/${series.uid}`;
      const known = store.state.series[its];
      if (known && "error" in known) this.#later(its, () => this.#series(its));
      if (before.series.some(({ uid }) => uid === series.uid)) continue;
      page.news.tell(its, interpolate(gettext("New in this exam: {series}."), { series: seriesName(series) }));
    }
    for (const series of before.series) {
      if (now.series.some(({ uid }) => uid === series.uid)) continue;
      const its = `${key}/${series.uid}`;
      if (store.state.series[its]) store.update((state) => lose(state, its, { title: gettext("This series is no longer in the archive"), error: removedWords() }));
      this.#renew(its, true);
      page.news.tell(its, interpolate(gettext("Removed from the archive: {series}."), { series: seriesName(series) }));
    }
  }

  /** @param {string} key @param {StudyOverview} before @param {StudyOverview} now */
  #person(key, before, now) {
    const { store, page } = this;
    page.forget();
    this.#renew(key, true);
    const which = key === studyKey(store.state) ? "" : joined([now.study_date, now.study_description]);
    page.news.person(before.patient, now.patient, which, () => store.update((state) => seenPerson(state, key)));
  }

  /** @param {string} key of a study @param {string} words */
  #gone(key, words) {
    const { store, page } = this;
    const title = gettext("This exam is no longer in the archive");
    page.forget();
    store.update((state) => {
      const lost = Object.keys(state.series).filter((each) => each.startsWith(`${key}/`));
      const bare = lost.reduce((now, each) => lose(now, each, { title, error: removedWords() }), state);
      return { ...bare, studies: { ...bare.studies, [key]: { error: words, gone: true } } };
    });
    this.#renew(key, true);
    page.news.tell(key, `${title}. ${removedWords()}`);
    this.#awaitReturn(key);
  }

  /** What is shown of it then is opened anew, as by somebody who has seen none of it. @param {string} key of a study */
  #awaitReturn(key) {
    setTimeout(async () => {
      const now = await this.page.asking.studyNow(key);
      if (!now || "error" in now) return this.#awaitReturn(key);
      this.page.news.tell(key, gettext("This exam is in the archive again."), this.page.reopen, "");
    }, RETURN_EVERY);
  }

  /** @param {string} key of a study or a series @param {boolean} [isWrong] what is shown of it may not be shown any longer */
  #renew(key, isWrong = false) {
    this.page.viewports.forEach((viewport) => viewport.isOf(key) && viewport.renew(isWrong));
  }

  /** @param {string} key of a series */
  async #series(key) {
    const { store, page } = this;
    const fresh = await page.asking.seriesNow(key);
    const known = store.state.series[key];
    if (!fresh || (known && "error" in known && known.title && !this.#isListed(key))) return;
    const { state, difference, waits } = receiveNewer(store.state, key, fresh, removedWords());
    const isNewPerson = store.state.persons[key.slice(0, key.lastIndexOf("/"))] !== undefined;
    store.update(() => state);
    page.forget();
    this.#renew(key);
    if (!difference) return;
    const words = difference.altered && isNewPerson ? "" : changeWords(difference, this.#name(key));
    if (waits || words) page.news.tell(key, words, waits ? this.take : null);
  }

  /** @param {string} key of a series */
  #overview(key) {
    const study = this.store.state.studies[key.slice(0, key.lastIndexOf("/"))];
    return study && !("error" in study) ? study.series.find(({ uid }) => key.endsWith(`/${uid}`)) : undefined;
  }

  /** @param {string} key of a series */
  #isListed(key) {
    return this.#overview(key) !== undefined;
  }

  /** @param {string} key of a series */
  #name(key) {
    return seriesName(this.#overview(key));
  }
}

/** @param {State} state @param {string} key of a study @param {StudyOverview} before @returns {State} */
function changedPerson(state, key, before) {
  return { ...state, persons: { ...state.persons, [key]: { before: before.patient, seen: false } } };
}

/** @param {State} state @param {string} key of a study @returns {State} */
function seenPerson(state, key) {
  const person = state.persons[key];
  return person ? { ...state, persons: { ...state.persons, [key]: { ...person, seen: true } } } : state;
}

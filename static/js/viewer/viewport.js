/** One image area: asks for what its pane needs, and has it painted. */

/** @import { Aim, Hindrance } from "./aims.js" */
/** @import { Content } from "./easel.js" */
/** @import { Entry, Pane, PicturePane, State } from "./state.js" */
/** @import { Answer, Pictures } from "./pictures.js" */
/** @import { Placed } from "./placed.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Surface } from "./surface.js" */
/** @import { Wish } from "./wishes.js" */
import { el } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { aimOf } from "./aims.js";
import { painted } from "./cine.js";
import { isBeside } from "./dimensions.js";
import { devicePixels } from "./drawing.js";
import { Easel } from "./easel.js";
import { apply, inverse } from "./geometry.js";
import { lookAhead } from "./looking.js";
import { keyOf } from "./fetched.js";
import { along } from "./placed.js";
import { Pointed } from "./pointed.js";
import { ScrollBar } from "./scrollbar.js";
import { isSlidePane, isStackPane, paneAt, seriesKey, visible } from "./state.js";
import { Sliders } from "./sliders.js";

/** A hand that hasn't moved for this long rests. */
const REST = 120;
const LATE = 300;
const INSIST = 1000;
/** What failed is asked for again by itself, ever more seldom (ms): an archive that was silent may answer by now. */
const AGAIN = { first: 3000, longest: 30_000 };
/** What may change the words over a picture, or its place, while the pane stays the same. */
const AROUND = /** @type {const} */ (["studies", "series", "layout", "calibrations", "links", "active", "registrations"]);

/**
 * What takes the place of the canvas while the pane shows a slide; its area is hidden and shown by itself.
 * @typedef {Surface & {picture: {patient: Answer["picture"]["patient"]} | null, warn: (words: string) => void, retry: () => void}} Guest
 */

export class Viewport {
  /** @type {Content} */
  #content = { kind: "empty" };
  /** @type {PicturePane | null} */
  #pane = null;
  /** @type {Guest | null} */
  #guest = null;
  #state;
  #rest = 0;
  #late = 0;
  /** What is shown isn't what the archive holds by now. */
  #outdated = false;
  #insist = 0;
  #again = 0;
  #pause = AGAIN.first;
  #direction = 1;
  #easel;
  #bar;
  #sliders;
  #pointed;
  #lookAhead;

  /**
   * @param {number} place of the pane in the layout
   * @param {Store<State>} store
   * @param {Pictures} pictures
   * @param {{onPaint: () => void}} listeners onPaint: another picture is on the screen
   */
  constructor(place, store, pictures, { onPaint }) {
    this.number = place;
    this.store = store;
    this.#state = store.state;
    this.pictures = pictures;
    this.onPaint = onPaint;
    this.area = el("div", { class: "area", tabindex: 0, role: "application", "aria-roledescription": gettext("image area") });
    this.#easel = new Easel(this.area, place, store, {
      subject: () => ({ pane: this.#pane, content: this.#content }),
      onPicture: (placed) => this.#painted(placed),
    });
    /** The canvas as marks see it. */
    this.painted = this.#easel.painted;
    this.#pointed = new Pointed(this.#easel, pictures, place);
    this.#lookAhead = lookAhead(pictures, place);
    this.#bar = new ScrollBar(store, place);
    this.#sliders = new Sliders(store, place, () => this.focus());
    this.element = el("section", { class: "pane", "data-pane": place }, this.area, this.#bar.element, this.#sliders.element);
    pictures.open(place, {
      onAnswer: (answer) => this.#receive(answer),
      onFailure: (failed, words) => this.#fail(failed, words),
    });
    new ResizeObserver((entries) => this.#resize(entries)).observe(this.area);
    store.watch((state) => state, (state) => this.#update(state));
  }

  /** The size of the canvas in device pixels. */
  get size() {
    return this.#easel.size;
  }

  /** The picture on the screen, or null. */
  get picture() {
    return this.#content.kind === "picture" ? this.#content.answer.picture : null;
  }

  /** What was asked for to get that picture. */
  get wish() {
    return this.#easel.wish;
  }

  /** The entry in whose place words stand. @returns {Entry | null} */
  get hindered() {
    return this.#content.kind === "notice" ? this.#content.entry : null;
  }

  /** Ask again for what failed. */
  retry() {
    if (this.#isAway) this.#guest?.retry();
    else if (this.#content.kind === "notice") this.#aim(this.store.state);
  }

  /** Whether the pane is about a study or a series. @param {string} key */
  isOf(key) {
    return this.#pane !== null && `${seriesKey(this.#pane.source)}/`.startsWith(`${key}/`);
  }

  /**
   * What is shown has changed in the archive: ask again, and show the old until the new has come.
   * @param {boolean} [isWrong] it may not be shown any longer
   */
  renew(isWrong = false) {
    if (!this.#pane || this.#content.kind === "empty") return;
    this.#outdated = true;
    if (isWrong) this.#clear({ kind: "waiting" });
    this.#aim(this.store.state);
  }

  /** Whose image is on the screen; null while there is none. @returns {Answer["picture"]["patient"] | null} */
  get patient() {
    return (this.#isAway ? this.#guest : this)?.picture?.patient ?? null;
  }

  /** @param {string} words about more than one person on the screen; "" for one */
  warn(words) {
    if (this.#isAway) this.#guest?.warn(words);
    else this.#easel.dressing.warn(words);
  }

  /** @param {string} words why something that was asked for can't be done; they go by themselves, and with "" */
  tell(words) {
    this.#easel.dressing.tell(words);
  }

  /**
   * Take in what shows slides: it has the pane's place while a slide is in it.
   * @param {Guest} guest
   */
  host(guest) {
    this.#guest = guest;
    this.element.append(guest.area);
    this.#giveWay();
  }

  /** Whether an element is an image area of this pane. @param {EventTarget | null} element */
  holds(element) {
    return element !== null && (element === this.area || element === this.#guest?.area);
  }

  focus() {
    this.surface.area.focus({ preventScroll: true });
  }

  /** What shows the pane now: this canvas, or the guest's slide. @returns {Surface} */
  get surface() {
    return this.#isAway && this.#guest ? this.#guest : this.painted;
  }

  /**
   * Ask for the value under a point of the area.
   * @param {[number, number] | null} at device pixels
   */
  point(at) {
    this.#pointed.at(at);
  }

  /** Ask what a volume's ray meets under a point of the area. @param {[number, number]} at device pixels */
  meet(at) {
    const { shown } = this.painted;
    const wish = this.wish;
    if (!shown || !wish) return;
    const [x, y] = /** @type {[number, number]} */ (apply(inverse(shown.placed), ...at).map(Math.floor));
    if (x >= 0 && y >= 0) this.pictures.tell({ probe: { seq: this.number, resource: wish.resource, query: wish.query, x, y } });
  }

  /** @param {Record<string, any>} answer to a probe */
  probed(answer) {
    this.#pointed.answered(answer);
  }

  /** @param {State} state */
  #update(state) {
    const past = this.#state;
    this.#state = state;
    const before = this.#pane;
    const given = paneAt(state, this.number);
    const shown = visible(state).includes(this.number);
    this.element.hidden = !shown;
    this.element.classList.toggle("active", state.active === this.number && visible(state).length > 1);
    this.#giveWay();
    if (!shown || isSlidePane(given)) return this.#hide();
    this.#pane = given;
    if (before && this.#pane && seriesKey(before.source) === seriesKey(this.#pane.source) && isStackPane(before) && before.source.stack === "") {
      // The stack was only now told: nothing else is shown than before.
    } else if (this.#content.kind === "picture" && isBeside(state, before, this.#pane)) {
      // Between the volumes of one series the eye compares: the picture stays until the other one is there.
    } else if (before?.source !== this.#pane?.source) this.#clear(this.#pane ? { kind: "waiting" } : { kind: "empty" });
    this.#bar.draw(state);
    this.#sliders.draw(state);
    const step = along(state, this.#pane) - along(state, before);
    if (step) this.#direction = Math.sign(step);
    const hasStopped = past.spinning !== null && state.spinning === null;
    if (before !== this.#pane || this.#content.kind === "waiting" || hasStopped) this.#aim(state);
    else if (AROUND.some((part) => past[part] !== state[part]) || (state.links.across && past.panes !== state.panes)) this.#easel.paintSoon();
  }

  get #isAway() {
    return isSlidePane(paneAt(this.store.state, this.number));
  }

  /** While a slide is in the pane, canvas, text and bar leave it. */
  #giveWay() {
    const away = this.#isAway;
    this.area.hidden = away;
    this.#bar.element.hidden = away;
    if (away) this.#sliders.element.hidden = true;
    this.element.classList.toggle("hosting", away);
  }

  #hide() {
    this.pictures.leave(this.number);
    this.#move();
    clearTimeout(this.#late);
    this.#pane = null;
    if (this.#content.kind !== "empty") this.#clear({ kind: "empty" });
  }

  /** @param {Content} content */
  #clear(content) {
    this.pictures.cancel(this.number);
    this.#show(content);
  }

  /** @param {Content} content */
  #show(content) {
    if (this.#content.kind === "picture" && content.kind !== "picture") this.#content.answer.bitmap.close();
    this.#content = content;
    this.#easel.paintSoon();
  }

  /**
   * Ask for what the pane shows now.
   * @param {State} state
   */
  #aim(state) {
    const pane = this.#pane;
    if (!pane) return this.#clear({ kind: "empty" });
    const aim = aimOf(state, pane, this.size);
    if (!aim) return this.#easel.paintSoon();
    this.#lookAhead(state, pane, aim.index, this.#direction);
    if ("title" in aim) {
      this.pictures.cancel(this.number);
      return this.#notice(aim);
    }
    const asked = aim.wish(this.pictures.quality, true);
    // Only moved: what is shown goes on being shown, and nothing that was asked for before may take its place.
    if (asked && this.#isShowing(asked) && !this.#isNumbered(asked)) {
      this.pictures.cancel(this.number);
      this.#easel.dressing.inTime();
    } else if (asked && this.size.width) this.pictures.want(this.number, asked);
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#sayLate(asked), LATE);
    this.#move();
    this.#restSoon();
    this.#easel.paintSoon();
  }

  /** A hand moves. */
  #move() {
    clearTimeout(this.#rest);
    this.#rest = 0;
  }

  #restSoon() {
    this.#rest ||= setTimeout(() => {
      this.#rest = 0;
      this.#settle();
    }, REST);
  }

  /**
   * Whether the picture that is shown has the wished frame and grey levels, so that only its place changes.
   * @param {Wish} asked
   */
  #isShowing(asked) {
    if (this.#content.kind !== "picture" || this.#outdated) return false;
    const shown = this.#content.answer.wish;
    return shown.resource === asked.resource && shown.look === asked.look;
  }

  /**
   * Whether the picture that is shown came before its series, and now has a number.
   * @param {Wish} asked
   */
  #isNumbered({ early }) {
    return !early && this.#content.kind === "picture" && this.#content.answer.wish.early === true;
  }

  /** What the pane needs now, unless something is in the way. @returns {Aim | null} */
  #aimed() {
    const aim = this.#pane && aimOf(this.store.state, this.#pane, this.size);
    return aim && "wish" in aim ? aim : null;
  }

  /** At rest: lossless, at the pane's own resolution; then the neighbours, for the next movement. */
  #settle() {
    const aim = this.#aimed();
    const asked = aim?.wish(null);
    if (!aim || !asked || !this.size.width) return;
    if (this.#content.kind !== "picture" || keyOf(this.#content.answer.wish) !== keyOf(asked)) this.pictures.want(this.number, asked);
    else if (this.store.state.active === this.number) void this.pictures.fill(aim.next(this.#direction));
    this.#easel.dressing.announce();
  }

  /** @param {Wish | null} asked */
  #sayLate(asked) {
    const content = this.#content;
    const aim = this.#aimed();
    if (!asked || !aim || this.#isShowing(asked) || (content.kind === "notice" && content.index === aim.index)) return;
    this.#easel.dressing.late(aim.late);
  }

  /** @param {Answer} answer */
  #receive(answer) {
    if (this.#content.kind === "picture") this.#content.answer.bitmap.close();
    this.#content = { kind: "picture", answer };
    this.#outdated = false;
    this.#pause = AGAIN.first;
    this.#easel.paintSoon();
    clearTimeout(this.#insist);
    this.#easel.dressing.insist(false);
    if (!answer.picture.lossless) this.#insist = setTimeout(() => this.#easel.dressing.insist(true), INSIST);
    // On a slow line the lossless picture is asked for once the hand rests, not once all that it asked for has come.
    this.#restSoon();
  }

  /**
   * @param {Wish} failed
   * @param {string} words
   */
  #fail(failed, words) {
    const aim = this.#aimed();
    if (aim?.resource !== failed.resource) return;
    this.#notice({ entry: aim.entry, index: aim.index, title: gettext("This image can't be shown"), words });
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#aimed()?.resource === failed.resource && this.retry(), this.#pause);
    this.#pause = Math.min(AGAIN.longest, 2 * this.#pause);
  }

  /** @param {Hindrance} hindrance */
  #notice(hindrance) {
    clearTimeout(this.#late);
    this.#move();
    this.#show({ kind: "notice", ...hindrance });
  }

  /** @param {ResizeObserverEntry[]} entries */
  #resize(entries) {
    const size = devicePixels(this.area, entries.at(-1)?.devicePixelContentBoxSize?.[0]);
    if (this.#easel.resize(size)) this.#aim(this.store.state);
  }

  /** @param {Placed} placed is on the screen */
  #painted({ pane, picture: { instance, frame } }) {
    this.onPaint();
    if (isStackPane(pane) && instance && frame) this.store.update((now) => painted(now, pane, this.number, { instance, frame }));
    this.#pointed.again();
  }
}

/** One image area: asks for what its pane needs and paints picture and text in the same frame. */

/** @import { Entry, Pane, Shown, Stack, State } from "./state.js" */
/** @import { Answer, Pictures } from "./pictures.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Wish } from "./wishes.js" */
import { el } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { blacken, devicePixels, draw } from "./drawing.js";
import { Dressing } from "./dressing.js";
import { matrix } from "./geometry.js";
import { known } from "./known.js";
import { markSeen } from "./panes.js";
import { keyOf } from "./pictures.js";
import { Probe } from "./probe.js";
import { ScrollBar } from "./scrollbar.js";
import { frameKey, isShown, paneAt, seriesKey, stackOf, visible } from "./state.js";
import { standIn } from "./standin.js";
import { frameResource, gridOf, neighbours, wish } from "./wishes.js";

/** A hand that hasn't moved for this long rests. */
const REST = 120;
const LATE = 300;
const INSIST = 1000;

/** @typedef {{kind: "empty"} | {kind: "waiting"} | {kind: "picture", answer: Answer} | {kind: "notice", entry: Entry | null, index: number | null, title: string, words: string}} Content */

export class Viewport {
  /** @type {Content} */
  #content = { kind: "empty" };
  /** @type {Pane | null} */
  #pane = null;
  #state;
  #frame = 0;
  #rest = 0;
  #late = 0;
  #insist = 0;
  #direction = 1;
  #canvas;
  #context;
  #dressing;
  #bar;
  #probe;

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
    this.#canvas = el("canvas", { "aria-hidden": "true" });
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { alpha: false }));
    this.area = el("div", { class: "area", tabindex: 0, role: "application", "aria-roledescription": gettext("image area") }, this.#canvas);
    this.#dressing = new Dressing(this.area);
    this.#probe = new Probe((probe) => pictures.tell({ probe }), place);
    this.#bar = new ScrollBar(store, place);
    this.element = el("section", { class: "pane", "data-pane": place }, this.area, this.#bar.element);
    pictures.open(place, {
      onAnswer: (answer) => this.#receive(answer),
      onFailure: (failed, words) => this.#fail(failed, words),
    });
    new ResizeObserver((entries) => this.#resize(entries)).observe(this.area);
    store.watch((state) => state, (state) => this.#update(state));
  }

  /** The size of the canvas in device pixels. */
  get size() {
    return { width: this.#canvas.width, height: this.#canvas.height };
  }

  /** The picture on the screen, or null. */
  get picture() {
    return this.#content.kind === "picture" ? this.#content.answer.picture : null;
  }

  /** Ask again for what failed. */
  retry() {
    if (this.#content.kind === "notice") this.#aim(this.store.state);
  }

  /** @param {string} words about more than one person on the screen; "" for one */
  warn(words) {
    this.#dressing.warn(words);
  }

  /**
   * Ask for the value under a point of the area.
   * @param {[number, number] | null} at device pixels
   */
  point(at) {
    const stack = stackOf(this.store.state, this.#pane);
    const shown = this.#content.kind === "picture" ? this.#content.answer.wish.resource : null;
    const placed = stack && this.#pane && matrix(gridOf(stack), this.size, this.#pane);
    this.#dressing.value(this.#probe.at(at, shown, placed && { ...stack, placed }));
  }

  /** @param {Record<string, any>} answer to a probe */
  probed(answer) {
    const words = this.#probe.answered(answer, this.#content.kind === "picture" ? this.#content.answer.wish.resource : null);
    if (words !== null) this.#dressing.value(words);
  }

  /** @param {State} state */
  #update(state) {
    const past = this.#state;
    this.#state = state;
    const before = this.#pane;
    this.#pane = paneAt(state, this.number);
    const shown = visible(state).includes(this.number);
    this.element.hidden = !shown;
    this.element.classList.toggle("active", state.active === this.number && visible(state).length > 1);
    if (!shown) return this.#hide();
    if (before && this.#pane && seriesKey(before.source) === seriesKey(this.#pane.source) && before.source.stack === "") {
      // The stack was only now told: nothing else is shown than before.
    } else if (before?.source !== this.#pane?.source) this.#clear(this.#pane ? { kind: "waiting" } : { kind: "empty" });
    this.#bar.draw(state);
    const step = (this.#pane?.index ?? 0) - (before?.index ?? 0);
    if (step) this.#direction = Math.sign(step);
    if (before !== this.#pane || this.#content.kind === "waiting") this.#aim(state);
    else if (past.studies !== state.studies || past.series !== state.series || past.layout !== state.layout) this.#paintSoon();
  }

  #hide() {
    this.pictures.cancel(this.number);
    clearTimeout(this.#rest);
    this.#pane = null;
    this.#clear({ kind: "empty" });
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
    this.#paintSoon();
  }

  /**
   * Ask for what the pane shows now.
   * @param {State} state
   */
  #aim(state) {
    const pane = this.#pane;
    if (!pane) return this.#clear({ kind: "empty" });
    const series = state.series[seriesKey(pane.source)];
    if (series && "error" in series) return this.#notice(null, gettext("This series can't be shown"), series.error);
    const stack = stackOf(state, pane);
    if (!stack) return series ? this.#notice(null, gettext("This series can't be shown"), noStack(series)) : this.#paintSoon();
    const entry = stack.entries[pane.index ?? 0];
    this.#lookAhead(pane);
    if (!isShown(entry)) {
      this.pictures.cancel(this.number);
      return this.#notice(entry ?? null, gettext("Slice missing"), entry?.missing ?? "");
    }
    const asked = wish(pane, stack, entry, this.size, { lossless: this.pictures.losslessMoving });
    // Only moved: what is shown goes on being shown, and nothing that was asked for before may take its place.
    if (asked && this.#isShowing(asked)) this.pictures.cancel(this.number);
    else if (asked && this.#canvas.width) this.pictures.want(this.number, asked);
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#sayLate(asked, pane), LATE);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#settle(pane, stack, entry), REST);
    this.#paintSoon();
  }

  /**
   * Whether the picture that is shown has the wished frame and grey levels, so that only its place changes.
   * @param {Wish} asked
   */
  #isShowing(asked) {
    if (this.#content.kind !== "picture") return false;
    const shown = this.#content.answer.wish;
    return shown.resource === asked.resource && shown.look === asked.look;
  }

  /**
   * At rest: lossless, at the pane's own resolution; then the neighbours, for the next movement.
   * @param {Pane} pane
   * @param {Stack} stack
   * @param {Shown} entry
   */
  #settle(pane, stack, entry) {
    const { state } = this.store;
    const asked = wish(pane, stack, entry, this.size, { lossless: true });
    if (!asked || !this.#canvas.width) return;
    if (this.#content.kind !== "picture" || keyOf(this.#content.answer.wish) !== keyOf(asked)) this.pictures.want(this.number, asked);
    else if (state.active === this.number) void this.pictures.fill(neighbours(pane, stack, this.#direction, this.size));
    this.#dressing.announce();
  }

  /** @param {Pane} pane */
  #lookAhead(pane) {
    const { archive, study, series, stack } = pane.source;
    const looking = { archive, study, series, stack, index: pane.index ?? 0, direction: this.#direction };
    this.pictures.stand(`looking ${this.number}`, { looking });
  }

  /**
   * @param {Wish | null} asked
   * @param {Pane} pane
   */
  #sayLate(asked, pane) {
    const content = this.#content;
    if (!asked || this.#isShowing(asked) || (content.kind === "notice" && content.index === pane.index)) return;
    this.#dressing.late(interpolate(gettext("Loading image {index} …"), { index: (pane.index ?? 0) + 1 }));
  }

  /** @param {Answer} answer */
  #receive(answer) {
    if (this.#content.kind === "picture") this.#content.answer.bitmap.close();
    this.#content = { kind: "picture", answer };
    this.#paintSoon();
    clearTimeout(this.#insist);
    this.#dressing.insist(false);
    if (!answer.picture.lossless) this.#insist = setTimeout(() => this.#dressing.insist(true), INSIST);
    const pane = this.#pane;
    const stack = stackOf(this.store.state, pane);
    const entry = stack?.entries[pane?.index ?? 0];
    if (!pane || !stack || !isShown(entry)) return;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#settle(pane, stack, entry), REST);
  }

  /**
   * @param {Wish} failed
   * @param {string} words
   */
  #fail(failed, words) {
    const entry = stackOf(this.store.state, this.#pane)?.entries[this.#pane?.index ?? 0];
    const still = this.#pane && isShown(entry) && frameResource(this.#pane.source, entry) === failed.resource;
    if (still) this.#notice(entry, gettext("This image can't be shown"), words);
  }

  /**
   * @param {Entry | null} entry
   * @param {string} title
   * @param {string} words
   */
  #notice(entry, title, words) {
    clearTimeout(this.#late);
    clearTimeout(this.#rest);
    this.#show({ kind: "notice", entry, index: this.#pane?.index ?? null, title, words });
  }

  /** @param {ResizeObserverEntry[]} entries */
  #resize(entries) {
    const { width, height } = devicePixels(this.area, entries.at(-1)?.devicePixelContentBoxSize?.[0]);
    if (!width || !height || (width === this.#canvas.width && height === this.#canvas.height)) return;
    Object.assign(this.#canvas, { width, height });
    this.#paint();
    this.#aim(this.store.state);
  }

  #paintSoon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  /** Picture and text: both from the same answer, in the same frame of the screen. */
  #paint() {
    const context = this.#context;
    blacken(context);
    const { state } = this.store;
    const pane = this.#pane;
    const content = this.#content;
    const ofPage = pane && known(state, pane, this.picture, { canvas: this.size, width: this.area.clientWidth, height: this.area.clientHeight });
    if (!pane || !ofPage || content.kind === "empty") return this.#dressing.empty();
    if (content.kind === "waiting") return this.#dressing.waiting(standIn(state, pane, null));
    if (content.kind === "notice") {
      const kind = content.entry && !isShown(content.entry) ? "gap" : "failed";
      return this.#dressing.notice(standIn(state, { ...pane, index: content.index }, content.entry), kind, content.title, content.words, ofPage);
    }
    const { picture } = content.answer;
    const { placed, scale } = draw(context, content.answer, this.size, pane);
    this.#dressing.picture(picture, placed, scale, ofPage, stackOf(state, pane)?.plane ?? "");
    this.onPaint();
    this.store.update((now) => markSeen(now, pane, frameKey(picture)));
    if (this.#probe.pointer) this.point(this.#probe.pointer);
  }
}

/** @param {import("./state.js").SeriesStacks} series */
function noStack({ not_viewable, words }) {
  return not_viewable[0]?.words ?? words ?? "";
}

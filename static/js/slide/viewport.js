/** One image area that shows a slide: drawn from its pane's state, tiles and text in the same frame of the screen. */

/** @import { Matrix, Size } from "../viewer/geometry.js" */
/** @import { Slide, SlidePane, State } from "../viewer/state.js" */
/** @import { Ground, Surface } from "../viewer/surface.js" */
/** @import { Store } from "../shared/store.js" */
import { request } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";
import { apply, inverse } from "../viewer/geometry.js";
import { changePane } from "../viewer/panes.js";
import { isSlidePane, paneAt, seriesKey, sourceKey, visible } from "../viewer/state.js";
import { isCalibrated, magnification, millimetres, panned, pixels, placed, widthAt, zoomed } from "./coordinates.js";
import { SlideDressing } from "./dressing.js";
import { Overview } from "./overview.js";
import { slideOf } from "./slides.js";
import { Tiles } from "./tiles.js";
import { textOf } from "./words.js";

const LATE = 300;
const REST = 400;

/** What is on the screen. @typedef {{slide: Slide, pane: SlidePane, size: Size, matrix: Matrix}} Drawn */

/** @implements {Surface} */
export class SlideViewport {
  /** @type {SlidePane | null} */
  #pane = null;
  /** @type {Slide | null} the slide whose tiles are open */
  #open = null;
  #key = "";
  /** @type {Size} */
  #size = { width: 0, height: 0 };
  /** @type {Drawn | null} */
  #drawn = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #late = 0;
  #rest = 0;
  #why = "";
  #tiles;
  #dressing;
  #overview;

  /**
   * @param {number} place of the pane in the layout
   * @param {Store<State>} store
   * @param {{onPaint: () => void}} listeners onPaint: another slide is on the screen
   */
  constructor(place, store, { onPaint }) {
    this.number = place;
    this.store = store;
    this.onPaint = onPaint;
    const ground = el("div", { class: "tiles", "aria-hidden": "true" });
    this.area = el("div", { class: "slide", tabindex: 0, role: "application", "aria-roledescription": gettext("slide"), hidden: true }, ground);
    this.#dressing = new SlideDressing(this.area, { onAgain: () => this.retry() });
    this.#overview = new Overview(this.area, (center) => this.#change({ center }));
    this.#tiles = new Tiles(ground, {
      onDrawn: () => this.#paint(),
      onLoaded: (all) => this.#loaded(all),
      onFailed: () => void this.#failed(),
    });
    new ResizeObserver(() => this.#resize()).observe(this.area);
    store.watch((state) => state, (state) => this.#update(state));
  }

  /** Whether this pane shows a slide now. */
  get isShown() {
    return this.#pane !== null;
  }

  /** Whose slide is on the screen, as it says itself; null while there is none. */
  get picture() {
    return this.#drawn ? { patient: this.#drawn.slide.patient } : null;
  }

  /** The size of the area in CSS pixels. */
  get size() {
    return this.#size;
  }

  /** Ask again for what failed. */
  retry() {
    this.#why = "";
    this.#tiles.again();
    if (this.#pane && !this.#open) this.#key = "";
    this.#update(this.store.state);
  }

  /** @param {string} words about more than one person on the screen; "" for one */
  warn(words) {
    this.#dressing.warn(words);
  }

  /** Show the overview, or hide it. */
  toggleOverview() {
    this.#overview.toggle();
  }

  /**
   * @param {number} factor more than 1 enlarges
   * @param {readonly [number, number]} [at] CSS pixels
   */
  zoom(factor, at) {
    if (this.#pane && this.#open) this.#change(zoomed(this.#open, this.#pane, this.#size, factor, at));
  }

  /** @param {number} times at 10, a pixel of the screen is 1 µm */
  magnify(times) {
    if (this.#pane && this.#open && isCalibrated(this.#open)) this.#change({ width: widthAt(times, this.#size, devicePixelRatio) });
  }

  /**
   * @param {number} dx CSS pixels
   * @param {number} dy
   */
  pan(dx, dy) {
    if (this.#pane && this.#open) this.#change(panned(this.#open, this.#pane, this.#size, dx, dy));
  }

  /** @returns {Ground | null} */
  get ground() {
    if (!this.#drawn) return null;
    const { slide, pane: { source } } = this.#drawn;
    const calibrated = isCalibrated(slide);
    return {
      space: calibrated ? "slide" : "image",
      frame_of_reference: slide.frame_of_reference,
      archive: source.archive,
      study: source.study,
      series: source.series,
      instance: slide.levels[0]?.instance ?? null,
      frame: calibrated ? null : 1,
      stack: slide.key,
      plane: null,
    };
  }

  /**
   * @param {readonly number[]} point of the slide, mm; of a slide without spacing: column and row, whole at the centres of pixels
   * @returns {{x: number, y: number, distance: number} | null}
   */
  project([first = 0, second = 0]) {
    if (!this.#drawn) return null;
    const { slide, matrix } = this.#drawn;
    const [column, row] = isCalibrated(slide) ? pixels(slide, [first, second]) : [first + 0.5, second + 0.5];
    const [x, y] = apply(matrix, column, row);
    return { x, y, distance: 0 };
  }

  /**
   * @param {number} x CSS pixels
   * @param {number} y
   * @returns {(Ground & {point: number[]}) | null} null beside the slide
   */
  unproject(x, y) {
    const ground = this.ground;
    if (!this.#drawn || !ground) return null;
    const { slide, matrix } = this.#drawn;
    const [column, row] = apply(inverse(matrix), x, y);
    if (column < 0 || row < 0 || column > slide.columns || row > slide.rows) return null;
    const point = isCalibrated(slide) ? [...millimetres(slide, [column, row]), slide.origin[2]] : [column - 0.5, row - 0.5];
    return { ...ground, point };
  }

  /** @param {() => void} drawn */
  onDrawn(drawn) {
    this.#listeners.add(drawn);
    return () => void this.#listeners.delete(drawn);
  }

  /** @param {Partial<SlidePane>} difference */
  #change(difference) {
    this.store.update((state) => changePane(state, difference, this.number));
  }

  /** @param {State} state */
  #update(state) {
    const shown = paneAt(state, this.number);
    const before = this.#pane;
    this.#pane = isSlidePane(shown) && visible(state).includes(this.number) ? shown : null;
    this.area.hidden = this.#pane === null;
    if (!this.#pane) return before ? this.#close() : undefined;
    const series = state.series[seriesKey(this.#pane.source)];
    const slide = slideOf(state, this.#pane);
    if (series && "error" in series) return this.#say(gettext("This slide can't be shown"), series.error);
    if (!slide) return series ? this.#say(gettext("This slide can't be shown"), series.not_viewable[0]?.words ?? series.words ?? "") : this.#say(gettext("Loading …"));
    const key = [sourceKey(this.#pane.source), /** @type {import("../viewer/state.js").SeriesStacks} */ (series).digest].join(" ");
    if (key !== this.#key) void this.#show(slide, key);
    else if (before !== this.#pane) this.#draw();
    else this.#dress();
  }

  /**
   * @param {Slide} slide
   * @param {string} key
   */
  async #show(slide, key) {
    const source = /** @type {SlidePane} */ (this.#pane).source;
    this.#key = key;
    this.#open = slide;
    this.#drawn = null;
    this.#why = "";
    this.#dressing.notice("");
    this.#dressing.blank(slide);
    this.#overview.show(slide, source);
    this.#dress();
    try {
      await this.#tiles.open(slide, source);
    } catch (error) {
      this.#open = null;
      this.#say(gettext("This slide can't be shown"), error instanceof Error ? error.message : "");
    }
  }

  #close() {
    clearTimeout(this.#late);
    this.#key = "";
    this.#open = null;
    this.#drawn = null;
    this.#tiles.close();
    this.#overview.close();
    this.#dressing.blank(null);
    this.#dressing.notice("");
    this.#dressing.fail([], [1, 0, 0, 1, 0, 0], "");
    this.#tell();
  }

  /**
   * @param {string} title
   * @param {string} [words] set: something went wrong
   */
  #say(title, words) {
    this.#open = null;
    this.#key = "";
    this.#drawn = null;
    this.#tiles.close();
    this.#overview.close();
    this.#dressing.blank(null);
    this.#dressing.notice(title, words, words !== undefined);
    this.#dress();
    this.#tell();
  }

  #resize() {
    this.#size = { width: this.area.clientWidth, height: this.area.clientHeight };
    this.#draw();
  }

  /** Lay the tiles as the state says; painting follows in the same frame as they. */
  #draw() {
    if (!this.#pane || !this.#size.width || !this.#size.height) return;
    this.#tiles.show(this.#pane, this.#size);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#dressing.announce(), REST);
  }

  /** The tiles are drawn: now the text, and whatever is laid over them. */
  #paint() {
    const [pane, slide, size] = [this.#pane, this.#open, this.#size];
    if (!pane || !slide || !size.width || !this.#tiles.isOpen) return;
    const first = this.#drawn === null;
    this.#drawn = { slide, pane, size, matrix: placed(slide, pane, size) };
    this.#dress();
    this.#dressing.place(this.#drawn.matrix);
    this.#overview.mark(slide, inverse(this.#drawn.matrix), size);
    this.#markFailed();
    this.#tell();
    if (first) this.onPaint();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }

  #dress() {
    const pane = this.#pane;
    const text = pane && textOf(this.store.state, pane, this.#open, this.#size, devicePixelRatio);
    if (text) this.#dressing.show(text, this.#open === null);
  }

  /** @param {boolean} all the tiles of the field are there */
  #loaded(all) {
    clearTimeout(this.#late);
    if (all) this.#dressing.late("");
    else this.#late = setTimeout(() => this.#dressing.late(gettext("Loading …")), LATE);
    this.#draw();
  }

  #markFailed() {
    if (!this.#drawn) return [];
    const { slide, pane, size, matrix } = this.#drawn;
    const failed = this.#tiles.failed(magnification(slide, pane, size) * devicePixelRatio);
    this.#dressing.fail(failed, matrix, this.#why);
    if (failed.length) this.#dressing.late("");
    return failed;
  }

  /** An image that doesn't come says nothing: the same address, asked as text, has the server's words. */
  async #failed() {
    const [first] = this.#markFailed();
    if (!first?.address || this.#why) return;
    const drawn = this.#drawn;
    this.#why = await request(first.address, { accept: "image/*" }).then(() => "", (error) => (error instanceof Error && error.name === "ApiError" ? error.message : ""));
    if (drawn?.slide === this.#drawn?.slide) this.#markFailed();
  }
}

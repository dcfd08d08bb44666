/** The tiles of a slide on the screen: the only file that knows OpenSeadragon, which loads and draws them, no more. */

/** @import { Library, Tile, Viewer } from "./openseadragon" */
/** @import { Size } from "../viewer/geometry.js" */
/** @import { Slide, SlideSource } from "../viewer/state.js" */
/** @import { Look } from "./coordinates.js" */
import { aspectOf, magnification, middle } from "./coordinates.js";
import { exactDrawer, library } from "./library.js";
import { extentOf, frameOf, levelsOf, tileAddress, tilesOf } from "./slides.js";

/** At less than this many pixels of the screen for a pixel of a level, the next smaller level is enough. */
const COARSEST = 0.5;

/** A tile that can't be had: where it lies, in pixels of the largest level. @typedef {{level: number, x: number, y: number, width: number, height: number, address: string}} Failed */
/** @typedef {{onDrawn: () => void, onLoaded: (all: boolean) => void, onFailed: () => void}} Listeners */

/**
 * A slide as OpenSeadragon wants it: one of its levels for each of ours, smallest first, with their exact ratios.
 * @param {Library} osd
 * @param {Slide} slide
 * @param {SlideSource} source
 */
export function tileSource(osd, slide, source) {
  const levels = levelsOf(slide);
  const aspect = aspectOf(slide);
  const at = (/** @type {number} */ level) => /** @type {import("../viewer/state.js").SlideLevel} */ (levels[level]);
  const tile = (/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y) => frameOf(at(level), x, y);
  return {
    width: slide.columns,
    height: slide.rows * aspect,
    minLevel: 0,
    maxLevel: levels.length - 1,
    tileOverlap: 0,
    getLevelScale: (/** @type {number} */ level) => at(level).columns / slide.columns,
    getTileWidth: (/** @type {number} */ level) => at(level).tile_columns,
    getTileHeight: (/** @type {number} */ level) => at(level).tile_rows,
    getNumTiles: (/** @type {number} */ level) => new osd.Point(...tilesOf(at(level))),
    getTileBounds(/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ ofTile) {
      const { columns, rows } = at(level);
      const { width, height, ...corner } = extentOf(at(level), x, y);
      if (ofTile) return new osd.Rect(0, 0, width, height);
      // Rounded levels have ratios of their own across and down; the picture is 1 wide.
      const tall = (slide.rows * aspect) / slide.columns / rows;
      return new osd.Rect(corner.x / columns, corner.y * tall, width / columns, height * tall);
    },
    tileExists: (/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y) => level in levels && tile(level, x, y) !== null,
    getTileUrl(/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y) {
      const found = tile(level, x, y);
      return found ? tileAddress(source, found) : "";
    },
  };
}

export class Tiles {
  /** @type {Viewer | null} */
  #viewer = null;
  /** @type {Library | null} */
  #osd = null;
  /** @type {Slide | null} */
  #slide = null;
  /** @type {Map<Tile, Failed>} */
  #failed = new Map();
  /** What was laid last. @type {{look: Look, pane: Size} | null} */
  #laid = null;
  /** Counts what was opened: an answer to an older wish is dropped. */
  #wish = 0;

  /**
   * @param {HTMLElement} element
   * @param {Listeners} listeners
   */
  constructor(element, listeners) {
    this.element = element;
    this.listeners = listeners;
  }

  /**
   * Show a slide; rejects with words when the library can't be loaded.
   * @param {Slide} slide
   * @param {SlideSource} source
   */
  async open(slide, source) {
    const wish = ++this.#wish;
    this.#failed.clear();
    this.#slide = null;
    const osd = (this.#osd ??= await library());
    if (wish !== this.#wish) return;
    const viewer = (this.#viewer ??= this.#make(osd));
    this.#slide = slide;
    viewer.open(tileSource(osd, slide, source));
  }

  close() {
    this.#wish++;
    this.#failed.clear();
    this.#slide = null;
    this.#viewer?.close();
  }

  /** Whether a slide is there to be drawn. */
  get isOpen() {
    return this.#slide !== null && (this.#viewer?.isOpen() ?? false);
  }

  /**
   * Lay the slide as a look says, at once; onDrawn tells when it is drawn.
   * @param {Look} look
   * @param {Size} pane CSS pixels
   */
  show(look, pane) {
    this.#laid = { look, pane };
    this.#lay();
    this.#viewer?.forceRedraw();
  }

  #lay() {
    const [slide, viewer, osd, laid] = [this.#slide, this.#viewer, this.#osd, this.#laid];
    if (!slide || !osd || !laid || !viewer?.isOpen()) return;
    const { look, pane } = laid;
    const [column, row] = middle(slide, look);
    const { viewport } = viewer;
    const { x, y } = viewport.getContainerSize();
    if (x !== pane.width || y !== pane.height) viewport.resize(new osd.Point(pane.width, pane.height), false);
    // OpenSeadragon turns first and flips then; a look flips first.
    viewport.setRotation(look.flip_horizontal ? -look.rotation : look.rotation, true);
    if (viewport.getFlip() !== look.flip_horizontal) viewport.setFlip(look.flip_horizontal);
    viewport.zoomTo((magnification(slide, look, pane) * slide.columns) / pane.width, null, true);
    viewport.panTo(new osd.Point(column / slide.columns, (row * aspectOf(slide)) / slide.columns), true);
  }

  /**
   * The failed tiles of the level that a magnification needs.
   * @param {number} scale pixels of the screen for one of the largest level
   * @returns {Failed[]}
   */
  failed(scale) {
    if (!this.#slide) return [];
    const { columns } = this.#slide;
    const levels = levelsOf(this.#slide);
    const enough = levels.findLastIndex((level) => (scale * columns) / level.columns >= COARSEST);
    return [...this.#failed.values()].filter(({ level }) => level === Math.max(0, enough));
  }

  /** Ask again for what failed. */
  again() {
    for (const tile of this.#failed.keys()) tile.exists = true;
    this.#failed.clear();
    this.#viewer?.forceRedraw();
    this.listeners.onFailed();
  }

  /** @param {Library} osd */
  #make(osd) {
    const viewer = osd({
      element: this.element,
      drawer: [exactDrawer(osd), "canvas"],
      // A plain <img> keeps the slide's colour profile; what fetch brings is decoded without it.
      loadTilesWithAjax: false,
      showNavigationControl: false,
      showNavigator: false,
      mouseNavEnabled: false,
      keyboardNavEnabled: false,
      tabIndex: "",
      autoResize: false,
      animationTime: 0,
      blendTime: 0,
      immediateRender: true,
      visibilityRatio: 0,
      minZoomImageRatio: 0,
      maxZoomPixelRatio: Infinity,
      minPixelRatio: COARSEST,
      imageLoaderLimit: 8,
      maxTilesPerFrame: 8,
      maxImageCacheCount: 600,
      tileRetryMax: 2,
      tileRetryDelay: 1500,
    });
    viewer.addHandler("update-viewport", () => this.listeners.onDrawn());
    // Where the library moves by itself, after a change of the screen's ratio, it is put back before it draws.
    viewer.addHandler("viewport-change", () => this.#lay());
    viewer.addHandler("open", () => {
      this.listeners.onLoaded(false);
      const wish = this.#wish;
      // The library keeps what it said of the slide before, and says nothing where that holds for this one too.
      viewer.world.getItemAt(0)?.whenFullyLoaded(() => wish === this.#wish && this.listeners.onLoaded(true));
    });
    viewer.addHandler("fully-loaded-change", ({ fullyLoaded }) => this.listeners.onLoaded(fullyLoaded));
    viewer.addHandler("tile-load-failed", ({ tile }) => this.#fail(tile));
    viewer.addHandler("tile-loaded", ({ tile }) => {
      if (this.#failed.delete(tile)) this.listeners.onFailed();
    });
    return viewer;
  }

  /** @param {Tile} tile */
  #fail(tile) {
    const slide = this.#slide;
    const level = slide && levelsOf(slide)[tile.level];
    if (!slide || !level) return;
    const { x, y, width, height } = extentOf(level, tile.x, tile.y);
    const [across, down] = [slide.columns / level.columns, slide.rows / level.rows];
    this.#failed.set(tile, { level: tile.level, x: x * across, y: y * down, width: width * across, height: height * down, address: tile.getUrl() });
    this.listeners.onFailed();
  }
}

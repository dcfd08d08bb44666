/** The sphere as a circle over one pane, and in the pane where it was drawn what it holds. */

/** @import { Pictures } from "./pictures.js" */
/** @import { Held, Sphere } from "./sphere.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { el, setText, svg } from "../shared/dom.js";
import { fusedQuery } from "./fusing.js";
import { planeResource } from "./planewishes.js";
import { radiusAt, sphereLines } from "./sphere.js";
import { isSlidePane, isVolumePane, paneAt, stackOf } from "./state.js";
import { add, times } from "./vectors.js";

/** A hand that still draws isn't answered for each pixel (ms). */
const PAUSE = 120;

export class SphereMark {
  #circle = svg("path", { class: "sphere" });
  #layer = svg("svg", { class: "sphere-mark", "aria-hidden": "true" }, svg("path", { class: "halo" }), this.#circle);
  #words = el("p", { class: "sphere-words", role: "status", hidden: true });
  #asking = 0;
  #count = 0;
  /** @type {Sphere | null} what was asked for, or is going to be */
  #asked = null;

  /**
   * @param {Viewport} viewport
   * @param {Store<State>} store
   * @param {Pictures} pictures
   */
  constructor(viewport, store, pictures) {
    this.viewport = viewport;
    this.store = store;
    this.pictures = pictures;
    viewport.area.append(this.#layer, this.#words);
    viewport.painted.onDrawn(() => this.#draw());
    store.watch((state) => state.sphere, (sphere) => {
      this.#draw();
      if (sphere?.pane === viewport.number) this.#askSoon(sphere);
      else this.#say([]);
    });
    store.watch((state) => state.tool, (tool) => {
      if (tool !== "sphere" && store.state.sphere) store.update((state) => ({ ...state, sphere: null }));
    });
  }

  /** @param {Record<string, any>} answer to a probe of a sphere */
  answered({ seq, radius, region, words }) {
    if (seq !== this.#seq || !this.#asked) return;
    this.#say(region ? sphereLines(radius, /** @type {Held} */ (region)) : [String(words)]);
  }

  /** No probe of the pointer has such a number. */
  get #seq() {
    return 1_000_000_000 + 16 * this.#count + this.viewport.number;
  }

  #draw() {
    const { state } = this.store;
    const { sphere } = state;
    const shown = paneAt(state, this.viewport.number);
    const same = sphere && !isSlidePane(shown) && stackOf(state, shown)?.frame_of_reference === sphere.frame;
    const path = same ? this.#path(sphere) : "";
    for (const each of this.#layer.children) each.setAttribute("d", path);
  }

  /** @param {Sphere} sphere @returns {string} */
  #path(sphere) {
    const at = this.viewport.painted.project(sphere.center);
    if (!at) return "";
    const radius = radiusAt(sphere, at.distance);
    // A millimetre is as long in all directions on the screen.
    const steps = /** @type {import("./state.js").Vector[]} */ ([[1, 0, 0], [0, 1, 0], [0, 0, 1]]).map((axis) => {
      const there = this.viewport.painted.project(add(sphere.center, times(axis, 1)));
      return there ? Math.hypot(there.x - at.x, there.y - at.y) ** 2 : 0;
    });
    const r = Number((radius * Math.sqrt(steps.reduce((sum, each) => sum + each, 0) / 2)).toFixed(2));
    return r > 0 ? `M${at.x - r} ${at.y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0` : "";
  }

  /** @param {Sphere} sphere */
  #askSoon(sphere) {
    clearTimeout(this.#asking);
    this.#asked = sphere;
    this.#asking = setTimeout(() => {
      const { state } = this.store;
      const shown = paneAt(state, this.viewport.number);
      if (this.#asked !== sphere || !shown || isSlidePane(shown)) return;
      const stack = stackOf(state, shown);
      if (!stack?.volume) return this.#say([stack?.volume_words ?? ""]);
      this.#count++;
      const { archive, study, series } = shown.source;
      const query = [`stack=${encodeURIComponent(stack.key)}`, isVolumePane(shown) ? fusedQuery(shown) : ""].filter(Boolean).join("&");
      const resource = planeResource({ kind: "volume", archive, study, series, stack: stack.key });
      this.pictures.tell({ probe: { seq: this.#seq, resource, query, point: sphere.center, radius: sphere.radius } });
    }, PAUSE);
  }

  /** @param {string[]} lines */
  #say(lines) {
    this.#words.hidden = lines.length === 0;
    setText(this.#words, lines.join("\n"));
  }
}

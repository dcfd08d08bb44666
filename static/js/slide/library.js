/** OpenSeadragon itself, loaded with the first slide that a page shows. */

/** @import { Library } from "./openseadragon" */
import { el } from "../shared/dom.js";
import { gettext } from "../shared/i18n.js";

const ADDRESS = new URL("../../openseadragon/openseadragon.min.js", import.meta.url).href;

/** @type {Promise<Library> | null} */
let loading = null;

/**
 * The library; rejects with words when it can't be had, and may be asked for again then.
 * @returns {Promise<Library>}
 */
export function library() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @returns {Promise<Library>} */
async function load() {
  forestallStyle();
  await new Promise((resolve, reject) => {
    const refuse = () => reject(new Error(gettext("The part of the page that shows slides can't be loaded.")));
    document.head.append(el("script", { src: ADDRESS, onload: resolve, onerror: refuse }));
  });
  return /** @type {{OpenSeadragon: Library}} */ (/** @type {unknown} */ (globalThis)).OpenSeadragon;
}

/**
 * The library writes a style element unless there is one already, which our policy forbids: one that is none of HTML's
 * keeps it quiet. (It only takes an outline away that our panes don't have.)
 */
function forestallStyle() {
  const mark = document.createElementNS("", "style");
  mark.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(mark);
}

/**
 * The library's WebGL drawer, but that it never draws a part of one tile in another's place: the number of a tile's
 * texture comes interpolated into the shader, where 2.9999 became 2.
 * @param {Library} osd
 */
export function exactDrawer({ WebGLDrawer }) {
  return class extends WebGLDrawer {
    /**
     * @param {WebGLRenderingContext} context
     * @param {string} vertices
     * @param {string} fragments
     */
    static initShaderProgram(context, vertices, fragments) {
      return super.initShaderProgram(context, vertices, fragments.replaceAll("int(v_image_index)", "int(v_image_index + 0.5)"));
    }
  };
}

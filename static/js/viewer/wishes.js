/** Which picture to ask for: a pane's state as a PS3.18 resource with parameters. */

/** @import { Shown, Stack, StackPane, Voi } from "./state.js" */
/** @import { Grid, Rect, Size } from "./geometry.js" */
/** @import { Quality } from "./line.js" */
import { gridOf, magnification, matrix, seenPart } from "./geometry.js";
import { choiceOf, wanted } from "./presets.js";
import { isShown } from "./state.js";

/**
 * @typedef {object} Wish
 * @property {string} resource path of the frame's rendered picture
 * @property {string} query
 * @property {string} look the part of the query that says how grey levels come out
 * @property {string} subject what it shows, however it is encoded
 * @property {string} window series and window that it belongs to
 * @property {boolean} lossless
 * @property {Quality} quality
 * @property {boolean} [early] the picture may come without its number in the series
 * @property {boolean} [clip] one of many that come round and round
 * @property {boolean} [patient] it may take long: a whole volume has to arrive first
 */

/** A matrix up to this many pixels comes whole when it is magnified; of a larger one, the part that is seen. */
const WHOLE = 2 ** 22;
/** Parts start and end on multiples of this, so that small moves need no new picture. */
const BLOCK = 128;
const LONGEST = 8192;
const NEIGHBOURS = 24;
/** Of a clip, as many as are likely to fit into the page's memory: bytes, and bytes of a lossless pixel at most. */
const CLIP = 72 * 2 ** 20;
const PIXEL = { colour: 2, grey: 1 };

/**
 * @param {{archive: string, study: string, series: string}} source
 * @param {Shown} entry
 * @returns {string}
 */
export function frameResource({ archive, study, series }, { instance, frame }) {
  return `/dicomweb/${archive}/studies/${study}/series/${series}/instances/${instance}/frames/${frame}/rendered`;
}

/**
 * The picture that a pane needs.
 * Minified, the server makes it at the pane's own resolution; magnified, the stored matrix comes and the browser scales.
 * @param {StackPane} shown
 * @param {Stack} stack
 * @param {Shown} entry
 * @param {Size} canvas device pixels
 * @param {Quality} quality
 * @returns {Wish | null} null when no part of the image is seen
 */
export function wish(shown, stack, entry, canvas, quality) {
  const view = viewport(gridOf(stack), canvas, shown);
  if (view === null) return null;
  const hidden = /** @type {const} */ (["overlay", "shutter"]).filter((name) => shown[name] === false).map((name) => `${name}=no`);
  const look = [greyQuery(shown.voi, shown.invert, stack, shown.colormap), ...hidden].filter(Boolean).join("&");
  const content = [look, view && `viewport=${view}`, stack.early && "early=yes"].filter(Boolean).join("&");
  const of = { look, stack, window: `${shown.source.series} ${look}` };
  const asked = encoded(frameResource(shown.source, entry), content, of, quality);
  if (stack.early) return { ...asked, early: true };
  return stack.cine ? { ...asked, clip: true } : asked;
}

/**
 * A wish for a picture in some encoding.
 * @param {string} resource
 * @param {string} content the part of the query that says what is shown
 * @param {{look: string, stack: Stack, window: string}} of
 * @param {Quality} asked
 * @returns {Wish}
 */
export function encoded(resource, content, { look, stack, window }, asked) {
  // Of a breast the finest specks matter, while a hand moves too.
  const quality = stack.breast || stack.modality === "MG" ? null : asked;
  const encoding = quality === null ? "accept=image/png" : `accept=image/jpeg&quality=${quality}`;
  const query = [encoding, content].filter(Boolean).join("&");
  return { resource, query, look, subject: `${resource}?${content}`, window, lossless: quality === null, quality };
}

/**
 * The part of a query that says how grey levels come out.
 * @param {Voi} voi
 * @param {boolean} invert
 * @param {Stack} stack
 * @param {string | null} [colormap]
 * @returns {string}
 */
export function greyQuery(voi, invert, stack, colormap = null) {
  const window = wanted(stack, voi);
  const choice = choiceOf(stack, voi);
  return [
    choice !== null && `voi=${choice}`,
    voi && "automatic" in voi && !stack.colour && "voi=auto",
    window && `window=${window.center},${window.width},${window.function.toLowerCase().replace("_", "-")}`,
    invert && !stack.colour && "invert=yes",
    colormap && !stack.colour && `colormap=${colormap}`,
  ].filter(Boolean).join("&");
}

/**
 * What a hand may want next: mostly onward, some back, nearest first; gaps left out.
 * @param {StackPane} shown
 * @param {Stack} stack
 * @param {number} direction 1 or -1
 * @param {Size} canvas
 * @returns {Wish[]}
 */
export function neighbours(shown, stack, direction, canvas) {
  if (shown.index === null) return [];
  if (stack.cine) return wholeClip(shown, stack, canvas);
  const steps = Array.from({ length: NEIGHBOURS }, (_, index) => index + 1);
  const around = steps.flatMap((step) => (step % 3 === 0 ? [step, -step / 3] : [step]));
  return around.flatMap((step) => {
    const entry = stack.entries[/** @type {number} */ (shown.index) + step * direction];
    return isShown(entry) ? (wish(shown, stack, entry, canvas, null) ?? []) : [];
  });
}

/**
 * A clip from its present picture on, and round.
 * @param {StackPane} shown
 * @param {Stack} stack
 * @param {Size} canvas
 * @returns {Wish[]}
 */
function wholeClip(shown, stack, canvas) {
  const { entries, rows, columns, colour } = stack;
  const room = Math.floor(CLIP / (rows * columns * (colour ? PIXEL.colour : PIXEL.grey)));
  const count = Math.min(entries.length - 1, Math.max(NEIGHBOURS, room));
  return Array.from({ length: count }, (_, step) => entries[((shown.index ?? 0) + step + 1) % entries.length])
    .flatMap((entry) => (isShown(entry) ? (wish(shown, stack, entry, canvas, null) ?? []) : []));
}

/**
 * The viewport parameter; "" for the whole stored matrix, null when nothing is seen.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {import("./geometry.js").Look} look
 * @returns {string | null}
 */
export function viewport(grid, canvas, look) {
  const part = seenPart(grid, canvas, matrix(grid, canvas, look));
  if (part === null) return null;
  const scale = magnification(grid, canvas, look);
  const down = scale * grid.aspect;
  if (Math.min(scale, down) < 1) return minified(grid, part, scale, down);
  if (grid.columns * grid.rows <= WHOLE) return "";
  return region(grid, blocks(grid, part), 1, grid.aspect);
}

/**
 * @param {Grid} grid
 * @param {Rect} part
 * @param {number} scale
 * @param {number} down
 */
function minified(grid, part, scale, down) {
  const whole = part.width >= grid.columns - 1 && part.height >= grid.rows - 1;
  if (whole) return `${pixels(grid.columns * scale)},${pixels(grid.rows * down)}`;
  return region(grid, blocks(grid, part), scale, down);
}

/**
 * A part grown to whole blocks.
 * @param {Grid} grid
 * @param {Rect} part
 * @returns {Rect}
 */
export function blocks({ columns, rows }, { x, y, width, height }) {
  const [left, top] = [Math.floor(x / BLOCK) * BLOCK, Math.floor(y / BLOCK) * BLOCK];
  const right = Math.min(columns, Math.ceil((x + width) / BLOCK) * BLOCK);
  const bottom = Math.min(rows, Math.ceil((y + height) / BLOCK) * BLOCK);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * @param {Grid} grid
 * @param {Rect} rect
 * @param {number} scale
 * @param {number} down
 */
function region(grid, { x, y, width, height }, scale, down) {
  return [pixels(width * scale), pixels(height * down), x, y, width, height].join(",");
}

/** @param {number} length */
const pixels = (length) => Math.min(LONGEST, Math.max(1, Math.round(length)));

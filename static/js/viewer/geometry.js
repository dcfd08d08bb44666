/**
 * Image, screen and patient: one matrix shows the picture and makes its letters.
 *
 * Image coordinates count pixels from the corner of the top left one (its centre is 0.5, 0.5); screen
 * coordinates are device pixels of the pane's canvas; patient coordinates are LPS millimetres.
 */

/** @import { Rotation, StackPane } from "./state.js" */

/** x' = a·x + c·y + e, y' = b·x + d·y + f, as in the canvas. @typedef {[a: number, b: number, c: number, d: number, e: number, f: number]} Matrix */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {{columns: number, rows: number, aspect: number, text?: boolean}} Grid aspect: height of a pixel by its width; text: among its pixels, so ours stands beside it */
/** @typedef {Pick<StackPane, "rotation" | "flip_horizontal" | "flip_vertical" | "center" | "scale">} Look */

/** Room for two lines of text above and below (CSS pixels), and how much of the height that may be at most. */
const STRIP = { lines: 46, share: 0.12 };

/** @param {Grid & {burnt_in?: boolean}} stack @returns {Grid} */
export const gridOf = ({ columns, rows, aspect, burnt_in }) => ({ columns, rows, aspect: aspect > 0 ? aspect : 1, ...(burnt_in ? { text: true } : {}) });

const TURNS = /** @type {const} */ ({ 0: [1, 0], 90: [0, 1], 180: [-1, 0], 270: [0, -1] });

/**
 * Device pixels for the width of one image pixel when the whole image just fits the canvas.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Rotation} rotation
 * @returns {number}
 */
export function fitting({ columns, rows, aspect, text }, canvas, rotation) {
  const [across, down] = rotation % 180 ? [rows * aspect, columns] : [columns, rows * aspect];
  const strip = text ? Math.min(STRIP.lines * (globalThis.devicePixelRatio ?? 1), STRIP.share * canvas.height) : 0;
  return Math.min(canvas.width / across, (canvas.height - 2 * strip) / down);
}

/**
 * Device pixels for the width of one image pixel.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Look} look
 * @returns {number}
 */
export function magnification(grid, canvas, look) {
  if ("pixels" in look.scale) return look.scale.pixels;
  const { fit, room } = look.scale;
  return fit * fitting(room ? { columns: room[0], rows: room[1], aspect: 1 } : grid, canvas, look.rotation);
}

/**
 * From image to screen. The image's corner is laid on a whole device pixel, so that at 1:1 no pixel is mixed.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Look} look
 * @returns {Matrix}
 */
export function matrix(grid, canvas, look) {
  const scale = magnification(grid, canvas, look);
  const [cos, sin] = TURNS[look.rotation];
  const x = look.flip_horizontal ? -scale : scale;
  const y = (look.flip_vertical ? -scale : scale) * grid.aspect;
  const [a, b, c, d] = [zero(cos * x), zero(sin * x), zero(-sin * y), zero(cos * y)];
  const [column, row] = middle(grid, canvas, look, [a, b, c, d]);
  const e = Math.round(canvas.width / 2 - a * column - c * row);
  const f = Math.round(canvas.height / 2 - b * column - d * row);
  return [a, b, c, d, e, f];
}

/**
 * The image point that is shown at the pane's centre.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Look} look
 * @param {[a: number, b: number, c: number, d: number]} turned the matrix without its place
 * @returns {[number, number]}
 */
function middle({ columns, rows }, canvas, { center, scale: { edge } }, [a, b, c, d]) {
  if (center || !edge) return center ?? [columns / 2, rows / 2];
  const width = Math.abs(a) * columns + Math.abs(c) * rows;
  const away = ((canvas.width - width) / 2 / (a * d - b * c)) * (edge === "right" ? 1 : -1);
  return [columns / 2 - d * away, rows / 2 + b * away];
}

/**
 * Without the sign of a negative zero.
 * @param {number} value
 */
const zero = (value) => (value === 0 ? 0 : value);

/**
 * @param {Matrix} matrix
 * @param {number} x
 * @param {number} y
 * @returns {[number, number]}
 */
export function apply([a, b, c, d, e, f], x, y) {
  return [a * x + c * y + e, b * x + d * y + f];
}

/**
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
export function inverse([a, b, c, d, e, f]) {
  const determinant = a * d - b * c;
  if (determinant === 0) throw new RangeError("a matrix without an inverse");
  return [
    zero(d / determinant),
    zero(-b / determinant),
    zero(-c / determinant),
    zero(a / determinant),
    zero((c * f - d * e) / determinant),
    zero((b * e - a * f) / determinant),
  ];
}

/**
 * The smallest upright rectangle around a rectangle that went through a matrix.
 * @param {Matrix} matrix
 * @param {Rect} rect
 * @returns {Rect}
 */
export function around(matrix, { x, y, width, height }) {
  const [x0, y0] = apply(matrix, x, y);
  const [x1, y1] = apply(matrix, x + width, y + height);
  return { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
}

/**
 * The part of the image that the canvas shows, in image pixels; null when it shows none.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Matrix} matrix
 * @returns {Rect | null}
 */
export function seenPart({ columns, rows }, canvas, matrix) {
  const { x, y, width, height } = around(inverse(matrix), { x: 0, y: 0, ...canvas });
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const [right, bottom] = [Math.min(columns, x + width), Math.min(rows, y + height)];
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/**
 * The image point shown at the pane's centre after the picture was moved by screen pixels.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Look} look
 * @param {number} dx
 * @param {number} dy
 * @returns {[number, number]}
 */
export function panned(grid, canvas, look, dx, dy) {
  const placed = matrix(grid, canvas, look);
  const back = inverse(placed);
  const [a, b, c, d] = placed;
  const [column, row] = middle(grid, canvas, look, [a, b, c, d]);
  // The image can't be lost: its centre line stays within the pane's reach, or as far beyond as it was hung.
  return [
    Math.min(Math.max(grid.columns, column), Math.max(Math.min(0, column), column - back[0] * dx - back[2] * dy)),
    Math.min(Math.max(grid.rows, row), Math.max(Math.min(0, row), row - back[1] * dx - back[3] * dy)),
  ];
}

export const SMALLEST = 0.02;
export const LARGEST = 64;

/**
 * Zoom by a factor so that the image point under a screen point stays there.
 * @param {Grid} grid
 * @param {Size} canvas
 * @param {Look} look
 * @param {number} factor
 * @param {[number, number]} at on the screen
 * @returns {{scale: {pixels: number}, center: [number, number]}}
 */
export function zoomed(grid, canvas, look, factor, at) {
  const before = matrix(grid, canvas, look);
  const pixels = Math.min(LARGEST, Math.max(SMALLEST, magnification(grid, canvas, look) * factor));
  const ratio = magnification(grid, canvas, look) / pixels;
  const [column, row] = apply(inverse(before), ...at);
  const [middleColumn, middleRow] = apply(inverse(before), canvas.width / 2, canvas.height / 2);
  return { scale: { pixels }, center: [column + (middleColumn - column) * ratio, row + (middleRow - row) * ratio] };
}

/** @typedef {{left: string, right: string, top: string, bottom: string}} Letters */

/** Components of a direction below this (about 6 degrees) have no letter of their own. */
const SLIGHT = 0.1;
const AXES = /** @type {const} */ ([["L", "R"], ["P", "A"], ["H", "F"]]);
/** @type {Record<string, string>} */
const OPPOSITE = { L: "R", R: "L", P: "A", A: "P", H: "F", F: "H" };

/**
 * The letters of a direction in the patient, most important first.
 * @param {readonly number[]} direction LPS
 * @returns {string} up to three of R L A P H F
 */
export function lettersOf(direction) {
  const length = Math.hypot(...direction);
  if (!(length > 0)) return "";
  return direction
    .map((component, axis) => ({ part: component / length, letters: AXES[axis] ?? ["", ""] }))
    .filter(({ part }) => Math.abs(part) > SLIGHT)
    .sort((one, other) => Math.abs(other.part) - Math.abs(one.part))
    .map(({ part, letters }) => (part > 0 ? letters[0] : letters[1]))
    .join("");
}

/**
 * The letters at the edges of a pane, computed from the matrix that paints it; null rather than a guess.
 * @param {{orientation?: readonly number[] | null, patient_orientation?: readonly string[] | null}} picture
 * @param {Matrix} matrix
 * @returns {Letters | null}
 */
export function edgeLetters({ orientation, patient_orientation }, matrix) {
  const [a, b, c, d] = inverse(matrix);
  if (orientation?.length === 6 && orientation.every(Number.isFinite)) {
    const row = orientation.slice(0, 3);
    const column = orientation.slice(3, 6);
    if (Math.hypot(...row) === 0 || Math.hypot(...column) === 0) return null;
    const toward = (/** @type {number} */ along, /** @type {number} */ down) =>
      lettersOf(row.map((part, axis) => Math.sign(along) * part + Math.sign(down) * (column[axis] ?? 0)));
    return { left: toward(-a, -b), right: toward(a, b), top: toward(-c, -d), bottom: toward(c, d) };
  }
  const words = patient_orientation;
  if (words?.length === 2 && words.every((word) => /^[RLAPHF]{1,3}$/.test(word))) {
    const toward = (/** @type {number} */ along, /** @type {number} */ down) => {
      const word = (along !== 0 ? words[0] : words[1]) ?? "";
      return along + down > 0 ? word : [...word].map((letter) => OPPOSITE[letter]).join("");
    };
    return { left: toward(-a, -b), right: toward(a, b), top: toward(-c, -d), bottom: toward(c, d) };
  }
  return null;
}

/**
 * A bar of a round number of millimetres that takes at most a part of the pane.
 * @param {number} perMm device pixels for a millimetre
 * @param {number} room device pixels
 * @returns {{mm: number, length: number, step: number} | null} step: mm between the ticks
 */
export function scaleBar(perMm, room) {
  if (!(perMm > 0) || !Number.isFinite(perMm)) return null;
  const lengths = [200, 100, 50, 20, 10, 5, 2, 1, 0.5];
  const mm = lengths.find((each) => each * perMm <= room);
  return mm === undefined ? null : { mm, length: mm * perMm, step: mm >= 20 ? 10 : mm / 5 };
}

/**
 * The test pattern, after the idea of AAPM's TG18-QC: rectangles of one grey each, in whole device pixels, so that
 * nothing is smoothed. Later ones lie over earlier ones.
 */

/** @typedef {{ name: string, x: number, y: number, width: number, height: number, grey: number }} Part */

export const DARK = 13; // 5 % of 255
export const LIGHT = 242; // 95 %
export const STEPS = 18; // 0, 15, 30, … 255
export const FAINT = 4; // what an insert differs from its step
const BACKGROUND = 128;
const GRID = 191;
const WEAK = /** @type {const} */ ([112, 144]); // line pairs of low contrast
const STRONG = /** @type {const} */ ([0, 255]);

// The middle is laid out in units: 30 wide, 20 high, as large as the screen allows.
const UNITS_WIDE = 30;
const UNITS_HIGH = 20;

/**
 * @param {number} width device pixels
 * @param {number} height device pixels
 * @returns {Part[]} all of it; the first covers everything
 */
export function pattern(width, height) {
  // Quarters of a unit are whole pixels.
  const u = 4 * Math.max(1, Math.floor(Math.min(width / UNITS_WIDE, height / UNITS_HIGH) / 4));
  const left = Math.floor((width - UNITS_WIDE * u) / 2);
  const top = Math.floor((height - UNITS_HIGH * u) / 2);
  const at = (/** @type {string} */ name, /** @type {number[]} */ [x = 0, y = 0, wide = 0, high = 0], grey = 0) =>
    ({ name, x: left + x * u, y: top + y * u, width: wide * u, height: high * u, grey });

  return [
    { name: "background", x: 0, y: 0, width, height, grey: BACKGROUND },
    ...grid(width, height, 2 * u, left, top),
    ...border(width, height),
    ...corners(width, height, u),
    ...steps(at, u),
    ...ramp(at("ramp", [1.5, 9, 27, 2])),
    at("dark", [1.5, 12, 4, 4], 0),
    at("dark square", [2.5, 13, 2, 2], DARK),
    at("light", [24.5, 12, 4, 4], 255),
    at("light square", [25.5, 13, 2, 2], LIGHT),
    ...pairs(at("pairs across, Nyquist", [6.5, 12, 3, 4]), 1, true),
    ...pairs(at("pairs across, half", [10, 12, 3, 4]), 2, true),
    ...mark(at("centre", [13.5, 12.5, 3, 3])),
    ...pairs(at("pairs down, half", [17, 12, 3, 4]), 2, false),
    ...pairs(at("pairs down, Nyquist", [20.5, 12, 3, 4]), 1, false),
    at("white", [2.5, 17, 12.5, 2], 255),
    at("black", [15, 17, 12.5, 2], 0),
  ];
}

/**
 * Lines of one pixel through the middle's corner and every `cell` pixels from there: squares, if the screen shows squares.
 * @param {number} width
 * @param {number} height
 * @param {number} cell
 * @param {number} left
 * @param {number} top
 * @returns {Part[]}
 */
function grid(width, height, cell, left, top) {
  const parts = [];
  for (let x = left % cell; x < width; x += cell) parts.push({ name: "grid", x, y: 0, width: 1, height, grey: GRID });
  for (let y = top % cell; y < height; y += cell) parts.push({ name: "grid", x: 0, y, width, height: 1, grey: GRID });
  return parts;
}

/**
 * The outermost pixels: what is cut off is missed.
 * @param {number} width
 * @param {number} height
 * @returns {Part[]}
 */
function border(width, height) {
  const line = { name: "border", x: 0, y: 0, width, height, grey: 255 };
  return [
    { ...line, height: 1 }, { ...line, y: height - 1, height: 1 },
    { ...line, width: 1 }, { ...line, x: width - 1, width: 1 },
  ];
}

/**
 * @param {number} width
 * @param {number} height
 * @param {number} u
 * @returns {Part[]} a resolution mark in each corner of the screen
 */
function corners(width, height, u) {
  const [near, size] = [u / 4, 1.5 * u];
  return [near, height - near - size].flatMap((y) =>
    [near, width - near - size].flatMap((x) => mark({ name: "corner", x, y, width: size, height: size, grey: 0 })),
  );
}

/**
 * Four quarters of line pairs: Nyquist above, half of it below; across on the left, down on the right.
 * @param {Part} place
 * @returns {Part[]}
 */
function mark(place) {
  const [width, height] = [place.width / 2, place.height / 2];
  return [1, 2].flatMap((pixels, row) =>
    [true, false].flatMap((across, column) => {
      const quarter = { ...place, x: place.x + column * width, y: place.y + row * height, width, height };
      return lines(quarter, pixels, across, STRONG);
    }),
  );
}

/**
 * @param {(name: string, place: number[], grey?: number) => Part} at
 * @param {number} u
 * @returns {Part[]} steps in two rows, each with two lighter and two darker inserts (at the ends of the scale all four
 *   go inwards)
 */
function steps(at, u) {
  return Array.from({ length: STEPS }, (_, index) => {
    const grey = (255 / (STEPS - 1)) * index;
    const step = at(`step ${index}`, [1.5 + 3 * (index % 9), index < 9 ? 2 : 5, 3, 3], grey);
    const size = u / 2;
    const inserts = [0.5, 2].flatMap((down, row) =>
      [0.5, 2].map((right, column) => {
        const wanted = grey + (row === column ? FAINT : -FAINT);
        const shown = wanted < 0 ? grey + FAINT : wanted > 255 ? grey - FAINT : wanted;
        return { name: `insert ${index}`, x: step.x + right * u, y: step.y + down * u, width: size, height: size, grey: shown };
      }),
    );
    return [step, ...inserts];
  }).flat();
}

/**
 * @param {Part} place
 * @returns {Part[]} every grey from 0 to 255 once, as equally wide as whole pixels allow
 */
function ramp(place) {
  const edge = (/** @type {number} */ grey) => Math.round((grey * place.width) / 256);
  return Array.from({ length: 256 }, (_, grey) => ({
    ...place, x: place.x + edge(grey), width: edge(grey + 1) - edge(grey), grey,
  })).filter(({ width }) => width > 0);
}

/**
 * Line pairs, above of full contrast, below of low.
 * @param {Part} place
 * @param {number} pixels width of one line
 * @param {boolean} across whether greys change from left to right
 * @returns {Part[]}
 */
function pairs(place, pixels, across) {
  const height = place.height / 2;
  return [
    ...lines({ ...place, height }, pixels, across, STRONG),
    ...lines({ ...place, y: place.y + height, height }, pixels, across, WEAK),
  ];
}

/**
 * @param {Part} place
 * @param {number} pixels
 * @param {boolean} across
 * @param {readonly [number, number]} greys
 * @returns {Part[]}
 */
function lines(place, pixels, across, [first, second]) {
  const parts = [{ ...place, grey: first }];
  const length = across ? place.width : place.height;
  for (let from = pixels; from < length; from += 2 * pixels) {
    const size = Math.min(pixels, length - from);
    parts.push(across
      ? { ...place, x: place.x + from, width: size, grey: second }
      : { ...place, y: place.y + from, height: size, grey: second });
  }
  return parts;
}

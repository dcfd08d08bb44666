/** A whole-slide image as the server lists it: its levels, and which frame is which tile. */

/** @import { Pane, Slide, SlideLevel, State } from "../viewer/state.js" */
import { isSlidePane, seriesKey } from "../viewer/state.js";

/** Levels whose longer side has fewer pixels than this show nothing that the next one doesn't. */
const TINY = 64;

/**
 * The slide under a pane, when the server has told it.
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Slide | null}
 */
export function slideOf(state, shown) {
  if (!isSlidePane(shown)) return null;
  const series = state.series[seriesKey(shown.source)];
  if (!series || "error" in series) return null;
  return series.slides?.find(({ key }) => key === shown.source.slide) ?? null;
}

/** @param {Slide} slide */
export function slideName({ container, title }) {
  return title.includes(container) ? title : `${container} · ${title}`;
}

/**
 * The levels worth loading, smallest first.
 * @param {Pick<Slide, "levels">} slide
 * @returns {SlideLevel[]}
 */
export function levelsOf({ levels }) {
  const useful = levels.filter(({ columns, rows }) => Math.max(columns, rows) >= TINY);
  return (useful.length ? useful : levels.slice(0, 1)).toReversed();
}

/**
 * How many tiles a level has, across and down.
 * @param {SlideLevel} level
 * @returns {[number, number]}
 */
export function tilesOf({ columns, rows, tile_columns, tile_rows }) {
  return [Math.ceil(columns / tile_columns), Math.ceil(rows / tile_rows)];
}

/**
 * The instance and the number of the frame that holds a tile; null where the level has none.
 * @param {SlideLevel} level
 * @param {number} x
 * @param {number} y
 * @returns {{instance: string, frame: number} | null}
 */
export function frameOf(level, x, y) {
  const [across, down] = tilesOf(level);
  if (x < 0 || y < 0 || x >= across || y >= down) return null;
  const at = across * y + x;
  const frame = level.frames ? (level.frames[at] ?? 0) : (level.first ?? 1) + at;
  if (frame < 1) return null;
  const part = level.parts?.find(({ offset, frames }) => frame > offset && frame <= offset + frames);
  return part ? { instance: part.instance, frame: frame - part.offset } : { instance: level.instance, frame };
}

/**
 * The part of a tile that lies on the slide, in pixels of its level: the rest of an edge tile is padding.
 * @param {SlideLevel} level
 * @param {number} x
 * @param {number} y
 * @returns {{x: number, y: number, width: number, height: number}}
 */
export function extentOf({ columns, rows, tile_columns, tile_rows }, x, y) {
  const [left, top] = [x * tile_columns, y * tile_rows];
  return { x: left, y: top, width: Math.min(tile_columns, columns - left), height: Math.min(tile_rows, rows - top) };
}

/**
 * @param {{archive: string, study: string, series: string}} source
 * @param {{instance: string, frame: number}} tile
 * @returns {string}
 */
export function tileAddress({ archive, study, series }, { instance, frame }) {
  return `/dicomweb/${archive}/studies/${study}/series/${series}/instances/${instance}/frames/${frame}/rendered`;
}

/**
 * Where the slide was not scanned: nothing lies under the missing tiles of the smallest level. Of a grey slide, whose
 * ground is black, none.
 * @param {Slide} slide
 * @returns {{x: number, y: number, width: number, height: number}[]} in pixels of the largest level, joined along rows
 */
export function blanksOf(slide) {
  const [level] = levelsOf(slide);
  if (!level?.frames || slide.colour === false) return [];
  const [columns, rows] = tilesOf(level);
  const [across, down] = [slide.columns / level.columns, slide.rows / level.rows];
  const blanks = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = column;
      while (column < columns && !frameOf(level, column, row)) column++;
      if (column === from) continue;
      const [first, last] = [extentOf(level, from, row), extentOf(level, column - 1, row)];
      blanks.push({ x: first.x * across, y: first.y * down, width: (last.x + last.width - first.x) * across, height: first.height * down });
    }
  }
  return blanks;
}

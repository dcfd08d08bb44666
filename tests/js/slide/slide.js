/** A slide as the server lists it, for tests: the pyramid of 2220 × 2967 pixels in our test data. */

/** @import { Slide, SlideLevel } from "../../../static/js/viewer/state.js" */

/**
 * @param {number} columns
 * @param {number} rows
 * @param {Partial<SlideLevel>} [differently]
 * @returns {SlideLevel}
 */
export function level(columns, rows, differently = {}) {
  return { instance: `1.${columns}`, columns, rows, tile_columns: 500, tile_rows: 500, downsample: 2220 / columns, first: 1, frames: null, ...differently };
}

/** @param {Partial<Slide>} [differently] @returns {Slide} */
export function slide(differently = {}) {
  return {
    key: "s", title: "HE", container: "S26-1 A1", stain: "hematoxylin and eosin", frame_of_reference: "1.2.3", columns: 2220, rows: 2967,
    spacing_mm: [0.000499, 0.000499], basis: "slide", origin: [20, 40, 0], orientation: [0, -1, 0, -1, 0, 0],
    levels: [level(2220, 2967), level(1110, 1483), level(555, 741), level(277, 370, { tile_columns: 277, tile_rows: 370 }), level(34, 46), level(1, 1)],
    objective: "20", patient: { key: "p", name: "A", id: "1", birth_date: "19500101", sex: "F", age: "" },
    study_date: "20260102", description: "", words: "", icc: true, lossy: true, ...differently,
  };
}

/** @param {Partial<import("../../../static/js/slide/coordinates.js").Look>} [differently] */
export const look = (differently = {}) => ({ center: null, width: null, rotation: 0, flip_horizontal: false, ...differently });

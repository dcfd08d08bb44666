/** Small known stacks for the tests of the pure files. */

/** @import { StackPane, SeriesStacks, Stack, State, StudyOverview } from "../../../static/js/viewer/state.js" */
import { receiveSeries, receiveStudy } from "../../../static/js/viewer/answers.js";
import { initial, isStackPane, pane, paneAt } from "../../../static/js/viewer/state.js";

/**
 * @param {Partial<Stack>} [differently]
 * @param {number} [count]
 * @param {number[]} [missing] entries that are gaps
 * @returns {Stack}
 */
export function stack(differently = {}, count = 10, missing = []) {
  return {
    key: "a", title: "Thorax", modality: "CT", unit: "HU", rows: 512, columns: 512, pixel_spacing: [0.7, 0.7], aspect: 1,
    spacing_basis: "patient", plane: "axial", colour: false,
    windows: [{ center: 50, width: 350, function: "LINEAR" }, { center: -600, width: 1200, function: "LINEAR" }],
    window: { center: 50, width: 350, function: "LINEAR" },
    entries: Array.from({ length: count }, (_, index) =>
      missing.includes(index) ? { missing: "not delivered", location: index } : { instance: `1.2.${index + 1}`, frame: 1, location: index, instance_number: index + 1 }),
    ...differently,
  };
}

/** @param {Stack[]} stacks @returns {SeriesStacks} */
export function series(...stacks) {
  return { digest: "d", listed: 10, received: 10, failed: 0, unsupported: 0, total_known: true, words: "", stacks, not_viewable: [] };
}

/**
 * @param {Partial<StudyOverview>} [differently]
 * @returns {StudyOverview}
 */
export function study(differently = {}) {
  return {
    archive: "main", study: "1.2", study_date: "2024-05-01",
    patient: { key: "p1", name: "Ek, Anna", id: "7", birth_date: "1950-01-01", sex: "F", age: "074Y" },
    series: [
      { uid: "1.2.3", number: 1, modality: "CT", description: "Scout", instances: 2, viewable: true, words: "" },
      { uid: "1.2.4", number: 2, modality: "CT", description: "Thorax", instances: 120, viewable: null, words: "" },
      { uid: "1.2.5", number: 3, modality: "SEG", description: "Lobes", instances: 1, viewable: false, words: "segmentation" },
    ],
    studies: [
      { archive: "main", study: "1.1", date: "2023-09-01", modalities: "CT", description: "Thorax", instances: 60, current: false },
      { archive: "main", study: "1.2", date: "2024-05-01", modalities: "CT", description: "Thorax", instances: 123, current: true },
    ],
    ...differently,
  };
}

export const SOURCE = /** @type {const} */ ({ kind: "stack", archive: "main", study: "1.2", series: "1.2.4", stack: "a" });

/**
 * A page with one pane on a stack.
 * @param {Stack} [shown]
 * @param {Partial<StackPane>} [look]
 * @returns {State}
 */
export function open(shown = stack(), look = {}) {
  const known = receiveStudy(initial("main", "1.2"), "main/1.2", study());
  return receiveSeries({ ...known, panes: [pane({ ...SOURCE, stack: shown.key }, look)] }, "main/1.2/1.2.4", series(shown));
}

/**
 * The active pane where it shows a stack.
 * @param {State} state
 * @param {number} [index]
 */
export function stackAt(state, index) {
  const shown = paneAt(state, index);
  return isStackPane(shown) ? shown : null;
}

/** What a reader sees, as one object: its shape, how to read it, and how answers of the server enter it. */

/** @typedef {"LINEAR" | "LINEAR_EXACT" | "SIGMOID"} WindowFunction */
/** @typedef {{center: number, width: number, function: WindowFunction}} Window in modality units */
/** @typedef {Window | {choice: number} | {automatic: true} | null} Voi null: what the server shows by itself */
/** @typedef {{archive: string, study: string, series: string, stack: string}} Source an empty stack: the series' first */
/** @typedef {{fit: number} | {pixels: number}} Scale times the size that fits, or device pixels for one image pixel */
/** @typedef {0 | 90 | 180 | 270} Rotation clockwise, after the flips */
/** @typedef {"all" | "identity" | "none"} TextLevel */

/**
 * One image area. `index` counts the stack's entries from 0 and is null until the stack is known;
 * `instance` and `frame` are what was asked for until then.
 * @typedef {object} Pane
 * @property {Source} source
 * @property {number | null} index
 * @property {string | null} instance
 * @property {number | null} frame
 * @property {Voi} voi
 * @property {boolean} invert
 * @property {Rotation} rotation
 * @property {boolean} flip_horizontal
 * @property {boolean} flip_vertical
 * @property {[number, number] | null} center   image pixels from the corner, shown at the pane's centre; null: the image's own
 * @property {Scale} scale
 * @property {TextLevel} text
 */

/** @typedef {{instance: string, frame: number, location?: number | null, instance_number?: number | null}} Shown */
/** @typedef {{missing: string, location?: number | null, instance_number?: number | null}} Missing */
/** @typedef {Shown | Missing} Entry */
/** @typedef {{center: number, width: number, function?: string, explanation?: string | null}} WindowChoice */

/**
 * A stack as the server lists it.
 * @typedef {object} Stack
 * @property {string} key
 * @property {string} title
 * @property {string} modality
 * @property {string} unit
 * @property {number} rows
 * @property {number} columns
 * @property {[number, number] | null} pixel_spacing   mm between rows, between columns
 * @property {number} aspect   height of a pixel by its width
 * @property {string} spacing_basis
 * @property {string} plane
 * @property {boolean} colour
 * @property {boolean} [spatial]   its entries stand in the order of space
 * @property {WindowChoice[]} windows
 * @property {WindowChoice | null} window
 * @property {boolean} [total_known]
 * @property {string} [words]
 * @property {Entry[]} entries
 */

/**
 * @typedef {object} SeriesStacks
 * @property {string} digest
 * @property {number | null} listed
 * @property {number} received
 * @property {number} failed
 * @property {number} unsupported
 * @property {boolean} total_known
 * @property {string} [words]
 * @property {Stack[]} stacks
 * @property {{instance: string, words: string}[]} not_viewable
 */

/**
 * @typedef {object} SeriesOverview
 * @property {string} uid
 * @property {number | null} number
 * @property {string} modality
 * @property {string} description
 * @property {number | null} instances
 * @property {boolean | null} viewable   null: not known yet
 * @property {string} words
 * @property {string | null} [laterality]
 */

/** @typedef {{archive: string, study: string, date: string, modalities: string, description: string, instances: number | null, current: boolean}} StudyDot */
/** @typedef {{key: string, name: string, id: string, birth_date: string, sex: string, age: string, conflict?: string | null}} Patient */

/**
 * @typedef {object} StudyOverview
 * @property {string} archive
 * @property {string} study
 * @property {Patient} patient
 * @property {string} study_date
 * @property {string} [modalities]
 * @property {string} [study_time]
 * @property {string} [study_description]
 * @property {string} [accession_number]
 * @property {string} [institution]
 * @property {SeriesOverview[]} series
 * @property {StudyDot[]} studies
 */

/** @typedef {"window" | "pan" | "zoom" | "scroll"} Tool */
/** @typedef {"connecting" | "open" | "lost" | "refused"} Line */

/**
 * @typedef {object} State
 * @property {string} archive   of the page's own study
 * @property {string} study
 * @property {string} listed    key of the study whose series the panel lists
 * @property {{rows: number, columns: number}} layout
 * @property {number} active
 * @property {boolean} maximised
 * @property {Tool} tool
 * @property {(Pane | null)[]} panes
 * @property {Record<string, StudyOverview | {error: string}>} studies
 * @property {Record<string, SeriesStacks | {error: string}>} series
 * @property {Record<string, ReadonlySet<string>>} seen   per stack: the pictures that were painted
 * @property {Record<string, string>} progress   per stack: one character for each entry: p present, f failed, m missing
 * @property {Line} line
 * @property {Preferences} preferences
 */

/**
 * What a user has changed for all studies.
 * @typedef {object} Preferences
 * @property {boolean} up_darkens        an upward drag makes darker
 * @property {boolean} single_keys       keys without Ctrl or Alt act at all
 * @property {Record<string, string[]>} keys by command: the chords that take the place of the table's
 */

/** @type {Preferences} */
export const PREFERENCES = { up_darkens: false, single_keys: true, keys: {} };

/** @typedef {(state: State) => State} Change */
/**
 * @param {string} archive
 * @param {string} study
 * @returns {State}
 */
export function initial(archive, study) {
  return {
    archive,
    study,
    listed: studyKey({ archive, study }),
    layout: { rows: 1, columns: 1 },
    active: 0,
    maximised: false,
    tool: "window",
    panes: [null],
    studies: {},
    series: {},
    seen: {},
    progress: {},
    line: "connecting",
    preferences: PREFERENCES,
  };
}

/** How a pane looks before a hand has touched it. */
export const PLAIN = /** @type {const} */ ({
  voi: null,
  invert: false,
  rotation: 0,
  flip_horizontal: false,
  flip_vertical: false,
  center: null,
  scale: { fit: 1 },
});

/**
 * A pane at rest on a source.
 * @param {Source} source
 * @param {Partial<Pane>} [differently]
 * @returns {Pane}
 */
export function pane(source, differently = {}) {
  return {
    source,
    index: null,
    instance: null,
    frame: null,
    ...PLAIN,
    text: "all",
    ...differently,
  };
}

/** @param {{archive: string, study: string}} source */
export const studyKey = ({ archive, study }) => `${archive}/${study}`;
/** @param {{archive: string, study: string, series: string}} source */
export const seriesKey = ({ archive, study, series }) => `${archive}/${study}/${series}`;
/** @param {Source} source */
export const stackKey = (source) => `${seriesKey(source)}/${source.stack}`;
/** @param {Shown} entry */
export const frameKey = ({ instance, frame }) => `${instance}/${frame}`;

/**
 * @param {Entry | null | undefined} entry
 * @returns {entry is Shown}
 */
export function isShown(entry) {
  return !!entry && "instance" in entry;
}

/**
 * @param {State} state
 * @param {number} [index]
 * @returns {Pane | null}
 */
export function paneAt(state, index = state.active) {
  return state.panes[index] ?? null;
}

/**
 * The numbers of the panes that are on the screen, in reading order.
 * @param {State} state
 * @returns {number[]}
 */
export function visible({ layout, maximised, active, panes }) {
  const count = Math.min(panes.length, layout.rows * layout.columns);
  return maximised || count === 1 ? [active] : Array.from({ length: count }, (_, index) => index);
}

/**
 * The stack under a pane, when the server has told it.
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Stack | null}
 */
export function stackOf(state, shown) {
  if (!shown) return null;
  const series = state.series[seriesKey(shown.source)];
  if (!series || "error" in series) return null;
  return series.stacks.find(({ key }) => key === shown.source.stack) ?? null;
}

/**
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Entry | null}
 */
export function entryOf(state, shown) {
  return stackOf(state, shown)?.entries[shown?.index ?? -1] ?? null;
}

/**
 * Find the pane's stack and image in what is known; unchanged while that isn't there yet.
 * @param {State} state
 * @param {Pane} shown
 * @returns {Pane}
 */
export function resolve(state, shown) {
  const series = state.series[seriesKey(shown.source)];
  if (!series || "error" in series || !series.stacks.length) return shown;
  const wanted = (/** @type {Entry} */ entry) =>
    isShown(entry) && entry.instance === shown.instance && (shown.frame === null || entry.frame === shown.frame);
  const stack =
    series.stacks.find(({ key }) => key === shown.source.stack) ??
    series.stacks.find(({ entries }) => entries.some(wanted)) ??
    /** @type {Stack} */ (series.stacks[0]);
  const asked = shown.instance === null ? -1 : stack.entries.findIndex(wanted);
  const index = asked >= 0 ? asked : Math.min(shown.index ?? opening(stack), stack.entries.length - 1);
  const source = shown.source.stack === stack.key ? shown.source : { ...shown.source, stack: stack.key };
  return { ...shown, source, ...imageAt(stack, index) };
}

/**
 * The entry that a stack opens with: the first image, never a gap; of an MR volume the middle, since its ends are empty.
 * @param {Stack} stack
 * @returns {number}
 */
export function opening({ modality, spatial, entries }) {
  const start = modality === "MR" && spatial ? Math.floor(entries.length / 2) : 0;
  const found = entries.findIndex((entry, index) => index >= start && isShown(entry));
  return Math.max(0, found >= 0 ? found : entries.findIndex(isShown));
}

/**
 * The fields that say which entry of a stack is shown; at a gap, the last image stays the one that was asked for.
 * @param {Stack} stack
 * @param {number} index
 * @returns {Partial<Pane>}
 */
export function imageAt(stack, index) {
  const entry = stack.entries[index];
  return isShown(entry) ? { index, instance: entry.instance, frame: entry.frame } : { index };
}

/**
 * @param {State} state
 * @param {string} key of a series
 * @param {SeriesStacks | {error: string}} answer
 * @returns {State}
 */
export function receiveSeries(state, key, answer) {
  const known = { ...state, series: { ...state.series, [key]: answer } };
  const panes = state.panes.map((shown) => (shown && seriesKey(shown.source) === key ? resolve(known, shown) : shown));
  return { ...known, panes };
}

/**
 * @param {State} state
 * @param {{series: string, stack: string, states: string}} told
 * @returns {State}
 */
export function receiveProgress(state, { series, stack, states }) {
  return { ...state, progress: { ...state.progress, [progressKey({ series, stack })]: states } };
}

/** @param {{series: string, stack: string}} source */
export const progressKey = ({ series, stack }) => `${series}/${stack}`;

/**
 * @param {State} state
 * @param {StudyOverview | {error: string}} answer
 * @param {string} key
 * @returns {State}
 */
export function receiveStudy(state, key, answer) {
  return { ...state, studies: { ...state.studies, [key]: answer } };
}

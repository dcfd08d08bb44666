/** What a reader sees, as one object: its shape, and how to read it. */

import { PREFERENCES } from "./preferences.js";

/** @typedef {"LINEAR" | "LINEAR_EXACT" | "SIGMOID"} WindowFunction */
/** @typedef {{center: number, width: number, function: WindowFunction}} Window in modality units */
/** @typedef {Window | {choice: number} | {automatic: true} | null} Voi null: what the server shows by itself */
/** @typedef {{archive: string, study: string, series: string}} SeriesSource */
/** @typedef {SeriesSource & {kind: "stack", stack: string}} StackSource an empty stack: the series' first */
/** @typedef {SeriesSource & {kind: "volume", stack: string}} VolumeSource the volume that a stack makes */
/** @typedef {SeriesSource & {kind: "slide", slide: string}} SlideSource */
/** @typedef {SeriesSource & {kind: "rendered3d", stack: string}} SpaceSource that volume in three dimensions */
/** @typedef {StackSource | VolumeSource | SpaceSource | SlideSource | import("./curves.js").CurvedSource} Source */
/** @typedef {[x: number, y: number, z: number]} Vector a point in LPS millimetres, or a direction */
/**
 * Times the size that fits, or device pixels for one image pixel. With `room`, columns and rows, that room fits instead of
 * the picture; with `edge`, and no centre, that edge of the picture lies at the pane's.
 * @typedef {({fit: number, room?: readonly [number, number]} | {pixels: number}) & {edge?: "left" | "right" | null}} Scale
 */
/** @typedef {0 | 90 | 180 | 270} Rotation clockwise, after the flips */
/** @typedef {"all" | "identity" | "none"} TextLevel */

/**
 * How a picture of a stack or of a plane is shown.
 * @typedef {object} PictureLook
 * @property {Voi} voi
 * @property {boolean} invert
 * @property {string | null} colormap   of a grey picture; null: what is usual for its modality
 * @property {boolean} [overlay]   false: the file's overlay planes aren't drawn
 * @property {boolean} [shutter]   false: what it covers is shown
 * @property {Rotation} rotation
 * @property {boolean} flip_horizontal
 * @property {boolean} flip_vertical
 * @property {Scale} scale   of a plane: device pixels for a side of the smallest voxel
 * @property {TextLevel} text
 */

/**
 * A frame of a stack. `index` counts the stack's entries from 0 and is null until the stack is known;
 * `instance` and `frame` are what was asked for until then.
 * @typedef {PictureLook & {
 *   source: StackSource, index: number | null, instance: string | null, frame: number | null, center: [number, number] | null,
 * }} StackPane center: image pixels from the corner, shown at the pane's centre; null: the image's own
 */

/** The plane through a point, seen along `look` with `up` towards the top: unit vectors. @typedef {{point: Vector, look: Vector, up: Vector}} Plane */
/**
 * A second volume over a plane: its window (null: what the server shows by itself), its colour map (null: hot iron), 0 to 1.
 * @typedef {{source: VolumeSource, voi: Voi, colormap: string | null, opacity: number, registration?: string | null}} Fused
 */
/** @typedef {{thickness: number, method: "average_ip" | "maximum_ip" | "minimum_ip"}} Slab thickness: mm, 0 for one layer */
/**
 * A plane of a volume; all planes of one volume on a screen pass through the same point, the crosshair.
 * @typedef {PictureLook & {
 *   source: VolumeSource, plane: Plane, slab: Slab, named: import("./planes.js").PlaneName | null, interpolation: "linear" | "cubic", center: Vector | null,
 *   fused?: Fused | null,
 * }} VolumePane named: the plane that it began as and whose colour it keeps, null for the one that it is nearest to
 */

/**
 * A field of a slide.
 * @typedef {object} SlidePane
 * @property {SlideSource} source
 * @property {[number, number] | null} center   slide mm; null: the whole slide
 * @property {number | null} width   mm across the pane
 * @property {number} rotation   degrees clockwise, after the flip
 * @property {boolean} flip_horizontal
 * @property {TextLevel} text
 */

/**
 * Which movements panes share: scrolling within a Frame of Reference (`across`: and by an offset with others), panning, zooming, windows.
 * `anchors`: where each stack stood when it was linked, LPS mm; `leader`: the stack that offsets are told against.
 * @typedef {{scroll: boolean, across: boolean, pan: boolean, zoom: boolean, window: boolean, anchors: Record<string, Vector>, leader: string | null}} Links
 */

/** @typedef {import("./space.js").SpacePane} SpacePane */
/** @typedef {StackPane | VolumePane | SpacePane | import("./curves.js").CurvedPane} PicturePane */
/** @typedef {PicturePane | SlidePane} Pane what one image area shows */

/** @typedef {import("./listed.js").Entry} Entry */
/** @typedef {import("./listed.js").Shown} Shown */
/** @typedef {import("./listed.js").Missing} Missing */
/** @typedef {import("./listed.js").WindowChoice} WindowChoice */
/** @typedef {import("./listed.js").Stack} Stack */
/** @typedef {import("./listed.js").Dimension} Dimension */
/** @typedef {import("./listed.js").Volume} Volume */
/** @typedef {import("./listed.js").Slide} Slide */
/** @typedef {import("./listed.js").SlideLevel} SlideLevel */
/** @typedef {import("./listed.js").SeriesStacks} SeriesStacks */
/** @typedef {import("./listed.js").SeriesOverview} SeriesOverview */
/** @typedef {import("./listed.js").StudyDot} StudyDot */
/** @typedef {import("./listed.js").Patient} Patient */
/** @typedef {import("./listed.js").StudyOverview} StudyOverview */

/** What the server told of a series; of a failure perhaps under a title of its own. @typedef {SeriesStacks | {error: string, title?: string}} Told */

/** @typedef {"window" | "pan" | "zoom" | "scroll" | "crosshair" | "length" | "sphere" | "path"} Tool */
/** @typedef {"connecting" | "open" | "lost" | "refused"} Line */

/** A pane that runs by itself: `at` is the entry to which it came last, so that any other movement is a hand's. @typedef {{pane: number, source: StackSource, at: number, step: 1 | -1}} Run */
/** A cine; the first of several panes leads. @typedef {{runs: readonly Run[]}} Playing */
/** What a hand has chosen for a clip; null or nothing: as the file says. @typedef {{rate?: number | null, sweep?: boolean | null, first?: number | null, last?: number | null}} Chosen rate: pictures a second; first, last: entries */

/**
 * @typedef {object} State
 * @property {string} archive   of the page's own study
 * @property {string} study
 * @property {string} listed    key of the study whose series the panel lists
 * @property {{rows: number, columns: number}} layout
 * @property {number} active
 * @property {boolean} maximised
 * @property {number | null} stage   of a mammography exam: the one that was hung last
 * @property {readonly [number, number] | null} stepped   two panes that changed places so that the active one stays in a smaller layout
 * @property {Playing | null} playing
 * @property {Record<string, Chosen>} reels   per stack: how it is run, of those that a hand has run
 * @property {boolean} together   all panes run, not the active one alone
 * @property {import("./planned.js").Planned | null} planned   planes that are about to be saved as a series
 * @property {import("./curves.js").Drawing | null} path   that is being drawn
 * @property {number} lens   what the magnifier enlarges by; 0 while there is none
 * @property {Tool} tool
 * @property {import("./sphere.js").Sphere | null} sphere   drawn, and nowhere kept
 * @property {Links} links
 * @property {Record<string, Vector>} cursor   where a hand pointed last, by Frame of Reference
 * @property {Record<string, readonly (readonly [Vector, Vector])[]>} landmarks   set by hand, by both Frames of Reference
 * @property {Record<string, import("./registering.js").Registration[]>} registrations   by study
 * @property {import("./carving.js").Tools} carving   what hands do with the volume under them
 * @property {Record<string, import("./carving.js").Carvings>} carvings   by source: what was hidden of a volume before, and undone
 * @property {import("./spinning.js").Spin | null} spinning   a volume that turns by itself
 * @property {boolean} onLayer   window, presets and colour maps act on the layer of a fused plane
 * @property {(Pane | null)[]} panes
 * @property {Record<string, StudyOverview | {error: string, gone?: boolean}>} studies
 * @property {Record<string, Told>} series
 * @property {Record<string, SeriesStacks>} fresh   by series: a newer list, which would renumber what is on the screen: taken up when asked for
 * @property {Record<string, {before: import("./listed.js").Patient, seen: boolean}>} persons   by study: whose it was until the archive said otherwise; seen: by the reader
 * @property {Record<string, import("./known.js").SetByHand[]>} calibrations   by study and image
 * @property {Record<string, Stack>} glimpses   by series: the one image that is known before the series is
 * @property {Record<string, ReadonlySet<string>>} seen   per stack: the pictures that were painted
 * @property {Record<string, string>} progress   per stack: one character for each entry: p present, f failed, m missing
 * @property {Line} line
 * @property {import("./preferences.js").Preferences} preferences
 */

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
    stage: null,
    stepped: null,
    playing: null,
    reels: {},
    together: false,
    planned: null,
    path: null,
    lens: 0,
    tool: "window",
    links: { scroll: false, across: false, pan: false, zoom: false, window: false, anchors: {}, leader: null },
    cursor: {},
    landmarks: {},
    registrations: {},
    onLayer: false,
    carving: { box: false, scissors: null },
    carvings: {},
    spinning: null,
    sphere: null,
    panes: [null],
    studies: {},
    series: {},
    fresh: {},
    persons: {},
    calibrations: {},
    glimpses: {},
    seen: {},
    progress: {},
    line: "connecting",
    preferences: PREFERENCES,
  };
}

/** One layer of samples. @type {Slab} */
export const THIN = { thickness: 0, method: "average_ip" };

/** mm; a slab this thick reaches through any patient. */
export const THROUGH = 1000;

/** How a pane looks before a hand has touched it. */
export const PLAIN = /** @type {const} */ ({
  voi: null,
  invert: false,
  colormap: null,
  overlay: true,
  shutter: true,
  rotation: 0,
  flip_horizontal: false,
  flip_vertical: false,
  center: null,
  scale: { fit: 1 },
});

/**
 * A pane at rest on a stack.
 * @param {StackSource} source
 * @param {Partial<StackPane>} [differently]
 * @returns {StackPane}
 */
export function pane(source, differently = {}) {
  return { source, index: null, instance: null, frame: null, ...PLAIN, text: "all", ...differently };
}

/**
 * A plane at rest.
 * @param {VolumeSource} source
 * @param {Plane} plane
 * @param {Partial<VolumePane>} [differently]
 * @returns {VolumePane}
 */
export function volumePane(source, plane, differently = {}) {
  return { source, plane, slab: THIN, named: null, interpolation: "linear", ...PLAIN, text: "all", ...differently };
}

/**
 * A whole slide.
 * @param {SlideSource} source
 * @param {Partial<SlidePane>} [differently]
 * @returns {SlidePane}
 */
export function slidePane(source, differently = {}) {
  return { source, center: null, width: null, rotation: 0, flip_horizontal: false, text: "all", ...differently };
}

/** @param {StackSource | SlideSource} source @returns {Pane} */
export const paneOf = (source) => (source.kind === "slide" ? slidePane(source) : pane(source));

/** @param {Pane | null | undefined} shown @returns {shown is StackPane} */
export const isStackPane = (shown) => shown?.source.kind === "stack";
/** @param {Pane | null | undefined} shown @returns {shown is VolumePane} */
export const isVolumePane = (shown) => shown?.source.kind === "volume";
/** @param {Pane | null | undefined} shown @returns {shown is SpacePane} */
export const isSpacePane = (shown) => shown?.source.kind === "rendered3d";
/** @param {Pane | null | undefined} shown @returns {shown is SlidePane} */
export const isSlidePane = (shown) => shown?.source.kind === "slide";

/** @param {{archive: string, study: string}} source */
export const studyKey = ({ archive, study }) => `${archive}/${study}`;
/** @param {SeriesSource} source */
export const seriesKey = ({ archive, study, series }) => `${archive}/${study}/${series}`;
/** Of the stack or the slide under a pane, whichever way it is shown. @param {Source} source */
export const stackKey = (source) => `${seriesKey(source)}/${source.kind === "slide" ? source.slide : source.stack}`;
/** @param {{series: string, stack: string}} source */
export const progressKey = ({ series, stack }) => `${series}/${stack}`;
/** @param {Source} source */
export const sourceKey = (source) => `${source.kind} ${stackKey(source)}`;
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
  const source = shown?.source;
  if (!source || source.kind === "slide") return null;
  const series = state.series[seriesKey(source)];
  if (!series) return glimpsed(state, shown);
  if ("error" in series) return null;
  return series.stacks.find(({ key }) => key === source.stack) ?? null;
}

/**
 * What stands for the stack under a pane while its series is being read.
 * @param {State} state
 * @param {Pane} shown
 * @returns {Stack | null}
 */
function glimpsed(state, shown) {
  const stack = isStackPane(shown) ? state.glimpses[seriesKey(shown.source)] : undefined;
  const isOne = stack?.entries.some((entry) => isShown(entry) && isStackPane(shown) && frameKey(entry) === frameKey({ instance: shown.instance ?? "", frame: shown.frame ?? 0 }));
  return stack && isOne ? stack : null;
}

/**
 * @param {State} state
 * @param {Pane | null} shown
 * @returns {Entry | null}
 */
export function entryOf(state, shown) {
  return isStackPane(shown) ? (stackOf(state, shown)?.entries[shown.index ?? -1] ?? null) : null;
}

/**
 * Find the pane's stack and image in what is known; unchanged while that isn't there yet.
 * @param {State} state
 * @param {Pane} shown
 * @returns {Pane}
 */
export function resolve(state, shown) {
  if (!isStackPane(shown)) return shown;
  const series = state.series[seriesKey(shown.source)];
  if (!series || "error" in series) return shown;
  if (!series.stacks.length) return asSlide(series, shown);
  const wanted = (/** @type {Entry} */ entry) =>
    isShown(entry)
      ? entry.instance === shown.instance && (shown.frame === null || entry.frame === shown.frame)
      : entry.gone === `${shown.instance}/${shown.frame}`;
  const named = series.stacks.find(({ key }) => key === shown.source.stack);
  const stack =
    (named?.entries.some(wanted) ? named : series.stacks.find(({ entries }) => entries.some(wanted))) ??
    named ??
    /** @type {Stack} */ (series.stacks[0]);
  const asked = shown.instance === null ? -1 : stack.entries.findIndex(wanted);
  const index = asked >= 0 ? asked : Math.min(shown.index ?? opening(stack), stack.entries.length - 1);
  const source = shown.source.stack === stack.key ? shown.source : { ...shown.source, stack: stack.key };
  return { ...shown, ...(isUntouched(shown) ? hung(stack) : {}), source, ...imageAt(stack, index) };
}

/** No hand has turned it, and no state was kept of it. @param {StackPane} shown */
function isUntouched({ source, index, instance, rotation, flip_horizontal, flip_vertical }) {
  return index === null && (instance === null || source.stack === "") && !rotation && !flip_horizontal && !flip_vertical;
}

/**
 * How the pictures of a stack are turned before a hand has touched them: a breast hangs by the standard.
 * @param {Stack | null} stack
 * @returns {Partial<Pick<StackPane, "rotation" | "flip_horizontal" | "flip_vertical">>}
 */
export const hung = (stack) => stack?.breast?.hang ?? {};

/**
 * A series that turns out to be one of slides shows its first.
 * @param {SeriesStacks} series
 * @param {StackPane} shown
 * @returns {Pane}
 */
function asSlide({ slides }, shown) {
  const { archive, study, series } = shown.source;
  const [first] = slides ?? [];
  return first ? slidePane({ kind: "slide", archive, study, series, slide: first.key }, { text: shown.text }) : shown;
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
 * @returns {Partial<StackPane>}
 */
export function imageAt(stack, index) {
  const entry = stack.entries[index];
  return isShown(entry) ? { index, instance: entry.instance, frame: entry.frame } : { index };
}

/** Of whom the page shows a study, as the server marks it. @param {State} state @param {string} key */
export function personOf({ studies }, key) {
  const study = studies[key];
  return study && !("error" in study) ? study.patient.identity : undefined;
}

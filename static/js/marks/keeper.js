/** Keeps the lines of the studies on the screen: what a person wants is shown at once and sent until it is saved. */

/** @import { Ground } from "../viewer/surface.js" */
/** @import { Mark, Measurement, Point, Wanted } from "./marks.js" */
import { uuid } from "../shared/uuid.js";
import { passes } from "../side/outbox.js";
import { difference, groundOf, samePoints, wantedOf } from "./marks.js";

/**
 * What the keeper asks of the server; each answer may be an error with words and a status.
 * @typedef {object} Door
 * @property {(archive: string, study: string) => Promise<{measurements: Measurement[], may_mark: boolean}>} list
 * @property {(archive: string, study: string, body: object) => Promise<Measurement>} add
 * @property {(id: string, body: object) => Promise<Measurement>} change
 * @property {(study: string) => string | undefined} [identity] of whom the page shows a study now
 */

/** @typedef {{id: string, before: Wanted, after: Wanted}} Step one change of a person, to be undone */

const MOST_STEPS = 200;

/** An answer of 409 brings the present row along. @param {unknown} error @returns {Measurement | null} */
const presentOf = (error) => /** @type {{body?: {measurement?: Measurement}}} */ (error)?.body?.measurement ?? null;
/** @param {unknown} error @returns {string} */
const wordsOf = (error) => (error instanceof Error && error.message ? error.message : String(error));

export class Keeper {
  /** @type {Map<string, Mark>} */
  #marks = new Map();
  /** @type {Map<string, boolean>} per study: whether this user may measure */
  #may = new Map();
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Step[]} */
  #done = [];
  /** @type {Step[]} */
  #undone = [];
  /** @type {string | null} */
  #selected = null;
  /** Counts what happens, so that an answer isn't taken for newer than what was saved while it was under way. */
  #clock = 0;
  /** @type {Map<string, number>} by mark: when it was saved last */
  #saved = new Map();
  /** @type {Set<string>} marks whose last try failed for a reason that passes */
  #passing = new Set();

  /**
   * @param {Door} door
   * @param {{newId?: () => string, saved?: (mark: Mark) => void, overtaken?: (mark: Mark) => void}} [more]
   */
  constructor(door, { newId = uuid, saved = () => {}, overtaken = () => {} } = {}) {
    this.door = door;
    this.newId = newId;
    this.saved = saved;
    this.overtaken = overtaken;
  }

  /** @param {() => void} listener called after every change */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** What is there, in the order of drawing, without what was taken away. @returns {Mark[]} */
  get marks() {
    return [...this.#marks.values()].filter(({ wanted }) => !wanted.deleted);
  }

  /** @param {string} study key */
  of(study) {
    return this.marks.filter((mark) => mark.study === study);
  }

  /** @param {string} id */
  mark(id) {
    return this.#marks.get(id) ?? null;
  }

  get selected() {
    return this.#selected;
  }

  /** @param {string | null} id */
  select(id) {
    if (id === this.#selected) return;
    this.#selected = id;
    this.#tell();
  }

  /** Whether the user may measure in a study; false while that isn't known. @param {string} study key */
  mayMark(study) {
    return this.#may.get(study) ?? false;
  }

  /** Whether the study's lines were heard of. @param {string} study key */
  isKnown(study) {
    return this.#may.has(study);
  }

  /** Ask for a study's lines. @param {string} archive @param {string} study */
  async fetch(archive, study) {
    const asked = ++this.#clock;
    this.receive(archive, study, await this.door.list(archive, study), asked);
  }

  /**
   * @param {string} archive
   * @param {string} study
   * @param {{measurements: Measurement[], may_mark: boolean}} told
   * @param {number} [asked] when
   */
  receive(archive, study, { measurements, may_mark }, asked = Infinity) {
    const key = `${archive}/${study}`;
    const isNewer = (/** @type {string} */ id) => (this.#saved.get(id) ?? 0) > asked;
    this.#may.set(key, may_mark);
    const told = new Map(measurements.map((row) => [row.id, row]));
    for (const [id, mark] of this.#marks) {
      if (mark.study !== key || told.has(id) || isNewer(id) || this.#isPending(mark)) continue;
      // Taken away by another window; what was taken away here stays, so that it can be brought back.
      if (mark.row && !mark.row.deleted) this.#marks.delete(id);
    }
    for (const row of measurements) {
      const there = this.#marks.get(row.id);
      if (!there) this.#marks.set(row.id, { id: row.id, study: key, ground: groundOf(archive, study, row), wanted: wantedOf(row), row, busy: false, failed: "" });
      else if (!this.#isPending(there) && !isNewer(row.id) && (there.row === null || row.version >= there.row.version)) Object.assign(there, { row, wanted: wantedOf(row), failed: "" });
      else if (there.row && row.version === there.row.version) there.row = row;
    }
    if (this.#selected && !this.#marks.has(this.#selected)) this.#selected = null;
    this.#tell();
  }

  /**
   * A new line: on the screen now, on its way to the server.
   * @param {Ground} ground
   * @param {Point[]} points
   */
  draw(ground, points) {
    const id = this.newId();
    const wanted = { points, label: "", deleted: false };
    this.#marks.set(id, { id, study: `${ground.archive}/${ground.study}`, ground, wanted, row: null, busy: false, failed: "" });
    this.#selected = id;
    this.#step(id, { ...wanted, deleted: true }, wanted);
    return id;
  }

  /**
   * @param {string} id
   * @param {Partial<Wanted>} difference
   */
  change(id, difference) {
    const mark = this.#marks.get(id);
    if (!mark || (mark.row && !mark.row.mine)) return;
    const after = { ...mark.wanted, ...difference };
    if (after.label === mark.wanted.label && after.deleted === mark.wanted.deleted && samePoints(after.points, mark.wanted.points)) return;
    if (after.deleted && this.#selected === id) this.#selected = null;
    this.#step(id, mark.wanted, after);
  }

  /** @returns {boolean} whether there was something to undo */
  undo() {
    return this.#go(this.#done, this.#undone, "before");
  }

  /** @returns {boolean} */
  redo() {
    return this.#go(this.#undone, this.#done, "after");
  }

  /** Send again what could not be saved. @param {string} [id] one of them */
  retry(id) {
    for (const mark of this.#marks.values()) {
      if (mark.failed && (id === undefined || mark.id === id)) void this.#send(mark);
    }
  }

  /** A person wants a line saved that was refused, having seen of whom the study is now. @param {string} id */
  insist(id) {
    const mark = this.#marks.get(id);
    if (mark) mark.identity = this.door.identity?.(mark.study);
    this.retry(id);
  }

  /** Whether something failed that another try may do. */
  get mayPass() {
    return [...this.#marks.values()].some(({ id, failed, busy }) => failed && !busy && this.#passing.has(id));
  }

  /** Send again what failed for a reason that passes. */
  retryPassing() {
    for (const id of [...this.#passing]) this.retry(id);
  }

  /**
   * Lines that weren't saved before the page was loaded again: shown, and on their way.
   * @param {readonly Pick<Mark, "id" | "study" | "ground" | "wanted" | "row" | "identity">[]} kept
   */
  restore(kept) {
    for (const mark of kept) {
      if (this.#marks.has(mark.id)) continue;
      const restored = { ...mark, busy: false, failed: "" };
      this.#marks.set(mark.id, restored);
      void this.#send(restored);
    }
  }

  /** Lines that aren't saved. @returns {Mark[]} */
  get unsaved() {
    return [...this.#marks.values()].filter((mark) => this.#isPending(mark));
  }

  /**
   * @param {string} id
   * @param {Wanted} before
   * @param {Wanted} after
   */
  #step(id, before, after) {
    this.#done = [...this.#done.slice(1 - MOST_STEPS), { id, before, after }];
    this.#undone = [];
    this.#want(id, after);
  }

  /**
   * @param {Step[]} from
   * @param {Step[]} to
   * @param {"before" | "after"} side
   * @returns {boolean}
   */
  #go(from, to, side) {
    const step = from.pop();
    if (!step) return false;
    to.push(step);
    if (!this.#marks.has(step.id)) return this.#go(from, to, side);
    this.#selected = step[side].deleted ? null : step.id;
    this.#want(step.id, step[side]);
    return true;
  }

  /** @param {string} id @param {Wanted} wanted */
  #want(id, wanted) {
    const mark = this.#marks.get(id);
    if (!mark) return;
    mark.wanted = wanted;
    mark.identity = this.door.identity?.(mark.study);
    void this.#send(mark);
  }

  /** @param {Mark} mark */
  #isPending(mark) {
    if (mark.busy || mark.failed) return true;
    return mark.row ? difference(mark.wanted, mark.row) !== null : !mark.wanted.deleted;
  }

  /**
   * Until the server has what is wanted: one step after the other, since each needs the version of the one before.
   * @param {Mark} mark
   */
  async #send(mark) {
    if (mark.busy) return this.#tell();
    try {
      for (let body = this.#next(mark); body; body = this.#next(mark)) {
        mark.busy = true;
        this.#tell();
        const { archive, study } = mark.ground;
        const row = mark.row ? await this.door.change(mark.id, body) : await this.door.add(archive, study, body);
        if (!mark.row || row.version > mark.row.version) mark.row = row;
        this.#saved.set(mark.id, ++this.#clock);
        this.saved(mark);
      }
      mark.failed = "";
      this.#passing.delete(mark.id);
    } catch (error) {
      if (passes(error)) this.#passing.add(mark.id);
      else this.#passing.delete(mark.id);
      const present = presentOf(error);
      if (present) {
        // Another window was faster: what it made is shown, and what was wanted here lies in "undo".
        Object.assign(mark, { row: present, wanted: wantedOf(present), failed: "" });
        this.overtaken(mark);
      } else {
        mark.failed = wordsOf(error);
      }
    }
    mark.busy = false;
    this.#tell();
  }

  /** @param {Mark} mark @returns {object | null} what is to be sent next */
  #next({ id, ground, wanted, row, identity }) {
    if (row) {
      const body = difference(wanted, row);
      return body && { version: row.version, ...(identity && { identity }), ...body };
    }
    if (wanted.deleted) return null;
    const { space, series, instance, frame, stack, plane, frame_of_reference } = ground;
    return { id, space, series, instance, frame, stack, plane, frame_of_reference: frame_of_reference ?? "", points: wanted.points, label: wanted.label, ...(identity && { identity }) };
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** A volume that turns by itself about the body's axis, picture by picture: pure changes of state, and who makes them in time. */

/** @import { Pictures } from "./pictures.js" */
/** @import { Plane, SpaceSource, State, Vector } from "./state.js" */
/** @import { Store } from "../shared/store.js" */
/** @import { Viewport } from "./viewport.js" */
import { aimOf } from "./aims.js";
import { changePane } from "./panes.js";
import { isSpacePane, paneAt, visible } from "./state.js";
import { turned } from "./vectors.js";

/** A turn of so many pictures, as those of a rotating MIP have always been. */
export const PICTURES = 72;
/** Milliseconds that each stands, at least. */
const STANDS = 80;
/** Pictures asked for before they are needed. */
const AHEAD = 3;
/** Of a look along the body, the patient's long axis is none to turn about. */
const ALONG = 0.9;

/** A pane that turns: from which camera, and how many pictures ago. @typedef {{pane: number, source: SpaceSource, from: Plane, step: number}} Spin */

/** The axis that a volume is turned about to the side. @param {Plane} plane @returns {Vector} */
export const bodyAxis = ({ look, up }) => (Math.abs(look[2]) > ALONG ? up : [0, 0, up[2] < 0 ? -1 : 1]);

/** A camera turned to the side. @param {Plane} plane @param {number} steps of a whole turn's PICTURES @returns {Plane} */
export function stepped(plane, steps) {
  const whole = ((steps % PICTURES) + PICTURES) % PICTURES;
  if (whole === 0) return plane;
  const [axis, angle] = [bodyAxis(plane), (-2 * Math.PI * whole) / PICTURES];
  return { point: plane.point, look: turned(plane.look, axis, angle), up: turned(plane.up, axis, angle) };
}

/** @param {State} state @param {number} [index] of the pane */
export const isSpinning = ({ spinning }, index) => spinning !== null && (index === undefined || spinning.pane === index);

/** @param {State} state @returns {State} the active pane turns, or stands */
export function spin(state) {
  const shown = paneAt(state);
  if (isSpinning(state, state.active)) return { ...state, spinning: null };
  return isSpacePane(shown) ? { ...state, spinning: { pane: state.active, source: shown.source, from: shown.plane, step: 0 } } : state;
}

/** @param {State} state @returns {State} one picture on */
export function on(state) {
  const { spinning } = state;
  if (!spinning) return state;
  const step = spinning.step + 1;
  return changePane({ ...state, spinning: { ...spinning, step } }, { plane: stepped(spinning.from, step) }, spinning.pane);
}

/** Whether nothing but the turning has moved the camera since, and it is on the screen. @param {State} state */
export function isUndisturbed(state) {
  const { spinning } = state;
  if (!spinning) return true;
  const shown = paneAt(state, spinning.pane);
  const expected = stepped(spinning.from, spinning.step);
  return visible(state).includes(spinning.pane) && isSpacePane(shown) && shown.source === spinning.source && expected.look.every((part, axis) => part === shown.plane.look[axis]);
}

export class Spinner {
  #isRunning = false;

  /**
   * @param {Store<State>} store
   * @param {readonly Viewport[]} viewports
   * @param {Pictures} pictures
   */
  constructor(store, viewports, pictures) {
    this.store = store;
    this.viewports = viewports;
    this.pictures = pictures;
    store.watch((state) => state, (state) => {
      if (state.spinning && !isUndisturbed(state)) store.update((now) => ({ ...now, spinning: null }));
      else if (state.spinning && !this.#isRunning) void this.#run();
    });
  }

  /** On once the next picture is there, and the last one has stood for its time. */
  async #run() {
    this.#isRunning = true;
    while (this.store.state.spinning) {
      const due = performance.now() + STANDS;
      const painted = this.#painted();
      await this.pictures.ahead(this.#wishes());
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      if (!this.store.state.spinning) break;
      this.store.update(on);
      await painted;
    }
    this.#isRunning = false;
  }

  /** When the pane that turns is painted next; not waited for longer than a picture may take. */
  #painted() {
    const viewport = this.viewports[this.store.state.spinning?.pane ?? -1];
    return new Promise((resolve) => {
      const done = () => {
        stop?.();
        clearTimeout(timer);
        resolve(undefined);
      };
      const stop = viewport?.painted.onDrawn(done);
      const timer = setTimeout(done, 2000);
    });
  }

  /** @returns {import("./wishes.js").Wish[]} what the viewport will ask for */
  #wishes() {
    let { state } = this.store;
    const wishes = [];
    for (let each = 0; each < AHEAD; each++) {
      state = on(state);
      const { spinning } = state;
      const [shown, viewport] = [spinning && paneAt(state, spinning.pane), spinning && this.viewports[spinning.pane]];
      const aim = viewport && isSpacePane(shown) ? aimOf(state, shown, viewport.size) : null;
      const wish = aim && "wish" in aim ? aim.wish(null, true) : null;
      if (wish) wishes.push(wish);
    }
    return wishes;
  }
}

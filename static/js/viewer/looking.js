/** What the server is told of where a hand is, so that it fetches what comes next. */

/** @import { Pictures } from "./pictures.js" */
/** @import { PicturePane, State } from "./state.js" */
import { indexAtServer } from "./growth.js";
import { paced } from "./pace.js";
import { stackOf } from "./state.js";

/** Between two words to the server of where a hand is that moves along (ms). */
const LOOKED = 100;

/**
 * @param {Pictures} pictures
 * @param {number} place of the pane
 * @returns {(state: State, pane: PicturePane, index: number | null, direction: number) => void} index: of the slice that is
 *   needed first, null while nobody knows which it is; direction: 1 or -1
 */
export function lookAhead(pictures, place) {
  const looked = paced(LOOKED);
  return (state, pane, index, direction) => {
    if (index === null) return;
    const { archive, study, series, stack } = pane.source;
    const listed = indexAtServer(stackOf(state, pane)?.entries ?? [], index);
    const looking = { archive, study, series, stack, index: listed, direction };
    looked(() => pictures.stand(`looking ${place}`, { looking }));
  };
}

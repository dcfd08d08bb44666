/** A long image is listed as one run of frames, and has an entry for each in the page. */

/** @import { Entry } from "./listed.js" */

/**
 * @param {any} answer what the server says of a series' stacks, or an error
 * @returns {any} the same, every entry by itself
 */
export function oneByOne(answer) {
  for (const stack of answer?.stacks ?? []) stack.entries = stack.entries.flatMap(ofRun);
  return answer;
}

/**
 * @param {Entry & {frames?: number}} entry
 * @returns {Entry[]}
 */
function ofRun({ frames, ...entry }) {
  if (frames === undefined || !("instance" in entry)) return [entry];
  return Array.from({ length: frames }, (_, at) => ({ ...entry, frame: entry.frame + at }));
}

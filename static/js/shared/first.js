/** What can wait until the first picture is on the screen waits for it: until then the machine is the picture's. */

/** The page waits no longer, in milliseconds: it may have no picture, or a slow one. */
const LONGEST = 1500;

/** @type {(() => void)[] | null} null once the picture is there */
let waiting = [];

/** @param {() => void} work done now if the first picture is there, else after its paint */
export function afterFirst(work) {
  if (waiting) waiting.push(work);
  else work();
}

/** The first picture is being painted, or there is none. */
export function firstIsThere() {
  const works = waiting;
  waiting = null;
  if (works?.length) setTimeout(() => works.forEach((work) => work()));
}

if (globalThis.document) setTimeout(firstIsThere, LONGEST);

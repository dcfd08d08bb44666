/** Not more often than the other side needs it. */

/**
 * Something that is done at once, but again only after a while; of several in between, the last is done then.
 * @param {number} milliseconds
 * @returns {(work: () => void) => void}
 */
export function paced(milliseconds) {
  let last = -Infinity;
  let timer = 0;
  return (work) => {
    clearTimeout(timer);
    const left = last + milliseconds - performance.now();
    const now = () => {
      last = performance.now();
      work();
    };
    if (left <= 0) now();
    else timer = setTimeout(now, left);
  };
}

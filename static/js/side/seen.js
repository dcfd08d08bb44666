/** When a message counts as read: the page is on the screen, and the message in view, for a second. */

const LONG_ENOUGH = 1000;

/**
 * @param {HTMLElement} scroller that holds elements with data-seq
 * @param {() => number | null} last the seq that is still to be read; null for none
 * @param {(seq: number) => void} onSeen
 * @returns {{look: () => void}} look: something has changed
 */
export function whenSeen(scroller, last, onSeen) {
  /** @type {Set<Element>} */
  const inView = new Set();
  let timer = 0;
  let waitingFor = 0;

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    }
    look();
  }, { root: scroller, threshold: 0.5 });

  /** @returns {number} the newest message in view that is still to be read; 0 for none */
  function candidate() {
    const until = last();
    if (until === null || document.visibilityState !== "visible") return 0;
    const there = [...inView].filter(({ isConnected }) => isConnected).map((each) => Number(/** @type {HTMLElement} */ (each).dataset["seq"]));
    return Math.max(0, ...there.filter((seq) => seq <= until));
  }

  function look() {
    for (const each of scroller.querySelectorAll("[data-seq]")) observer.observe(each);
    const now = candidate();
    if (now === waitingFor) return;
    clearTimeout(timer);
    waitingFor = now;
    if (now) timer = setTimeout(settle, LONG_ENOUGH);
  }

  function settle() {
    const seq = waitingFor;
    waitingFor = 0;
    if (seq && candidate() >= seq) onSeen(seq);
  }

  document.addEventListener("visibilitychange", look);
  return { look };
}

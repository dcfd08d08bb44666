/** The one place state changes; listeners hear only when the part they chose is a new object. */

/**
 * @template S
 * @typedef {object} Store
 * @property {S} state
 * @property {(change: (state: S) => S) => void} update
 * @property {<P>(part: (state: S) => P, render: (shown: P) => void, signal?: AbortSignal) => void} watch
 */

/**
 * @template S
 * @param {S} state
 * @param {(before: S, after: S) => S} [followed] what each change brings with it
 * @returns {Store<S>}
 */
export function createStore(state, followed = (_before, after) => after) {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    get state() {
      return state;
    },
    update(change) {
      const next = followed(state, change(state));
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    watch(part, render, signal) {
      let shown = part(state);
      const listener = () => {
        const now = part(state);
        if (now !== shown) render((shown = now));
      };
      listeners.add(listener);
      signal?.addEventListener("abort", () => listeners.delete(listener));
      render(shown);
    },
  };
}

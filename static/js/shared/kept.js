/** What a page keeps in the browser over a reload, until the server has it. */

/**
 * Return the list that is kept under a key; none where it can't be read.
 * @param {Pick<Storage, "getItem">} storage
 * @param {string} key
 * @returns {any[]}
 */
export function kept(storage, key) {
  try {
    const found = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/**
 * Keep text under a key, nothing for an empty one. Where the browser keeps nothing, the page itself remembers.
 * @param {Pick<Storage, "setItem" | "removeItem">} storage
 * @param {string} key
 * @param {string} text
 */
export function keep(storage, key, text) {
  try {
    if (text) storage.setItem(key, text);
    else storage.removeItem(key);
  } catch {
    // Full or forbidden: what is written lives as long as the page.
  }
}

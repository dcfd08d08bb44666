/** Which exam of the list is the selected one: it survives every refresh of the table. */

/** @returns {HTMLTableRowElement[]} */
export function rows() {
  return [.../** @type {NodeListOf<HTMLTableRowElement>} */ (document.querySelectorAll("#exams tbody tr"))];
}

/** @returns {HTMLTableRowElement | undefined} */
export function selected() {
  return rows().find((row) => row.ariaSelected === "true");
}

/**
 * Where a key leads from `index` in a list of `count` rows; undefined for keys that don't move.
 * @param {string} key
 * @param {number} index
 * @param {number} count
 * @param {number} page rows that fit on the screen
 * @returns {number | undefined}
 */
export function target(key, index, count, page) {
  /** @type {Record<string, number>} */
  const places = {
    ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: count - 1,
  };
  const place = Object.hasOwn(places, key) ? places[key] : undefined;
  return place === undefined ? undefined : Math.max(0, Math.min(count - 1, place));
}

/**
 * @param {HTMLTableRowElement} row
 * @param {{ focus?: boolean }} [options] focus: also move the keyboard there, and the row into view
 */
export function select(row, { focus = false } = {}) {
  for (const other of rows()) {
    other.ariaSelected = other === row ? "true" : "false";
    other.tabIndex = other === row ? 0 : -1;
  }
  if (focus) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

/** What must outlive a refresh of the table. */
export class Remembered {
  constructor() {
    this.id = "";
    this.index = 0;
    this.scrollTop = 0;
    this.hadFocus = false;
  }

  /** Note what is selected now, and where the list is scrolled to. */
  note() {
    const all = rows();
    const row = selected();
    if (!row) return;
    this.id = row.id;
    this.index = all.indexOf(row);
    this.scrollTop = document.getElementById("scroll")?.scrollTop ?? 0;
    this.hadFocus = document.activeElement instanceof HTMLTableRowElement || document.activeElement === document.body;
  }

  /** Select the same exam again; if it has left the list, the one that took its place. */
  restore() {
    const all = rows();
    const row = all.find(({ id }) => id === this.id) ?? all[Math.min(this.index, all.length - 1)];
    if (!row) return;
    select(row);
    const scroll = document.getElementById("scroll");
    if (scroll) scroll.scrollTop = this.scrollTop;
    if (this.hadFocus) row.focus({ preventScroll: true });
  }
}

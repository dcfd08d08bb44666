/** Parts of a page that change by themselves: fetched again now and then, and put in place only where they differ. */

/**
 * Fetches `?parts` every so often; elements with `data-live` are matched by their id. What has the focus, or is being
 * typed into, stays.
 * @param {number} seconds
 */
export function keepFresh(seconds) {
  setInterval(() => {
    if (!document.hidden) void refresh();
  }, seconds * 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void refresh();
  });
}

let asking = false;

async function refresh() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("?parts", { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 404) return location.reload();
    if (answer.ok) show(await answer.text());
  } catch {
    // The line is down: what stands there is as old as it says.
  } finally {
    asking = false;
  }
}

/** @param {string} html as our own server wrote it */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(old.id);
    if (!next || next.isEqualNode(old)) continue;
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    if (held?.id && next.querySelector(`#${CSS.escape(held.id)}`)) {
      old.replaceWith(next);
      document.getElementById(held.id)?.focus();
    } else if (!held) old.replaceWith(next);
  }
}

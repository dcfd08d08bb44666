/** What the page's head asks for before any script is here: each answer is taken once, by whoever asks for it first. */

/** @type {Map<string, Promise<Response>>} */
const asked = new Map();

for (const link of globalThis.document?.querySelectorAll('link[rel="preload"][as="fetch"]') ?? []) {
  const address = link.getAttribute("href") ?? "";
  const answer = fetch(address, { redirect: "manual" });
  answer.catch(() => {}); // whoever takes it hears of it
  asked.set(address, answer);
}

/**
 * @param {string} address
 * @returns {Promise<Response> | undefined} undefined where the head didn't ask, or the answer was taken
 */
export function take(address) {
  const answer = asked.get(address);
  asked.delete(address);
  return answer;
}

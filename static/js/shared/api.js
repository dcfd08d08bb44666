/** Our own REST addresses: fetch with the CSRF token, and errors that carry words for people. */

import { take } from "./early.js";
import { gettext } from "./i18n.js";

/** An answer that wasn't the one hoped for; `status` 0 means that none came, `body` is what the server said in JSON. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} words
   * @param {any} [body]
   */
  constructor(status, words, body = null) {
    super(words);
    this.name = "ApiError";
    this.status = status;
    this.body = body;
  }
}

/** @returns {string} the token that Django expects with every change */
export function csrfToken() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta instanceof HTMLMetaElement ? meta.content : "";
}

/**
 * @param {number} status
 * @returns {string}
 */
function wordsFor(status) {
  if (status === 401) return gettext("You are logged out. Please log in again.");
  if (status === 403) return gettext("This isn't allowed.");
  if (status === 404) return gettext("Not here, or not yours to see.");
  if (status === 429) return gettext("Too many requests. Please wait a moment.");
  return gettext("The server could not do this.");
}

/**
 * @param {Response} response
 * @returns {Promise<ApiError>} with what the server says went wrong, else our own words for the status
 */
async function complaint(response) {
  const { status } = response;
  if (!response.headers.get("Content-Type")?.includes("json")) return new ApiError(status, wordsFor(status));
  const said = await response.json().catch(() => null);
  const words = said?.detail ?? said?.words ?? said?.error;
  return new ApiError(status, typeof words === "string" && words !== "" ? words : wordsFor(status), said);
}

/**
 * @param {string} address
 * @param {{ method?: string, body?: unknown, signal?: AbortSignal, accept?: string, renewal?: boolean }} [options]
 *   renewal: the page repeats this by itself, no hand has moved
 * @returns {Promise<Response>} only successful ones; everything else is thrown as ApiError, an abort as AbortError
 */
export async function request(address, { method = "GET", body, signal, accept = "application/json", renewal = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept };
  if (method !== "GET" && method !== "HEAD") headers["X-CSRFToken"] = csrfToken();
  if (renewal) headers["X-Samsyn-Renewal"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await ((method === "GET" && take(address)) || fetch(address, {
      method, headers, signal, credentials: "same-origin", redirect: "manual",
      body: body === undefined ? undefined : JSON.stringify(body),
    }));
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, gettext("The server does not answer."));
  }
  // Only pages redirect, and only to the login.
  if (response.type === "opaqueredirect") throw new ApiError(401, wordsFor(401));
  if (!response.ok) throw await complaint(response);
  return response;
}

/**
 * @param {string} address
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<any>}
 */
export async function getJson(address, { signal } = {}) {
  return (await request(address, { signal })).json();
}

/**
 * @param {string} address
 * @param {unknown} body
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<any>} null where the server answers without a body
 */
export async function putJson(address, body, { signal } = {}) {
  const response = await request(address, { method: "PUT", body, signal });
  return response.status === 204 ? null : response.json();
}

/**
 * @param {string} address
 * @param {unknown} body
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<any>} null where the server answers without a body
 */
export async function postJson(address, body, { signal } = {}) {
  const response = await request(address, { method: "POST", body, signal });
  return response.status === 204 ? null : response.json();
}

/**
 * @param {string} address
 * @param {unknown} body
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<any>}
 */
export async function patchJson(address, body, { signal } = {}) {
  return (await request(address, { method: "PATCH", body, signal })).json();
}

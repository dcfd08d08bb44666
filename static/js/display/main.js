/** The page of the display check: draws the pattern, sets the ruler, and sends along which screen it is. */

import { find, svg } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { devicePixels } from "../viewer/drawing.js";
import { pattern } from "./pattern.js";
import { CARD_MM, PRESUMED, cardWidth, mmPerPx, moved, within } from "./ruler.js";

/** @typedef {{ width: number, height: number, ratio: number, depth: number }} Screen */

const BAR_MM = 50;

const canvas = /** @type {HTMLCanvasElement} */ (find("#pattern"));
const form = /** @type {HTMLFormElement} */ (find("form.half"));
const card = find("#card");
const edge = find("#edge");
/** @type {(Screen & { mm_per_px: number | null }) | null} */
const last = JSON.parse(find("#last-screen").textContent ?? "null");

/** @returns {Screen} in CSS pixels, device pixels of one, bits */
function present() {
  return { width: screen.width, height: screen.height, ratio: devicePixelRatio, depth: screen.colorDepth };
}

/**
 * Whether something was found on the screen, at the scaling and zoom, that the page is on now.
 * @param {Screen | null} then
 */
function isHere(then) {
  const now = present();
  return then !== null && then.width === now.width && then.height === now.height &&
    Math.abs(then.ratio - now.ratio) < 1e-6 && then.depth === now.depth;
}

function tellOther() {
  const place = find("#other");
  place.hidden = last === null || isHere(last);
  if (last === null || place.hidden) return;
  const spelled = (/** @type {Screen} */ { width, height, ratio, depth }) => `${width} × ${height}, × ${Number(ratio.toFixed(3))}, ${depth} bit`;
  place.textContent = interpolate(
    gettext("That was another screen, scaling or zoom ({then}; now {now}): check this one as well."),
    { then: spelled(last), now: spelled(present()) },
  );
}

/**
 * @param {number} width device pixels
 * @param {number} height device pixels
 */
function draw(width, height) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("this browser draws no canvas");
  for (const part of pattern(width, height)) {
    context.fillStyle = `rgb(${part.grey} ${part.grey} ${part.grey})`;
    context.fillRect(part.x, part.y, part.width, part.height);
  }
}

function drawWhenSized() {
  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = devicePixels(canvas, entry?.devicePixelContentBoxSize?.[0]);
    draw(width, height);
  });
  try {
    observer.observe(canvas, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(canvas); // Safari doesn't know the exact box.
  }
}

async function toggleFull() {
  await (document.fullscreenElement ? document.exitFullscreen() : canvas.requestFullscreen({ navigationUI: "hide" }));
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const { target } = event;
  if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (target instanceof HTMLTextAreaElement) return;
  event.preventDefault();
  void toggleFull();
}

/** @param {string} name */
function field(name) {
  return /** @type {HTMLInputElement} */ (find(`input[name="${name}"]`, form));
}

let width = cardWidth(PRESUMED); // of the card, CSS pixels
/** @type {Screen | null} where a hand has fitted it, now or at the last check */
let fitted = null;

function showRuler() {
  const [mm, isSet] = [mmPerPx(width), isHere(fitted)];
  card.style.width = `${width}px`;
  card.style.height = `${CARD_MM.height / mm}px`;
  edge.setAttribute("aria-valuemin", String(Math.round(within(0))));
  edge.setAttribute("aria-valuemax", String(Math.round(within(Infinity))));
  edge.setAttribute("aria-valuenow", width.toFixed(1));
  const words = interpolate(gettext("{mm} mm per pixel of the page"), { mm: mm.toFixed(4) });
  edge.setAttribute("aria-valuetext", words);
  find("#scale").textContent = isSet ? words : gettext("Not set yet: the outline has the size that browsers presume.");
  find("#bar").replaceChildren(ticks(mm));
  field("mm_per_px").value = isSet ? mm.toFixed(6) : "";
}

/** @param {number} mm of one CSS pixel */
function ticks(mm) {
  const marks = Array.from({ length: BAR_MM + 1 }, (_, at) => {
    const [x, height] = [at / mm, at % 10 === 0 ? 16 : at % 5 === 0 ? 11 : 7];
    return svg("line", { x1: x, x2: x, y1: 0, y2: height });
  });
  const numbers = Array.from({ length: BAR_MM / 10 }, (_, index) => {
    const text = svg("text", { x: (10 * (index + 1)) / mm, y: 30, "text-anchor": "middle" });
    text.textContent = index + 1 === BAR_MM / 10 ? `${BAR_MM} mm` : String(10 * (index + 1));
    return text;
  });
  return svg("svg", { width: BAR_MM / mm + 40, height: 34, role: "img", "aria-label": `${BAR_MM} mm` },
    svg("line", { x1: 0, x2: BAR_MM / mm, y1: 0.5, y2: 0.5 }), ...marks, ...numbers);
}

/** @param {number} px */
function fit(px) {
  width = within(px);
  fitted = present();
  showRuler();
}

/** What was fitted elsewhere says nothing here: begin with the last check of this screen, or with what is presumed. */
function begin() {
  if (!isHere(fitted)) {
    const known = isHere(last) ? last?.mm_per_px : null;
    width = cardWidth(known ?? PRESUMED);
    fitted = known ? present() : null;
  }
  showRuler();
  tellOther();
}

/** A window that is carried to another screen may keep its size. */
function watchRatio() {
  const changed = () => {
    begin();
    watchRatio();
  };
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", changed, { once: true });
}

function listenToRuler() {
  edge.addEventListener("keydown", (event) => {
    const next = moved(event.key, event.shiftKey, width, devicePixelRatio);
    if (next === null) return;
    event.preventDefault();
    fit(next);
  });
  edge.addEventListener("pointerdown", (event) => {
    edge.setPointerCapture(event.pointerId);
    const [from, before] = [event.clientX, width];
    const drag = (/** @type {PointerEvent} */ { clientX }) => fit(before + clientX - from);
    edge.addEventListener("pointermove", drag);
    edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", drag), { once: true });
  });
}

drawWhenSized();
find("#full").addEventListener("click", () => void toggleFull());
document.addEventListener("keydown", onKey);
addEventListener("resize", begin);
watchRatio();
form.addEventListener("submit", () => {
  begin(); // The window may have been carried to another screen.
  const now = present();
  field("screen_width").value = String(now.width);
  field("screen_height").value = String(now.height);
  field("device_pixel_ratio").value = String(now.ratio);
  field("colour_depth").value = String(now.depth);
});
find("#full").hidden = !document.fullscreenEnabled;
listenToRuler();
begin();

"""What a hand sees while it drags the crosshair through a four-up of planes, on good and slow lines.

    python -m bench.crosshair [--runs 3] [--lines loopback 40/20] [--size 1280x900] [--slices 400]

A real Chromium shows a 512 × 512 CT with noise as three planes beside its stack. A hand drags the crosshair by a move
in every animation frame: `straight` in the axial plane, which moves coronal and sagittal; `oblique` in the stack while
the planes are turned about two axes, which moves all three; `turn` turns two planes by a line's end. A pointer's time
ends with the frame in which a pane shows what it asked for, or what a later one asked for. `first` is the time from the
key to the first picture of each plane once the store has the volume. Prints medians of the runs (of all panes that
move: the slowest), the time until the lines have followed, CPU time, and what all Chromium processes keep (PSS).
"""

import argparse
import json
import math
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from bench.hand import complete, ct, quality, viewer
from bench.servers import cpu_seconds, processes, proportional_bytes
from tests.line import Quality, line
from tests.serving import Served, serving

SECONDS = 5.0
STEP = 0.6  # CSS pixels for each input, to the right and downward
AXIAL, CORONAL, SAGITTAL, STACK = range(4)
MOVED = {"straight": (CORONAL, SAGITTAL), "oblique": (AXIAL, CORONAL, SAGITTAL), "turn": (CORONAL, SAGITTAL)}
FELT = 0.01  # mm

# Every paint of a new bitmap with what the page says of it; every change of a crosshair's lines.
WATCH = """(() => {
  const watch = window.__cross = {paints: [], inputs: [], lines: []};
  const shown = new WeakMap(), fresh = new Set();
  const channel = new MessageChannel();
  let waiting = [];
  channel.port1.onmessage = () => {
    watch.paints.push(...waiting.map(each => ({...each, at: performance.now()})));
    waiting = [];
  };
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (bitmap, ...rest) {
    const pane = this.canvas.closest('.pane');
    if (bitmap instanceof ImageBitmap && pane && shown.get(pane) !== bitmap) {
      shown.set(pane, bitmap);
      fresh.add(Number(pane.dataset.pane));
    }
    return draw.call(this, bitmap, ...rest);
  };
  const mark = performance.mark.bind(performance);
  performance.mark = (name, options) => {
    const {pane, plane, lossless} = options?.detail ?? {};
    if (name === 'painted' && fresh.delete(pane)) {
      if (!waiting.length) channel.port2.postMessage(0);
      const place = plane && plane.point.reduce((sum, part, axis) => sum + part * plane.look[axis], 0);
      waiting.push({pane, plane: Boolean(plane), lossless, place});
      if (plane) (window.__places ??= {})[pane] = place;
    }
    return mark(name, options);
  };
})()"""

HAND = """async ([kind, milliseconds, step]) => {
  const watch = window.__cross;
  const area = document.querySelectorAll('.pane .area')[kind === 'oblique' ? 3 : 0];
  const layer = area.querySelector('.crosshair');
  const box = area.getBoundingClientRect();
  let x = box.left + box.width * 0.38, y = box.top + box.height * 0.38;
  const centre = {x: box.left + box.width / 2, y: box.top + box.height / 2};
  if (kind === 'turn') {
    const circle = [...layer.querySelectorAll('.grip:not(.halo)')].find(each => each.getAttribute('d').includes('a'));
    const place = circle.getBoundingClientRect();
    x = place.left + place.width / 2; y = place.top + place.height / 2;
  }
  const pointer = (type, more) => area.dispatchEvent(new PointerEvent(type, {bubbles: true, cancelable: true,
    clientX: x, clientY: y, pointerId: 1, pointerType: 'mouse', isPrimary: true, ...more}));
  area.setPointerCapture = () => {};
  pointer('pointerdown', {button: 0, buttons: 1});
  await new Promise(done => setTimeout(done, 1500));
  for (const list of Object.values(watch)) list.length = 0;
  const places = {...window.__places};
  const observer = new MutationObserver(() => watch.lines.push(performance.now()));
  const lines = kind === 'oblique' ? document.querySelector('.pane .crosshair') : layer;
  observer.observe(lines, {childList: true});
  const end = performance.now() + milliseconds;
  await new Promise(done => {
    const move = () => {
      if (performance.now() > end) return done();
      if (kind === 'turn') {
        const [dx, dy] = [x - centre.x, y - centre.y];
        const angle = 0.003;
        x = centre.x + dx * Math.cos(angle) - dy * Math.sin(angle);
        y = centre.y + dx * Math.sin(angle) + dy * Math.cos(angle);
      } else { x += step; y += step; }
      watch.inputs.push(performance.now());
      pointer('pointermove', {button: -1, buttons: 1});
      requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
  });
  const ended = performance.now();
  pointer('pointerup', {button: 0, buttons: 0});
  await new Promise(done => setTimeout(done, 2000));
  observer.disconnect();
  return {...watch, ended, places};
}"""

FIRST = """() => new Promise(done => {
  const watch = window.__cross;
  for (const list of Object.values(watch)) list.length = 0;
  const began = performance.now();
  const key = {key: '#', code: 'Digit3', shiftKey: true, bubbles: true, cancelable: true};
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', key));
  const look = () => {
    const first = [0, 1, 2].map(pane => watch.paints.find(each => each.pane === pane && each.plane)?.at);
    if (first.every(Boolean)) done(first.map(at => at - began));
    else if (performance.now() - began > 20000) done([20000]);
    else setTimeout(look, 5);
  };
  look();
})"""


def waits(watched: dict[str, Any], pane: int, start: float) -> list[float]:
    """Return the ms from each input to the paint of a pane that shows it: places rise evenly with the inputs."""
    inputs = watched["inputs"]
    paints = [each for each in watched["paints"] if each["pane"] == pane and each["place"] is not None]
    if len(paints) < 2:
        return [math.inf]
    last = paints[-1]["place"]
    slope = (last - start) / len(inputs)
    found, place = [], 0
    way = math.copysign(1.0, slope)
    for number, at in enumerate(inputs, 1):
        wanted = (start + slope * number) * way - FELT
        while place < len(paints) and (paints[place]["place"] * way < wanted or paints[place]["at"] < at):
            place += 1
        if place < len(paints):
            found.append(paints[place]["at"] - at)
    return sorted(found)


def figures(watched: dict[str, Any], kind: str) -> dict[str, float]:
    """Return how the panes that move followed one drag."""
    inputs, ended = watched["inputs"], watched["ended"]
    seconds = (ended - inputs[0]) / 1000
    rates = {
        pane: sum(each["pane"] == pane and inputs[0] <= each["at"] <= ended for each in watched["paints"]) / seconds
        for pane in MOVED[kind]
    }
    found = {"pictures a second": min(rates.values()), "inputs a second": len(inputs) / seconds}
    if kind != "turn":
        times = [waits(watched, pane, watched["places"][str(pane)]) for pane in MOVED[kind]]
        found["pointer to paint p50 ms"] = max(each[len(each) // 2] for each in times)
        found["pointer to paint p95 ms"] = max(each[int(0.95 * len(each))] for each in times)
    lines, place, late = watched["lines"], 0, []
    for at in inputs:
        while place < len(lines) and lines[place] < at:
            place += 1
        if place < len(lines):
            late.append(lines[place] - at)
    late.sort()
    found["pointer to lines p95 ms"] = late[int(0.95 * len(late))] if late else math.nan
    settled = [each for each in watched["paints"] if each["at"] > ended and each["lossless"]]
    rest = [min((e["at"] for e in settled if e["pane"] == pane), default=math.nan) - ended for pane in MOVED[kind]]
    found["lossless after rest ms"] = max(rest)
    return found


def ready(page: Page, kind: str) -> None:
    """Straight planes through the middle with the crosshair in the hand, or planes turned about two axes."""
    areas = page.locator(".pane .area")
    areas.nth(AXIAL).focus()
    page.keyboard.press("Shift+X")
    page.keyboard.press("x")
    if kind == "oblique":
        for _ in range(4):
            page.keyboard.press("Alt+Shift+ArrowRight")
        areas.nth(CORONAL).focus()
        for _ in range(3):
            page.keyboard.press("Alt+Shift+ArrowRight")
    if kind == "turn":
        box = areas.nth(AXIAL).bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(1500)


def measured(served: Served, study: str, name: str, options: argparse.Namespace) -> None:
    """Print the medians of one line."""
    port = int(served.url.rpartition(":")[2])
    wide, _x, high = options.size.partition("x")
    asked = quality(name)
    rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in (*options.kinds, "first")}
    with line(port, asked or Quality(0, 1e12)) as slow:
        url = f"http://127.0.0.1:{slow.port}" if asked else served.url
        for _ in range(options.runs):
            with viewer(url, served, study, (int(wide), int(high)), watch=WATCH) as (page, browser):
                page.locator(".pane .area").first.focus()
                page.keyboard.press("Shift+1")
                page.locator("#thumbnails button.thumb").first.click()
                complete(page, served.process.pid)
                page.locator(".pane .area").first.focus()
                times = page.evaluate(FIRST)
                rows["first"].append({"first MPR ms": min(times), "all three ms": max(times)})
                for kind in options.kinds:
                    ready(page, kind)
                    before = cpu_seconds(served.process.pid), cpu_seconds(browser)
                    watched = page.evaluate(HAND, [kind, SECONDS * 1000, STEP])
                    made = max(1, len(watched["paints"]))
                    rows[kind].append(figures(watched, kind) | {
                        "server CPU ms a picture": 1000 * (cpu_seconds(served.process.pid) - before[0]) / made,
                        "browser CPU ms a picture": 1000 * (cpu_seconds(browser) - before[1]) / made,
                        "browser PSS MB": proportional_bytes(processes(browser)) / 1e6,
                    })  # fmt: skip
    for kind, of_kind in rows.items():
        medians = {figure: round(statistics.median(row[figure] for row in of_kind), 1) for figure in of_kind[0]}
        print(json.dumps({"line": name, "hand": kind, "size": options.size} | medians), flush=True)


def main() -> None:
    """Measure each line in turn."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--lines", nargs="+", default=["loopback", "40/20"])
    arguments.add_argument("--kinds", nargs="+", default=list(MOVED), choices=list(MOVED))
    arguments.add_argument("--size", default="1280x900")
    arguments.add_argument("--slices", type=int, default=400)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch:
        folder = Path(scratch)
        study = ct(folder, options.slices)
        with serving(folder) as served:
            for name in options.lines:
                measured(served, study, name, options)


if __name__ == "__main__":
    main()

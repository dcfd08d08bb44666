"""What a hand sees while it moves: painted pictures a second and the time from input to paint, on good and slow lines.

    python -m bench.hand [--runs 3] [--lines loopback 40/20 100/10] [--size 1280x900] [--slices 400]

A real Chromium shows one pane of a 512 × 512 CT with noise. A hand scrolls by a wheel event in every animation frame,
and drags the window by a move in every one; then it rests. In the end it scrolls to and fro, slower than the screen,
over slices that were shown in this window ("shown"), and on to neighbours that no hand was at ("prefetched").
Every input counts: its time ends with the frame of the screen that shows what it asked for, or what a later input asked
for. The slow lines are a proxy that delays and limits (round trip in ms / Mbit a second). Prints medians of the runs,
the CPU time of the server for a picture and of all Chromium processes, and what these keep in memory (PSS).
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from bench.servers import cpu_seconds, processes, proportional_bytes
from tests.chromium import ARGUMENTS, PATH
from tests.line import Quality, line
from tests.phantoms import speaking_phantom
from tests.serving import Served, serving

SIDE, NOISE = 512, 12.0
SECONDS = 5.0
RESTING = 2.0
KINDS = ("scroll", "window", "known")
# Where a hand starts (slice; width of the lung window), and how far each input goes: a slice; a 200th of the width.
FIRST, STEP = {"scroll": 1, "window": 1500}, {"scroll": 1, "window": 7.5}

# Which bitmap is on the canvas at the end of each frame of the screen, and what stands over it; what came by the wire.
WATCH = """(() => {
  const watch = window.__watch = {paints: [], inputs: [], arrived: [], asked: [], errors: []};
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  let shown = null, pending = false;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    pending = false;
    const area = document.querySelector('.pane .area');
    const words = ['.bottom-right', '.bottom-left'].map(corner => area.querySelector(corner).textContent).join(' ');
    watch.paints.push({at: performance.now(), words, sign: area.querySelector('.fidelity').dataset.sign ?? ''});
  };
  CanvasRenderingContext2D.prototype.drawImage = function (bitmap, ...rest) {
    if (bitmap instanceof ImageBitmap && bitmap !== shown) {
      shown = bitmap;
      if (!pending) { pending = true; channel.port2.postMessage(0); }
    }
    return draw.call(this, bitmap, ...rest);
  };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (words) {
    const {want} = JSON.parse(words);
    if (want) watch.asked.push({at: performance.now(), seq: want.seq, query: want.query});
    return send.call(this, words);
  };
  const listen = WebSocket.prototype.addEventListener;
  WebSocket.prototype.addEventListener = function (type, heard, ...rest) {
    const wrapped = event => {
      if (event.data instanceof ArrayBuffer) {
        const length = new DataView(event.data).getUint32(0);
        const {seq, took} = JSON.parse(new TextDecoder().decode(new Uint8Array(event.data, 4, length)));
        watch.arrived.push({at: performance.now(), seq, took, bytes: event.data.byteLength});
      }
      heard(event);
    };
    return listen.call(this, type, type === 'message' ? wrapped : heard, ...rest);
  };
})()"""

# One input for each animation frame; what it asks for is kept as a number that only grows.
HAND = """async ([kind, milliseconds, resting]) => {
  const area = document.querySelector('.pane .area');
  const watch = window.__watch;
  for (const list of Object.values(watch)) list.length = 0;
  const {left, top, width, height} = area.getBoundingClientRect();
  let x = Math.round(left + 80), y = Math.round(top + height / 2);
  const place = () => ({bubbles: true, cancelable: true, clientX: x, clientY: y});
  const mouse = {pointerId: 1, pointerType: 'mouse', isPrimary: true};
  const pointer = (type, more) => area.dispatchEvent(new PointerEvent(type, {...place(), ...mouse, ...more}));
  if (kind === 'window') {
    area.setPointerCapture = () => {};
    pointer('pointerdown', {button: 0, buttons: 1});
  }
  const end = performance.now() + milliseconds;
  let count = 0;
  await new Promise(done => {
    const step = () => {
      if (performance.now() > end) return done();
      count += 1;
      watch.inputs.push(performance.now());
      if (kind === 'window') { x += 1; pointer('pointermove', {button: -1, buttons: 1}); }
      else area.dispatchEvent(new WheelEvent('wheel', {...place(), deltaY: 100}));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  if (kind === 'window') pointer('pointerup', {button: 0, buttons: 0});
  await new Promise(done => setTimeout(done, resting));
  return watch;
}"""


# One input, a slice down or up, each so many milliseconds, and the slice that it asks for.
STEPS = """async ([path, gap, resting]) => {
  const area = document.querySelector('.pane .area');
  const watch = window.__watch;
  for (const list of Object.values(watch)) list.length = 0;
  const {left, top, width, height} = area.getBoundingClientRect();
  const place = {bubbles: true, cancelable: true, clientX: left + width / 2, clientY: top + height / 2};
  for (const [step, wanted] of path) {
    watch.inputs.push({at: performance.now(), wanted});
    area.dispatchEvent(new WheelEvent('wheel', {...place, deltaY: 100 * step}));
    await new Promise(done => setTimeout(done, gap));
  }
  await new Promise(done => setTimeout(done, resting));
  return watch;
}"""
# How far the hand goes over what was shown, how often, and over how many neighbours; ms between its steps.
FAR, TIMES, NEIGHBOURS, GAP = 20, 3, 8, 70


def ct(folder: Path, slices: int) -> str:
    """Write a CT of 512 × 512 with noise, as a scanner's is; return its Study Instance UID."""
    chance = np.random.default_rng(1)
    study = ""
    for number, dataset in enumerate(speaking_phantom(slices=slices, rows=SIDE, columns=SIDE)):
        values = dataset.pixel_array.astype(np.int32) + chance.normal(0, NOISE, (SIDE, SIDE)).astype(np.int32)
        dataset.PixelData = np.clip(values, 0, 4095).astype(np.uint16).tobytes()
        path = folder / f"{number:04}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        os.utime(path, (1e9, 1e9))  # a folder's file counts once it has stood still
        study = str(dataset.StudyInstanceUID)
    return study


def chromium_of(parent: int) -> int:
    """Return the process id of the browser that this process started."""
    for pid in processes(parent):
        name = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"chrom" in name[0] and not any(part.startswith(b"--type=") for part in name):
            return pid
    raise LookupError("no browser is running")


@contextmanager
def viewer(
    url: str, served: Served, study: str, size: tuple[int, int], watch: str = WATCH
) -> Iterator[tuple[Page, int]]:
    """Open a study in a new browser, over some line and with a script of its own; yield the page and its process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=ARGUMENTS)
        page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
        page.add_init_script(watch)
        page.goto(f"{url}/login/")
        page.click('form:has(input[value="radiologist"]) button')
        page.wait_for_url(f"{url}/")
        while not page.request.get(f"{url}/api/studies/main/{study}/").ok:
            time.sleep(0.2)  # the list hears of the folder a moment after the start
        page.goto(f"{url}/studies/{study}/")
        page.wait_for_selector(".fidelity:not([hidden])", timeout=60_000)
        yield page, chromium_of(os.getpid())
        browser.close()


# How much of the bar says that its slice is there.
PRESENT = """() => {
  const canvas = document.querySelector('.pane .bar canvas');
  const pixels = canvas.getContext('2d').getImageData(canvas.width >> 1, 0, 1, canvas.height).data;
  return pixels.filter((value, at) => at % 4 === 3 && value > 0).length / canvas.height;
}"""


def complete(page: Page, server: int) -> None:
    """Wait until the server has every slice and rests: what is measured is the hand. Raises TimeoutError."""
    deadline = time.monotonic() + 120
    while True:
        before = cpu_seconds(server)
        time.sleep(1)
        present = page.evaluate(PRESENT)
        if present > 0.995 and cpu_seconds(server) - before < 0.15:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {present:.0%} of the slices arrived, or the server never rests")


def reached(paints: list[dict[str, Any]], kind: str) -> list[tuple[float, float]]:
    """Return (time, how far) of each paint: the slice that it shows, or the window's width."""
    found = []
    for paint in paints:
        words = paint["words"]
        sign = "Image " if kind == "scroll" else "W "
        number = words.partition(sign)[2]
        digits = ""
        for letter in number:
            if not (letter.isdigit() or letter == "."):
                break
            digits += letter
        if digits:
            found.append((paint["at"], float(digits)))
    return found


def figures(watched: dict[str, Any], kind: str) -> dict[str, float]:
    """Return pictures a second and input-to-paint of one movement: the n-th input asks for FIRST + n * STEP."""
    inputs, paints = watched["inputs"], reached(watched["paints"], kind)
    began, ended = inputs[0], inputs[-1]
    moving = [at for at, _far in paints if began <= at <= ended]
    waits, place = [], 0
    for number, at in enumerate(inputs, 1):
        wanted = FIRST[kind] + number * STEP[kind] - 0.51  # a window is told in whole numbers
        while place < len(paints) and (paints[place][1] < wanted or paints[place][0] < at):
            place += 1
        if place < len(paints):
            waits.append(paints[place][0] - at)
    rest = [paint["at"] for paint in watched["paints"] if paint["at"] > ended and paint["sign"] != "moving"]
    asked = {each["seq"]: each for each in watched["asked"]}
    arrived = [each for each in watched["arrived"] if each["at"] <= ended]
    at_rest = [
        each["at"] - asked[each["seq"]]["at"]
        for each in watched["arrived"]
        if each["seq"] in asked and "image/png" in asked[each["seq"]]["query"]
    ]
    lossless = sum("image/png" in asked[each["seq"]]["query"] for each in arrived if each["seq"] in asked)
    waits.sort()
    return {
        "pictures a second": len(moving) / (ended - began) * 1000,
        "arrived a second": len(arrived) / (ended - began) * 1000,
        "input to paint p50 ms": waits[len(waits) // 2],
        "input to paint p95 ms": waits[int(0.95 * len(waits))],
        "inputs without paint": len(inputs) - len(waits),
        "lossless after rest ms": rest[0] - ended if rest else float("nan"),
        "lossless wish to answer ms": statistics.median(at_rest) if at_rest else float("nan"),
        "lossless %": 100 * lossless / max(1, len(arrived)),
        "KB a picture": statistics.mean(each["bytes"] for each in arrived) / 1000 if arrived else 0.0,
        "inputs a second": len(inputs) / (ended - began) * 1000,
    }


def run(page: Page, browser: int, served: Served, kind: str) -> dict[str, float]:
    """Move the hand once, from the first slice or the stack's own window."""
    page.locator(".pane .area").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("w")
    page.keyboard.press("2")
    page.wait_for_timeout(1500)
    before = cpu_seconds(served.process.pid), cpu_seconds(browser)
    watched = page.evaluate(HAND, [kind, SECONDS * 1000, RESTING * 1000])
    after = cpu_seconds(served.process.pid), cpu_seconds(browser)
    made = max(1, len(watched["arrived"]))
    return figures(watched, kind) | {
        "server CPU ms a picture": 1000 * (after[0] - before[0]) / made,
        "browser CPU ms a picture": 1000 * (after[1] - before[1]) / max(1, len(watched["paints"])),
        "browser PSS MB": proportional_bytes(processes(browser)) / 1e6,
    }


def painted_after(watched: dict[str, Any]) -> list[float]:
    """Return the milliseconds from each input to the paint of its own slice; infinite where that never came."""
    paints = reached(watched["paints"], "scroll")
    inputs = watched["inputs"]
    waits = []
    for number, each in enumerate(inputs):
        until = inputs[number + 1]["at"] + GAP if number + 1 < len(inputs) else float("inf")
        shown = [at for at, far in paints if each["at"] <= at < until and far == each["wanted"]]
        waits.append(shown[0] - each["at"] if shown else float("inf"))
    return sorted(waits)


def run_known(page: Page, browser: int) -> dict[str, float]:
    """Step over slices that this window has shown, then over neighbours that it has fetched at rest."""
    page.locator(".pane .area").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("w")
    page.keyboard.press("2")
    page.wait_for_timeout(1500)
    down = [(1, 1 + number) for number in range(1, FAR + 1)]
    up = [(-1, FAR + 1 - number) for number in range(1, FAR + 1)]
    page.evaluate(STEPS, [down, GAP, RESTING * 1000])  # each is shown for the first time
    shown = painted_after(page.evaluate(STEPS, [(up + down) * TIMES, GAP, 3 * RESTING * 1000]))
    on = [(1, FAR + 1 + number) for number in range(1, NEIGHBOURS + 1)]
    fetched = painted_after(page.evaluate(STEPS, [on, GAP, RESTING * 1000]))
    return {
        "shown p50 ms": shown[len(shown) // 2],
        "shown p95 ms": shown[int(0.95 * len(shown))],
        "prefetched p50 ms": fetched[len(fetched) // 2],
        "prefetched worst ms": fetched[-1],
        "browser PSS MB": proportional_bytes(processes(browser)) / 1e6,
    }


def quality(name: str) -> Quality | None:
    """Return the line that a name means: round trip in ms / Mbit a second; None for loopback itself."""
    if name == "loopback":
        return None
    milliseconds, _slash, megabits = name.partition("/")
    return Quality.of(float(milliseconds), float(megabits))


def measured(served: Served, study: str, name: str, options: argparse.Namespace) -> None:
    """Print the medians of one line."""
    port = int(served.url.rpartition(":")[2])
    wide, _x, high = options.size.partition("x")
    size = int(wide), int(high)
    asked = quality(name)
    with line(port, asked or Quality(0, 1e12)) as slow:
        url = f"http://127.0.0.1:{slow.port}" if asked else served.url
        rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in options.kinds}
        for _ in range(options.runs):
            with viewer(url, served, study, size) as (page, browser):
                complete(page, served.process.pid)
                for kind in options.kinds:
                    known = kind == "known"
                    rows[kind].append(run_known(page, browser) if known else run(page, browser, served, kind))
        for kind, of_kind in rows.items():
            medians = {figure: round(statistics.median(row[figure] for row in of_kind), 1) for figure in of_kind[0]}
            print(json.dumps({"line": name, "hand": kind, "size": options.size} | medians), flush=True)


def main() -> None:
    """Measure each line in turn."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--lines", nargs="+", default=["loopback", "40/20", "100/10"])
    arguments.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
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

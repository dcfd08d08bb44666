"""What a hand sees of turned planes and of fused ones, beside the crosshair of `bench.crosshair`.

    python -m bench.planehands [--runs 3] [--lines loopback] [--size 1280x900] [--kinds scroll rows]

A real Chromium shows a 512 × 512 CT with noise as three planes beside its stack, turned about two axes. In one of them
a hand scrolls along the normal by a wheel event in every animation frame, changes the thickness by a key thirty times a
second up to 15 mm, or drags the window. `fused` and `rows` drag the crosshair through the PET/CT of the folder that
SAMSYN_TEST_DATA names: its four-up with PET over CT, and the 3 × 4 with both, each alone, and the MIP.
Prints medians of the runs: how often panes are repainted, and the time from one picture to the next.
"""

import argparse
import json
import os
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

import pydicom
from playwright.sync_api import Page

from bench.crosshair import AXIAL, CORONAL, SAGITTAL, ready
from bench.dragged import ANGLE, DRAG, WATCH, Watched, followed
from bench.hand import complete, ct, quality, viewer
from bench.servers import cpu_seconds
from tests.line import Quality, line
from tests.serving import Served, serving

SECONDS = 5.0
REACH = 40
FUSED = ("fused", "rows")
# Of three rows of axial, coronal, sagittal: what the point moves; the last is the slab through both.
ROWS_MOVED = (1, 2, 5, 6, 9, 10, 11)
FUSED_AXIAL = 8

CT = "CT IMAGES"
HANDS = ("scroll", "thickness", "window")
PETCT = Path("petct") / "acrin-nsclc"

# Inputs to one pane: a turn of the wheel or a move in every frame, or a key thirty times a second.
HAND = """async ([number, kind, milliseconds]) => {
  const watch = window.__cross;
  const area = document.querySelectorAll('.pane')[number].querySelector('.area');
  const box = area.getBoundingClientRect();
  let x = Math.round(box.left + 80), y = Math.round(box.top + box.height / 2);
  const place = () => ({bubbles: true, cancelable: true, clientX: x, clientY: y});
  const mouse = {pointerId: 1, pointerType: 'mouse', isPrimary: true};
  const pointer = (type, more) => area.dispatchEvent(new PointerEvent(type, {...place(), ...mouse, ...more}));
  area.setPointerCapture = () => {};
  area.focus();
  if (kind === 'window') pointer('pointerdown', {button: 0, buttons: 1});
  for (const list of Object.values(watch)) list.length = 0;
  const end = performance.now() + milliseconds;
  let count = 0, pressed = 0;
  await new Promise(done => {
    const step = () => {
      const now = performance.now();
      if (now > end) return done();
      const deltaY = count % 120 < 60 ? 100 : -100;
      if (kind === 'scroll') area.dispatchEvent(new WheelEvent('wheel', {...place(), deltaY}));
      if (kind === 'window') { x += 1; pointer('pointermove', {button: -1, buttons: 1}); }
      if (kind === 'thickness' && now - pressed > 33) {
        pressed = now;
        const key = watch.inputs.length % 14 < 7 ? 'ArrowUp' : 'ArrowDown';
        const held = {key, code: key, altKey: true, shiftKey: true, bubbles: true, cancelable: true};
        area.dispatchEvent(new KeyboardEvent('keydown', held));
      }
      if (kind !== 'thickness' || pressed === now) watch.inputs.push({at: now});
      count += 1;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  const ended = performance.now();
  if (kind === 'window') pointer('pointerup', {button: 0, buttons: 0});
  await new Promise(done => setTimeout(done, 1500));
  return {...watch, ended};
}"""


def painted(watched: Watched, pane: int) -> dict[str, float]:
    """Return how often a pane was repainted while the hand moved."""
    began, ended = watched["inputs"][0]["at"], watched["ended"]
    times = [each["at"] for each in watched["paints"] if each["pane"] == pane and began <= each["at"] <= ended]
    gaps = sorted(after - before for before, after in pairwise(times))
    return {
        "pictures a second": 1000 * len(times) / (ended - began),
        "gap p50 ms": gaps[len(gaps) // 2] if gaps else ended - began,
        "gap p95 ms": gaps[int(0.95 * len(gaps))] if gaps else ended - began,
        "inputs a second": 1000 * len(watched["inputs"]) / (ended - began),
    }


def moved(page: Page, kind: str) -> dict[str, float]:
    """Move a hand once in a turned plane."""
    ready(page, "oblique")
    page.locator(".pane .area").nth(AXIAL).focus()
    page.keyboard.press("w")
    return painted(page.evaluate(HAND, [AXIAL, kind, SECONDS * 1000]), AXIAL)


def dragged(page: Page, kind: str) -> dict[str, float]:
    """Drag the crosshair once through fused planes: in the CT's and PET's four-up, or in the three rows."""
    areas = page.locator(".pane .area")
    areas.nth(0).focus()
    page.keyboard.press("p" if kind == "fused" else "Shift+P")
    page.wait_for_timeout(4000)
    pane = FUSED_AXIAL if kind == "rows" else AXIAL
    areas.nth(pane).focus()
    page.keyboard.press("x")
    page.wait_for_timeout(500)
    watched = page.evaluate(DRAG, [pane, "wander", SECONDS * 1000, REACH, ANGLE])
    return followed(watched, ROWS_MOVED if kind == "rows" else (CORONAL, SAGITTAL))


def measured(served: Served, study: str, name: str, kinds: list[str], options: argparse.Namespace) -> None:
    """Print the medians of one line."""
    port = int(served.url.rpartition(":")[2])
    wide, _x, high = options.size.partition("x")
    asked = quality(name)
    rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    with line(port, asked or Quality(0, 1e12)) as slow:
        url = f"http://127.0.0.1:{slow.port}" if asked else served.url
        for _ in range(options.runs):
            with viewer(url, served, study, (int(wide), int(high)), watch=WATCH) as (page, browser):
                page.locator(".pane .area").first.focus()
                page.keyboard.press("Shift+1")
                page.locator("#thumbnails button.thumb", has_text=CT if kinds[0] in FUSED else "").first.click()
                complete(page, served.process.pid)
                page.locator(".pane .area").first.focus()
                if kinds[0] not in FUSED:
                    page.keyboard.press("Shift+3")
                    page.wait_for_timeout(1500)
                for kind in kinds:
                    before = cpu_seconds(served.process.pid), cpu_seconds(browser)
                    found = dragged(page, kind) if kind in FUSED else moved(page, kind)
                    rows[kind].append(found | {
                        "server CPU s": cpu_seconds(served.process.pid) - before[0],
                        "browser CPU s": cpu_seconds(browser) - before[1],
                    })  # fmt: skip
    for kind, of_kind in rows.items():
        medians = {figure: round(statistics.median(row[figure] for row in of_kind), 1) for figure in of_kind[0]}
        print(json.dumps({"line": name, "hand": kind, "size": options.size} | medians), flush=True)


def main() -> None:
    """Measure the CT's planes, then those of the PET/CT."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--lines", nargs="+", default=["loopback"])
    arguments.add_argument("--kinds", nargs="+", default=[*HANDS, *FUSED], choices=[*HANDS, *FUSED])
    arguments.add_argument("--size", default="1280x900")
    arguments.add_argument("--slices", type=int, default=400)
    options = arguments.parse_args()
    kinds = [kind for kind in options.kinds if kind in HANDS]
    if kinds:
        with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch:
            study = ct(Path(scratch), options.slices)
            with serving(Path(scratch)) as served:
                for name in options.lines:
                    measured(served, study, name, kinds, options)
    kinds = [kind for kind in options.kinds if kind in FUSED]
    folder = Path(os.environ.get("SAMSYN_TEST_DATA", "")) / PETCT
    if kinds and not folder.is_dir():
        print("planehands: no PET/CT in SAMSYN_TEST_DATA")
    elif kinds:
        first = next((folder / "002-ct-ct-images").glob("*.dcm"))
        study = str(pydicom.dcmread(first, stop_before_pixels=True).StudyInstanceUID)
        with serving(folder) as served:
            for name in options.lines:
                measured(served, study, name, kinds, options)


if __name__ == "__main__":
    main()

"""What a hand sees while it drags the crosshair through a four-up of planes, on good and slow lines.

    python -m bench.crosshair [--runs 3] [--lines loopback 40/20] [--size 1280x900] [--slices 400]

A real Chromium shows a 512 × 512 CT with noise as three planes beside its stack. A hand drags the crosshair by a move
in every animation frame, along a path that wanders and crosses itself: `straight` in the axial plane, which moves
coronal and sagittal; `oblique` in the stack while the planes are turned about two axes, which moves all three; `slab`
the same through maxima of 10 mm; `turn` turns two planes by a line's end. An input waits until the last of the panes
that have to move shows it, or a later one. `first` is the time from the key to the first picture of each plane once the
store has the volume. Prints medians of the runs, CPU time, and what all Chromium processes keep (PSS), by their kind.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from bench.dragged import ANGLE, DRAG, FIRST, WATCH, followed
from bench.hand import complete, ct, quality, viewer
from bench.servers import cpu_seconds, processes, proportional_bytes
from tests.line import Quality, line
from tests.serving import Served, serving

SECONDS = 5.0
REACH = 50  # CSS pixels that a hand goes to each side
AXIAL, CORONAL, SAGITTAL, STACK = range(4)
PLANES = (AXIAL, CORONAL, SAGITTAL)
MOVED = {"straight": (CORONAL, SAGITTAL), "oblique": PLANES, "slab": PLANES, "turn": (CORONAL, SAGITTAL)}
THICKER = 6  # keys to 10 mm


def ready(page: Page, kind: str) -> int:
    """Lay the planes through the middle with the crosshair in the hand; return the pane in which it is dragged."""
    areas = page.locator(".pane .area")
    areas.nth(AXIAL).focus()
    page.keyboard.press("Shift+X")
    page.keyboard.press("x")
    if kind in ("oblique", "slab"):
        for pane, turns in ((AXIAL, 4), (CORONAL, 3)):
            areas.nth(pane).focus()
            for _ in range(turns):
                page.keyboard.press("Alt+Shift+ArrowRight")
    if kind == "slab":
        for pane in PLANES:
            areas.nth(pane).focus()
            page.keyboard.press("y")
            for _ in range(THICKER):
                page.keyboard.press("Alt+Shift+ArrowUp")
    if kind == "turn":
        box = areas.nth(AXIAL).bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.locator(".pane .crosshair .grip").first.wait_for(state="attached")
    page.wait_for_timeout(1500)
    return STACK if kind in ("oblique", "slab") else AXIAL


def kept(browser: int) -> dict[str, float]:
    """Return the MB (PSS) that a browser's processes keep, all together and by their kind."""
    found: dict[str, float] = {}
    for pid in processes(browser):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").split()
        except OSError:
            continue
        kind = next((word.partition("=")[2] for word in words if word.startswith("--type=")), "browser")
        kind = next((word.rpartition(".")[2] for word in words if word.startswith("--utility-sub-type=")), kind)
        found[kind] = found.get(kind, 0.0) + proportional_bytes([pid]) / 1e6
    return {"PSS MB": sum(found.values())} | {f"PSS MB of {kind}": value for kind, value in sorted(found.items())}


def measured(served: Served, study: str, name: str, options: argparse.Namespace) -> None:
    """Print the medians of one line."""
    port = int(served.url.rpartition(":")[2])
    wide, _x, high = options.size.partition("x")
    asked = quality(name)
    rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in ("first", *options.kinds)}
    with line(port, asked or Quality(0, 1e12)) as slow:
        url = f"http://127.0.0.1:{slow.port}" if asked else served.url
        for _ in range(options.runs):
            with viewer(url, served, study, (int(wide), int(high)), watch=WATCH) as (page, browser):
                page.locator(".pane .area").first.focus()
                page.keyboard.press("Shift+1")
                page.locator("#thumbnails button.thumb").first.click()
                complete(page, served.process.pid)
                page.locator(".pane .area").first.focus()
                times = page.evaluate(FIRST, PLANES)
                rows["first"].append({"first plane ms": min(times), "all three ms": max(times)})
                for kind in options.kinds:
                    pane = ready(page, kind)
                    before = cpu_seconds(served.process.pid), cpu_seconds(browser)
                    path = "circle" if kind == "turn" else "wander"
                    watched = page.evaluate(DRAG, [pane, path, SECONDS * 1000, REACH, ANGLE])
                    made = max(1, len(watched["paints"]))
                    rows[kind].append(followed(watched, MOVED[kind]) | {
                        "server CPU ms a picture": 1000 * (cpu_seconds(served.process.pid) - before[0]) / made,
                        "browser CPU ms a picture": 1000 * (cpu_seconds(browser) - before[1]) / made,
                    } | kept(browser))  # fmt: skip
    for kind, of_kind in rows.items():
        medians = {figure: round(statistics.median(row.get(figure, 0) for row in of_kind), 1) for figure in of_kind[0]}
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

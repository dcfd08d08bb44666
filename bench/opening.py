"""From navigation to the first slice painted, cold and prefetched, and after a jump; over Orthanc and over a folder.

    python -m bench.opening [--slices 400] [--runs 3] [--archives orthanc folder] [--waterfall]

A real Chromium with an empty profile (1280 × 900, one pane) opens a 512 × 512 CT. Cold: the server has just started and
has kept nothing. Prefetched: it has fetched the study ahead, as it does with what is read next. The page sets a mark in
the animation frame in which it draws a picture; the times are those of the marks, in milliseconds since the navigation
began or the bar was pressed. Prints medians.
"""

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from urllib.error import HTTPError
from urllib.request import OpenerDirector, Request

from playwright.sync_api import Page, sync_playwright
from pydicom import dcmread

from bench.servers import SETTINGS, cpu_seconds, ct, processes, proportional_bytes, until
from tests import orthanc
from tests.chromium import ARGUMENTS, PATH
from tests.serving import ROOT, Served, serving

WIDTH, HEIGHT = 1280, 900
PATIENCE = 60.0  # seconds until something that doesn't come is a failure
JUMPS = (350, 120, 260, 40)

# Every paint of a picture, with its time since the navigation began.
WATCH = """(() => {
  window.__paints = [];
  new PerformanceObserver((list) => {
    for (const { name, startTime, detail } of list.getEntries())
      if (name === "painted") window.__paints.push({ at: startTime, ...detail });
  }).observe({ entryTypes: ["mark"] });
})()"""


@dataclass
class Opening:
    """One run: milliseconds to the first slice, to the whole stack, after each jump; bytes of all of Chromium."""

    first: float
    known: float
    jumps: list[float] = field(default_factory=list)
    pss: int = 0


def written(folder: Path, content: bytes) -> None:
    """Write a file that a folder archive takes at once, as of today and of a person: only that is fetched ahead."""
    path = folder / f"{len(list(folder.iterdir())):04}.dcm"
    dataset = dcmread(BytesIO(content))
    dataset.StudyDate = f"{date.today():%Y%m%d}"
    dataset.QualityControlSubject = "NO"
    dataset.save_as(path)
    os.utime(path, (1e9, 1e9))


def kernels(scratch: Path) -> Path:
    """Compile what the server compiles once in its life, and return the folder that holds it."""
    state = scratch / "kernels"
    code = "import django; django.setup(); from viewer.imaging import reformat; reformat.warm()"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "SAMSYN_STATE": str(state)}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    return state / "numba"


@contextlib.contextmanager
def fresh(archive: str, compiled: Path, study: str, **variables: str) -> Iterator[Served]:
    """Run a server that has kept nothing, until its list has the study and it rests."""
    with tempfile.TemporaryDirectory(prefix="samsyn-opening-") as state:
        shutil.copytree(compiled, Path(state) / "numba")
        with serving(archive, state=Path(state), **variables) as served:
            reader = served.opener("radiologist")
            until(lambda: _is_listed(reader, f"{served.url}/studies/{study}/"))
            _rested(served.process.pid)
            yield served


def _is_listed(reader: OpenerDirector, address: str) -> bool:
    """Say whether a study can be opened, without opening it."""
    try:
        return bool(reader.open(Request(address, method="HEAD"), timeout=20).status == 200)
    except HTTPError:
        return False


def _rested(process: int) -> None:
    """Wait until the server has used little CPU time for a second."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = cpu_seconds(process)
        time.sleep(1)
        if cpu_seconds(process) - before < 0.15:
            return


@contextlib.contextmanager
def browser(served: Served) -> Iterator[tuple[Page, int]]:
    """Open a page of a browser with an empty profile, whose reader is logged in; with the browser's process id."""
    name, _, value = served.cookie("radiologist").partition("=")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="samsyn-profile-") as profile:
        before = set(processes(os.getpid()))
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=PATH, args=ARGUMENTS, viewport={"width": WIDTH, "height": HEIGHT}
        )
        born = [each for each in processes(os.getpid()) if each not in before]
        for pair in f"{name}={value}".split("; "):
            key, _, content = pair.partition("=")
            context.add_cookies([{"name": key, "value": content, "url": served.url}])
        page = context.pages[0]
        page.add_init_script(WATCH)
        yield page, born[0]
        context.close()


def painted(page: Page, found: str, since: float = 0, seconds: float = PATIENCE) -> float:
    """Return when the page painted the first picture after `since` of which `found` (JavaScript of `paint`) holds."""
    watched = f"since => window.__paints.find(paint => paint.at > since && ({found}))?.at"
    at: float = page.wait_for_function(watched, arg=since, timeout=1000 * seconds, polling=10).json_value()
    return at


def opening(served: Served, study: str, slices: int, *, waterfall: bool) -> Opening:
    """Open the study in a new browser, and jump about in it as soon as there is somewhere to go."""
    with browser(served) as (page, process):
        page.goto(f"{served.url}/studies/{study}/", wait_until="commit")
        first = painted(page, "true")
        found = Opening(first, 0)
        # From here on a hand can move along the whole stack: the first jump comes as soon as that is so.
        found.known = page.wait_for_function(
            "() => document.querySelector('.pane .bar')?.getAttribute('aria-valuemax') > 1 && performance.now()",
            polling=10,
        ).json_value()
        bar = page.locator(".pane .bar").bounding_box()
        assert bar is not None
        for index in (round(jump * slices / 400) for jump in JUMPS):
            pressed = page.evaluate("() => performance.now()")
            page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + (index + 0.5) / slices * bar["height"])
            found.jumps.append(painted(page, f"paint.index === {index}", pressed) - pressed)
        page.wait_for_timeout(5000)
        found.pss = proportional_bytes(processes(process))
        if waterfall:
            show(page)
        return found


def show(page: Page) -> None:
    """Print the waterfall."""
    page.wait_for_timeout(1000)
    rows = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(
        e => [e.startTime, e.requestStart, e.responseStart, e.responseEnd, e.transferSize, e.initiatorType, e.name])"""
    )
    for row in sorted(rows):
        print(*(f"{value:7.0f}" for value in row[:5]), row[5], row[6].split("/", 3)[-1][-90:])
    print(json.dumps(page.evaluate("() => window.__paints.slice(0, 8)"), indent=None))


def main() -> None:
    """Open cold and prefetched, over each archive, several times."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--slices", type=int, default=400)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--archives", nargs="+", choices=("orthanc", "folder"), default=["orthanc", "folder"])
    arguments.add_argument("--waterfall", action="store_true", help="print when each request was made")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        files = Path(scratch) / "files"
        files.mkdir()
        study = ct(partial(written, files), Path(scratch), options.slices).study
        compiled = kernels(Path(scratch))
        for kind in options.archives:
            address, variables = str(files), {}
            if kind == "orthanc":
                server = stack.enter_context(orthanc.running(Path(scratch) / "orthanc", **SETTINGS))
                for path in sorted(files.glob("*.dcm")):
                    server.rest("instances", method="POST", body=path.read_bytes())
                address, variables = server.root, {"SAMSYN_ARCHIVE_MAIN_AUTH": server.auth}
            runs: dict[str, list[Opening]] = {"cold": [], "prefetched": []}
            for _ in range(options.runs):
                with fresh(address, compiled, study, **variables) as served:
                    runs["cold"].append(opening(served, study, options.slices, waterfall=options.waterfall))
                with fresh(address, compiled, study, SAMSYN_PREFETCH="1", **variables) as served:
                    until(partial(_is_prefetched, served.state))
                    _rested(served.process.pid)
                    runs["prefetched"].append(opening(served, study, options.slices, waterfall=options.waterfall))
            for name, found in runs.items():
                report(f"{kind}, {name}", found)


def _is_prefetched(state: Path) -> bool:
    with contextlib.closing(sqlite3.connect(state / "samsyn.sqlite3")) as rows:
        ended = rows.execute("SELECT state FROM viewer_job WHERE kind = 'prefetch'").fetchall()
    return bool(ended) and all(each == ("COMPLETED",) for each in ended)


def report(name: str, runs: list[Opening]) -> None:
    """Print the medians of some runs, and the longest wait after a jump."""
    jumps = [jump for run in runs for jump in run.jumps]
    print(
        f"{name}: first slice painted {median(run.first for run in runs):.0f} ms, stack known"
        f" {median(run.known for run in runs):.0f} ms; after a jump {median(jumps):.0f} ms, at most {max(jumps):.0f} ms"
        f"; PSS of Chromium {median(run.pss for run in runs) / 1e6:.0f} MB (medians of {len(runs)})",
        flush=True,
    )


if __name__ == "__main__":
    main()

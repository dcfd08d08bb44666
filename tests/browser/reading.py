"""A reader at the real server: phantoms as an archive, the viewer page, and what its panes show at one moment."""

import base64
import contextlib
import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests.chromium import Watched, chromium
from tests.phantoms import Spoken, Unreadable, read
from tests.serving import Served, serving

# The red of every pixel of `canvas`, as bytes.
GREY = """
  const {width, height} = canvas;
  const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  let grey = '';
  for (let row = 0; row < height; row++) {
    const line = new Uint8Array(width);
    for (let column = 0; column < width; column++) line[column] = pixels[4 * (row * width + column)];
    grey += String.fromCharCode(...line);
  }
"""

# Read in one task, so between two frames: what is on the canvas and what stands over it.
MOMENT = (
    """pane => {
  const area = document.querySelectorAll('.pane')[pane].querySelector('.area');
  const canvas = area.querySelector('canvas');"""
    + GREY
    + """
  const text = name => area.querySelector(name)?.innerText ?? '';
  const letters = Object.fromEntries(['left', 'right', 'top', 'bottom'].map(edge => [edge, text('.letter.' + edge)]));
  const shown = name => {const found = area.querySelector(name); return found && !found.hidden ? found.innerText : ''};
  return {width, height, grey: btoa(grey), letters, notice: shown('.notice'), unknown: shown('.unknown-orientation'),
    image: text('.bottom-right'), patient: text('.top-left'), study: text('.top-right'), window: text('.bottom-left'),
    identity: shown('.identity'), persons: shown('.persons')};
}"""
)


@dataclass
class Moment:
    """One pane as a person would see it at one moment."""

    grey: np.ndarray
    letters: dict[str, str]
    notice: str
    unknown: str
    image: str
    patient: str
    study: str
    window: str
    identity: str
    persons: str

    @property
    def spoken(self) -> Spoken | None:
        """What the pixels say; None while no phantom can be read."""
        with contextlib.suppress(Unreadable):
            return read(self.grey)
        return None


class Reader:
    """A person before the viewer page."""

    def __init__(self, page: Page, watched: Watched, served: Served) -> None:
        self.page, self.watched, self.served = page, watched, served

    def log_in(self, role: str = "radiologist") -> None:
        """Choose a card of the login page."""
        self.page.goto(f"{self.served.url}/login/")
        self.page.click(f'form:has(input[value="{role}"]) button')
        self.page.wait_for_url(f"{self.served.url}/")

    def indexed(self, study: str, series: int = 1, within: float = 40) -> dict[str, Any]:
        """Wait until a study is in the index with its series, and return what the page is told about it."""
        deadline = time.monotonic() + within
        while True:
            answer = self.page.request.get(f"{self.served.url}/api/studies/main/{study}/")
            told: dict[str, Any] = answer.json() if answer.ok else {"series": []}
            if len(told["series"]) >= series and all(each["instances"] for each in told["series"]):
                return told
            assert time.monotonic() < deadline, f"{study} isn't indexed: {answer.status}"
            self.page.wait_for_timeout(100)

    def rendered(self, series: str, index: int) -> np.ndarray:
        """Return what the HTTP door gives for an entry of a series' first stack, as grey (rows, columns)."""
        study = self.page.url.split("/studies/")[1].split("/")[0]
        stacks = self.page.request.get(f"{self.served.url}/api/studies/main/{study}/series/{series}/stacks/").json()
        entry = stacks["stacks"][0]["entries"][index]
        place = f"series/{series}/instances/{entry['instance']}/frames/{entry['frame']}"
        answer = self.page.request.get(
            f"{self.served.url}/dicomweb/main/studies/{study}/{place}/rendered?accept=image/png"
        )
        assert answer.ok, answer.text()
        return np.asarray(Image.open(io.BytesIO(answer.body())).convert("L"))

    def open(self, study: str, *, query: str = "", numbered: bool = True) -> None:
        """Open a study by its address, and wait for a picture or for words in its place.

        `numbered`: also until the series is read, so that the picture has its number and hands can move on from it.
        """
        self.indexed(study)
        self.page.goto(f"{self.served.url}/studies/{study}/{query}")
        self.page.wait_for_selector(".fidelity:not([hidden]), .notice:not([hidden]) span, .nothing", timeout=20_000)
        if numbered:
            self.page.wait_for_function("() => !document.body.innerText.includes('Image ?')", timeout=20_000)

    def alone(self, study: str, scale: dict[str, float]) -> None:
        """Have the study open next with nothing but the first image of its first series, at this scale."""
        self.page.goto(self.served.url)  # a page that is left writes what it showed
        headers = {
            "X-CSRFToken": self.page.get_attribute('meta[name="csrf-token"]', "content") or "",
            "Origin": self.served.url,
        }
        address = f"{self.served.url}/api/studies/main/{study}/"
        series = self.page.request.get(address).json()["series"][0]["uid"]
        stack = self.page.request.get(f"{address}series/{series}/stacks/").json()["stacks"][0]
        entry = stack["entries"][0]
        source = {"kind": "stack", "archive": "main", "study": study, "series": series, "stack": stack["key"]}
        pane = {"source": source | {"instance": entry["instance"], "frame": entry["frame"]}, "scale": scale}
        state = {"version": 2, "layout": {"rows": 1, "columns": 1}, "active": 0, "panes": [pane]}
        assert self.page.request.put(f"{address}state/", data=state, headers=headers).ok

    def moment(self, pane: int = 0) -> Moment:
        """Return what a pane shows now."""
        found = self.page.evaluate(MOMENT, pane)
        width, height = found.pop("width"), found.pop("height")
        grey = np.frombuffer(base64.b64decode(found.pop("grey")), np.uint8).reshape(height, width)
        return Moment(grey=grey, **found)

    def until(self, found: Callable[[Moment], bool], pane: int = 0, within: float = 30) -> Moment:
        """Wait until a pane shows what is looked for, and return that moment."""
        deadline = time.monotonic() + within
        while True:
            moment = self.moment(pane)
            if found(moment):
                return moment
            assert time.monotonic() < deadline, f"not within {within} s: {moment}, which says {moment.spoken}"
            self.page.wait_for_timeout(20)

    def focus(self, pane: int = 0) -> None:
        """Give a pane the keys, without the pointer."""
        self.page.mouse.move(0, 0)
        self.page.locator(".pane .area").nth(pane).focus()

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def see(self, selector: str) -> Any:
        """Return playwright's expectation about a part of the page."""
        return expect(self.page.locator(selector))


def lay(folder: Path, datasets: Iterable[Dataset]) -> str:
    """Write objects into a folder, old enough to be indexed at once; return the Study Instance UID of the last."""
    study, first = "", len(list(folder.iterdir()))
    long_ago = time.time() - 60
    for number, dataset in enumerate(datasets, first):
        path = folder / f"{number:05}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        os.utime(path, (long_ago, long_ago))
        study = str(dataset.StudyInstanceUID)
    return study


@contextlib.contextmanager
def reading(archive: Path, *, width: int = 1280, height: int = 800, role: str = "radiologist") -> Iterator[Reader]:
    """Serve a folder, log in, and hand over a reader whose page broke no rule in the end."""
    with serving(archive) as served, chromium(width, height) as (page, watched):
        reader = Reader(page, watched, served)
        reader.log_in(role)
        yield reader
        assert watched.faults == []

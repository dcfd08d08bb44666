"""What is measured by hand in the browser: landmarks of known place, a film, a slide, and lines drawn between them."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset
from scipy import ndimage

from tests.browser.reading import Reader, lay, reading
from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

SLIDE = Path(os.environ.get("SAMSYN_TEST_DATA", "/nowhere"), "wsi", "dicom-cmu-1-small-region")
ROW, COLUMN = 1.5, 0.8  # mm between rows, between columns
BRIGHT, DARK = (20, 12), (70, 41)  # (column, row) of the landmarks' middles
TRUTH = math.hypot((DARK[0] - BRIGHT[0]) * COLUMN, (DARK[1] - BRIGHT[1]) * ROW)
HALF_A_PIXEL = math.hypot(ROW, COLUMN) / 2
SIZE = (90, 60)
EMPTY = {"version": 2, "layout": {"rows": 1, "columns": 1}, "active": 0, "panes": [None]}
NUMBER = ".pane:not([hidden]) .mark-label .number:not(.provisional)"
PERSON = Person("Measured^Maja", "M-1", "19600101", "F")


def landmarks() -> Iterator[Dataset]:
    """Yield a CT of 10 slices with a bright and a dark block of 5 × 5 pixels in each; rows are further apart."""
    exam = Exam(PERSON, uid("measuring"), "20260101", "080000", "Landmarks", "M1")
    values = np.full(SIZE[::-1], 1100, np.uint16)
    for (column, row), value in ((BRIGHT, 2000), (DARK, 300)):
        values[row - 2 : row + 3, column - 2 : column + 3] = value
    for number in range(10):
        dataset = begin(exam, "CT", uid("measuring", number))
        in_series(
            dataset, number=1, series_uid=uid("measuring", "series"), description="Blocks", instance_number=number
        )
        place(
            dataset, position=(-30.0, -40.0, 2.5 * number), orientation=(1, 0, 0, 0, 1, 0), spacing=(ROW, COLUMN),
            thickness=2.5, frame_of_reference=uid("measuring", "frame"),
        )  # fmt: skip
        grey(dataset, values, bits_stored=12)
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
        dataset.WindowCenter, dataset.WindowWidth = "100", "1600"
        yield dataset


def film() -> Dataset:
    """Return a radiograph that knows only its detector."""
    exam = Exam(PERSON, uid("measuring film"), "20260102", "080000", "Film", "M2")
    dataset = begin(exam, "DX", uid("measuring film", 1))
    in_series(dataset, number=1, series_uid=uid("measuring film", "series"), description="Film", instance_number=1)
    grey(dataset, np.full((200, 200), 900, np.uint16), bits_stored=12)
    dataset.ImagerPixelSpacing = ["0.2", "0.2"]
    return dataset


@dataclass
class Measured:
    """A reader, and what there is to measure."""

    reader: Reader
    ct: str
    film: str
    slide: str


@pytest.fixture(scope="module")
def measuring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    folder = tmp_path_factory.mktemp("measuring")
    ct, flat, slide = lay(folder, landmarks()), lay(folder, [film()]), ""
    if SLIDE.is_dir():
        levels = [pydicom.dcmread(path) for path in sorted(SLIDE.glob("level-*.dcm"))]
        for level in levels:
            level.ContainerIdentifier, level.FrameOfReferenceUID = "S1", levels[0].FrameOfReferenceUID
        slide = lay(folder, levels)
    with reading(folder, width=1400, height=900) as reader:
        for study in filter(None, (ct, flat, slide)):
            reader.indexed(study)
        yield Measured(reader, ct, flat, slide)


@pytest.fixture
def reader(measuring: Measured) -> Iterator[Reader]:
    """A reader before the landmarks."""
    yield clean(measuring.reader, measuring.ct)
    measuring.reader.page.unroute_all()


def clean(reader: Reader, study: str) -> Reader:
    """Open a study as if for the first time: its first image at rest, in one pane, with nothing measured."""
    reader.page.goto(reader.served.url)
    for row in rows(reader, study):
        if row["mine"]:
            change(reader, row["id"], {"version": row["version"], "deleted": True})
    send(reader, "PUT", f"/api/studies/main/{study}/state/", EMPTY)
    reader.open(study)
    return reader


def rows(reader: Reader, study: str) -> list[dict[str, Any]]:
    address = f"{reader.served.url}/api/studies/main/{study}/measurements/"
    told = reader.page.evaluate("address => fetch(address).then(answer => answer.json())", address)
    found: list[dict[str, Any]] = told["measurements"]
    return found


def change(reader: Reader, row: str, data: dict[str, Any]) -> None:
    assert send(reader, "PATCH", f"/api/measurements/{row}/", data) == 200


def send(reader: Reader, method: str, path: str, data: dict[str, Any]) -> int:
    """Send as the page would, and return the status."""
    asking = """([address, method, data]) => fetch(address, {
      method, body: JSON.stringify(data),
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
      },
    }).then(answer => answer.status)"""
    status: int = reader.page.evaluate(asking, [f"{reader.served.url}{path}", method, data])
    return status


def middles(reader: Reader, pane: int = 0) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where the bright and the dark landmark stand on the page, found in the pane's pixels."""
    box = reader.page.locator(".pane .area").nth(pane).bounding_box()
    assert box is not None
    shades = reader.until(lambda moment: bool((moment.grey > 240).any() and (moment.grey > 80).mean() > 0.2), pane).grey
    ratio = shades.shape[1] / box["width"]
    found = []
    for mask in (shades > 185, (shades > 12) & (shades < 60)):
        labels, _count = ndimage.label(mask)
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        y, x = ndimage.center_of_mass(labels == sizes.argmax())
        found.append((box["x"] + (x + 0.5) / ratio, box["y"] + (y + 0.5) / ratio))
    return found[0], found[1]


def draw(page: Page, one: tuple[float, float], other: tuple[float, float]) -> None:
    """Press, drag and release."""
    page.mouse.move(*one)
    page.mouse.down()
    page.mouse.move((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    page.mouse.move(*other)
    page.mouse.up()


def measured(reader: Reader, study: str) -> dict[str, Any]:
    """Wait for the server's number on the screen, and return its row."""
    expect(reader.page.locator(NUMBER).last).to_be_visible(timeout=20_000)
    return rows(reader, study)[-1]


def is_exact(row: dict[str, Any]) -> bool:
    (one, other), value = row["points"], row["value"]
    return abs(math.dist(one, other) - value) <= 1e-9 * value

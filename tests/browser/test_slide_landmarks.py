"""Marks painted on the real slide are hit by the pointer: the stored millimetres are those of their pixels."""

import base64
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from highdicom.spatial import ReferenceToImageTransformer
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from tests import slides
from tests.browser.reading import Reader, lay, reading
from tests.browser.test_slide import PITCH, PIXELS, SLIDE, focus, keep, pane, slide_of
from tests.chromium import needs_chromium

DATA = Path(os.environ.get("SAMSYN_TEST_DATA", ""), "wsi", "dicom-cmu-1-small-region")
pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(not os.environ.get("SAMSYN_TEST_DATA") or not DATA.is_dir(), reason="needs SAMSYN_TEST_DATA"),
]
# Corners of pixels of the largest level (column, row), where four of a square's quarters meet.
GREEN, BLUE = (1000, 1200), (1240, 1456)
ORIENTATION = [0, -1, 0, -1, 0, 0]
ORIGIN = (32.5, 14.25)
HALF = 16  # half the side of a square, pixels of the largest level


def marked() -> list[Dataset]:
    """Return the two largest levels of the real slide with a green and a blue square painted on."""
    found: list[Dataset] = []
    for path in sorted(DATA.glob("level-*.dcm")):
        level = pydicom.dcmread(path)
        down = round(2220 / level.TotalPixelMatrixColumns)
        if down > 2:
            continue
        tiles, tile = level.pixel_array.copy(), int(level.Rows)
        across = -(-level.TotalPixelMatrixColumns // tile)
        for (column, row), colour in ((GREEN, (0, 255, 0)), (BLUE, (0, 0, 255))):
            for y in range((row - HALF) // down, (row + HALF) // down):
                for x in range((column - HALF) // down, (column + HALF) // down):
                    tiles[y // tile * across + x // tile, y % tile, x % tile] = colour
        level.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
        level.PhotometricInterpretation = "RGB"
        slides.frames(level, [slides.rgb_jpeg(np.ascontiguousarray(each)) for each in tiles])
        level.ContainerIdentifier, level.FrameOfReferenceUID = "S26-18 A1", "2.25.8800"
        level.ImageOrientationSlide = ORIENTATION
        level.TotalPixelMatrixOriginSequence = [Dataset()]
        level.TotalPixelMatrixOriginSequence[0].XOffsetInSlideCoordinateSystem = ORIGIN[0]
        level.TotalPixelMatrixOriginSequence[0].YOffsetInSlideCoordinateSystem = ORIGIN[1]
        found.append(level)
    return found


def without_spacing(levels: list[Dataset]) -> list[Dataset]:
    """Return a slide of which nobody says how large its pixels are."""
    for number, level in enumerate(levels):
        level.StudyInstanceUID, level.SeriesInstanceUID = "2.25.8810", "2.25.8811"
        level.SOPInstanceUID = level.file_meta.MediaStorageSOPInstanceUID = f"2.25.8812.{number}"
        groups = [level.SharedFunctionalGroupsSequence[0], *level.get("PerFrameFunctionalGroupsSequence", [])]
        for group in groups:
            if "PixelMeasuresSequence" in group:
                del group.PixelMeasuresSequence
    return levels


class Studies:
    """The slide with the marks, and once more without spacing."""

    def __init__(self, folder: Path) -> None:
        self.marked = lay(folder, marked())
        self.bare = lay(folder, without_spacing(marked()))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Studies]]:
    folder = tmp_path_factory.mktemp("landmarks")
    studies = Studies(folder)
    with reading(folder, width=1600, height=900) as reader:
        for study in (studies.marked, studies.bare):
            reader.indexed(study)
        yield reader, studies


def seen_at(reader: Reader, channel: int) -> tuple[float, float]:
    """Return where the middle of a square is on the screen, CSS pixels of the pane, by the pixels of the canvas."""
    deadline = time.monotonic() + 15
    while True:
        found = reader.page.evaluate(PIXELS)
        shown = np.frombuffer(base64.b64decode(found["pixels"]), np.uint8)
        colours = shown.reshape(found["height"], found["width"], 4)[..., :3].astype(int)
        pure = (colours[..., channel] - np.delete(colours, channel, axis=-1).max(axis=-1)).clip(0)
        rows, columns = np.nonzero(pure > 110)
        if len(rows) > 20:
            # Pixels at the edge are partly the square's: each counts for its part.
            (top, bottom), (left, right) = ((each.min() - 3, each.max() + 4) for each in (rows, columns))
            part = pure[top:bottom, left:right] / pure[top:bottom, left:right].sum()
            ys, xs = np.mgrid[top:bottom, left:right] + 0.5
            return float((xs * part).sum()), float((ys * part).sum())
        assert time.monotonic() < deadline, "the square isn't on the screen"
        reader.page.wait_for_timeout(200)


def lines(reader: Reader, study: str) -> list[dict[str, Any]]:
    answer = reader.page.request.get(f"{reader.served.url}/api/studies/main/{study}/measurements/")
    found: list[dict[str, Any]] = answer.json()["measurements"]
    return found


def clear(reader: Reader, study: str) -> None:
    """Take away what was drawn: its grips would catch the next clicks."""
    token = reader.page.get_attribute('meta[name="csrf-token"]', "content") or ""
    headers = {"X-CSRFToken": token, "Origin": reader.served.url, "Content-Type": "application/json"}
    for row in lines(reader, study):
        body = json.dumps({"version": row["version"], "deleted": True})
        address = f"{reader.served.url}/api/measurements/{row['id']}/"
        assert reader.page.request.patch(address, data=body, headers=headers).ok
    expect(reader.page.locator(f"{SLIDE} .marks .line")).to_have_count(0)


def draw(reader: Reader, study: str) -> tuple[dict[str, Any], list[tuple[float, float]], list[tuple[float, float]]]:
    """Draw a line from one square to the other; return its row, where the squares are, and where the hand clicked."""
    clear(reader, study)
    box = reader.page.locator(SLIDE).bounding_box()
    assert box
    squares = [seen_at(reader, channel) for channel in (1, 2)]
    focus(reader)
    reader.press("l")
    clicks = []
    for x, y in squares:
        at = (round(box["x"] + x), round(box["y"] + y))
        reader.page.mouse.click(*at)
        clicks.append((at[0] - box["x"], at[1] - box["y"]))
    deadline = time.monotonic() + 10
    while not (fresh := lines(reader, study)):
        assert time.monotonic() < deadline, "the line isn't saved"
        reader.page.wait_for_timeout(200)
    return fresh[0], squares, clicks


@pytest.mark.parametrize(("width", "rotation"), [(0.4, 0), (1.1, 0), (0.5, 30)])
def test_the_pointer_hits_the_pixel_that_it_is_on(read: tuple[Reader, Studies], width: float, rotation: float) -> None:
    reader, studies = read
    _series, slide = slide_of(reader, studies.marked)
    middle = ((GREEN[0] + BLUE[0]) / 2 + 31, (GREEN[1] + BLUE[1]) / 2 - 17)
    center = [slide["origin"][0] - (middle[1] - 0.5) * PITCH, slide["origin"][1] - (middle[0] - 0.5) * PITCH]
    keep(reader, studies.marked, [pane(reader, studies.marked, center=center, width=width, rotation=rotation)])
    row, squares, clicks = draw(reader, studies.marked)
    pixels = ReferenceToImageTransformer((*ORIGIN, 0.0), ORIENTATION, (PITCH, PITCH))(np.array(row["points"]))[:, :2]
    box = reader.page.locator(SLIDE).bounding_box()
    assert box
    down = width / PITCH / box["width"]  # pixels of the largest level for one of the screen
    turn = math.radians(rotation)
    for pixel, truth, square, click in zip(pixels, (GREEN, BLUE), squares, clicks, strict=True):
        x, y = ((one - other) * down for one, other in zip(click, square, strict=True))  # a hand has whole pixels
        expected = (
            truth[0] + math.cos(turn) * x + math.sin(turn) * y,
            truth[1] - math.sin(turn) * x + math.cos(turn) * y,
        )
        assert math.dist(pixel, expected) <= 0.5 * max(1, down), (pixel, expected)
    length = math.dist(*pixels) * PITCH
    assert row["unit"] == "mm" and abs(row["value"] - length) <= 1e-9 * length
    assert abs(row["value"] - math.dist(GREEN, BLUE) * PITCH) <= 2.5 * max(1, down) * PITCH


def test_a_slide_without_spacing_measures_pixels_and_says_so(read: tuple[Reader, Studies]) -> None:
    reader, studies = read
    reader.page.goto(f"{reader.served.url}/studies/{studies.bare}/")
    expect(reader.page.locator(f"{SLIDE} .tiles canvas")).to_be_visible(timeout=20_000)
    reader.page.wait_for_timeout(1500)
    row, _squares, _clicks = draw(reader, studies.bare)
    assert (row["space"], row["unit"], row["basis"]) == ("image", "{pixels}", "none")
    assert abs(row["value"] - math.dist(GREEN, BLUE)) <= 12
    expect(reader.page.locator(f"{SLIDE} .mark-label .number")).to_contain_text("px")
    assert "mm" not in reader.page.locator(f"{SLIDE} .mark-label").inner_text()

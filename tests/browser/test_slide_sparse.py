"""A slide that was scanned in parts: what wasn't is white, on the pane and on the overview, as in a region."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from tests import slides
from tests.browser.reading import lay, reading
from tests.browser.test_slide import SLIDE
from tests.chromium import needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]
COLUMNS, ROWS = 6, 5  # tiles
SCANNED = [(0, 0), (1, 1), (4, 1), (2, 3), (5, 4)]  # column, row


def sparse() -> Dataset:
    """Return one level of 30 places, of which five hold a tile."""
    whole = np.full((ROWS * slides.TILE, COLUMNS * slides.TILE, 3), (150, 60, 110), np.uint8)
    level = slides.level(whole, "ybr")
    level.DimensionOrganizationType = "TILED_SPARSE"
    slides.frames(level, [slides.ybr_jpeg(whole[: slides.TILE, : slides.TILE])] * len(SCANNED))
    groups = []
    for column, row in SCANNED:
        position, group = Dataset(), Dataset()
        position.ColumnPositionInTotalImagePixelMatrix = column * slides.TILE + 1
        position.RowPositionInTotalImagePixelMatrix = row * slides.TILE + 1
        position.ZOffsetInSlideCoordinateSystem = 0
        group.PlanePositionSlideSequence = [position]
        groups.append(group)
    level.PerFrameFunctionalGroupsSequence = groups
    return level


def test_what_was_not_scanned_is_white(tmp_path: Path) -> None:
    study = lay(tmp_path, [sparse()])
    with reading(tmp_path, width=1400, height=800) as reader:
        reader.indexed(study)
        page = reader.page
        page.goto(f"{reader.served.url}/studies/{study}/")
        expect(page.locator(f"{SLIDE} .slide-scale p")).to_have_text(re.compile("[0-9] [mµ]m"), timeout=20_000)
        for keys in ([], ["r"]):
            page.mouse.move(0, 0)
            page.locator(SLIDE).focus()
            reader.press(*keys)
            page.wait_for_timeout(800)
            box = page.locator(SLIDE).bounding_box()
            assert box
            shown = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")).astype(int)  # type: ignore[arg-type]
            turned = bool(keys)
            across, down = (ROWS, COLUMNS) if turned else (COLUMNS, ROWS)
            side = min(box["width"] / across, box["height"] / down)
            left, top = (box["width"] - across * side) / 2, (box["height"] - down * side) / 2
            seen = {}
            for column in range(COLUMNS):
                for row in range(ROWS):
                    x, y = (ROWS - 1 - row, column) if turned else (column, row)
                    middle = shown[int(top + (y + 0.7) * side), int(left + (x + 0.3) * side)]
                    seen[(column, row)] = "white" if middle.min() > 250 else "tissue" if middle[1] < 120 else "black"
            text = {place: what for place, what in seen.items() if (what == "tissue") != (place in SCANNED)}
            # Text and the overview stand over a few corners.
            assert len(text) <= 4, text
            assert list(seen.values()).count("white") >= 20, seen
        small = np.asarray(
            Image.open(io.BytesIO(page.locator(f"{SLIDE} .overview canvas").screenshot())).convert("RGB")
        )
        assert 0.6 < (small.min(axis=-1) > 245).mean() < 0.9

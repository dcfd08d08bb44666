"""Planes in daily reading: a tilted gantry, the way of scrolling, slabs that are told, lines beside words."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from tests.browser.reading import Moment, Reader, lay, reading
from tests.browser.test_planes import (
    ACQUIRED,
    AXES,
    AXIAL,
    CORONAL,
    SAGITTAL,
    SLOPES,
    location,
    read_edges,
    slope_phantom,
)
from tests.chromium import needs_chromium
from tests.phantoms import ball_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

TILT_DEGREES = 14.0
# Pieces of lines that run through words, as [line, words].
CROSSED = """pane => {
  const area = document.querySelectorAll('.pane')[pane].querySelector('.area');
  const {left, top} = area.getBoundingClientRect();
  const words = [...area.querySelectorAll('.letter, .scale, .scale-words, .corner p, .identity span')].flatMap(each => {
    const box = each.getBoundingClientRect();
    return box.width && box.height ? [{name: each.innerText ?? 'scale', x1: box.left - left, x2: box.right - left,
      y1: box.top - top, y2: box.bottom - top}] : [];
  });
  const crossed = [];
  for (const path of area.querySelectorAll('.crosshair path:not(.halo)'))
    for (const [, x1, y1, x2, y2] of path.getAttribute('d').matchAll(/M([-\\d.]+) ([-\\d.]+)L([-\\d.]+) ([-\\d.]+)/g))
      for (const box of words)
        if (Math.max(+x1, +x2) > box.x1 && Math.min(+x1, +x2) < box.x2 &&
            Math.max(+y1, +y2) > box.y1 && Math.min(+y1, +y2) < box.y2)
          crossed.push([path.className.baseVal, box.name]);
  return {words: words.length, pieces: area.querySelectorAll('.crosshair path').length, crossed};
}"""


def tilted_phantom() -> list[Dataset]:
    """Return slices of a tilted gantry whose HU rise by SLOPES about (0, 0, 0), in no frame of reference."""
    cos, sin = np.cos(np.radians(TILT_DEGREES)), np.sin(np.radians(TILT_DEGREES))
    datasets = ball_phantom(
        patient=4, date="20240301", rows=40, columns=48, slices=24, spacing=(2.0, 2.0), thickness=3.0
    )
    for dataset in datasets:
        x, y, z = (float(value) for value in dataset.ImagePositionPatient)
        rows, columns = np.mgrid[: dataset.Rows, : dataset.Columns]
        places = {"L": x + 2.0 * columns, "P": y + 2.0 * rows * cos, "S": z - 2.0 * rows * sin}
        values = sum(SLOPES[axis] * place for axis, place in places.items())
        stored = np.rint((values - float(dataset.RescaleIntercept)) / float(dataset.RescaleSlope))
        dataset.PixelData = stored.astype(np.uint16 if dataset.PixelRepresentation == 0 else np.int16).tobytes()
        dataset.ImageOrientationPatient = [1, 0, 0, 0, round(float(cos), 12), round(float(-sin), 12)]
        dataset.WindowCenter, dataset.WindowWidth = 0, 256
        del dataset.FrameOfReferenceUID
    return datasets


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, str]]:
    folder = tmp_path_factory.mktemp("planes")
    tilted = lay(folder, tilted_phantom())
    study = lay(folder, slope_phantom(1, "1"))
    with reading(folder, width=1280, height=900) as found:
        found.indexed(study)
        found.indexed(tilted)
        yield found, study, tilted


def three_planes(reader: Reader, study: str, width: int = 1500, *, home: bool = True) -> None:
    """Open a study afresh in three planes beside the stack, in a window of so many CSS pixels; at its first image."""
    reader.page.set_viewport_size({"width": width, "height": 900})
    reader.open(study)
    reader.focus()
    reader.press("Shift+1", "Space", "Shift+3")
    for pane in AXES:
        # A server's first plane waits until its kernels are compiled.
        reader.until(lambda moment: bool(moment.grey.any()), pane, within=90)
    if home:
        reader.focus(ACQUIRED)
        reader.press("Home")
    reader.page.wait_for_timeout(500)
    reader.focus(AXIAL)


def all_text(reader: Reader) -> None:
    """Bring the text back to all that there is."""
    for _ in range(3):
        if reader.page.locator(".pane").first.locator(".corner p").count() > 2:
            return
        reader.press("o")
        reader.page.wait_for_timeout(200)


def turn(reader: Reader, pane: int, key: str) -> float:
    """Press a key in a pane and return by how many mm its text moved."""
    reader.focus(pane)
    before = location(reader.moment(pane))
    reader.press(key)
    return location(reader.until(lambda moment: location(moment) != before, pane)) - before


def test_a_tilted_series_in_no_frame_of_reference_is_painted_straight(reader: tuple[Reader, str, str]) -> None:
    page, _study, tilted = reader
    three_planes(page, tilted, home=False)
    for pane, axes in AXES.items():
        moment = page.until(lambda moment: "tilt corrected" in moment.image, pane)
        assert f"tilt corrected {TILT_DEGREES}°" in moment.image
        assert not moment.notice
        page.focus(pane)
        for key in ("ArrowDown", "ArrowUp"):
            page.press(key)
        page.page.wait_for_timeout(500)
        moment = page.moment(pane)
        assert moment.letters == read_edges(moment, axes), pane


def test_a_plane_is_scrolled_the_way_of_its_stack(reader: tuple[Reader, str, str]) -> None:
    page, study, _tilted = reader
    three_planes(page, study)
    way = turn(page, ACQUIRED, "ArrowDown")
    assert np.sign(turn(page, AXIAL, "ArrowDown")) == np.sign(way)
    assert np.sign(turn(page, AXIAL, "End")) == np.sign(way)
    assert turn(page, CORONAL, "ArrowDown") > 0, "front to back"
    assert turn(page, SAGITTAL, "ArrowDown") > 0, "right to left"

    def thumb(pane: int) -> int:
        return int(page.page.locator(".pane").nth(pane).locator(".bar").get_attribute("aria-valuenow") or 0)

    assert thumb(AXIAL) == thumb(ACQUIRED) == 24


def test_a_stack_that_is_scrolled_takes_the_planes_along(reader: tuple[Reader, str, str]) -> None:
    page, study, _tilted = reader
    three_planes(page, study)
    elsewhere = {pane: location(page.moment(pane)) for pane in (CORONAL, SAGITTAL)}
    for key in ("ArrowDown", "Shift+ArrowDown", "ArrowUp"):
        turn(page, ACQUIRED, key)
        there = location(page.moment(ACQUIRED))

        def follows(moment: Moment, there: float = there) -> bool:
            return abs(location(moment) - there) < 0.06

        page.until(follows, AXIAL)
    assert {pane: location(page.moment(pane)) for pane in (CORONAL, SAGITTAL)} == elsewhere
    expect(page.page.locator(".pane").nth(ACQUIRED).locator(".crosshair .reference")).to_have_count(1)
    before = page.moment(ACQUIRED).image
    turn(page, CORONAL, "ArrowDown")
    page.page.wait_for_timeout(300)
    assert page.moment(ACQUIRED).image == before, "the stack isn't thrown back"


def test_slab_and_window_are_told_in_a_narrow_pane_and_at_every_level_of_text(
    reader: tuple[Reader, str, str],
) -> None:
    page, study, _tilted = reader
    three_planes(page, study, width=1000)
    all_text(page)
    page.focus(CORONAL)
    box = page.page.locator(".pane .area").nth(CORONAL).bounding_box()
    assert box
    assert box["width"] < 400
    page.page.mouse.click(box["x"] + 60, box["y"] + 60, button="right")
    page.page.get_by_role("menuitem", name=re.compile("maximum")).click()

    def says(*words: str) -> Any:
        return lambda moment: all(each in " ".join(moment.image.split()) for each in words)

    moment: Moment = page.until(says("MPR coronal · MIP 10 mm"), CORONAL)
    assert "PHANTOM-2" in moment.identity, "the patient's ID"
    assert (
        page.page.locator(".pane")
        .nth(CORONAL)
        .locator(".patient-id")
        .evaluate("id => id.getBoundingClientRect().right <= id.parentElement.getBoundingClientRect().right")
    ), "a whole ID or none"
    assert (
        not page.page.locator(".pane")
        .nth(CORONAL)
        .locator(".corner p")
        .evaluate_all("lines => lines.some(line => line.scrollWidth > line.clientWidth)")
    )
    page.page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 150, box["y"] + 130)
    page.page.mouse.up()
    for _level in range(3):
        page.until(says("MIP 10 mm", "W "), CORONAL)
        page.press("o")
        page.page.wait_for_timeout(200)
    page.focus(CORONAL)
    page.press("Space")


def test_no_line_runs_through_words(reader: tuple[Reader, str, str]) -> None:
    page, study, _tilted = reader
    for width in (1500, 1000):
        three_planes(page, study, width=width)
        box = page.page.locator(".pane .area").nth(CORONAL).bounding_box()
        assert box
        page.page.keyboard.press("x")
        for across, down in ((0.5, 0.5), (0.35, 0.3), (0.7, 0.6)):
            page.page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
            page.page.wait_for_timeout(500)
            for pane in AXES:
                found = page.page.evaluate(CROSSED, pane)
                assert found["pieces"] >= 4
                assert found["words"] >= 6
                assert found["crossed"] == [], (width, pane)
        page.page.keyboard.press("w")

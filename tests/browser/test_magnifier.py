"""The lens: the stored pixels under the pointer, lying as their pane does, and under every word."""

import base64
import time
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.reading import GREY, Reader, lay, reading
from tests.chromium import barriers, needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]
SIZE = 1536
LENS = (
    """() => {
  const canvas = document.querySelector('.lens canvas');"""
    + GREY
    + """
  return [width, height, btoa(grey)];
}"""
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("magnifier")
    study = lay(folder, speaking_phantom(slices=2, rows=SIZE, columns=SIZE))
    with reading(folder) as found:
        found.indexed(study)
        yield found, study


@pytest.fixture
def page(reader: tuple[Reader, str]) -> Reader:
    """The image at a third of its size, so that the lens shows pixel for pixel."""
    found, study = reader
    found.alone(study, {"pixels": 1 / 3})
    found.open(study)
    found.until(lambda moment: "Image 1/2" in moment.image)
    box = found.page.locator(".pane .area").first.bounding_box()
    assert box
    found.page.mouse.move(box["x"] + 260, box["y"] + 300)
    return found


def lens(page: Reader) -> np.ndarray:
    """Return the grey levels in the lens, once it shows the stored pixels."""
    expect(page.page.locator(".lens p")).to_have_text("3× · 1:1", timeout=20_000)
    width, height, grey = page.page.evaluate(LENS)
    return np.frombuffer(base64.b64decode(grey), np.uint8).reshape(height, width)


def is_part(part: np.ndarray, whole: np.ndarray, near: tuple[float, float]) -> bool:
    """Whether a picture is a part of another one, within some pixels of a place (row, column)."""
    rows, columns = part.shape
    top, left = round(near[0] - rows / 2), round(near[1] - columns / 2)
    return any(
        (whole[top + y : top + y + rows, left + x : left + x + columns] == part).all()
        for y in range(-4, 5)
        for x in range(-4, 5)
    )


def comes_to_show(page: Reader, whole: np.ndarray, near: tuple[float, float]) -> bool:
    """Whether the lens shows a part of a picture, once it has followed the last key."""
    end = time.monotonic() + 20
    while not (found := is_part(lens(page), whole, near)) and time.monotonic() < end:
        page.page.wait_for_timeout(50)
    return found


def test_the_stored_pixels_lie_under_the_lens_as_in_the_pane(page: Reader) -> None:
    series = page.page.locator("#thumbnails button").first.get_attribute("data-series") or ""
    stored = page.rendered(series, 0)
    area = page.page.locator(".pane .area").first.bounding_box()
    assert area
    place = np.array([300 - area["height"] / 2, 260 - area["width"] / 2]) * 3
    page.press("u")
    assert len(np.unique(lens(page))) > 1, "there is something to see"
    assert comes_to_show(page, stored, tuple(SIZE / 2 + place))
    page.press("h", "r")
    turned = np.rot90(np.fliplr(stored), -1)
    assert comes_to_show(page, turned, tuple(SIZE / 2 + place))
    page.press("u")
    expect(page.page.locator(".lens")).to_have_count(0)


def test_held_it_goes_with_the_key_and_it_never_stays_behind(page: Reader) -> None:
    page.page.keyboard.down("u")
    expect(page.page.locator(".lens")).to_be_visible()
    page.page.wait_for_timeout(400)
    page.page.keyboard.up("u")
    expect(page.page.locator(".lens")).to_have_count(0)
    page.press("u", "Shift+U")
    expect(page.page.locator(".lens p")).to_contain_text("4×")
    page.page.mouse.move(5, 5)
    expect(page.page.locator(".lens")).to_have_count(0)
    page.focus()
    page.press("u")
    page.page.locator(".pane .area").first.focus()
    page.press("u")
    expect(page.page.locator(".lens p")).to_have_text("3× · 1:1", timeout=20_000)
    page.press("u")
    expect(page.page.locator(".lens")).to_have_count(0)


def test_it_lies_under_every_word_and_follows_at_once(page: Reader) -> None:
    page.press("u")
    expect(page.page.locator(".lens")).to_be_visible()
    area = page.page.locator(".pane .area").first.bounding_box()
    assert area
    page.page.mouse.move(area["x"] + 40, area["y"] + 30)
    box = page.page.locator(".lens").bounding_box()
    assert box
    where = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert abs(where[0] - area["x"] - 40) <= 1
    assert abs(where[1] - area["y"] - 30) <= 1
    level = "name => Number(getComputedStyle(document.querySelector(name)).zIndex)"
    for name in (".top-left", ".identity", ".bottom-right", ".letter", ".fidelity", ".persons"):
        assert page.page.evaluate(level, name) > page.page.evaluate(level, ".lens"), name
    assert barriers(page.page) == []
    page.press("u")

"""A whole reading with the mouse unplugged, and pages that keep nobody out."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import barriers, needs_chromium
from tests.phantoms import ball_phantom, speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("keyboard")
    study = lay(folder, speaking_phantom(slices=12))
    lay(folder, speaking_phantom(series=2, slices=9, orientation=(1, 0, 0, 0, 0, -1)))
    lay(folder, ball_phantom())
    with reading(folder) as found:
        found.indexed(study, 2)
        yield found, study


@pytest.fixture
def page(reader: tuple[Reader, str]) -> Reader:
    """The study just opened, as it was at first."""
    found, study = reader
    found.open(study)
    found.focus()
    found.press("Shift+1", "Space", "Home")
    found.until(lambda moment: moment.spoken is not None)
    return found


def focused(page: Reader, attribute: str) -> Any:
    """Return an attribute of what has the focus."""
    return page.page.evaluate("name => document.activeElement.getAttribute(name)", attribute)


def test_the_image_has_the_keys_as_soon_as_the_study_is_open(reader: tuple[Reader, str]) -> None:
    found, study = reader
    found.open(study)
    assert focused(found, "role") == "application"


def test_arrows_page_keys_and_ends_move(page: Reader) -> None:
    for keys, image in (
        (["ArrowDown"], "Image 2/12"),
        (["Shift+ArrowDown"], "Image 12/12"),
        (["ArrowUp"], "Image 11/12"),
        (["Home"], "Image 1/12"),
        (["End"], "Image 12/12"),
        (["PageDown"], "/9"),
        (["PageUp"], "/12"),
        (["ArrowRight"], "/9"),
        (["ArrowLeft"], "/12"),
    ):
        page.press(*keys)
        page.until(lambda moment, image=image: image in moment.image and moment.spoken is not None)


def test_windows_come_by_digit_and_by_the_tool(page: Reader) -> None:
    for key, words in (("3", "W 2000 L 400 HU · Bone"), ("1", "W 400 L 40 HU · Soft tissue"), ("0", "W 2100 L 0 HU")):
        page.press(key)
        page.until(lambda moment, words=words: words in moment.window)
    page.press("1", "w", "Alt+ArrowRight", "Alt+ArrowUp")
    page.until(lambda moment: "W 420 L 19 HU" in moment.window)
    page.press("i")
    page.until(lambda moment: "inverted" in moment.window and moment.spoken is not None and moment.spoken.inverted)


def test_every_pixel_is_a_pixel_at_one_to_one(page: Reader) -> None:
    page.press("Shift+F")
    page.until(lambda moment: "1:1" in moment.window and "Image 1/12" in moment.image)
    # A busy machine may move pictures as JPEG first; at rest they are the stored pixels, and the sign says so.
    expect(page.page.locator(".fidelity").first).to_have_attribute("data-sign", "full", timeout=20_000)
    shown = page.moment().grey
    picture = page.rendered(page.page.locator("#thumbnails button").first.get_attribute("data-series") or "", 0)
    top, left = (shown.shape[0] - picture.shape[0]) // 2, (shown.shape[1] - picture.shape[1]) // 2
    assert any(
        (shown[y : y + picture.shape[0], x : x + picture.shape[1]] == picture).all()
        for y in (top, top + 1)
        for x in (left, left + 1)
    )
    assert int(shown.sum()) == int(picture.sum()), "nothing but the picture is on the canvas"
    page.press("+", "-", "f")
    page.until(lambda moment: "1:1" not in moment.window)


def test_tab_goes_through_the_panes(page: Reader) -> None:
    page.press("Shift+2")
    page.page.wait_for_selector(".pane >> nth=3")
    page.focus()
    page.press("Tab")
    assert page.page.evaluate("document.activeElement.closest('.pane').dataset.pane") == "1"
    page.press("Shift+Tab", "Shift+M")
    expect(page.page.locator(".pane:visible")).to_have_count(1)
    page.press("Shift+M", "Shift+1")
    expect(page.page.locator(".pane:visible")).to_have_count(1)


def test_the_toolbar_is_one_stop_with_arrows_inside(page: Reader) -> None:
    bar = page.page.locator("#toolbar")
    expect(bar.locator("button[tabindex='0']")).to_have_count(1)
    bar.locator("button[tabindex='0']").focus()
    page.press("ArrowRight")
    assert focused(page, "data-command") == "tool-pan"
    page.press("End", "ArrowRight", "ArrowRight", "Enter")
    expect(bar.locator("[data-command='tool-pan']")).to_have_attribute("aria-pressed", "true")
    page.press("r")
    assert page.moment().letters["left"] == "R", "a letter on a button isn't a command for the image"


def test_the_palette_finds_and_the_sheet_changes_a_key(page: Reader) -> None:
    page.press("Control+k")
    page.page.keyboard.type("rotate clock")
    page.press("Enter")
    page.until(lambda moment: moment.letters["top"] == "R")
    page.press("?")
    page.page.locator("[data-change='invert']").focus()
    page.press("Enter", "g")
    expect(page.page.locator("[data-change='invert']")).to_contain_text("G")
    page.press("Escape", "g")
    page.until(lambda moment: "inverted" in moment.window)
    page.press("?")
    page.page.get_by_role("button", name="All keys as at first").click()
    page.press("Escape")


def test_the_live_region_tells_what_is_shown_once_the_hand_rests(page: Reader) -> None:
    page.press("ArrowDown", "ArrowDown")
    expect(page.page.locator(".area [aria-live]").first).to_contain_text("slice 3 of 12")
    name = page.page.locator(".pane .area").first.get_attribute("aria-label")
    assert name == "Axial CT Speaking phantom, slice 3 of 12, window 0/2100"


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160)])
def test_nobody_is_kept_out_and_nothing_is_cut_off(page: Reader, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    for keys in ([], ["Shift+2"], ["?"], ["Escape", "Control+k"]):
        page.press(*keys)
        page.page.wait_for_timeout(300)
        assert barriers(page.page) == []
    page.press("Escape")
    page.focus()
    page.press("Shift+1")
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    outside = page.page.evaluate(
        """[...document.querySelectorAll('.corner p')].filter(line => line.scrollWidth > line.clientWidth + 1).length"""
    )
    assert outside == 0
    page.page.set_viewport_size({"width": 1280, "height": 800})

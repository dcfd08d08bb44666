"""Up to nine panes: chosen on a grid, kept when there are fewer, pictures carried between them by hand and by key."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import barriers, needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]
SERIES = 4


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("layouts")
    for number in range(1, SERIES + 1):
        study = lay(folder, speaking_phantom(series=number, slices=3))
    with reading(folder, height=900) as found:
        found.indexed(study, SERIES)
        yield found, study


@pytest.fixture
def page(reader: tuple[Reader, str]) -> Reader:
    """Nine panes, with the first series in the first and nothing carried yet."""
    found, study = reader
    found.alone(study, {"fit": 1.0})
    found.open(study)
    found.focus()
    found.press("Shift+9")
    expect(found.page.locator(".pane:visible")).to_have_count(9)
    return found


def shown(page: Reader) -> list[int | None]:
    """Return which series each visible pane shows, by its pixels, once all have settled."""
    count = page.page.locator(".pane:visible").count()
    moments = [
        page.until(lambda each: each.spoken is not None or "Empty" in each.notice, number) for number in range(count)
    ]
    return [None if "Empty" in each.notice else (each.spoken.series if each.spoken else -1) for each in moments]


def until(page: Reader, series: list[int | None]) -> None:
    """Wait until the panes show these series, the rest being empty."""
    for number, each in enumerate(series):
        page.until(
            lambda moment, each=each: (
                "Empty" in moment.notice if each is None else moment.spoken is not None and moment.spoken.series == each
            ),
            pane=number,
        )


def middle(page: Reader, selector: str) -> tuple[float, float]:
    """Return the middle of an element."""
    box = page.page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def carry(page: Reader, what: str, where: str) -> None:
    """Take something by the pointer to a place, and hold it there."""
    page.page.mouse.move(*middle(page, what))
    page.page.mouse.down()
    page.page.mouse.move(*middle(page, where), steps=4)


def test_rows_and_columns_are_chosen_on_a_grid(page: Reader) -> None:
    page.press("Shift+G", "ArrowUp", "ArrowLeft")
    expect(page.page.locator(".picker p")).to_have_text("2 × 2")
    expect(page.page.locator(".picker .in")).to_have_count(4)
    assert barriers(page.page) == []
    page.press("Enter")
    expect(page.page.locator("#panes")).to_have_attribute("data-layout", "2x2")
    page.page.click("[data-command='layouts']")
    page.page.hover(".picker .cell >> nth=2")
    expect(page.page.locator(".picker p")).to_have_text("1 × 3")
    page.page.click(".picker .cell >> nth=2")
    expect(page.page.locator(".pane:visible")).to_have_count(3)
    page.press("Shift+G", "Escape")
    expect(page.page.locator(".picker")).to_be_hidden()
    expect(page.page.locator(".pane:visible")).to_have_count(3)


def test_what_falls_out_of_sight_comes_back_to_its_place(page: Reader) -> None:
    page.page.locator(".pane .area").nth(2).focus()
    nine = shown(page)
    assert set(nine) >= {1, 2, 3, 4}
    page.press("Shift+1")
    until(page, nine[2:3])
    page.press("Shift+4")
    until(page, [nine[0], nine[2]])
    page.press("Shift+9")
    until(page, nine)
    page.page.wait_for_timeout(1500)
    page.page.reload()
    expect(page.page.locator(".pane:visible")).to_have_count(9)
    until(page, nine)


def test_a_thumbnail_is_carried_into_any_pane(page: Reader) -> None:
    before = shown(page)
    carry(page, "#thumbnails button >> nth=3", ".pane >> nth=0 >> .area")
    expect(page.page.locator(".pane.target")).to_have_attribute("data-pane", "0")
    page.press("Escape")
    expect(page.page.locator(".pane.target, .carried")).to_have_count(0)
    page.page.mouse.up()
    assert shown(page) == before
    carry(page, "#thumbnails button >> nth=3", ".pane >> nth=8 >> .area")
    page.page.mouse.up()
    until(page, [*before[:8], 4])
    page.page.locator("#thumbnails button").nth(1).focus()
    page.press("6")
    until(page, [*before[:5], 2, *before[6:8], 4])


def test_pictures_change_places_by_their_handle_and_by_key(page: Reader) -> None:
    before = shown(page)
    carry(page, ".pane >> nth=0 >> .handle", ".pane >> nth=7 >> .area")
    expect(page.page.locator(".pane.target")).to_have_attribute("data-pane", "7")
    page.page.mouse.up()
    changed = [before[7], *before[1:7], before[0], before[8]]
    until(page, changed)
    expect(page.page.locator(".pane.active")).to_have_attribute("data-pane", "7")
    carry(page, ".pane >> nth=7 >> .handle", "#thumbnails")
    page.page.mouse.up()
    until(page, changed)
    page.focus(7)
    page.press("Alt+Shift+1")
    until(page, before)
    page.press("Control+k")
    page.page.keyboard.type("put this picture into pane 3")
    page.press("Enter")
    until(page, [before[2], before[1], before[0], *before[3:]])


@pytest.mark.parametrize("size", [(1280, 900), (3840, 2160)])
def test_small_panes_say_what_must_be_said(page: Reader, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    page.page.wait_for_timeout(500)
    assert -1 not in shown(page)
    assert barriers(page.page) == []
    moment = page.moment()
    assert "Image 1/3" in moment.image
    assert "PHANTOM, SPEAKING" in moment.patient + moment.identity
    assert page.page.locator(".pane").first.locator(".fidelity").is_visible()
    over = page.page.evaluate(
        """[...document.querySelectorAll('.pane:not([hidden]) .area')].filter(area => {
          const box = name => area.querySelector(name).getBoundingClientRect();
          return box('.top-right').bottom > box('.bottom-right').top && area.querySelector('.bottom-right').innerText;
        }).length"""
    )
    assert over == 0
    identity, letter = (
        page.page.locator(".pane").first.locator(name).bounding_box()
        for name in (".area > .identity", ".area > .letter.top")
    )
    assert identity is None or (letter and letter["y"] >= identity["y"] + identity["height"])
    page.page.set_viewport_size({"width": 1280, "height": 900})

"""A prior beside the exam: it scrolls along by an offset that a hand has set and that is told, and never by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.browser.test_two_patients import show
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, str]]:
    folder: Path = tmp_path_factory.mktemp("linked")
    before = speaking_phantom(patient=1, series=1, slices=20, date="20230628")
    for dataset in before:
        dataset.FrameOfReferenceUID = f"{dataset.FrameOfReferenceUID}.9"
    prior = lay(folder, before)
    own = lay(folder, speaking_phantom(patient=1, series=2, slices=20))
    with reading(folder, width=1700) as found:
        for study in (prior, own):
            found.indexed(study)
        yield found, own, prior


# What a pane says of going along unregistered, and where that isn't to be read: cut off, or under other words.
TOLD = """pane => {
  const area = document.querySelectorAll('.pane')[pane].querySelector('.area');
  const line = [...area.querySelectorAll('.across')].find(each => each.textContent && each.getClientRects().length);
  if (!line) return {words: '', faults: []};
  const range = document.createRange();
  range.selectNodeContents(line);
  const boxes = [...range.getClientRects()], room = area.getBoundingClientRect();
  const others = [...area.querySelectorAll('.letter, .corner p, .identity span, .fidelity, .scale-words, .persons')]
    .filter(each => each !== line && each.getClientRects().length && each.textContent);
  const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const isIn = box =>
    box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
  const faults = boxes.flatMap(box => [...(isIn(box) ? [] : ['cut off']),
    ...others.filter(each => meets(box, each.getBoundingClientRect())).map(each => each.className + each.textContent)]);
  if (!line.checkVisibility({visibilityProperty: true, opacityProperty: true})) faults.push('hidden');
  return {words: line.innerText, faults, width: room.width};
}"""


def slices(page: Reader) -> list[Any]:
    found = [page.moment(pane).spoken for pane in (0, 1)]
    return [each.slice if each else None for each in found]


def reached(page: Reader, pane: int, number: int) -> None:
    page.until(lambda moment: moment.spoken is not None and moment.spoken.slice == number, pane)


def test_a_prior_scrolls_along_by_the_offset_that_was_set_until_it_is_released(reader: tuple[Reader, str, str]) -> None:
    page, own, prior = reader
    show(page, own, prior)
    for pane in (0, 1):
        page.until(lambda moment: moment.spoken is not None, pane)
    page.focus(0)
    first, second = slices(page)
    step = 1 if first < 10 else -1
    # Linked by position, what has another Frame of Reference stays where it is.
    page.press("Alt+s", "ArrowDown", "ArrowDown", "ArrowDown")
    reached(page, 0, first + 3 * step)
    assert slices(page)[1] == second
    assert "not registered" not in page.moment(1).image
    page.press("Alt+Shift+S")
    told = page.until(lambda moment: "not registered: linked by an offset of" in moment.image, 1)
    assert "linked: scrolling" in told.image and "not registered" not in page.moment(0).image
    page.press("ArrowDown", "ArrowDown")
    reached(page, 0, first + 5 * step)
    reached(page, 1, second + 2 * step)
    assert "not registered" in page.moment(1).image
    page.page.goto(page.served.url)  # a page that is left writes what it showed
    page.open(own)
    reached(page, 1, second + 2 * step)
    page.until(lambda moment: "not registered" in moment.image, 1)
    page.focus(0)
    page.press("ArrowUp")
    reached(page, 1, second + step)
    page.press("Alt+Shift+S", "ArrowUp")
    reached(page, 0, first + 3 * step)
    assert slices(page)[1] == second + step
    assert "not registered" not in page.moment(1).image


@pytest.mark.parametrize(
    ("rows", "columns", "text"),
    [(3, 3, "all"), (3, 3, "none"), (2, 3, "identity"), (3, 2, "all"), (3, 1, "all"), (1, 3, "all"), (2, 2, "all")],
)
def test_what_is_linked_and_not_registered_says_so_in_every_pane(
    reader: tuple[Reader, str, str], rows: int, columns: int, text: str
) -> None:
    page, own, prior = reader
    page.page.set_viewport_size({"width": 1280, "height": 900})
    try:
        others = [prior if number % 2 == 0 else own for number in range(rows * columns - 1)]
        show(page, own, *others, rows=rows, text=text, links={"scroll": True, "across": True})
        for number, study in enumerate([own, *others]):
            page.until(lambda moment: moment.spoken is not None, number)
            told = page.page.evaluate(TOLD, number)
            assert told["words"] == ("" if study == own else "not registered: linked by an offset of 0 mm"), number
            assert not told["faults"], (number, told)
    finally:
        page.page.set_viewport_size({"width": 1700, "height": 800})


def test_two_series_of_one_exam_are_registered_from_a_sheet(reader: tuple[Reader, str, str]) -> None:
    page, own, prior = reader
    show(page, own, prior)
    for pane in (0, 1):
        page.until(lambda moment: moment.spoken is not None, pane)
    page.focus(0)
    page.press("x")
    offsets = ((0.3, 0.3), (0.7, 0.35), (0.4, 0.7), (0.6, 0.6))
    for number, (across, down) in enumerate(offsets):
        for pane in (0, 1):
            area = page.page.locator(".pane .area:visible").nth(pane)
            box = area.bounding_box()
            assert box
            side = min(box["width"], box["height"])
            middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.page.mouse.click(middle[0] + (across - 0.5) * side, middle[1] + (down - 0.5) * side)
        page.page.locator(".pane .area:visible").nth(0).focus()
        page.press("Alt+l")
        if number % 2:
            page.press("ArrowDown")
    page.press("Alt+r")
    sheet = page.page.locator("dialog[open]")
    expect(sheet).to_contain_text("4 pairs of landmarks are set")
    sheet.get_by_role("button", name="Register by landmarks").click()
    expect(sheet).to_contain_text("PROPOSAL, not accepted: registered by 4 pairs of landmarks, residual")
    sheet.get_by_role("button", name="Accept").click()
    expect(sheet.get_by_role("status")).not_to_contain_text("PROPOSAL")
    expect(sheet.get_by_role("status")).to_contain_text("check by eye")
    sheet.get_by_role("button", name="Show fused").click()
    page.until(lambda moment: "registered by 4 pairs of landmarks" in moment.window, 0, within=90)

"""A stack that runs by itself: every picture in its order, at the rate that is said, until a hand moves."""

import re
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]
COUNT = 12
PAINTED = """() => {
  window.paints = [];
  const mark = performance.mark.bind(performance);
  performance.mark = (name, options) => {
    if (name === 'painted') window.paints.push(options.detail.index);
    return mark(name, options);
  };
}"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("cine")
    study = lay(folder, speaking_phantom(slices=COUNT))
    lay(folder, speaking_phantom(series=2, slices=1))
    lay(folder, speaking_phantom(series=3, slices=6, drop=(3,)))
    with reading(folder) as found:
        found.indexed(study, 3)
        yield found, study


@pytest.fixture
def page(reader: tuple[Reader, str]) -> Reader:
    """The stack at its first image, at rest."""
    found, study = reader
    found.open(study)
    found.focus()
    found.press("Shift+1", "PageUp", "PageUp", "Home")
    found.until(lambda moment: moment.spoken is not None and f"Image 1/{COUNT}" in moment.image)
    found.page.evaluate(PAINTED)
    return found


def painted(page: Reader, count: int = 0) -> list[int]:
    """Return which pictures were painted one after the other, a repeated paint counted once, of more than `count`."""
    deadline = time.monotonic() + 30
    while True:
        indices: list[int] = page.page.evaluate("window.paints")
        found = [index for at, index in enumerate(indices) if at == 0 or index != indices[at - 1]]
        if len(found) > count:
            return found
        assert time.monotonic() < deadline, f"only {found}"
        page.page.wait_for_timeout(50)


def follow(order: list[int]) -> bool:
    """Whether each picture is the one after the picture before."""
    return all(after == (before + 1) % COUNT for before, after in pairwise(order))


def test_every_picture_comes_in_its_order_until_a_hand_moves(page: Reader) -> None:
    page.press("c")
    expect(page.page.locator(".cine")).to_contain_text("pictures/s")
    expect(page.page.locator("[data-command='cine']")).to_have_attribute("aria-pressed", "true")
    painted(page, 2 * COUNT + 3)
    for _ in range(5):
        moment = page.moment()
        assert moment.spoken is not None
        # A number of the file that differs from the place in the stack stands behind it.
        place, number = re.findall(r"Image (\d+)/12(?: \(no\. (\d+)\))?", moment.image)[0]
        assert int(number or place) == moment.spoken.slice
    page.press("ArrowDown")
    expect(page.page.locator(".cine")).to_have_count(0)
    page.page.wait_for_timeout(600)  # what was on its way is painted
    order = painted(page)
    assert follow(order[:-1]), order
    stood = page.until(lambda moment: moment.spoken is not None).image
    page.page.wait_for_timeout(600)
    assert page.moment().image == stood
    expect(page.page.locator("#thumbnails .seen").first).to_have_text("all seen")


def test_back_and_forth_faster_and_slower(page: Reader) -> None:
    page.press("c", "Shift+C")
    expect(page.page.locator(".cine")).to_contain_text("back and forth")
    order = painted(page, 2 * COUNT + 4)
    assert all(abs(after - before) == 1 for before, after in pairwise(order)), order
    assert [at for at in order[1:] if at in (0, COUNT - 1)][:2] == [COUNT - 1, 0]
    page.press("Control+ArrowDown", "Control+ArrowDown")
    expect(page.page.locator(".cine")).to_contain_text(re.compile(r"\b12 pictures/s"))
    page.press("Control+ArrowUp", "Control+ArrowUp", "Control+ArrowUp")
    expect(page.page.locator(".cine")).to_contain_text(re.compile(r"\b25 pictures/s"))
    page.press("c")
    expect(page.page.locator(".cine")).to_have_count(0)


def test_a_line_that_cant_keep_up_is_said_and_nothing_is_skipped(page: Reader) -> None:
    session = page.page.context.new_cdp_session(page.page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 700, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", conditions)
    page.press("3", "c")  # another window: nothing of it is here yet
    expect(page.page.locator(".cine.slow")).to_contain_text(re.compile(r"\d instead of 20 pictures/s"), timeout=20_000)
    page.press("c")
    session.send("Network.emulateNetworkConditions", conditions | {"latency": 0})
    order = painted(page)
    assert follow(order), order


def test_a_gap_is_shown_as_one_and_doesnt_end_it(page: Reader) -> None:
    page.press("PageDown", "PageDown")
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 3)
    page.press("c")
    order = painted(page, 14)
    found = page.until(lambda moment: "missing" in moment.notice.lower())
    assert found.spoken is None, "no picture stands for one that isn't there"
    page.until(lambda moment: moment.spoken is not None)
    page.press("c")
    gap = ({*range(6)} - {*order}).pop()
    assert all(after == ((before + 1) % 6 if before + 1 != gap else gap + 1) for before, after in pairwise(order[-10:]))


def test_another_pane_ends_it_and_a_still_has_none(page: Reader) -> None:
    page.press("Shift+2")
    page.page.wait_for_selector(".pane >> nth=3")
    page.focus()
    page.press("c")
    expect(page.page.locator(".pane >> nth=0 >> .cine")).to_have_count(1)
    page.press("Tab")
    expect(page.page.locator(".cine")).to_have_count(0)
    page.focus()
    page.press("Shift+1", "PageDown")
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 2)
    expect(page.page.locator("[data-command='cine']")).to_have_attribute("aria-disabled", "true")
    page.press("c")
    expect(page.page.locator(".cine")).to_have_count(0)

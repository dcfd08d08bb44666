"""A stack that runs by itself: every picture in its order, at the rate that is said, until a hand moves."""

import re
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom
from tests.unpacked_data import unpacked_data

pytestmark = [pytest.mark.browser, needs_chromium]
COUNT = 12
REAL = "us/cine-120f-ybr422-sonosite.dcm"
ON = "Control+Shift+ArrowDown"
# ms from each frame to the next, by hand: the beat of a heart that stumbles.
BEAT = [40, 60, 40, 150, 40, 80, 60]
PAINTED = """() => {
  window.paints = [];
  window.times = [];
  const mark = performance.mark.bind(performance);
  performance.mark = (name, options) => {
    if (name === 'painted') {
      window.paints.push(options.detail.index);
      window.times.push(performance.now());
    }
    return mark(name, options);
  };
}"""


def clip(series: int, frames: int, **attributes: Any) -> Dataset:
    """Return an ultrasound clip whose frames say their number."""
    images = speaking_phantom(series=series, slices=frames, orientation=None, modality="US")
    made = images[0]
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    made.NumberOfFrames = frames
    made.PixelData = b"".join(each.PixelData for each in images)
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("cine")
    study = lay(folder, speaking_phantom(slices=COUNT))
    lay(folder, speaking_phantom(series=2, slices=1))
    lay(folder, speaking_phantom(series=3, slices=6, drop=(3,)))
    lay(
        folder, [clip(4, len(BEAT) + 1, FrameTimeVector=[0, *BEAT]), clip(5, 10, FrameTime=40, StopTrim=9, StartTrim=2)]
    )
    root = unpacked_data()
    if root:
        lay(folder, [dcmread(root / REAL)])
    with reading(folder) as found:
        found.indexed(study, 5)
        yield found, study


@pytest.fixture
def page(reader: tuple[Reader, str]) -> Reader:
    """The stack at its first image, at rest."""
    found, study = reader
    found.open(study)
    found.focus()
    found.press("Shift+1", *["PageUp"] * 4, "Home")
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
    expect(page.page.locator(".cinebar .speed")).to_have_text("20 pictures/s · not counted as seen")
    expect(page.page.locator("[data-command='cine']")).to_have_attribute("aria-pressed", "true")
    painted(page, 2 * COUNT + 3)
    for _ in range(5):
        moment = page.moment()
        assert moment.spoken is not None
        # A number of the file that differs from the place in the stack stands behind it.
        place, number = re.findall(r"Image (\d+)/12(?: \(no\. (\d+)\))?", moment.image)[0]
        assert int(number or place) == moment.spoken.slice
    page.press("ArrowDown")
    expect(runs(page)).to_have_attribute("aria-pressed", "false")
    page.page.wait_for_timeout(600)  # what was on its way is painted
    order = painted(page)
    assert follow(order[:-1]), order
    stood = page.until(lambda moment: moment.spoken is not None).image
    page.page.wait_for_timeout(600)
    assert page.moment().image == stood
    # Slices that rushed past weren't seen; where a hand stood, they were.
    expect(page.page.locator("#thumbnails .seen").first).to_have_text(re.compile(r"^[1-4] seen"))


def test_back_and_forth_faster_and_slower(page: Reader) -> None:
    page.press("c", "Shift+C")
    expect(page.page.locator("[data-cine='cine-sweep']").first).to_have_attribute("aria-pressed", "true")
    order = painted(page, 2 * COUNT + 4)
    assert all(abs(after - before) == 1 for before, after in pairwise(order)), order
    assert [at for at in order[1:] if at in (0, COUNT - 1)][:2] == [COUNT - 1, 0]
    page.press("Control+ArrowDown", "Control+ArrowDown")
    expect(page.page.locator(".cinebar .speed")).to_contain_text(re.compile(r"\b12 pictures/s"))
    page.press("Control+ArrowUp", "Control+ArrowUp", "Control+ArrowUp")
    expect(page.page.locator(".cinebar .speed")).to_contain_text(re.compile(r"\b25 pictures/s"))
    page.press("c")
    expect(runs(page)).to_have_attribute("aria-pressed", "false")


def test_a_line_that_cant_keep_up_is_said_and_nothing_is_skipped(page: Reader) -> None:
    session = page.page.context.new_cdp_session(page.page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 700, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", conditions)
    page.press("3", "c")  # another window: nothing of it is here yet
    expect(page.page.locator(".tally.slow")).to_contain_text(re.compile(r"[1-9]\d* of \d+ late \(\d+ ms\)"))
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
    expect(runs(page)).to_have_attribute("aria-pressed", "true")
    page.press("Tab")
    expect(runs(page)).to_have_attribute("aria-pressed", "false")
    page.focus()
    page.press("Shift+1", "PageDown")
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 2)
    expect(page.page.locator("[data-command='cine']")).to_have_attribute("aria-disabled", "true")
    page.press("c")
    expect(page.page.locator(".told").first).to_contain_text("nothing to run")
    expect(page.page.locator(".cinebar").first).to_be_hidden()


def runs(page: Reader, pane: int = 0) -> Locator:
    """The button of a pane's bar that says whether it runs."""
    return page.page.locator(".cinebar").nth(pane).locator("[data-cine='cine']")


def measured(page: Reader, count: int) -> tuple[list[int], list[float], dict[str, float]]:
    """Return which pictures of more than `count` were painted, when (ms), and what the page reports of them."""
    painted(page, count)
    indices, times, tally = page.page.evaluate(
        "() => [window.paints, window.times, {...document.querySelector('.tally').dataset}]"
    )
    first = [at for at, index in enumerate(indices) if at == 0 or index != indices[at - 1]]
    return [indices[at] for at in first], [times[at] for at in first], {k: float(v) for k, v in tally.items()}


def keeps_time(found: tuple[list[int], list[float], dict[str, float]], intervals: list[float]) -> None:
    """Check a cine against its file's `intervals` (ms by frame), and that the page tells what it couldn't keep."""
    order, times, _ = found
    wished = [intervals[index] for index in order[:-1]]
    gaps = [after - before for before, after in pairwise(times)]
    assert all(after == (before + 1) % len(intervals) for before, after in pairwise(order)), f"skipped: {order}"
    behind, late = found[2]["behind"], found[2]["late"]
    # The page counts from its start, this list from its first new picture: it tells no less than what is measured here.
    lag = sum(gaps) - sum(wished)
    assert lag <= behind + 0.02 * sum(wished) + max(intervals), (lag, sum(wished), behind)
    if not late:
        assert abs(lag) <= 0.02 * sum(wished) + max(intervals), (sum(gaps), sum(wished))
    assert sum(gap > wish + max(intervals) for gap, wish in zip(gaps, wished, strict=True)) <= late


def test_each_picture_stands_as_long_as_the_file_says(page: Reader) -> None:
    page.press("PageDown", "PageDown", "PageDown")
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 4)
    expect(page.page.locator("#thumbnails .thumb[aria-pressed=true]")).to_contain_text(
        f"1 clip, {len(BEAT) + 1} frames"
    )
    page.page.evaluate(PAINTED)
    page.press("c")
    found = measured(page, 3 * len(BEAT))
    page.press("c")
    # After the last one no time is known: it stands for the mean.
    keeps_time(found, [*BEAT, sum(BEAT) / len(BEAT)])
    of: dict[int, list[float]] = {index: [] for index in range(len(BEAT) + 1)}
    for index, (before, after) in zip(found[0], pairwise(found[1]), strict=False):
        of[index].append(after - before)
    means = {index: sum(gaps) / len(gaps) for index, gaps in of.items()}
    assert max(means, key=lambda index: means[index]) == BEAT.index(150), means
    expect(page.page.locator("#thumbnails .thumb[aria-pressed=true] .seen")).to_have_text("all seen")


@pytest.mark.skipif(unpacked_data() is None, reason="no real data: SAMSYN_TEST_DATA names no folder")
@pytest.mark.parametrize("count", [40, pytest.param(120, marks=pytest.mark.full)])
def test_a_real_clip_keeps_its_thirty_a_second(page: Reader, count: int) -> None:
    root = unpacked_data()
    assert root is not None
    page.open(str(dcmread(root / REAL, stop_before_pixels=True).StudyInstanceUID))
    page.focus()
    page.page.evaluate(PAINTED)
    page.press("c")
    found = measured(page, count)
    page.press("c")
    print(found[2], (found[1][-1] - found[1][0]) / (len(found[1]) - 1))
    keeps_time(found, [33.333] * 120)


def test_a_clip_by_keys_and_by_its_bar(page: Reader) -> None:
    page.press("PageDown", "PageDown", "PageDown", "PageDown")
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 5)
    bar = page.page.locator(".cinebar").first
    track, frame = bar.locator(".track"), bar.locator(".frame")
    expect(track).to_have_attribute("title", "Runs from 2 to 9 of 10")
    page.press("2")
    expect(page.page.locator(".told").first).to_contain_text("there are none for US")
    page.press("Shift+Home")  # begins where it stands: at the first
    expect(track).to_have_attribute("title", "Runs from 1 to 9 of 10")
    expect(page.page.locator(".told").first).to_be_hidden(timeout=3000)  # what was asked for next can be done
    page.press(*[ON] * 3, "Shift+Home", ON, "Shift+End")
    expect(track).to_have_attribute("title", "Runs from 4 to 5 of 10")
    page.page.evaluate(PAINTED)
    page.press("c")
    assert set(painted(page, 6)) == {3, 4}
    page.press("Alt+End")
    expect(track).to_have_attribute("title", "")
    bar.get_by_role("button", name="Cine: stop, one picture on").click()
    expect(runs(page)).to_have_attribute("aria-pressed", "false")
    stood = frame.inner_text()
    page.page.wait_for_timeout(300)
    assert frame.inner_text() == stood
    track.focus()
    page.press("Home", "ArrowRight", "ArrowRight")
    expect(frame).to_have_text("Frame 3/10")
    bar.locator("[data-cine='cine-faster']").focus()
    page.press("Enter")
    expect(bar.locator(".speed")).to_have_text("30 pictures/s · ×1.2")
    # Two panes together, each on a clip.
    page.focus()
    page.press("Shift+2")
    page.page.wait_for_selector(".pane >> nth=1")
    page.focus(1)
    page.press("PageUp", "Alt+C", "c")
    for pane in (0, 1):
        expect(runs(page, pane)).to_have_attribute("aria-pressed", "true")
    page.press("c")
    for pane in (0, 1):
        expect(runs(page, pane)).to_have_attribute("aria-pressed", "false")
    page.press("Alt+C", "Shift+1")

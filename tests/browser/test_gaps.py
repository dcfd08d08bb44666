"""What isn't there is shown as not there, at its place, and nothing moves up to fill it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Moment, Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

MISSING = {5, 6, 11}
BROKEN = 8


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("gaps")
    datasets = speaking_phantom(slices=16, drop=MISSING)
    broken = next(dataset for dataset in datasets if dataset.InstanceNumber == BROKEN)
    broken.PixelData = broken.PixelData[: len(broken.PixelData) // 2]
    study = lay(folder, datasets)
    with reading(folder) as found:
        yield found, study


def test_each_missing_slice_is_a_gap_and_no_later_slice_moves(reader: tuple[Reader, str]) -> None:
    page, study = reader
    page.open(study)
    page.focus()
    page.press("Home")
    first = page.until(lambda moment: moment.spoken is not None and "Image 1/16" in moment.image).spoken
    assert first is not None and first.slice in (1, 16)
    for index in range(1, 17):
        expected = index if first.slice == 1 else 17 - index

        def settled(moment: Moment, index: int = index) -> bool:
            here = f"Image {index}/16" in moment.image
            return here and (moment.spoken is not None or (bool(moment.notice) and "Loading" not in moment.notice))

        moment = page.until(settled)
        spoken = moment.spoken
        if expected in MISSING:
            assert spoken is None and "Slice missing" in moment.notice and not moment.grey.any()
        elif expected == BROKEN:
            assert spoken is None and "can't be shown" in moment.notice and not moment.grey.any()
            assert len(moment.notice.splitlines()) > 1, "the server's reason is told"
        else:
            assert spoken is not None and spoken.slice == expected and moment.notice == "", (index, moment)
        assert "PHANTOM" in moment.patient
        assert ("" in moment.letters.values()) == (spoken is None), "no picture, no letters"
        page.press("ArrowDown")


def test_the_bar_tells_how_many_there_are_with_the_gaps(reader: tuple[Reader, str]) -> None:
    page, study = reader
    page.open(study)
    bar = page.page.locator(".pane .bar")
    expect(bar).to_have_attribute("aria-valuemax", "16")
    page.focus()
    page.press("Home", "ArrowDown", "ArrowDown")
    expect(bar).to_have_attribute("aria-valuenow", "3")


def test_a_gap_is_left_as_it_was_found_after_a_reload(reader: tuple[Reader, str]) -> None:
    page, study = reader
    page.open(study)
    page.focus()
    page.press("Home")
    page.until(lambda moment: moment.spoken is not None and "Image 1/16" in moment.image)
    page.press("ArrowDown", "ArrowDown")
    shown = page.until(lambda moment: moment.spoken is not None and "Image 3/16" in moment.image).spoken
    page.page.wait_for_timeout(1200)
    page.open(study)
    assert page.until(lambda moment: moment.spoken is not None).spoken == shown

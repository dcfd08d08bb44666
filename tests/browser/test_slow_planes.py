"""A volume that is still on its way: each plane says how far it has come, and is there once all of it is."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay
from tests.chromium import chromium, needs_chromium
from tests.phantoms import speaking_phantom
from tests.serving import serving
from tests.slow_archive import slow_archive

pytestmark = [pytest.mark.browser, needs_chromium]

SLICES, FIRST = 120, 45


def test_the_planes_say_how_much_of_the_volume_has_arrived(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    study = lay(folder, speaking_phantom(slices=SLICES))
    with (
        slow_archive(folder, tmp_path) as archive,
        serving(archive.address) as served,
        chromium(1600, 900) as (page, watched),
    ):
        reader = Reader(page, watched, served)
        reader.log_in()
        reader.indexed(study)
        archive.let(1 + FIRST)  # one for the glimpse that comes before the series
        reader.open(study)
        reader.focus()
        reader.press("Shift+3")
        tells(reader, f"Loading the volume: {FIRST} of {SLICES} slices")
        archive.let(30)
        tells(reader, f"Loading the volume: {FIRST + 30} of {SLICES} slices")
        reader.until(lambda moment: bool(moment.grey.any()) and f"/{SLICES}" in moment.image, pane=3)
        archive.let(SLICES)
        for pane in range(3):
            moment = reader.until(lambda moment: bool(moment.grey.any()) and "MPR" in moment.image, pane, within=90)
            assert moment.notice == ""
            expect(page.locator(".pane").nth(pane).locator("canvas ~ .late")).to_be_hidden()
        assert watched.faults == []


def tells(reader: Reader, words: str) -> None:
    """Wait until each of the three planes says so, and shows nothing else."""
    for pane in range(3):
        moment = reader.until(lambda moment: moment.notice == words, pane, within=30)
        assert not moment.grey.any(), "half a volume is never shown"
        expect(reader.page.locator(".pane").nth(pane).locator(".crosshair path")).to_have_count(0)


@pytest.mark.full
def test_planes_whose_archive_was_silent_come_by_themselves_once_it_answers(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    study = lay(folder, speaking_phantom(slices=24))
    with (
        slow_archive(folder, tmp_path) as archive,
        serving(archive.address) as served,
        chromium(1600, 900) as (page, watched),
    ):
        reader = Reader(page, watched, served)
        reader.log_in()
        reader.indexed(study)
        archive.let(6)
        reader.open(study)
        reader.focus()
        reader.press("Shift+3")
        reader.until(lambda moment: "can't be shown" in moment.notice, within=120)
        archive.let(10_000)
        for pane in range(3):
            reader.until(lambda moment: bool(moment.grey.any()) and not moment.notice, pane, within=120)
        assert watched.faults == []

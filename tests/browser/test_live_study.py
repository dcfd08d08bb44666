"""A study that grows, shrinks, changes or goes while it is read: it is told, and nothing moves under the reader."""

import copy
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from tests.browser.changing import Changing, changing
from tests.browser.reading import Moment, Reader
from tests.chromium import barriers, needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

SEEN_WITHIN = 120  # seconds from the change until a reader is told: twice what is promised, for a crowded machine

Site = tuple[Reader, Changing]


def study(patient: int) -> list[Dataset]:
    """Return 16 slices, shown from the last to the first; so old that they are looked at often only while open."""
    return speaking_phantom(patient=patient, slices=16)


THERE = {1: range(1, 11), 2: range(1, 17), 3: range(1, 9), 4: range(1, 5), 5: range(1, 5), 6: range(1, 5)}


@pytest.fixture(scope="module", params=["orthanc", pytest.param("folder", marks=pytest.mark.full)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    first = [each for patient, there in THERE.items() for each in numbered(study(patient), *there)]
    with changing(request.param, tmp_path_factory.mktemp("changing"), first) as found:
        yield found


def opened(site: Site, patient: int) -> list[Dataset]:
    """Open the study of a patient; return all that it could have."""
    datasets = study(patient)
    site[0].open(str(datasets[0].StudyInstanceUID))
    site[0].focus()
    return datasets


def numbered(datasets: list[Dataset], *numbers: int) -> list[Dataset]:
    return [each for each in datasets if each.InstanceNumber in numbers]


def showing(reader: Reader, words: str) -> Moment:
    """Wait for a picture with this number."""
    return reader.until(lambda moment: moment.spoken is not None and words in moment.image)


def said(moment: Moment) -> tuple[int, int, int]:
    """Return patient, series and slice as the pixels say them."""
    assert moment.spoken
    return moment.spoken.patient, moment.spoken.series, moment.spoken.slice


def measure(reader: Reader) -> None:
    """Draw a line across the middle of the image, and put the tool away."""
    box = reader.page.locator(".pane .area").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reader.press("l")
    reader.page.mouse.move(x - 60, y)
    reader.page.mouse.down()
    reader.page.mouse.move(x + 60, y, steps=4)
    reader.page.mouse.up()
    reader.press("w")
    reader.focus()


def told(reader: Reader, words: str, *, offer: bool = False) -> float:
    """Wait until a line beside the images says something; return how long that took, in seconds."""
    began = time.monotonic()
    line = reader.page.locator("#news li.offer" if offer else "#news li", has_text=words)
    expect(line).to_be_visible(timeout=1000 * SEEN_WITHIN)
    return time.monotonic() - began


def test_new_images_are_offered_and_nothing_is_renumbered_until_they_are_taken_up(site: Site) -> None:
    reader, archive = site
    datasets = opened(site, 1)
    reader.press("Home", "ArrowDown", "ArrowDown")
    before = said(showing(reader, "Image 3/10"))
    marks = reader.page.locator(".pane .mark")
    measure(reader)
    expect(marks).to_have_count(1)
    archive.put(numbered(datasets, *range(11, 17)))
    told(reader, "6 new images in series 1", offer=True)
    assert said(showing(reader, "Image 3/10")) == before
    reader.press("ArrowDown")
    assert said(showing(reader, "Image 4/10"))[2] == before[2] - 1, "the old order, from the newer series"
    expect(marks).to_have_count(0)
    assert barriers(reader.page) == []
    reader.press("ArrowUp")
    showing(reader, "Image 3/10")
    reader.press("j")
    assert said(showing(reader, "Image 9/16")) == before, "another number, the same image"
    expect(marks).to_have_count(1)
    expect(reader.page.locator("#news")).to_be_hidden()
    reader.press("Home")
    assert said(showing(reader, "Image 1/16"))[2] == 16
    expect(marks).to_have_count(0)


@pytest.mark.full
def test_a_removed_image_leaves_a_gap_and_is_not_replaced_by_another(site: Site) -> None:
    reader, archive = site
    datasets = opened(site, 2)
    reader.press("Home", *["ArrowDown"] * 4)
    before = said(showing(reader, "Image 5/16"))
    archive.remove(numbered(datasets, before[2]))
    told(reader, "1 image removed from series 1")
    moment = reader.until(lambda moment: "no longer in the archive" in moment.notice)
    assert not moment.grey.any() and "PHANTOM" in moment.patient
    reader.press("ArrowDown")
    assert said(showing(reader, "Image 6/16"))[2] == before[2] - 1
    reader.press("ArrowUp", "ArrowUp")
    assert said(showing(reader, "Image 4/16"))[2] == before[2] + 1
    archive.put(numbered(datasets, before[2]))
    told(reader, "1 new image in series 1")
    reader.press("ArrowDown")
    assert said(showing(reader, "Image 5/16")) == before, "back at its place"


@pytest.mark.full
def test_a_replaced_image_is_shown_as_it_is_now(site: Site) -> None:
    reader, archive = site
    datasets = opened(site, 3)
    reader.press("Home", "ArrowDown")
    number = said(showing(reader, "Image 2/8"))[2]
    other = copy.deepcopy(numbered(datasets, number)[0])
    other.PixelData = speaking_phantom(patient=3, series=9, slices=16)[number - 1].PixelData
    other.ContentTime = "235959"
    archive.put([other])
    told(reader, "was changed; it is shown as it is now")
    reader.until(lambda moment: moment.spoken is not None and moment.spoken.series == 9 and "Image 2/8" in moment.image)


def test_a_new_series_is_in_the_list_at_once_and_one_that_goes_says_so_in_its_pane(site: Site) -> None:
    reader, archive = site
    datasets = opened(site, 4)
    more = speaking_phantom(patient=4, slices=4, series=2)
    assert more[0].StudyInstanceUID == datasets[0].StudyInstanceUID
    archive.put(more)
    told(reader, "New in this exam: series 2")
    expect(reader.page.locator(f'.thumb[data-series="{more[0].SeriesInstanceUID}"]')).to_be_visible()
    archive.remove(numbered(datasets, *range(1, 5)))
    told(reader, "Removed from the archive: series 1")
    moment = reader.until(lambda moment: "This series is no longer in the archive" in moment.notice)
    assert not moment.grey.any() and "PHANTOM" in moment.identity + moment.patient


def test_another_patient_is_told_before_anything_else_goes_on(site: Site) -> None:
    reader, archive = site
    datasets = opened(site, 5)
    showing(reader, "Image 1/4")
    for each in datasets[:4]:
        each.PatientName, each.PatientID = "Fixed^Name", "FIXED-5"
    archive.put(datasets[:4])
    dialog = reader.page.locator("dialog.person")
    expect(dialog).to_be_visible(timeout=1000 * SEEN_WITHIN)
    expect(dialog).to_contain_text("PHANTOM")
    expect(dialog).to_contain_text("FIXED-5")
    assert "THE PATIENT WAS CHANGED" in reader.moment().persons
    assert barriers(reader.page) == []
    for key in ("Enter", "Space", "Escape", "ArrowDown"):
        reader.press(key)
    expect(dialog).to_be_visible()
    reader.press("Tab", "Enter")
    expect(dialog).to_have_count(0)
    reader.until(
        lambda moment: moment.spoken is not None and "Fixed" in moment.patient and not moment.persons, within=30
    )


@pytest.mark.full
def test_a_study_that_goes_leaves_words_and_no_picture(site: Site) -> None:
    reader, archive = site
    datasets = opened(site, 6)
    showing(reader, "Image 1/4")
    archive.remove(datasets[:4])
    told(reader, "This exam is no longer in the archive")
    moment = reader.until(lambda moment: "This exam is no longer in the archive" in moment.notice)
    assert not moment.grey.any()
    reader.page.wait_for_timeout(3000)
    assert f"/studies/{datasets[0].StudyInstanceUID}/" in reader.page.url, "the page stays and says it"
    archive.put(datasets[:4])
    told(reader, "This exam is in the archive again", offer=True)
    reader.page.locator("#news li.offer button").click()
    showing(reader, "Image 1/4")

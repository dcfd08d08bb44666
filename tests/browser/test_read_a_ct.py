"""A radiologist logs in, picks the CT off the worklist and reads it; by the clock, on the demo's own archive."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader
from tests.chromium import chromium, needs_chromium
from tests.serving import serving

pytestmark = [pytest.mark.browser, needs_chromium]

PATIENT = "Lindström-Ek"
BY_THE_CLOCK = 20  # seconds from the login page to the first diagnostic picture
LAID = 120  # seconds within which the packages that the demo is made of must have come


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with serving(filler=True) as served, chromium() as (page, watched):
        reader = Reader(page, watched, served)
        deadline = time.monotonic() + LAID
        while "demo: 1 of" not in served.words():
            if time.monotonic() > deadline or "can't be fetched" in served.words():
                pytest.skip("the packages that the demo is made of can't be had: it needs the network once")
            time.sleep(0.2)
        yield reader
        assert watched.faults == []


def test_the_first_picture_comes_by_the_clock_and_with_two_interactions(reader: Reader) -> None:
    page = reader.page
    page.goto(f"{reader.served.url}/login/")
    begun = time.monotonic()
    page.click('form:has(input[value="radiologist"]) button')
    expect(page.locator('#exams tr[aria-selected="true"]')).to_contain_text(PATIENT, timeout=15_000)
    page.wait_for_load_state()
    page.keyboard.press("Enter")
    page.wait_for_selector(".fidelity:not([hidden])", timeout=15_000)
    took = time.monotonic() - begun
    moment = reader.moment()
    assert PATIENT in moment.patient and "CT chest" in moment.study
    assert moment.grey.max() > 100, "the picture is on the canvas"
    assert set(moment.letters.values()) == {"R", "L", "A", "P"}
    assert took <= BY_THE_CLOCK, f"{took:.1f} s"


def test_the_wheel_moves_key_2_is_lung_and_a_drag_is_the_window(reader: Reader) -> None:
    page = reader.page
    box = page.locator(".pane .area").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = reader.until(lambda moment: "Image 1/61" in moment.image)
    for _ in range(20):
        page.mouse.wheel(0, 120)
    moved = reader.until(lambda moment: "Image 21/61" in moment.image)
    assert (moved.grey != before.grey).any()
    page.keyboard.press("2")
    lung = reader.until(lambda moment: "W 1500 L −600 HU · Lung" in moment.window)
    assert (lung.grey != moved.grey).any() and "Image 21/61" in lung.image
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    reader.until(lambda moment: "W 1800 L −600 HU" in moment.window)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    reader.until(lambda moment: moment.window.splitlines()[0].endswith("HU"))


def test_four_panes_show_lung_and_the_prior(reader: Reader) -> None:
    page = reader.page
    study = page.url.split("/studies/")[1].split("/")[0]
    deadline = time.monotonic() + LAID
    while sum("CT" in each["modalities"] for each in reader.indexed(study)["studies"]) < 3:
        if time.monotonic() > deadline:
            pytest.skip("the demo's earlier time points can't be had: they need the network once")
        page.wait_for_timeout(500)
    page.mouse.move(0, 0)
    page.reload()
    reader.until(lambda moment: bool(moment.window))
    reader.focus()
    reader.press("Space", "1")
    page.wait_for_timeout(1500)
    reader.press("Shift+2")
    assert "Lung" in reader.until(lambda moment: bool(moment.window), pane=1).window
    prior = reader.until(lambda moment: "PRIOR" in moment.study and bool(moment.window), pane=2)
    assert "PRIOR 3 months" in prior.study and PATIENT in prior.patient
    assert "DERIVED" in prior.image
    reader.press("Shift+1")

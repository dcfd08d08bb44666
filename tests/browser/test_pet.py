"""A real PET at the page: it opens at SUV 0 to 5 dark on white, says what that rests on, or why there is none."""

import copy
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.browser.reading import Moment, Reader, lay, reading
from tests.chromium import needs_chromium
from tests.unpacked_data import test_data

pytestmark = [pytest.mark.browser, needs_chromium]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    files = sorted((test_data() / "petct/acrin-nsclc/001-pt-pet-ac").glob("*.dcm"))
    found: list[Dataset] = [pydicom.dcmread(path) for path in files]
    series = generate_uid()
    weightless = [copy.deepcopy(each) for each in found[60:66]]
    for number, each in enumerate(weightless, 1):
        del each.PatientWeight
        each.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = HOSTILE
        each.SeriesInstanceUID, each.SeriesNumber, each.InstanceNumber = series, 2, number
        each.SOPInstanceUID = each.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    folder = tmp_path_factory.mktemp("pet")
    study = lay(folder, [*found, *weightless])
    with reading(folder, width=1920, height=1080) as found_reader:
        found_reader.open(study)
        yield found_reader


def seen(reader: Reader, name: str) -> None:
    """Keep a picture of the page for people who look, where LOOK_AT_PAGES names a folder."""
    if os.environ.get("LOOK_AT_PAGES"):
        reader.page.screenshot(path=Path(os.environ["LOOK_AT_PAGES"]) / f"{name}.png")


def edge(moment: Moment) -> float:
    """Return the grey of air beside the patient: a little right of the picture's left border."""
    height, width = moment.grey.shape
    left = (width - height) // 2
    return float(np.median(moment.grey[height // 3 : height // 2, left + 8 : left + 40]))


def test_a_pet_opens_in_suv_and_says_what_it_rests_on(reader: Reader) -> None:
    page = reader.page
    moment = reader.until(lambda found: "SUVbw 0–5 g/ml" in found.window and "/135" in found.image)
    assert "Bq/ml" in moment.window and "not available" not in moment.window
    assert edge(moment) > 240  # air is white
    expect(page.locator(".pane.active .colour-bar, .pane .colour-bar").first).to_contain_text("SUVbw")
    seen(reader, "opened")

    reader.focus()
    reader.press("4")
    reader.until(lambda found: "SUVbw 0–10 g/ml" in found.window)
    reader.press("Shift+I", "Shift+I")  # grey, hot iron
    expect(page.locator(".colour-bar").first).to_be_visible()
    moment = reader.until(lambda found: edge(found) < 20)
    for _ in range(60):
        reader.press("ArrowDown")
    reader.until(lambda found: "Image 61/135" in found.image)
    box = page.locator(".pane .area").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".value").first).to_contain_text("SUVbw")
    seen(reader, "hot-iron")

    before = reader.moment().window
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 40, steps=4)
    page.mouse.up()
    moment = reader.until(lambda found: found.window != before and "SUVbw 0–12" in found.window)

    page.get_by_role("button", name="What SUV rests on").click()
    panel = page.get_by_role("dialog", name="What SUV rests on")
    expect(panel).to_be_visible()
    for words in ("(0018,1074)", "588802304", "(0018,1075)", "6588", "91 kg", "Janmahasatian", "James", "ATTN"):
        expect(panel).to_contain_text(words)
    assert [each["id"] for each in Axe().run(page, context="dialog.provenance").response["violations"]] == []
    seen(reader, "provenance")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    page.reload()  # the state keeps window and colours
    reader.until(lambda found: "SUVbw 0–12" in found.window and edge(found) < 20)


def test_without_a_weight_it_says_why_and_has_no_preset(reader: Reader) -> None:
    page = reader.page
    reader.focus()
    reader.press("PageDown")
    moment = reader.until(lambda found: "SUV not available: Patient Weight" in found.window)
    assert "SUVbw" not in moment.window and "Bq/ml" in moment.window
    reader.press("2")
    page.wait_for_timeout(300)
    assert "SUVbw" not in reader.moment().window
    seen(reader, "not-available")
    reader.press("Shift+S")
    panel = page.get_by_role("dialog", name="What SUV rests on")
    expect(panel).to_contain_text("not available: Patient Weight is missing")
    page.keyboard.press("Escape")

"""Objects of many classes with markup in every string: shown letter by letter on every page, and never run."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID, UID_dictionary

from tests.archive.scripts import dataset
from tests.browser.reading import Reader, reading
from tests.chromium import needs_chromium

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.filterwarnings("ignore:.*for VR:UserWarning"),
]

PAYLOADS = (
    "<script>window.__xss={n}</script>",
    '"><img src=x onerror=window.__xss={n}>',
    "'onfocus=window.__xss={n} autofocus='",
    "<svg/onload=window.__xss={n}>",
    "{{{{constructor.constructor('window.__xss={n}')()}}}}{{% debug %}}${{{n}}}",
    "javascript:window.__xss={n}",
    "</title></style></textarea></script><iframe srcdoc='<script>parent.__xss={n}</script>'>",
    '" hx-get="/logout/?{n}" hx-trigger="load" x="',
    "<50% stenosis &amp; >3 cm &#x3c;b&#x3e; {n}",
    "<a href=javascript:window.__xss={n}>x</a><base href=//evil.example/>",
    "שרון <img src=x onerror=window.__xss={n}> دبورة",
)
STRINGS = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)
# Without these as they are there is no object, or no picture.
KEPT = {
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SpecificCharacterSet", "NumberOfFrames",
    "PhotometricInterpretation", "TransferSyntaxUID", "AvailableTransferSyntaxUID", "QualityControlImage",
    "QualityControlSubject", "PatientID", "DimensionOrganizationType", "LossyImageCompression", "PixelAspectRatio",
}  # fmt: skip
# On the list, in the panel, over the pixels: in every object.
SEEN = (
    "PatientName", "StudyDescription", "SeriesDescription", "AccessionNumber", "InstitutionName", "PatientSex",
    "Modality", "ReferringPhysicianName", "RequestingPhysician", "RequestedProcedureDescription", "PatientAge",
    "ReasonForTheRequestedProcedure", "StudyDate", "StudyTime", "PatientBirthDate", "Laterality", "BodyPartExamined",
    "ProtocolName", "ConvolutionKernel", "WindowCenterWidthExplanation", "ImageComments", "ImageType", "Manufacturer",
    "DerivationDescription", "PixelSpacingCalibrationDescription", "SequenceName", "StackID",
)  # fmt: skip
CLASSES = [
    uid
    for uid, (name, kind, _, retired, _) in UID_dictionary.items()
    if kind == "SOP Class" and name.endswith("Storage") and not retired and "Media" not in name
]
TAGS = [(Tag(tag), row[0], row[4]) for tag, row in DicomDictionary.items() if row[0] in STRINGS and not row[3]]
VALUES = """() => Object.fromEntries([...document.querySelectorAll('dialog.tags tr[data-level="1"]')].map((row) =>
  [row.dataset.key, row.querySelector('td:last-child bdi')?.textContent]))"""


def hostile(number: int, of: int) -> tuple[Dataset, dict[str, str]]:
    """Return an object, and what its strings say by tag: those that are seen; of all others, each in one of `of`."""
    made = dataset(number, "ISO_IR 192", b"")
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = UID(CLASSES[number % len(CLASSES)])
    said = {}
    for at, (tag, vr, keyword) in enumerate(TAGS):
        # Dates of files stand at their beginning, and groups 0 to 6 belong to no data set.
        if keyword in KEPT or tag.group < 8 or not (keyword in SEEN or at % of == number % of):
            continue
        text = PAYLOADS[(at + number) % len(PAYLOADS)].format(n=at)
        # In ISO_IR 6 only: what is no text for people has no letters of other scripts.
        value = text.encode() if vr in ("LO", "LT", "PN", "SH", "ST", "UC", "UT") else text.encode("ascii", "replace")
        value += b" " * (len(value) % 2)
        made._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
        said[f"{int(tag):08X}"] = value.decode().rstrip(" ")
    return made, said


def well(page: Page) -> None:
    """See that nothing has run, on this page."""
    assert page.evaluate("() => typeof window.__xss") == "undefined", page.url
    assert page.locator("iframe, base, img[onerror], [onfocus]").count() == 0


def lay(folder: Path, count: int) -> dict[str, dict[str, str]]:
    """Write so many objects, and a file without one that has a hostile name; return what each study says."""
    told = {}
    for number in range(1, count + 1):
        made, said = hostile(number, count)
        path = folder / f"{number}.dcm"
        made.save_as(path, enforce_file_format=True)
        told[str(made.StudyInstanceUID)] = said
    (folder / "<img src=x onerror=window.__xss=1>.dcm").write_text("no object")
    for path in folder.iterdir():
        os.utime(path, (time.time() - 60,) * 2)
    return told


@pytest.fixture(params=[3, pytest.param(60, marks=pytest.mark.full)])
def site(request: Any, tmp_path: Path) -> Iterator[tuple[Reader, dict[str, dict[str, str]]]]:
    folder = tmp_path / "images"
    folder.mkdir()
    told = lay(folder, request.param)
    with reading(folder) as reader:
        for study in told:
            reader.indexed(study)
        yield reader, told


def test_markup_in_every_string_is_text_on_every_page(site: tuple[Reader, dict[str, dict[str, str]]]) -> None:
    reader, told = site
    page, url = reader.page, reader.served.url
    page.goto(url)
    page.locator("#rail a", has_text="All exams").click()
    expect(page.locator("#exams tbody tr")).to_have_count(min(len(told), 50))
    well(page)
    shown = 0
    for study, said in told.items():
        page.goto(f"{url}/studies/{study}/")
        page.wait_for_selector(".fidelity:not([hidden]), .notice:not([hidden]) span, .nothing", timeout=20_000)
        expect(page.locator("#side-request")).to_contain_text(said["00080050"][:60].rstrip())
        well(page)
        if page.locator(".fidelity:visible").count():
            shown += 1
            reader.focus()
            reader.press("d")
            expect(page.locator("dialog.tags tbody tr").first).to_be_visible()
            values = page.evaluate(VALUES)
            # Long values are cut in their row, several in one are apart: those have tests of their own.
            compared = {tag: text for tag, text in said.items() if len(text) <= 120}
            assert {tag: values.get(tag) for tag in compared} == compared
            page.locator("dialog.tags .odd summary").click()
            well(page)
            page.keyboard.press("Escape")
        page.locator(".composer textarea").fill(said["00081030"])
        page.locator(".composer textarea").press("Enter")
        expect(page.locator(".talk .message .words").last).to_have_text(said["00081030"])
        well(page)
    assert shown >= len(told) // 3
    page.goto(f"{url}{page.locator('nav.panel h2 a').get_attribute('href')}")
    well(page)
    page.context.clear_cookies()
    reader.log_in("admin")
    for path in ("/status/", "/archives/", "/jobs/"):
        page.goto(f"{url}{path}")
        well(page)
    assert "Traceback" not in reader.served.words()

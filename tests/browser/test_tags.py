"""The attributes of an image: found as one types, text and never markup, and with the image that is shown."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def images() -> list[Dataset]:
    """Return three slices that carry markup, a private block, a sequence and a long text."""
    found = list(speaking_phantom(slices=3))
    for number, dataset in enumerate(reversed(found), 1):  # the last stands on top
        dataset.ImageComments = HOSTILE
        dataset.AdditionalPatientHistory = "long " * 100 + "end"
        block = dataset.private_block(0x0019, "ACME <b>1</b>", create=True)
        block.add_new(0x01, "LO", f"secret {number}")
        item = Dataset()
        item.CodeValue = "T-04000"
        item.CodeMeaning = HOSTILE
        item.add_new("ContextUID", "UI", "no.uid")
        dataset.AnatomicRegionSequence = Sequence([item])
    return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("tags")
    study = lay(folder, images())
    with reading(folder) as found:
        found.open(study)
        found.until(lambda moment: "Image 1/3" in moment.image)
        yield found


def in_the_way(reader: Reader) -> list[str]:
    """Return what axe finds in the panel that keeps people out."""
    return [str(each["id"]) for each in Axe().run(reader.page, context="dialog.tags").response["violations"]]


def test_every_attribute_is_found_as_text_and_follows_the_image(reader: Reader) -> None:
    page = reader.page
    reader.focus()
    reader.press("d")
    panel, rows = page.locator("dialog.tags"), page.locator("dialog.tags tbody tr")
    search = panel.get_by_role("searchbox")
    expect(search).to_be_focused()
    expect(panel).to_contain_text("Image 1 of 3")
    expect(page.locator("[data-key='00100020']")).to_contain_text("PatientID")
    odd = panel.locator(".odd")
    odd.locator("summary").click()
    expect(odd.locator("li")).to_have_text(["ContextUID no UID: no.uid"])
    odd.get_by_role("button", name="ContextUID").click()
    expect(page.locator("[data-key='00082218[0]00080117']")).to_be_focused()
    expect(page.locator("[data-key='00082218[0]00080117']")).to_contain_text("no.uid")
    odd.locator("summary").click()
    assert in_the_way(reader) == []

    search.fill("image comments")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(HOSTILE)
    search.fill("t-04000")
    expect(rows).to_have_count(3)
    expect(rows.first).to_have_attribute("aria-expanded", "true")
    search.fill("0010,21b0")
    expect(rows).to_have_count(1)
    rows.click()
    assert not rows.inner_text().rstrip().endswith("end")
    assert panel.locator("pre").inner_text().endswith("end")

    search.fill("secret")
    expect(rows).to_contain_text("secret 1")
    expect(rows).to_contain_text("ACME <b>1</b>")
    page.mouse.move(260, 400)
    page.mouse.wheel(0, 100)
    expect(rows).to_contain_text("secret 2")
    expect(panel).to_contain_text("Image 2 of 3")
    expect(rows.locator(".differs")).to_have_count(1)
    search.fill("")
    panel.get_by_label("Only what differs").check()
    expect(page.locator("[data-key='00200013']")).to_have_count(1)
    expect(page.locator("[data-key='00100020']")).to_have_count(0)
    assert in_the_way(reader) == []
    assert panel.locator("img, script, b").count() == 0


def test_without_a_mouse_it_folds_steps_and_gives_the_focus_back(reader: Reader) -> None:
    page = reader.page
    page.reload()
    page.wait_for_selector(".fidelity:not([hidden])", timeout=20_000)
    reader.focus()
    reader.press("d")
    panel = page.locator("dialog.tags")
    row = panel.locator("tr[data-key='00082218']")
    expect(row).to_have_attribute("aria-expanded", "false")
    panel.locator("tbody tr[tabindex='0']").focus()
    while page.evaluate("document.activeElement.dataset.key") != "00082218":
        reader.press("ArrowDown")
    reader.press("ArrowRight")
    expect(row).to_have_attribute("aria-expanded", "true")
    expect(row).to_be_focused()
    reader.press("ArrowRight", "ArrowRight")
    expect(panel.locator("tr[data-key='00082218[0]00080100']")).to_be_focused()
    reader.press("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    expect(row).to_have_attribute("aria-expanded", "false")
    said = panel.get_by_role("status").first.inner_text()
    panel.get_by_role("button", name="Next image").press("Enter")
    expect(panel.get_by_role("status").first).not_to_have_text(said)
    reader.press("Escape")
    expect(panel).not_to_be_visible()
    assert page.evaluate("document.activeElement.closest('.pane') !== null")

"""Read claims an exam and Look never does: two readers, one list, the request beside the images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect
from pydicom.dataset import Dataset

from tests.browser.reading import lay
from tests.chromium import Watched, barriers, chromium, needs_chromium
from tests.phantoms import speaking_phantom
from tests.serving import Served, serving

pytestmark = [pytest.mark.browser, needs_chromium]
WITHIN_A_SECOND = 1000
QUESTION = 'Pulmonary embolism? <50 % & "quoted"'


def exam(patient: int, *, question: str = "") -> list[Dataset]:
    """Return a small CT of a person, taken today; with a question, the request that its modality was given."""
    made = speaking_phantom(patient=patient, slices=3, rows=64, columns=64)
    for dataset in made:
        dataset.PatientName = f"Reader^Number {patient}"
        dataset.pop("QualityControlSubject", None)
        dataset.StudyDate = f"{timezone.localdate():%Y%m%d}"
        dataset.StudyTime = f"1{9 - patient}0000"
        dataset.StudyDescription = f"exam {patient}"
        if question:
            step = Dataset()
            step.ReasonForTheRequestedProcedure = question
            step.RequestedProcedureDescription = "CT pulmonary angiography"
            dataset.RequestAttributesSequence = [step]
            dataset.AdditionalPatientHistory = "Operated last week.\r\nBedridden."
            dataset.ReferringPhysicianName = "Holm^Siv"
            dataset.ReferringPhysicianTelephoneNumbers = "08-465 004 01"
            dataset.Allergies = ["Iodinated contrast"]
            dataset.PregnancyStatus = 2
            dataset.CurrentPatientLocation = "Ward 7"
    return made


class House:
    """A server with two exams, and readers at their screens."""

    def __init__(self, served: Served, browser: Browser, archive: Path) -> None:
        self.served, self.browser, self.archive = served, browser, archive
        self.watched: list[Watched] = []
        self.uids: dict[int, str] = {}

    def reader(self, role: str, *, width: int = 1920, height: int = 1080) -> Page:
        page = self.browser.new_context(viewport={"width": width, "height": height}).new_page()
        self.watched.append(Watched(page))
        page.goto(f"{self.served.url}/login/")
        page.click(f'form:has(input[value="{role}"]) button.role')
        page.wait_for_url(f"{self.served.url}/")
        return page

    def release(self, page: Page) -> None:
        """Put both exams among the unread ones again, whoever has them."""
        for number in (1, 2):
            address = f"{self.served.url}/api/studies/main/{self.uid(page, number)}/reading/"
            token = page.get_attribute('meta[name="csrf-token"]', "content") or ""
            for verb in ("reopen", "take_over", "give_back"):
                page.request.post(
                    address, data={"do": verb}, headers={"X-CSRFToken": token, "Referer": self.served.url}
                )

    def uid(self, page: Page, number: int) -> str:
        page.goto(f"{self.served.url}/?list=all")
        address = page.locator("#exams tr", has_text=f"exam {number}").get_attribute("data-open")
        assert address
        self.uids[number] = address.split("/studies/")[1].split("/")[0]
        return self.uids[number]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("read")
    lay(folder, exam(1, question=QUESTION))
    lay(folder, exam(2))
    with serving(folder) as served, chromium() as (page, _watched):
        browser = page.context.browser
        assert browser is not None
        yield House(served, browser, folder)


@pytest.fixture
def house(running: House) -> Iterator[House]:
    page = running.reader("radiologist")
    page.goto(f"{running.served.url}/?list=all")
    expect(page.locator("#exams tbody tr")).to_have_count(2, timeout=40_000)
    expect(page.locator("#exams tbody")).to_contain_text("Pulmonary embolism?", timeout=20_000)
    running.release(page)
    page.context.close()
    yield running
    assert [fault for watched in running.watched for fault in watched.faults] == []
    for context in running.browser.contexts[1:]:
        context.close()


def row(page: Page, number: int) -> Any:
    return page.locator("#exams tr", has_text=f"exam {number}")


def read(page: Page, number: int, key: str = "Enter") -> None:
    """Choose an exam of the list and press a key."""
    row(page, number).click()
    expect(page.locator("#panel")).to_contain_text(f"Number {number}")
    page.keyboard.press(key)
    page.wait_for_url("**/studies/**")
    expect(page.locator("#reading .words")).not_to_be_empty()


def test_read_claims_look_does_not_and_the_list_says_so_at_once(house: House) -> None:
    reads, other = house.reader("radiologist"), house.reader("radiologist2")
    expect(row(reads, 1)).to_have_count(1)
    expect(other.locator("#rail li:first-child .count")).to_have_text("2")
    read(reads, 1, "Shift+Enter")
    expect(reads.locator("#reading")).to_contain_text("Looking")
    expect(reads.locator("#reading [data-do=claim]")).to_be_visible()
    other.reload()
    expect(other.locator("#rail li:first-child .count")).to_have_text("2")
    reads.click("#reading [data-do=claim]")
    expect(reads.locator("#reading .words")).to_have_text("Reading")
    expect(other.locator("#rail li:first-child .count")).to_have_text("1", timeout=2 * WITHIN_A_SECOND)
    other.goto(f"{house.served.url}/?list=all")
    expect(row(other, 1).locator(".state")).to_contain_text("radiologist")
    row(other, 1).click()
    expect(other.locator(".panel-do")).to_contain_text("Claimed by radiologist since")
    expect(other.locator("#read")).to_have_text("Take over")
    other.keyboard.press("Enter")
    other.wait_for_url("**/studies/**")
    expect(other.locator("#reading .words")).to_contain_text("Claimed by radiologist since")


def test_a_claim_survives_a_reload_is_taken_over_and_nobody_is_thrown_out(house: House) -> None:
    first, second = house.reader("radiologist"), house.reader("radiologist2")
    read(first, 1)
    expect(first.locator("#reading .words")).to_have_text("Reading")
    address = first.url
    first.reload()
    expect(first.locator("#reading .words")).to_have_text("Reading")
    first.wait_for_timeout(17_000)
    first.reload()
    expect(first.locator("#reading .words")).to_have_text("Reading")
    second.goto(address)
    second.click("#reading [data-do=take_over]")
    expect(second.locator("#reading .words")).to_have_text("Reading")
    expect(first.locator("#reading .words")).to_have_text("Taken over by radiologist2", timeout=WITHIN_A_SECOND)
    expect(first.locator("#announced")).to_have_text("Taken over by radiologist2")
    told = first.locator("#taken-over")
    expect(told).to_contain_text("Taken over by radiologist2")
    assert told.get_attribute("role") == "alert"
    assert first.url == address
    expect(first.locator(".pane .area canvas").first).to_be_visible()
    told.get_by_role("button").click()
    expect(told).to_be_hidden()


def test_leaving_ends_the_claim(house: House) -> None:
    first, second = house.reader("radiologist"), house.reader("radiologist2")
    read(first, 2)
    second.goto(f"{house.served.url}/?list=all")
    expect(row(second, 2).locator(".state.claimed")).to_have_count(1)
    first.click("text=Worklist")
    first.wait_for_url(f"{house.served.url}/**")
    expect(row(second, 2).locator(".state.unread")).to_have_count(1, timeout=30_000)


def test_done_goes_to_the_next_exam_and_can_be_undone(house: House) -> None:
    page = house.reader("radiologist")
    expect(page.locator("#exams tbody tr")).to_have_count(2)
    chosen = page.locator('#exams tr[aria-selected="true"]')
    first = chosen.locator(".c-exam bdi").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/**")
    expect(page.locator("#reading .words")).to_have_text("Reading")
    page.locator(".pane .area").first.focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{house.served.url}/")
    expect(page.locator("#exams tbody tr")).to_have_count(1)
    expect(chosen.locator(".c-exam bdi")).not_to_have_text(first)
    expect(page.locator("#panel")).to_contain_text(chosen.locator(".name").inner_text())
    kept = page.evaluate("JSON.stringify({...sessionStorage})")
    assert "Reader" not in kept
    assert "exam" not in kept.replace("exam-", "")
    expect(page.locator("#finished")).to_contain_text("Reader, Number")
    expect(page.locator("#finished")).to_contain_text(first)
    page.click("#undo")
    # It is one's own again and no unread one: the list of one's own begins with it, ready for Enter.
    page.wait_for_url(f"{house.served.url}/?list=mine")
    expect(page.locator("#finished")).to_be_hidden()
    expect(chosen.locator(".c-exam bdi")).to_have_text(first)
    expect(page.locator("#read")).to_contain_text("Go on reading")


def test_what_undo_brings_back_is_the_selected_one_and_enter_reads_it(house: House) -> None:
    page = house.reader("radiologist")
    page.goto(f"{house.served.url}/?list=all&sort=-exam")
    chosen = page.locator('#exams tr[aria-selected="true"]')
    row(page, 1).click()
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/**")
    expect(page.locator("#reading .words")).to_have_text("Reading")
    page.locator(".pane .area").first.focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{house.served.url}/?list=all&sort=-exam")
    row(page, 2).click()
    expect(chosen.locator(".c-exam bdi")).to_have_text("exam 2")
    page.click("#undo")
    expect(chosen.locator(".c-exam bdi")).to_have_text("exam 1")
    expect(page.locator("#panel")).to_contain_text("Number 1")
    expect(page.locator("#finished")).to_be_hidden()
    expect(chosen).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/studies/{house.uids[1]}/**")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 900)])
def test_the_whole_request_stands_beside_the_image_without_a_click(house: House, width: int, height: int) -> None:
    page = house.reader("radiologist", width=width, height=height)
    expect(row(page, 1).locator(".question")).to_have_text(QUESTION)
    read(page, 1, "Shift+Enter")
    section = page.locator("#side-request")
    for words in (
        QUESTION, "Operated last week.", "Bedridden.", "CT pulmonary angiography", "Holm, Siv", "08-465 004 01",
        "Ward 7", "Iodinated contrast", "possibly pregnant", "from the images",
    ):  # fmt: skip
        expect(section).to_contain_text(words)
    body = section.locator(".body")
    assert body.evaluate("each => each.scrollHeight - each.clientHeight") <= 0
    assert body.locator(".alert:not(.calm)").count() == 2
    bottom = page.locator("#side").bounding_box()
    assert bottom
    assert bottom["y"] + bottom["height"] <= height
    assert page.locator("#side-conversation").bounding_box()["height"] >= 190  # type: ignore[index]
    assert barriers(page) == []


def test_the_panel_closes_by_its_key_and_stays_closed(house: House) -> None:
    page = house.reader("radiologist2")
    read(page, 1, "Shift+Enter")
    side = page.locator("#side")
    wide = page.locator("#panes").bounding_box()
    page.locator(".pane .area").first.focus()
    with page.expect_response("**/api/preferences/side/"):
        page.keyboard.press("b")
    expect(page.locator("#side-request .body")).to_be_hidden()
    assert page.locator("#panes").bounding_box()["width"] == wide["width"] + 300  # type: ignore[index]
    assert barriers(page) == []
    page.reload()
    expect(side).to_have_class("side closed")
    page.locator("#side-toggle").focus()
    with page.expect_response("**/api/preferences/side/"):
        page.keyboard.press("Enter")
    expect(page.locator("#side-request .body")).to_be_visible()


def test_two_who_write_the_request_lose_nothing(house: House) -> None:
    one, two = house.reader("radiologist"), house.reader("radiologist2")
    read(one, 2, "Shift+Enter")
    two.goto(one.url)
    for page in (one, two):
        expect(page.locator("#side-request")).to_contain_text("No request came with this exam.")
        page.click("#request-edit")
    one.fill("[name=clinical_question]", "Nodule?")
    one.fill("[name=ward]", "Ward 3")
    two.fill("[name=clinical_question]", "Tumour?")
    two.fill("[name=history]", "Smoker b")  # a key of the table is text here
    one.click(".request-form .first")
    expect(one.locator("#side-request .question")).to_have_text("Nodule?")
    expect(two.locator(".request-form .said")).to_contain_text("radiologist has changed the request meanwhile.")
    expect(two.locator("[name=clinical_question]")).to_have_value("Tumour?")
    expect(two.locator(".theirs:visible")).to_contain_text("Nodule?")
    expect(two.locator("[name=ward]")).to_have_value("Ward 3")
    two.keyboard.press("Control+Enter")
    expect(two.locator("#side-request .question")).to_have_text("Tumour?")
    expect(one.locator("#side-request .question")).to_have_text("Tumour?", timeout=WITHIN_A_SECOND)
    expect(one.locator("#side-request")).to_contain_text("Ward 3")
    expect(one.locator("#side-request")).to_contain_text("Smoker b")
    expect(one.locator("#side-request .origin")).to_contain_text("written by hand; changed by radiologist2")


def test_who_may_not_read_only_looks(house: House) -> None:
    page = house.reader("technologist")
    page.goto(f"{house.served.url}/?list=all")
    row(page, 1).click()
    expect(page.locator("#look")).to_contain_text("Enter")
    expect(page.locator("#read")).to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/**")
    expect(page.locator("#reading .words")).to_have_text("Looking")
    expect(page.locator("#reading button")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 800, 500])
def test_a_narrow_window_keeps_done_whole_and_belongs_to_the_image(house: House, width: int) -> None:
    page = house.reader("radiologist")
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{house.served.url}/studies/{house.uids[1]}/?archive=main")
    page.click("#reading [data-do=claim]")
    expect(page.locator("#reading .words")).to_have_text("Reading")
    for button in ("#reading [data-do=finish]", "#reading [data-do=give_back]", "[data-command=palette]"):
        # The strip is drawn anew when somebody hears of the claim: between two looks a button may be another one.
        expect(page.locator(button)).to_be_visible()
        page.wait_for_timeout(500)
        box = page.locator(button).bounding_box()
        assert box is not None, button
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, button
    assert page.locator("#reading [data-do=give_back]").inner_text().strip() == "Give back"
    area = page.locator("#panes").bounding_box()
    assert area is not None and area["width"] > width * (0.6 if width > 900 else 0.7)
    expect(page.locator("#side")).to_have_class("side" if width > 900 else "side closed")
    assert page.locator("body > h1").count() == 0
    assert page.get_by_role("region", name="Conversation").count() == 1


def test_the_request_beside_the_image_says_when_it_is_due(house: House) -> None:
    page = house.reader("radiologist")

    def due(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"due_at": f"{timezone.localdate()}T20:46:00"})

    assert page.request.get(f"{house.served.url}/api/studies/main/{house.uids[1]}/request/").json()["due_at"] is None
    page.route("**/request/", due)
    page.goto(f"{house.served.url}/studies/{house.uids[1]}/?archive=main")
    expect(page.locator("#side-request header .due")).to_have_text("due 20:46")

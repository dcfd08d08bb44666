"""The list says who has written and what is done beside it: live, to each for himself, on a second screen too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.reading import lay
from tests.browser.test_read_and_look import House, exam, row
from tests.chromium import chromium, needs_chromium
from tests.serving import serving

pytestmark = [pytest.mark.browser, needs_chromium]
SOON = 2000  # milliseconds


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("unread")
    lay(folder, exam(1, question="Pulmonary embolism?"))
    lay(folder, exam(2))
    with serving(folder) as served, chromium() as (page, _watched):
        browser: Browser | None = page.context.browser
        assert browser is not None
        house = House(served, browser, folder)
        yield house
        assert [fault for watched in house.watched for fault in watched.faults] == []


def at_the_list(house: House, role: str) -> Page:
    page = house.reader(role)
    page.goto(f"{house.served.url}/?list=all")
    expect(page.locator("#exams tbody tr")).to_have_count(2, timeout=40_000)
    return page


def look(page: Page, number: int) -> None:
    row(page, number).click()
    expect(page.locator("#panel")).to_contain_text(f"Number {number}")
    page.keyboard.press("Shift+Enter")
    page.wait_for_url("**/studies/**")


def say(page: Page, words: str) -> None:
    field = page.locator("#side-conversation textarea")
    field.fill(words)
    field.press("Enter")
    expect(page.locator("#side-conversation .message", has_text=words)).to_be_visible()


def test_the_bubble_counts_up_live_and_goes_when_it_is_read_on_another_screen(house: House, tmp_path: Path) -> None:
    writes, reads = at_the_list(house, "radiologist"), at_the_list(house, "radiologist2")
    second = reads.context.new_page()
    second.goto(f"{house.served.url}/?list=all")
    row(reads, 2).click()
    look(writes, 1)
    bubble = row(reads, 1).locator(".talked")
    expect(bubble).to_have_count(0)
    for count, words in enumerate(("Nodule in the left lower lobe?", "Please look at slice 2"), 1):
        say(writes, words)
        expect(bubble).to_have_text(f"{count} unread", timeout=SOON)
    expect(row(reads, 2).locator(".talked")).to_have_count(0)
    expect(row(reads, 2)).to_have_attribute("aria-selected", "true")
    reads.screenshot(path=tmp_path / "unread.png")
    look(second, 1)
    expect(second.locator("#side-conversation .message")).to_have_count(2)
    expect(row(reads, 1).locator(".talked")).not_to_have_class("talked unread", timeout=2 * SOON)
    reads.screenshot(path=tmp_path / "read.png")
    writes.goto(f"{house.served.url}/?list=all")
    expect(row(writes, 1).locator(".talked")).to_have_attribute("title", "There is a conversation")


def test_the_line_about_what_is_done_comes_and_goes_by_itself(house: House, tmp_path: Path) -> None:
    page = at_the_list(house, "radiologist")
    line = page.locator("#at-work")
    expect(line).to_be_hidden(timeout=40_000)
    words = "Fetching the next exams: 45 of 271"

    def busy(route: Route) -> None:
        answer = route.fetch()
        line = f'<p class="at-work muted" id="at-work" hx-swap-oob="true"><a href="/jobs/">{words}</a></p>'
        route.fulfill(response=answer, body=answer.text().split('<p class="at-work')[0] + line)

    page.route("**/notices/", busy)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('jobs-changed'))")
    expect(line).to_have_text(words, timeout=SOON)
    page.screenshot(path=tmp_path / "at-work.png")
    page.unroute("**/notices/")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('jobs-changed'))")
    expect(line).to_be_hidden(timeout=SOON)

"""Hands that are quicker than the line: the newest wish wins, and an Enter that comes too early isn't lost."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import hospital
from tests.chromium import chromium, needs_chromium
from tests.worklist_pages.test_list_in_a_browser import chosen, demo, log_in
from worklist.models import ReadingTask

__all__ = ["demo"]
pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.django_db(transaction=True)]


def hold(page: Page, address: str) -> list[Route]:
    """Keep the first request for an address on its way until the test lets it go."""
    held: list[Route] = []

    def meet(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(re.compile(address), meet)
    return held


def two_exams() -> None:
    hospital.task(hospital.study(hospital.patient("Berg^Bo"), description="first"), minutes=10)
    hospital.study(hospital.patient("Lund^Eva"), description="second")


def test_a_search_wins_over_the_list_that_is_still_on_its_way(demo: None, live_server: Any) -> None:
    two_exams()
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        held = hold(page, r"\?list=mine$")
        page.click("#rail a:has-text('Mine')")
        page.fill("#words", "lund")
        page.keyboard.press("Enter")
        page.wait_for_url("**search=**")
        expect(page.locator("#exams tbody tr")).to_have_count(1)
        held[0].continue_()
        page.wait_for_timeout(500)
        assert chosen(page) == "second"
        assert page.input_value("#words") == "lund"
        assert watched.faults == []


def test_a_hint_that_comes_while_a_list_loads_is_followed_after_it(demo: None, live_server: Any) -> None:
    two_exams()
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        held = hold(page, r"\?list=all$")
        page.click("#rail a:has-text('All exams')")
        page.evaluate("document.body.dispatchEvent(new CustomEvent('list-changed'))")
        page.wait_for_timeout(200)
        assert len(held) == 1
        held[0].continue_()
        expect(page.locator("#exams tbody tr")).to_have_count(2)
        assert watched.faults == []


@pytest.mark.parametrize(("key", "claimed"), [("Enter", 1), ("Shift+Enter", 0)])
def test_enter_while_the_list_loads_opens_its_first_exam(demo: None, live_server: Any, key: str, claimed: int) -> None:
    two_exams()
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        held = hold(page, r"\?list=all$")
        page.click("#rail a:has-text('All exams')")
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        assert len(held) == 1
        held[0].continue_()
        page.wait_for_url("**/studies/**")
        assert ReadingTask.objects.filter(state=ReadingTask.State.CLAIMED).count() == claimed
        assert watched.faults == []


@pytest.mark.parametrize("late", [False, True])
def test_enter_means_the_exam_that_a_hand_has_chosen_while_the_list_loads(
    demo: None, live_server: Any, *, late: bool
) -> None:
    two_exams()
    wanted = hospital.study(hospital.patient("Ek^Åsa"), description="third")
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        page.click("#rail a:has-text('All exams')")
        expect(page.locator("#exams tbody tr")).to_have_count(3)
        held = hold(page, r"list=all")
        page.click("#rail a:has-text('All exams')")
        page.wait_for_timeout(200)
        page.locator("#exams tbody tr", has_text="third").click()
        if late:
            held[0].continue_()
            page.wait_for_timeout(500)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/studies/{wanted.uid}/**")
        assert watched.faults == []


def test_enter_before_the_page_s_scripts_have_come_is_kept_for_them(demo: None, live_server: Any) -> None:
    two_exams()
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        held = hold(page, r"/js/worklist/going\.[^/]*$|/js/worklist/going\.js$")
        page.goto(f"{live_server.url}/", wait_until="commit")
        page.wait_for_selector("#exams tbody tr")
        page.wait_for_timeout(300)
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        assert "/studies/" not in page.url
        assert held, "the script came from the cache"
        held[0].continue_()
        page.wait_for_url("**/studies/**")
        assert watched.faults == []

"""The list in a real browser: keys, hostile text, nobody kept out, no names in addresses."""

import datetime
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from tests import hospital
from tests.chromium import barriers, chromium, needs_chromium
from viewer.actions.accounts import DEMO_PASSWORD, ensure_demo_accounts
from viewer.models import AuditEvent, Study
from worklist.models import ReadingTask, Request

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.django_db(transaction=True)]

PAYLOADS = [
    "<script>window.__pwned=1</script>",
    '"><img src=x onerror=window.__pwned=1>',
    "'onfocus=window.__pwned=1 autofocus='",
    "<svg/onload=window.__pwned=1>",
    "{{constructor.constructor('window.__pwned=1')()}}{% debug %}",
    "javascript:window.__pwned=1",
    "</title></style></textarea><iframe srcdoc='<script>parent.__pwned=1</script>'>",
    "<50% stenosis & >3 cm",
    '" hx-get="/logout/" hx-trigger="load" x="',
]


@pytest.fixture
def demo(settings: Any, transactional_db: None) -> None:
    settings.DEMO = True
    ensure_demo_accounts()


def log_in(page: Any, base: str, role: str = "radiologist") -> None:
    page.goto(f"{base}/login/")
    page.click(f'form:has(input[value="{role}"]) button.role')
    page.wait_for_url(f"{base}/")


def chosen(page: Any) -> str:
    text: str = page.inner_text('#exams tr[aria-selected="true"] .c-exam bdi')
    return text


def test_arrows_move_the_selection_the_panel_follows_and_enter_opens(demo: None, live_server: Any) -> None:
    for minutes, words in ((10, "first"), (20, "second"), (30, "third")):
        hospital.task(hospital.study(description=words), minutes=minutes)
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        assert chosen(page) == "first" and "first" in page.inner_text("#panel")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        assert chosen(page) == "second"
        expect(page.locator("#panel")).to_contain_text("second")
        page.keyboard.press("End")
        assert chosen(page) == "third"
        page.keyboard.press("Enter")
        page.wait_for_url("**/studies/**")
        assert watched.faults == []


def test_a_refresh_keeps_the_selected_exam_even_when_rows_move(demo: None, live_server: Any) -> None:
    made = [hospital.study(description=words) for words in ("first", "second")]
    for index, study in enumerate(made):
        hospital.task(study, minutes=10 + index)
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        page.keyboard.press("ArrowDown")
        hospital.task(hospital.study(description="urgent"), minutes=1)
        page.evaluate("document.body.dispatchEvent(new CustomEvent('list-changed'))")
        page.wait_for_selector("text=urgent")
        assert chosen(page) == "second" and page.locator("#exams tbody tr").count() == 3
        assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
        assert page.inner_text("#rail li:first-child .count") == "3"
        Study.objects.filter(pk=made[1].pk).update(gone_at="2026-01-01T00:00:00Z")
        page.evaluate("document.body.dispatchEvent(new CustomEvent('list-changed'))")
        expect(page.locator("#exams tbody tr")).to_have_count(2)
        assert chosen(page) != "second"
        expect(page.locator("#panel")).not_to_contain_text("second")
        assert watched.faults == []


def test_hostile_text_is_shown_unchanged_and_does_nothing(demo: None, live_server: Any) -> None:
    for payload in PAYLOADS:
        name = payload.replace("^", "").replace("=", "")
        made = hospital.study(
            hospital.patient(f"{name}^Zoe"),
            description=payload,
            institution=payload,
            accession_number=payload[:60],
            referring_physician=name,
        )
        hospital.task(made, question=payload)
        Request.objects.filter(study=made).update(history=payload, ward=payload, referrer=payload, procedure=payload)
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        for _payload in PAYLOADS:
            description = chosen(page)
            assert description in PAYLOADS
            expect(page.locator("#panel .quote bdi").first).to_have_text(description)
            assert page.inner_text("#panel .quote >> nth=1") == description
            page.keyboard.press("ArrowDown")
        shown = page.eval_on_selector_all("#exams .c-question bdi", "all => all.map(each => each.textContent)")
        assert sorted(shown) == sorted(PAYLOADS)
        page.click("#panel a:has-text('All about this patient')")
        page.wait_for_selector(".studies")
        page.goto(f"{live_server.url}/")
        page.fill("#words", PAYLOADS[1])
        page.keyboard.press("Enter")
        page.wait_for_url("**search=**")
        page.wait_for_selector("text=All filters off")
        assert page.input_value("#words") == PAYLOADS[1]
        assert page.evaluate("window.__pwned") is None
        assert watched.faults == []


def test_names_reach_no_address_title_or_storage(demo: None, live_server: Any) -> None:
    hospital.task(hospital.study(hospital.patient("Canary^Zoe", patient_id="CANARY-7")), question="Canary?")
    with chromium() as (page, watched):
        log_in(page, live_server.url)
        page.fill("#words", "canary")
        page.keyboard.press("Enter")
        page.wait_for_url("**search=**")
        page.wait_for_selector("#exams tbody tr")
        stored = page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.title, history.state])"
        )
        page.click("#panel a:has-text('All about this patient')")
        page.wait_for_selector(".studies")
        stored += page.title()
        told = " ".join(map(unquote, watched.addresses))
        assert "canary" not in told.lower() and "canary" not in stored.lower()
        assert AuditEvent.objects.filter(detail={"words": "canary"}).count() == 1


def test_search_by_keys_alone(demo: None, live_server: Any) -> None:
    hospital.study(hospital.patient("Nyström^Åsa"), description="hers")
    hospital.task(hospital.study(hospital.patient("Berg^Bo")))
    with chromium() as (page, _watched):
        log_in(page, live_server.url)
        page.keyboard.press("/")
        page.keyboard.type("nystrom")
        page.keyboard.press("Enter")
        page.wait_for_url("**search=**")
        expect(page.locator("#exams tbody tr")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        assert chosen(page) == "hers"
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        page.keyboard.press("Escape")
        page.go_back()
        page.wait_for_selector("text=Berg, Bo")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1920, 1280])
def test_nobody_is_kept_out(demo: None, live_server: Any, theme: str, width: int) -> None:
    person = hospital.patient("Yamada^Tarou=山田^太郎=やまだ^たろう")
    made = hospital.study(person, series=3, conflict=Study.Conflict.OTHER_PERSON)
    hospital.task(made, priority="stat", minutes=-5)
    hospital.study(person, modalities="MR", description="MR brain")
    hospital.task(hospital.study(hospital.patient("Anderson^Anna")), minutes=5)
    user = get_user_model().objects.get(username="radiologist")
    user.preferences.create(key="theme", value=theme)
    with chromium(width) as (page, _watched):
        page.goto(f"{live_server.url}/login/")
        assert barriers(page) == []
        log_in(page, live_server.url)
        assert barriers(page) == []
        page.click("#help-button")
        assert barriers(page) == []
        for address in (
            f"/patients/{person.key}/",
            "/studies/1.2.3/",
            "/?list=x",
            "/?list=stat&modality=MG",
            "/logout/",
        ):
            page.goto(live_server.url + address)
            assert barriers(page) == [], address


def test_a_card_logs_in_with_the_password_of_the_demo(demo: None, live_server: Any) -> None:
    with chromium(1280) as (page, watched):
        page.goto(f"{live_server.url}/login/")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/")
        assert "radiologist" in page.inner_text(".account summary")
        assert DEMO_PASSWORD not in " ".join(watched.addresses)


@pytest.mark.parametrize(("width", "due", "least"), [(1280, False, 250), (1280, True, 180), (1920, True, 320)])
def test_the_question_has_the_room_and_no_date_is_cut(
    demo: None, live_server: Any, width: int, due: bool, least: int
) -> None:
    question = "Cough for six weeks. Tumour in the left lung below 5 mm or more?"
    hospital.task(hospital.study(), question=question, minutes=30, priority="stat" if due else "routine")
    if not due:
        ReadingTask.objects.update(due_at=None)
        hospital.study(study_datetime=timezone.now() - datetime.timedelta(days=900))
    with chromium() as (page, _watched):
        page.set_viewport_size({"width": width, "height": 800})
        log_in(page, live_server.url)
        page.goto(f"{live_server.url}/?list=all")
        of = {key: page.locator(f"#exams tbody .c-{key}").first for key in ("question", "taken", "due", "patient")}
        assert of["question"].bounding_box()["width"] >= least
        for key in ("taken", "due", "patient"):
            for cell in page.locator(f"#exams tbody .c-{key}").all():
                assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), (key, cell.inner_text())
        if not due:
            assert of["due"].bounding_box()["width"] < 80
        assert page.get_by_role("columnheader", name="State").count() == 1
        heads = page.locator("#exams thead th:visible").all()
        assert all(head.inner_text().strip() for head in heads)

"""Login, logout, asking for access, the theme, and the pages for what went wrong."""

from typing import Any

import pytest
from django.test import Client
from django.urls import path

from config import urls
from tests import hospital
from viewer.actions.accounts import DEMO_PASSWORD, ensure_demo_accounts
from viewer.models import AuditEvent
from viewer.views import demo


def test_a_card_for_each_role_logs_in_with_one_post(db: None, settings: Any) -> None:
    settings.DEMO = True
    ensure_demo_accounts()
    page = Client().get("/login/").content.decode()
    for role in demo.roles():
        assert f'value="{role.username}"' in page
        answer = Client().post("/login/", {"username": role.username, "password": DEMO_PASSWORD})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/"), role.username


def test_without_the_demo_the_form_is_bare(db: None) -> None:
    page = Client().get("/login/").content.decode()
    assert DEMO_PASSWORD not in page and "radiologist" not in page and "Not a certified medical device" in page


def test_a_wrong_password_says_so_and_nothing_else(alice: Any) -> None:
    answers = [Client().post("/login/", {"username": name, "password": "wrong"}) for name in ("alice", "nobody")]
    plain = [answer.content.decode().count("belong together") for answer in answers]
    assert plain == [1, 1] and all("sessionid" not in answer.cookies for answer in answers)


def test_many_wrong_passwords_are_stopped(alice: Any) -> None:
    statuses = [Client().post("/login/", {"username": "alice", "password": "wrong"}).status_code for _ in range(7)]
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/patients/abc/", "/patients/abc/"), ("https://evil.example/", "/"), ("//evil.example", "/"),
        ("javascript:alert(1)", "/"), ("/logout/", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_the_login_leads_only_to_our_own_pages(alice: Any, wanted: str, leads_to: str) -> None:
    answer = Client().post("/login/", {"username": "alice", "password": hospital.PASSWORD, "next": wanted})
    assert answer.headers["Location"] == leads_to


def test_logging_out_ends_the_session_and_clears_the_browser(alice: Any) -> None:
    browser = hospital.client(alice)
    assert browser.get("/logout/").status_code == 200 and browser.get("/").status_code == 200
    answer = browser.post("/logout/")
    assert "cache" in answer.headers["Clear-Site-Data"]
    assert browser.get("/").status_code == 302


def test_login_and_logout_without_a_token_are_refused_with_a_plain_page(alice: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/login/", {"username": "alice", "password": hospital.PASSWORD})
    assert answer.status_code == 403 and "open too long" in answer.content.decode()


def test_asking_for_access_reaches_the_audit_and_tells_nothing(charlie: Any) -> None:
    study = hospital.study()
    browser = hospital.client(charlie)
    pages = []
    for uid in (study.uid, "1.2.3"):
        answer = browser.post("/access/", {"address": f"/studies/{uid}/", "reason": "She is my patient since today"})
        assert answer.status_code == 200
        pages.append(answer.content.decode().count(uid))
    assert pages == [0, 0]
    rows = AuditEvent.objects.filter(subtype="access asked for").order_by("pk")
    assert [row.detail["address"] for row in rows] == [f"/studies/{study.uid}/", "/studies/1.2.3/"]
    assert {row.user for row in rows} == {charlie}


@pytest.mark.parametrize(
    "form", [{}, {"address": "/x/", "reason": "short"}, {"address": "http://x", "reason": "long enough now"}]
)
def test_an_empty_wish_for_access_is_refused(charlie: Any, form: dict[str, str]) -> None:
    assert hospital.client(charlie).post("/access/", form).status_code == 400
    assert not AuditEvent.objects.filter(subtype="access asked for").exists()


def test_the_light_page_is_kept_and_leads_back(alice: Any) -> None:
    browser = hospital.client(alice)
    assert 'data-theme="dark"' in browser.get("/").content.decode()
    answer = browser.post("/theme/", {"theme": "light", "back": "//evil.example/"})
    assert answer.headers["Location"] == "/"
    assert 'data-theme="light"' in browser.get("/").content.decode()
    assert browser.post("/theme/", {"theme": "pink"}).status_code == 400


def test_a_fault_shows_a_number_and_no_trace(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: Any) -> None:
        raise RuntimeError("Canary^Zoe was here")

    monkeypatch.setattr(urls, "urlpatterns", [path("broken/", broken), *urls.urlpatterns])
    browser = hospital.client(alice)
    browser.raise_request_exception = False
    from django.urls import clear_url_caches  # noqa: PLC0415 (the resolver is built from the patched list)

    clear_url_caches()
    answer = browser.get("/broken/")
    monkeypatch.undo()
    clear_url_caches()
    text = answer.content.decode()
    assert answer.status_code == 500 and 'class="incident"' in text
    assert "Canary" not in text and "Traceback" not in text


def test_health_needs_nobody_and_tells_nothing(db: None) -> None:
    answer = Client().get("/health")
    assert (answer.status_code, answer.content) == (200, b"ok")

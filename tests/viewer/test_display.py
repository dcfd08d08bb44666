"""The display check: what is kept, for which workstation, and what the page says of it."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import logged_in
from tests.viewer.access_matrix import SCREEN
from viewer.actions.display import QUESTIONS
from viewer.models import AuditEvent, DisplayCheck
from viewer.views.display import COOKIE

pytestmark = pytest.mark.django_db


def said(client: Client) -> str:
    return " ".join(client.get("/display/").content.decode().split())


def test_it_works(charlie: User) -> None:
    client = logged_in(charlie)
    assert "has never been checked" in said(client) and COOKIE not in client.cookies
    answer = client.post("/display/", SCREEN | {"mm_per_px": "0.2", "remark": " <b>dim</b> "})
    assert answer.status_code == 302 and answer["Location"] == "/display/"
    row = DisplayCheck.objects.get()
    assert (row.user, row.passed, row.mm_per_px, row.remark) == (charlie, True, 0.2, "<b>dim</b>")
    assert (row.screen_width, row.screen_height, row.device_pixel_ratio, row.colour_depth) == (1920, 1080, 1.5, 24)
    page = said(client)
    assert "by <bdi>charlie</bdi>: <b>passed</b>" in page and "&lt;b&gt;dim&lt;/b&gt;" in page


def test_a_new_line_counts_once(charlie: User) -> None:
    assert logged_in(charlie).post("/display/", SCREEN | {"remark": "x" * 498 + "\r\ny"}).status_code == 302
    assert len(DisplayCheck.objects.get().remark) == 500


def test_it_is_audited_without_the_remark(charlie: User) -> None:
    logged_in(charlie).post("/display/", SCREEN | {"remark": "a word"})
    event, row = AuditEvent.objects.get(subtype="display checked"), DisplayCheck.objects.get()
    assert event.user == charlie
    assert event.detail == {"check": row.pk, "workstation": str(row.workstation), "passed": True}


def test_a_no_is_a_failure_and_is_named(charlie: User) -> None:
    client = logged_in(charlie)
    client.post("/display/", SCREEN | {"dark": "no", "ramp": "no"})
    assert not DisplayCheck.objects.get().passed
    assert "<b>failed: 5 % square, bands in the ramp</b>" in said(client)


def test_the_workstation_is_known_by_a_cookie_that_says_nothing_else(charlie: User, settings: Any) -> None:
    client = logged_in(charlie)
    client.post("/display/", SCREEN)
    cookie = client.cookies[COOKIE]
    assert uuid.UUID(cookie.value) == DisplayCheck.objects.get().workstation
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert cookie["max-age"] == 400 * 24 * 3600 and not cookie["secure"]
    client.post("/display/", SCREEN)
    assert client.cookies[COOKIE].value == cookie.value
    assert DisplayCheck.objects.values("workstation").distinct().count() == 1


def test_behind_tls_no_other_host_can_set_the_cookie(charlie: User, settings: Any) -> None:
    settings.HTTPS = True
    client = logged_in(charlie)
    client.post("/display/", SCREEN, secure=True)
    assert client.cookies[f"__Host-{COOKIE}"]["secure"]


def test_another_person_at_the_workstation_sees_the_check_another_workstation_does_not(
    charlie: User, alice: User
) -> None:
    first, elsewhere = logged_in(charlie), logged_in(charlie)
    first.post("/display/", SCREEN)
    same = logged_in(alice)
    same.cookies[COOKIE] = first.cookies[COOKIE].value
    assert "by <bdi>charlie</bdi>" in said(same)
    assert "has never been checked" in said(elsewhere)


@pytest.mark.parametrize("shown", ["", "x", "0" * 32, "../../etc/passwd", "é"])
def test_an_id_that_we_never_gave_is_not_taken(shown: str, charlie: User) -> None:
    client = logged_in(charlie)
    client.cookies[COOKIE] = shown
    assert "has never been checked" in said(client)
    client.post("/display/", SCREEN)
    row = DisplayCheck.objects.get()
    assert row.workstation.version == 4 and client.cookies[COOKIE].value == str(row.workstation)


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: ""} for name in QUESTIONS),
        {"dark": "perhaps"},
        {"remark": "x" * 501},
        {"remark": "a\0b"},
        *(
            {name: value}
            for name in ("screen_width", "device_pixel_ratio", "colour_depth")
            for value in ("", "nan", "0")
        ),
        {"screen_height": "inf"},
        {"screen_height": "1e9"},
        {"mm_per_px": "-1"},
        {"mm_per_px": "nan"},
    ],
)
def test_what_does_not_fit_is_refused_and_stays_written(wrong: dict[str, str], charlie: User) -> None:
    answer = logged_in(charlie).post("/display/", SCREEN | {"light": "no", "remark": "kept"} | wrong)
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert not DisplayCheck.objects.exists() and COOKIE not in answer.cookies
    assert 'name="steps" value="yes" required' in answer.content.decode()


def test_the_last_screen_goes_to_the_page(charlie: User) -> None:
    client = logged_in(charlie)
    assert '<script id="last-screen" type="application/json">null</script>' in said(client)
    client.post("/display/", SCREEN)
    assert '{"width": 1920, "height": 1080, "ratio": 1.5, "depth": 24, "mm_per_px": null}' in said(client)


def test_it_says_that_a_photometer_is_needed_all_the_same(charlie: User) -> None:
    page = said(logged_in(charlie))
    assert "doesn&#x27;t replace a photometer" in page or "doesn't replace a photometer" in page
    assert "DIN 6868-157" in page and "TG18" in page

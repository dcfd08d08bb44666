"""Logging in and out, sessions that end, and guesses that are slowed."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.conftest import logged_in
from viewer import sessions
from viewer.actions import login
from viewer.models import AuditEvent, LoginFailure

pytestmark = pytest.mark.django_db


def log_in(client: Client, username: str, password: str, **more: str) -> int:
    return client.post("/login/", {"username": username, "password": password}, **more).status_code


def test_the_session_key_is_new_after_login(alice: User) -> None:
    client = Client()
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["samsyn-session"] = planted = session.session_key
    assert log_in(client, "alice", "alice") == 302
    assert client.cookies["samsyn-session"].value != planted
    assert not Session.objects.filter(pk=planted).exists()


def test_the_cookie_is_kept_from_scripts_and_ends_with_the_browser(alice: User) -> None:
    client = Client()
    log_in(client, "alice", "alice")
    cookie = client.cookies["samsyn-session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]


def test_five_wrong_passwords_close_the_account_to_that_address_only(alice: User, bob: User) -> None:
    client = Client()
    for _ in range(login.FAILURES_OF_ACCOUNT):
        assert log_in(client, "alice", "wrong") == 200
    assert log_in(client, "alice", "alice") == 429
    assert log_in(client, "ALICE", "alice") == 429
    assert log_in(client, "bob", "bob") == 302
    assert log_in(Client(), "alice", "alice", REMOTE_ADDR="10.0.0.9") == 302
    LoginFailure.objects.update(at=timezone.now() - login.WINDOW - timedelta(seconds=1))
    assert log_in(Client(), "alice", "alice") == 302


def test_a_good_login_forgets_the_failures(alice: User) -> None:
    client = Client()
    for _ in range(3):
        for _ in range(login.FAILURES_OF_ACCOUNT - 1):
            log_in(client, "alice", "wrong")
        assert log_in(client, "alice", "alice") == 302


def test_one_address_cannot_try_everybody(alice: User) -> None:
    now = timezone.now()
    rows = [LoginFailure(account=str(n), address="127.0.0.1", at=now) for n in range(login.FAILURES_OF_ADDRESS)]
    LoginFailure.objects.bulk_create(rows)
    assert log_in(Client(), "alice", "alice") == 429


def test_each_try_is_in_the_audit_and_an_unknown_name_is_not(alice: User) -> None:
    client = Client()
    log_in(client, "alice", "wrong")
    log_in(client, "my-secret-password", "alice")
    log_in(client, "alice", "alice")
    client.post("/logout/")
    rows = AuditEvent.objects.filter(event="110114").order_by("pk")
    assert [(row.subtype, row.success) for row in rows] == [
        ("110122", False),
        ("110122", False),
        ("110122", True),
        ("110123", True),
    ]
    assert [row.detail.get("account") for row in rows[:2]] == ["alice", None]
    assert all(row.address == "127.0.0.1" for row in rows)
    assert not any("secret-password" in str(row.detail) + row.username for row in rows)


def test_a_deactivated_account_cannot_log_in(alice: User) -> None:
    alice.is_active = False
    alice.save()
    assert log_in(Client(), "alice", "alice") == 200


def test_logging_out_tells_the_browser_to_forget(alice: User) -> None:
    client = logged_in(alice)
    response = client.post("/logout/")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/").status_code == 302


def test_an_address_alone_logs_nobody_out(alice: User) -> None:
    client = logged_in(alice)
    client.get("/logout/")
    assert client.get("/").status_code == 200


def set_expiry(client: Client, *, idle: timedelta) -> None:
    Session.objects.filter(pk=client.session.session_key).update(expire_date=timezone.now() + idle)


def expiry(client: Client) -> timedelta:
    return Session.objects.get(pk=client.session.session_key).expire_date - timezone.now()


def test_a_session_ends_after_fifteen_minutes_without_a_hand(alice: User) -> None:
    client = logged_in(alice)
    assert timedelta(minutes=14) < expiry(client) <= timedelta(minutes=15)
    set_expiry(client, idle=timedelta(seconds=-1))
    assert client.get("/").status_code == 302


def test_opening_a_page_is_a_hand_and_asking_again_is_not(alice: User) -> None:
    client = logged_in(alice)
    set_expiry(client, idle=timedelta(minutes=1))
    for headers in ({"X-Samsyn-Renewal": "1"}, {"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Mode": "same-origin"}):
        assert client.get("/", headers=headers).status_code == 200
    assert expiry(client) < timedelta(minutes=2)
    client.get("/", headers={"Sec-Fetch-Mode": "navigate"})
    assert expiry(client) > timedelta(minutes=14)


def test_no_hand_pushes_a_session_past_twelve_hours(alice: User) -> None:
    client = logged_in(alice)
    session = client.session
    session[sessions.BEGAN] = (timezone.now() - timedelta(hours=11, minutes=58)).isoformat()
    session.save()
    client.get("/")
    assert expiry(client) <= timedelta(minutes=2)
    session[sessions.BEGAN] = (timezone.now() - timedelta(hours=12, minutes=1)).isoformat()
    session.save()
    assert client.get("/").status_code == 302


def test_a_touch_is_written_every_half_minute_at_most(alice: User) -> None:
    client = logged_in(alice)
    key = client.session.session_key
    before = Session.objects.get(pk=key).expire_date
    assert sessions.touch(key) == before
    set_expiry(client, idle=timedelta(minutes=14))
    assert sessions.touch(key) > before - timedelta(seconds=5)
    assert sessions.touch("not a session") is None

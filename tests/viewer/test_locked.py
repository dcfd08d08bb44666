"""A database that is busy for a while loses nothing that was acknowledged (hazard F9)."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tests.conftest import logged_in
from viewer.models import Preference

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the database"),
]


@pytest.fixture
def lock() -> Any:
    """Hold the database for some seconds, as another process would."""
    threads: list[threading.Thread] = []

    def hold(seconds: float) -> None:
        held = threading.Event()

        def run() -> None:
            other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            held.set()
            time.sleep(seconds)
            other.execute("COMMIT")
            other.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        held.wait(5)

    yield hold
    for thread in threads:
        thread.join()


def keep(client: Client, value: int) -> int:
    return client.put("/api/preferences/keys/", str(value), "application/json").status_code


@pytest.mark.parametrize("seconds", [0.5, 2, pytest.param(4, marks=pytest.mark.full)])
def test_a_short_lock_is_waited_for(seconds: float, lock: Callable[[float], None], alice: User) -> None:
    client = logged_in(alice)
    lock(seconds)
    assert keep(client, 7) == 204
    assert Preference.objects.get(user=alice).value == 7


@pytest.mark.full
def test_what_waited_in_vain_is_tried_once_more(lock: Callable[[float], None], alice: User) -> None:
    client = logged_in(alice)
    lock(7)
    assert keep(client, 7) == 204
    assert Preference.objects.get(user=alice).value == 7


@pytest.mark.full
def test_a_long_lock_says_not_saved(lock: Callable[[float], None], alice: User) -> None:
    client = logged_in(alice)
    lock(13)
    assert keep(client, 7) == 503
    assert not Preference.objects.filter(user=alice).exists()
    assert keep(client, 8) == 204


def test_reading_goes_on_meanwhile(lock: Callable[[float], None], alice: User) -> None:
    client = logged_in(alice)
    client.get("/")
    lock(1.5)
    began = time.monotonic()
    assert client.get("/api/preferences/keys/").status_code == 200
    assert time.monotonic() - began < 1


def test_writers_at_once_all_succeed(alice: User) -> None:
    statuses: list[int] = []

    def write(number: int) -> None:
        client = logged_in(alice)
        address = f"/api/preferences/k{number}/"
        statuses.extend(client.put(address, str(n), "application/json").status_code for n in range(5))
        connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [204] * 30
    assert Preference.objects.filter(user=alice, value=4).count() == 6

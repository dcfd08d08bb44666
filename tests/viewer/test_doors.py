"""Both kinds of door carry the same headers, and the outermost check comes before either."""

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from config.asgi import application, origin_is_ours, static_files
from config.environment import DEMO_HOSTS
from tests.conftest import logged_in
from viewer.headers import HEADERS, IMMUTABLE

pytestmark = pytest.mark.django_db(transaction=True)


async def ask(path: str, *, method: str = "GET", host: str = "testserver", **headers: str) -> dict[str, Any]:
    """Ask the whole ASGI application; return status, headers and body."""
    shown = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(name.encode(), value.encode()) for name, value in shown.items()],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http",
    }  # fmt: skip
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request", "body": b""})
    start = await asked.receive_output(10)
    body = b""
    while True:
        part = await asked.receive_output(10)
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return {"status": start["status"], "headers": found, "body": body}


DOORS = [
    *("/login/", "/", "/nothing/", "/studies/1.2.3/", "/api/studies/main/1.2/"),
    *("/dicomweb/main/studies/1.2/rendered", "/dicomweb/"),
]


@pytest.mark.parametrize("path", DOORS)
async def test_every_door_carries_the_same_headers(path: str) -> None:
    answer = await ask(path)
    for name, value in HEADERS.items():
        assert answer["headers"][name.lower()] == value, name
    assert answer["headers"]["cache-control"] == "no-store"
    assert {"Cookie", "Authorization"} <= set(answer["headers"]["vary"].split(", "))
    assert "server" not in answer["headers"]


async def test_the_policy_lets_nothing_in_that_is_not_ours() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("path", [*DOORS, f"{settings.STATIC_URL}js/x.js"])
@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "testserver:80:80", "testserver@evil"])
async def test_an_unknown_host_is_refused_at_every_door(path: str, host: str) -> None:
    answer = await ask(path, host=host)
    assert answer["status"] == 400
    assert answer["headers"]["cache-control"] == "no-store"


def test_demo_and_loopback_know_three_hosts() -> None:
    assert DEMO_HOSTS == ["localhost", "127.0.0.1", "[::1]"]


ORIGINS = [
    None, "null", "http://evil.example", "http://testserver.evil.example", "http://testserver:8000", "https://testserver",
    "http://testserver@evil.example", "http://TESTSERVER/", "ftp://testserver", "http://", "testserver", "http://testservеr",
]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", ["/ws/", "/ws/1.2/?archive=main"])
async def test_a_socket_opens_only_from_our_own_pages(
    path: str, origin: str | None, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [(b"host", b"testserver")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    where, _, query = path.partition("?")
    scope = {"type": "websocket", "path": where, "query_string": query.encode(), "headers": headers, "subprotocols": []}
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    assert await socket.receive_output(5) == {"type": "websocket.close", "code": 4403}
    (record,) = [each for each in caplog.records if each.name == "config.asgi"]
    assert record.getMessage().startswith("a socket was refused: its origin isn't this site's (")
    assert path not in record.getMessage() and "archive" not in record.getMessage()


@pytest.mark.parametrize(
    "origin", ["http://evil.example/?PatientName=CANARY", "http://CANARY evil", "http://CANARY\nx"]
)
async def test_what_a_refused_socket_sends_along_is_not_in_the_log(
    origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": "/ws/", "query_string": b"a=CANARY", "headers": headers, "subprotocols": []}
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["code"] == 4403
    assert "a socket was refused" in caplog.text
    assert "CANARY" not in caplog.text


PUBLIC = ["https://samsyn.example.org", "https://samsyn.example.org.evil", "http://samsyn.example.org"]


@pytest.mark.parametrize("origin", PUBLIC)
def test_a_public_site_knows_one_origin(origin: str, settings: Any) -> None:
    settings.ORIGIN = "https://samsyn.example.org"
    scope = {"headers": [(b"host", b"samsyn.example.org"), (b"origin", origin.encode())]}
    assert origin_is_ours(scope) == (origin == "https://samsyn.example.org")


async def test_static_files_are_kept_for_ever_under_their_hash() -> None:
    path = next(iter(sorted(name for name, file in static_files.files.items() if file.compressed)))
    plain = await ask(f"{settings.STATIC_URL}{path}")
    small = await ask(f"{settings.STATIC_URL}{path}", accept_encoding="gzip, br")
    assert plain["headers"]["cache-control"] == IMMUTABLE
    assert plain["headers"]["x-content-type-options"] == "nosniff"
    assert gzip.decompress(small["body"]) == plain["body"] == static_files.files[path].content
    head = await ask(f"{settings.STATIC_URL}{path}", method="HEAD")
    assert (head["status"], head["body"]) == (200, b"")
    assert head["headers"]["content-length"] == plain["headers"]["content-length"]


@pytest.mark.parametrize("name", ["", "../settings.py", "..%2f", "js/../../manage.py", "/etc/passwd", "no.js", "js/"])
async def test_static_files_are_nothing_else(name: str) -> None:
    answer = await ask(f"{settings.STATIC_URL}{name}")
    assert answer["status"] == 404
    assert answer["headers"]["cache-control"] == "no-store"


async def test_static_files_are_only_read() -> None:
    assert (await ask(f"{settings.STATIC_URL}x", method="POST"))["status"] == 405


def test_a_locked_database_says_not_saved(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*arguments: object, **more: object) -> None:
        raise OperationalError("database is locked")

    client = logged_in(bob)
    monkeypatch.setattr("viewer.actions.preference.keep", locked)
    response = client.post("/theme/", {"theme": "dark"})
    assert response.status_code == 503
    assert b"Not saved" in response.content


def test_cookies_are_bound_to_the_host_behind_https(tmp_path: Path) -> None:
    code = "from config import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE)"
    variables = {"PATH": os.environ["PATH"], "SAMSYN_STATE": str(tmp_path), "SAMSYN_URL": "https://samsyn.example.org"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=variables, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["__Host-samsyn-session", "__Host-samsyn-csrf", "True"]


def test_an_answer_behind_https_asks_for_https_only(settings: Any) -> None:
    settings.HTTPS = True
    settings.SECURE_HSTS_SECONDS = 1000
    assert Client().get("/login/")["Strict-Transport-Security"] == "max-age=1000; includeSubDomains; preload"

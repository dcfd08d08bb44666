"""A dozen origins that aren't ours: none of them changes anything (sockets are tried in tests/viewer/test_doors.py)."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import logged_in
from tests.viewer.access_matrix import MESSAGE, STATE, rows
from tests.viewer.test_access_matrix import filled
from tests.viewer.test_doors import ORIGINS
from viewer.models import Study

pytestmark = pytest.mark.django_db

HOST = "testserver"
POSTED: list[tuple[str, str, str, Any]] = [
    ("POST", "/login/", "application/x-www-form-urlencoded", "username=alice&password=alice"),
    ("POST", "/logout/", "application/x-www-form-urlencoded", ""),
    ("POST", "/theme/", "application/x-www-form-urlencoded", "theme=dark"),
    ("POST", "/searches/", "application/x-www-form-urlencoded", "words=berg"),
    ("PUT", "/api/preferences/keys/", "application/json", '{"a": "b"}'),
    ("PUT", "/api/studies/main/{uid}/state/", "application/json", STATE),
    ("POST", "/api/studies/main/{uid}/messages/", "application/json", MESSAGE),
    ("POST", "/api/studies/main/{uid}/reading/", "application/json", '{"do": "claim"}'),
    ("POST", "/access/", "application/x-www-form-urlencoded", "address=/studies/1/&reason=on call tonight"),
]


def sent(client: Client, posted: tuple[str, str, str, Any], study: Study, token: str, origin: str | None) -> int:
    """Send a request as a browser would from a page of `origin`; return the status."""
    method, address, kind, data = posted
    body = data if isinstance(data, str) else json.dumps(filled(data, study.uid))
    headers = {"HTTP_X_CSRFTOKEN": token} if token else {}
    if origin is not None:
        headers["HTTP_ORIGIN"] = origin
    answer = client.generic(method, address.format(uid=study.uid), body, kind, **headers)  # type: ignore[arg-type]
    return answer.status_code


def token_of(client: Client) -> str:
    page = client.get("/login/" if not client.cookies.get("samsyn-session") else "/").content.decode()
    found = re.search(r'(?:csrf-token" content|csrfmiddlewaretoken" value)="([^"]+)', page)
    assert found, "no page of ours gives a token"
    return found[1]


@pytest.mark.parametrize("posted", POSTED, ids=[f"{method} {address}" for method, address, _, _ in POSTED])
def test_a_request_from_another_origin_changes_nothing_even_with_the_right_token(
    posted: tuple[str, str, str, Any], study: Study, alice: User
) -> None:
    hostile = [origin for origin in ORIGINS if origin is not None]
    assert len(ORIGINS) == 12
    client = logged_in(alice, enforce_csrf_checks=True)
    token = token_of(client)
    before = rows()
    for origin in hostile:
        assert sent(client, posted, study, token, origin) == 403, origin
    # Without an origin, as old browsers send forms, only the token tells: there is none.
    assert sent(client, posted, study, "", None) == 403
    assert sent(client, posted, study, "", f"http://{HOST}") == 403
    assert sent(client, posted, study, "x" * 64, f"http://{HOST}") == 403
    assert rows() == before
    assert sent(client, posted, study, token, f"http://{HOST}") < 400

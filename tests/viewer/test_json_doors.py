"""What isn't the JSON that a door wants is refused in words at every door that takes some."""

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from tests.conftest import logged_in
from viewer.models import Study

pytestmark = pytest.mark.django_db

OF_STUDY = "/api/studies/main/{uid}/"
DOORS = [
    ("PUT", OF_STUDY + "request/"), ("POST", OF_STUDY + "reading/"), ("POST", OF_STUDY + "messages/"),
    ("PUT", OF_STUDY + "messages/read/"), ("PUT", OF_STUDY + "state/"), ("POST", "/api/states/"),
    ("PUT", "/api/preferences/keys/"),
]  # fmt: skip
DEEP = 20_000
BODIES = [
    b"", b"nonsense", b"\xff", b"[1", b'{"version":0,"history":"\\ud83d","text":"\\ud83d","do":"\\ud83d"}',
    b"[" * DEEP + b"]" * DEEP, b'{"version":0,"history":' + b'{"a":' * DEEP + b"1" + b"}" * (DEEP + 1), b"NaN",
    b"1e999",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize(("method", "path"), DOORS)
def test_it_is_refused_in_words(method: str, path: str, body: bytes, alice: User, study: Study) -> None:
    answer = logged_in(alice).generic(method, path.format(uid=study.uid), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_form_is_refused_in_words(method: str, path: str, alice: User, study: Study) -> None:
    client, token = logged_in(alice, enforce_csrf_checks=True), "a" * 32
    client.cookies[settings.CSRF_COOKIE_NAME] = token
    form = b'--x\r\nContent-Disposition: form-data; name="do"\r\n\r\nclaim\r\n--x--\r\n'
    answer = client.generic(
        method, path.format(uid=study.uid), form, content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": token},
    )  # fmt: skip
    assert answer.status_code in (400, 415)
    assert answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [*DOORS, ("POST", OF_STUDY + "measurements/")])
def test_whoever_looks_for_a_token_in_nested_json_finds_a_refusal(
    method: str, path: str, alice: User, study: Study
) -> None:
    client = logged_in(alice, enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    answer = client.generic(method, path.format(uid=study.uid), b"[" * DEEP, content_type="application/json")
    assert answer.status_code in (400, 403)
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b"[1]", b'"x"', b"null", b"7"])
@pytest.mark.parametrize(("method", "path"), DOORS[:4])
def test_what_is_no_object_is_refused_in_words(method: str, path: str, body: bytes, alice: User, study: Study) -> None:
    answer = logged_in(alice).generic(method, path.format(uid=study.uid), body, content_type="application/json")
    assert answer.status_code == 400
    assert "object" in str(answer.json()["detail"])

"""A study that is named with what no database keeps isn't there: the same answer as for any unknown one."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.conftest import logged_in
from viewer import access, verbs
from viewer.models import Preference, Study

pytestmark = pytest.mark.django_db

PATHS = [
    *("/studies/{}/", "/exams/main/{}/", "/exams/{}/1.2/", "/studies/1.2/?archive={}", "/api/studies/main/{}/"),
    *("/api/studies/{}/1.2/", "/api/studies/main/{}/state/", "/api/studies/main/{}/messages/"),
    *("/api/studies/main/{}/request/", "/api/studies/main/{}/reading/", "/api/studies/main/{}/measurements/"),
    *("/api/studies/main/{}/series/1.2/stacks/", "/api/studies/main/{study}/series/{}/stacks/", "/patients/{}/"),
]
WRITTEN = [
    ("PUT", "/api/studies/main/{}/state/"), ("PUT", "/api/studies/main/{}/request/"),
    ("POST", "/api/studies/main/{}/reading/"), ("POST", "/api/studies/main/{}/messages/"),
    ("PUT", "/api/studies/main/{}/messages/read/"), ("POST", "/exams/main/{}/read/"),
]  # fmt: skip
ODD = ["1.2%00", "%00", "1.2%00.3", "%ED%A0%BD", "%FF"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("path", PATHS)
def test_looking_at_it_is_404(path: str, odd: str, bob: User, study: Study) -> None:
    assert logged_in(bob).get(path.replace("{}", odd).replace("{study}", study.uid)).status_code == 404


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("method", "path"), WRITTEN)
def test_writing_about_it_is_404(method: str, path: str, odd: str, bob: User) -> None:
    answer = logged_in(bob).generic(method, path.replace("{}", odd), "{}", content_type="application/json")
    assert answer.status_code == 404


@pytest.mark.parametrize("place", [("main", "1.2\0"), ("ma\0in", "1.2")])
def test_for_pictures_and_verbs_it_is_not_there(place: tuple[str, str], bob: User, study: Study) -> None:
    assert not access.named(bob, place[1], place[0]).exists()
    with pytest.raises(Exception) as refused:
        verbs.do(bob, "read_messages", {"archive": place[0], "study": place[1], "seq": 1})
    assert getattr(refused.value, "status", None) == 404


UNKEEPABLE: list[Any] = ["\0", {"a": ["x\0"]}, {"a\0": 1}, "x" * 40_000]


@pytest.mark.parametrize("value", UNKEEPABLE, ids=range(len(UNKEEPABLE)))
def test_a_choice_that_cannot_be_kept_is_refused_in_words(value: Any, bob: User) -> None:
    answer = logged_in(bob).put("/api/preferences/keys/", json.dumps(value), content_type="application/json")
    assert (answer.status_code, bool(answer.json()["detail"])) == (400, True)
    assert not Preference.objects.exists()


def test_a_choice_that_only_spells_nul_is_kept(bob: User) -> None:
    answer = logged_in(bob).put("/api/preferences/keys/", json.dumps("\\u0000"), content_type="application/json")
    assert answer.status_code == 204
    assert Preference.objects.get().value == "\\u0000"

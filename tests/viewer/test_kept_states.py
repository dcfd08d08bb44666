"""A state is kept only if what it names belongs together, as far as we know and the person may see."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse

from messaging.actions.send import send
from messaging.models import Message
from tests.conftest import logged_in
from tests.messaging.made import pane, view
from viewer import presentation
from viewer.models import PresentationState, Study

pytestmark = pytest.mark.django_db


def kept(user: User, study: Study, state: dict[str, Any]) -> list[HttpResponse]:
    """Return the answers of both doors that keep a state."""
    client, body = logged_in(user), json.dumps(state)
    return [
        client.post("/api/states/", body, "application/json"),
        client.put(f"/api/studies/main/{study.uid}/state/", body, "application/json"),
    ]


def test_a_series_of_the_study_is_kept(alice: User, study: Study) -> None:
    study.series.create(uid=f"{study.uid}.1")
    assert [answer.status_code for answer in kept(alice, study, view(pane(study)))] == [201, 204]


def test_while_the_series_are_not_known_any_may_be_named(alice: User, study: Study) -> None:
    assert [answer.status_code for answer in kept(alice, study, view(pane(study)))] == [201, 204]


def test_a_series_of_no_study_or_of_another_is_refused_in_words(
    bob: User, study: Study, add_study: Callable[..., Study]
) -> None:
    other = add_study("1.2.3", "P2", "Falk^Bo")
    other.series.create(uid=f"{study.uid}.1")
    study.series.create(uid=f"{study.uid}.2")
    for answer in kept(bob, study, view(None, pane(study), active=1)):
        assert answer.status_code == 400 and "series" in answer.json()["detail"]
    with pytest.raises(presentation.Unreadable):
        send(bob, study, uuid.uuid4(), "x", view(pane(study)))
    assert not PresentationState.objects.exists() and not Message.objects.exists()


def test_nothing_is_learned_of_a_study_that_one_may_not_see(
    alice: User, study: Study, add_study: Callable[..., Study]
) -> None:
    study.series.create(uid=f"{study.uid}.1")
    hidden = add_study("1.2.3", "P2", "Falk^Bo")
    answers = []
    for series in (f"{hidden.uid}.1", "9.9"):
        hidden.series.all().delete()
        hidden.series.create(uid=series)
        answers.append(
            [(each.status_code, each.content) for each in kept(alice, study, view(pane(study), pane(hidden)))]
        )
    assert answers[0] == answers[1]
    assert [status for status, _content in answers[0]] == [404, 204]


def test_nul_is_refused_in_words(alice: User, study: Study) -> None:
    shown = pane(study)
    shown["source"]["stack"] = "a\0"
    for answer in kept(alice, study, view(shown)):
        assert answer.status_code == 400 and answer.json()["detail"]

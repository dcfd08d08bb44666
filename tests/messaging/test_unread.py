"""What is unread: counted for each person, in one query for a whole page of the list, and never moved back."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from messaging import unread
from messaging.actions.read import read
from messaging.actions.send import send
from messaging.models import Conversation, ReadMarker
from messaging.unread import Talk
from tests.conftest import let, logged_in, person
from viewer import live
from viewer.models import Study
from worklist.views.rows import rows

pytestmark = pytest.mark.django_db


def say(user: User, study: Study, count: int = 1) -> None:
    for _ in range(count):
        send(user, study, uuid.uuid4(), "x")


def test_messages_of_others_past_the_marker_are_unread(alice: User, bob: User, study: Study) -> None:
    say(alice, study, 2)
    say(bob, study)
    say(alice, study)
    assert [unread.by_uid(user) for user in (alice, bob)] == [{study.uid: 1}, {study.uid: 3}]
    read(bob, study, 2)
    assert [unread.by_uid(user) for user in (alice, bob)] == [{study.uid: 1}, {study.uid: 1}]
    read(bob, study, 4)
    assert unread.by_uid(bob) == {}
    assert unread.of_studies(bob, [study]) == {study.pk: Talk(4, 0)}


def test_the_marker_only_grows_and_never_past_the_end(alice: User, bob: User, study: Study) -> None:
    say(alice, study, 5)
    for seq, reached in ((3, 3), (1, 3), (0, 3), (99, 5), (4, 5)):
        read(bob, study, seq)
        assert ReadMarker.objects.get(user=bob).seq == reached
    assert not ReadMarker.objects.filter(user=alice).exists()


def test_reading_what_nobody_said_is_nothing(bob: User, study: Study) -> None:
    read(bob, study, 7)
    assert not Conversation.objects.exists()


def test_who_reads_is_told_in_the_other_tabs(
    alice: User,
    bob: User,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    say(alice, study, 2)
    told: list[Any] = []
    monkeypatch.setattr(live, "_send", lambda topic, message: told.append((topic, message["event"])))
    with django_capture_on_commit_callbacks(execute=True):
        read(bob, study, 2)
        read(bob, study, 1)
    assert told == [(f"user.{bob.pk}", {"read": study.uid, "seq": 2})]


def test_nothing_is_told_of_studies_that_somebody_may_not_see(
    alice: User, bob: User, charlie: User, study: Study, add_study: Callable[..., Study]
) -> None:
    hidden = add_study("1.2.3", "P2", "Falk^Bo")
    say(bob, study)
    say(bob, hidden)
    assert unread.by_uid(alice) == {study.uid: 1}
    assert unread.by_uid(charlie) == {}
    with pytest.raises(Http404):
        read(alice, hidden, 1)


def test_a_page_of_the_list_counts_in_one_query(bob: User, add_study: Callable[..., Study]) -> None:
    other = person("other")
    let(other)
    counts = []
    studies: list[Study] = []
    for page in (2, 12):
        while len(studies) < page:
            studies.append(add_study(f"1.2.3.{len(studies)}", f"P{len(studies)}", f"Name{len(studies)}^A"))
            say(other, studies[-1], len(studies))
        listed = list(Study.objects.filter(pk__in=[each.pk for each in studies]).select_related("archive", "patient"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = rows(bob, listed)
        counts.append(len(queries))
        assert sorted(row.talk.unread for row in found if row.talk) == list(range(1, page + 1))
        assert sum("messaging_message" in query["sql"] for query in queries) == 1
    assert counts[0] == counts[1]


def test_the_list_shows_a_bubble_until_it_is_read(alice: User, bob: User, study: Study) -> None:
    client = logged_in(bob)
    assert b"talked" not in client.get("/").content
    say(alice, study, 2)
    assert "2 unread messages" in client.get("/").content.decode()
    read(bob, study, 2)
    page = client.get("/").content.decode()
    assert "unread message" not in page and "There is a conversation" in page

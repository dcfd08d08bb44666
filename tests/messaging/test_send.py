"""Sending: one order, one row for each message however often it is tried, and the text as it was written."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.http import Http404

from messaging.actions.send import SentElsewhere, Unsendable, send
from messaging.models import Conversation, Message
from tests.messaging.made import CLINICAL, KEPT, pane, view
from viewer import live
from viewer.models import AuditEvent, PresentationState, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Return what is said on the live wire, in order."""
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(live, "_send", lambda topic, message: told.append((topic, message["event"])))
    return told


def test_it_works(
    alice: User, study: Study, published: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sent = send(alice, study, uuid.uuid4(), "Nodule in the left lower lobe?")
    assert (sent.is_new, sent.message.seq, sent.message.sender) == (True, 1, alice)
    assert published == [(f"talk.{study.uid}", {"seq": 1}), ("list", {"changed": "messages"})]
    row = AuditEvent.objects.latest("pk")
    assert (row.subtype, row.user, row.study) == ("message sent", alice, study)
    assert row.detail == {"message": 1, "characters": 30, "state": None}


def test_the_order_is_one_for_all_senders(alice: User, bob: User, study: Study) -> None:
    seqs = [send(user, study, uuid.uuid4(), "x").message.seq for user in (alice, bob, bob, alice)]
    assert seqs == [1, 2, 3, 4] and Conversation.objects.get(study=study).last_seq == 4


def test_each_study_has_an_order_of_its_own(bob: User, study: Study, add_study: Callable[..., Study]) -> None:
    other = add_study("1.2.3", "P2", "Falk^Bo")
    assert [send(bob, each, uuid.uuid4(), "x").message.seq for each in (study, other, study)] == [1, 1, 2]


@pytest.mark.parametrize("text", KEPT[:-1], ids=range(len(KEPT) - 1))
def test_text_is_kept_character_for_character(alice: User, study: Study, text: str) -> None:
    state = None if text.strip() else view(pane(study))
    assert Message.objects.get(pk=send(alice, study, uuid.uuid4(), text, state).message.pk).text == text


def test_the_sample_of_clinical_characters_is_large_enough() -> None:
    assert len(set(CLINICAL)) >= 500


def test_a_second_try_gives_the_first_message_whatever_it_says_now(alice: User, study: Study) -> None:
    one = uuid.uuid4()
    first = send(alice, study, one, "first")
    for text in ("first", "another text"):
        again = send(alice, study, one, text, view(pane(study)))
        assert (again.is_new, again.message.pk, again.message.text) == (False, first.message.pk, "first")
    assert Message.objects.count() == 1 and PresentationState.objects.count() == 0
    assert AuditEvent.objects.filter(subtype="message sent").count() == 1


def test_two_senders_may_use_the_same_id(alice: User, bob: User, study: Study) -> None:
    one = uuid.uuid4()
    assert [send(user, study, one, "x").is_new for user in (alice, bob)] == [True, True]


def test_an_id_used_about_another_study_is_refused(bob: User, study: Study, add_study: Callable[..., Study]) -> None:
    one = uuid.uuid4()
    send(bob, study, one, "x")
    with pytest.raises(SentElsewhere):
        send(bob, add_study("1.2.3", "P2", "Falk^Bo"), one, "x")
    assert Message.objects.count() == 1


@pytest.mark.parametrize("text", ["", " \n\t ", "a\0b", "x" * 8001])
def test_what_can_not_be_kept_or_says_nothing_is_refused_in_words(alice: User, study: Study, text: str) -> None:
    with pytest.raises(Unsendable, match="message"):
        send(alice, study, uuid.uuid4(), text)
    assert not Message.objects.exists()


def test_a_view_alone_is_a_message_and_an_empty_one_is_not(alice: User, study: Study) -> None:
    sent = send(alice, study, uuid.uuid4(), "", view(pane(study)))
    assert sent.message.state is not None and sent.message.state.state == view(pane(study))
    assert sent.message.state.study == study and not sent.message.state.current
    with pytest.raises(Unsendable):
        send(alice, study, uuid.uuid4(), "look", view(None))


def test_who_may_not_see_the_study_or_what_the_view_shows_sends_nothing(
    alice: User, charlie: User, study: Study, add_study: Callable[..., Study]
) -> None:
    hidden = add_study("1.2.3", "P2", "Falk^Bo")
    with pytest.raises(Http404):
        send(charlie, study, uuid.uuid4(), "x")
    with pytest.raises(Http404):
        send(alice, study, uuid.uuid4(), "x", view(pane(study), pane(hidden)))
    assert not Message.objects.exists() and not PresentationState.objects.exists()


THREADS = 8


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    """Run each in a thread of its own, all let loose together; return what they gave, or the errors they raised."""
    start, given = threading.Barrier(len(work)), [None] * len(work)

    def run(number: int) -> None:
        start.wait()
        try:
            given[number] = work[number]()
        except Exception as error:
            given[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


@pytest.mark.django_db(transaction=True)
def test_eight_tries_at_once_are_one_message(alice: User, study: Study) -> None:
    one = uuid.uuid4()
    sent = at_once([lambda number=n: send(alice, study, one, f"try {number}") for n in range(THREADS)])
    assert not [each for each in sent if isinstance(each, Exception)], sent
    assert sum(each.is_new for each in sent) == 1 and len({each.message.pk for each in sent}) == 1
    assert len({each.message.text for each in sent}) == 1
    assert Message.objects.count() == 1 and Conversation.objects.get().last_seq == 1


@pytest.mark.django_db(transaction=True)
def test_eight_senders_at_once_stand_in_one_line(alice: User, bob: User, study: Study) -> None:
    sent = at_once([lambda who=(alice, bob)[n % 2]: send(who, study, uuid.uuid4(), "x") for n in range(THREADS)])
    assert sorted(each.message.seq for each in sent) == list(range(1, THREADS + 1))


@pytest.mark.django_db(transaction=True)
def test_one_id_about_two_studies_at_once_is_one_message(
    bob: User, study: Study, add_study: Callable[..., Study]
) -> None:
    one, other = uuid.uuid4(), add_study("1.2.3", "P2", "Falk^Bo")
    sent = at_once([lambda which=(study, other)[n % 2]: send(bob, which, one, "x") for n in range(THREADS)])
    assert Message.objects.count() == 1
    assert all(isinstance(each, SentElsewhere) or each.message.pk == Message.objects.get().pk for each in sent)


def test_a_message_of_a_transaction_that_failed_is_not_told(
    alice: User, study: Study, published: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError), transaction.atomic():
        send(alice, study, uuid.uuid4(), "x")
        1 / 0  # noqa: B018
    assert published == [] and not Message.objects.exists()

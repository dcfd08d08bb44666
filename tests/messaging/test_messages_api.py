"""The REST doors of conversations: what they say, in pages, and what they refuse in words."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from messaging.actions.send import send
from messaging.models import Message
from tests.conftest import let, logged_in, person
from tests.messaging.made import KEPT, pane, view
from viewer.models import AuditEvent, PresentationState, Study

pytestmark = pytest.mark.django_db


def address(study: Study, rest: str = "") -> str:
    return f"/api/studies/{study.archive.name}/{study.uid}/messages/{rest}"


def post(client: Client, study: Study, **given: Any) -> Any:
    body = {"client_uuid": str(uuid.uuid4()), "text": "x"} | given
    return client.post(address(study), body, content_type="application/json")


def test_it_works(alice: User, bob: User, study: Study) -> None:
    alice.first_name, alice.last_name = "Alice", "Ek"
    alice.save()
    one = str(uuid.uuid4())
    sent = post(logged_in(alice), study, client_uuid=one, text="Nodule?", state=view(pane(study)))
    assert sent.status_code == 201
    told = logged_in(bob).get(address(study)).json()
    assert {name: told[name] for name in ("last_seq", "read_seq", "unread", "limited")} == {
        "last_seq": 1, "read_seq": 0, "unread": 1, "limited": False,
    }  # fmt: skip
    (message,) = told["messages"]
    assert message | {"mine": True} == sent.json()
    assert (message["seq"], message["client_uuid"], message["text"]) == (1, one, "Nodule?")
    assert message["sender"] == {"id": alice.pk, "name": "Alice Ek"} and message["mine"] is False
    frame = f"/dicomweb/main/studies/{study.uid}/series/{study.uid}.1/instances/{study.uid}.1.7/frames/1"
    assert message["picture"] == f"{frame}/rendered?viewport=320,240&window=-600,1500,linear"
    assert message["picture_turn"] == {"rotation": 90, "flip_horizontal": True, "flip_vertical": False}
    assert logged_in(bob).get(f"/api/states/{message['state']}/").json() == view(pane(study))


@pytest.mark.parametrize("text", KEPT, ids=range(len(KEPT)))
def test_text_survives_both_ways(alice: User, study: Study, text: str) -> None:
    client = logged_in(alice)
    state = None if text.strip() else view(pane(study))
    assert post(client, study, text=text, state=state).json()["text"] == text
    assert client.get(address(study)).json()["messages"][0]["text"] == text


def test_a_second_try_is_200_with_the_first_message(alice: User, study: Study) -> None:
    client, one = logged_in(alice), str(uuid.uuid4())
    first = post(client, study, client_uuid=one, text="first")
    again = post(client, study, client_uuid=one, text="second")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_pages_of_a_long_conversation_join_without_gap_or_overlap(alice: User, study: Study) -> None:
    for number in range(11):
        send(alice, study, uuid.uuid4(), str(number))
    client = logged_in(alice)

    def seqs(query: str) -> tuple[list[int], bool]:
        told = client.get(address(study, query)).json()
        return [message["seq"] for message in told["messages"]], told["limited"]

    assert seqs("?limit=4") == ([8, 9, 10, 11], True)
    assert seqs("?limit=4&before=8") == ([4, 5, 6, 7], True)
    assert seqs("?limit=4&before=4") == ([1, 2, 3], False)
    assert seqs("?limit=4&after=0") == ([1, 2, 3, 4], True)
    assert seqs("?limit=4&after=4") == ([5, 6, 7, 8], True)
    assert seqs("?limit=4&after=8") == ([9, 10, 11], False)
    assert seqs("?after=11") == ([], False)
    assert seqs("")[0] == list(range(1, 12))


def test_a_view_shows_each_only_what_they_may_see(
    alice: User, bob: User, study: Study, add_study: Callable[..., Study]
) -> None:
    other = add_study("1.2.3", "P2", "Falk^Bo")
    both = view(pane(other), pane(study))
    assert post(logged_in(bob), study, state=both).status_code == 201
    mine, theirs = [logged_in(user).get(address(study)).json()["messages"][0] for user in (bob, alice)]
    assert "/studies/1.2.3/" in mine["picture"]
    assert theirs["picture"] is None and theirs["state"] == mine["state"]
    shown = logged_in(alice).get(f"/api/states/{theirs['state']}/").json()
    assert shown["panes"] == [None, pane(study)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": ""}, "empty"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "x" * 8001}, "8000"),
        ({"text": 5}, "text"),
        ({"client_uuid": "7"}, "client_uuid"),
        ({"more": 1}, "more"),
        ({"state": {"version": 99}}, "Version 99"),
        ({"state": {"version": 2, "layout": {"rows": 1, "columns": 1}, "panes": [None]}}, "shows nothing"),
    ],
)
def test_what_can_not_be_kept_is_refused_in_words(alice: User, study: Study, given: dict[str, Any], words: str) -> None:
    answer = post(logged_in(alice), study, **given)
    assert answer.status_code == 400 and words in answer.json()["detail"]
    assert not Message.objects.exists() and not PresentationState.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"text": "\\ud800"}', b"\xff", b'{"a":' * 5000])
def test_what_is_not_json_is_refused(alice: User, study: Study, body: bytes) -> None:
    assert logged_in(alice).post(address(study), body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?before=1.5", "?limit=", "?after=99999999999999999999"])
def test_numbers_are_numbers(alice: User, study: Study, query: str) -> None:
    assert logged_in(alice).get(address(study, query)).status_code == 400


def test_the_audit_holds_who_and_how_much_and_no_text(alice: User, study: Study) -> None:
    post(logged_in(alice), study, text="a secret nodule")
    rows = [str(row) for row in AuditEvent.objects.values_list()]
    assert any("message sent" in row for row in rows) and not any("nodule" in row for row in rows)


def test_who_comes_later_reads_what_was_said(alice: User, study: Study) -> None:
    send(alice, study, uuid.uuid4(), "before")
    late = person("late")
    assert logged_in(late).get(address(study)).status_code == 404
    let(late, study=study)
    assert logged_in(late).get(address(study)).json()["unread"] == 1

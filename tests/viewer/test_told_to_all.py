"""What everybody with a list hears says nothing about studies that they may not see."""

import ast
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from messaging.actions.read import read
from messaging.actions.send import send
from tests.conftest import attributes, let
from tests.messaging.made import pane, view
from tests.serving import ROOT
from viewer import epochs, index, jobs, listing, live
from viewer.models import Job, Study
from worklist.actions import reading
from worklist.actions import request as requests
from worklist.demo import cast, story
from worklist.models import ReadingTask

pytestmark = pytest.mark.django_db

WORDS = {"archives", "exams", "rights", "messages", "reading", "request"}
TO_ALL = {"list", "jobs"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Return what is said to everybody, whether or not the transaction ends well."""
    heard: list[tuple[str, dict[str, Any]]] = []
    publish = live.publish

    def listen(topic: str, event: dict[str, Any]) -> None:
        if topic in TO_ALL:
            heard.append((topic, event))
        publish(topic, event)

    monkeypatch.setattr(live, "publish", listen)
    return heard


def test_the_words_are_these() -> None:
    assert live.words_of == {"list": WORDS}


def test_no_action_says_more(told: list[Any], add_study: Callable[..., Study], bob: User, alice: User) -> None:
    now = timezone.now()
    study = add_study(cast.exams(now)["chest-ct"].study_uid)
    index.write_series(study, [])
    send(bob, study, uuid.uuid4(), "Nodule?", view(pane(study)))
    read(bob, study, 1)
    for act in (reading.claim, reading.finish, reading.reopen, reading.give_back):
        act(bob, study)
    reading.take_over(bob, study)
    ReadingTask.objects.update(active_until=now - timedelta(hours=1))
    reading.end_expired()
    requests.save(bob, study, {"history": "Cough"}, 0)
    story.apply("chest-ct", now)
    let(alice, study=study)
    epochs.bump()
    jobs.want("prefetch", study=study, by=bob)
    Job.objects.update(state=Job.State.SCHEDULED)
    index.mark_archive_conflicts(study.archive, {study.uid: Study.Conflict.TWO_PATIENTS})
    index.write_studies(study.archive, [listing.study(attributes(study.uid, "P9", "Other^Name"), "main")])
    assert {event["changed"] for topic, event in told if topic == "list"} == WORDS - {"archives"}
    for topic, event in told:
        (key,) = event
        if topic == "list":
            assert key == "changed" and event[key] in WORDS
        else:
            assert key in ("job", "outbox") and uuid.UUID(event[key])


@pytest.mark.parametrize("event", [{"talk": "1.2.3"}, {"changed": "1.2.3"}, {"changed": "exams", "study": "1.2"}, {}])
def test_more_than_a_word_cannot_be_said(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="carries only"):
        live.publish("list", event)


def test_every_line_of_the_program_says_a_word() -> None:
    said = []
    rooms = [ROOT / room for room in ("viewer", "messaging", "worklist", "config")]
    for path in [each for room in rooms for each in room.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and re.search(r"\bpublish$", ast.unparse(node.func)):
                topic = ast.unparse(node.args[0])
                if topic == "'jobs'":
                    assert re.fullmatch(r"\{'(job|outbox)': str\((job|item\.pk)\)\}", ast.unparse(node.args[1]))
                elif "'list'" in topic:
                    said.append(ast.literal_eval(node.args[1]))
    assert said and all(event.keys() == {"changed"} and event["changed"] in WORDS for event in said)

"""Who reads an exam: one of several who claim it, until they finish, give it back, leave it or fall silent."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import Http404
from django.utils import timezone

from tests.conftest import let, logged_in, person
from viewer import live
from viewer.models import AuditEvent, Study
from worklist.actions import reading
from worklist.models import ReadingTask

State = ReadingTask.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is published, in order."""
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(live, "publish", lambda topic, event: told.append((topic, event.get("changed"))))
    return told


def row(study: Study) -> ReadingTask:
    return ReadingTask.objects.get(study=study)


def make(study: Study, **values: Any) -> None:
    ReadingTask.objects.update_or_create(study=study, defaults=values)


def whats() -> list[str]:
    return [event.detail["what"] for event in AuditEvent.objects.filter(subtype="reading task changed").order_by("pk")]


def test_a_claim_makes_the_task_and_is_told(study: Study, alice: User, heard: list[Any]) -> None:
    task = reading.claim(alice, study)
    assert (task.state, task.reader) == (State.CLAIMED, alice)
    assert timedelta(minutes=29) < task.active_until - timezone.now() <= timedelta(minutes=30)
    assert heard == [("list", "reading"), (study.topic, "reading")]
    assert whats() == ["claimed"]
    again = reading.claim(alice, study)
    assert again.claimed_at == task.claimed_at
    assert whats() == ["claimed"]


def test_the_second_hears_who_has_it(study: Study, alice: User, bob: User) -> None:
    reading.claim(alice, study)
    with pytest.raises(reading.Refused) as refused:
        reading.claim(bob, study)
    assert refused.value.task is not None
    assert refused.value.task.reader == alice
    assert "alice" in refused.value.words
    assert row(study).reader == alice


def test_taking_over_gives_it_to_the_other_and_says_from_whom(
    study: Study, alice: User, bob: User, heard: list[Any]
) -> None:
    reading.claim(alice, study)
    heard.clear()
    reading.take_over(bob, study)
    assert row(study).reader == bob
    assert heard == [("list", "reading"), (study.topic, "reading")]
    assert AuditEvent.objects.latest("pk").detail == {"what": "taken over", "from": "alice"}
    with pytest.raises(reading.Refused):
        reading.finish(alice, study)
    with pytest.raises(reading.Refused):
        reading.give_back(alice, study)
    assert row(study).reader == bob


def test_finished_is_finished_until_it_is_reopened(study: Study, alice: User, bob: User) -> None:
    reading.claim(alice, study)
    done = reading.finish(alice, study)
    assert (done.state, done.reader, done.active_until) == (State.DONE, alice, None)
    assert done.finished_at is not None
    for take in (reading.claim, reading.take_over):
        with pytest.raises(reading.Refused):
            take(bob, study)
    reading.reopen(alice, study)
    assert (row(study).state, row(study).reader, row(study).finished_at) == (State.CLAIMED, alice, None)
    assert whats() == ["claimed", "finished", "reopened"]
    with pytest.raises(reading.Refused):
        reading.reopen(bob, study)


def test_given_back_is_unread(study: Study, alice: User) -> None:
    reading.claim(alice, study)
    task = reading.give_back(alice, study)
    assert (task.state, task.reader, task.claimed_at, task.active_until) == (State.UNREAD, None, None, None)


@pytest.mark.parametrize("verb", ["claim", "take_over", "reopen"])
def test_only_who_may_read_takes_an_exam(verb: str, study: Study, charlie: User) -> None:
    looks = person("looks")
    let(looks, study=study, actions=" view mark ")
    for user in (looks, charlie):
        with pytest.raises(Http404):
            getattr(reading, verb)(user, study)
    assert not ReadingTask.objects.exists()


@pytest.mark.parametrize("verb", ["give_back", "finish", "active", "close"])
def test_who_doesn_t_see_the_exam_does_nothing_with_it(verb: str, study: Study, alice: User, charlie: User) -> None:
    reading.claim(alice, study)
    before = row(study).active_until
    with pytest.raises(Http404):
        getattr(reading, verb)(charlie, study)
    assert (row(study).state, row(study).active_until) == (State.CLAIMED, before)


def test_a_hand_prolongs_only_one_s_own_claim(study: Study, alice: User, bob: User) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    make(study, state=State.CLAIMED, reader=alice, active_until=soon)
    reading.active(bob, study)
    assert row(study).active_until == soon
    reading.active(alice, study)
    assert row(study).active_until > soon + timedelta(minutes=28)


def test_a_claim_without_a_hand_ends_and_is_told(study: Study, alice: User, heard: list[Any]) -> None:
    reading.claim(alice, study)
    assert reading.end_expired() == 0
    make(study, active_until=timezone.now() - timedelta(seconds=1))
    heard.clear()
    assert reading.end_expired() == 1
    assert (row(study).state, row(study).reader) == (State.UNREAD, None)
    assert heard == [("list", "reading"), (study.topic, "reading")]
    last = AuditEvent.objects.latest("pk")
    assert (last.username, last.detail) == ("", {"what": "ended", "from": "alice"})
    assert reading.end_expired() == 0


def test_what_is_over_is_free_even_before_the_sweep(study: Study, alice: User, bob: User) -> None:
    make(study, state=State.CLAIMED, reader=alice, active_until=timezone.now() - timedelta(seconds=1))
    assert reading.claim(bob, study).reader == bob


def test_a_page_that_is_left_keeps_its_claim_for_a_reload(study: Study, alice: User, heard: list[Any]) -> None:
    reading.claim(alice, study)
    heard.clear()
    reading.close(alice, study)
    left = row(study).active_until - timezone.now()
    assert timedelta(seconds=13) < left <= timedelta(seconds=15)
    assert heard == [(study.topic, "reading")]
    reading.active(alice, study)
    assert row(study).active_until - timezone.now() > timedelta(minutes=29)


def test_a_claim_of_unknown_end_ends_when_its_page_is_left(study: Study, alice: User) -> None:
    make(study, state=State.CLAIMED, reader=alice)
    assert reading.end_expired() == 0
    reading.close(alice, study)
    assert row(study).active_until is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(5))
def test_of_those_who_claim_at_the_same_time_one_wins(round: int, study: Study) -> None:
    people = [person(f"reader{number}") for number in range(6)]
    for user in people:
        let(user, study=study)
    if round % 2:
        make(study, state=State.UNREAD)
    start = threading.Barrier(len(people))
    won: list[User] = []
    lost: list[Any] = []

    def try_it(user: User) -> None:
        start.wait()
        try:
            won.append(reading.claim(user, study).reader)
        except reading.Refused as refused:
            assert refused.task is not None
            lost.append(refused.task.reader)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lost == won * (len(people) - 1)
    assert row(study).reader == won[0]
    assert whats() == ["claimed"]


def test_a_study_of_images_that_comes_new_is_to_be_read(add_study: Callable[..., Study]) -> None:
    today = timezone.localdate()
    days = {"1.1": 0, "1.2": 7, "1.3": 8}
    for uid, ago in days.items():
        add_study(uid, **{"00080020": f"{today - timedelta(days=ago):%Y%m%d}"})
    fresh = {"00080020": f"{today:%Y%m%d}"}
    add_study("1.4", **fresh, **{"00280300": "YES"})
    add_study("1.5", **fresh, **{"00080061": "ECG"})
    add_study("1.6", **{"00080020": ""})
    add_study("1.7", **fresh, **{"00080061": ["SR", "MR"]})
    tasks = ReadingTask.objects.order_by("study__uid")
    assert [task.study.uid for task in tasks] == ["1.1", "1.2", "1.7"]
    assert {task.state for task in tasks} == {State.UNREAD}
    ReadingTask.objects.all().delete()  # as if it had been there before there were tasks
    add_study("1.1", **fresh, **{"00081030": "CT chest, more"})
    assert not ReadingTask.objects.exists()


# The doors.


def say(client: Any, study: Study, do: Any, status: int = 200) -> Any:
    answer = client.post(f"/api/studies/main/{study.uid}/reading/", {"do": do}, "application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_the_api_says_who_reads_and_what_one_may_do(study: Study, alice: User, bob: User) -> None:
    mine, other = logged_in(alice), logged_in(bob)
    address = f"/api/studies/main/{study.uid}/reading/"
    before = mine.get(address).json()
    assert (before["state"], before["reader"], before["mine"], before["may_claim"]) == ("none", None, False, True)
    told = say(mine, study, "claim")
    assert told["mine"] and told["reader"] == {"id": alice.pk, "name": "alice"}
    seen = say(other, study, "claim", 409)
    assert seen["detail"] == "alice reads this exam."
    assert (seen["state"], seen["mine"], seen["reader"]["name"]) == ("claimed", False, "alice")
    assert say(other, study, "take_over")["mine"]
    assert say(mine, study, "active")["mine"] is False
    assert say(other, study, "finish")["state"] == "done"
    for nonsense in ("sign", None, {"a": 1}):
        say(mine, study, nonsense, 400)
    listed = mine.post(address, [1], "application/json")
    assert listed.status_code == 400


def test_who_only_looks_is_told_so(study: Study) -> None:
    looks = person("looks")
    let(looks, study=study, actions=" view ")
    client = logged_in(looks)
    assert client.get(f"/api/studies/main/{study.uid}/reading/").json()["may_claim"] is False
    assert client.post(f"/exams/main/{study.uid}/read/").status_code == 404
    assert not ReadingTask.objects.exists()


def test_read_claims_and_opens_and_looking_never_does(study: Study, alice: User, bob: User) -> None:
    client = logged_in(alice)
    client.get(f"/studies/{study.uid}/?archive=main")
    client.get(f"/exams/main/{study.uid}/")
    client.get(f"/exams/main/{study.uid}/read/")
    assert not ReadingTask.objects.exists()
    answer = client.post(f"/exams/main/{study.uid}/read/")
    assert (answer.status_code, answer["Location"]) == (302, f"/studies/{study.uid}/?archive=main")
    assert row(study).reader == alice
    other = logged_in(bob).post(f"/exams/main/{study.uid}/read/")
    assert other.status_code == 302
    assert row(study).reader == alice
    logged_in(bob).post(f"/exams/main/{study.uid}/read/", {"do": "take_over"})
    assert row(study).reader == bob
    assert client.post(f"/exams/main/{study.uid}/read/", {"do": "steal"}).status_code == 400


def test_finished_today_counts_today(add_study: Callable[..., Study], bob: User) -> None:
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for uid, moment in {"1.1": now, "1.2": midnight, "1.3": midnight - timedelta(seconds=1), "1.4": None}.items():
        make(add_study(uid, f"P{uid}"), state=State.DONE, reader=bob, finished_at=moment)
    assert "2 finished today." in logged_in(bob).get("/?list=unread").content.decode()

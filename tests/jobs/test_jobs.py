"""Jobs as rows: one taker, progress, cancel, failure in words, and what becomes of a job whose runner dies."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from viewer import jobs
from viewer.models import Job, Study

Do = Callable[[jobs.Running], None]


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Do], None]:
    """Let jobs of the kind "test" do something."""

    def set_to(do: Do, **options: Any) -> None:
        monkeypatch.setattr(jobs, "registry", dict(jobs.registry))
        jobs.kind("test", "Testing", **options)(do)

    return set_to


@pytest.fixture
def sent() -> Iterator[list[Any]]:
    """What was sent to the runners."""
    ids: list[Any] = []
    jobs.carry_with(lambda job, bulk: ids.append(job))
    yield ids
    jobs.carry_with(None)


def row(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def make(job: Job, **values: Any) -> None:
    Job.objects.filter(pk=job.pk).update(**values)


def test_it_works(
    does: Any, sent: list[Any], study: Study, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    seen: list[Any] = []

    def work(job: jobs.Running) -> None:
        seen.append((job.arguments, job.study, job.user))
        job.progress(1, 4)
        seen.append((row(job.job).state, row(job.job).done, row(job.job).total))

    does(work)
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.want("test", study=study, by=alice, number=7)
        assert sent == []
    assert sent == [job.pk]
    assert jobs.run(job.pk)
    assert seen == [({"number": 7}, study, alice), ("IN PROGRESS", 1, 4)]
    assert (row(job).state, row(job).done, row(job).total, row(job).attempts) == ("COMPLETED", 4, 4, 1)
    assert row(job).ended is not None


def test_one_unfinished_job_for_each_key(db: None, does: Any) -> None:
    does(lambda job: None)
    first = jobs.want("test", key="a")
    assert jobs.want("test", key="a") == first
    assert jobs.want("test", key="b") != first
    assert jobs.work_off() == 2
    assert jobs.want("test", key="a") != first


def test_run_twice_is_run_once(db: None, does: Any) -> None:
    ran: list[int] = []
    does(lambda job: ran.append(1))
    job = jobs.want("test")
    assert jobs.run(job.pk) and not jobs.run(job.pk)
    assert ran == [1]


def test_a_job_under_way_has_no_second_taker(db: None, does: Any) -> None:
    does(lambda job: None)
    job = jobs.want("test")
    assert jobs.take(job.pk) is not None
    assert jobs.take(job.pk) is None


def test_a_canceled_job_stops_at_its_next_progress(db: None, does: Any) -> None:
    steps: list[int] = []

    def work(job: jobs.Running) -> None:
        for step in range(5):
            job._told = 0.0  # as if half a second had passed
            job.progress(step, 5)
            steps.append(step)
            if step == 1:
                make(job.job, cancel_requested=True)

    does(work)
    job = jobs.want("test")
    jobs.run(job.pk)
    assert steps == [0, 1]
    assert row(job).state == "CANCELED"


def test_a_failure_is_tried_again_with_pauses_and_ends_in_words(db: None, does: Any) -> None:
    def work(job: jobs.Running) -> None:
        raise RuntimeError("Berg^Anna")

    does(work)
    job = jobs.want("test")
    pauses = []
    for _attempt in range(4):
        assert jobs.run(job.pk)
        assert row(job).state == "SCHEDULED"
        pauses.append(round((row(job).not_before - timezone.now()).total_seconds()))  # type: ignore[operator]
        assert not jobs.run(job.pk), "its time hasn't come"
        make(job, not_before=timezone.now())
    assert pauses == [2, 10, 60, 300]
    assert jobs.run(job.pk)
    assert (row(job).state, row(job).words, row(job).attempts) == ("CANCELED", jobs.WENT_WRONG, 5)


def test_what_can_never_be_done_ends_at_once(db: None, does: Any) -> None:
    def work(job: jobs.Running) -> None:
        raise jobs.Failed("the archive says no")

    does(work)
    job = jobs.want("test")
    jobs.run(job.pk)
    assert (row(job).state, row(job).words, row(job).attempts) == ("CANCELED", "the archive says no", 1)


def test_waiting_is_no_failed_attempt(db: None, does: Any) -> None:
    def work(job: jobs.Running) -> None:
        raise jobs.Later(0, "not yet")

    does(work)
    job = jobs.want("test")
    assert jobs.work_off(limit=9) == 9
    assert (row(job).state, row(job).words, row(job).attempts) == ("SCHEDULED", "not yet", 0)


def test_an_unknown_kind_ends_in_words(db: None) -> None:
    job = jobs.want("of-tomorrow")
    jobs.run(job.pk)
    assert (row(job).state, row(job).words) == ("CANCELED", jobs.UNKNOWN_KIND)


def test_what_nobody_took_is_sent_again_after_five_seconds_and_then_seldom(db: None, does: Any, sent: Any) -> None:
    does(lambda job: None)
    job = jobs.want("test")
    assert jobs.sweep() == 0
    ago = timezone.now() - timedelta(seconds=6)
    make(job, created=ago, sent=ago)
    assert jobs.sweep() == 1 and sent == [job.pk]
    assert jobs.sweep() == 0
    make(job, created=ago - timedelta(seconds=20), sent=ago)
    assert jobs.sweep() == 0
    make(job, sent=ago - timedelta(seconds=30))
    assert jobs.sweep() == 1


def test_a_runner_that_shows_no_life_loses_its_job_and_stops(db: None, does: Any, sent: Any) -> None:
    does(lambda job: None)
    job = jobs.want("test")
    first = jobs.take(job.pk)
    assert first is not None
    assert jobs.sweep() == 0
    make(job, heartbeat=timezone.now() - timedelta(seconds=11))
    assert jobs.sweep() == 1 and sent == [job.pk]
    second = jobs.take(job.pk)
    assert second is not None and second.job.attempts == 2
    with pytest.raises(jobs.Lost):
        first.progress(1, 2)
    second.progress(1, 2)
    jobs._close(first, Job.State.COMPLETED)
    assert row(job).state == "IN PROGRESS", "who lost the job doesn't end it"


def test_a_job_that_kills_its_runner_five_times_ends_in_words(db: None, does: Any, sent: Any) -> None:
    does(lambda job: None)
    job = jobs.want("test")
    for _death in range(5):
        assert jobs.take(job.pk) is not None
        make(job, heartbeat=timezone.now() - timedelta(seconds=11))
        jobs.sweep()
    assert row(job).state == "CANCELED" and "5 times" in row(job).words


def test_canceled_while_its_runner_was_dead(db: None, does: Any) -> None:
    does(lambda job: None)
    job = jobs.want("test")
    jobs.take(job.pk)
    make(job, heartbeat=timezone.now() - timedelta(seconds=11), cancel_requested=True)
    jobs.sweep()
    assert row(job).state == "CANCELED"


def test_a_process_that_ends_leaves_the_job_to_the_next(db: None, does: Any) -> None:
    def work(job: jobs.Running) -> None:
        jobs.stopping.set()
        job.progress(1, 2)

    does(work)
    job = jobs.want("test")
    try:
        assert jobs.run(job.pk)
    finally:
        jobs.stopping.clear()
    assert (row(job).state, row(job).attempts) == ("SCHEDULED", 0)


def test_no_more_of_a_kind_at_once_than_it_allows(db: None, does: Any, sent: list[Any]) -> None:
    depth: list[bool] = []

    def work(job: jobs.Running) -> None:
        if not depth:
            depth.append(jobs.run(second.pk))

    does(work, at_once=1)
    first, second = jobs.want("test"), jobs.want("test")
    assert jobs.run(first.pk)
    assert depth == [False]
    assert sent == [second.pk], "who is done goes on with the next"
    assert jobs.run(second.pk)


def test_rows_are_removed_two_weeks_after_their_end(db: None, does: Any) -> None:
    does(lambda job: None)
    old, young = jobs.want("test"), jobs.want("test")
    jobs.work_off()
    make(old, ended=timezone.now() - timedelta(days=15))
    jobs.forget_old()
    assert list(Job.objects.all()) == [young]


@pytest.mark.django_db(transaction=True)
def test_of_many_takers_one_wins_and_the_heart_beats(does: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_EVERY", 0.05)
    begun: list[Any] = []

    def work(job: jobs.Running) -> None:
        begun.append(row(job.job).heartbeat)
        threading.Event().wait(0.5)
        begun.append(row(job.job).heartbeat)

    does(work)
    job = jobs.want("test")
    took: list[bool] = []

    def run() -> None:
        took.append(jobs.run(job.pk))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(took) == [False] * 5 + [True]
    assert len(begun) == 2 and begun[1] - begun[0] > timedelta(seconds=0.2)

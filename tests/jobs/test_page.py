"""The page of jobs and its REST doors: own jobs, those of visible studies, and of others only that there are some."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.conftest import let, logged_in, person
from viewer import jobs
from viewer.models import AuditEvent, Job, OutboxItem, Permit, Study

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "registry", dict(jobs.registry))
    jobs.kind("test", "Testing")(lambda job: None)


def item(study: Study, user: User, **more: Any) -> OutboxItem:
    given = {"state": "failed", "words": "The archive refused it.", "sop_instance_uid": f"1.2.3.{study.pk}"} | more
    return OutboxItem.objects.create(archive=study.archive, study=study, wanted_by=user, **given)


def page(user: User) -> str:
    answer = logged_in(user).get("/jobs/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_nothing_to_tell(alice: User) -> None:
    assert "Nothing runs, and nothing waits." in page(alice)


def test_ones_own_job_with_its_progress_and_its_button(alice: User, study: Study) -> None:
    job = jobs.want("test", study=study, by=alice)
    running = jobs.take(job.pk)
    assert running is not None
    running.progress(3, 12)
    shown = page(alice)
    assert "Testing" in shown and "3 of 12" in shown and "Berg" in shown
    assert f"/jobs/{job.pk}/cancel/" in shown


def test_of_other_peoples_studies_only_that_something_is_done(
    alice: User, bob: User, charlie: User, study: Study
) -> None:
    job = jobs.want("test", study=study, by=alice)
    item(study, alice)
    shown = page(charlie)
    assert "for a study" in shown
    assert not any(told in shown for told in ("Berg", "CT chest", study.uid, "alice", "/cancel/", "refused"))
    assert logged_in(charlie).get("/api/jobs/").json() == {"jobs": [], "outbox": []}
    told = logged_in(bob).get("/api/jobs/").json()
    assert [each["id"] for each in told["jobs"]] == [str(job.pk)]
    assert told["jobs"][0]["study"] == {"archive": "main", "study": study.uid}
    assert [each["words"] for each in told["outbox"]] == ["The archive refused it."]


def test_who_wanted_it_cancels_it_and_that_is_written(alice: User, bob: User, study: Study) -> None:
    job = jobs.want("test", study=study, by=alice)
    assert logged_in(bob).post(f"/api/jobs/{job.pk}/cancel/").status_code == 404
    answer = logged_in(alice).post(f"/api/jobs/{job.pk}/cancel/").json()
    assert answer["state"] == "CANCELED"
    assert "canceled by alice" in page(alice)
    assert AuditEvent.objects.filter(subtype="job canceled", user=alice).count() == 1
    assert not jobs.run(job.pk)


def test_what_nobody_in_person_wanted_is_canceled_by_whoever_sees_the_study(bob: User, study: Study) -> None:
    job = jobs.want("test", study=study)
    running = jobs.take(job.pk)
    assert running is not None
    assert logged_in(bob).post(f"/jobs/{job.pk}/cancel/").status_code == 302
    with pytest.raises(jobs.Canceled):
        running.progress(1, 2)


def test_a_canceled_job_is_done_again(alice: User, study: Study) -> None:
    job = jobs.want("test", key="a", study=study, by=alice, number=3)
    logged_in(alice).post(f"/jobs/{job.pk}/cancel/")
    logged_in(alice).post(f"/jobs/{job.pk}/again/")
    fresh = Job.objects.exclude(pk=job.pk).get()
    assert (fresh.state, fresh.arguments, fresh.study) == ("SCHEDULED", {"number": 3}, study)


def test_a_failed_object_is_sent_again_by_who_may_mark(alice: User, study: Study) -> None:
    reader = person("reader")
    let(reader, study=study, actions=" view ")
    failed = item(study, alice)
    assert logged_in(reader).post(f"/api/outbox/{failed.pk}/retry/").status_code == 404
    assert "Try again" not in page(reader)
    assert f"/outbox/{failed.pk}/send/" in page(alice)
    assert logged_in(alice).post(f"/api/outbox/{failed.pk}/retry/").json()["state"] == "waiting"
    assert Job.objects.get().kind == "store"
    assert "Waiting" in page(alice) and "Didn't reach" not in page(alice)


def test_a_right_withdrawn_hides_the_study_at_once(alice: User, study: Study) -> None:
    jobs.want("test", study=study, by=alice)
    Permit.objects.filter(user=alice).delete()
    shown = page(alice)
    assert "Testing" in shown and "Berg" not in shown and study.uid not in shown


def test_quiet_work_is_told_only_when_it_fails(bob: User, study: Study) -> None:
    jobs.kind("hum", "Humming", quiet=True)(lambda job: None)
    job = jobs.want("hum", study=study)
    assert "Humming" not in page(bob)
    Job.objects.filter(pk=job.pk).update(state="CANCELED", words="no voice", ended=job.created)
    assert "Humming" in page(bob) and "no voice" in page(bob)


def test_workers_that_are_missing_are_named(bob: User, study: Study, settings: Any) -> None:
    job = jobs.want("test", study=study)
    Job.objects.filter(pk=job.pk).update(created="2026-01-01T00:00Z")
    assert "manage.py work" not in page(bob)
    settings.BROKER_URL = "redis://localhost/"
    assert "manage.py work" in page(bob)

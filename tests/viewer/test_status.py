"""The state of the system, for administrators: figures and warnings, and nothing of any patient."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from config.environment import Source
from tests.conftest import logged_in, person
from viewer import audit, epochs, jobs, rendering, status
from viewer.actions.accounts import ensure_roles
from viewer.actions.token import issue
from viewer.doors import sites
from viewer.doors.refusal import Refusal
from viewer.models import Archive, AuditEvent, Job, OutboxItem, Study
from viewer.templatetags.pages import seconds

pytestmark = pytest.mark.django_db

STORE = {
    "bytes": 3 << 30, "budget": 4 << 30, "series": 2, "waiting": 1, "queue": 5, "fetching": 3, "stored": 40,
    "quarantined": 1, "tiles_passed": 7, "disk_full": False, "paused": [],
    "workers": [
        {"pid": 1, "busy": True, "frames": 30, "deaths": 0}, {"pid": 2, "busy": False, "frames": 9, "deaths": 2},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ARCHIVES = {"main": Source("http://127.0.0.1:3/dicom-web")}
    monkeypatch.setattr(rendering, "from_thread", lambda ask, seconds: dict(STORE))
    monkeypatch.setattr(sites, "_exams", sites._Exams())
    epochs.reader.read()


@pytest.fixture
def admin(db: None) -> User:
    user = person("the-admin", is_staff=True)
    user.groups.add(ensure_roles()["admin"])
    return user


def told(user: User) -> dict[str, Any]:
    answer = Client().get("/api/status", headers={"Authorization": f"Bearer {issue(user)}"})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def page(user: User) -> str:
    answer = logged_in(user).get("/status/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def stuck(study: Study, **more: Any) -> OutboxItem:
    given = {"state": "failed", "words": "The archive refused it: processing failed.", "sop_instance_uid": "1.2.3.4.99"}
    return OutboxItem.objects.create(archive=study.archive, study=study, **(given | more))


def test_all_is_well(admin: User, study: Study) -> None:
    Archive.objects.update(state="ready", ready_since=timezone.now(), last_sync=timezone.now())
    audit.seal_all()
    found = status.figures()
    assert found["warnings"] == []
    assert found["archives"][0]["name"] == "main" and found["archives"][0]["studies"] == 1
    assert found["archives"][0]["sync_lag_seconds"] < 5
    assert (found["store"]["bytes"], found["store"]["frames_decoded"], found["store"]["quarantined"]) == (
        3 << 30,
        39,
        1,
    )
    shown = page(admin)
    assert "All is well." in shown and "3.0\xa0GB of 4.0\xa0GB" in shown
    assert 'href="/archives/"' in shown and 'href="/jobs/"' in shown


def test_what_isnt_well_is_said(admin: User, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    Archive.objects.update(state="unreachable", unreachable_since=timezone.now(), words="The archive doesn't answer.")
    stuck(study)
    AuditEvent.objects.bulk_create([AuditEvent(event="110100")])
    AuditEvent.objects.update(at=timezone.now() - timedelta(minutes=3))
    epochs.reader._read_at = time.monotonic() - 30

    def no_store(ask: Any, seconds: float) -> Any:
        raise Refusal(503, "starting")

    monkeypatch.setattr(rendering, "from_thread", no_store)
    monkeypatch.setattr(status, "LOW_BYTES", 1 << 60)
    found = status.figures()
    assert [each["about"] for each in found["warnings"]] == ["archives", "store", "disk", "outbox", "audit", "epochs"]
    assert found["store"] == {"answers": False}
    shown = page(admin)
    assert "Archive main doesn&#x27;t answer." in shown and "3 min" in shown


def test_nothing_of_a_patient_is_told(admin: User, study: Study) -> None:
    item = stuck(study)
    jobs.want("store", key=str(item.pk), study=study, item=str(item.pk))
    for text in (page(admin), json.dumps(told(admin)), json.dumps(status.figures())):
        for secret in (study.uid, "1.2.3.4.99", "Berg", "CT chest", study.patient.key, study.PatientID + '"'):
            assert secret not in text


def test_queues_by_kind_and_state_with_the_oldest(admin: User, study: Study) -> None:
    for _ in range(3):
        jobs.want("prefetch", study=study)
    Job.objects.update(created=timezone.now() - timedelta(hours=3))
    jobs.take(Job.objects.latest("pk").pk)
    Job.objects.create(kind="store", state="CANCELED", words="no", ended=timezone.now())
    Job.objects.create(kind="store", state="CANCELED", words="no", ended=timezone.now() - timedelta(days=2))
    rows = {(row["kind"], row["state"]): row for row in told(admin)["jobs"]}
    assert rows["prefetch", "SCHEDULED"]["count"] == 2 and rows["prefetch", "IN PROGRESS"]["count"] == 1
    assert rows["prefetch", "SCHEDULED"]["oldest_seconds"] >= 3 * 3600
    assert rows["store", "FAILED"]["count"] == 1
    assert "3 h" in page(admin)


def test_a_stuck_object_is_sent_again_by_somebody_who_sees_no_patient(admin: User, study: Study) -> None:
    item, fresh = stuck(study), stuck(study, state="waiting", sop_instance_uid="1.2.3.4.98")
    found = told(admin)["outbox"]
    assert [each["id"] for each in found["stuck"]] == [str(item.pk)]
    assert (found["waiting"], found["failed"]) == (1, 1)
    assert logged_in(admin).get(f"/studies/{study.uid}/").status_code == 404
    assert logged_in(admin).post(f"/status/outbox/{item.pk}/send/").status_code == 302
    item.refresh_from_db()
    assert item.state == "waiting" and Job.objects.get().key == str(item.pk)
    assert AuditEvent.objects.filter(username="the-admin", detail__what="wanted again").count() == 1
    OutboxItem.objects.filter(pk=fresh.pk).update(created=timezone.now() - timedelta(minutes=6))
    assert [each["id"] for each in told(admin)["outbox"]["stuck"]] == [str(fresh.pk)]
    OutboxItem.objects.update(state="stored")
    assert logged_in(admin).post(f"/status/outbox/{item.pk}/send/").status_code == 404


def test_a_token_of_somebody_else_hears_that_there_is_no_such_page(alice: User, study: Study) -> None:
    answer = Client().get("/api/status", headers={"Authorization": f"Bearer {issue(alice)}"})
    assert answer.status_code == 404


def test_it_costs_little_whatever_is_in_the_index(
    admin: User, study: Study, django_assert_max_num_queries: Any
) -> None:
    rows = [Study(archive=study.archive, uid=f"1.9.{n}", patient=study.patient, digest="") for n in range(5000)]
    Study.objects.bulk_create(rows, batch_size=500)
    AuditEvent.objects.bulk_create([AuditEvent(event="110100") for _ in range(2000)])
    audit.seal_all()
    with django_assert_max_num_queries(12):
        status.figures()


@pytest.mark.parametrize(
    ("span", "words"), [(None, "–"), (0.4, "0 s"), (119, "119 s"), (180, "3 min"), (7200, "2 h"), (172_800, "2 d")]
)
def test_spans_of_time(span: float | None, words: str) -> None:
    assert seconds(span) == words

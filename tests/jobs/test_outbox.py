"""The outbox: nothing is lost, nothing doubled, and what can't arrive is told; over a folder and a real Orthanc."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from django.contrib.auth.models import User
from django.http import Http404
from django.utils import timezone

from tests import orthanc
from tests.conftest import logged_in
from tests.jobs.made import made
from viewer import archives, jobs
from viewer.actions import outbox
from viewer.archive import Archive, FolderArchive, Unreachable, WebArchive
from viewer.archive.port import Refused, StoreResult
from viewer.models import AuditEvent, Job, OutboxItem, Study
from viewer.objects.content import content

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[orthanc.Orthanc]:
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: Any) -> Path:
    settings.STATE = tmp_path
    return tmp_path


class Line:
    """An archive behind a line that a test cuts, or that loses answers."""

    def __init__(self, port: Archive) -> None:
        self.port = port
        self.down = False
        self.loses_answers = 0
        self.verdict: StoreResult | None = None
        self.error: Exception | None = None
        self.sent = 0

    def __getattr__(self, name: str) -> Any:
        if self.down:
            raise Unreachable("The archive doesn't answer.")
        return getattr(self.port, name)

    def store(self, instances: Any) -> list[StoreResult]:
        if self.down:
            raise Unreachable("The archive doesn't answer.")
        if self.error is not None:
            raise self.error
        if self.verdict is not None:
            return [self.verdict]
        self.sent += 1
        results = self.port.store(instances)
        if self.loses_answers:
            self.loses_answers -= 1
            raise Unreachable("The archive's answer was cut short.")
        return results


@pytest.fixture(params=["folder", "orthanc"])
def line(request: pytest.FixtureRequest, state: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    port: Archive
    if request.param == "folder":
        (state / "images").mkdir()
        port = FolderArchive("main", state / "images", state=state)
    else:
        server = request.getfixturevalue("server")
        port = WebArchive("main", server.root, auth=server.auth)
    found = Line(port)
    monkeypatch.setattr(archives, "get", lambda name: found)
    return found


@pytest.fixture
def only_folder(state: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    (state / "images").mkdir()
    found = Line(FolderArchive("main", state / "images", state=state))
    monkeypatch.setattr(archives, "get", lambda name: found)
    return found


def now_due() -> None:
    Job.objects.filter(state="SCHEDULED").update(not_before=None)


def held(line: Line, item: OutboxItem) -> list[str]:
    """Return the instances of the item's series that the archive lists."""
    listed = line.port.search_instances(item.study.uid, item.series_uid)
    return [row["00080018"]["Value"][0] for row in listed]


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Callable[..., Any]) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_it_works(line: Line, alice: User, study: Study, state: Path, commits: Any, monkeypatch: Any) -> None:
    told: list[tuple[OutboxItem, bytes]] = []
    monkeypatch.setattr(outbox, "stored_hooks", [lambda item, data: told.append((item, data))])
    data = made(study.uid)
    item = outbox.put(alice, study, data, {"what": "test"})
    path = outbox.path_of(item.pk)
    assert path.read_bytes() == data and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent == state / "outbox" and len(os.listdir(path.parent)) == 1
    with commits():
        assert jobs.work_off() >= 1
    item.refresh_from_db()
    assert (item.state, item.words, item.attempts) == ("stored", "", 1) and item.stored_at is not None
    assert held(line, item) == [item.sop_instance_uid]
    assert not path.exists()
    assert told == [(item, data)]
    assert study.series.filter(uid=item.series_uid).exists(), "it is listed at once"
    written = AuditEvent.objects.filter(event="110106", user=alice, study=study).order_by("pk")
    assert [row.detail["what"] for row in written] == ["wanted", "stored"]


def test_an_archive_that_is_down_for_a_while(line: Line, alice: User, study: Study) -> None:
    item = outbox.put(alice, study, made(study.uid), {})
    line.down = True
    pauses = []
    for _attempt in range(9):
        jobs.work_off()
        item.refresh_from_db()
        assert (item.state, item.words) == ("waiting", "The archive doesn't answer.")
        pauses.append(round((item.next_try - timezone.now()).total_seconds()))  # type: ignore[operator]
        now_due()
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    line.down = False
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "stored" and held(line, item) == [item.sop_instance_uid]


def test_an_answer_that_was_lost_stores_nothing_twice(line: Line, alice: User, study: Study) -> None:
    line.loses_answers = 1
    item = outbox.put(alice, study, made(study.uid), {})
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "waiting"
    now_due()
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "stored" and line.sent == 1
    assert held(line, item) == [item.sop_instance_uid]


def test_a_refusal_is_told_and_can_be_tried_again(line: Line, alice: User, study: Study) -> None:
    line.verdict = StoreResult("", False, "The archive refused it: cannot understand.")
    item = outbox.put(alice, study, made(study.uid), {})
    jobs.work_off()
    item.refresh_from_db()
    assert (item.state, item.words) == ("failed", "The archive refused it: cannot understand.")
    assert outbox.path_of(item.pk).exists()
    line.verdict = None
    assert logged_in(alice).post(f"/outbox/{item.pk}/send/").status_code == 302
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "stored"
    what = AuditEvent.objects.filter(event="110106").order_by("pk").values_list("detail__what", flat=True)
    assert list(what) == ["wanted", "failed", "wanted again", "stored"]


def test_credentials_that_are_refused_are_told(only_folder: Line, alice: User, study: Study) -> None:
    only_folder.error = Refused("The archive refuses us (401); its credentials have to be checked.", 401)
    item = outbox.put(alice, study, made(study.uid), {})
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "failed" and "credentials" in item.words


def test_a_full_disk_of_the_archive_passes(only_folder: Line, alice: User, study: Study) -> None:
    only_folder.verdict = StoreResult("", False, "The object can't be written: No space left on device.", again=True)
    item = outbox.put(alice, study, made(study.uid), {})
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "waiting" and "No space left" in item.words


def test_another_object_under_the_same_uid_is_never_taken_for_ours(line: Line, alice: User, study: Study) -> None:
    data = made(study.uid)
    item = outbox.put(alice, study, data, {})
    other = content(data)

    dataset = pydicom.dcmread(BytesIO(data))
    dataset.ImageComments = "somebody else's"
    held_other = BytesIO()
    dataset.save_as(held_other, enforce_file_format=True)
    assert line.port.store([held_other.getvalue()])[0].stored
    jobs.work_off()
    item.refresh_from_db()
    assert (item.state, item.words) == ("failed", outbox.OTHER_OBJECT)
    assert other.sop_instance == item.sop_instance_uid


def test_a_file_that_was_damaged_is_not_sent(only_folder: Line, alice: User, study: Study) -> None:
    item = outbox.put(alice, study, made(study.uid), {})
    outbox.path_of(item.pk).write_bytes(b"not it")
    jobs.work_off()
    item.refresh_from_db()
    assert (item.state, item.words) == ("failed", outbox.DAMAGED)
    assert only_folder.sent == 0


def test_a_full_disk_of_ours_is_heard_by_the_caller(
    alice: User, study: Study, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(outbox.NotKept, match="No space left on device"):
        outbox.put(alice, study, made(study.uid), {})
    assert os.listdir(state / "outbox") == []
    assert not OutboxItem.objects.exists() and not Job.objects.exists()


def test_who_may_not_mark_puts_nothing(charlie: User, study: Study, state: Path) -> None:
    with pytest.raises(Http404):
        outbox.put(charlie, study, made(study.uid), {})
    assert not (state / "outbox").exists()


def test_an_object_of_another_study_is_not_taken(alice: User, study: Study) -> None:
    with pytest.raises(ValueError, match="another study"):
        outbox.put(alice, study, made("1.2.3.4.5"), {})


def test_a_hook_that_fails_takes_nothing_along(
    only_folder: Line, alice: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(item: OutboxItem, data: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr(outbox, "stored_hooks", [fails])
    item = outbox.put(alice, study, made(study.uid), {})
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "stored"


def test_what_nothing_sends_any_more_is_told(only_folder: Line, alice: User, study: Study, state: Path) -> None:
    item = outbox.put(alice, study, made(study.uid), {})
    Job.objects.update(state="CANCELED")
    orphan, other = state / "outbox" / "a.part", state / "outbox" / f"{'0' * 8}-0000-0000-0000-{'0' * 12}.dcm"
    for path in (orphan, other):
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    os.utime(outbox.path_of(item.pk), (0, 0))
    outbox.tidy()
    item.refresh_from_db()
    assert (item.state, item.words) == ("failed", outbox.NO_RUNNER)
    assert outbox.path_of(item.pk).exists() and not other.exists()
    outbox.retry(alice, item)
    jobs.work_off()
    item.refresh_from_db()
    assert item.state == "stored"

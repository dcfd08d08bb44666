"""The audit trail: in the caller's transaction, sealed soon, and any tampering found."""

import errno
import os
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from pydicom.sr.codedict import codes

from viewer import audit
from viewer.models import AuditEvent, AuditSeal, Study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: object) -> Path:
    settings.STATE = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def fill(user: User, study: Study, count: int = 5) -> None:
    for number in range(count):
        audit.record(user, audit.Event.INSTANCES_ACCESSED, study=study, detail={"number": number})
    assert audit.seal() == AuditEvent.objects.count()


def test_a_row_is_saved_with_what_it_tells_or_not_at_all(alice: User, study: Study) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.opened(alice, study)
        1 / 0  # noqa: B018
    assert AuditEvent.objects.count() == before


def test_a_row_says_who_whose_and_what(alice: User, study: Study) -> None:
    row = audit.opened(alice, study)
    assert (row.event, row.username, row.study_uid, row.patient) == ("110103", "alice", study.uid, study.patient)


def test_the_codes_are_dicoms() -> None:
    known = {codes.DCM.__getattr__(name).value for name in codes.DCM.dir() if hasattr(codes.DCM, name)}
    assert {event.value for event in audit.Event} <= known
    assert {subtype.value for subtype in audit.Subtype if subtype.value.isdecimal()} <= known


def test_an_untouched_chain_is_intact(alice: User, study: Study) -> None:
    fill(alice, study)
    assert audit.verify() == ([], AuditEvent.objects.count(), 0)
    audit.opened(alice, study)
    assert audit.verify()[2] == 1
    audit.seal()
    assert audit.verify() == ([], AuditEvent.objects.count(), 0)


TAMPERINGS = {
    "a row is changed": "UPDATE viewer_auditevent SET username = 'mallory' WHERE id = {event}",
    "a detail is changed": "UPDATE viewer_auditevent SET detail = '{{}}' WHERE id = {event}",
    "a time is changed": "UPDATE viewer_auditevent SET at = '2020-01-01 00:00:00' WHERE id = {event}",
    "a row and its link are taken": "DELETE FROM viewer_auditseal WHERE event_id = {event};"
    "DELETE FROM viewer_auditevent WHERE id = {event}",
    "the tail is taken": "DELETE FROM viewer_auditseal WHERE event_id >= {event};"
    "DELETE FROM viewer_auditevent WHERE id >= {event}",
    "a link is changed": "UPDATE viewer_auditseal SET hash = 'x' WHERE event_id = {event}",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_found(tampering: str, alice: User, study: Study) -> None:
    fill(alice, study)
    event = AuditEvent.objects.order_by("-pk")[2].pk
    with connection.cursor() as cursor:
        for statement in TAMPERINGS[tampering].format(event=event).split(";"):
            cursor.execute(statement)
    assert audit.verify()[0]


def test_rewriting_the_whole_chain_is_found_by_the_second_witness(alice: User, study: Study) -> None:
    fill(alice, study)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE viewer_auditevent SET username = 'mallory'")
    AuditSeal.objects.all().delete()
    heads = audit.settings.STATE / audit.HEADS
    kept = heads.read_bytes()
    audit.seal()
    heads.write_bytes(kept)
    assert audit.verify()[0]


def test_a_row_is_never_changed_or_deleted_by_our_own_hands(alice: User, study: Study) -> None:
    row = audit.opened(alice, study)
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()


def test_the_witness_is_closed_to_others(alice: User, study: Study, state: Path) -> None:
    fill(alice, study)
    assert (state / audit.HEADS).stat().st_mode & 0o777 == 0o600


def test_the_loop_seals_within_five_seconds(alice: User, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    assert audit.SEAL_EVERY < 5
    monkeypatch.setattr(audit, "SEAL_EVERY", 0.05)
    sealer = audit.sealer()
    sealer.start()
    audit.opened(alice, study)
    sealer.stop()
    assert audit.verify()[2] == 0


def test_verify_tells_a_tail_that_is_not_sealed(alice: User, study: Study) -> None:
    fill(alice, study)
    audit.opened(alice, study)
    told = StringIO()
    call_command("audit", "verify", stdout=told)
    assert "1 events are not sealed yet" in told.getvalue()


def test_verify_ends_with_an_error_when_something_is_wrong(alice: User, study: Study) -> None:
    fill(alice, study)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE viewer_auditevent SET success = (1 = 0)")
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", stdout=StringIO())
    assert ended.value.code == 1


def test_hostile_text_forges_no_line(alice: User, study: Study) -> None:
    audit.record(alice, audit.Event.QUERY, detail={"words": "a\r\n110103 \x1b[31m\u2028"})
    audit.seal()
    assert audit.verify()[0] == []


def test_a_line_that_the_power_cut_left_unfinished_is_no_witness(alice: User, study: Study, state: Path) -> None:
    fill(alice, study)
    heads = state / audit.HEADS
    whole = heads.read_bytes()
    heads.write_bytes(whole + b"99 abcd")
    assert audit.verify()[0] == []
    audit.opened(alice, study)
    audit.seal()
    assert audit.verify()[0] == []
    assert heads.read_bytes().startswith(whole) and b"abcd" not in heads.read_bytes()


@pytest.mark.parametrize("room", [0, 1, 40])
def test_a_full_disk_leaves_no_half_line_and_no_event_unsealed(
    alice: User, study: Study, state: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    fill(alice, study)
    whole = (state / audit.HEADS).read_bytes()
    write = os.pwrite

    def short(descriptor: int, data: bytes, offset: int) -> int:
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:room], offset)

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", short)
        audit.opened(alice, study)
        assert audit.seal() == 1
    assert (state / audit.HEADS).read_bytes() == whole
    assert audit.verify() == ([], AuditEvent.objects.count(), 0)
    audit.opened(alice, study)
    audit.seal()
    assert audit.verify()[0] == [] and len((state / audit.HEADS).read_bytes()) > len(whole)

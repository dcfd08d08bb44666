"""The audit trail: rows in the caller's transaction, chained by hash within five seconds of the commit."""

import errno
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest

from viewer.models import AuditEvent, AuditSeal, Patient, Permit, Study
from viewer.rounds import Rounds

logger = logging.getLogger(__name__)

SEAL_EVERY = 2.0  # seconds; DESIGN asks for five
SEAL_AT_ONCE = 500
LONGEST_LINE = 100  # bytes
HEADS = "audit-heads"  # file in the state folder: the second witness of the chain's end


class Event(StrEnum):
    """DICOM's audit event codes (PS3.16 CID 400)."""

    APPLICATION_ACTIVITY = "110100"
    AUDIT_LOG_USED = "110101"
    INSTANCES_ACCESSED = "110103"
    STUDY_DELETED = "110105"
    EXPORT = "110106"
    IMPORT = "110107"
    QUERY = "110112"
    SECURITY_ALERT = "110113"
    USER_AUTHENTICATION = "110114"


class Subtype(StrEnum):
    """DICOM's codes of what kind of event (PS3.16 CID 401), and our words where it has none."""

    APPLICATION_START = "110120"
    APPLICATION_STOP = "110121"
    LOGIN = "110122"
    LOGOUT = "110123"
    NETWORK_CONFIGURATION = "110128"
    SECURITY_ROLES_CHANGED = "110136"
    USER_SECURITY_ATTRIBUTES_CHANGED = "110137"
    STATE_SAVED = "presentation state saved"
    JOB_CANCELED = "job canceled"
    JOB_WANTED = "job wanted again"
    READING_CHANGED = "reading task changed"
    REQUEST_CHANGED = "request changed"
    MESSAGE_SENT = "message sent"
    MEASUREMENT_CHANGED = "measurement changed"
    REGISTRATION_CHANGED = "registration changed"
    CALIBRATION_CHANGED = "calibration changed"
    DISPLAY_CHECKED = "display checked"


def record(
    user: Any,
    event: Event,
    *,
    study: Study | None = None,
    patient: Patient | None = None,
    detail: dict[str, Any] | None = None,
    subtype: str = "",
    success: bool = True,
    request: HttpRequest | None = None,
) -> AuditEvent:
    """Write down what `user` (None: nobody known) does, in the caller's transaction: both are saved, or neither."""
    known = user is not None and user.is_authenticated
    return AuditEvent.objects.create(
        event=event,
        subtype=subtype,
        success=success,
        user=user if known else None,
        username=user.get_username() if known else "",
        address=address_of(request) if request is not None else None,
        study=study,
        study_uid=study.uid if study is not None else "",
        patient=patient if patient is not None else study.patient if study is not None else None,
        detail=detail or {},
    )


def address_of(request: HttpRequest) -> str | None:
    """Return the address that the request came from, as the server saw it."""
    return request.META.get("REMOTE_ADDR") or None


def opened(user: Any, study: Study, request: HttpRequest | None = None) -> AuditEvent:
    """Write that `user` opened `study`: one row for the page, which its pictures inherit."""
    return record(user, Event.INSTANCES_ACCESSED, study=study, request=request)


def has_accessed(user: Any, study: Study, since: datetime) -> bool:
    """Say whether a row since `since` says that `user` sees pictures of `study`."""
    return AuditEvent.objects.filter(user=user, study=study, event=Event.INSTANCES_ACCESSED, at__gte=since).exists()


def accessed_since(user: Any, study: Study, since: datetime) -> None:
    """Write that `user` sees pictures of `study`, unless a row since `since` says so already."""
    if not has_accessed(user, study, since):
        record(user, Event.INSTANCES_ACCESSED, study=study, detail={"without": "page"})


def permit_changed(by: Any, permit: Permit, what: str) -> AuditEvent:
    """Write that `by` (None: the system) gave or withdrew a permit."""
    detail = {
        "permit": permit.pk,
        "what": what,
        "to": permit.user.get_username() if permit.user else f"role {permit.role}",
        "actions": permit.actions.split(),
        "reason": permit.reason,
        "until": permit.valid_until.isoformat() if permit.valid_until else None,
    }
    return record(
        by,
        Event.SECURITY_ALERT,
        subtype=Subtype.SECURITY_ROLES_CHANGED,
        study=permit.study,
        patient=permit.patient,
        detail=detail,
    )


def content(event: AuditEvent) -> dict[str, Any]:
    """Return the event as it is sealed, and as it leaves for a log of logs: every field, times in UTC."""
    return {
        "id": event.pk,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": event.event,
        "subtype": event.subtype,
        "success": event.success,
        "user": event.user_id,
        "username": event.username,
        "address": event.address,
        "study": event.study_id,
        "study_uid": event.study_uid,
        "patient": event.patient_id,
        "detail": event.detail,
    }


def link(before: str, event: AuditEvent) -> str:
    """Return the hash of `event` chained to the hash `before`."""
    written = json.dumps(content(event), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{written}".encode()).hexdigest()


def seal() -> int:
    """Chain the committed events that are not chained yet, at most 500 of them; return how many."""
    waiting = AuditEvent.objects.filter(seal__isnull=True)
    if not waiting.exists():
        return 0
    with transaction.atomic():
        last = AuditSeal.objects.select_for_update().order_by("-sequence").first()
        sequence, before = (last.sequence, last.hash) if last is not None else (0, "")
        seals = []
        for event in waiting.order_by("pk")[:SEAL_AT_ONCE]:
            sequence, before = sequence + 1, link(before, event)
            seals.append(AuditSeal(sequence=sequence, event=event, hash=before))
        AuditSeal.objects.bulk_create(seals)
    if seals:
        _witness(sequence, before)
    return len(seals)


def seal_all() -> None:
    """Chain all that is committed."""
    while seal():
        pass


def _witness(sequence: int, head: str) -> None:
    """Write the chain's end down. A line is written whole or not at all, on a full disk and after a power cut too."""
    line = f"{sequence} {head}\n".encode("ascii")
    descriptor = os.open(settings.STATE / HEADS, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # servers that share the state seal in turns
        end = whole = os.lseek(descriptor, 0, os.SEEK_END)
        if end:
            tail = os.pread(descriptor, LONGEST_LINE, max(0, end - LONGEST_LINE))
            whole -= len(tail) - (tail.rfind(b"\n") + 1)
        try:
            if os.pwrite(descriptor, line, whole) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            os.ftruncate(descriptor, whole)
            # The chain itself is in the database; its next end is witnessed again.
            logger.error("the end of the audit trail can't be written down: %s", error.strerror)
        else:
            os.ftruncate(descriptor, whole + len(line))
    finally:
        os.close(descriptor)


def witnessed() -> Iterator[tuple[int, str]]:
    """Yield sequence and hash of each end of the chain that this node has written outside the database."""
    path = settings.STATE / HEADS
    if path.exists():
        for line in path.read_text("ascii").splitlines(keepends=True):
            sequence, _, head = line.partition(" ")
            if head.endswith("\n"):  # else the power went while it was written
                yield int(sequence), head.rstrip("\n")


def verify() -> tuple[list[str], int, int]:
    """Return what is wrong with the chain (in words), how many events it holds, and how many wait to be sealed."""
    wrong: list[str] = []
    heads: dict[int, str] = {}
    expected, before = 0, ""
    for row in AuditSeal.objects.select_related("event").order_by("sequence").iterator(chunk_size=2000):
        expected += 1
        if row.sequence != expected:
            wrong.append(f"links {expected} to {row.sequence - 1} are missing")
            expected = row.sequence
        if link(before, row.event) != row.hash:
            wrong.append(f"event {row.event_id} (link {row.sequence}) has been changed, or the link before it")
        before = heads[row.sequence] = row.hash
    for sequence, head in witnessed():
        if heads.get(sequence) != head:
            wrong.append(f"link {sequence} is not the one that this node sealed")
    return wrong, len(heads), AuditEvent.objects.filter(seal__isnull=True).count()


def sealer() -> Rounds:
    """Return what seals every two seconds, and what is left when it is stopped."""
    return Rounds("audit", SEAL_EVERY, seal_all, trouble="the audit trail can't be sealed", last=True)


def known_account(username: str) -> Any:
    """Return the account that was typed at a failed login, or None: an unknown name may be a password."""
    return get_user_model().objects.filter(username=username).first()

"""The outbox: every object that Samsyn stores lies here until its archive holds it, checked by reading it back."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from viewer import access, archives, audit, jobs, listing, live, seen, sync
from viewer.archive.port import Archive, ArchiveError, NotThere, Unreachable
from viewer.imaging.words import gettext_noop
from viewer.models import Job, OutboxItem, Study
from viewer.objects.content import NoObject, content, named

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds between attempts
ORPHANED_AFTER = timedelta(hours=1)
DAMAGED = gettext_noop("The object's file in the outbox is missing or damaged.")
NOT_YET = gettext_noop("The archive took the object but doesn't give it back yet.")
OTHER_OBJECT = gettext_noop("The archive holds something else under the same UID.")
NO_ARCHIVE = gettext_noop("Its archive is no longer configured.")
NO_RUNNER = gettext_noop("Sending it ended without a word, several times.")
OTHER_PATIENT = gettext_noop("The patient of this exam was changed in the archive after this was made: make it anew.")
OF_WHOM = "identity"  # in `about`: of whom the study was, as viewer.seen tells, where that matters to the object
WENT_WRONG = gettext_noop("Sending it failed for a reason that the server's log tells.")

# Called with the item and its bytes in the transaction that says it is stored; must bear being called twice.
stored_hooks: list[Callable[[OutboxItem, bytes], None]] = []


class NotKept(Exception):
    """The object couldn't be kept; `words` says why, and nothing is left of it."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def path_of(item: UUID) -> Path:
    """Return where the bytes of an item lie."""
    return Path(settings.STATE) / "outbox" / f"{item}.dcm"


def put(user: Any, study: Study, data: bytes, about: dict[str, Any], *, action: str = "mark") -> OutboxItem:
    """Take a Part 10 file on its way to the archive of `study`, in the caller's transaction.

    Raises Http404 unless `user` may do `action` with the study; NotKept when the disk has no room; ValueError for
    bytes that are no object of this study. Its UID must be new. A commit promises that it will arrive or be told of.
    """
    access.require(user, action, study)
    found = named(data)
    if found.study != study.uid:
        raise ValueError("the object belongs to another study")
    item = OutboxItem(
        archive=study.archive,
        study=study,
        series_uid=found.series,
        sop_class_uid=found.sop_class,
        sop_instance_uid=found.sop_instance,
        digest=hashlib.sha256(data).hexdigest(),
        about=about,
        wanted_by=user,
    )
    _write(path_of(item.pk), data)
    try:
        with transaction.atomic():
            item.save(force_insert=True)
            jobs.want("store", key=str(item.pk), study=study, by=user, item=str(item.pk))
            _record(user, item, "wanted")
    except BaseException:
        path_of(item.pk).unlink(missing_ok=True)
        raise
    _tell(item)
    return item


def visible_item(user: Any, key: UUID) -> OutboxItem:
    """Return an item of a study that `user` may see; raises Http404."""
    rows = OutboxItem.objects.filter(study__in=access.visible_studies(user)).select_related("study", "archive")
    item = rows.filter(pk=key).first()
    if item is None:
        raise Http404("no such object")
    return item


def retry(user: Any, item: OutboxItem) -> None:
    """Send an item again that failed, or that waits for its next attempt; raises Http404."""
    visible_item(user, item.pk)
    if item.wanted_by != user and not access.may(user, "mark", item.study):
        raise Http404("no such object")
    send_again(user, item)


def send_again(user: Any, item: OutboxItem) -> None:
    """Send an item again that isn't stored, for somebody who was found to have the right to that."""
    with transaction.atomic():
        again = OutboxItem.objects.filter(pk=item.pk, state__in=(OutboxItem.State.WAITING, OutboxItem.State.FAILED))
        if not again.update(state=OutboxItem.State.WAITING, words="", attempts=0, next_try=None):
            return
        job = jobs.want("store", key=str(item.pk), study=item.study, by=user, item=str(item.pk))
        jobs.hurry(job)
        _record(user, item, "wanted again")
        _tell(item)


@jobs.kind("store", gettext_noop("Storing in the archive"), cancelable=False, quiet=True)
def store(job: jobs.Running) -> None:
    """Send one item, unless its archive holds it already, and check that it does."""
    item = OutboxItem.objects.select_related("archive", "study", "wanted_by").get(pk=job.arguments["item"])
    if item.state != OutboxItem.State.WAITING:
        return
    try:
        data = path_of(item.pk).read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != item.digest:
        _failed(item, DAMAGED)
        return
    try:
        port = archives.get(item.archive.name)
    except KeyError:
        _failed(item, NO_ARCHIVE)
        return
    except archives.Off as error:
        _later(item, error.words)
    OutboxItem.objects.filter(pk=item.pk).update(attempts=item.attempts + 1)
    try:
        words = _not_theirs(port, item) or _sent(port, item, data)
    except Unreachable as error:
        _later(item, error.words)
    except ArchiveError as error:
        words = error.words
    except Exception:
        logger.exception("sending object %s of the outbox failed", item.pk)
        _later(item, WENT_WRONG)
    if words:
        _failed(item, words)
    else:
        _stored(item, data)
        # Of a series on its way, the last one has it listed.
        if not OutboxItem.objects.filter(
            study=item.study, series_uid=item.series_uid, state=OutboxItem.State.WAITING
        ).exists():
            _listed(port, item.study)


def _not_theirs(port: Archive, item: OutboxItem) -> str:
    """Return why an object may not go to a study that is another patient's by now; raises ArchiveError."""
    identity = item.about.get(OF_WHOM)
    if identity is None:
        return ""
    listed = port.search_studies(StudyInstanceUID=item.study.uid, fields=listing.STUDY_FIELDS)
    patients = {seen.identity_of(listing.study(row, item.archive.name).patient) for row in listed}
    return OTHER_PATIENT if patients - {identity} else ""


def _sent(port: Archive, item: OutboxItem, data: bytes) -> str:
    """Store the object unless it is there; return why it can't be. Raises ArchiveError."""
    is_ours = _held(port, item, data)
    if is_ours is None:
        result = port.store([data])[0]
        if result.again:
            raise Unreachable(result.words)
        if not result.stored:
            return result.words
        is_ours = _held(port, item, data)
    if is_ours is None:
        raise Unreachable(NOT_YET)
    return "" if is_ours else OTHER_OBJECT


def _held(port: Archive, item: OutboxItem, ours: bytes) -> bool | None:
    """Say whether what the archive holds under an item's UIDs is ours, None where it holds nothing.

    Most archives give back the very bytes; what others have made of them has to say the same. Raises ArchiveError.
    """
    try:
        held = port.instance(item.study.uid, item.series_uid, item.sop_instance_uid)
        return held == ours or content(held) == content(ours)
    except (NotThere, NoObject):
        return None


def _later(item: OutboxItem, words: str) -> None:
    seconds = min(FIRST_PAUSE * 2 ** min(item.attempts, 20), LONGEST_PAUSE)
    OutboxItem.objects.filter(pk=item.pk).update(next_try=timezone.now() + timedelta(seconds=seconds), words=words)
    _tell(item)
    raise jobs.Later(seconds, words)


def _failed(item: OutboxItem, words: str) -> None:
    with transaction.atomic():
        waiting = OutboxItem.objects.filter(pk=item.pk, state=OutboxItem.State.WAITING)
        if waiting.update(state=OutboxItem.State.FAILED, words=words, next_try=None):
            _record(item.wanted_by, item, "failed", success=False)
            _tell(item)
    raise jobs.Failed(words)


def _stored(item: OutboxItem, data: bytes) -> None:
    with transaction.atomic():
        waiting = OutboxItem.objects.filter(pk=item.pk, state=OutboxItem.State.WAITING)
        now = timezone.now()
        if not waiting.update(state=OutboxItem.State.STORED, stored_at=now, words="", next_try=None):
            return
        item.state, item.stored_at, item.words, item.next_try = OutboxItem.State.STORED, now, "", None
        _record(item.wanted_by, item, "stored")
        for hook in stored_hooks:
            try:
                with transaction.atomic():
                    hook(item, data)
            except Exception:  # the object has arrived, whatever a room makes of it
                logger.exception("a room couldn't be told of a stored object")
        _tell(item)
        transaction.on_commit(lambda: path_of(item.pk).unlink(missing_ok=True))


def _listed(port: Archive, study: Study) -> None:
    """Read the study's series at once, so that the new one can be opened."""
    try:
        sync.read_series(port, study)
    except ArchiveError as error:
        logger.warning("archive %s: the series of a study can't be read yet: %s", port.name, error)


def _write(path: Path, data: bytes) -> None:
    """Write a whole file that only this account can read, on the disk before this returns; raises NotKept."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_suffix(".part")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        logger.error("the outbox can't be written: %s", error.strerror)
        words = gettext_noop("This server's disk can't keep it ({reason}); nothing was sent.", reason=error.strerror)
        raise NotKept(words) from error


def _record(user: Any, item: OutboxItem, what: str, *, success: bool = True) -> None:
    detail = {"outbox": str(item.pk), "what": what, "archive": item.archive.name, "object": item.sop_instance_uid}
    audit.record(user, audit.Event.EXPORT, study=item.study, detail=detail, success=success)


def _tell(item: OutboxItem) -> None:
    live.publish(item.study.topic, {"changed": "outbox"})
    live.publish("jobs", {"outbox": str(item.pk)})


@jobs.housekeeping
def tidy() -> None:
    """Tell of items that nothing sends any more, and remove files whose transaction never came to its end."""
    # Read before the jobs: an item is committed together with its job.
    waiting = list(OutboxItem.objects.filter(state=OutboxItem.State.WAITING).select_related("study", "archive"))
    unfinished = Job.objects.filter(kind="store", state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS)).values("key")
    sending = {row["key"] for row in unfinished}
    for item in waiting:
        if str(item.pk) not in sending:
            with contextlib.suppress(jobs.Failed):
                _failed(item, NO_RUNNER)
    folder = path_of(UUID(int=0)).parent
    before = (timezone.now() - ORPHANED_AFTER).timestamp()
    for path in folder.glob("*") if folder.is_dir() else ():
        with contextlib.suppress(OSError, ValueError):
            if (
                path.stat().st_mtime < before
                and not OutboxItem.objects.filter(
                    pk=UUID(path.stem), state__in=(OutboxItem.State.WAITING, OutboxItem.State.FAILED)
                ).exists()
            ):
                path.unlink()

"""Registering two series: by landmarks at once, by mutual information as a job; a person accepts what was found."""

import multiprocessing
import time
import uuid
from functools import partial
from typing import Annotated, Any

import msgspec
import numpy as np
from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, audit, jobs, live, rendering, seen
from viewer.actions import outbox
from viewer.actions.measurement_report import HEADER, person_name
from viewer.actions.outbox import NotKept
from viewer.doors.opened import Opened, build
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import registration
from viewer.imaging.record import Instance
from viewer.imaging.registration import Grid, NotRegistered
from viewer.imaging.volume import Volume
from viewer.imaging.words import gettext_noop
from viewer.models import Job, OutboxItem, Registration, Study
from viewer.store.beside import BesideStore, Filling
from viewer.store.client import StoreError
from viewer.store.frames import NotPresent

KIND = "registration"
SERIES_NUMBER = 910
STANDSTILL, LOOK_EVERY = 60.0, 0.25  # seconds
STANDS_STILL = gettext_noop("no frame has come for a minute; it is tried again")
ENDED = gettext_noop("the registration ended without a word: perhaps there wasn't enough memory")
NOT_COMPUTED = gettext_noop("its job has ended without a result")
CHANGED = gettext_noop("the series has changed since: it makes no such volume any more")
Method, State = Registration.Method, Registration.State

Uid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9.]{1,64}\Z")]
Millimetres = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
Point = tuple[Millimetres, Millimetres, Millimetres]


class Side(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of the two volumes."""

    series: Uid
    stack: Annotated[str, msgspec.Meta(max_length=200)]


class New(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is to be registered: the `moving` series, of another study where one is named, to the `fixed` one.

    With `pairs` of (fixed, moving) LPS points by these landmarks, without by mutual information.
    """

    fixed: Side
    moving: Side
    archive: str | None = None
    study: Uid | None = None
    pairs: Annotated[list[tuple[Point, Point]], msgspec.Meta(max_length=100)] | None = None


def propose(user: Any, study: Study, new: New) -> Registration:
    """Register two series, or have it done by a job; returns the row, which is a proposal once there is a matrix.

    Raises Http404, NotRegistered in words, and Refusal where the images can't be asked.
    """
    access.require(user, "mark", study)
    moving = access.named(user, new.study or study.uid, new.archive or study.archive.name).first()
    if moving is None:
        raise Http404("no such study")
    if moving.patient_id != study.patient_id:
        raise NotRegistered(_("The series is of another patient"))
    frames = []
    for of, side in ((study, new.fixed), (moving, new.moving)):
        if not rendering.listed(of.archive.name, of.uid, side.series):
            raise NotRegistered(_("There is no such series in the study"))
        frames.append(_frame(rendering.from_thread(partial(_opened, of, side.series)), side.stack))
    if frames[0] == frames[1]:
        raise NotRegistered(_("They share a Frame of Reference already"))
    row = Registration(
        study=study, series_uid=new.fixed.series, stack=new.fixed.stack, frame_of_reference=frames[0],
        moving_study=moving, moving_series_uid=new.moving.series, moving_stack=new.moving.stack,
        moving_frame_of_reference=frames[1], author=user, method=Method.INFORMATION, state=State.COMPUTING,
    )  # fmt: skip
    if new.pairs is not None:
        found = registration.by_landmarks(*([pair[side] for pair in new.pairs] for side in (0, 1)))
        row.method, row.state = Method.LANDMARKS, State.PROPOSED
        row.matrix, row.error, row.pairs = found.matrix.tolist(), found.rms, msgspec.to_builtins(new.pairs)
    with transaction.atomic():
        row.save(force_insert=True)
        if row.state == State.COMPUTING:
            jobs.want(KIND, key=str(row.pk), study=study, by=user, row=str(row.pk))
        _tell(user, row, "proposed" if row.matrix else "wanted")
    return row


async def _opened(study: Study, series: str, studio: rendering.Studio) -> Opened:
    return await studio.series(study.archive.name, study.uid, series)


def _frame(opened: Opened, key: str) -> str:
    """Return the Frame of Reference of a volume. Raises NotRegistered."""
    volume, _stack = _volume(opened, key)
    entry = next(each for each in volume.entries if each is not None)
    frame = opened.instances[entry.SOPInstanceUID].FrameOfReferenceUID
    if not frame:
        raise NotRegistered(_("A series names no Frame of Reference"))
    return frame


def _volume(opened: Opened, key: str) -> tuple[Volume, Any]:
    stack = next((each for each in opened.stacks if each.key == key), None)
    volume = opened.volume(stack) if stack is not None else None
    if stack is None or not isinstance(volume, Volume) or stack.colour:
        raise NotRegistered(_("A series makes no volume that could be registered"))
    return volume, stack


def decide(user: Any, row: Registration, *, accept: bool) -> Registration:
    """Accept a proposal, which is then used and sent to the archive as an object, or reject it.

    Raises Http404, NotRegistered for what is no proposal any more, and Refusal where the disk has no room.
    """
    access.require(user, "mark", row.study)
    access.require(user, "view", row.moving_study)
    if accept and row.matrix is None:
        raise NotRegistered(_("There is nothing to accept"))
    data = _object(user, row) if accept else b""
    with transaction.atomic():
        state = State.ACCEPTED if accept else State.REJECTED
        open_to = (State.PROPOSED,) if accept else (State.PROPOSED, State.ACCEPTED, State.COMPUTING)
        changed = Registration.objects.filter(pk=row.pk, state__in=open_to)
        if not changed.update(state=state, decided=timezone.now(), decided_by=user):
            raise NotRegistered(_("It is no proposal any more"))
        row.refresh_from_db()
        if not accept:
            Job.objects.filter(kind=KIND, key=str(row.pk)).update(cancel_requested=True)
        if accept:
            about = {"kind": KIND, "registration": str(row.pk), outbox.OF_WHOM: seen.identity(row.study)}
            try:
                item = outbox.put(user, row.study, data, about)
            except NotKept as error:
                raise Refusal(507, translated(error.words)) from error
            Registration.objects.filter(pk=row.pk).update(sop_instance_uid=item.sop_instance_uid)
            row.sop_instance_uid = item.sop_instance_uid
        _tell(user, row, "accepted" if accept else "rejected")
    return row


def _object(user: Any, row: Registration) -> bytes:
    from viewer.objects import registration as objects  # noqa: PLC0415 (pydicom: only an object needs it)

    def image(study: Study, series: str, stack: str, frame: str) -> tuple[objects.Image, Instance]:
        opened = rendering.from_thread(partial(_opened, study, series))
        volume, _stack = _volume(opened, stack)
        shown = [each for each in volume.entries if each is not None]
        own = opened.instances[shown[len(shown) // 2].SOPInstanceUID]
        return objects.Image(study.uid, series, own.SOPClassUID or "", own.SOPInstanceUID or "", frame), own

    fixed, own = image(row.study, row.series_uid, row.stack, row.frame_of_reference)
    moving, _other = image(row.moving_study, row.moving_series_uid, row.moving_stack, row.moving_frame_of_reference)
    header = {keyword: getattr(own, keyword) or "" for keyword in HEADER} | {"StudyInstanceUID": row.study.uid}
    return objects.write(
        header, fixed, moving, np.array(row.matrix, float),
        uids=(f"2.25.{uuid.uuid4().int}", f"2.25.{uuid.uuid4().int}"), number=SERIES_NUMBER, made=row.created,
        label="REGISTRATION", words=row.get_method_display(), creator=person_name(user),
    )  # fmt: skip


@jobs.kind(KIND, gettext_noop("Registering two series"), at_once=1)
def run(job: jobs.Running) -> None:
    """Fetch both volumes and find the matrix, in a process of its own; cancelled, the row is rejected."""
    row = Registration.objects.select_related("study__archive", "moving_study__archive").get(pk=job.arguments["row"])
    if row.state != State.COMPUTING:
        return
    if not access.may(job.user, "mark", row.study) or not access.may(job.user, "view", row.moving_study):
        raise jobs.Failed(gettext_noop("whoever wanted it may no longer see these studies"))
    try:
        with BesideStore(settings.STATE) as store:
            fixed = _gridded(job, store, row.study, row.series_uid, row.stack)
            moving = _gridded(job, store, row.moving_study, row.moving_series_uid, row.moving_stack)
        matrix, information = _apart(job, fixed, moving)
    except StoreError as error:
        raise jobs.Later(5, error.words) from error
    except (NotRegistered, NotPresent) as error:
        words = getattr(error, "words", "") or gettext_noop("no slice of the volume can be read")
        _end(row, words)
        raise jobs.Failed(words) from error
    except jobs.Canceled:
        _end(row, "")
        raise
    with transaction.atomic():
        computed = Registration.objects.filter(pk=row.pk, state=State.COMPUTING)
        if computed.update(state=State.PROPOSED, matrix=matrix.tolist(), error=information):
            live.publish(row.study.topic, {"changed": "registrations"})


def _end(row: Registration, words: str) -> None:
    with transaction.atomic():
        ended = Registration.objects.filter(pk=row.pk, state=State.COMPUTING)
        ended.update(state=State.PROPOSED if words else State.REJECTED, words=words)
        live.publish(row.study.topic, {"changed": "registrations"})


def _gridded(job: jobs.Running, store: BesideStore, study: Study, series: str, key: str) -> Grid:

    filling = store.open(study.archive.name, study.uid, series)
    if filling.bytes > store.budget():
        raise NotRegistered(gettext_noop("the image store has no room for the volume"))
    store.fill(filling)
    _wait(job, filling)
    opened = build(study.archive.name, study.uid, series, filling.series)
    volume, stack = _volume(opened, key)
    stored, slots = filling.series.frames.volume(opened.order(volume.of(stack)).tolist())
    job.check()
    return registration.gridded(volume, stored, slots)


def _wait(job: jobs.Running, filling: Filling) -> None:
    done, since = -1, time.monotonic()
    while (now := filling.done()) < filling.total:
        if now != done:
            done, since = now, time.monotonic()
        elif time.monotonic() - since > STANDSTILL:
            raise jobs.Later(STANDSTILL, STANDS_STILL)
        job.check()
        time.sleep(LOOK_EVERY)


def _apart(job: jobs.Running, fixed: Grid, moving: Grid) -> tuple[np.ndarray, float]:
    """Return matrix and information found by another process, which ends when the job is cancelled."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=registration.answered, args=(theirs, fixed, moving), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            if not ours.poll(LOOK_EVERY):
                job.check()
                continue
            try:
                kind, *said = ours.recv()
            except EOFError as error:
                raise NotRegistered(ENDED) from error
            if kind == "found":
                return np.array(said[0], float), float(said[1])
            if kind == "failed":
                raise NotRegistered(said[0])
            job.progress(*said)
    finally:
        process.kill()
        process.join()
        ours.close()


@jobs.housekeeping
def tidy() -> None:
    """Tell of registrations that nothing computes any more: their job was cancelled, or gave up."""
    # Read before the jobs: a row is committed together with its job.
    computing = list(Registration.objects.filter(state=State.COMPUTING).select_related("study"))
    unfinished = Job.objects.filter(kind=KIND, state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS))
    under_way = set(unfinished.values_list("key", flat=True)) if computing else set()
    for row in computing:
        if str(row.pk) not in under_way:
            _end(row, NOT_COMPUTED)


def _stored(item: OutboxItem, _data: bytes) -> None:
    """Tell the page that the archive holds a registration."""
    if item.about.get("kind") == KIND:
        live.publish(item.study.topic, {"changed": "registrations"})


outbox.stored_hooks.append(_stored)


def _tell(user: Any, row: Registration, what: str) -> None:
    detail = {"registration": str(row.pk), "what": what, "moving": row.moving_series_uid, "fixed": row.series_uid}
    subtype = audit.Subtype.REGISTRATION_CHANGED
    audit.record(user, audit.Event.APPLICATION_ACTIVITY, subtype=subtype, study=row.study, detail=detail)
    for study in {row.study, row.moving_study}:
        live.publish(study.topic, {"changed": "registrations"})


__all__ = ["New", "Side", "decide", "propose"]

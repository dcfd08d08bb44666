"""Planes cut through a volume, saved as a series of the study: wanted here, cut by a job, sent by the outbox."""

import tempfile
import time
import uuid
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, archives, audit, jobs, rendering, seen
from viewer.actions import outbox
from viewer.actions.measurement_report import person_name
from viewer.archive.port import ArchiveError
from viewer.doors import mpr, volumes
from viewer.doors.opened import build
from viewer.doors.planes_wanted import Wanted, image_uid, series_uid
from viewer.doors.refusal import Refusal
from viewer.doors.volume_parameters import Choice
from viewer.doors.volumes import Source
from viewer.imaging import colour, reformat
from viewer.imaging.reformat import NoView
from viewer.imaging.volume import Volume
from viewer.imaging.words import gettext_noop
from viewer.models import Job, OutboxItem, Study
from viewer.store.beside import BesideStore, Filling
from viewer.store.client import StoreError

KIND = "planes"
MOST_VALUES = 1_000_000_000  # of a whole series
AT_ONCE = 20  # images that are put into the outbox in one transaction
LOOK_EVERY, STANDSTILL = 0.25, 60.0  # seconds
STANDS_STILL = gettext_noop("no frame has come for a minute; it is tried again")
NOT_ALLOWED = gettext_noop("whoever wanted it may no longer save anything in this study")
CHANGED = gettext_noop("the series has changed since: it makes no such volume any more")
NOTHING = gettext_noop("no slice of the volume can be read")
NO_ROOM = gettext_noop("the image store has no room for the volume")


class NoPlanes(ValueError):
    """Planes that can't be saved; the text names what is wrong with them."""


def save(user: Any, study: Study, series: str, wanted: Wanted) -> Job:
    """Have planes through a volume of `series` saved as a new series of `study`; returns the job that does it.

    Raises Http404, NoPlanes in words, SomebodyElse, and Refusal where there is no such volume or no images to be had.
    """
    access.require(user, "mark", study)
    key = str(uuid.uuid5(wanted.id, f"{study.pk}/{user.pk}"))
    known = Job.objects.filter(kind=KIND, key=key).exclude(state=Job.State.CANCELED).first()
    if known is not None:
        return known
    seen.require(study, wanted.identity)
    source = rendering.from_thread(partial(_volume, study, series, wanted.stack))
    if colour.is_supplemented(source.place.instance):
        raise NoPlanes(_("Planes of images with colours of their own above the greys can't be saved"))
    _check(wanted, source.volume)
    with transaction.atomic():
        seen.require(study, wanted.identity)
        job = jobs.want(
            KIND, key=key, study=study, by=user, series=series, planes=msgspec.to_builtins(wanted),
            made=timezone.now().isoformat(), identity=seen.identity(study),
        )  # fmt: skip
        detail = {"what": "planes wanted as a series", "series": series, "saved": series_uid(key)}
        audit.record(user, audit.Event.EXPORT, study=study, detail=detail)
    return job


async def _volume(study: Study, series: str, stack: str, studio: rendering.Studio) -> Source:
    opened = await studio.series(study.archive.name, study.uid, series)
    return volumes.choose([opened], None, Choice(stack=stack))


def _check(wanted: Wanted, volume: Volume) -> None:
    try:
        view = wanted.view(0)
    except NoView as error:
        raise NoPlanes(_("The planes look nowhere: look and up have to be two directions")) from error
    if wanted.window is not None and wanted.window[1] <= 0:
        raise NoPlanes(_("window: the width has to be above 0"))
    if wanted.count * wanted.rows * wanted.columns > MOST_VALUES:
        raise NoPlanes(_("The series would be too large: fewer planes, or larger pixels"))
    nearest, farthest = reformat.reach(volume, wanted.plane(0))
    reach = (wanted.count - 1) * wanted.spacing + wanted.thickness / 2
    if farthest < -wanted.thickness / 2 or nearest > reach:
        raise NoPlanes(_("The planes lie outside the volume"))
    samples = len(reformat.offsets(volume, wanted.plane(0), wanted.thickness, wanted.method))
    if samples * wanted.rows * wanted.columns > mpr.MOST_SAMPLES or not np.isfinite(view.point).all():
        raise NoPlanes(_("The planes are too thick for their size"))


@jobs.kind(KIND, gettext_noop("Saving planes as a series"), at_once=1)
def run(job: jobs.Running) -> None:
    """Fetch the volume, cut every plane, and put all into the outbox; cancelled before that, nothing is left."""
    study, wanted = job.study, msgspec.convert(job.arguments["planes"], Wanted)
    if study is None or study.gone_at is not None:
        return
    if not access.may(job.user, "mark", study):
        raise jobs.Failed(NOT_ALLOWED)
    try:
        with BesideStore(settings.STATE) as store, tempfile.TemporaryDirectory(dir=settings.STATE) as folder:
            filling = store.open(study.archive.name, study.uid, job.arguments["series"])
            if filling.bytes > store.budget():
                raise jobs.Failed(NO_ROOM)
            store.fill(filling)
            _wait(job, filling, wanted.count)
            made = _cut(job, study, wanted, filling, Path(folder))
            job.check()
            _put(job, study, made)
    except StoreError as error:
        raise jobs.Later(5, error.words) from error
    except ArchiveError as error:
        raise jobs.Later(30, error.words) from error
    job.words = gettext_noop("{count} planes are on their way to the archive", count=wanted.count)


def _wait(job: jobs.Running, filling: Filling, count: int) -> None:
    done, since = -1, time.monotonic()
    while (now := filling.done()) < filling.total:
        if now != done:
            done, since = now, time.monotonic()
        elif time.monotonic() - since > STANDSTILL:
            raise jobs.Later(STANDSTILL, STANDS_STILL)
        job.progress(now, filling.total + count)
        time.sleep(LOOK_EVERY)


def _cut(job: jobs.Running, study: Study, wanted: Wanted, filling: Filling, folder: Path) -> list[Path]:
    """Write one file a plane into `folder`."""
    from viewer.doors import planes_cut  # noqa: PLC0415 (pydicom's codes: only a series needs them)

    opened = build(study.archive.name, study.uid, job.arguments["series"], filling.series)
    stack = next((each for each in opened.stacks if each.key == wanted.stack), None)
    volume = opened.volume(stack) if stack is not None else CHANGED
    if stack is None or not isinstance(volume, Volume):
        raise jobs.Failed(volume if isinstance(volume, str) else CHANGED)
    try:
        channels = Source(opened, volume.of(stack), volume).channels()
    except Refusal as error:
        raise jobs.Failed(NOTHING) from error
    entry = planes_cut.speaking(volume, opened)
    port = archives.get(study.archive.name)
    attributes = port.instance_metadata(study.uid, job.arguments["series"], entry)
    made = planes_cut.Making(
        opened=opened, volume=volume, channels=channels, wanted=wanted, key=job.job.key,
        source=planes_cut.header(attributes), operator=person_name(job.user),
        made=datetime.fromisoformat(job.arguments["made"]),
    )  # fmt: skip
    paths = []
    for number in range(wanted.count):
        job.progress(filling.total + number, filling.total + wanted.count)
        path = folder / f"{number:05}.dcm"
        path.write_bytes(made.image(number))
        paths.append(path)
    return paths


def _put(job: jobs.Running, study: Study, files: list[Path]) -> None:
    """Put the images into the outbox, those left out that an earlier run has put there."""
    about = {"kind": KIND, "job": str(job.job.pk), outbox.OF_WHOM: job.arguments["identity"]}
    saved = series_uid(job.job.key)
    there = OutboxItem.objects.filter(study=study, series_uid=saved).values_list("sop_instance_uid", flat=True)
    known = set(there)
    for first in range(0, len(files), AT_ONCE):
        with transaction.atomic():
            for at in range(first, min(first + AT_ONCE, len(files))):
                if image_uid(job.job.key, at) not in known:
                    outbox.put(job.user, study, files[at].read_bytes(), about)

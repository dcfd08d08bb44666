"""Prefetch: what is read next is decoded before anybody opens it, and its newest prior too."""

import contextlib
import itertools
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from viewer import archives, jobs, sync
from viewer.archive.port import ArchiveError
from viewer.imaging.when import in_order, is_earlier
from viewer.imaging.words import gettext_noop
from viewer.models import Job, Series, Study
from viewer.store.beside import BesideStore, Filling
from viewer.store.client import StoreError
from viewer.views import modalities
from worklist.models import ReadingTask

SHARE = 0.8  # of the store's budget, for all exams on top together
LOOK_EVERY = 0.25  # seconds
STANDSTILL = 60.0  # seconds without a new frame
AGAIN_AFTER = timedelta(hours=1)
ZONES = timedelta(hours=26)  # by which clocks on Earth may differ
NOT_WHOLE = frozenset({"SM"})  # the tiles of a slide are shown as they are stored
STANDS_STILL = gettext_noop("no frame has come for a minute; it is tried again")


def top() -> QuerySet[Study]:
    """Return the studies on top of the unread list, first the one that is due first."""
    tasks = ReadingTask.objects.filter(state=ReadingTask.State.UNREAD, study__gone_at__isnull=True)
    first = tasks.order_by(F("due_at").asc(nulls_last=True), F("study__study_datetime").desc(nulls_last=True), "pk")
    ranks = list(first.values_list("study", flat=True)[: settings.PREFETCH])
    return Study.objects.filter(pk__in=ranks).select_related("archive").order_by(_rank(ranks))


def want_top() -> None:
    """Have the exams on top of the list fetched, once the transaction is committed; call it as often as you like."""
    if settings.PREFETCH and not any(entry[1] is want_now for entry in connection.run_on_commit):
        transaction.on_commit(want_now)


def want_now(by: Any = None) -> int:
    """Want a job for each exam on top that wasn't fetched within the hour; return how many are new.

    One that somebody canceled stays so, unless `by` asks for it.
    """
    wanted = 0
    for study in top():
        known = Job.objects.filter(kind="prefetch", study=study)
        if known.filter(state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS)).exists():
            continue
        ended = known.filter(ended__gt=timezone.now() - AGAIN_AFTER)
        if by is None and ended.filter(Q(state=Job.State.CANCELED) | Q(ended__gt=study.changed_at)).exists():
            continue
        with transaction.atomic():
            jobs.want("prefetch", key=f"{study.archive.name}/{study.uid}"[:200], study=study, by=by)
        wanted += 1
    return wanted


@jobs.housekeeping
def keep_wanting() -> None:
    """Want what has come to the top without a word, and what there is when a runner starts."""
    want_now()


@jobs.kind("prefetch", gettext_noop("Fetching images ahead"), at_once=1, bulk=True)
def prefetch(job: jobs.Running) -> None:
    """Fill the store with every frame of the study's image series, then with those of the newest prior."""
    study = job.study
    if study is None or study.gone_at is not None or _is_done(study):
        return
    job.check()
    try:
        with BesideStore(settings.STATE) as store:
            _fill(job, store, [study, *_prior(study)])
    except StoreError as error:
        raise jobs.Later(5, error.words) from error
    except ArchiveError as error:
        raise jobs.Later(30, error.words) from error


def _fill(job: jobs.Running, store: BesideStore, studies: list[Study]) -> None:
    opened = []
    for series in [series for study in studies for series in _series(study)]:
        with contextlib.suppress(StoreError):  # the pane that opens it will tell why
            opened.append(store.open(series.study.archive.name, series.study.uid, series.uid))
        job.check()
    room = SHARE * store.budget() - _taken_by_others(job)
    sums = itertools.accumulate(each.bytes for each in opened)
    fitting = [each for each, upto in zip(opened, sums, strict=True) if upto <= room]
    _note_bytes(job, sum(each.bytes for each in fitting))
    total = sum(each.total for each in fitting)
    for filling in fitting:
        store.fill(filling)
        _wait_for(job, filling, fitting, total)
    job.progress(total, total)
    if len(fitting) < len(opened):
        job.words = gettext_noop(
            "the rest has no room: exams on top of the list take {percent} % of the image store at most",
            percent=round(SHARE * 100),
        )


def _wait_for(job: jobs.Running, filling: Filling, fitting: list[Filling], total: int) -> None:
    done, since = -1, time.monotonic()
    while (now := filling.done()) < filling.total:
        if now != done:
            done, since = now, time.monotonic()
        elif time.monotonic() - since > STANDSTILL:
            raise jobs.Later(STANDSTILL, STANDS_STILL)
        job.progress(sum(each.done() for each in fitting), total)
        time.sleep(LOOK_EVERY)


def _series(study: Study) -> list[Series]:
    """Return the image series of a study, in the order in which the page shows them; raises ArchiveError."""
    if study.series_read_at is None and not study.series.exists():
        sync.read_series(archives.get(study.archive.name), study)
    found = study.series.select_related("study__archive").order_by(F("number").asc(nulls_last=True), "pk")
    return [each for each in found if each.modality not in NOT_WHOLE and modalities.has_images(each.modality)]


def _prior(study: Study) -> list[Study]:
    """Return the patient's newest earlier study of the same modality, if there is one that is surely theirs."""
    family = modalities.main_family(study.modalities)
    if study.study_datetime is None or study.identity_conflict:
        return []
    others = Study.objects.filter(
        patient=study.patient, gone_at__isnull=True, study_datetime__lt=study.study_datetime + ZONES, conflict=""
    ).select_related("archive")
    newest = in_order(others.order_by("-study_datetime", "-pk")[:50][::-1], lambda each: each.when)[::-1]
    same = (each for each in newest if modalities.main_family(each.modalities) == family)
    return [each for each in same if is_earlier(each.when, study.when)][:1]


def _is_done(study: Study) -> bool:
    return ReadingTask.objects.filter(study=study, state=ReadingTask.State.DONE).exists()


def _taken_by_others(job: jobs.Running) -> int:
    """Return the bytes that the other exams on top take in the store."""
    taken: dict[Any, int] = {}
    others = Job.objects.filter(kind="prefetch", study__in=list(top())).exclude(study=job.study)
    for study, arguments in others.order_by("created").values_list("study", "arguments"):
        taken[study] = arguments.get("bytes", taken.get(study, 0))
    return sum(taken.values())


def _note_bytes(job: jobs.Running, count: int) -> None:
    Job.objects.filter(pk=job.job.pk).update(arguments=job.arguments | {"bytes": count})


def _rank(ranks: list[int]) -> Case:
    return Case(*(When(pk=pk, then=Value(rank)) for rank, pk in enumerate(ranks)), default=Value(len(ranks)))

"""Sync: keeps the study index in step with each archive, in one thread for each."""

import logging
import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import Error, close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone

from viewer import archives, index, listing, live
from viewer.archive.port import Archive as Port
from viewer.archive.port import ArchiveError, Malformed, NotThere, Unreachable
from viewer.models import Archive, Series, Study
from viewer.rounds import Rounds

logger = logging.getLogger(__name__)

PAGE = 500  # studies of one search
RECENT = timedelta(days=2)
RECENT_EVERY = 10.0  # seconds
SCAN_EVERY = 2.0  # seconds
SCAN_RESTS = 10, 2, 1  # times its own length that a long scan rests; while an exam is open; after it found news
SWEEP_EVERY = 60.0, 3600.0  # seconds; a long sweep rests so many times its own length, within these
SWEEP_RESTS = 200
CONFIRM_AFTER = 10.0  # seconds until a sweep that missed something is repeated
SERIES_BUDGET = 4.0  # seconds of each round for reading series
READ_AGAIN = 10  # times that a study's series are read because somebody else wrote them meanwhile
UNCOUNTED_EVERY = timedelta(minutes=1)
LEASE = timedelta(seconds=60)


class Sync:
    """Reads one archive into the index."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopping = threading.Event()
        # SQLite has one web process; elsewhere one of several reads an archive at a time.
        self.identity = "sole" if connection.vendor == "sqlite" else f"{socket.gethostname()}:{os.getpid()}"[:64]
        self._next_recent = self._next_sweep = self._next_scan = 0.0
        self._started = False
        self._doubtful: dict[str, str] = {}  # studies whose files claim what isn't theirs, from the last scan
        self._others: dict[str, list[str]] = {}  # and by which words all the patients of one are found

    def run(self) -> None:
        """Keep the index in step until `stopping` is set; errors are told on the archive's row and tried again."""
        while not self.stopping.is_set():
            try:
                if self.name in archives.asked() and self._lease():
                    self.round()
            except archives.Off:
                logger.info("archive %s isn't asked any more", self.name)
            except ArchiveError as error:
                self._unreachable(error)
            except Error as error:
                logger.error("the index of archive %s can't be written: %s", self.name, type(error).__name__)
                close_old_connections()
            except Exception:
                logger.exception("reading archive %s failed", self.name)
            self.stopping.wait(1.0)
        connection.close()

    def round(self) -> None:
        """Do what is due: scan, recent studies or full sweep, then series; raises ArchiveError."""
        port = archives.get(self.name)
        row = self._row()
        now = time.monotonic()
        if not self._started:
            self._started = True
            self._next_sweep = now + self._seconds_to_sweep(row)
        if hasattr(port, "scan"):
            if now >= self._next_scan:
                report = port.scan()
                news = report.added or report.changed or report.removed  # their reading says nothing of the next scan
                is_open = any(topic.kind == "study" for topic in live.listened())
                self._next_scan = time.monotonic() + max(
                    SCAN_EVERY, SCAN_RESTS[2 if news else is_open] * report.seconds
                )
                self._doubtful = {
                    uid: Study.Conflict.TWO_PATIENTS if uid == conflict.uid else Study.Conflict.DUPLICATES
                    for conflict in report.conflicts
                    for uid in conflict.studies
                }
                self._others = {
                    conflict.uid: [listing.sought(each) for each in conflict.people]
                    for conflict in report.conflicts
                    if conflict.people
                }
                if news:
                    self._next_sweep = 0.0
                self._ready()
        elif now >= self._next_recent or not answers(port):
            self.recent(port)
            self._next_recent = time.monotonic() + RECENT_EVERY
        if now >= self._next_sweep:
            began = time.monotonic()
            missed = self.sweep(port)
            ended = time.monotonic()
            rest = min(max(SWEEP_EVERY[0], SWEEP_RESTS * (ended - began)), SWEEP_EVERY[1])
            self._next_sweep = ended + (CONFIRM_AFTER if missed else rest)
        self.read_series(port)

    def _seconds_to_sweep(self, row: Archive) -> float:
        if row.last_sweep is None or archives.sites()[self.name].source.is_folder:
            return 0.0
        return max(0.0, SWEEP_EVERY[0] - (timezone.now() - row.last_sweep).total_seconds())

    def _row(self) -> Archive:
        return Archive.objects.get(name=self.name)

    def _lease(self) -> bool:
        now = timezone.now()
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=now) | Q(leased_by=self.identity)
        mine = Archive.objects.filter(free, name=self.name)
        row = mine.first()
        if row is None:
            return False
        if row.leased_by == self.identity and row.leased_until and row.leased_until > now + LEASE / 2:
            return True
        return bool(mine.update(leased_by=self.identity, leased_until=now + LEASE))

    def _unreachable(self, error: ArchiveError) -> None:
        row = self._row()
        if row.state != Archive.State.UNREACHABLE or row.words != str(error):
            row.state, row.words = Archive.State.UNREACHABLE, str(error)
            row.unreachable_since = row.unreachable_since or timezone.now()
            row.save(update_fields=["state", "words", "unreachable_since"])
            live.publish("list", {"changed": "archives"})
            logger.warning("archive %s: %s", self.name, error)
        self._next_recent = 0.0  # whether it is back shows in the next answer
        self.stopping.wait(2)

    def _ready(self, *, swept: bool = False) -> None:
        row, now = self._row(), timezone.now()
        turned = row.state != Archive.State.READY
        if not (turned or swept or row.last_sync is None or now - row.last_sync > timedelta(seconds=5)):
            return
        row.state, row.words, row.unreachable_since, row.last_sync = Archive.State.READY, "", None, now
        if turned or row.ready_since is None:
            row.ready_since = now
        if swept:
            row.last_sweep = now
        row.save(update_fields=["state", "words", "unreachable_since", "ready_since", "last_sync", "last_sweep"])
        if turned:
            live.publish("list", {"changed": "archives"})

    def pages(self, port: Port, **match: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a search to its end; raises Unreachable when the end can't be known.

        A server may send shorter pages than asked; only an empty one is the end. One that repeats itself
        doesn't know `offset`: what it has beyond is unknown.
        """
        offset, seen = 0, set[str]()
        whole = hasattr(port, "scan")
        while not self.stopping.is_set():
            page = port.search_studies(
                limit=None if whole else PAGE, offset=offset, fields=listing.STUDY_FIELDS, **match
            )
            uids = {listing.text(attributes, "0020000D", 65) for attributes in page}
            if page and uids <= seen:
                raise Unreachable("The archive repeats the first page of its studies: the list may be incomplete.")
            if page:
                yield page
            if whole or not page:
                return
            seen |= uids
            offset += len(page)
            self._lease()
        raise Unreachable("The reading was stopped.")

    def recent(self, port: Port) -> None:
        """Read the studies of the last two days; raises ArchiveError."""
        since = timezone.localdate() - RECENT
        met: dict[str, set[listing.PatientListing]] = defaultdict(set)
        for page in self.pages(port, StudyDate=f"{since:%Y%m%d}-"):
            self._write(page, met)
        Study.objects.filter(
            archive__name=self.name,
            study_date__gte=since,
            instance_count__isnull=True,
            series_read_at__lt=timezone.now() - UNCOUNTED_EVERY,
        ).update(series_read_at=None)
        self._ready()

    def sweep(self, port: Port) -> bool:
        """Read all studies; return whether some that we know were missing. Deletes only after two such sweeps.

        Raises ArchiveError; a sweep that didn't reach the end counts for nothing.
        """
        seen: set[str] = set()
        met: dict[str, set[listing.PatientListing]] = defaultdict(set)
        for page in self.pages(port):
            seen |= self._write(page, met)
        row = self._row()
        index.settle(row, met)
        missed_twice = index.count_missing(row, seen)
        for study in missed_twice:
            # The list may have moved under the paging: the archive is asked by name before anything is hidden.
            if port.search_studies(limit=1, StudyInstanceUID=study.uid):
                Study.objects.filter(pk=study.pk).update(missed_sweeps=0)
            else:
                index.mark_gone(study)
        index.mark_archive_conflicts(row, self._doubtful, self._others)
        self._ready(swept=True)
        return Study.objects.filter(archive=row, gone_at__isnull=True, missed_sweeps__gt=0).exists()

    def _write(self, page: list[dict[str, Any]], met: dict[str, set[listing.PatientListing]]) -> set[str]:
        rows, unreadable = [], 0
        for attributes in page:
            try:
                rows.append(listing.study(attributes, self.name))
            except listing.Unreadable:
                unreadable += 1
        if unreadable:
            logger.warning("archive %s lists %d studies without a valid UID", self.name, unreadable)
        for begin in range(0, len(rows), PAGE):
            with transaction.atomic():
                row = Archive.objects.select_for_update().get(name=self.name)
                if row.removed_at is not None:  # whoever removed it has hidden its exams
                    raise archives.Off(archives.DISABLED)
                index.write_studies(row, rows[begin : begin + PAGE], met)
                if self._doubtful:  # told together with the rows: nobody is let in before the doubt is known
                    index.mark_archive_conflicts(row, self._doubtful, self._others)
        return {row.uid for row in rows}

    def read_series(self, port: Port) -> None:
        """Read the series of studies that are new or changed, newest first, for a few seconds."""
        until = time.monotonic() + SERIES_BUDGET
        waiting = Study.objects.filter(archive__name=self.name, gone_at__isnull=True, series_read_at__isnull=True)
        for study in waiting.order_by("-study_datetime", "-pk")[:200]:
            if self.stopping.is_set() or time.monotonic() > until:
                return
            try:
                read_series(port, study)
            except (NotThere, Malformed) as error:
                logger.warning("archive %s: the series of a study can't be read: %s", self.name, error)
                Study.objects.filter(pk=study.pk).update(series_read_at=timezone.now())


def answers(port: Port) -> bool:
    """Say whether somebody is at the archive's door; where nobody seems to be, a question shows why."""
    try:
        getattr(port, "knock", lambda: None)()
    except Unreachable:
        return False
    return True


def read_series(port: Port, study: Study) -> None:
    """Read the series of one study into the index; raises ArchiveError.

    Of several that read at once each writes only what was listed after the others had written; where that never
    comes about, sync reads the study again.
    """
    for _again in range(READ_AGAIN):
        before = _series_known(study.pk)
        rows = _series_listed(port, study)
        with transaction.atomic():
            Study.objects.select_for_update().get(pk=study.pk)
            if _series_known(study.pk) == before:
                index.write_series(study, rows)
                return
    Study.objects.filter(pk=study.pk).update(series_read_at=None)


def refresh_series(port: Port, study: Study) -> None:
    """Read the series of one study into the index if the archive lists others than are known; raises ArchiveError."""
    listed = {row.uid: row.fields for row in _series_listed(port, study)}
    known = {row.uid: {name: getattr(row, name) for name in listed.get(row.uid, {})} for row in study.series.all()}
    if listed != known or not Study.objects.filter(pk=study.pk, series_read_at__isnull=False).exists():
        read_series(port, study)


def _series_known(study: int) -> Any:
    """Return what differs once somebody has written the study's row or its series."""
    row = Study.objects.values_list("series_read_at", "digest", "gone_at").get(pk=study)
    return row, sorted(Series.objects.filter(study=study).values_list("uid", "instance_count"), key=str)


def _series_listed(port: Port, study: Study) -> list[listing.SeriesListing]:
    rows = []
    for attributes in port.search_series(study.uid):
        try:
            rows.append(listing.series(attributes))
        except listing.Unreadable:
            logger.warning("archive %s lists a series without a valid UID", port.name)
    return rows


def read_series_first(study: Study) -> None:
    """Read the series of a study that is opened before sync has come to it; without them, sync goes on trying."""
    name = study.archive.name
    if study.series_read_at is not None or name not in archives.asked() or study.series.exists():
        return
    try:
        read_series(archives.get(name), study)
    except ArchiveError as error:
        logger.warning("archive %s: the series of a study can't be read yet: %s", name, error)


class Syncs:
    """The syncs of all archives, each in its thread: one that hangs keeps no other waiting."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], tuple[Sync, threading.Thread]] = {}
        self._rounds = Rounds("archives", archives.FRESH, self.follow, trouble="what is read can't be known")

    def start(self) -> None:
        """Start them, and follow what administrators change from now on."""
        self._rounds.start()

    def follow(self) -> None:
        """Have one thread for each archive that is asked and none for others; the store process hears of them too."""
        archives.write_for_store()
        wanted = {(site.name, site.source.location) for site in archives.sites().values() if not site.off}
        for key in [key for key in self._running if key not in wanted]:
            self._running.pop(key)[0].stopping.set()
        for key in sorted(wanted - self._running.keys()):
            sync = Sync(key[0])
            thread = threading.Thread(target=sync.run, name=f"sync {key[0]}", daemon=True)
            thread.start()
            self._running[key] = (sync, thread)

    def stop(self) -> None:
        """End them; an archive that doesn't answer is not waited for."""
        self._rounds.stop()
        for sync, _thread in self._running.values():
            sync.stopping.set()
        for _sync, thread in self._running.values():
            thread.join(2)
        self._running.clear()

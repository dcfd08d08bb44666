"""Open studies are watched more closely than the rest of their archive: what changes in them is read within seconds.

A study is open while a page listens to its topic. Each process watches those of its own pages; the rows that it writes
are the same whoever writes them.
"""

import logging
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import Error, connection, transaction

from viewer import archives, index, listing, live, rendering, sync
from viewer.archive.port import Archive as Port
from viewer.archive.port import ArchiveError, Malformed, NotThere
from viewer.models import Archive, Study
from viewer.rounds import Rounds

logger = logging.getLogger(__name__)

ROUND_EVERY = 1.0  # seconds
LOOK_EVERY = 3.0  # seconds between two looks at one study, where the archive answers at once
RESTS = 9  # times as long as a look took nothing more is asked of that archive
ABSENT_LOOKS = 2  # in succession, until a study counts as gone
# Seconds between two readings of an open study's headers though nothing seems to have changed, by how many they are.
COMPARE_EVERY = 10.0, 60.0
COMPARED_A_SECOND = 10  # images, on the average
HURRY_FOR = 15.0  # seconds after a change during which open series are compared as often as the store does it
MOST = 500  # studies watched at once


@dataclass
class Watched:
    """What is known of one open study between two looks."""

    version: Any = None
    looked_at: float = float("-inf")
    absent: int = 0
    hurried_until: float = float("-inf")
    compared_at: float = field(default_factory=time.monotonic)


class Watch:
    """Looks at the studies that are open in this process, one after the other in a thread for each archive."""

    def __init__(self) -> None:
        self._rounds = Rounds("watch", ROUND_EVERY, self.round, trouble="open studies can't be watched")
        self._watched: dict[int, Watched] = {}
        self._rested: dict[str, float] = {}
        self._busy: set[str] = set()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin."""
        self._stopping.clear()
        self._rounds.start()

    def stop(self) -> None:
        """End; an archive that doesn't answer is not waited for."""
        self._stopping.set()
        self._rounds.stop()

    def round(self) -> None:
        """Start looks at what is due, and have open series compared."""
        by_archive: dict[str, list[Study]] = defaultdict(list)
        studies = opened()
        self._watched = {each.pk: self._watched.get(each.pk, Watched()) for each in studies}
        for each in studies:
            by_archive[each.archive.name].append(each)
            self._compare(each)
        asked = archives.asked() if by_archive else []
        now = time.monotonic()
        for name, present in by_archive.items():
            silent = name not in asked or present[0].archive.unreachable_since is not None
            if silent or name in self._busy or now < self._rested.get(name, 0.0):
                continue
            due = [each for each in present if now - self._watched[each.pk].looked_at >= LOOK_EVERY]
            if due:
                self._busy.add(name)
                threading.Thread(target=self._look_at, args=(name, due), name=f"watch {name}", daemon=True).start()

    def look(self, port: Port, study: Study) -> None:
        """Bring one study in step with its archive; raises ArchiveError and django.db.Error."""
        watched = self._watched.setdefault(study.pk, Watched())
        watched.looked_at = time.monotonic()
        watched.absent = 0 if refresh(port, study) else watched.absent + 1
        if watched.absent >= ABSENT_LOOKS:
            index.mark_gone(study)

    def _look_at(self, name: str, due: list[Study]) -> None:
        try:
            port = archives.get(name)
            for study in due:
                began = time.monotonic()
                self.look(port, study)
                self._rested[name] = time.monotonic() + RESTS * (time.monotonic() - began)
                if self._stopping.wait(self._rested[name] - time.monotonic()):
                    return
        except ArchiveError as error:
            logger.info("archive %s: an open study can't be watched: %s", name, error)
        except Error as error:
            logger.error("an open study of archive %s can't be written: %s", name, type(error).__name__)
        except Exception:
            logger.exception("watching an open study of archive %s failed", name)
        finally:
            self._busy.discard(name)
            connection.close()

    def _compare(self, study: Study) -> None:
        """Have the store read the headers of the study's open series again: often after a change, else now and then."""
        watched, now = self._watched[study.pk], time.monotonic()
        version = (study.digest, study.series_read_at)
        if watched.version not in (None, version):
            watched.hurried_until = now + HURRY_FOR
        watched.version = version
        often, seldom = COMPARE_EVERY
        rest = min(max(often, (study.instance_count or 0) / COMPARED_A_SECOND), seldom)
        if now < watched.hurried_until or now - watched.compared_at > rest:
            watched.compared_at = now
            rendering.compare(study.archive.name, study.uid, set(study.series.values_list("uid", flat=True)))


def opened() -> list[Study]:
    """Return the studies that pages of this process have open."""
    uids = sorted({topic.id for topic in live.listened() if topic.kind == "study"})[:MOST]
    if not uids:
        return []
    return list(Study.objects.filter(uid__in=uids, gone_at__isnull=True).select_related("archive"))


def refresh(port: Port, study: Study) -> bool:
    """Read one study and its series into the index where they differ; return whether the archive lists the study.

    Raises ArchiveError. An archive that answers with other studies only hasn't said that this one is gone.
    """
    page = port.search_studies(StudyInstanceUID=study.uid, fields=listing.STUDY_FIELDS)
    rows = [row for row in _readable(page, study.archive.name) if row.uid == study.uid]
    if not rows:
        return bool(page)
    with transaction.atomic():
        archive = Archive.objects.select_for_update().get(pk=study.archive_id)
        if archive.removed_at is not None:
            return True
        met: dict[str, set[listing.PatientListing]] = defaultdict(set)
        index.write_studies(archive, rows, met)
        index.settle(archive, met)
    try:
        sync.refresh_series(port, study)
    except (NotThere, Malformed) as error:
        logger.info("archive %s: the series of an open study can't be read: %s", study.archive.name, error)
    return True


def _readable(page: list[dict[str, Any]], archive: str) -> list[listing.StudyListing]:
    found = []
    for attributes in page:
        try:
            found.append(listing.study(attributes, archive))
        except listing.Unreadable:
            logger.info("archive %s lists a study without a valid UID", archive)
    return found

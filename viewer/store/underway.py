"""Fetches that are under way: how many of each archive, and the leaving of those that nobody waits for any more."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from viewer.archive.leave import Leave, under
from viewer.store.opened import OpenSeries
from viewer.store.wishes import NEAR, Job, Plan

# An archive has so many threads, and no other waits for them; for what nobody waits for yet, fewer.
FETCHERS, AHEAD_FETCHERS = 8, 6
THREADS = 8 * FETCHERS
# What comes sooner isn't worth the leaving: it would be fetched again.
GRACE_SECONDS = 0.25


@dataclass(eq=False)
class Fetch:
    """One job in its thread."""

    job: Job
    leave: Leave = field(default_factory=Leave)
    since: float = field(default_factory=time.monotonic)

    def run(self, fetch: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work of the job in this thread, so that it can be left."""
        with under(self.leave):
            return fetch(*arguments)


class UnderWay:
    """Used by the event loop only."""

    def __init__(self) -> None:
        self.fetches: set[Fetch] = set()

    def __len__(self) -> int:
        return len(self.fetches)

    def start(self, job: Job) -> Fetch:
        """Count a job that begins now."""
        fetch = Fetch(job)
        self.fetches.add(fetch)
        return fetch

    def end(self, fetch: Fetch) -> None:
        """Count a job no longer."""
        self.fetches.discard(fetch)

    def has_room(self, series: OpenSeries, *, ahead: bool = False) -> bool:
        """Say whether the archive of a series has a thread left; a slow one keeps no other waiting."""
        mine = [each.job for each in self.fetches if each.job.series.key.archive == series.key.archive]
        return len(mine) < FETCHERS and (not ahead or sum(not job.urgent for job in mine) < AHEAD_FETCHERS)

    def count(self, archive: str) -> int:
        """Return how many there are at an archive."""
        return sum(each.job.series.key.archive == archive for each in self.fetches)

    def leave(self, unwanted: Callable[[Job], bool]) -> bool:
        """Leave what nobody wants; say whether some of it is too young yet."""
        young = False
        for fetch in self.fetches:
            if unwanted(fetch.job):
                if time.monotonic() - fetch.since < GRACE_SECONDS:
                    young = True
                else:
                    fetch.leave.now()
        return young

    def leave_unwanted(self, plans: Iterable[Plan], wanting: set[str]) -> bool:
        """Leave what readers have scrolled past; say whether some is too young yet.

        `wanting` are the archives at which somebody waits for a thread: what is fetched there ahead of a place where
        nobody looks any more is left, too.
        """
        near = {(id(plan.series), place) for plan in plans for place in plan.sequence[:NEAR]}

        def unwanted(job: Job) -> bool:
            waited_for = job.series.waiting.keys() & set(job.places)
            nearby = any((id(job.series), each) in near for each in job.places)
            return not (waited_for or nearby) and (job.urgent or job.series.key.archive in wanting)

        return self.leave(unwanted)

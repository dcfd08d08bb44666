"""The rest of a series in one answer: which series is worth it, on how many connections, and when it ends."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from viewer.archive import ArchiveError, Unstreamed
from viewer.archive.leave import Leave, Left
from viewer.store import frames
from viewer.store.opened import OpenSeries
from viewer.store.wishes import Plan, Wishes

log = logging.getLogger(__name__)
STREAMS = 2
LEAST_FRAMES = 16
LEAST_SHARE = 0.25
REFUSED_SECONDS = 3600.0
NOTICE_SECONDS = 0.1
MOST_BYTES = 64 << 20  # of a series that wait for a decoder, unless one frame is larger


class Run:
    """One series on its way. `ahead` is true while no reader looks at it."""

    def __init__(self, series: OpenSeries, room: int, *, ahead: bool) -> None:
        """At most `room` of its frames wait for a decoder at a time; the archive waits meanwhile."""
        self.series = series
        self.ahead = ahead
        self.leave = Leave()
        self._room = room
        self._frames = self._bytes = 0
        self._full = False
        self._changed = threading.Condition()

    def wait_for_room(self, size: int) -> None:
        """Wait in the stream's thread until a frame of so many bytes may wait for a decoder; raises Left.

        Once there is no room, half of it has to be free again: to wake the thread for each frame costs the most.
        """
        with self._changed:
            self._full = self._frames >= self._room or (self._frames > 0 and self._bytes + size > MOST_BYTES)
            while self._full:
                self._changed.wait(NOTICE_SECONDS)
                if self.leave.taken:
                    raise Left
            self._frames += 1
            self._bytes += size

    def taken_up(self, size: int) -> None:
        """A decoder has begun with a frame of so many bytes."""
        with self._changed:
            self._frames -= 1
            self._bytes -= size
            if self._full and 2 * self._frames <= self._room and 2 * self._bytes <= MOST_BYTES:
                self._full = False
                self._changed.notify()


class Streams:
    """Used on the store's event loop; `bring` runs in a thread of ours until its series is through or left."""

    def __init__(
        self, wishes: Wishes, bring: Callable[[Run], None], ended: Callable[[OpenSeries], None], room: int,
    ) -> None:  # fmt: skip
        self.wishes = wishes
        self.bring = bring
        self.ended = ended
        self.room = room
        self.running: dict[int, Run] = {}
        self.refused: dict[str, float] = {}
        self.threads = ThreadPoolExecutor(STREAMS, "stream")
        self.loop = asyncio.get_running_loop()

    def brings(self, series: OpenSeries) -> bool:
        """Say whether the rest of the series comes, or will come, by a stream: nobody else need ask for it."""
        return id(series) in self.running or self.worth(series)

    def worth(self, series: OpenSeries) -> bool:
        """Say whether so much of the series is absent that all of it is sooner had than the rest of it."""
        if series.streamed or not series.in_small_pieces or self.refused.get(series.key.archive, 0) > time.monotonic():
            return False
        return series.files.states.count(frames.ABSENT) >= max(LEAST_FRAMES, LEAST_SHARE * series.places.count)

    def pump(self, allowed: Callable[[OpenSeries], bool]) -> None:
        """Start what may start: readers' series first, once the frames around the reader are under way."""
        for ahead in (False, True):
            for plan in reversed(list(self.wishes.plans.values())):
                if plan.ahead == ahead and id(plan.series) not in self.running and self.wanted(plan, allowed):
                    self.start(plan)

    def wanted(self, plan: Plan, allowed: Callable[[OpenSeries], bool]) -> bool:
        """Say whether a plan's series may start now; a prefetch gives its place to a reader."""
        if not allowed(plan.series) or not self.worth(plan.series) or plan.next(nearby=True) is not None:
            return False
        if plan.ahead:
            return not self.running
        if len(self.running) < STREAMS:
            return True
        for run in self.running.values():
            if run.ahead:
                run.leave.now()
        return False

    def start(self, plan: Plan) -> None:
        """Fetch in a thread."""
        series = plan.series
        series.jobs += 1
        run = self.running[id(series)] = Run(series, self.room, ahead=plan.ahead)
        future = self.loop.run_in_executor(self.threads, self.bring, run)
        future.add_done_callback(partial(self.done, run))

    def tend(self) -> None:
        """Leave the streams of series at which nobody looks any more, or that have changed."""
        for run in self.running.values():
            plans = [plan for plan in self.wishes.plans.values() if plan.series is run.series]
            if run.series.stale or not plans:
                run.leave.now()
            run.ahead = all(plan.ahead for plan in plans)

    def done(self, run: Run, future: "asyncio.Future[None]") -> None:
        """A stream has ended. What it didn't bring is asked for singly, but for what was left on purpose."""
        series = run.series
        del self.running[id(series)]
        error = None if future.cancelled() else future.exception()
        if not isinstance(error, Left):
            series.streamed = True
        if isinstance(error, Unstreamed):
            self.refused[series.key.archive] = time.monotonic() + REFUSED_SECONDS
            log.warning("series of archive %s are read frame by frame: %s", series.key.archive, error)
        elif error is not None and not isinstance(error, Left):
            told = error if isinstance(error, ArchiveError) else type(error).__name__
            log.warning("the rest of a series is read frame by frame: %s", told)
        for plan in self.wishes.plans.values():
            if plan.series is series:
                plan.rewind()
        series.jobs -= 1
        self.ended(series)

    def stop(self) -> None:
        """End everything."""
        for run in self.running.values():
            run.leave.now()
        self.threads.shutdown(wait=False, cancel_futures=True)

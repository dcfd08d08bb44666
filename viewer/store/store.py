"""The store: which series are open, who waits for which frame, what the fetch and decode threads do next."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from viewer.archive import ArchiveError, Changed, Refused, Unreachable
from viewer.imaging.words import gettext_noop
from viewer.store import fill, frames, shelf, workers
from viewer.store.archives import Archives
from viewer.store.holdings import Holdings
from viewer.store.opened import NoRoom, OpenSeries, Result, Stored, Waiter
from viewer.store.protocol import Sentence, sentence
from viewer.store.wishes import Job, Plan, Wishes

log = logging.getLogger(__name__)
FETCHERS = 8
AHEAD_FETCHERS = 6
DEATHS_TO_QUARANTINE = 2
REREAD_SECONDS = 10.0
RETRY_SECONDS = 10.0
PAUSE_SECONDS = (1.0, 30.0)
NEWS_SECONDS = 0.2


class Gone(Exception):
    """The archive holds another version of the series: it has to be opened again."""


class Store:
    """Everything is done on one event loop, except for what fill.Filler does in threads."""

    def __init__(self, state: Path, *, budget: int, decoders: int, reread: float = REREAD_SECONDS) -> None:
        self.archives = Archives(state)
        self.shelf = shelf.Shelf(state / shelf.FOLDER, budget)
        self.holdings = Holdings(self.archives, self.shelf, self.stale, reread)
        self.filler = fill.Filler(self.archives, self.shelf, lambda: self.holdings.in_use)
        self.slots = workers.slots(decoders)
        self.idle = list(self.slots)
        self.fetchers = ThreadPoolExecutor(FETCHERS, "fetch")
        self.decoders = ThreadPoolExecutor(decoders, "decode")
        self.wishes = Wishes()
        self.encoded: deque[fill.Encoded] = deque()
        self.fetching_ahead = self.fetching = 0
        self.paused: dict[str, tuple[float, float]] = {}
        self.full_until = 0.0
        self.on_news: Callable[[OpenSeries], None] = lambda series: None
        self.on_change: Callable[[OpenSeries], None] = lambda series: None
        self.telling = False
        self.watching: asyncio.Task[None] | None = None
        self.stored = 0
        self.loop = asyncio.get_running_loop()

    def warm(self) -> None:
        """Have the decode workers born before the first frame needs one, and watched."""
        for slot in self.slots:
            self.idle.remove(slot)
            future = self.loop.run_in_executor(self.decoders, slot.start)
            future.add_done_callback(partial(self.warmed, slot))
        self.watch()
        self.watching = self.loop.create_task(self.holdings.watch())

    def watch(self) -> None:
        """Once a second, end the workers that are late."""
        for slot in self.slots:
            slot.watch()
        self.loop.call_later(1.0, self.watch)

    def warmed(self, slot: workers.Slot, future: "asyncio.Future[None]") -> None:
        """A worker is born; where it wasn't, the first frame tries again and says why."""
        if not future.cancelled() and future.exception() is not None:
            log.error("a decode worker couldn't be started", exc_info=future.exception())
        self.idle.append(slot)
        self.pump()

    def stop(self) -> None:
        """End the decode workers and take no more work."""
        if self.watching is not None:
            self.watching.cancel()
        for pool in (self.fetchers, self.decoders, self.holdings.readers, self.holdings.watcher):
            pool.shutdown(wait=False, cancel_futures=True)
        for slot in self.slots:
            slot.kill()

    def stale(self, series: OpenSeries) -> None:
        """Tell everybody that there is another version of the series."""
        words = sentence(gettext_noop("the series has changed in the archive"))
        for place in list(series.waiting):
            self.wishes.forget(series, place)
            self.answer(series, place, words)
        for reader in [reader for reader, plan in self.wishes.plans.items() if plan.series is series]:
            del self.wishes.plans[reader]
        self.on_change(series)

    def want(self, series: OpenSeries, place: int, token: object, waiter: Waiter) -> None:
        """Have `waiter` called once with the frame's result, perhaps before this returns; raises Gone."""
        if series.stale:
            raise Gone
        state = series.files.states[place]
        if state == frames.PRESENT:
            return waiter(Stored())
        if series.files.shape(place) is None:
            series.failed(place, series.why_no_pixels(place))
            self.tell_soon()
            return waiter(series.reasons[place])
        if state == frames.FAILED and series.retry_at.get(place, float("inf")) > time.monotonic():
            return waiter(series.reasons[place])
        series.waiting.setdefault(place, {})[token] = waiter
        if state != frames.QUEUED:
            self.wishes.want(series, place)
        self.pump()
        return None

    def forget(self, series: OpenSeries, place: int, token: object) -> None:
        """This waiter has gone."""
        waiters = series.waiting.get(place, {})
        waiters.pop(token, None)
        if not waiters:
            series.waiting.pop(place, None)
            self.wishes.forget(series, place)

    def looking(
        self, reader: tuple[int, int], series: OpenSeries, order: list[int], index: int, direction: int
    ) -> None:
        """A reader is at `index` of `order`: fetch around it."""
        self.wishes.plans.pop(reader, None)
        if not series.stale:
            self.wishes.plans[reader] = Plan.around(series, order, index, direction)
            self.pump()

    def leave(self, reader: tuple[int, int]) -> None:
        """A reader no longer looks."""
        self.wishes.plans.pop(reader, None)

    def allowed(self, series: OpenSeries) -> bool:
        """Say whether the archive of the series is worth asking now."""
        return not series.stale and self.paused.get(series.key.archive, (0.0, 0.0))[0] <= time.monotonic()

    def pump(self) -> None:
        """Give free threads the most urgent work."""
        while self.idle and self.encoded:
            self.start_decoding(self.idle.pop(), self.next_encoded())
        while self.fetching < FETCHERS:
            job = self.wishes.next_urgent(lambda series: not series.stale)
            if job is None and self.may_fetch_ahead():
                job = self.wishes.next_ahead(self.allowed)
            if job is None:
                return
            self.start_fetching(job)

    def may_fetch_ahead(self) -> bool:
        """Say whether there is a thread, room and a decoder to spare for what nobody waits for."""
        return (
            self.fetching_ahead < AHEAD_FETCHERS
            and len(self.encoded) < 4 * len(self.slots)
            and self.full_until <= time.monotonic()
        )

    def start_fetching(self, job: Job) -> None:
        """Fetch in a thread."""
        series = job.series
        series.jobs += 1
        self.fetching += 1
        self.fetching_ahead += not job.urgent
        for place in job.places:
            series.files.mark(place, frames.QUEUED)
            series.reasons.pop(place, None)
        told: set[int] = set()

        def tell(place: int, outcome: fill.Outcome) -> None:
            self.loop.call_soon_threadsafe(self.outcome, series, place, outcome)
            told.add(place)

        future = self.loop.run_in_executor(self.fetchers, self.filler.fetch, job, tell)
        future.add_done_callback(partial(self.fetched, job, told))

    def fetched(self, job: Job, told: set[int], future: "asyncio.Future[None]") -> None:
        """A fetch has ended; what it didn't bring failed, for good or for now."""
        series = job.series
        self.fetching -= 1
        self.fetching_ahead -= not job.urgent
        error = None if future.cancelled() else future.exception()
        if error is not None:
            if not isinstance(error, ArchiveError):
                log.error("fetching failed", exc_info=error)
            self.not_fetched(series, [place for place in job.places if place not in told], error)
        else:
            self.paused.pop(series.key.archive, None)
        series.jobs -= 1
        self.tell_soon()
        self.holdings.unload(series)
        self.pump()

    def not_fetched(self, series: OpenSeries, places: list[int], error: BaseException) -> None:
        """Fail the places until they are asked for again later, or put them back until the archive answers again."""
        words = fill.words_of_error(error)
        for place in places:
            if isinstance(error, OSError | Unreachable | Refused):
                series.files.mark(place, frames.ABSENT)
            else:
                series.failed(place, words)
                series.retry_at[place] = time.monotonic() + RETRY_SECONDS
            self.answer(series, place, words)
        if isinstance(error, OSError | Unreachable | Refused) and not isinstance(error, Changed):
            shortest, longest = PAUSE_SECONDS
            pause = min(longest, max(shortest, 2 * self.paused.get(series.key.archive, (0.0, 0.0))[1]))
            self.paused[series.key.archive] = (time.monotonic() + pause, pause)
            self.wake(pause)

    def wake(self, seconds: float) -> None:
        """Look at all plans again after a pause."""

        def again() -> None:
            for plan in self.wishes.plans.values():
                plan.rewind()
            self.pump()

        self.loop.call_later(seconds + 0.01, again)

    def outcome(self, series: OpenSeries, place: int, outcome: fill.Outcome) -> None:
        """A thread says what became of a frame."""
        if isinstance(outcome, fill.Encoded):
            series.jobs += 1
            self.encoded.append(outcome)
            self.pump()
            return
        if isinstance(outcome, Stored):
            self.stored += 1
            self.answer(series, place, outcome)
        elif isinstance(outcome, NoRoom):
            series.files.mark(place, frames.ABSENT)
            self.full_until = time.monotonic() + RETRY_SECONDS
            self.wake(RETRY_SECONDS)
            self.answer(series, place, outcome)
        elif isinstance(outcome, fill.Broken):
            self.broken(series, place, outcome.words)
        series.told = False
        self.tell_soon()

    def broken(self, series: OpenSeries, place: int, words: Sentence) -> None:
        """The frame can't be decoded: remember it, also over a restart."""
        series.failed(place, words)
        self.answer(series, place, words)
        try:
            shelf.remember(series.directory, shelf.Failure(place, words))
        except OSError as error:
            log.warning("a failure couldn't be remembered: %s", error.strerror)

    def next_encoded(self) -> fill.Encoded:
        """Take the first frame that somebody waits for, else the first."""
        for number, frame in enumerate(self.encoded):
            if frame.place in frame.series.waiting:
                del self.encoded[number]
                return frame
        return self.encoded.popleft()

    def start_decoding(self, slot: workers.Slot, frame: fill.Encoded) -> None:
        """Decode in a worker, with a thread that waits for it."""
        future = self.loop.run_in_executor(self.decoders, self.filler.decode, slot, frame)
        future.add_done_callback(partial(self.decoded, slot, frame))

    def decoded(self, slot: workers.Slot, frame: fill.Encoded, future: "asyncio.Future[fill.Outcome]") -> None:
        """A decoder has ended with a frame: done, broken, or died; the second death is the last."""
        series, place = frame.series, frame.place
        self.idle.append(slot)
        error = None if future.cancelled() else future.exception()
        if error is not None:
            log.error("decoding failed", exc_info=error)
            self.not_fetched(series, [place], error)
        elif isinstance(died := future.result(), fill.Died):
            self.died(frame, died.words)
        else:
            self.outcome(series, place, died)
        series.jobs -= 1
        self.tell_soon()
        self.holdings.unload(series)
        self.pump()

    def died(self, frame: fill.Encoded, words: Sentence) -> None:
        """Try once more; a frame that ended two workers is put in quarantine."""
        series, place = frame.series, frame.place
        series.files.mark(place, frames.ABSENT)
        series.deaths[place] = series.deaths.get(place, 0) + 1
        if series.deaths[place] >= DEATHS_TO_QUARANTINE:
            template, values = words
            self.broken(series, place, (f"in quarantine, two decoders ended with it: {template}", values))
        else:
            series.files.mark(place, frames.QUEUED)
            series.jobs += 1
            self.encoded.appendleft(frame)

    def answer(self, series: OpenSeries, place: int, result: Result) -> None:
        """Call everybody who waits for the frame."""
        for waiter in series.waiting.pop(place, {}).values():
            waiter(result)

    def tell_soon(self) -> None:
        """Tell about changed states, five times a second at most."""
        if not self.telling:
            self.telling = True
            self.loop.call_later(NEWS_SECONDS, self.tell_news)

    def tell_news(self) -> None:
        """Tell about every series whose frames have changed since the last time."""
        self.telling = False
        for series in list(self.holdings.series.values()):
            if not series.told:
                series.told = True
                self.on_news(series)
                series.news = {}

    def status(self) -> dict[str, Any]:
        """Return figures for people and monitors."""
        open_series = list(self.holdings.series.values())
        return {
            "series": len(open_series), "waiting": sum(len(each.waiting) for each in open_series),
            "fetching": self.fetching,
            "queue": len(self.wishes.urgent) + len(self.encoded), "stored": self.stored,
            "bytes": self.shelf.used, "budget": self.shelf.budget,
            "disk_full": self.full_until > time.monotonic(),
            "paused": sorted(name for name, (until, _) in self.paused.items() if until > time.monotonic()),
            "workers": [slot.figures() for slot in self.slots],
        }  # fmt: skip

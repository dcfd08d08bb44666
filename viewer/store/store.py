"""The store: which series are open, who waits for which frame, what the fetch and decode threads do next."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from viewer.archive import ArchiveError, Changed, Refused, Unreachable
from viewer.archive.leave import Left
from viewer.imaging.words import gettext_noop
from viewer.store import fill, frames, shelf
from viewer.store.archives import Archives
from viewer.store.deaths import Deaths
from viewer.store.decoding import Decoding
from viewer.store.holdings import Holdings
from viewer.store.opened import Gone, NoRoom, OpenSeries, Result, Stored, Waiter
from viewer.store.protocol import Sentence, sentence
from viewer.store.streams import Run, Streams
from viewer.store.tiles import TileDesk
from viewer.store.together import Together
from viewer.store.underway import GRACE_SECONDS, THREADS, Fetch, UnderWay
from viewer.store.wishes import Job, Plan, Wishes

log = logging.getLogger(__name__)
WAITING_FOR_DECODER, STREAMED_TO_DECODER = 4, 12
REREAD_SECONDS = 10.0
RETRY_SECONDS = 10.0
DOUBT_SECONDS = 1.0
PAUSE_SECONDS = (0.5, 2.0)  # short: the archive's own breaker keeps a storm away
NEWS_SECONDS = 0.2
QUICK_SECONDS = 0.03


class Store:
    """Everything is done on one event loop, except for what fill.Filler does in threads."""

    def __init__(self, state: Path, *, budget: int, decoders: int, reread: float = REREAD_SECONDS) -> None:
        self.archives = Archives(state)
        self.shelf = shelf.Shelf(state / shelf.FOLDER, budget)
        self.holdings = Holdings(self.archives, self.shelf, self.stale, reread)
        self.filler = fill.Filler(self.archives, self.shelf, lambda: self.holdings.in_use)
        self.decoding = Decoding(self.filler, Deaths(state), decoders, self.decoded, self.pump)
        self.fetchers = ThreadPoolExecutor(THREADS, "fetch")
        self.wishes = Wishes()
        self.tiles = TileDesk(self.archives, self.shelf, self.holdings)
        self.under_way = UnderWay()
        self.streams = Streams(self.wishes, self.bring, self.brought, room=STREAMED_TO_DECODER * decoders)
        self.sweeping = False
        self.paused: dict[str, tuple[float, float]] = {}
        self.full_until = 0.0
        self.on_news: Callable[[OpenSeries], None] = lambda series: None
        self.on_change: Callable[[OpenSeries], None] = lambda series: None
        self.telling = self.stopped = False
        self.watching: asyncio.Task[None] | None = None
        self.stored = self.tiles_decoded = self.quarantined = 0
        self.loop = asyncio.get_running_loop()

    def warm(self) -> None:
        """Have the decode workers born before the first frame needs one, and watched."""
        self.decoding.warm()
        self.watching = self.loop.create_task(self.holdings.watch())

    def stop(self) -> None:
        """End the decode workers and take no more work."""
        self.stopped = True
        if self.watching is not None:
            self.watching.cancel()
        self.holdings.stop()
        self.streams.stop()
        for pool in (self.fetchers, self.tiles.fetchers):
            pool.shutdown(wait=False, cancel_futures=True)
        self.decoding.stop()

    def stale(self, series: OpenSeries) -> None:
        """Tell everybody that there is another version of the series."""
        words = sentence(gettext_noop("the series has changed in the archive"))
        for place in list(series.waiting):
            self.wishes.forget(series, place)
            self.answer(series, place, words)
        self.tiles.give_up(series, words)
        for reader in [reader for reader, plan in self.wishes.plans.items() if plan.series is series]:
            del self.wishes.plans[reader]
        self.streams.tend()
        self.sweep_soon()
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
        if series.files.states[place] == frames.PRESENT:  # written by a stream in this very moment
            return self.answer(series, place, Stored())
        if state != frames.QUEUED:
            self.wishes.want(series, place)
        self.pump()
        return None

    def forget(self, series: OpenSeries, place: int, token: object) -> None:
        """This waiter has gone."""
        self.tiles.forget(series, place, token)
        waiters = series.waiting.get(place, {})
        waiters.pop(token, None)
        if not waiters:
            series.waiting.pop(place, None)
            self.wishes.forget(series, place)
            self.sweep_soon()

    def looking(
        self,
        reader: tuple[int, int],
        series: OpenSeries,
        order: list[int],
        index: int,
        direction: int,
        ahead: bool = False,
    ) -> None:
        """A reader is at `index` of `order`, or will be (`ahead`): fetch around it."""
        self.wishes.plans.pop(reader, None)
        if not series.stale:
            self.wishes.plans[reader] = Plan.around(series, order, index, direction, ahead=ahead)
            self.pump()
        self.streams.tend()
        self.sweep_soon()

    def leave(self, reader: tuple[int, int]) -> None:
        """A reader no longer looks."""
        self.wishes.plans.pop(reader, None)
        self.streams.tend()
        self.sweep_soon()

    def sweep_soon(self) -> None:
        """Leave in a moment what is under way for nobody: its thread may be waited for."""
        if not self.sweeping and self.under_way.fetches:
            self.sweeping = True
            self.loop.call_later(GRACE_SECONDS, self.sweep)

    def sweep(self) -> None:
        """Leave what nobody waits for."""
        self.sweeping = False
        plans = [plan for plan in self.wishes.plans.values() if not plan.ahead]
        wanting = {series.key.archive for series in self.wishes.urgent.series}
        wanting |= {plan.series.key.archive for plan in plans if plan.next(nearby=True) is not None}
        if self.under_way.leave_unwanted(plans, wanting):
            self.sweep_soon()

    def allowed(self, series: OpenSeries) -> bool:
        """Say whether the archive of the series is worth asking now for what nobody waits for."""
        return self.answers(series) and self.under_way.has_room(series, ahead=True)

    def answers(self, series: OpenSeries) -> bool:
        """Say whether the archive of the series isn't known to be away."""
        return not series.stale and self.paused.get(series.key.archive, (0.0, 0.0))[0] <= time.monotonic()

    def may_ask(self, series: OpenSeries) -> bool:
        """Say whether somebody who waits gets a thread for the archive of the series."""
        return not series.stale and self.under_way.has_room(series)

    def pump(self) -> None:
        """Give free threads the most urgent work."""
        if self.stopped:  # what is under way still ends
            return
        while True:
            job = self.wishes.next_urgent(self.may_ask)
            if job is None and self.may_fetch_ahead():
                job = self.wishes.next_ahead(self.allowed, self.streams.brings)
            if job is None:
                break
            self.start_fetching(job)
        if self.full_until <= time.monotonic():
            self.streams.pump(self.answers)

    def may_fetch_ahead(self) -> bool:
        """Say whether there is room and a decoder to spare for what nobody waits for."""
        room = len(self.decoding.queue) < WAITING_FOR_DECODER * len(self.decoding.slots)
        return room and self.full_until <= time.monotonic()

    def start_fetching(self, job: Job) -> None:
        """Fetch in a thread."""
        series = job.series
        # A stream may have brought some of them in this very moment; who waits for one is answered by that.
        job = replace(job, places=tuple(place for place in job.places if series.files.claim(place, failed=True)))
        if not job.places:
            return
        series.jobs += 1
        fetch = self.under_way.start(job)
        for place in job.places:
            series.reasons.pop(place, None)
        told: set[int] = set()

        def tell(place: int, outcome: fill.Outcome) -> None:
            if isinstance(outcome, fill.Encoded):
                self.decoding.put(outcome)
            else:
                self.loop.call_soon_threadsafe(self.outcome, series, place, outcome)
            told.add(place)

        future = self.loop.run_in_executor(self.fetchers, fetch.run, self.filler.fetch, job, tell)
        future.add_done_callback(partial(self.fetched, fetch, told))

    def bring(self, run: Run) -> None:
        """In a thread: fetch the rest of a series in one answer."""
        with Together(self.loop, self.outcome, lambda: None) as together:

            def tell(place: int, outcome: fill.Outcome) -> None:
                if isinstance(outcome, fill.Encoded):
                    self.decoding.put(outcome)
                else:
                    together.tell(run.series, place, outcome)

            self.filler.bring(run, tell)

    def brought(self, series: OpenSeries) -> None:
        """A stream has ended."""
        self.tell_soon()
        self.holdings.unload(series)
        self.pump()

    def fetched(self, fetch: Fetch, told: set[int], future: "asyncio.Future[None]") -> None:
        """A fetch has ended; what it didn't bring failed, for good or for now."""
        job = fetch.job
        series = job.series
        self.under_way.end(fetch)
        error = None if future.cancelled() else future.exception()
        if isinstance(error, Left):
            self.left(series, [place for place in job.places if place not in told])
        elif error is not None:
            if not isinstance(error, ArchiveError):
                log.error("fetching failed", exc_info=error)
            self.not_fetched(series, [place for place in job.places if place not in told], error)
        else:
            self.paused.pop(series.key.archive, None)
            at_once = time.monotonic() - fetch.since < QUICK_SECONDS
            series.quick = at_once or self.archives.near(series.key.archive)
        series.jobs -= 1
        self.tell_soon()
        self.holdings.unload(series)
        self.pump()

    def left(self, series: OpenSeries, places: list[int]) -> None:
        """Their fetch was left: they are as absent as before, or wanted again by who came in the meantime."""
        for place in places:
            series.files.mark(place, frames.ABSENT)
            if place in series.waiting:
                self.wishes.want(series, place)
        self.wake(0.0)

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
            until, before = self.paused.get(series.key.archive, (0.0, 0.0))
            if until <= time.monotonic():  # several that fail together are one failure
                pause = min(longest, max(shortest, 2 * before))
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
        if isinstance(outcome, Stored):
            self.stored += 1
            self.tiles_decoded += series.is_slide(place)
            self.answer(series, place, outcome)
        elif isinstance(outcome, NoRoom):
            series.files.mark(place, frames.ABSENT)
            self.full_until = time.monotonic() + RETRY_SECONDS
            self.wake(RETRY_SECONDS)
            self.answer(series, place, outcome)
        elif isinstance(outcome, fill.Broken):
            self.broken(series, place, outcome.words, quarantined=outcome.quarantined)
        elif isinstance(outcome, fill.Undone):
            self.not_fetched(series, [place], outcome.error)
        series.told = False
        self.tell_soon()

    def decoded(self, series: OpenSeries, place: int, outcome: fill.Outcome) -> None:
        """A decoder is through with a frame; that makes room for others."""
        self.outcome(series, place, outcome)
        self.holdings.unload(series)

    def broken(self, series: OpenSeries, place: int, words: Sentence, *, quarantined: bool = False) -> None:
        """The frame can't be decoded: remember it, also over a restart, unless the way here may have cut it."""
        if quarantined:
            self.quarantined += 1
            self.poisoned(series, place, words)
        series.failed(place, words)
        self.answer(series, place, words)
        if not quarantined and not self.archives.near(series.key.archive):
            # Where a server doesn't announce the end of an answer, a cut looks like a whole: who asks again may get it.
            series.retry_at[place] = time.monotonic() + DOUBT_SECONDS
            return
        try:
            shelf.remember(series.directory, shelf.Failure(place, words))
        except OSError as error:
            log.warning("a failure couldn't be remembered: %s", error.strerror)

    def poisoned(self, series: OpenSeries, place: int, words: Sentence) -> None:
        """Where none of its frames was ever decoded, the whole instance is what decoders end with."""
        instance, _ = series.places.frame(place)
        starts = series.places.starts
        if frames.PRESENT not in series.files.states[starts[instance] : starts[instance + 1]]:
            series.poisoned[instance] = words

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
            "fetching": len(self.under_way), "threads": THREADS,
            "queue": len(self.wishes.urgent) + len(self.decoding.queue), "stored": self.stored,
            "tiles_passed": self.tiles.passed, "tiles_decoded": self.tiles_decoded, "quarantined": self.quarantined,
            "bytes": self.shelf.used, "budget": self.shelf.budget,
            "disk_full": self.full_until > time.monotonic(),
            "paused": sorted(name for name, (until, _) in self.paused.items() if until > time.monotonic()),
            "workers": [slot.figures() for slot in self.decoding.slots],
        }  # fmt: skip

"""The desk where the stored bytes of frames are had: from the archive, or from what was kept of a distant one."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from viewer.archive import Malformed, Refused, Unreachable
from viewer.archive.leave import Left
from viewer.imaging.words import gettext_noop
from viewer.store.archives import Archives
from viewer.store.fill import LARGEST_ENCODED, check_origin, words_of_error
from viewer.store.holdings import Holdings
from viewer.store.opened import Gone, OpenSeries, Result, TileBytes, Waiter
from viewer.store.protocol import Sentence
from viewer.store.queues import Queues
from viewer.store.shelf import Shelf
from viewer.store.underway import GRACE_SECONDS, Fetch, UnderWay
from viewer.store.wishes import Job

log = logging.getLogger(__name__)
FETCHERS = 6  # an archive's; no other archive waits for them
THREADS = 8 * FETCHERS
TOGETHER = 16


class TileDesk:
    """Used on the store's event loop, except for `fetch`. Tiles of one image that wait together come together."""

    def __init__(self, archives: Archives, shelf: Shelf, holdings: Holdings) -> None:
        self.archives = archives
        self.shelf = shelf
        self.holdings = holdings
        self.fetchers = ThreadPoolExecutor(THREADS, "tiles")
        self.waiting = Queues()
        self.under_way = UnderWay()
        self.passed = 0
        self.pumping = self.sweeping = False
        self.loop = asyncio.get_running_loop()

    def want(self, series: OpenSeries, place: int, token: object, waiter: Waiter) -> None:
        """Have `waiter` called once with the frame's stored bytes, or why they can't be had; raises Gone."""
        if series.stale:
            raise Gone
        waiters = series.wanted_tiles.setdefault(place, {})
        if not waiters:
            self.waiting.add(series, place)
        waiters[token] = waiter
        if not self.pumping:  # after the requests that came in the same packet
            self.pumping = True
            self.loop.call_soon(self.pump)

    def forget(self, series: OpenSeries, place: int, token: object) -> None:
        """This waiter has gone."""
        waiters = series.wanted_tiles.get(place, {})
        waiters.pop(token, None)
        if not waiters:
            series.wanted_tiles.pop(place, None)
            self.waiting.discard(series, place)
            self.sweep_soon()

    def sweep_soon(self) -> None:
        """Leave in a moment what is under way for nobody."""
        if not self.sweeping and self.under_way.fetches:
            self.sweeping = True
            self.loop.call_later(GRACE_SECONDS, self.sweep)

    def sweep(self) -> None:
        """Leave what nobody waits for."""
        self.sweeping = False
        if self.under_way.leave(lambda job: not job.series.wanted_tiles.keys() & set(job.places)):
            self.sweep_soon()

    def give_up(self, series: OpenSeries, words: Sentence) -> None:
        """Nobody gets tiles of this version any more."""
        for place in list(series.wanted_tiles):
            self.waiting.discard(series, place)
            self.answer(series, place, words)
        self.sweep_soon()

    def room(self, series: OpenSeries) -> int:
        """Return how many more fetches the archive of a series may have."""
        return FETCHERS - self.under_way.count(series.key.archive)

    def pump(self) -> None:
        """Give free threads what has waited longest."""
        self.pumping = False
        while (
            found := self.waiting.take(lambda series: self.room(series) > 0, _of_one_instance, TOGETHER)
        ) is not None:
            series, places = found
            # Few that wait are shared out among the threads that are free.
            share = -(-len(places) // self.room(series))
            for start in range(0, len(places), share):
                self.start(series, places[start : start + share])

    def start(self, series: OpenSeries, places: list[int]) -> None:
        """Fetch in a thread."""
        series.jobs += 1
        fetch = self.under_way.start(Job(series, tuple(places), urgent=True))
        future = self.loop.run_in_executor(self.fetchers, fetch.run, self.fetch, series, places)
        future.add_done_callback(partial(self.fetched, fetch))

    def fetched(self, fetch: Fetch, future: "asyncio.Future[dict[int, Result]]") -> None:
        """A fetch has ended: answer everybody; who came when it had just been left, waits for the next."""
        self.under_way.end(fetch)
        series = fetch.job.series
        series.jobs -= 1
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, Left):
            log.error("fetching tiles failed", exc_info=error)
        found = {} if error is not None or future.cancelled() else future.result()
        for place in fetch.job.places:
            if isinstance(error, Left):
                if place in series.wanted_tiles:
                    self.waiting.add(series, place)
                continue
            result = found.get(place) or words_of_error(
                error or Malformed(gettext_noop("the archive sent no such frame"))
            )
            self.passed += isinstance(result, TileBytes)
            self.answer(series, place, result)
        self.holdings.unload(series)
        self.pump()

    def answer(self, series: OpenSeries, place: int, result: Result) -> None:
        """Call everybody who waits for the tile."""
        for waiter in series.wanted_tiles.pop(place, {}).values():
            waiter(result)

    def fetch(self, series: OpenSeries, places: list[int]) -> dict[int, Result]:
        """Return what becomes of each place, all of one instance; runs in a thread."""
        found: dict[int, Result] = {}
        key = series.key
        try:
            archive = self.archives.get(key.archive)
            if not archive.near:
                found |= {place: TileBytes(*kept) for place in places if (kept := series.pack.read(place))}
            numbers = {series.places.frame(place)[1]: place for place in places if place not in found}
            uid = series.listed[series.places.frame(places[0])[0]].SOPInstanceUID or ""
            if numbers:
                revision = series.revisions.get(uid, "")
                for frame in archive.frames(key.study, key.series, uid, list(numbers), revision=revision):
                    if frame.number not in numbers or not frame.data or len(frame.data) > LARGEST_ENCODED:
                        raise Malformed(gettext_noop("the archive sent another frame than the one asked for"))
                    check_origin(frame)
                    place = numbers.pop(frame.number)
                    found[place] = TileBytes(frame.transfer_syntax, frame.data)
                    if not archive.near:
                        self.keep(series, place, frame.transfer_syntax, frame.data)
        except Left:
            raise
        except Exception as error:  # one bad frame: the others of the request may be whole
            if len(places) > 1 and not isinstance(error, OSError | Unreachable | Refused):
                for place in places:
                    if place not in found:
                        found |= self.fetch(series, [place])
            else:
                found |= {place: words_of_error(error) for place in places if place not in found}
        return found

    def keep(self, series: OpenSeries, place: int, syntax: str, data: bytes) -> None:
        """Keep the bytes of a distant archive beside the decoded frames, if the budget has room."""
        if self.shelf.is_aside(series.directory) or not self.shelf.make_room(len(data), lambda: self.holdings.in_use):
            return
        try:
            self.shelf.grow(series.pack.write(place, syntax, data))
        except OSError as error:
            log.warning("a tile couldn't be kept: %s", error.strerror)


def _of_one_instance(series: OpenSeries, one: int, other: int) -> bool:
    return series.places.frame(one)[0] == series.places.frame(other)[0]

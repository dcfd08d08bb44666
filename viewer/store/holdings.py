"""The series that are open in the store process: taken from the shelf or the archive, compared again, closed."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from viewer.archive import ArchiveError
from viewer.imaging.words import gettext_noop
from viewer.store import fill, frames, metadata, opened, shelf
from viewer.store.archives import Archives
from viewer.store.opened import CantOpen, OpenSeries

log = logging.getLogger(__name__)
UNUSED_SECONDS = 5.0
WATCH_SECONDS = 2.0


class Holdings:
    """Everything but reading and waiting is done on one event loop. `on_stale` hears of versions that were replaced."""

    def __init__(
        self, archives: Archives, shelved: shelf.Shelf, on_stale: Callable[[OpenSeries], None], reread_seconds: float
    ) -> None:
        self.archives = archives
        self.shelf = shelved
        self.on_stale = on_stale
        self.reread_seconds = reread_seconds
        self.series: dict[shelf.Key, OpenSeries] = {}
        self.opening: dict[shelf.Key, asyncio.Task[OpenSeries]] = {}
        self.rereading: dict[shelf.Key, asyncio.Task[None]] = {}
        self.in_use: frozenset[str] = frozenset()
        self.readers = ThreadPoolExecutor(4, "metadata")
        self.askers: dict[str, ThreadPoolExecutor] = {}
        self.watcher = ThreadPoolExecutor(1, "revisions")
        self.loop = asyncio.get_running_loop()

    async def open(self, key: shelf.Key) -> OpenSeries:
        """Return the series, from disk or from the archive, and count a user; raises CantOpen."""
        while True:
            series = self.series.get(key)
            if series is None:
                if key not in self.opening:
                    self.opening[key] = asyncio.create_task(self.load(key))
                    self.protect()
                series = await asyncio.shield(self.opening[key])
            if not series.stale and self.series.get(key) is series:
                break
        series.users += 1
        self.reread(series)
        return series

    def asker(self, archive: str) -> ThreadPoolExecutor:
        """Return the threads that ask an archive: one that is slow keeps no other waiting."""
        if archive not in self.askers:
            self.askers[archive] = ThreadPoolExecutor(4, f"metadata of {archive}")
        return self.askers[archive]

    def stop(self) -> None:
        """Take no more work."""
        for pool in (self.readers, self.watcher, *self.askers.values()):
            pool.shutdown(wait=False, cancel_futures=True)
        self.shelf.forget_aside()

    async def load(self, key: shelf.Key) -> OpenSeries:
        """Open what is on the shelf, else ask the archive."""
        try:
            series = await self.loop.run_in_executor(self.asker(key.archive), self.load_in_thread, key)
            self.series[key] = series
            self.loop.call_later(UNUSED_SECONDS, self.unload, series)
            return series
        finally:
            del self.opening[key]
            self.protect()

    def load_in_thread(self, key: shelf.Key) -> OpenSeries:
        """The part of `load` that reads and waits."""
        current = self.shelf.find(key)
        if current is not None:
            try:
                series = OpenSeries.load(self.shelf.directory(current), current)
                if self.revisions(series) in ({}, series.revisions):
                    return series
                series.files.close()
                self.shelf.drop(series.directory)
            except (OSError, metadata.BadMetadata, frames.BadTable, ValueError) as error:
                log.warning("series %s is damaged on disk and is fetched anew: %s", key.series, error)
                self.shelf.drop(self.shelf.directory(current))
        try:
            kept, digest, expected = opened.received(self.archives.get(key.archive), key)
        except (ArchiveError, metadata.BadMetadata) as error:
            raise CantOpen(error.args[0] if error.args else str(error)) from error
        return self.shelved(shelf.Current(key, digest, expected), kept)

    def shelved(self, current: shelf.Current, kept: metadata.Kept) -> OpenSeries:
        """Put a new version on the shelf and open it; raises CantOpen when neither disk nor memory takes it."""
        shapes = opened.shapes(kept.instances())
        for attempt in ("as it is", "with room made", "in memory"):
            try:
                if attempt == "with room made" and not self.shelf.free(fill.LEAST_FREED, lambda: self.in_use):
                    continue
                aside = attempt == "in memory"
                directory = self.shelf.add_aside(kept, shapes) if aside else self.shelf.add(current, kept, shapes)
                series = OpenSeries.load(directory, current)
                series.read_at = time.monotonic()
                return series
            except OSError as error:
                log.error("a series couldn't be put on the shelf %s: %s", attempt, error.strerror)
        raise CantOpen(gettext_noop("the disk of the image store is full"))

    def close(self, series: OpenSeries) -> None:
        """A user is done with it."""
        series.users -= 1
        self.unload(series)

    def unload(self, series: OpenSeries) -> None:
        """Close the files of a series that nobody uses and nothing works on."""
        if series.users or series.jobs or series.decoding or series.closed:
            return
        series.closed = True
        if self.series.get(series.key) is series:
            del self.series[series.key]
            self.protect()
        series.files.close()
        self.shelf.find(series.key)
        if series.stale or self.shelf.is_aside(series.directory):
            self.readers.submit(self.shelf.drop, series.directory)

    def protect(self) -> None:
        """Say anew which folders may not make room."""
        self.in_use = frozenset(key.folder for key in (*self.series, *self.opening))

    def reread(self, series: OpenSeries) -> None:
        """Ask the archive in the background whether the series is still the same."""
        if time.monotonic() - series.read_at > self.reread_seconds and series.key not in self.rereading:
            self.rereading[series.key] = asyncio.create_task(self.compare(series))

    async def watch(self) -> None:
        """For as long as the store runs: compare open series as soon as the archive tells other revisions."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for series in [each for each in self.series.values() if each.revisions]:
                found = await self.loop.run_in_executor(self.watcher, self.revisions, series)
                known: tuple[dict[str, str], ...] = (series.revisions, series.compared, {})
                if found not in known and not (series.stale or series.closed or series.key in self.rereading):
                    series.compared = found
                    self.rereading[series.key] = asyncio.create_task(self.compare(series))

    def revisions(self, series: OpenSeries) -> dict[str, str]:
        """Return the revisions that the archive tells now; none when it can't."""
        try:
            return self.archives.get(series.key.archive).revisions(series.key.study, series.key.series)
        except (ArchiveError, OSError, ValueError):
            return {}

    async def compare(self, series: OpenSeries) -> None:
        """Read the metadata; another digest makes this version stale. An archive that fails changes nothing."""
        key = series.key
        series.jobs += 1
        try:
            ask = partial(self.compare_in_thread, key, series.current.digest)
            kept, current = await self.loop.run_in_executor(self.asker(key.archive), ask)
            series.read_at = time.monotonic()
            if kept is not None:
                fresh = await self.loop.run_in_executor(self.readers, self.shelved, current, kept)
                series.stale = True
                self.series[key] = fresh
                self.on_stale(series)
                self.unload(fresh)
            elif current != series.current:
                series.current = current
                await self.loop.run_in_executor(self.readers, self.shelf.name, current)
        except (ArchiveError, metadata.BadMetadata, CantOpen, OSError) as error:
            log.warning("series %s couldn't be read again: %s", key.series, error)
        finally:
            del self.rereading[key]
            series.jobs -= 1
            self.unload(series)

    def compare_in_thread(self, key: shelf.Key, digest: str) -> tuple[metadata.Kept | None, shelf.Current]:
        """Return the archive's version, its metadata only when it differs."""
        kept, new, expected = opened.received(self.archives.get(key.archive), key)
        return (None if new == digest else kept), shelf.Current(key, new, expected)

"""The web process' side of the store: series and frames by await, read from the mapped files."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from viewer.imaging.record import Instance
from viewer.imaging.words import Words, gettext_noop
from viewer.store import metadata, protocol
from viewer.store.frames import FAILED, BadTable, NotPresent
from viewer.store.link import Link, LinkLost
from viewer.store.mapped import MappedFrames

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 10.0  # a killed store is back after about 7: its supervisor waits, and it imports its decoders
FIRST_PATIENCE_SECONDS = 20.0
LONGEST_WANT_SECONDS = 90.0
REOPEN_SECONDS = 30.0
IDLE_SECONDS = 900.0
SWEEP_SECONDS = 60.0
RECONNECT_SECONDS = (0.05, 1.0)
NO_STORE = gettext_noop("the image store is not answering")
TOO_LONG = gettext_noop("the frame took too long to arrive")
UNREADABLE = gettext_noop("the image store's files can't be read")
NO_FRAME = gettext_noop("there is no such frame")
CHANGED = gettext_noop("the series has changed in the archive")

OnProgress = Callable[[str, bytes], object]
OnChange = Callable[["SeriesStore"], object]
Key = tuple[str, str, str]


class StoreError(Exception):
    """The series can't be had; `words` says why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class FrameFailed(StoreError):
    """The frame can't be had; `words` says why."""


class SeriesStore:
    """One version of a series: its records and the frames that are already there."""

    def __init__(self, key: Key, directory: Path, digest: str, expected: int | None) -> None:
        """Map and parse what lies in `directory`; raises OSError, BadTable, BadMetadata or MetadataError."""
        self.archive, self.study, self.series = key
        self.directory = directory
        self.digest = digest
        self.expected = expected
        self.instances: list[Instance] = metadata.load(directory).instances()
        self.places = metadata.Places(self.instances)
        self.reasons: dict[int, Words] = {}
        self.changed = False
        self.handle: tuple[Link, int] | None = None
        self.map()

    def map(self) -> None:
        """Map the frame files, again when the store had to make them anew; raises BadTable or OSError."""
        frames = MappedFrames(self.directory)
        if frames.layout.count != self.places.count:
            raise BadTable("the table doesn't fit the metadata")
        self.frames = frames
        self.reasons = {}

    @property
    def key(self) -> Key:
        return self.archive, self.study, self.series

    def place(self, instance_uid: str, number: int = 1) -> int:
        """Return a frame's place in metadata order, which is its index in `states`; raises LookupError."""
        return self.places.place(instance_uid, number)

    def states(self) -> bytes:
        """Return one byte per frame in metadata order: 0 absent, 1 present, 2 failed, 3 on its way."""
        return self.frames.states()

    def present(self, instance_uid: str, number: int = 1) -> bool:
        """Say whether the frame can be had at once; raises LookupError."""
        return self.frames.present(self.place(instance_uid, number))

    def reason(self, instance_uid: str, number: int = 1) -> Words | None:
        """Return why the frame failed, None when it didn't; raises LookupError."""
        place = self.place(instance_uid, number)
        return self.reasons.get(place) if self.frames.states()[place] == FAILED else None


class StoreClient:
    """The connection of one process to its store; everything runs on one event loop."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.link: Link | None = None
        self.linked = asyncio.Event()
        self.ever_linked = False
        self.keeper: asyncio.Task[None] | None = None
        self.kept: dict[Key, SeriesStore] = {}
        self.known: WeakValueDictionary[Key, SeriesStore] = WeakValueDictionary()
        self.used: dict[Key, float] = {}
        self.asked_at: dict[Key, float] = {}
        self.opening: dict[Key, asyncio.Task[SeriesStore]] = {}
        self.looked: dict[Key, tuple[list[int], int, int, bool]] = {}
        self.progress: list[OnProgress] = []
        self.changes: list[OnChange] = []
        self.numbers = itertools.count(1)

    def on_progress(self, callback: OnProgress) -> None:
        """Have `callback(series_uid, states)` called when states change, five times a second at most."""
        self.progress.append(callback)

    def on_changed(self, callback: OnChange) -> None:
        """Have `callback(series)` called when the archive holds another version of a series in use."""
        self.changes.append(callback)

    async def series(self, archive: str, study: str, series_uid: str) -> SeriesStore:
        """Return the series, its metadata fetched if need be, and compared with the archive's in the background.

        Raises StoreError.
        """
        key = (archive, study, series_uid)
        self.used[key] = time.monotonic()
        series = self.kept.get(key)
        if series is None or series.changed:
            return await self.opened(key)
        if series.handle is not None and time.monotonic() - self.asked_at[key] > REOPEN_SECONDS:
            self.asked_at[key] = time.monotonic()
            self.reopen(key)
        return series

    async def frame(self, series: SeriesStore, instance_uid: str, number: int = 1, direction: int = 0) -> np.ndarray:
        """Return the stored values of a frame, (rows, columns) or (rows, columns, 3) RGB, read-only.

        `direction` is the reader's: +1, -1 or 0. Raises FrameFailed; cancelled, it takes the wish back.
        """
        try:
            place = series.place(instance_uid, number)
        except LookupError as error:
            raise FrameFailed(NO_FRAME) from error
        self.used[series.key] = time.monotonic()
        if series.frames.present(place):
            return series.frames.array(place)
        try:
            async with asyncio.timeout(LONGEST_WANT_SECONDS):
                return await self.wanted(series, place, direction)
        except TimeoutError as error:
            raise FrameFailed(TOO_LONG) from error

    async def tile(self, series: SeriesStore, instance_uid: str, number: int, bits: int = 0) -> tuple[str, bytes]:
        """Return (transfer syntax, bytes) of a frame as the archive stores it; nothing is decoded.
        With `bits`: decompressed to native words, as far as the codec keeps so many of each.
        Raises FrameFailed; cancelled, it takes the wish back.
        """
        try:
            place = series.place(instance_uid, number)
        except LookupError as error:
            raise FrameFailed(NO_FRAME) from error
        self.used[series.key] = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST_WANT_SECONDS):
                while True:
                    link, handle = await self.handle(series)
                    ask = next(self.numbers)
                    try:
                        answer = await link.ask(ask, protocol.WantTile(ask, handle, place, bits))
                    except LinkLost:
                        continue
                    if isinstance(answer, protocol.Tile):
                        return answer.syntax, answer.data
                    if isinstance(answer, protocol.Failed):
                        raise FrameFailed(protocol.words_of(answer.words))
                    series.handle = None
        except TimeoutError as error:
            raise FrameFailed(TOO_LONG) from error

    async def looking(
        self,
        series: SeriesStore,
        order: Sequence[tuple[str, int]],
        index: int,
        direction: int = 0,
        *,
        ahead: bool = False,
    ) -> None:
        """Tell the store that a reader is at `index` of `order` (instance UID, frame number): it fetches around.

        With `ahead` there is no reader yet: it fetches when nobody else wishes for anything. Frames that the series
        doesn't have are left out. While there is no store, the hint waits for it.
        """
        places = []
        for at, (instance_uid, number) in enumerate(order):
            with contextlib.suppress(LookupError):
                places.append(series.place(instance_uid, number))
                continue
            index -= at < index
        self.used[series.key] = time.monotonic()
        self.looked[series.key] = (places, max(index, 0), direction, ahead)
        if series.handle is None or series.handle[0] is not self.link:
            self.reopen(series.key)  # which looks, once it is done
        else:
            self.look(series)

    async def status(self) -> dict[str, Any]:
        """Return the figures of the store process; raises StoreError when there is none."""
        number = next(self.numbers)
        link = await self.connected()
        try:
            answer = await link.ask(number, protocol.AskStatus(number))
        except LinkLost as error:
            raise StoreError(NO_STORE) from error
        return answer.figures if isinstance(answer, protocol.Status) else {}

    async def close(self) -> None:
        """Let go of the store."""
        tasks = [task for task in (self.keeper, *self.opening.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.kept.clear()  # what is mapped keeps its room on the disk

    def let_go(self, key: Key) -> None:
        """Give a series back; who still has it in hand reads what is there, and opens it anew for anything else."""
        if (link := self.kept[key].handle) is not None:
            link[0].send(protocol.Close(link[1]))
        self.kept[key].handle = None
        for table in (self.kept, self.used, self.asked_at, self.looked):
            table.pop(key, None)

    # What follows is for this class only.

    async def wanted(self, series: SeriesStore, place: int, direction: int) -> np.ndarray:
        """Ask for a frame until it is there or has failed, over as many links as it takes."""
        while True:
            link, handle = await self.handle(series)
            number = next(self.numbers)
            try:
                answer = await link.ask(number, protocol.Want(number, handle, place, direction))
            except LinkLost:
                continue
            match answer:
                case protocol.Present():
                    with contextlib.suppress(NotPresent):
                        return series.frames.array(place)
                    series.handle = None  # present in other files than those that are mapped here
                    await asyncio.sleep(RECONNECT_SECONDS[0])
                case protocol.Uncached(_, shape, dtype, data):
                    return np.frombuffer(data, dtype).reshape(shape)
                case protocol.Failed(_, words):
                    series.reasons[place] = protocol.words_of(words)
                    raise FrameFailed(series.reasons[place])
                case _:
                    series.handle = None

    async def handle(self, series: SeriesStore) -> tuple[Link, int]:
        """Return the link and the series' handle on it; raises FrameFailed."""
        if series.handle is None or series.handle[0] is not self.link:
            try:
                await self.opened(series.key)
            except StoreError as error:
                raise FrameFailed(error.words) from error
        if series.changed or series.handle is None:
            raise FrameFailed(CHANGED)
        return series.handle

    async def opened(self, key: Key) -> SeriesStore:
        """Open the series, once for all who ask at the same time; raises StoreError."""
        return await asyncio.shield(self.reopen(key))

    def reopen(self, key: Key) -> "asyncio.Task[SeriesStore]":
        """Start to open the series, unless that is under way."""
        task = self.opening.get(key)
        if task is None:
            task = self.opening[key] = asyncio.create_task(self.open(key))
            task.add_done_callback(lambda done: (self.opening.pop(key, None), done.cancelled() or done.exception()))
        return task

    async def open(self, key: Key) -> SeriesStore:
        """Ask the store for the series and take what it says; raises StoreError."""
        while True:
            link = await self.connected()
            number = next(self.numbers)
            try:
                answer = await link.ask(number, protocol.Open(number, *key))
            except LinkLost:
                continue
            if isinstance(answer, protocol.Refused):
                raise StoreError(protocol.words_of(answer.words))
            if not isinstance(answer, protocol.Opened):
                raise StoreError(NO_STORE)
            try:
                return await self.taken(key, link, answer)
            except (OSError, ValueError, BadTable, metadata.BadMetadata) as error:
                link.send(protocol.Close(answer.handle))
                raise StoreError(UNREADABLE) from error

    async def taken(self, key: Key, link: Link, answer: protocol.Opened) -> SeriesStore:
        """Take over what the store has opened: the version that we know, or a new one."""
        known = self.known.get(key)
        if known is not None and (known.digest != answer.digest or known.changed):
            self.outdated(known)
            known = None
        directory = Path(answer.directory)
        if known is None:
            series = await asyncio.to_thread(SeriesStore, key, directory, answer.digest, answer.expected)
        else:
            series = known
            if not series.frames.same(directory):
                series.map()
        series.expected = answer.expected
        series.reasons.update((place, protocol.words_of(words)) for place, words in answer.reasons.items())
        if series.handle is not None and series.handle[0] is link:
            link.send(protocol.Close(series.handle[1]))
        series.handle = (link, answer.handle)
        self.known[key] = self.kept[key] = series
        self.used[key] = self.asked_at[key] = time.monotonic()
        self.look(series)
        return series

    def look(self, series: SeriesStore) -> None:
        """Pass on where the reader of a series looks."""
        if series.key in self.looked and series.handle is not None:
            link, handle = series.handle
            link.send(protocol.Looking(handle, *self.looked[series.key]))

    def outdated(self, series: SeriesStore) -> None:
        """The archive holds another version."""
        if not series.changed:
            series.changed = True
            self.looked.pop(series.key, None)
            for callback in self.changes:
                callback(series)

    def news(self, link: Link, message: protocol.Message) -> None:
        """Hand on what the store says by itself."""
        for series in list(self.known.values()):
            match message:
                case protocol.Progress(handle, reasons) if series.handle == (link, handle):
                    series.reasons.update((place, protocol.words_of(words)) for place, words in reasons.items())
                    states = series.states()
                    for callback in self.progress:
                        callback(series.series, states)
                case protocol.Changed(handle) if series.handle == (link, handle):
                    self.outdated(series)

    async def connected(self) -> Link:
        """Return the link, waiting up to 10 s for one (longer for the first); raises StoreError."""
        if self.keeper is None or self.keeper.done():
            self.keeper = asyncio.create_task(self.keep())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS if self.ever_linked else FIRST_PATIENCE_SECONDS):
                await self.linked.wait()
        except TimeoutError as error:
            raise StoreError(NO_STORE) from error
        if self.link is None:
            raise StoreError(NO_STORE)
        return self.link

    async def keep(self) -> None:
        """Stay linked to the store: as often as it goes, link again and open what is in use."""
        pause, longest = RECONNECT_SECONDS
        while True:
            try:
                link = await Link.to(self.state, self.news)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
                continue
            pause = RECONNECT_SECONDS[0]
            self.link = link
            self.ever_linked = True
            self.linked.set()
            for key, series in self.kept.items():
                if not series.changed:
                    self.reopen(key)
            sweeping = asyncio.create_task(self.sweep())
            try:
                await link.run()
            finally:
                sweeping.cancel()
                self.linked.clear()
                self.link = None
                link.end()
            log.warning("the store process has gone; waiting for the next")

    async def sweep(self) -> None:
        """Give series back that nobody has used for a quarter of an hour."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for key in [key for key in self.kept if time.monotonic() - self.used[key] > IDLE_SECONDS]:
                self.let_go(key)

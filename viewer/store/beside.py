"""A client of the store for a thread without an event loop: jobs fill the store with it, and look how far it is."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from viewer.store.client import SeriesStore, StoreClient
from viewer.store.frames import FAILED, NO_SHAPE, PRESENT

Result = TypeVar("Result")
PATIENCE_SECONDS = 60.0


class Filling:
    """One series that is being filled. `total` counts the frames that have pixels, `bytes` what they take decoded."""

    def __init__(self, series: SeriesStore) -> None:
        self.series = series
        layout = series.frames.layout
        shapes = series.frames.entries["shape"]
        self.wanted = shapes != NO_SHAPE
        self.total = int(self.wanted.sum())
        self.bytes = sum(
            int((shapes == number).sum()) * shape.frame_bytes for number, shape in enumerate(layout.shapes)
        )

    def done(self) -> int:
        """Return how many frames are there, or will never be."""
        states = np.frombuffer(self.series.states(), np.uint8)
        return int((((states == PRESENT) | (states == FAILED)) & self.wanted).sum())


class BesideStore:
    """Use as a context: leaving it takes every wish back. Methods raise StoreError."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="beside the store", daemon=True)
        self._thread.start()
        self._client = self._wait(self._connect())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()

    def open(self, archive: str, study: str, series_uid: str) -> Filling:
        """Open a series: its metadata is fetched if need be, its frames aren't."""
        return Filling(self._wait(self._client.series(archive, study, series_uid)))

    def fill(self, filling: Filling) -> None:
        """Have all frames of a series fetched, after everything that somebody looks at."""
        order = [
            (each.SOPInstanceUID or "", number)
            for each in filling.series.instances
            for number in range(1, each.frame_count + 1)
        ]
        self._wait(self._client.looking(filling.series, order, 0, ahead=True))

    def budget(self) -> int:
        """Return how many bytes the store may hold."""
        return int(self._wait(self._client.status())["budget"])

    async def _connect(self) -> StoreClient:
        return StoreClient(self._state)

    def _wait(self, asked: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(PATIENCE_SECONDS)

"""What threads have to say of frames, told to the loop many at a time: to wake it for each would cost the most."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

from viewer.store.opened import OpenSeries, Stored

SECONDS = 0.02


class Together:
    """Use as a context in one thread. What somebody waits for, and what isn't just a frame stored, is told at once."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, take: Callable[[OpenSeries, int, Any], None], then: Callable[[], None]
    ) -> None:
        """On the loop, `take` is called with each outcome, and `then` after some of them."""
        self.loop = loop
        self.take = take
        self.then = then
        self.told: list[tuple[OpenSeries, int, Any]] = []
        self.since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hand_over()

    def tell(self, series: OpenSeries, place: int, outcome: object) -> None:
        """Say what became of a place."""
        self.told.append((series, place, outcome))
        late = time.monotonic() - self.since > SECONDS
        if late or not isinstance(outcome, Stored) or place in series.waiting:
            self.hand_over()

    def hand_over(self) -> None:
        """Have the loop take all that was said."""
        told, self.told, self.since = self.told, [], time.monotonic()
        if told:
            self.loop.call_soon_threadsafe(self.taken, told)

    def taken(self, told: list[tuple[OpenSeries, int, Any]]) -> None:
        """On the loop: take them."""
        for each in told:
            self.take(*each)
        self.then()

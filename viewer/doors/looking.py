"""Where the readers of one socket look: their neighbours are fetched first, and they hear how far that is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from viewer import rendering
from viewer.doors.messages import Looking
from viewer.doors.opened import Opened
from viewer.doors.refusal import Refusal
from viewer.imaging.stack import Shown, Stack

logger = logging.getLogger(__name__)

MOST_WATCHED = 32
LETTERS = np.frombuffer(b".pf.", np.uint8)  # absent, present, failed, on its way
ABSENT, MISSING = ".", ord("m")

Tell = Callable[[dict[str, Any]], Awaitable[None]]


class Looker:
    """Follows the stacks that one page shows."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.watched: dict[tuple[str, str], tuple[Opened, Stack]] = {}
        self.told: dict[tuple[str, str], str] = {}
        self.studio: rendering.Studio | None = None
        self.telling: set[asyncio.Task[None]] = set()

    async def look(self, looking: Looking) -> None:
        """Have what lies around the reader fetched first. A series that can't be opened is the want's to explain."""
        self.studio = await rendering.studio()
        try:
            opened = await self.studio.series(looking.archive, looking.study, looking.series)
        except Refusal:
            return
        stack = next((each for each in opened.stacks if each.key == looking.stack), None)
        if stack is None:
            return
        key = (looking.series, looking.stack)
        known = self.watched.pop(key, None)
        self.watched[key] = (opened, stack)
        for oldest in list(self.watched)[:-MOST_WATCHED]:
            del self.watched[oldest]
        self.studio.watchers.add(self.changed)
        await self.tell_progress(key)
        # A hand that scrolls through what is all there has nothing to hurry: the store is left in peace.
        if known is None or known[0] is not opened or ABSENT in letters(opened, stack):
            order, here = frames_of(stack, looking.index)
            await self.studio.client.looking(opened.series, order, here, looking.direction)

    def changed(self, series_uid: str) -> None:
        """Tell the progress of a series that this page shows; called by the studio, five times a second at most."""
        for key in self.watched:
            if key[0] == series_uid:
                task = asyncio.ensure_future(self.tell_progress(key))
                self.telling.add(task)
                task.add_done_callback(self._told)

    def _told(self, task: "asyncio.Task[None]") -> None:
        self.telling.discard(task)
        # An OSError is a page that has gone meanwhile; nobody is left to be told.
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, OSError):
            logger.error("telling how far a series is failed", exc_info=error)

    async def tell_progress(self, key: tuple[str, str]) -> None:
        """Tell which entries of a stack are there, unless that was told before."""
        if key not in self.watched:
            return
        opened, stack = self.watched[key]
        states = letters(opened, stack)
        if self.told.get(key) != states:
            self.told[key] = states
            await self.tell({"progress": {"series": key[0], "stack": key[1], "states": states}})

    async def close(self) -> None:
        """Stop following."""
        self.watched.clear()
        if self.studio is not None:
            self.studio.watchers.discard(self.changed)
        for task in self.telling:
            task.cancel()
        await asyncio.gather(*self.telling, return_exceptions=True)


def frames_of(stack: Stack, index: int) -> tuple[list[tuple[str, int]], int]:
    """Return (instance, frame) of the entries that have a picture, and the place of entry `index` among them."""
    order: list[tuple[str, int]] = []
    here = 0
    for at, entry in enumerate(stack.entries):
        if isinstance(entry, Shown):
            if at <= index:
                here = len(order)
            order.append((entry.SOPInstanceUID, entry.frame))
    return order, here


def letters(opened: Opened, stack: Stack) -> str:
    """Return one letter per entry: p present, . not yet, f failed, m missing."""
    states = np.frombuffer(opened.series.states(), np.uint8)
    places = opened.order(stack)
    found = np.full(len(places), MISSING, np.uint8)
    shown = places >= 0
    found[shown] = LETTERS[np.minimum(states[places[shown]], len(LETTERS) - 1)]
    return found.tobytes().decode("ascii")

"""Images shown before their series is known: each is asked for once, and forgotten when the series is open."""

import asyncio
import time
from collections import OrderedDict
from functools import partial
from typing import Any, Protocol

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.opened import Opened, build
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.store.client import StoreClient, StoreError
from viewer.store.glimpsed import Glimpsed, glimpse

MOST = 16
GOOD_FOR = 10.0  # seconds; a page that is opened later sees the archive as it is then

Key = tuple[str, str, str]


class Hands(Protocol):
    """What is needed of the studio."""

    client: StoreClient
    loop: asyncio.AbstractEventLoop

    async def run(self, work: Any) -> Any: ...


class Glimpses:
    """Used on the studio's loop."""

    def __init__(self, studio: Hands) -> None:
        self.studio = studio
        self.known: OrderedDict[tuple[Key, str], tuple[float, asyncio.Task[Opened]]] = OrderedDict()

    async def ask(self, key: Key, count: int | None, instance: str = "") -> Opened:
        """Return the series as far as a glimpse shows it: the image it opens with, or `instance`. Raises Refusal."""
        since, task = self.known.get((key, instance), (0.0, None))
        if task is None or task.cancelled() or (task.done() and time.monotonic() - since > GOOD_FOR):
            task = self.studio.loop.create_task(self._ask(key, count, instance))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self.known[(key, instance)] = time.monotonic(), task
            while len(self.known) > MOST:
                self.known.popitem(last=False)[1][1].cancel()
        # Whoever gives up waiting must not take it away from the others.
        return await asyncio.shield(task)

    async def _ask(self, key: Key, count: int | None, instance: str) -> Opened:
        try:
            seen = await glimpse(self.studio.client, key, count, instance)
        except StoreError as error:
            raise Refusal(502, translated(error)) from error
        if any(each.StudyInstanceUID not in {None, key[1]} for each in seen.instances):
            # An archive that ignores the study in the address must not lend one study's rights to another.
            raise Refusal(404, _("No such series in this study"))
        opened: Opened = await self.studio.run(partial(build, *key, seen))
        return opened

    def find(self, key: Key, instance: str) -> Opened | None:
        """Return the glimpse that shows an instance, if there is one; asks nobody."""
        for (known, _instance), (_since, task) in reversed(self.known.items()):
            if known == key and task.done() and not task.cancelled() and task.exception() is None:
                found = task.result()
                if isinstance(found.series, Glimpsed) and found.series.instance == instance:
                    return found
        return None

    def forget(self, key: Key) -> None:
        """The series is open: what was seen of it before is of no use any more."""
        for each in [each for each in self.known if each[0] == key]:
            del self.known[each]


def stored(opened: Opened, uid: str, number: int) -> np.ndarray | None:
    """Return the stored values of the frame of a glimpse; None for an opened series. Raises FrameFailed."""
    return opened.series.frame(uid, number) if isinstance(opened.series, Glimpsed) else None

"""What rays need to know of an opened volume before they leave: made once for all pictures of it, kept for a few."""

import asyncio
import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary
from zlib import crc32

import numpy as np

from viewer.imaging import blocks as blocked
from viewer.imaging.blocks import Blocks
from viewer.imaging.transfer import Transfer
from viewer.imaging.volume import Volume
from viewer.rendering import Studio

MOST_BYTES = 48 * 1024 * 1024
MOST_LEAPS = 4
CORES = os.cpu_count() or 1


@dataclass
class Scene:
    """Bounds of a volume's blocks; and for the transfer functions of late, where something shows."""

    blocks: Blocks
    leaps: "OrderedDict[object, np.ndarray]" = field(default_factory=OrderedDict)

    def leaps_of(self, key: object, transfer: Transfer) -> np.ndarray:
        """Return how far rays may leap in each block under a transfer function."""
        found = self.leaps.get(key)
        if found is None:
            found = blocked.leaps(self.blocks, transfer.matters)
            self.leaps[key] = found
            while len(self.leaps) > MOST_LEAPS:
                self.leaps.popitem(last=False)
        return found


class Scenes:
    """The scenes of late, within MOST_BYTES; those who want the same one wait for it together."""

    def __init__(self) -> None:
        self.kept: OrderedDict[object, Scene] = OrderedDict()
        self.making: dict[object, asyncio.Task[Scene]] = {}

    async def scene(self, studio: Studio, key: object, volume: Volume, stored: np.ndarray, slots: np.ndarray) -> Scene:
        """Return the scene of a volume whose frames are there; `key` names it and its series' digest."""
        key = (key, crc32(slots.tobytes()))
        found = self.kept.get(key)
        if found is not None:
            self.kept.move_to_end(key)
            return found
        task = self.making.get(key)
        if task is None:
            task = asyncio.ensure_future(self._made(studio, key, volume, stored, slots))
            self.making[key] = task
            task.add_done_callback(lambda done: self.making.pop(key, None))
        return await asyncio.shield(task)

    async def _made(self, studio: Studio, key: object, volume: Volume, stored: np.ndarray, slots: np.ndarray) -> Scene:
        empty = blocked.empty(volume)
        await together(studio, len(empty.filled), lambda layer: blocked.fill(empty, volume, stored, slots, layer))
        scene = self.kept[key] = Scene(empty)
        while len(self.kept) > 1 and sum(each.blocks.bytes for each in self.kept.values()) > MOST_BYTES:
            self.kept.popitem(last=False)
        return scene


scenes: "WeakKeyDictionary[Studio, Scenes]" = WeakKeyDictionary()


def of(studio: Studio) -> Scenes:
    """Return the scenes of a studio."""
    return scenes.setdefault(studio, Scenes())


async def together(studio: Studio, count: int, work: Callable[[int], None]) -> None:
    """Have `work` done for 0 to count - 1 in as many of the studio's threads as there are cores and are free.

    What it raises ends all of it.
    """
    turns, lock, loop = itertools.count(), threading.Lock(), asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    left = count

    def end(error: BaseException | None) -> None:
        if not done.done():
            done.set_result(None) if error is None else done.set_exception(error)

    def take_turns() -> None:
        nonlocal left
        while left > 0 and (turn := next(turns)) < count:
            try:
                work(turn)
            except BaseException as error:  # the waiting task's
                left = 0
                loop.call_soon_threadsafe(end, error)
                return
            with lock:
                left -= 1
                if left == 0:
                    loop.call_soon_threadsafe(end, None)

    threads = [asyncio.ensure_future(studio.run(take_turns)) for _thread in range(min(CORES, count))]
    try:
        await done
    finally:
        left = 0
        for thread in threads:
            thread.cancel()  # one that hasn't begun isn't waited for

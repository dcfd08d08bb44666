"""All frames of a stack, fetched by a few at a time, before a volume is cut."""

import asyncio
from collections import deque
from collections.abc import Sequence

from viewer.imaging.words import gettext_noop
from viewer.store.client import FrameFailed, SeriesStore, StoreClient
from viewer.store.wishes import outward

AT_ONCE = 4
NO_ROOM = gettext_noop("the image store has no room for the volume")


async def gathered(
    client: StoreClient, series: SeriesStore, frames: Sequence[tuple[str, int]], *, at_once: int = AT_ONCE
) -> dict[tuple[str, int], str]:
    """Wait until all `frames` (instance UID, number) are present or have failed; return the words of those that failed.

    The store fetches from the middle outwards. Raises FrameFailed when frames can't be had for now, because the archive
    or the store doesn't answer or the disk is full: they may not be taken for broken ones.
    """
    if not frames:
        return {}
    middle = len(frames) // 2
    waiting = deque(frames[at] for at in (middle, *outward(len(frames), middle, 0)))
    waiting = deque(frame for frame in waiting if not series.present(*frame))
    failed: dict[tuple[str, int], str] = {}

    async def fetch() -> None:
        while waiting:
            uid, number = waiting.popleft()
            try:
                await client.frame(series, uid, number)
            except FrameFailed as error:
                if series.reason(uid, number) is None:
                    raise
                failed[uid, number] = error.words
            else:
                if not series.present(uid, number):
                    raise FrameFailed(NO_ROOM)

    if waiting:
        await client.looking(series, frames, middle)
        fetchers = [asyncio.ensure_future(fetch()) for _ in range(at_once)]
        try:
            await asyncio.gather(*fetchers)
        finally:
            for fetcher in fetchers:
                fetcher.cancel()
            await asyncio.gather(*fetchers, return_exceptions=True)
    return failed

"""All frames of a stack: broken ones are told apart from those that can't be had for now."""

import asyncio
from typing import Any, cast

import pytest

from viewer.store.client import FrameFailed, SeriesStore, StoreClient
from viewer.store.gathering import NO_ROOM, gathered

FRAMES = [(f"1.2.{number}", 1) for number in range(20)]


class Pretend:
    """A series and its client in one: what is asked for comes, unless it is broken, away or has no room."""

    def __init__(self, *, broken: tuple[str, ...] = (), away: str = "", no_room: str = "", here: int = 0) -> None:
        self.broken, self.away, self.no_room = broken, away, no_room
        self.there = {uid for uid, _number in FRAMES[:here]}
        self.asked: list[str] = []
        self.at_once = self.most = 0

    async def looking(self, *what: Any) -> None:
        """The hint is heard."""

    async def frame(self, _series: Any, uid: str, _number: int) -> None:
        self.asked.append(uid)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        if uid in (*self.broken, self.away):
            raise FrameFailed("broken" if uid in self.broken else "away")
        if uid != self.no_room:
            self.there.add(uid)

    def present(self, uid: str, _number: int) -> bool:
        return uid in self.there

    def reason(self, uid: str, _number: int) -> str | None:
        return "broken" if uid in self.broken else None


async def gather(pretend: Pretend) -> dict[tuple[str, int], str]:
    return await gathered(cast(StoreClient, pretend), cast(SeriesStore, pretend), FRAMES)


async def test_what_is_absent_is_fetched_from_the_middle_outwards_by_a_few_at_a_time() -> None:
    pretend = Pretend(here=5)
    assert await gather(pretend) == {}
    assert sorted(pretend.asked) == sorted(uid for uid, _number in FRAMES[5:])
    assert pretend.asked[0] == FRAMES[10][0] and pretend.most == 4


async def test_broken_frames_are_told_and_the_others_come() -> None:
    pretend = Pretend(broken=("1.2.3", "1.2.19"))
    assert await gather(pretend) == {("1.2.3", 1): "broken", ("1.2.19", 1): "broken"}
    assert len(pretend.there) == 18


async def test_what_cannot_be_had_for_now_is_no_black_slice() -> None:
    with pytest.raises(FrameFailed, match="away"):
        await gather(Pretend(away="1.2.7"))
    with pytest.raises(FrameFailed, match=NO_ROOM):
        await gather(Pretend(no_room="1.2.7"))


async def test_all_there_asks_nobody() -> None:
    pretend = Pretend(here=20)
    assert await gather(pretend) == {} and not pretend.asked

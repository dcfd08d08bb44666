"""The newest wish of a pane wins, and no older picture comes after a newer one."""

import asyncio
import random

from viewer.doors.wishes import Wish, Wishes


class Bench:
    """Wishes over a renderer that is told when to finish."""

    def __init__(self, credit: int = 8) -> None:
        self.sent: list[int] = []
        self.dropped: list[int] = []
        self.started: list[int] = []
        self.gates: dict[int, asyncio.Event] = {}
        self.wishes = Wishes(self.fulfil, self.send, self.drop, credit)

    async def fulfil(self, wish: Wish) -> str:
        self.started.append(wish.seq)
        await self.gates.setdefault(wish.seq, asyncio.Event()).wait()
        return str(wish.seq)

    async def send(self, message: bytes | str) -> None:
        await asyncio.sleep(0)
        self.sent.append(int(message))

    async def drop(self, wish: Wish) -> None:
        self.dropped.append(wish.seq)

    async def want(self, *numbers: int, pane: int = 0, waiting: bool = True) -> None:
        for seq in numbers:
            await self.wishes.want(Wish(seq, pane, "", "", waiting))
        await settle()

    async def finish(self, *numbers: int) -> None:
        for seq in numbers:
            self.gates.setdefault(seq, asyncio.Event()).set()
            await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_the_credit_is_in_flight_and_the_newest_waits() -> None:
    bench = Bench(credit=2)
    await bench.want(1, 2, 3, 4, 5, waiting=False)
    assert bench.started == [1, 2] and bench.dropped == [3, 4]
    await bench.finish(1)
    assert bench.started == [1, 2, 5] and bench.sent == [1]


async def test_a_picture_that_was_overtaken_is_dropped() -> None:
    bench = Bench()
    await bench.want(1, 2, 3)
    await bench.finish(2, 1, 3)
    assert bench.sent == [2, 3] and bench.dropped == [1]


async def test_panes_do_not_overtake_each_other() -> None:
    bench = Bench()
    await bench.want(1, pane=0)
    await bench.want(2, pane=1)
    await bench.finish(2, 1)
    assert bench.sent == [2, 1] and bench.dropped == []


async def test_a_new_wish_takes_the_place_of_one_whose_frame_has_not_come() -> None:
    bench = Bench(credit=2)
    await bench.want(1, waiting=False)
    await bench.want(2)
    await bench.want(3)
    assert bench.started == [1, 2, 3] and bench.dropped == [2]
    await bench.finish(3, 1)
    assert bench.sent == [3] and bench.dropped == [2, 1]


async def test_a_full_pane_does_not_starve_another() -> None:
    bench = Bench(credit=1)
    await bench.want(1, waiting=False)
    await bench.want(2, pane=1)
    await bench.want(3, 4, pane=0)
    await bench.finish(1)
    assert bench.started == [1, 2]


async def test_nothing_is_sent_after_the_client_has_gone() -> None:
    bench = Bench(credit=2)
    await bench.want(1, 2, 3)
    await bench.wishes.close()
    await bench.finish(1, 2, 3)
    assert bench.sent == [] and bench.wishes.flying == []


async def test_under_any_delay_each_pane_only_moves_forward_and_every_wish_is_answered_once() -> None:
    chance = random.Random(7)
    answered: list[int] = []
    shown: dict[int, list[int]] = {0: [], 1: [], 2: []}
    panes: dict[int, int] = {}

    async def fulfil(wish: Wish) -> str:
        await asyncio.sleep(chance.random() * 0.004)
        wish.waiting = False
        await asyncio.sleep(chance.random() * 0.002)
        return str(wish.seq)

    async def send(message: bytes | str) -> None:
        await asyncio.sleep(chance.random() * 0.001)
        answered.append(int(message))
        shown[panes[int(message)]].append(int(message))

    async def drop(wish: Wish) -> None:
        answered.append(wish.seq)

    wishes = Wishes(fulfil, send, drop, credit=4)
    for seq in range(1000):
        panes[seq] = chance.randrange(3)
        await wishes.want(Wish(seq, panes[seq], "", ""))
        assert len(wishes.flying) <= 4
        await asyncio.sleep(chance.random() * 0.001)
    while wishes.flying:
        await asyncio.sleep(0.001)
    assert sorted(answered) == list(range(1000))
    assert all(order == sorted(order) for order in shown.values())
    last = {pane: max(seq for seq in panes if panes[seq] == pane) for pane in shown}
    assert all(order[-1] == last[pane] for pane, order in shown.items())


async def test_a_page_that_has_gone_is_no_error() -> None:
    class Gone(Bench):
        async def send(self, message: bytes | str) -> None:
            raise ConnectionResetError

    bench = Gone(credit=1)
    await bench.want(1)
    (wish,) = bench.wishes.flying
    await bench.finish(1)
    assert wish.task is not None and wish.task.done() and wish.task.exception() is None
    assert bench.wishes.flying == []

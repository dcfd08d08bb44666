"""Threads that work for a loop: results, errors, the caller's context, and work that nobody wants any more."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from viewer.threads import Threads

speaker: ContextVar[str] = ContextVar("speaker", default="nobody")


@pytest.fixture
def threads() -> Iterator[list[Threads]]:
    made: list[Threads] = []
    yield made
    for each in made:
        each.stop()


def two(made: list[Threads]) -> Threads:
    made.append(Threads(2, asyncio.get_running_loop(), "test"))
    return made[0]


async def test_results_reach_those_who_asked(threads: list[Threads]) -> None:
    pool = two(threads)
    found = await asyncio.gather(*(pool.run(lambda number=number: number * number) for number in range(2000)))
    assert found == [number * number for number in range(2000)]


async def test_an_error_is_the_callers(threads: list[Threads]) -> None:
    def fail() -> None:
        raise ValueError("no")

    pool = two(threads)
    with pytest.raises(ValueError, match="no"):
        await pool.run(fail)
    assert await pool.run(lambda: 1) == 1


async def test_work_is_done_in_the_callers_context(threads: list[Threads]) -> None:
    pool = two(threads)
    speaker.set("alice")
    assert await pool.run(speaker.get) == "alice"


async def test_work_that_was_cancelled_before_it_began_is_never_done(threads: list[Threads]) -> None:
    pool, go_on, done = two(threads), threading.Event(), []
    busy = [pool.run(lambda: go_on.wait(10)) for _ in range(2)]
    given_up = pool.run(lambda: done.append(1))
    wanted = pool.run(lambda: done.append(2))
    given_up.cancel()
    go_on.set()
    await asyncio.gather(*busy, wanted)
    assert done == [2]


async def test_what_waits_when_the_threads_end_is_cancelled(threads: list[Threads]) -> None:
    pool, go_on = two(threads), threading.Event()
    busy = [pool.run(lambda: go_on.wait(10)) for _ in range(2)]
    while not pool.waiting.empty():
        await asyncio.sleep(0.001)
    waits = pool.run(lambda: None)
    pool.stop()
    go_on.set()
    assert await asyncio.gather(*busy) == [True, True]
    with pytest.raises(asyncio.CancelledError):
        await waits
    for thread in pool.threads:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()

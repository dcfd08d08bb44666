"""Threads that work for an event loop: less is paid for a piece of work than with `run_in_executor`."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
Job = tuple["asyncio.Future[Any]", Context, Callable[[], Any]]


class Threads:
    """A few threads that take work from one queue; what is done meanwhile is told to the loop in one go."""

    def __init__(self, count: int, loop: asyncio.AbstractEventLoop, name: str) -> None:
        self.loop = loop
        self.waiting: SimpleQueue[Job | None] = SimpleQueue()
        self.done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self.told = False
        self.threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def run(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        """Have `work` done in one of the threads, in the caller's context; cancelled before it began, it never does."""
        future: asyncio.Future[Result] = self.loop.create_future()
        self.waiting.put((future, copy_context(), work))
        return future

    def stop(self) -> None:
        """End the threads after what they have in hand; what still waits is cancelled."""
        while not self.waiting.empty():
            job = self.waiting.get()
            if job is not None:
                job[0].cancel()
        for _ in self.threads:
            self.waiting.put(None)

    def _work(self) -> None:
        while (job := self.waiting.get()) is not None:
            future, context, work = job
            if future.cancelled():
                continue
            try:
                self._hand_in(future, context.run(work), None)
            except BaseException as error:  # it is the waiting task's
                self._hand_in(future, None, error)
            del job, future, context, work  # an idle thread keeps no picture alive

    def _hand_in(self, future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
        self.done.append((future, result, error))
        # `_tell` takes its word back before it looks, so what was appended before is seen by it or told anew.
        if not self.told:
            self.told = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self.told = False
        while self.done:
            future, result, error = self.done.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

"""Wishes of one socket: the newest of each pane wins, few are in flight, no older picture follows a newer one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

CREDIT = 8


@dataclass(eq=False)
class Wish:
    """One picture asked for. `waiting` holds until its frame is there: only then is it worth giving up."""

    seq: int
    pane: int
    resource: str
    query: str
    waiting: bool = True
    arrival: int = 0
    task: "asyncio.Task[None] | None" = field(default=None, repr=False)


class Wishes:
    """Keeps the wishes of one socket.

    `fulfil(wish)` makes the message, `send(message)` puts it on the wire, `drop(wish)` tells that it was overtaken.
    Wishes start in the order of their arrival while credit lasts. When it is used up, the newest wish of a pane
    replaces the one that waits for a start, and takes the place of its oldest that still waits for a frame.
    """

    def __init__(
        self,
        fulfil: Callable[[Wish], Awaitable[bytes | str]],
        send: Callable[[bytes | str], Awaitable[None]],
        drop: Callable[[Wish], Awaitable[None]],
        credit: int = CREDIT,
    ) -> None:
        self.fulfil, self.send, self.drop, self.credit = fulfil, send, drop, credit
        self.flying: list[Wish] = []
        self.unstarted: dict[int, Wish] = {}
        self.shown: dict[int, int] = {}
        self.arrivals = 0
        self.wire = asyncio.Lock()

    async def want(self, wish: Wish) -> None:
        """Take a wish up; whatever it overtakes is dropped."""
        self.arrivals += 1
        wish.arrival = self.arrivals
        overtaken = self.unstarted.pop(wish.pane, None)
        if overtaken:
            await self.drop(overtaken)
        if len(self.flying) >= self.credit:
            given_up = next((each for each in self.flying if each.pane == wish.pane and each.waiting), None)
            if given_up and given_up.task:
                self.flying.remove(given_up)
                given_up.task.cancel()
                await self.drop(given_up)
        self.unstarted[wish.pane] = wish
        self._start()

    async def close(self) -> None:
        """Give everything up: the client has gone."""
        self.unstarted.clear()
        tasks = [wish.task for wish in self.flying if wish.task]
        self.flying.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self) -> None:
        while self.unstarted and len(self.flying) < self.credit:
            pane = min(self.unstarted, key=lambda each: self.unstarted[each].arrival)
            wish = self.unstarted.pop(pane)
            self.flying.append(wish)
            wish.task = asyncio.get_running_loop().create_task(self._fly(wish))

    async def _fly(self, wish: Wish) -> None:
        try:
            message = await self.fulfil(wish)
            async with self.wire:
                if self.shown.get(wish.pane, 0) > wish.arrival:
                    await self.drop(wish)
                else:
                    self.shown[wish.pane] = wish.arrival
                    await self.send(message)
        except OSError:
            pass  # the page has gone, and with it whoever wanted the picture
        finally:
            if wish in self.flying:
                self.flying.remove(wish)
                self._start()

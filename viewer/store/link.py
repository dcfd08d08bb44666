"""One connection to the store process: questions find their answers, news goes to whoever holds the link."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from viewer.store import protocol
from viewer.store.protocol import Message


class LinkLost(Exception):
    """The store process has gone; another link may be had soon."""


class Link:
    """Lives until the connection breaks, and is then thrown away."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_news: Callable[["Link", Message], None]
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.on_news = on_news
        self.pending: dict[int, asyncio.Future[Message]] = {}
        self.lost = False

    @classmethod
    async def to(cls, state: Path, on_news: Callable[["Link", Message], None]) -> "Link":
        """Return a link to the store of `state`; raises OSError when there is none."""
        with protocol.address(state) as address:
            reader, writer = await asyncio.open_unix_connection(address)
        return cls(reader, writer, on_news)

    async def run(self) -> None:
        """Take answers until the connection breaks."""
        try:
            while True:
                answer = await protocol.read(self.reader, protocol.answers, protocol.LARGEST_ANSWER)
                if isinstance(answer, protocol.Progress | protocol.Changed):
                    self.on_news(self, answer)
                elif (asked := self.pending.pop(answer.ask, None)) is not None and not asked.done():
                    asked.set_result(answer)
        except (asyncio.IncompleteReadError, OSError, protocol.ProtocolError):
            pass
        finally:
            self.end()

    def end(self) -> None:
        """Close the connection; whoever waits learns that it is lost."""
        self.lost = True
        self.writer.close()
        for asked in self.pending.values():
            if not asked.done():
                asked.set_exception(LinkLost())
        self.pending = {}

    def send(self, message: Message) -> None:
        """Send what needs no answer."""
        if not self.lost:
            self.writer.write(protocol.packed(message))

    async def ask(self, number: int, message: Message) -> Message:
        """Return the answer to `message`, whose `ask` is `number`; raises LinkLost. Whoever stops waiting says so."""
        if self.lost:
            raise LinkLost
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.pending[number] = answer
        self.writer.write(protocol.packed(message))
        try:
            return await answer
        finally:
            if self.pending.pop(number, None) is not None and not self.lost:
                self.send(protocol.Forget(number))

"""A client that costs little: one connection, prepared requests, bodies counted and thrown away.

It shares the cores with the server that it measures, so it parses no more than the length of an answer.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import uvloop

from bench.servers import Peer

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Line(asyncio.Protocol):
    """One kept connection. `ask` puts one request on it and returns the size of the answer's body in bytes."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[int] | None = None
        self.head = b""
        self.left = -1  # bytes of the body still to come; -1: the head isn't complete
        self.size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        self._end(error or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Count."""
        if self.left < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            found = LENGTH.search(self.head, 0, end)
            if not self.head.startswith(b"HTTP/1.1 200") or found is None:
                self._end(OSError(f"{self.head[:300]!r}"))
                return
            self.size = int(found[1])
            self.left = self.size - (len(self.head) - end - 4)
            self.head = b""
        else:
            self.left -= len(data)
        if self.left == 0:
            self.left = -1
            if self.answered is not None and not self.answered.done():
                self.answered.set_result(self.size)

    def _end(self, error: Exception) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(error)

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """Send one request; the future has the size of the body, or OSError for anything but 200."""
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)  # type: ignore[attr-defined]
        return self.answered


async def connected(server: Peer) -> Line:
    """Return a connection to a server."""
    where = urlsplit(server.root)
    return (await asyncio.get_running_loop().create_connection(Line, where.hostname, where.port))[1]


def request(server: Peer, address: str, query: str, accept: str = "image/jpeg") -> bytes:
    """Return one request as it stands on the wire."""
    where = urlsplit(server.root)
    return (
        f"GET {where.path}{address}?{query} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Authorization: {server.authorization}\r\nAccept: {accept}\r\n\r\n"
    ).encode()


def windowed(server: Peer, addresses: list[str], turns: int) -> list[bytes]:
    """Return `turns` requests that go through the slices, each with another window: nothing can come from a cache."""
    return [
        request(
            server, addresses[turn % len(addresses)], f"window={40 + turn % 61},{400 + turn % 53},linear&quality=85"
        )
        for turn in range(turns)
    ]


def race(server: Peer, requests: list[bytes], connections: int) -> tuple[list[float], float, int]:
    """Send all requests over `connections` at once; return (seconds of each, seconds of all, bytes of all)."""

    async def run() -> tuple[list[float], float, int]:
        waits: list[float] = []
        sizes: list[int] = []
        numbers: Iterator[bytes] = iter(requests)
        lines = [await connected(server) for _ in range(connections)]

        async def client(line: Line) -> None:
            for each in numbers:
                began = time.perf_counter()
                sizes.append(await line.ask(each))
                waits.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(client(line) for line in lines))
        taken = time.perf_counter() - began
        for line in lines:
            line.transport.abort()  # type: ignore[attr-defined]
        return waits, taken, sum(sizes)

    return uvloop.run(run())


def part(waits: list[float], share: float) -> float:
    """Return the wait in ms that `share` of all stay below."""
    return 1000 * sorted(waits)[min(int(share * len(waits)), len(waits) - 1)]


def paced(at: float, work: Callable[[], object]) -> None:
    """Call `work` when the running loop's clock shows `at`."""
    asyncio.get_running_loop().call_at(at, work)

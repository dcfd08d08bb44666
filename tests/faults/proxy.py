"""A proxy that spoils what a real archive answers: late, slow, cut, reset, stalled, disguised, up and down.

Seedable: the same seed and the same order of requests give the same faults.
"""

import asyncio
import contextlib
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

PIECE = 16 << 10


@dataclass(frozen=True)
class Fault:
    """What happens to one answer. Seconds, bytes of the body, bytes a second; None leaves a thing as it is.

    A share between 0 and 1 stands for that part of the body. `headers` are set, or left out where None.
    """

    latency: float = 0.0
    jitter: float = 0.0
    bandwidth: float | None = None
    reset_after: float | None = None
    truncate_after: float | None = None
    stall_after: float | None = None
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    refuse: bool = False

    @property
    def cut(self) -> float | None:
        """Where the body ends before its end."""
        return next((at for at in (self.reset_after, self.truncate_after, self.stall_after) if at is not None), None)


NONE = Fault()
Choose = Callable[[str, random.Random], Fault]


@dataclass
class Seen:
    """One request: `spoiled` when its answer wasn't passed on as it was, `left` when the client went before its end."""

    method: str
    path: str
    headers: dict[str, str]
    at: float
    spoiled: bool = False
    left: float | None = None


class FaultProxy:
    """Stands before `upstream` (http://host:port/path) on a port of its own; `choose` says what befalls a request."""

    def __init__(self, upstream: str, *, seed: int = 0, choose: Choose | None = None) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.path = parts.path
        self.choose: Choose = choose or (lambda path, dice: NONE)
        self.dice = random.Random(seed)
        self.seen: list[Seen] = []
        self.up = True  # while it isn't, whoever connects is cut off at once
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flapping: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def root(self) -> str:
        """The address at which the archive is to be asked."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def count(self, pattern: str = "", *, spoiled: bool | None = None) -> int:
        """Return how many requests there were for a path (a regular expression)."""
        return sum(bool(re.search(pattern, each.path)) and spoiled in (None, each.spoiled) for each in self.seen)

    def start(self) -> "FaultProxy":
        """Listen, on a free port the first time."""
        if not self._thread.is_alive():
            self._thread.start()
        self._do(self._listen())
        return self

    def refuse(self) -> None:
        """Listen no more and cut everybody off: connections are refused until `start`."""
        self._do(self._close())

    def flap(self, shortest: float, longest: float) -> None:
        """Be up and down by turns, each for so many seconds; `steady` ends it."""

        async def turns() -> None:
            while True:
                await asyncio.sleep(self.dice.uniform(shortest, longest))
                self.up = not self.up
                if not self.up:
                    self._abort()

        async def begin() -> None:
            self._flapping = asyncio.create_task(turns())

        self._do(begin())

    def steady(self) -> None:
        """Be up from now on."""

        async def end() -> None:
            if self._flapping is not None:
                self._flapping.cancel()
            self.up = True

        self._do(end())

    def stop(self) -> None:
        """End for good."""
        self.steady()
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _do(self, what: "asyncio.Future[None] | object") -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None
        self._abort()
        await asyncio.sleep(0.01)

    def _abort(self) -> None:
        for writer in list(self._writers):
            reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            if self.up:
                await self._answer(reader, writer)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await self._request(reader, spoiled=True)
                reset(writer)
        self._writers.discard(writer)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, *, spoiled: bool = False) -> tuple[Seen, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = line.split(" ", 2)
        seen = Seen(method, path, headers, time.monotonic(), spoiled)
        self.seen.append(seen)
        return seen, body

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen, sent = await self._request(reader)
        fault = self.choose(seen.path, self.dice)
        seen.spoiled = fault != NONE
        gone = asyncio.create_task(reader.read(1))  # the client says nothing more: whatever comes is its end
        gone.add_done_callback(lambda _: setattr(seen, "left", time.monotonic()))
        try:
            async with asyncio.timeout(120):
                spoiling = asyncio.create_task(self._spoil(fault, seen, sent, writer))
                await asyncio.wait({spoiling, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not spoiling.done():
                    spoiling.cancel()
                else:
                    seen.left = None
                    spoiling.result()
        finally:
            gone.cancel()

    async def _spoil(self, fault: Fault, seen: Seen, sent: bytes, writer: asyncio.StreamWriter) -> None:
        if fault.refuse:
            return reset(writer)
        await asyncio.sleep(fault.latency + self.dice.uniform(0, fault.jitter))
        status, headers, body = await self._fetched(seen, sent)
        if fault.body is not None:
            body = fault.body
            headers = {name: text for name, text in headers.items() if name != "transfer-encoding"}
            headers["content-length"] = str(len(body))
        for name, text in fault.headers.items():
            headers.pop(name.lower(), None)
            if text is not None:
                headers[name.lower()] = text
        headers["connection"] = "close"
        lines = [f"HTTP/1.1 {fault.status or status} Spoiled", *(f"{name}: {text}" for name, text in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        end = len(body)
        if fault.cut is not None:
            end = int(fault.cut * end) if fault.cut < 1 else min(int(fault.cut), end)
        size = max(64, min(PIECE, int(fault.bandwidth / 20))) if fault.bandwidth else PIECE
        for start in range(0, end, size):
            piece = body[start : min(start + size, end)]
            writer.write(piece)
            await writer.drain()
            if fault.bandwidth:
                await asyncio.sleep(len(piece) / fault.bandwidth)
        if fault.stall_after is not None:
            await writer.drain()
            await asyncio.sleep(3600)
        if fault.reset_after is not None:
            await writer.drain()
            reset(writer)
        return None

    async def _fetched(self, seen: Seen, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return the archive's own status, headers and body as they went over the wire."""
        reader, writer = await asyncio.open_connection(*self.upstream)
        kept = {name: text for name, text in seen.headers.items() if name not in ("connection", "host")}
        kept |= {"host": f"{self.upstream[0]}:{self.upstream[1]}", "connection": "close"}
        lines = [f"{seen.method} {seen.path} HTTP/1.1", *(f"{name}: {text}" for name, text in kept.items()), "", ""]
        try:
            writer.write("\r\n".join(lines).encode("latin-1") + sent)
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): text.strip() for name, _, text in (each.partition(":") for each in lines)}
        return int(line.split(" ")[1]), headers, body


def reset(writer: asyncio.StreamWriter) -> None:
    """Cut a connection off with a reset instead of an end."""
    raw = writer.get_extra_info("socket")
    if raw is not None and not writer.transport.is_closing():
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def cuts(share: float, pattern: str = "/frames/", *, silent: float = 0.0) -> Choose:
    """Return a choice that cuts or resets so many of the answers at a random byte.

    A `silent` share of these lose the length and the encoding that would betray the cut.
    """

    def choose(path: str, dice: random.Random) -> Fault:
        if not re.search(pattern, path) or dice.random() >= share:
            return NONE
        at = dice.random()
        fault = Fault(reset_after=at) if dice.random() < 0.5 else Fault(truncate_after=at)
        if dice.random() < silent:
            fault = replace(fault, reset_after=None, truncate_after=at, headers={"content-length": None})
        return fault

    return choose


@contextlib.contextmanager
def spoiling(upstream: str, *, seed: int = 0, choose: Choose | None = None) -> Iterator[FaultProxy]:
    """Stand before an archive until the block ends."""
    proxy = FaultProxy(upstream, seed=seed, choose=choose).start()
    try:
        yield proxy
    finally:
        proxy.stop()

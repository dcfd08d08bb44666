"""A line that is slow by design: a TCP proxy with a round trip and a rate, for tests and benchmarks.

Every chunk of bytes waits for its turn on the line (one rate for all connections of a direction, as on a real one)
and then for half a round trip. What would not fit into the line's buffer isn't read: TCP holds the sender back.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK = 4096  # bytes that pass at once: connections share the line as packets do
BUFFER_SECONDS = 0.05  # of full rate that wait in front of the line


@dataclass(frozen=True)
class Quality:
    """What a line can do: `round_trip` in seconds, `rate` in bytes a second and direction."""

    round_trip: float
    rate: float

    @classmethod
    def of(cls, milliseconds: float, megabits: float) -> "Quality":
        """Return a line with a round trip in milliseconds and a rate in Mbit/s."""
        return cls(milliseconds / 1000, megabits * 1e6 / 8)


@dataclass
class Way:
    """One direction of the line: when it will be free again, and how many bytes it has carried."""

    quality: Quality
    free_at: float = 0.0
    carried: int = field(default=0)

    def take(self, size: int, now: float) -> float:
        """Put so many bytes on the line; return when the last of them arrives."""
        self.free_at = max(now, self.free_at) + size / self.quality.rate
        self.carried += size
        return self.free_at + self.quality.round_trip / 2

    def room_in(self, now: float) -> float:
        """Return the seconds until the buffer before the line has room."""
        return max(0.0, self.free_at - now - BUFFER_SECONDS)


class Line:
    """A listening port whose connections go to `target` over a line of some quality."""

    def __init__(self, target: int, quality: Quality) -> None:
        self.target = target
        self.up, self.down = Way(quality), Way(quality)
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def change(self, quality: Quality) -> None:
        """Be another line from now on."""
        self.up.quality = self.down.quality = quality

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0, limit=CHUNK))
        self.port = server.sockets[0].getsockname()[1]
        self.started.set()
        self.loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.up.quality.round_trip)  # the handshake
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
        except OSError:
            writer.close()
            return
        ways = (self._carry(reader, far_writer, self.up), self._carry(far_reader, writer, self.down))
        with contextlib.suppress(asyncio.CancelledError):  # the line's own end
            await asyncio.gather(*ways)
        writer.close()
        far_writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        """Read, wait, write; the end of what is read is the end of what is written."""
        travelling: deque[tuple[float, bytes]] = deque()
        more = asyncio.Event()

        async def arrive() -> None:
            while True:
                while travelling:
                    at, chunk = travelling.popleft()
                    await asyncio.sleep(at - self.loop.time())
                    if not chunk:
                        return
                    writer.write(chunk)
                    await writer.drain()
                more.clear()
                await more.wait()

        arrivals = asyncio.ensure_future(arrive())
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                travelling.append((way.take(len(chunk), self.loop.time()), chunk))
                more.set()
                if (pause := way.room_in(self.loop.time())) > 0:
                    await asyncio.sleep(pause)
        travelling.append((self.loop.time() + way.quality.round_trip / 2, b""))
        more.set()
        with contextlib.suppress(OSError):
            await arrivals
            writer.write_eof()


@contextlib.contextmanager
def line(target: int, quality: Quality) -> Iterator[Line]:
    """Run a slow line to a local port until the block ends."""
    running = Line(target, quality)
    running.thread.start()
    running.started.wait(10)
    try:
        yield running
    finally:
        running.loop.call_soon_threadsafe(running.loop.stop)
        running.thread.join(10)

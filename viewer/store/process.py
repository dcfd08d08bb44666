"""The store process: a unix socket server in front of the store, one connection for each web process."""

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from viewer.imaging.words import gettext_noop
from viewer.store import glimpse, protocol, shelf, wholewords
from viewer.store.opened import CantOpen, Gone, NoRoom, OpenSeries, Result, Stored, TileBytes, Waiter
from viewer.store.protocol import Message
from viewer.store.store import Store

log = logging.getLogger(__name__)
CREDENTIALS = struct.Struct("iII")
LARGEST_BACKLOG = 8 << 20
LOCK = "frames.lock"
LEAST_BUDGET = 256 << 20
GONE = gettext_noop("the series has to be opened again")
Asking = Callable[[OpenSeries, int, object, Waiter], None]


class AnotherStore(Exception):
    """A store process is already at work on this state folder."""


class Connection:
    """One client: the series that it uses and the answers that it waits for."""

    def __init__(self, store: Store, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.store = store
        self.reader = reader
        self.writer = writer
        self.handles: dict[int, OpenSeries] = {}
        self.asks: dict[int, tuple[OpenSeries, int]] = {}
        self.openings: set[asyncio.Task[None]] = set()
        self.last_handle = 0

    async def run(self) -> None:
        """Answer until the client goes or talks nonsense."""
        try:
            while True:
                self.take(await protocol.read(self.reader, protocol.requests, protocol.LARGEST_REQUEST))
        except (asyncio.IncompleteReadError, OSError):
            pass
        except protocol.ProtocolError as error:
            log.warning("a client was cut off: %s", error)
        finally:
            self.end()

    def take(self, request: Message) -> None:
        """Do what a request says."""
        match request:
            case protocol.Open():
                task = asyncio.create_task(self.open(request))
                self.openings.add(task)
                task.add_done_callback(self.openings.discard)
            case protocol.Close(handle):
                series = self.handles.pop(handle, None)
                if series is not None:
                    self.release(handle, series)
            case protocol.Want(ask, handle, place, direction):
                self.store.wishes.moved((id(self), handle), place, direction)
                self.want(ask, handle, place, self.store.want)
            case protocol.WantTile(ask, handle, place, 0):
                self.want(ask, handle, place, self.store.tiles.want)
            case protocol.WantTile(ask, handle, place, bits):
                whole = partial(wholewords.want, self.store.tiles, self.store.decoding, bits)
                self.want(ask, handle, place, whole)
            case protocol.Forget(ask):
                series_place = self.asks.pop(ask, None)
                if series_place is not None:
                    self.store.forget(*series_place, token=(id(self), ask))
            case protocol.Looking(handle, order, index, direction, ahead):
                series = self.handles.get(handle)
                if series is not None:
                    self.store.looking((id(self), handle), series, order, index, direction, ahead)
            case protocol.AskGlimpse():
                task = asyncio.create_task(self.glimpse(request))
                self.openings.add(task)
                task.add_done_callback(self.openings.discard)
            case protocol.AskStatus(ask):
                self.send(protocol.Status(ask, self.store.status()))

    async def open(self, request: protocol.Open) -> None:
        """Answer with the series' files."""
        try:
            series = await self.store.holdings.open(shelf.Key(request.archive, request.study, request.series))
        except CantOpen as error:
            return self.send(protocol.Refused(request.ask, protocol.sentence(error)))
        except Exception as error:
            log.exception("a series couldn't be opened")
            return self.send(protocol.Refused(request.ask, protocol.sentence(type(error).__name__)))
        if self.writer.is_closing():
            return self.store.holdings.close(series)
        self.last_handle += 1
        self.handles[self.last_handle] = series
        current = series.current
        answer = protocol.Opened(
            request.ask, self.last_handle, os.fspath(series.directory), current.digest, current.expected, series.reasons
        )
        return self.send(answer)

    async def glimpse(self, asked: protocol.AskGlimpse) -> None:
        """Answer with one image of a series that isn't open yet."""
        try:
            key = shelf.Key(asked.archive, asked.study, asked.series)
            found = await glimpse.glimpse(self.store, key, asked.count, asked.instance)
        except CantOpen as error:
            return self.send(protocol.Refused(asked.ask, protocol.sentence(error)))
        except Exception as error:
            log.exception("a glimpse of a series failed")
            return self.send(protocol.Refused(asked.ask, protocol.sentence(type(error).__name__)))
        kept, array = found.kept, found.array
        shape, dtype = list(array.shape), array.dtype.name
        pixels = array.tobytes()
        return self.send(
            protocol.Glimpse(asked.ask, kept.metadata, kept.bulkdata, found.instance, shape, dtype, pixels)
        )

    def want(self, ask: int, handle: int, place: int, ask_for: Asking) -> None:
        """Answer when the frame, or its stored bytes, are there, or when they are known not to come."""
        series = self.handles.get(handle)
        if series is None:
            return self.send(protocol.Refused(ask, protocol.sentence(GONE), gone=True))
        if not 0 <= place < series.places.count:
            return self.send(protocol.Failed(ask, protocol.sentence(gettext_noop("there is no such frame"))))
        self.asks[ask] = (series, place)
        try:
            ask_for(series, place, (id(self), ask), partial(self.answer, ask))
        except Gone:
            del self.asks[ask]
            self.send(protocol.Refused(ask, protocol.sentence(GONE), gone=True))
        return None

    def answer(self, ask: int, result: Result) -> None:
        """Send what became of a wanted frame."""
        self.asks.pop(ask, None)
        if isinstance(result, Stored):
            self.send(protocol.Present(ask))
        elif isinstance(result, TileBytes):
            self.send(protocol.Tile(ask, result.syntax, result.data))
        elif isinstance(result, NoRoom):
            array = result.array
            self.send(protocol.Uncached(ask, list(array.shape), array.dtype.name, array.tobytes()))
        else:
            self.send(protocol.Failed(ask, result))

    def send(self, answer: Message) -> None:
        """Send a message unless the client has gone."""
        if not self.writer.is_closing():
            self.writer.write(protocol.packed(answer))

    def told(self, series: OpenSeries, message: Callable[[int], Message]) -> None:
        """Send news about a series on each handle for it; a client that doesn't listen misses progress."""
        if self.writer.transport.get_write_buffer_size() < LARGEST_BACKLOG:
            for handle, mine in self.handles.items():
                if mine is series:
                    self.send(message(handle))

    def release(self, handle: int, series: OpenSeries) -> None:
        """Give a series back."""
        self.store.leave((id(self), handle))
        self.store.holdings.close(series)

    def end(self) -> None:
        """Give everything back."""
        self.writer.close()
        for ask, (series, place) in self.asks.items():
            self.store.forget(series, place, token=(id(self), ask))
        for handle, series in self.handles.items():
            self.release(handle, series)
        self.asks, self.handles = {}, {}


class Server:
    """Listens on STATE/store.sock and hands each connection to its own task."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.connections: set[Connection] = set()
        store.on_news = self.news
        store.on_change = self.change

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client, if it runs as the same user (or as root)."""
        peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        if CREDENTIALS.unpack(peer)[1] not in (os.getuid(), 0):
            log.warning("a client of another user was refused")
            writer.close()
            return
        connection = Connection(self.store, reader, writer)
        self.connections.add(connection)
        try:
            await connection.run()
        finally:
            self.connections.discard(connection)

    async def hang_up(self) -> None:
        """End all conversations."""
        for connection in self.connections:
            connection.writer.transport.abort()
        for _ in range(100):
            if not self.connections:
                return
            await asyncio.sleep(0.01)

    def news(self, series: OpenSeries) -> None:
        """States of frames have changed."""
        for connection in self.connections:
            connection.told(series, lambda handle: protocol.Progress(handle, series.news))

    def change(self, series: OpenSeries) -> None:
        """There is another version of the series."""
        for connection in self.connections:
            connection.told(series, protocol.Changed)


@contextlib.contextmanager
def sole(state: Path) -> Iterator[None]:
    """Hold the lock of the state folder; raises AnotherStore."""
    file = os.open(state / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise AnotherStore(f"another store process works in {state}") from error
    finally:
        os.close(file)


def default_budget(state: Path) -> int:
    """Return half of what is free and ours, at least 256 MiB."""
    return max(LEAST_BUDGET, (shutil.disk_usage(state).free + shelf.allocated(state / shelf.FOLDER)) // 2)


def prepare(state: Path) -> None:
    """Make the state folder, for nobody but us."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    state.chmod(0o700)


def unlink(address: str) -> None:
    """Remove a socket that an earlier process may have left."""
    Path(address).unlink(missing_ok=True)


async def serve(state: Path, *, budget: int | None, decoders: int, reread: float, follow: bool = False) -> None:
    """Run the store until SIGTERM or SIGINT, or with `follow` until standard input closes. Raises AnotherStore."""
    prepare(state)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    with sole(state), protocol.address(state) as address:
        store = Store(state, budget=budget or default_budget(state), decoders=decoders, reread=reread)
        store.warm()
        server = Server(store)
        unlink(address)
        previous = os.umask(0o177)
        try:
            listening = await asyncio.start_unix_server(server.accept, address)
        finally:
            os.umask(previous)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        if follow:
            loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(sys.stdin.fileno(), 4096) else ended.set())
        log.info("the store listens, with room for %d MiB", store.shelf.budget >> 20)
        await ended.wait()
        listening.close()
        await server.hang_up()
        unlink(address)
        store.stop()

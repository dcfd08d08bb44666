"""A reader's socket that costs little: wishes as they are given, pictures counted and thrown away."""

import asyncio
import json
import secrets
import struct
from base64 import b64encode
from urllib.parse import urlsplit

from bench.servers import CT, Peer

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Failed(OSError):
    """The server said no, or closed the socket."""


class Reader(asyncio.Protocol):
    """One socket of a viewer page. A wish is answered, or dropped because a newer one overtook it."""

    def __init__(self, server: Peer, ct: CT) -> None:
        self.server, self.ct = server, ct
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.wishes: dict[int, asyncio.Future[int]] = {}
        self.held = bytearray()
        self.seq = 0
        self.dropped = 0
        self.shaken = False

    @classmethod
    async def connected(cls, server: Peer, ct: CT) -> "Reader":
        """Return an open socket on the CT's study."""
        where = urlsplit(server.root)
        loop = asyncio.get_running_loop()
        _, reader = await loop.create_connection(lambda: cls(server, ct), where.hostname, where.port)
        await reader.open
        return reader

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        self.transport = transport
        host = urlsplit(self.server.root).netloc
        key = b64encode(secrets.token_bytes(16)).decode()
        self._put(
            f"GET /ws/{self.ct.study}/?archive=main HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            f"Authorization: {self.server.authorization}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        self._fail(Failed(str(error or "the socket was closed")))

    def close(self) -> None:
        """Leave."""
        self.transport.abort()  # type: ignore[attr-defined]

    def wish(self, query: str, instance: str, pane: int = 0, verb: str = "") -> "asyncio.Future[int]":
        """Ask for a picture; the future has the size of its message, 0 when it was dropped."""
        self.seq += 1
        series = f"/dicomweb/main/studies/{self.ct.study}/series/{self.ct.series}"
        resource = f"{series}/{verb}" if verb else f"{series}/instances/{instance}/frames/1/rendered"
        self.say({"want": {"seq": self.seq, "pane": pane, "resource": resource, "query": query}})
        future = self.wishes[self.seq] = asyncio.get_running_loop().create_future()
        return future

    def say(self, message: object) -> None:
        """Send a message."""
        self._frame(TEXT, json.dumps(message).encode())

    def _frame(self, kind: int, body: bytes) -> None:
        # A mask of zeros changes nothing and is as good as any other here.
        size = struct.pack(">BB", 0x80 | kind, 0x80 | len(body)) if len(body) < 126 else b""
        self._put((size or struct.pack(">BBH", 0x80 | kind, 0xFE, len(body))) + bytes(4) + body)

    def _put(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Take messages apart."""
        self.held += data
        if not self.shaken:
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.held.startswith(b"HTTP/1.1 101"):
                self._fail(Failed(bytes(self.held[:200]).decode("latin-1")))
                return
            del self.held[: end + 4]
            self.shaken = True
            self.open.set_result(None)
        while len(self.held) >= 2:
            short = self.held[1] & 0x7F
            at, width = {126: (4, ">H"), 127: (10, ">Q")}.get(short, (2, ""))
            if len(self.held) < at:
                return
            size = struct.unpack_from(width, self.held, 2)[0] if width else short
            if len(self.held) < at + size:
                return
            self._heard(self.held[0] & 15, at, size)
            del self.held[: at + size]

    def _heard(self, kind: int, at: int, size: int) -> None:
        if kind == BINARY:
            said = bytes(self.held[at + 4 : at + 40])  # {"seq":12,…
            self._answered(int(said[said.index(b":") + 1 : said.index(b",")]), size)
        elif kind == PING:
            self._frame(PONG, bytes(self.held[at : at + size]))
        elif kind == TEXT:
            message = json.loads(bytes(self.held[at : at + size]))
            if "dropped" in message:
                self.dropped += 1
                self._answered(message["dropped"], 0)
            elif "failed" in message or "refused" in message:
                self._fail(Failed(str(message)))

    def _answered(self, seq: int, size: int) -> None:
        future = self.wishes.pop(seq, None)
        if future is not None and not future.done():
            future.set_result(size)

    def _fail(self, error: Failed) -> None:
        for future in (self.open, *self.wishes.values()):
            if not future.done():
                future.set_exception(error)
        self.wishes.clear()

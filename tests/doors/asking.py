"""Asking at the doors as a person would: over HTTP and over a page's socket, in process."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from asgiref.testing import ApplicationCommunicator

from config.asgi import application
from viewer.models import Permit

HOST = (b"host", b"127.0.0.1")


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def picture(self) -> dict[str, Any]:
        """The description that came with the picture."""
        described: dict[str, Any] = json.loads(self.headers["samsyn-picture"])
        return described

    @property
    def words(self) -> str:
        """What a refusal says to a person."""
        return str(json.loads(self.body)["words"])


@dataclass
class People:
    """Bearer tokens of those who try the doors. Alice sees everything, Bob one study, Charlie nothing."""

    alice: str
    bob: str
    charlie: str
    permit_of_bob: Permit


@dataclass
class Socket:
    """A page's socket."""

    wire: ApplicationCommunicator

    async def say(self, **message: Any) -> None:
        """Send one message."""
        await self.wire.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def hear(self, seconds: float = 10) -> tuple[dict[str, Any], bytes]:
        """Return the next message: its JSON, and the picture's bytes if it brings one."""
        message = await self.wire.receive_output(seconds)
        if message["type"] == "websocket.close":
            return {"closed": message["code"]}, b""
        if message.get("text") is not None:
            return json.loads(message["text"]), b""
        data = message["bytes"]
        length = int.from_bytes(data[:4], "big")
        return json.loads(data[4 : 4 + length]), data[4 + length :]


def http_scope(
    path: str, token: str = "", method: str = "GET", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the scope of a request."""
    given = {"accept": "*/*"} | (headers or {}) | ({"authorization": f"Bearer {token}"} if token else {})
    address, _mark, query = path.partition("?")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": address, "raw_path": address.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [HOST, *((name.encode(), value.encode()) for name, value in given.items())],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip


async def ask(path: str, *, token: str = "", method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    """Send one request through the whole application, in process."""
    sent: list[dict[str, Any]] = []
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(http_scope(path, token, method, headers), receive, send)
    start = sent[0]
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def socket_scope(path: str, token: str) -> dict[str, Any]:
    """Return the scope of a page's socket."""
    address, _mark, query = path.partition("?")
    bearer = [(b"authorization", f"Bearer {token}".encode())] if token else []
    return {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": address, "raw_path": address.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [HOST, (b"origin", b"http://127.0.0.1"), *bearer],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "subprotocols": [],
    }  # fmt: skip


@contextlib.asynccontextmanager
async def sockets() -> AsyncIterator[Callable[[str, str], Awaitable[Socket]]]:
    """Yield what opens a page's socket at an address with a token; all are closed when the block ends."""
    opened: list[ApplicationCommunicator] = []

    async def connected(path: str, token: str) -> Socket:
        wire = ApplicationCommunicator(application, socket_scope(path, token))
        opened.append(wire)
        await wire.send_input({"type": "websocket.connect"})
        assert (await wire.receive_output(5))["type"] == "websocket.accept"
        return Socket(wire)

    yield connected
    for wire in opened:
        await wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await wire.wait(5)


Get = Callable[..., Awaitable[Answer]]
Connect = Callable[..., Awaitable[Socket]]

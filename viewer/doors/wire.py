"""Both ends of a socket, as an ASGI server gives them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

STUCK_FOR = 60.0  # seconds for which a page may take nothing of what it is sent

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Ended(ConnectionError):
    """The socket has ended: its page has left, or takes nothing any more."""


class Wire:
    """What is said after a socket's end, ours or the page's, is lost: nobody is there to hear it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.ended = False
        self._sending = 0
        self._moved_at = 0.0

    async def watch(self) -> None:
        """Raise Ended when the page has taken nothing of what it is sent for a minute."""
        while True:
            await asyncio.sleep(STUCK_FOR / 4)
            if self._sending and time.monotonic() - self._moved_at > STUCK_FOR:
                raise Ended

    async def receive(self) -> dict[str, Any]:
        """Return the next message, which may be the end."""
        message = await self._receive()
        self.ended = self.ended or message["type"] == "websocket.disconnect"
        return message

    async def text(self, words: str) -> None:
        """Send a text message."""
        await self.send({"type": "websocket.send", "text": words})

    async def binary(self, data: bytes) -> None:
        """Send a binary message."""
        await self.send({"type": "websocket.send", "bytes": data})

    async def close(self, code: int) -> None:
        """End the socket with a code that tells why."""
        await self.send({"type": "websocket.close", "code": code})

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message unless the socket has ended. Waits while the page reads more slowly than it is told."""
        if self.ended:
            return
        self.ended = message["type"] == "websocket.close"
        if not self._sending:
            self._moved_at = time.monotonic()
        self._sending += 1
        try:
            await self._send(message)
        except OSError:
            self.ended = True
        finally:
            self._sending -= 1
            self._moved_at = time.monotonic()

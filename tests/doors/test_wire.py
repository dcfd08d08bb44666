"""Sockets that end at any time, by either side: quietly."""

import asyncio
import json
import logging
from typing import Any

import pytest

from config.asgi import application
from tests.doors import made
from tests.doors.asking import People, socket_scope
from tests.doors.made import address
from viewer import rendering
from viewer.doors.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main"


class Strict:
    """A server's end of a socket: as servers do, it raises for whatever is said to a page that has gone."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.heard: list[dict[str, Any]] = []
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.closed = False

    async def send(self, message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if self.closed:
            raise RuntimeError(f"Unexpected ASGI message {message['type']!r}")
        if len(self.heard) >= self.most:
            self.closed = True
            self.coming.put_nowait({"type": "websocket.disconnect", "code": 1006})
            raise ConnectionResetError
        self.heard.append(message)
        self.closed = message["type"] == "websocket.close"


@pytest.mark.parametrize("most", [0, 1, 2, 4])
async def test_a_page_that_goes_while_it_is_answered_leaves_no_trace(
    people: People, studio: rendering.Studio, caplog: pytest.LogCaptureFixture, most: int
) -> None:
    strict = Strict(most)
    unretrieved: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unretrieved.append(context))
    strict.coming.put_nowait({"type": "websocket.connect"})
    for seq, slice_of in enumerate(made.speaking()[:8]):
        want = {"seq": seq, "pane": seq, "resource": f"{address(slice_of)}/rendered", "query": ""}
        strict.coming.put_nowait({"type": "websocket.receive", "text": json.dumps({"want": want})})
        strict.coming.put_nowait({"type": "websocket.receive", "text": json.dumps({"ping": seq})})
    with caplog.at_level(logging.WARNING):
        await asyncio.wait_for(application(socket_scope(PAGE, people.alice), strict.coming.get, strict.send), 20)
        await asyncio.sleep(0.1)
    assert len(strict.heard) == most
    assert unretrieved == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_nothing_is_said_after_a_socket_was_closed(
    people: People, studio: rendering.Studio, caplog: pytest.LogCaptureFixture
) -> None:
    strict = Strict(999)
    strict.coming.put_nowait({"type": "websocket.connect"})
    for text in ("x" * 999_999, "x" * 999_999, json.dumps({"ping": 1})):
        strict.coming.put_nowait({"type": "websocket.receive", "text": text})
    served = asyncio.ensure_future(application(socket_scope(PAGE, people.alice), strict.coming.get, strict.send))
    await asyncio.sleep(0.5)
    assert not served.done()
    strict.coming.put_nowait({"type": "websocket.disconnect", "code": 1009})
    await asyncio.wait_for(served, 5)
    assert [message["type"] for message in strict.heard] == ["websocket.accept", "websocket.close"]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_wire_is_silent_after_the_page_has_left() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    wire = Wire(receive, send)
    await wire.receive()
    await wire.send({"type": "websocket.send", "text": "late"})
    assert sent == []

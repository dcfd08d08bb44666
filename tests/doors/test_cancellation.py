"""Work stops when the client has gone."""

import asyncio
import json
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from config.asgi import application
from tests.doors import made
from tests.doors.asking import Connect, Get, People, http_scope, socket_scope
from tests.doors.made import address
from viewer import access, consumers, dicomweb, epochs, live, rendering
from viewer.doors import wire

pytestmark = pytest.mark.django_db(transaction=True)


class Stuck:
    """A frame that never comes."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.given_up = asyncio.Event()

    async def frame(self, *what: Any) -> Any:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch, studio: rendering.Studio) -> Stuck:
    made_stuck = Stuck()
    monkeypatch.setattr(studio, "frame", made_stuck.frame)
    return made_stuck


async def test_a_request_whose_client_has_gone_is_given_up(people: People, stuck: Stuck) -> None:
    async def receive() -> dict[str, Any]:
        await stuck.waiting.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("nobody is there to answer")

    path = f"{address(made.speaking()[0])}/rendered"
    await asyncio.wait_for(dicomweb.application(http_scope(path, people.alice), receive, send), 10)
    assert stuck.given_up.is_set()


async def test_a_right_withdrawn_in_the_middle_cuts_a_long_answer_short(
    people: People, studio: rendering.Studio
) -> None:
    """The parts that come after the withdrawal aren't sent, and the answer doesn't end as a whole one."""
    first = made.speaking()[0]
    path = f"/dicomweb/main/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}/rendered"
    bodies: list[bytes] = []
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message.get("body"):
            bodies.append(message["body"])
        if len(bodies) == 3:
            await database_sync_to_async(people.permit_of_bob.delete)()
            await database_sync_to_async(epochs.reader.read)()

    with pytest.raises(ConnectionAbortedError):
        await dicomweb.application(http_scope(path, people.bob), receive, send)
    assert 3 <= len(bodies) <= 4 and not bodies[-1].endswith(b"--\r\n")


async def test_wishes_of_a_closed_socket_are_given_up(connect: Connect, stuck: Stuck) -> None:
    socket = await connect(f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main")
    resource = f"{address(made.speaking()[0])}/rendered"
    await socket.say(want={"seq": 1, "pane": 0, "resource": resource, "query": ""})
    await asyncio.wait_for(stuck.waiting.wait(), 10)
    await socket.wire.send_input({"type": "websocket.disconnect", "code": 1001})
    await asyncio.wait_for(stuck.given_up.wait(), 5)


class Busy:
    """A page that has wishes under way and listens to a topic; what it is sent is kept, or never taken."""

    def __init__(self, token: str) -> None:
        self.page = f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main"
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[dict[str, Any]] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.before = asyncio.all_tasks()
        self.coming.put_nowait({"type": "websocket.connect"})
        self.say(listen=f"study.{made.speaking()[0].StudyInstanceUID}")
        for seq in range(12):
            resource = f"{address(made.speaking()[seq])}/rendered"
            self.say(want={"seq": seq, "pane": seq, "resource": resource, "query": ""})
        self.served = asyncio.ensure_future(application(socket_scope(self.page, token), self.coming.get, self.send))

    def say(self, **message: Any) -> None:
        self.coming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        self.heard.append(message)

    def left(self) -> set[str]:
        """Return what the socket has left behind, after it ended."""
        tasks = {str(task.get_coro()) for task in asyncio.all_tasks() - self.before}
        tasks = {task for task in tasks if "StoreClient." not in task}
        topics = {group for group, channels in get_channel_layer().groups.items() if channels}
        return tasks | topics | {str(page) for page in live.pages}


@pytest.mark.parametrize("when", ["the page leaves", "a message fails", "the guard fails", "the server ends it"])
async def test_a_socket_leaves_nothing_behind_however_it_ends(
    people: People, stuck: Stuck, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    busy = Busy(people.alice)
    await asyncio.wait_for(stuck.waiting.wait(), 10)
    assert busy.left()

    async def fail(*what: Any) -> None:
        raise ZeroDivisionError

    if when == "the page leaves":
        busy.coming.put_nowait({"type": "websocket.disconnect", "code": 1001})
    elif when == "a message fails":
        monkeypatch.setattr(consumers.ViewerConsumer, "hear", fail)
        busy.say(probe={"seq": 1, "resource": ""})
    elif when == "the guard fails":
        monkeypatch.setattr(access, "admit", fail)
    else:
        busy.served.cancel()
    ended = (await asyncio.wait_for(asyncio.gather(busy.served, return_exceptions=True), 10))[0]
    assert busy.left() == set()
    if "fails" in when:
        assert isinstance(ended, ExceptionGroup) and isinstance(ended.exceptions[0], ZeroDivisionError)
    else:
        assert ended is None or when == "the server ends it"


async def test_a_page_that_takes_nothing_is_left_in_the_end(
    people: People, studio: rendering.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "STUCK_FOR", 0.2)
    busy = Busy(people.alice)
    while len(busy.heard) < 4:
        await asyncio.sleep(0.01)
    busy.takes.clear()
    busy.say(ping=1)
    await asyncio.wait_for(busy.served, 10)
    assert busy.left() == set()


async def test_a_wish_that_waits_gives_way_when_the_credit_is_used_up(connect: Connect, stuck: Stuck) -> None:
    socket = await connect(f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main")
    for seq in range(10):
        resource = f"{address(made.speaking()[seq])}/rendered"
        await socket.say(want={"seq": seq, "pane": 0, "resource": resource, "query": ""})
        await asyncio.wait_for(stuck.waiting.wait(), 10)
    assert [(await socket.hear())[0] for _ in range(2)] == [{"dropped": 0}, {"dropped": 1}]
    await asyncio.wait_for(stuck.given_up.wait(), 5)


async def test_the_other_pictures_go_on(get: Get, stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = asyncio.create_task(get(f"{address(made.speaking()[0])}/rendered"))
    await asyncio.wait_for(stuck.waiting.wait(), 10)
    monkeypatch.undo()
    assert (await get(f"{address(made.speaking()[1])}/rendered")).status == 200
    waiting.cancel()

"""Two senders and two listeners whose lines are cut again and again: nothing is lost, nothing doubled, one order."""

import asyncio
import contextlib
import itertools
import json
import random
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests import postgres, redis_server
from tests.browser.reading import lay
from tests.phantoms import speaking_phantom
from tests.serving import Served, serving

PACE = 1 / 18  # seconds between messages: a page may say 20 in a second
PATIENCE = 120


@dataclass
class Page:
    """What a viewer page does on its socket: it comes back by itself, and fetches what it missed."""

    served: Served
    study: str
    cookie: str
    cuts: int
    dice: random.Random
    heard: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0

    @property
    def known(self) -> int:
        return self.heard[-1]["seq"] if self.heard else 0

    async def line(self) -> ClientConnection:
        self.connections += 1
        address = f"{self.served.url.replace('http', 'ws')}/ws/{self.study}/?archive=main"
        return await connect(
            address, origin=self.served.url, additional_headers={"Cookie": self.cookie}, max_size=2**22
        )  # type: ignore[arg-type]

    async def cut(self, line: ClientConnection) -> None:
        """End the line without a word, as a cable that is pulled."""
        line.transport.abort()
        with contextlib.suppress(Exception):
            await line.wait_closed()

    async def catch_up(self) -> None:
        """Fetch what followed what is known, page by page."""
        while True:
            told = await asyncio.to_thread(self.fetch)
            self.heard += told["messages"]
            if not told["limited"]:
                return

    def fetch(self) -> dict[str, Any]:
        address = f"{self.served.url}/api/studies/main/{self.study}/messages/?after={self.known}&limit=50"
        request = Request(address, headers={"Cookie": self.cookie})
        with urlopen(request, timeout=20) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    async def listen(self, until: asyncio.Event, total: int) -> None:
        """Listen, cut off `cuts` times on the way, until everything has come."""
        moments = {round(total * (number + 1) / (self.cuts + 1)) for number in range(self.cuts)}
        while not (until.is_set() and self.known >= total):
            with contextlib.suppress(ConnectionClosed, OSError):
                line = await self.line()
                await line.send(json.dumps({"listen": f"talk.{self.study}"}))
                async for words in line:
                    message = json.loads(words)
                    if "listening" in message or message.get("seq", 0) > self.known:
                        await self.catch_up()
                    if due := [moment for moment in moments if self.known >= moment]:
                        moments -= set(due)
                        await self.cut(line)
                    if until.is_set() and self.known >= total:
                        break
                await self.cut(line)

    async def say(self, texts: list[str]) -> None:
        """Send each text with an id of its own, the same at every try, until the answer is here."""
        unlucky = set(self.dice.sample(range(len(texts)), self.cuts))
        line: ClientConnection | None = None
        for number, text in enumerate(texts):
            what = {"client_uuid": str(uuid.UUID(int=self.dice.getrandbits(128), version=4)), "text": text}
            cut_after = self.dice.choice((0.0, 0.002, 0.01)) if number in unlucky else None
            while True:
                try:
                    line = line or await self.line()
                    await line.send(json.dumps({"do": {"seq": number, "verb": "send_message", "with": what}}))
                    if cut_after is not None:
                        await asyncio.sleep(cut_after)
                        cut_after = None
                        await self.cut(line)
                    did = json.loads(await asyncio.wait_for(line.recv(), 20))["did"]
                    assert did["seq"] == number and did["status"] in (200, 201), did
                    assert did["result"]["text"] == text
                    break
                except (ConnectionClosed, OSError):
                    line = None
            await asyncio.sleep(PACE * self.dice.random() * 2)
        if line is not None:
            await line.close()


async def converse(senders: list[Page], listeners: list[Page], total: int) -> None:
    """Have everybody talk at once, and say what must hold afterwards."""
    each = total // len(senders)
    written = [[f"{number}.{index}" for index in range(each)] for number in range(len(senders))]
    over = asyncio.Event()
    listening = [asyncio.ensure_future(page.listen(over, total)) for page in listeners]
    await asyncio.gather(*(page.say(texts) for page, texts in zip(senders, written, strict=True)))
    over.set()
    # Who was cut off at the very end hears nothing more: a page looks by itself when its line is back.
    deadline = time.monotonic() + PATIENCE
    while not all(task.done() for task in listening) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        for page, task in zip(listeners, listening, strict=True):
            if not task.done() and page.known >= total:
                task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    for page in listeners:
        assert [message["seq"] for message in page.heard] == list(range(1, total + 1))
        assert len({(message["sender"]["id"], message["client_uuid"]) for message in page.heard}) == total
        texts = [message["text"] for message in page.heard]
        for number, own in enumerate(written):
            assert [text for text in texts if text.startswith(f"{number}.")] == own, "a sender's order is kept"
    assert listeners[0].heard[0]["text"] and len({json.dumps([m["text"] for m in p.heard]) for p in listeners}) == 1
    for page in (*senders, *listeners):
        assert page.connections > page.cuts


def pages(servers: list[Served], study: str, cuts: int, seed: int) -> tuple[list[Page], list[Page]]:
    """Return two senders and two listeners, spread over the servers."""
    dice = random.Random(seed)
    roles = ("radiologist", "radiologist2", "chair", "pathologist")
    made = []
    for role, served in zip(roles, itertools.cycle(servers), strict=False):
        made.append(Page(served, study, served.cookie(role), cuts, random.Random(dice.random())))
    return made[:2], made[2:]


def indexed(served: Served, study: str) -> None:
    """Wait until a study is in the index."""
    opener, deadline = served.opener("radiologist"), time.monotonic() + 40
    while True:
        with contextlib.suppress(OSError):
            opener.open(f"{served.url}/api/studies/main/{study}/messages/", timeout=20)
            return
        assert time.monotonic() < deadline, f"{study} isn't indexed"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("images")
    return folder, lay(folder, speaking_phantom(patient=1, series=1))


SIZES = [
    pytest.param(60, 3, id="60 messages, 3 cuts each"),
    pytest.param(1000, 10, id="1000 messages, 10 cuts each", marks=pytest.mark.full),
]


@pytest.mark.parametrize(("total", "cuts"), SIZES)
def test_on_sqlite_without_redis(images: tuple[Path, str], total: int, cuts: int) -> None:
    folder, study = images
    with serving(folder) as served:
        indexed(served, study)
        asyncio.run(converse(*pages([served], study, cuts, seed=total), total))


@pytest.mark.full  # two servers take most of a minute to start
@postgres.needs_postgresql
@redis_server.needs_redis
@pytest.mark.parametrize(("total", "cuts"), [(40, 2), (200, 10)], ids=["small", "large"])
def test_on_postgresql_with_redis_over_two_servers(images: tuple[Path, str], total: int, cuts: int) -> None:
    folder, study = images
    with postgres.running() as database, redis_server.running() as wire:
        variables = {"DATABASE_URL": database, "REDIS_URL": wire}
        with serving(folder, **variables) as one:
            indexed(one, study)
            with serving(folder, **variables) as other:
                asyncio.run(converse(*pages([one, other], study, cuts, seed=total), total))

"""Redis dies, freezes, fills up and comes back: people talk on, and nothing that was said is lost (hazard F10)."""

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests import redis_server
from tests.browser.reading import lay
from tests.faults.writing import Writer, eventually, tokens
from tests.phantoms import speaking_phantom
from tests.serving import Served, serving

pytestmark = redis_server.needs_redis

# The wire is to be whole within five seconds after Redis is up; the rest is for a busy machine.
WHOLE_WITHIN = 5 + 10


@dataclass
class Page:
    """A page's socket: it fetches what it lacks at each hint, and whenever it is told to look again."""

    who: Writer
    served: Served
    heard: list[int] = field(default_factory=list)  # the sequence numbers, as they came
    hints: list[int] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    pongs: list[float] = field(default_factory=list)
    ended: bool = False

    def __post_init__(self) -> None:
        self.who = replace(self.who, _line=None)  # a connection of its own
        address = f"{self.served.url.replace('http', 'ws')}/ws/{self.who.study}/?archive=main"
        headers = {"Authorization": f"Bearer {self.who.token}"}
        self.line: ClientConnection = connect(address, origin=self.served.url, additional_headers=headers, legacy=True)  # type: ignore[arg-type]
        self.line.send(json.dumps({"listen": f"talk.{self.who.study}"}))
        self.line.send(json.dumps({"listen": "list"}))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while True:
            try:
                message = json.loads(self.line.recv())
            except ConnectionClosed:
                self.ended = True
                return
            if "listening" in message:
                self.confirmed.append(message["listening"])
            if message.get("topic", "").startswith("talk."):
                self.hints.append(message["seq"])
            if "pong" in message:
                self.pongs.append(time.monotonic() - message["pong"])
            if message.get("listening", message.get("topic", "")).startswith("talk."):
                self.fetch()

    def fetch(self) -> None:
        is_over = False
        while not is_over:
            known = self.heard[-1] if self.heard else 0
            path = f"/api/studies/main/{self.who.study}/messages/?after={known}&limit=100"
            status, said = self.who.ask(self.served, "GET", path)
            assert status == 200
            told = json.loads(said)
            self.heard += [message["seq"] for message in told["messages"]]
            is_over = not told["limited"]

    def ping(self) -> None:
        self.line.send(json.dumps({"ping": time.monotonic()}))


@dataclass
class Ward:
    """Two servers that Redis joins; Alice is at the first, Bob at the second, Carol at the first too."""

    redis: redis_server.Server
    servers: tuple[Served, Served]
    alice: Writer
    pages: dict[str, Page]
    said: int = 0

    def say(self) -> int:
        """Have Alice say something at the first server; return its number."""
        assert self.alice.say(self.servers[0])
        self.said += 1
        return self.said

    def known_to_all(self, within: float = 20) -> None:
        """Wait until everybody has everything, each thing once and in order."""
        everything = list(range(1, self.said + 1))
        eventually(lambda: all(page.heard == everything for page in self.pages.values()), within)

    def until_told_directly(self, within: float) -> float:
        """Talk until Bob hears a hint from the other server; return after how many seconds."""
        began, bob = time.monotonic(), self.pages["bob"]
        while time.monotonic() - began < within:
            number = self.say()
            time.sleep(0.3)
            if number in bob.hints:
                return time.monotonic() - began
        raise AssertionError(f"Bob was told nothing within {within} s")


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder, state = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("state")
    phantom = speaking_phantom(patient=1, series=1)
    study = lay(folder, phantom)
    with redis_server.started() as redis:
        variables = {"REDIS_URL": redis.url}
        with serving(folder, state=state, **variables) as one:
            (state / "serve.log").rename(state / "first.log")
            one.log = state / "first.log"
            with serving(folder, state=state, **variables) as other:
                given = tokens(state, "radiologist", "radiologist2", "chair", **variables)
                people = {
                    name: Writer(each, study, phantom[0], random.Random(1))
                    for name, each in zip(("alice", "bob", "carol"), given, strict=True)
                }
                path = f"/api/studies/main/{study}/messages/"
                eventually(lambda: people["alice"].ask(one, "GET", path)[0] == 200)
                pages = {"bob": Page(people["bob"], other), "carol": Page(people["carol"], one)}
                made = Ward(redis, (one, other), people["alice"], pages)
                made.until_told_directly(30)
                yield made
                assert not any(page.ended for page in pages.values()), "no socket was lost"
                made.known_to_all()
                statuses = {status for person in people.values() for status in person.statuses if status >= 500}
                assert not statuses
    for log in (one.log, other.log):
        assert "Traceback" not in log.read_text("utf-8", "replace")


def pages_answer(ward: Ward) -> None:
    """Both servers answer pages and pings as if nothing were."""
    for page in ward.pages.values():
        before = len(page.pongs)
        page.ping()
        eventually(lambda page=page, before=before: len(page.pongs) > before, 5)
        assert ward.alice.ask(page.served, "GET", f"/api/studies/main/{ward.alice.study}/")[0] == 200


def gone_through(ward: Ward, break_it: Callable[[], None], mend_it: Callable[[], None]) -> float:
    """Talk before, during and after a fault; return how long it took after its end until hints arrived again."""
    carol, bob = ward.pages["carol"], ward.pages["bob"]
    break_it()
    during = [ward.say() for _ in range(3)]
    eventually(lambda: set(during) <= set(carol.hints), 5)  # the same server's pages are told at once
    looked = bob.confirmed.count("list")
    eventually(lambda: bob.heard[-1] == during[-1], 20)
    eventually(lambda: bob.confirmed.count("list") > looked, 20)  # lists look again too
    pages_answer(ward)
    late = Page(ward.alice, ward.servers[1])  # who comes now is let in at once
    eventually(lambda: len(set(late.confirmed)) == 2 and len(late.heard) == ward.said, 10)
    late.line.close()
    mend_it()
    took = ward.until_told_directly(WHOLE_WITHIN)
    ward.known_to_all()
    return took


def test_redis_is_killed_and_started_again(ward: Ward) -> None:
    took = gone_through(ward, ward.redis.kill, ward.redis.start)
    print(f"hints again {took:.1f} s after Redis was up")


def test_redis_freezes_and_thaws(ward: Ward) -> None:
    process = ward.redis.process
    took = gone_through(ward, lambda: process.send_signal(signal.SIGSTOP), lambda: process.send_signal(signal.SIGCONT))
    print(f"hints again {took:.1f} s after Redis thawed")


def test_redis_has_no_memory_left(ward: Ward) -> None:
    for policy in ("noeviction", "allkeys-lru"):
        assert ward.redis.say("CONFIG", "SET", "maxmemory-policy", policy) == "+OK"
        assert ward.redis.say("CONFIG", "SET", "maxmemory", "1") == "+OK"
        ward.until_told_directly(WHOLE_WITHIN)
        pages_answer(ward)
    ward.redis.say("CONFIG", "SET", "maxmemory", "0")
    ward.known_to_all()


@pytest.mark.full
def test_redis_comes_and_goes_while_people_talk(ward: Ward) -> None:
    slowest = max(gone_through(ward, ward.redis.kill, ward.redis.start) for _ in range(20))
    print(f"20 times killed: hints again {slowest:.1f} s after Redis was up at the latest; {ward.said} messages")

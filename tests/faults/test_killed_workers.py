"""Decode workers killed under readers: the server stays, every picture comes in time and right, poison is put away."""

import asyncio
import fcntl
import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from tests import slides
from tests.serving import Served, serving, storing
from tests.store import made
from tests.store.test_deaths import POISON, poisoned
from tests.store.waiting import until
from viewer.store.client import StoreClient

SIDE = 512
DEADLY = "2.25.2002"
READERS = 4
SECONDS = 5.0
ALLOWED = 0.001


def images(folder: Path) -> Path:
    """Write slices and a slide that have to be decoded, and two images that end decoders."""
    made.write(folder, [made.slice_of(made.noise(n, SIDE, SIDE), n, JPEG2000Lossless) for n in range(1, 13)])
    slides.write(folder, [slides.level(slides.picture(320, 320), "j2k")])
    deadly = [made.slice_of(made.noise(number), number, JPEGLSLossless, DEADLY) for number in (1, 2)]
    for number, dataset in enumerate(deadly, 1):
        dataset.PixelData = encapsulate([poisoned(made.noise(number))])
    made.write(folder, deadly)
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))  # a folder's file counts once it has stood still
    return folder


def address(study: str, series: str, instance: int, frame: int, query: str) -> str:
    return f"/studies/{study}/series/{series}/instances/{series}.{instance}/frames/{frame}/rendered?{query}"


SOUND = [address(made.STUDY, made.SERIES, number, 1, "window=2000,4000,linear") for number in range(1, 13)]
SOUND += [address(slides.STUDY, slides.SERIES, 1, number, "quality=80") for number in range(1, 26)]
DEADLY_ONES = [address(made.STUDY, DEADLY, number, 1, "window=2000,4000,linear") for number in (1, 2)]


class Reader:
    """Asks over one kept connection."""

    def __init__(self, served: Served, cookie: str) -> None:
        self.line = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=60)
        self.headers = {"Cookie": cookie, "Accept": "image/jpeg"}

    def ask(self, path: str) -> tuple[int, bytes, float]:
        """Return status, body and the seconds that it took."""
        began = time.monotonic()
        self.line.request("GET", f"/dicomweb/main{path}", headers=self.headers)
        answer = self.line.getresponse()
        return answer.status, answer.read(), time.monotonic() - began


@dataclass
class Tally:
    """What the readers met."""

    expected: dict[str, bytes]
    asked: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, path: str, status: int, body: bytes, took: float) -> None:
        """Take an answer: a right picture in time, or a failure."""
        wrong = f"{status} {body[:200]!r}" if status != 200 else "late" if took > SECONDS else ""
        assert status != 200 or body == self.expected[path], "a wrong picture"
        with self.lock:
            self.asked += 1
            self.slowest = max(self.slowest, took)
            if wrong:
                self.failed[wrong] += 1


@contextmanager
def without_room(folder: Path, state: Path) -> Iterator[tuple[Served, Callable[[], None]]]:
    """Serve a folder with a store that keeps nothing, so that each picture is decoded.

    Yields what kills that store, too: the server then starts one of its own.
    """
    state.mkdir(mode=0o700)
    lock = os.open(state / "store.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with (
        storing(state, folder, "--budget", "100000", "--decoders", "2") as store,
        serving(folder, state=state) as served,
    ):

        def kill() -> None:
            assert store.poll() is None, "the store has ended before"
            store.kill()
            os.close(lock)

        yield served, kill
        assert served.process.poll() is None, "the server has ended"


def read_on(reader: Reader, tally: Tally, seed: int, ended: threading.Event) -> None:
    """Ask for pictures in any order until the end."""
    dice = random.Random(seed)
    while not ended.is_set():
        path = dice.choice(SOUND)
        tally.count(path, *reader.ask(path))


async def shown(reader: Reader, path: str) -> bytes:
    """Return the picture once it can be had: sync has to find the study first."""
    async with asyncio.timeout(60):
        while True:
            status, body, _ = await asyncio.to_thread(reader.ask, path)
            if status == 200:
                return body
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(("kills", "every"), [(4, 0.5), pytest.param(60, 5.0, marks=pytest.mark.full)])
async def test_who_reads_while_decoders_are_killed_has_every_picture_in_time(
    kills: int, every: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(POISON))
    dice = random.Random(kills)
    with without_room(images(tmp_path / "files"), tmp_path / "state") as (served, kill_store):
        cookie = await asyncio.to_thread(served.cookie, "radiologist")
        first, client = Reader(served, cookie), StoreClient(served.state)
        tally = Tally({path: await shown(first, path) for path in SOUND})
        before = (await client.status())["workers"]
        ended = threading.Event()
        readers = [
            asyncio.create_task(asyncio.to_thread(read_on, Reader(served, cookie), tally, seed, ended))
            for seed in range(READERS)
        ]
        killed: list[int] = []
        refused: list[float] = []
        try:
            for turn in range(kills):
                await asyncio.sleep(every)
                # On a slow machine, too, what was hit is decoded before the next blow falls.
                await until(lambda since=tally.asked: tally.asked >= since + 3 * READERS, 60)
                pids = [each["pid"] for each in (await client.status())["workers"] if each["pid"]]
                with suppress(ProcessLookupError):
                    os.kill(victim := dice.choice(pids), signal.SIGKILL)
                    killed.append(victim)
                status, words, took = await asyncio.to_thread(Reader(served, cookie).ask, DEADLY_ONES[turn % 2])
                assert status == 502 and b"quarantine" in words, words
                refused.append(took)
        finally:
            ended.set()
        await asyncio.gather(*readers)
        figures = await client.status()
        await client.close()
        kill_store()
        again = Reader(served, cookie)
        began = time.monotonic()
        statuses = [(await asyncio.to_thread(again.ask, path))[0] for path in SOUND]
        back = time.monotonic() - began
    deaths = sum(each["deaths"] for each in figures["workers"]) - sum(each["deaths"] for each in before)
    decoded = sum(each["frames"] for each in figures["workers"]) - sum(each["frames"] for each in before)
    print(
        f"\n{len(killed)} kills, {deaths} of them within a frame; {tally.asked} pictures, {decoded} decoded, "
        f"{sum(tally.failed.values())} failed, slowest {tally.slowest:.2f} s; poison refused in {max(refused):.2f} s; "
        f"{len(statuses)} pictures {back:.1f} s after the store was killed"
    )
    assert decoded >= tally.asked * 0.5, "nothing was at stake"  # who waits for the same frame shares it
    assert sum(tally.failed.values()) <= ALLOWED * tally.asked, tally.failed
    assert max(refused) <= SECONDS
    assert set(statuses) == {200}, "readers wait for a store that is started again"
    assert figures["quarantined"] == len(DEADLY_ONES) <= deaths <= len(killed) + 2 * len(DEADLY_ONES)

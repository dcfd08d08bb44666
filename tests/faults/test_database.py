"""A database that is locked, gone, or started anew: nothing acknowledged is lost, and what isn't saved is said (F9)."""

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests import postgres
from tests.browser.reading import lay
from tests.faults.writing import ROLES, Writer, eventually, managed, missing, tokens
from tests.phantoms import speaking_phantom
from tests.serving import Served, serving

LOCK = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
held.execute("COMMIT")
"""


@dataclass
class People:
    """Three who write without a break, and one who looks at pictures."""

    served: Served
    writers: list[Writer]
    reader: Writer
    picture: str
    seen: list[tuple[float, int]] = field(default_factory=list)  # when asked, and the status
    longest: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            status, _body = self.reader.ask(self.served, "GET", self.picture)
            self.longest = max(self.longest, time.monotonic() - began)
            self.seen.append((began, status))
            time.sleep(0.05)

    def work(self, writer: Writer) -> None:
        while not self._over.is_set():
            if not writer.write(self.served):
                time.sleep(0.2)
            time.sleep(0.02)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Have all of them at work while the block runs."""
        self._over.clear()
        self.seen, self.longest = [], 0.0
        for writer in (*self.writers, self.reader):
            writer.statuses.clear()
        threads = [threading.Thread(target=self.work, args=(writer,), daemon=True) for writer in self.writers]
        threads.append(threading.Thread(target=self.look, daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(60)
        assert not any(thread.is_alive() for thread in threads)

    @property
    def statuses(self) -> set[int]:
        """What those who write were answered."""
        return {status for writer in self.writers for status in writer.statuses}

    def acknowledged(self) -> int:
        """Return how many writes were acknowledged since they are at work."""
        return sum(status < 300 for writer in self.writers for status in writer.statuses)


def gathered(served: Served, study: str, phantom: list[Dataset], state: Path, **variables: str) -> People:
    """Return people who are let in, with the study open."""
    given = tokens(state, *ROLES, **variables)
    everybody = [Writer(each, study, phantom[2], random.Random(number)) for number, each in enumerate(given)]
    first, *writers, reader = everybody
    path = f"/api/studies/main/{study}/measurements/"
    eventually(lambda: first.ask(served, "GET", path)[0] == 200)
    eventually(lambda: first.draw(served))
    image = phantom[2]
    picture = (
        f"/dicomweb/main/studies/{study}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}/rendered"
    )
    people = People(served, [first, *writers], reader, picture)
    eventually(lambda: all(each.ask(served, "GET", picture)[0] == 200 for each in everybody))
    return people


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[Dataset]]:
    folder, phantom = tmp_path_factory.mktemp("images"), speaking_phantom(patient=1, series=1)
    return folder, lay(folder, phantom), phantom


@pytest.fixture(scope="module")
def people(images: tuple[Path, str, list[Dataset]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder, study, phantom = images
    state = tmp_path_factory.mktemp("state")
    with serving(folder, state=state) as served:
        yield gathered(served, study, phantom, state)


@contextlib.contextmanager
def locked(people: People, seconds: float) -> Iterator[None]:
    """Hold the database locked from another process while the block runs, and until `seconds` are over."""
    command = [sys.executable, "-c", LOCK, str(people.served.state / "samsyn.sqlite3"), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline().strip() == "held"
        yield
        assert process.wait(seconds + 30) == 0


@pytest.mark.parametrize(
    "seconds", [pytest.param(1, marks=pytest.mark.full), pytest.param(2, marks=pytest.mark.full), 4]
)
def test_a_short_lock_costs_nothing_but_time(people: People, seconds: float) -> None:
    with people.at_work():
        with locked(people, seconds):
            before = people.acknowledged()
        eventually(lambda: people.acknowledged() >= before + 10)
    assert all(status < 500 for status in people.statuses), people.statuses
    assert {status for _at, status in people.seen} == {200}
    assert missing(people.served.state / "samsyn.sqlite3", people.writers) == []


@pytest.mark.parametrize("seconds", [pytest.param(seconds, marks=pytest.mark.full) for seconds in (16, 30, 60)])
def test_a_long_lock_says_not_saved_and_reading_goes_on(people: People, seconds: float) -> None:
    one = people.writers[0]
    with people.at_work():
        with locked(people, seconds):
            asking = Writer(one.token, one.study, one.image, random.Random(1))
            status, said = asking.ask(people.served, "PUT", "/api/preferences/k9/", 1)
            assert status == 503
            assert json.loads(said)["detail"] == "Not saved. The database is busy. Try again."
        during = len(people.seen)
        eventually(lambda: asking.ask(people.served, "PUT", "/api/preferences/k9/", 2)[0] == 204)
    assert people.statuses <= {200, 201, 204, 503}
    assert {status for _at, status in people.seen} == {200}
    assert during > seconds, "pictures come while others wait to write"
    print(f"{during} pictures within {seconds} s of lock, the slowest after {people.longest:.2f} s")
    assert missing(people.served.state / "samsyn.sqlite3", people.writers) == []


@postgres.needs_postgresql
@pytest.mark.full
@pytest.mark.parametrize("rounds", [10])
def test_postgresql_goes_and_comes_back(images: tuple[Path, str, list[Dataset]], tmp_path: Path, rounds: int) -> None:
    folder, study, phantom = images
    with postgres.started() as database:
        variables = {"DATABASE_URL": database.url}
        with serving(folder, state=tmp_path, **variables) as served:
            people = gathered(served, study, phantom, tmp_path, **variables)
            for number in range(rounds):
                how = (signal.SIGQUIT, signal.SIGINT)[number % 2]
                broken(people, lambda how=how: database.stop(how), database.start, down=3.0)
                assert missing(database.url, people.writers) == []
            assert served.process.poll() is None
            eventually(lambda: managed(tmp_path, "audit", "verify", **variables).returncode == 0, 20)
        assert "Traceback" not in served.words(), served.words()


def broken(people: People, break_it: Callable[[], None], mend_it: Callable[[], None], down: float) -> None:
    """Let the database go for some seconds while people are at work, and say what must hold."""
    one = people.writers[0]
    with people.at_work():
        eventually(lambda: one.statuses)
        break_it()
        asking = Writer(one.token, one.study, one.image, random.Random(1))
        status, said = asking.ask(people.served, "PUT", "/api/preferences/k9/", 1)
        assert status == 503 and json.loads(said)["detail"].startswith("Not saved.")
        time.sleep(down)
        mend_it()
        after = people.acknowledged()
        eventually(lambda: people.acknowledged() > after + 4, 30)
        seen = len(people.seen)
        eventually(lambda: any(status == 200 for _at, status in people.seen[seen:]), 10)
    assert people.statuses <= {200, 201, 204, 409, 503}, people.statuses
    assert {status for _at, status in people.seen} <= {200, 503}

"""People who write without a break: each remembers what the server has acknowledged, and nothing else."""

import contextlib
import hashlib
import http.client
import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from pydicom.dataset import Dataset

from tests.serving import ROOT, Served, environment

ISSUE = """
import sys, django; django.setup()
from django.contrib.auth.models import User
from viewer.actions.token import issue
for name in sys.argv[1:]:
    print(issue(User.objects.get(username=name), may_write=True))
"""
ROLES = ("radiologist", "radiologist2", "chair", "pathologist")
Lost = (OSError, http.client.HTTPException)


def eventually(is_so: Callable[[], Any], within: float = 40) -> Any:
    """Wait until `is_so()` is true, and return it; a server that doesn't answer says no."""
    deadline = time.monotonic() + within
    while True:
        with contextlib.suppress(*Lost):
            if found := is_so():
                return found
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.05)


def managed(state: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `manage.py` on a server's state."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words], cwd=ROOT, capture_output=True, text=True, check=False,
        env=environment(state, 1, None, demo=True) | variables,
    )  # fmt: skip


def tokens(state: Path, *usernames: str, **variables: str) -> list[str]:
    """Return new bearer tokens with which these people may write."""
    told = subprocess.run(
        [sys.executable, "-c", ISSUE, *usernames], cwd=ROOT, capture_output=True, text=True, check=False,
        env=environment(state, 1, None, demo=True) | {"DJANGO_SETTINGS_MODULE": "config.settings"} | variables,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return told.stdout.split()


def line_on(dataset: Dataset, identifier: uuid.UUID) -> dict[str, Any]:
    """Return a length to be drawn on an image."""
    x, y, z = (float(each) for each in dataset.ImagePositionPatient)
    return {
        "id": str(identifier), "space": "patient", "series": str(dataset.SeriesInstanceUID),
        "instance": str(dataset.SOPInstanceUID), "frame": 1, "label": "largest",
        "frame_of_reference": str(dataset.FrameOfReferenceUID), "points": [[x + 1, y + 1, z], [x + 5, y + 4, z]],
    }  # fmt: skip


@dataclass
class Writer:
    """One person with a token, over one connection after another; writes go out one by one."""

    token: str
    study: str
    image: Dataset
    dice: random.Random
    messages: dict[str, str] = field(default_factory=dict)  # by client_uuid
    marks: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)  # the newest of each preference
    statuses: list[int] = field(default_factory=list)
    written: int = 0
    _line: http.client.HTTPConnection | None = None
    _used: float = 0.0

    def ask(self, served: Served, method: str, path: str, body: Any = None, within: float = 30) -> tuple[int, bytes]:
        """Ask the server; what breaks the line is raised as one of `Lost`."""
        place = urlsplit(served.url)
        idle, self._used = time.monotonic() - self._used, time.monotonic()
        # Servers hang up on who was silent for some seconds.
        if self._line is None or idle > 2 or (self._line.host, self._line.port) != (place.hostname, place.port):
            self._line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=within)
        self._line.timeout = within
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            self._line.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._line.getresponse()
            told = answer.status, answer.read()
            self._used = time.monotonic()
        except Lost:
            self._line.close()
            self._line = None
            raise
        self.statuses.append(told[0])
        return told

    def write(self, served: Served) -> bool:
        """Write something; True when it is acknowledged. Raises one of `Lost`."""
        self.written += 1
        what = self.dice.choices((self.say, self.draw, self.choose), (6, 1, 3))[0]
        return what(served)

    def say(self, served: Served) -> bool:
        """Send a message, once."""
        identifier, text = str(uuid.UUID(int=self.dice.getrandbits(128), version=4)), f"{self.written} åä {self.token}"
        path = f"/api/studies/main/{self.study}/messages/"
        status, _said = self.ask(served, "POST", path, {"client_uuid": identifier, "text": text})
        if status in (200, 201):
            self.messages[identifier] = text
        return status in (200, 201)

    def draw(self, served: Served) -> bool:
        """Measure something."""
        identifier = uuid.UUID(int=self.dice.getrandbits(128), version=4)
        path = f"/api/studies/main/{self.study}/measurements/"
        status, _said = self.ask(served, "POST", path, line_on(self.image, identifier))
        if status in (200, 201):
            self.marks.add(identifier.hex)
        return status in (200, 201)

    def choose(self, served: Served) -> bool:
        """Keep a preference: numbers that only grow."""
        key = f"k{self.dice.randrange(5)}"
        status, _said = self.ask(served, "PUT", f"/api/preferences/{key}/", self.written)
        if status == 204:
            self.numbers[key] = self.written
        return status == 204


def all_at_once(
    writers: Iterable[Writer], served: Served, each: int, done: Callable[[], None]
) -> list[threading.Thread]:
    """Have every writer write `each` times or until its line breaks, calling `done` for what is acknowledged."""

    def write(writer: Writer) -> None:
        with contextlib.suppress(*Lost):
            for _ in range(each):
                if writer.write(served):
                    done()

    threads = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    return threads


MESSAGES = "SELECT client_uuid, text FROM messaging_message"
MARKS = "SELECT id FROM viewer_measurement"
NUMBERS = "SELECT digest, key, value FROM viewer_preference JOIN viewer_token USING (user_id)"


def missing(database: Path | str, writers: Iterable[Writer]) -> list[str]:
    """Return what was acknowledged and isn't in the database (a file, or PostgreSQL's address), or is there twice."""
    connection = psycopg.connect(database) if isinstance(database, str) else sqlite3.connect(database, timeout=20)
    with contextlib.closing(connection) as asked:
        if isinstance(database, Path):
            assert asked.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = asked.execute(MESSAGES).fetchall()
        marks = {str(identifier).replace("-", "") for (identifier,) in asked.execute(MARKS).fetchall()}
        kept = asked.execute(NUMBERS).fetchall()
    texts = {str(uuid.UUID(str(identifier))): text for identifier, text in rows}
    return wrong(writers, texts, len(rows), marks, kept)


def wrong(
    writers: Iterable[Writer], texts: dict[str, str], rows: int, marks: set[str], kept: list[tuple[str, str, Any]]
) -> list[str]:
    """Compare what was acknowledged with what is there."""
    found = [] if rows == len(texts) else ["a message is there twice"]
    numbers = {(digest, key): int(value) for digest, key, value in kept}
    for writer in writers:
        found += [f"message {each}" for each, text in writer.messages.items() if texts.get(each) != text]
        found += [f"measurement {each}" for each in writer.marks - marks]
        digest = hashlib.sha256(writer.token.encode()).hexdigest()
        found += [f"{key} {n}" for key, n in writer.numbers.items() if numbers.get((digest, key), -1) < n]
    return found

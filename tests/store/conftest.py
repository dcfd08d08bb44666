"""A real store process on a folder of its own, and its client."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.pretend import PretendArchive
from viewer.archive import FolderArchive
from viewer.store.client import StoreClient
from viewer.store.store import Store

ROOT = Path(__file__).resolve().parents[2]


class StoreProcess:
    """`python -m viewer.store` on `state`, started and ended at will."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        self.options = options
        self.running: subprocess.Popen[bytes] | None = None

    def start(self, *, preexec: Callable[[], None] | None = None) -> "StoreProcess":
        """Start the process; it ends with the tests' one."""
        self.running = subprocess.Popen(
            [sys.executable, "-m", "viewer.store", "--follow", "--decoders", "2", "--state", self.state, *self.options],
            cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec,
        )  # fmt: skip
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self.running is not None
        return self.running

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> str:
        """End it and return what it logged."""
        if self.running is None or self.process.returncode is not None:
            return ""
        _, logged = self.process.communicate(timeout=20)
        return logged.decode()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def serve(state: Path) -> Iterator[Callable[..., StoreProcess]]:
    """Return a function that indexes a folder and starts a store process on it."""
    started: list[StoreProcess] = []

    def start(folder: Path, *options: str, **how: Any) -> StoreProcess:
        (state / "archives.json").write_text(
            json.dumps([{"name": "main", "location": os.fspath(folder), "auth": None}])
        )
        FolderArchive("main", folder, state=state).scan(settle=0)
        started.append(StoreProcess(state, *options).start(**how))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
async def client(state: Path) -> AsyncIterator[StoreClient]:
    made = StoreClient(state)
    yield made
    await made.close()


@pytest.fixture
async def running(archive: PretendArchive, state: Path) -> AsyncIterator[Store]:
    """A store on this loop, over the archive that the test pretends."""
    (state / "archives.json").write_text(json.dumps([{"name": "main", "location": "/"}]))
    made = Store(state, budget=1 << 30, decoders=1)
    yield made
    archive.gate.set()
    made.stop()

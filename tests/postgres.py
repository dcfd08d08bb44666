"""A PostgreSQL server of its own for tests, from the system's packages, on a free port."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT, free_port

URL = "SAMSYN_TEST_DATABASE_URL"  # set in a run of tests on PostgreSQL


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, or None when PostgreSQL isn't installed."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    return max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


def _as_somebody() -> dict[str, int]:
    """Return whom to become: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid}
    raise RuntimeError("PostgreSQL doesn't run as root, and there is no other account")


class Server:
    """A server on a port of its own, which can be stopped and started again."""

    def __init__(self, base: str, programs: Path) -> None:
        self.base, self.programs, self.somebody, self.port = base, programs, _as_somebody(), free_port()
        self.url = f"postgresql://samsyn@127.0.0.1:{self.port}/postgres"
        if self.somebody:
            os.chown(base, self.somebody["user"], self.somebody["group"])
        command = [
            programs / "initdb",
            "-D",
            f"{base}/data",
            "-U",
            "samsyn",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=base, **self.somebody)
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers. Raises TimeoutError."""
        options = ["-p", str(self.port), "-k", self.base, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        self.process = subprocess.Popen(
            [self.programs / "postgres", "-D", f"{self.base}/data", *options],
            cwd=self.base, stderr=subprocess.DEVNULL, **self.somebody,
        )  # fmt: skip
        _wait(self.programs, self.port)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: SIGTERM waits for who is connected, SIGINT cuts them off, SIGQUIT ends everything as a crash does."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(20)


@contextlib.contextmanager
def started() -> Iterator[Server]:
    """Run a new, empty server until the block ends."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL isn't installed")
    base = tempfile.mkdtemp(prefix="samsyn-postgres-")
    server: Server | None = None
    try:
        server = Server(base, folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a new, empty server until the block ends; yield its DATABASE_URL."""
    with started() as server:
        yield server.url


def _wait(folder: Path, port: int) -> None:
    deadline = time.monotonic() + 30
    ready = [str(folder / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
    while subprocess.run(ready, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL didn't get ready")
        time.sleep(0.1)


def needs_postgresql(test: Callable[..., None]) -> Callable[..., None]:
    """Skip a test where PostgreSQL isn't installed, and in the run that already is on it."""
    absent = pytest.mark.skipif(programs() is None, reason="PostgreSQL isn't installed: apt install postgresql")
    return absent(pytest.mark.skipif(URL in os.environ, reason="this is the run on PostgreSQL")(test))


def hold_here_too(*files: str) -> None:
    """Run test files again, in a process of their own on an empty PostgreSQL."""
    with running() as url:
        told = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files],
            cwd=ROOT, env=os.environ | {URL: url}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert told.returncode == 0, told.stdout[-20000:]

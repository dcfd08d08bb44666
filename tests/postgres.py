"""A PostgreSQL server of its own for tests, from the system's packages, on a free port."""

import contextlib
import os
import pwd
import shutil
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


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a new, empty server until the block ends; yield its DATABASE_URL."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL isn't installed")
    somebody = _as_somebody()
    base = tempfile.mkdtemp(prefix="samsyn-postgres-")
    server: subprocess.Popen[bytes] | None = None
    try:
        if somebody:
            os.chown(base, somebody["user"], somebody["group"])
        data = f"{base}/data"
        command = [folder / "initdb", "-D", data, "-U", "samsyn", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(command, check=True, capture_output=True, cwd=base, **somebody)
        port = free_port()
        options = ["-p", str(port), "-k", base, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, *options], cwd=base, stderr=subprocess.DEVNULL, **somebody
        )
        _wait(folder, port)
        yield f"postgresql://samsyn@127.0.0.1:{port}/postgres"
    finally:
        if server is not None:
            server.terminate()
            server.wait(20)
        shutil.rmtree(base, ignore_errors=True)


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


def hold_here_too(folder: str, *names: str) -> None:
    """Run the test files `names` of a folder again, in a process of their own on an empty PostgreSQL."""
    files = [f"{folder}/{name}.py" for name in names]
    with running() as url:
        told = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files],
            cwd=ROOT, env=os.environ | {URL: url}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert told.returncode == 0, told.stdout[-6000:]

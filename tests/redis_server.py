"""A Redis server of its own for tests, from the system's packages, on a free port."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

import pytest

from tests.serving import free_port


def program() -> str | None:
    """Return the server's path, or None when Redis isn't installed."""
    return shutil.which("redis-server")


needs_redis = pytest.mark.skipif(program() is None, reason="Redis isn't installed: apt install redis-server")


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a new, empty server until the block ends; yield its REDIS_URL."""
    found = program()
    if found is None:
        raise FileNotFoundError("Redis isn't installed: apt install redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="samsyn-redis-") as folder:
        command = [found, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not _answers(port):
                if time.monotonic() > deadline:
                    raise TimeoutError("Redis didn't get ready")
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

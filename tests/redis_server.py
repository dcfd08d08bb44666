"""A Redis server of its own for tests, from the system's packages, on a free port."""

import contextlib
import shutil
import signal
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


class Server:
    """A server on a port of its own, which can be killed, frozen and started again."""

    def __init__(self, folder: str, *options: str) -> None:
        found = program()
        if found is None:
            raise FileNotFoundError("Redis isn't installed: apt install redis-server")
        self.port = free_port()
        self.command = [found, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, *options]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers. Raises TimeoutError."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not _answers(self.port):
            if time.monotonic() > deadline:
                raise TimeoutError("Redis didn't get ready")
            time.sleep(0.05)

    def say(self, *words: str) -> str:
        """Give it a command, and return the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as line:
            line.sendall(f"{' '.join(words)}\r\n".encode())
            return line.recv(1000).decode().splitlines()[0]

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it, frozen or not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        self.process.wait(10)


@contextlib.contextmanager
def started() -> Iterator[Server]:
    """Run a new, empty server until the block ends."""
    with tempfile.TemporaryDirectory(prefix="samsyn-redis-") as folder:
        server = Server(folder)
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a new, empty server until the block ends; yield its REDIS_URL."""
    with started() as server:
        yield server.url


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""A DICOMweb server that answers what a test tells it to."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Reply = tuple[int, dict[str, str], bytes]
MULTIPART = {"Content-Type": 'multipart/related; type="application/octet-stream"; boundary=b'}
JSON = {"Content-Type": "application/dicom+json"}


class Server(ThreadingHTTPServer):
    """Answers every request with `reply(path)`; `seen` keeps paths and headers."""

    daemon_threads = True

    def __init__(self, reply: Callable[[str], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.seen: list[tuple[str, dict[str, str]]] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some of these tests are about."""

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dicom-web"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        status, headers, body = self.server.reply(self.path)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if "Connection" in headers:
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str], Reply]], Server]]:
    running: list[Server] = []

    def start(reply: Callable[[str], Reply]) -> Server:
        running.append(Server(reply))
        return running[-1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def frames_body(*bodies: bytes, location: str = "") -> bytes:
    parts = b""
    for number, body in enumerate(bodies, 1):
        header = f"Content-Location: /x{location.format(number)}\r\n" if location else ""
        parts += f"--b\r\nContent-Type: application/octet-stream\r\n{header}\r\n".encode() + body + b"\r\n"
    return parts + b"--b--\r\n"

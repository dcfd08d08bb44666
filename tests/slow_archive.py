"""A folder as a DICOMweb archive that hands out its frames only as it is let."""

import contextlib
import json
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from viewer.archive.folder import FolderArchive

JSON = "application/dicom+json"
SIGN_OF_LIFE = 2.0  # seconds
STUDIES = re.compile(r"/studies")
SERIES = re.compile(r"/studies/([\d.]+)/series")
INSTANCES = re.compile(r"/studies/([\d.]+)/series/([\d.]+)/instances")
INSTANCE = re.compile(r"/studies/([\d.]+)/series/([\d.]+)/instances/([\d.]+)/metadata")
METADATA = re.compile(r"/studies/([\d.]+)/series/([\d.]+)/metadata")
FRAMES = re.compile(r"/studies/([\d.]+)/series/([\d.]+)/instances/([\d.]+)/frames/([\d,]+)")


class SlowArchive(ThreadingHTTPServer):
    """Serves a folder; a request for frames waits until `let` has made room for it, one for a whole series' metadata
    while `told` isn't set.

    `single`: a frame that is asked for alone comes without a multipart around it.
    """

    daemon_threads = True

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = FolderArchive("slow", folder, state=state)
        self.folder.scan(settle=0)
        self._room = threading.Semaphore(0)
        self.told = threading.Event()
        self.told.set()
        self.single = False
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def let(self, requests: int) -> None:
        """Let so many more requests for frames through."""
        self._room.release(requests)

    def wait_for_room(self, still_here: Callable[[], None]) -> None:
        """Wait until `let` has made room; who left in the meantime takes no room."""
        while True:
            found = self._room.acquire(timeout=SIGN_OF_LIFE)
            try:
                still_here()
            except OSError:
                if found:
                    self._room.release()
                raise
            if found:
                return

    def answer(self, address: str, still_here: Callable[[], None]) -> tuple[str, bytes] | None:
        """Return media type and body; None for what isn't there. `still_here` is called while it takes its time."""
        path, query = urlsplit(address).path, parse_qs(urlsplit(address).query)
        if found := FRAMES.fullmatch(path):
            self.wait_for_room(still_here)
            return self._frames(*found.groups())
        if found := INSTANCE.fullmatch(path):
            return JSON, self.folder.instance_metadata(*found.groups())
        if found := METADATA.fullmatch(path):
            while not self.told.wait(SIGN_OF_LIFE):
                still_here()
            return JSON, self.folder.series_metadata(*found.groups())
        listed: list[Any] | None = None
        if STUDIES.fullmatch(path):
            listed = self.folder.search_studies(fields=query.get("includefield", []))
        elif found := SERIES.fullmatch(path):
            listed = self.folder.search_series(found[1])
        elif found := INSTANCES.fullmatch(path):
            number = query.get("00200013", [""])[0]
            listed = self.folder.search_instances(found[1], found[2])
            listed = [each for each in listed if number in ("", str(each["00200013"]["Value"][0]))]
        if listed is None:
            return None
        start, most = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["1000"])[0])
        return JSON, json.dumps(listed[start : start + most]).encode()

    def _frames(self, study: str, series: str, instance: str, numbers: str) -> tuple[str, bytes]:
        if self.single and "," not in numbers:
            (frame,) = self.folder.frames(study, series, instance, [int(numbers)])
            return f"application/octet-stream; transfer-syntax={frame.transfer_syntax}", frame.data
        body = b""
        for frame in self.folder.frames(study, series, instance, [int(number) for number in numbers.split(",")]):
            head = f"--b\r\nContent-Type: application/octet-stream; transfer-syntax={frame.transfer_syntax}\r\n\r\n"
            body += head.encode() + frame.data + b"\r\n"
        return 'multipart/related; type="application/octet-stream"; boundary=b', body + b"--b--\r\n"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that goes while it waits is no fault."""


class Handler(BaseHTTPRequestHandler):
    server: SlowArchive
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = self.server.answer(self.path, self.still_here)
        media_type, body = found or ("text/plain", b"")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def still_here(self) -> None:
        """Say that the answer is slow, not lost: an archive that is silent for long is taken to be down.

        Raises ConnectionError where nobody waits any more.
        """
        if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionResetError
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@contextlib.contextmanager
def slow_archive(folder: Path, state: Path) -> Iterator[SlowArchive]:
    """Serve a folder until the block ends; whoever still waits is let through."""
    server = SlowArchive(folder, state)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.let(10_000)
        server.told.set()
        server.shutdown()
        server.server_close()

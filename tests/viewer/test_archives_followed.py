"""What an administrator changes on one server counts on every server of the installation, within seconds."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request

import pytest

from tests.serving import Served, serving

SOON = 15.0  # seconds, of which a loaded machine takes its part


class Empty(ThreadingHTTPServer):
    """A DICOMweb server without a study, which counts how often it is asked and with which credentials."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str | None] = []

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dicom-web"


class Answers(BaseHTTPRequestHandler):
    server: Empty

    def do_GET(self) -> None:
        self.server.asked.append(self.headers["Authorization"])
        self.send_response(200)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def empty() -> Iterator[Empty]:
    with Empty() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Administrator:
    """Somebody who runs the system, at one of its servers."""

    def __init__(self, served: Served) -> None:
        self.served, self.opener = served, served.opener("admin")

    def post(self, address: str, **form: str) -> None:
        page = self.opener.open(f"{self.served.url}/archives/", timeout=20).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        body = urlencode(form | {"csrfmiddlewaretoken": token[1]}).encode()
        request = Request(self.served.url + address, body, {"Origin": self.served.url})
        assert self.opener.open(request, timeout=20).status == 200

    def state(self, name: str) -> str:
        """Return the state of an archive as this server tells it; empty for one that it doesn't know."""
        told = json.load(self.opener.open(f"{self.served.url}/api/status", timeout=20))
        return next((each["state"] for each in told["archives"] if each["name"] == name), "")


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.full
def test_both_servers_follow_what_one_of_them_was_told(tmp_path: Path, empty: Empty) -> None:
    folder, state = tmp_path / "images", tmp_path / "state"
    folder.mkdir()
    state.mkdir(mode=0o700)
    redis = "redis://127.0.0.1:1/"  # nobody answers: the rows are the truth
    with serving(folder, state=state, REDIS_URL=redis) as first:
        (state / "serve.log").rename(state / "first.log")
        with serving(folder, state=state, REDIS_URL=redis) as second:
            here, there = Administrator(first), Administrator(second)
            form = {"name": "second", "location": empty.root, "kind": "bearer"}
            here.post("/archives/add/", **form, token="of-the-first-day")
            until(lambda: there.state("second") == here.state("second") == "ready")
            there.post("/archives/second/change/", **form, token="of-the-second-day")
            empty.asked.clear()
            until(lambda: bool(empty.asked))
            assert set(empty.asked[1:]) <= {"Bearer of-the-second-day"}
            there.post("/archives/second/disable/")
            until(lambda: here.state("second") == "off")
            time.sleep(2.5)  # by then both have read the rows anew
            empty.asked.clear()
            time.sleep(12)  # sync looks every ten seconds
            assert empty.asked == []
            told = json.loads((state / "archives.json").read_text())
            assert [(row["name"], bool(row.get("off"))) for row in told] == [("main", False), ("second", True)]

"""Real processes that make and run jobs: servers, workers, and code beside them, over one state and one database."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import OpenerDirector, Request
from uuid import UUID

import psycopg

from tests.serving import ROOT, Served, environment, free_port

SETTINGS = "tests.jobs.settings"
BEGIN = "import django; django.setup()\nfrom viewer import jobs\nfrom viewer.models import *\n"


def until(is_so: Callable[[], Any], within: float = 20) -> Any:
    """Wait until `is_so()` is true, and return it."""
    deadline = time.monotonic() + within
    while not (found := is_so()):
        assert time.monotonic() < deadline, "it didn't come about"
        time.sleep(0.05)
    return found


@dataclass
class Site:
    """One installation: what its processes share."""

    state: Path
    archive: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands."""
        ours = {"DJANGO_SETTINGS_MODULE": SETTINGS} | self.variables
        return environment(self.state, free_port(), self.archive, demo=True) | ours

    def python(self, code: str) -> str:
        """Run code beside the servers, with the models at hand; return what it prints."""
        told = subprocess.run(
            [sys.executable, "-c", BEGIN + code],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout.strip()

    def want(self, path: Path, steps: int, pause: float) -> str:
        """Want a job that counts; return its id."""
        return self.python(f"print(jobs.want('count', path={str(path)!r}, steps={steps}, pause={pause}).pk)")

    def row(self, job: str) -> tuple[str, int]:
        """Return state and attempts of a job."""
        key = UUID(job)
        found = self.query("SELECT state, attempts FROM viewer_job WHERE id = ?", key)
        return found[0][0], found[0][1]

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself: quicker than a process with models."""
        url = self.variables.get("DATABASE_URL")
        if url:
            with psycopg.connect(url) as connection:
                return connection.execute(sql.replace("?", "%s"), values).fetchall()
        with contextlib.closing(sqlite3.connect(self.state / "samsyn.sqlite3", timeout=10)) as lite:
            return lite.execute(sql, [each.hex if isinstance(each, UUID) else each for each in values]).fetchall()

    @contextlib.contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run `manage.py work` until the block ends."""
        log = self.state / f"work-{free_port()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "work"],
                cwd=ROOT, env=self.environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            until(lambda: process.poll() is not None or "is ready" in log.read_text(), 60)
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def steps(path: Path) -> list[tuple[int, str, float]]:
    """Return what counting jobs have written: process, step, time."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [(int(pid), step, float(at)) for pid, step, at in (line.split() for line in lines)]


def post(opener: OpenerDirector, served: Served, address: str) -> None:
    """Send a form as a page does."""
    page = opener.open(f"{served.url}/jobs/", timeout=20).read().decode()
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    form = urlencode({"csrfmiddlewaretoken": token}).encode()
    opener.open(Request(f"{served.url}{address}", form, {"Origin": served.url}), timeout=20)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process as a power cut does."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)

"""What the benchmarks ask: a CT, a real Orthanc that holds it, and our own server with that Orthanc as its archive."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests import orthanc
from worklist.demo.phantoms import speaking_phantom

ROOT = Path(__file__).resolve().parents[1]
SLICES, SIDE = 400, 512
TICK = os.sysconf("SC_CLK_TCK")
# What an Orthanc is given in a department: threads, kept connections, metadata read in full.
SETTINGS = {"HttpThreadsCount": 50, "KeepAlive": True}


@dataclass(frozen=True)
class Peer:
    """A server to ask: root of its DICOMweb, the header that lets in, its process."""

    name: str
    root: str
    authorization: str
    process: int


@dataclass(frozen=True)
class CT:
    """One series: its UIDs, and the UIDs of its instances in the order of slices."""

    study: str
    series: str
    instances: tuple[str, ...]

    def frames(self) -> list[str]:
        """Return the addresses of its rendered frames below a DICOMweb root."""
        return [
            f"/studies/{self.study}/series/{self.series}/instances/{uid}/frames/1/rendered" for uid in self.instances
        ]


def ct(send: Callable[[bytes], object], scratch: Path, slices: int = SLICES) -> CT:
    """Make a CT of `slices` of 512 × 512 and give each instance as a file to `send`.

    A trunk with lungs, spine and organs, under the correlated noise of a soft kernel: at a soft tissue window a JPEG
    of quality 75 has about 20 KB, and JPEG 2000 takes a third of the raw size.
    """
    uids = []
    chance = np.random.default_rng(1)
    down, across = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    path = scratch / "slice.dcm"
    for number, dataset in enumerate(speaking_phantom(slices=slices, rows=SIDE, columns=SIDE)):
        along = np.float32(number / slices)
        hu = np.full((SIDE, SIDE), -1000, np.float32)
        hu[(across / 0.85) ** 2 + (down / 0.62) ** 2 < 1] = -90
        hu[(across / 0.80) ** 2 + (down / 0.57) ** 2 < 1] = 45
        for side in (-0.4, 0.4):
            hu[((across - side) / 0.3) ** 2 + (down / (0.45 * (1 - along) + 0.02)) ** 2 < 1] = -850
            hu[((across - side) / 0.12) ** 2 + ((down - 0.2) / (0.2 * along + 0.01)) ** 2 < 1] = 130
        hu[(across / 0.12) ** 2 + ((down - 0.42) / 0.1) ** 2 < 1] = 600
        hu += 90 * cv2.GaussianBlur(chance.standard_normal((SIDE, SIDE), np.float32), (0, 0), 1.1)
        dataset.PixelData = np.clip(np.rint(hu) + 1024, 0, 4095).astype(np.uint16).tobytes()
        dataset.save_as(path, enforce_file_format=True)
        send(path.read_bytes())
        uids.append(str(dataset.SOPInstanceUID))
    return CT(str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), tuple(uids))


@contextmanager
def both(scratch: Path, slices: int = SLICES) -> Iterator[tuple[Peer, Peer, CT]]:
    """Run an Orthanc that holds a CT and our server that reads from it; yield (ours, theirs, the CT)."""
    with orthanc.running(scratch / "orthanc", **SETTINGS) as server:
        made = ct(lambda body: server.rest("instances", method="POST", body=body), scratch, slices)
        credentials = b64encode(f"{orthanc.USER}:{orthanc.PASSWORD}".encode()).decode()
        theirs = Peer("orthanc", server.root, f"Basic {credentials}", server.process.pid)
        with samsyn(scratch / "state", server.root, server.auth) as ours:
            yield ours, theirs, made


@contextmanager
def samsyn(state: Path, archive: str, auth: str = "") -> Iterator[Peer]:
    """Run our own server on an archive, and wait until its pages can be opened."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "SAMSYN_STATE": str(state), "SAMSYN_ARCHIVE": archive, "SAMSYN_DEMO": "1",
        "SAMSYN_PORT": str(port),
    }  # fmt: skip
    if auth:
        environment["SAMSYN_ARCHIVE_MAIN_AUTH"] = auth
    manage = [sys.executable, str(ROOT / "manage.py")]
    server = subprocess.Popen([*manage, "serve", "--no-filler"], env=environment, stdout=subprocess.DEVNULL)
    try:
        until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200)
        token = subprocess.run(
            [*manage, "token", "radiologist", "--write"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        settled(server.pid)
        yield Peer("samsyn", f"http://127.0.0.1:{port}/dicomweb/main", f"Bearer {token}", server.pid)
    finally:
        server.terminate()
        server.wait(20)


def until(ready: Callable[[], object], seconds: float = 60) -> None:
    """Wait until `ready` returns something true; an OSError means not yet. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
            reason = None
        except OSError as error:
            reason = error
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready after {seconds:g} s") from reason
        time.sleep(0.2)


def settled(process: int, seconds: float = 180) -> None:
    """Wait until a server that has just started has compiled its kernels and has nothing to do.

    A child that ends takes its time out of the sum: less than before isn't nothing to do.
    """
    deadline = time.monotonic() + seconds
    before, quiet = cpu_seconds(process), 0
    while quiet < 2 and time.monotonic() < deadline:
        time.sleep(2)
        now = cpu_seconds(process)
        quiet, before = (quiet + 1 if abs(now - before) < 0.1 else 0), now


def processes(of: int) -> list[int]:
    """Return the ids of a process and all its children, and theirs."""
    found, waiting = [], [of]
    while waiting:
        pid = waiting.pop()
        try:
            tasks = list(Path(f"/proc/{pid}/task").iterdir())
        except OSError:
            continue
        for task in tasks:
            with suppress(OSError):  # a thread that has ended is not the end of its process
                waiting += [int(child) for child in (task / "children").read_text().split()]
        found.append(pid)
    return found


def cpu_seconds(process: int) -> float:
    """Return the CPU time of a process and all its children, so far."""
    total = 0
    for pid in processes(process):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def proportional_bytes(pids: Iterable[int]) -> int:
    """Return what processes keep in memory (PSS): pages that are shared count once, divided among their users."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def printed(rows: list[dict[str, float | str]]) -> None:
    """Print each row as a line of JSON."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False), flush=True)

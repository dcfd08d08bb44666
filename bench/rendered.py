"""Rendered JPEGs through our HTTP door and from a real Orthanc: same slices, same run, same client.

    python -m bench.rendered [--pictures 400] [--connections 8]

Prints pictures a second, the 95th percentile of the wait and the server's CPU time for each picture. Both servers
hold a CT of 64 slices of 512 × 512; each picture asks for another window, so that nobody can answer from a cache.
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from tests import orthanc
from worklist.demo.phantoms import speaking_phantom

ROOT = Path(__file__).resolve().parents[1]
SLICES, SIDE = 64, 512
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Peer:
    """A server to ask: root of its DICOMweb, credentials, its processes, and how it spells a window."""

    name: str
    root: str
    authorization: str
    process: int
    window: str


def ct(folder: Path) -> list[str]:
    """Write a CT with noise, as a scanner's is, and return the addresses of its frames below a DICOMweb root."""
    addresses = []
    chance = np.random.default_rng(1)
    for number, dataset in enumerate(speaking_phantom(slices=SLICES, rows=SIDE, columns=SIDE)):
        values = dataset.pixel_array.astype(np.int32) + chance.normal(0, 12, (SIDE, SIDE)).astype(np.int32)
        dataset.PixelData = np.clip(values, 0, 4095).astype(np.uint16).tobytes()
        path = folder / f"{number:03}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        os.utime(path, (1e9, 1e9))  # a folder's file counts once it has stood still
        addresses.append(
            f"/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}/frames/1/rendered"
        )
    return addresses


@contextmanager
def samsyn(folder: Path, state: Path) -> Iterator[Peer]:
    """Run our own server on a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "SAMSYN_STATE": str(state), "SAMSYN_ARCHIVE": str(folder), "SAMSYN_DEMO": "1",
        "SAMSYN_PORT": str(port),
    }  # fmt: skip
    manage = [sys.executable, str(ROOT / "manage.py")]
    server = subprocess.Popen([*manage, "serve", "--no-filler"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200)
        token = subprocess.run(
            [*manage, "token", "radiologist"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        yield Peer("samsyn", f"http://127.0.0.1:{port}/dicomweb/main", f"Bearer {token}", server.pid, "linear")
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def peer(folder: Path, files: Path) -> Iterator[Peer]:
    """Run an Orthanc and give it the same slices."""
    with orthanc.running(folder) as server:
        for path in sorted(files.glob("*.dcm")):
            server.rest("instances", method="POST", body=path.read_bytes())
        credentials = b64encode(f"{orthanc.USER}:{orthanc.PASSWORD}".encode()).decode()
        yield Peer("orthanc", server.root, f"Basic {credentials}", server.process.pid, "linear")


def _until(ready, seconds: float = 60) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def ask(connection: http.client.HTTPConnection, server: Peer, address: str, center: int) -> bytes:
    """Return one picture; anything but 200 raises OSError."""
    path = f"{urlsplit(server.root).path}{address}?window={center},2000,{server.window}&quality=85"
    connection.request("GET", path, headers={"Authorization": server.authorization, "Accept": "image/jpeg"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise OSError(f"{server.name}: {answer.status} {body[:200]!r}")
    return body


def cpu_seconds(process: int) -> float:
    """Return the CPU time of a process and all its children, so far."""
    total = 0
    waiting = [process]
    while waiting:
        pid = waiting.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            waiting += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def measure(server: Peer, addresses: list[str], pictures: int, connections: int) -> dict[str, float | str]:
    """Return what `pictures` cost over `connections` at once, after every slice was asked for once."""
    where = urlsplit(server.root)
    line = http.client.HTTPConnection(where.hostname or "", where.port)
    _until(lambda: ask(line, server, addresses[0], 40))
    size = statistics.mean(len(ask(line, server, address, 40)) for address in addresses)
    waits: list[float] = []
    numbers = iter(range(pictures))
    lock = threading.Lock()

    def client() -> None:
        own = http.client.HTTPConnection(where.hostname or "", where.port)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            began = time.perf_counter()
            ask(own, server, addresses[number % len(addresses)], 40 + number % 97)
            waits.append(time.perf_counter() - began)

    before, began = cpu_seconds(server.process), time.perf_counter()
    clients = [threading.Thread(target=client) for _ in range(connections)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    taken, spent = time.perf_counter() - began, cpu_seconds(server.process) - before
    return {
        "server": server.name,
        "connections": connections,
        "pictures a second": round(len(waits) / taken, 1),
        "p50 ms": round(1000 * statistics.median(waits), 1),
        "p95 ms": round(1000 * sorted(waits)[int(0.95 * len(waits))], 1),
        "CPU ms a picture": round(1000 * spent / len(waits), 2),
        "KB": round(size / 1000, 1),
    }


def main() -> None:
    """Measure both, one after the other, three times in turn."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, default=400)
    arguments.add_argument("--connections", type=int, default=8)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        files, state = Path(scratch) / "files", Path(scratch) / "state"
        files.mkdir()
        addresses = ct(files)
        with samsyn(files, state) as ours, peer(Path(scratch) / "orthanc", files) as theirs:
            rows = [
                measure(server, addresses, options.pictures, options.connections)
                for _ in range(3)
                for server in (ours, theirs)
            ]
    for row in rows:
        print(json.dumps(row))
    for figure in ("pictures a second", "p95 ms", "CPU ms a picture"):
        ours_is, theirs_is = (
            statistics.median(float(row[figure]) for row in rows if row["server"] == name)
            for name in ("samsyn", "orthanc")
        )
        print(f"{figure}: samsyn {ours_is:g}, orthanc {theirs_is:g}, ratio {ours_is / theirs_is:.2f} (medians of 3)")


if __name__ == "__main__":
    main()

"""A whole series into the frame store, against a bare client that reads the same transfer and drops it.

    python -m bench.fill [--slices 400] [--syntax raw --syntax J2K] [--folder]

For each syntax: the seconds that the bare client takes for the series from a real Orthanc, the seconds that decoding
takes and nothing else, and the seconds from a reader's first look until every frame is in the store. The goal is
1.5 × the bare client's time plus decoding divided by the number of workers; what is printed is the share of it. Beside
it stands the least that these cores allow: as many processes as workers, which decode and do nothing else.
"""

import argparse
import asyncio
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pydicom import dcmread
from pydicom.encaps import generate_frames

from bench.series import ENCODERS, Series, ct, served
from bench.servers import ROOT, cpu_seconds, printed, settled
from tests import orthanc
from viewer.archive import FolderArchive
from viewer.imaging.pixels import PixelFormat
from viewer.store.client import StoreClient
from viewer.store.decode import NATIVE, decode
from viewer.store.frames import PRESENT

WORKERS = len(os.sched_getaffinity(0))
ALLOWED = 1.5
TURNS = 3


def bare_seconds(server: orthanc.Orthanc, series: Series) -> float:
    """Return how long it takes to read the series as it is stored, in one answer, and to drop it."""
    where = urlsplit(server.root)
    line = http.client.HTTPConnection(where.hostname or "", where.port)
    credentials = b64encode(f"{orthanc.USER}:{orthanc.PASSWORD}".encode()).decode()
    began = time.perf_counter()
    line.request(
        "GET", where.path + series.path,
        headers={
            "Authorization": f"Basic {credentials}", "Accept-Encoding": "identity",
            "Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*',
        },
    )  # fmt: skip
    answer = line.getresponse()
    dropped, count = bytearray(1 << 20), 0
    while got := answer.readinto(dropped):
        count += got
    taken = time.perf_counter() - began
    if answer.status != 200 or count < sum(path.stat().st_size for path in series.folder.iterdir()):
        raise OSError(f"Orthanc sent {count} bytes, status {answer.status}")
    line.close()
    return taken


def reading_seconds(series: Series) -> float:
    """Return how long it takes to read the files of the series and to drop them."""
    began = time.perf_counter()
    for path in series.folder.iterdir():
        path.read_bytes()
    return time.perf_counter() - began


def encoded(series: Series, count: int) -> list[tuple[bytes, PixelFormat]]:
    """Return the first `count` frames of a series."""
    frames = []
    for path in sorted(series.folder.iterdir())[:count]:
        data = dcmread(path)
        form = PixelFormat(data.Rows, data.Columns, 1, 16, data.BitsStored, data.HighBit, False, "MONOCHROME2")
        frames.append((next(generate_frames(data.PixelData, number_of_frames=1)), form))
    return frames


def decoding_seconds(series: Series, count: int = 40) -> float:
    """Return the CPU seconds that one decoder takes for the whole series, from `count` of its frames."""
    if series.syntax in NATIVE:
        return 0.0
    frames = encoded(series, count)
    decode(frames[0][0], series.syntax, frames[0][1])
    began = time.process_time()
    for data, form in frames:
        decode(data, series.syntax, form)
    return (time.process_time() - began) * len(series.instances) / len(frames)


def together_seconds(series: Series, count: int = 40) -> float:
    """Return the seconds that WORKERS decoders beside each other take for the series, from `count` frames each."""
    if series.syntax in NATIVE:
        return 0.0
    frames = encoded(series, count)
    began = time.perf_counter()
    children = []
    for _ in range(WORKERS):
        child = os.fork()
        if not child:
            for data, form in frames:
                decode(data, series.syntax, form)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return (time.perf_counter() - began) * len(series.instances) / (len(frames) * WORKERS)


@contextmanager
def store(state: Path, location: str, auth: str | None, index: Path | None = None) -> Iterator[int]:
    """Run a store process over one archive; yield its process id."""
    if index is None:
        state.mkdir(mode=0o700)
    else:
        shutil.copytree(index, state)
    site = {"name": "main", "location": location, "auth": auth}
    (state / "archives.json").write_text(json.dumps([site]))
    command = [sys.executable, "-m", "viewer.store", "--follow", "--state", str(state)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.communicate()
        shutil.rmtree(state)


async def filled(state: Path, series: Series, process: int) -> tuple[float, float]:
    """Return the seconds from a reader's look at the middle of the series until the store holds all of it.

    And the CPU seconds that the store's process and its workers spent on it.
    """
    client = StoreClient(state)
    opened = await client.series("main", series.study, series.series)
    order = [(uid, 1) for uid in series.instances]
    before, began = cpu_seconds(process), time.perf_counter()
    await client.looking(opened, order, len(order) // 2, 1)
    while opened.states().count(PRESENT) < len(order):
        if time.perf_counter() - began > 300:
            raise TimeoutError(f"{opened.states().count(PRESENT)} of {len(order)} frames after five minutes")
        await asyncio.sleep(0.005)
    taken = time.perf_counter() - began
    spent = cpu_seconds(process) - before
    await client.close()
    return taken, spent


def measured(
    scratch: Path, series: Series, bare: Callable[[], float], location: str, auth: str | None, index: Path | None = None
) -> dict[str, float | str]:
    """Return medians over a few turns, in which the two sides alternate; `index` is what a folder's store starts with.

    CPU is that of the store and its workers, beyond one that decodes.
    """
    bares, decodings, togethers, ours, overheads = [], [], [], [], []
    for _ in range(TURNS):
        bares.append(bare())
        decodings.append(decoding_seconds(series))
        togethers.append(together_seconds(series))
        with store(scratch / "store", location, auth, index) as process:
            settled(process)
            taken, spent = asyncio.run(filled(scratch / "store", series, process))
            ours.append(taken)
            overheads.append(spent)
    bare_s, decoding, together, fill = (statistics.median(each) for each in (bares, decodings, togethers, ours))
    return {
        "bare client s": round(bare_s, 3),
        "decoding s": round(decoding, 2),
        f"decoding in {WORKERS} at once s": round(together, 2),
        "fill s": round(fill, 3),
        "CPU beyond decoding s": round(statistics.median(overheads) - decoding, 2),
        "share of the goal": round(fill / (ALLOWED * bare_s + decoding / WORKERS), 2),
    }


def main() -> None:
    """Measure every syntax over Orthanc and over a folder."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--slices", type=int, default=400)
    arguments.add_argument("--syntax", action="append", choices=list(ENCODERS))
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        held = [ct(scratch / name, name, options.slices) for name in options.syntax or ENCODERS]
        with served(scratch / "orthanc", held) as server:
            for series in held:
                row = measured(scratch, series, partial(bare_seconds, server, series), server.root, server.auth)
                printed([{"series": f"{series.name} from Orthanc", **row}])
        for series in held:
            index = scratch / f"index of {series.name}"
            FolderArchive("main", series.folder, state=index).scan(settle=0)
            row = measured(scratch, series, partial(reading_seconds, series), str(series.folder), None, index)
            printed([{"series": f"{series.name} from a folder", **row}])


if __name__ == "__main__":
    main()

"""One big picture: how long its first view takes, what every further one costs, and that bytes and memory stay small.

    python -m bench.big [file.dcm]

The file is the mammogram of 3064 × 4664 in JPEG 2000 among the test data (SAMSYN_TEST_DATA), unless another is named.
Our server reads it from a folder. The first view is weighed against decoding the file by itself, in a process that does
nothing else; each later one, whole or zoomed, against cutting, scaling and encoding that region alone, from pixels that
lie in memory, with the libraries that the server uses. Every view has another window or another place. Memory is the
proportional set size of all our processes, looked at every 200 ms. Goals: 300 ms beyond decoding, 1.5 times the region.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pydicom
from pydicom.encaps import generate_frames

from bench.servers import Peer, printed, processes, proportional_bytes, samsyn, until
from viewer.imaging import encode, resample
from viewer.imaging.pixels import PixelFormat
from viewer.imaging.record import Instance
from viewer.store.decode import decode

# Of each kind of view: seconds of ours, seconds of the region alone, bytes.
Views = dict[str, tuple[list[float], list[float], list[int]]]
PANE = (1400, 960)
TURNS = 9
MIB = 1 << 20
PNG = "image/png"
# Parts of the matrix: corner and size, as shares of columns and rows.
ZOOMED = ((0.1, 0.1, 0.5, 0.25), (0.4, 0.3, 0.25, 0.12), (0.3, 0.6, 0.4, 0.2), (0.6, 0.2, 0.35, 0.18))


def decoded(path: Path) -> tuple[pydicom.Dataset, np.ndarray, float]:
    """Return the data set, its pixels and the median seconds of decoding them."""
    dataset = pydicom.dcmread(path)
    keywords = (
        "SOPClassUID", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored",
        "HighBit", "PixelRepresentation",
    )  # fmt: skip
    form = PixelFormat.of(Instance(**{keyword: dataset.get(keyword) for keyword in keywords}))
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    return dataset, decode(frame, syntax, form), timed(lambda: decode(frame, syntax, form), 3)


def timed(work: Callable[[], object], turns: int = TURNS) -> float:
    """Return the median seconds of `work`."""
    taken = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def fitted(width: float, height: float) -> tuple[int, int]:
    """Return the size in which a region fits the pane; a magnified one comes in its own pixels."""
    scale = min(PANE[0] / width, PANE[1] / height, 1)
    return max(1, round(width * scale)), max(1, round(height * scale))


def alone(stored: np.ndarray, region: tuple[float, float, float, float], size: tuple[int, int]) -> bytes:
    """Return a region as PNG: cut, scaled, made grey by a shift, encoded."""
    cut = resample.region(stored, region, size)
    grey = cut if cut.dtype == np.uint8 else (cut >> 4).clip(0, 255).astype(np.uint8)
    return encode.encoded(grey, PNG, 90)


def got(server: Peer, address: str) -> bytes:
    """Return the body of an answer. Raises OSError."""
    request = urllib.request.Request(server.root + address, headers={"Authorization": server.authorization})
    body: bytes = urllib.request.urlopen(request, timeout=60).read()
    return body


class Watch:
    """Looks at the memory of a server's processes until it is left; `most` is the highest seen, in bytes."""

    def __init__(self, server: Peer) -> None:
        self.server, self.most, self.done = server, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self) -> None:
        """Note the most, every 200 ms."""
        while not self.done.wait(0.2):
            self.most = max(self.most, proportional_bytes(processes(self.server.process)))

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


def listed(server: Peer, study: str) -> bool:
    """Whether the server's index knows the study by now."""
    address = f"{server.root.removesuffix('/dicomweb/main')}/api/studies/main/{study}/"
    try:
        request = urllib.request.Request(address, headers={"Authorization": server.authorization})
        return b'"uid"' in urllib.request.urlopen(request, timeout=5).read()
    except HTTPError:
        return False


def main() -> None:
    """Measure the first view, then whole views and zoomed ones."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", nargs="?", type=Path)
    path = arguments.parse_args().file
    if path is None and not os.environ.get("SAMSYN_TEST_DATA"):
        print("big: no picture; name a file, or the test data by SAMSYN_TEST_DATA")
        return
    path = path or Path(os.environ["SAMSYN_TEST_DATA"]) / "mg" / "mg1-j2k-lossy.dcm"
    dataset, stored, decoding = decoded(path)
    rows, columns = stored.shape[:2]
    frame = (
        f"/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}/frames/1/rendered?accept={PNG}"
    )
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch:
        folder = Path(scratch) / "images"
        folder.mkdir()
        shutil.copyfile(path, folder / "big.dcm")
        with samsyn(Path(scratch) / "state", str(folder)) as server:
            until(lambda: listed(server, str(dataset.StudyInstanceUID)))
            idle = proportional_bytes(processes(server.process))
            whole = (0.0, 0.0, float(columns), float(rows))
            size = fitted(columns, rows)
            with Watch(server) as watch:
                began = time.perf_counter()
                first = got(server, f"{frame}&viewport={size[0]},{size[1]}")
                taken = time.perf_counter() - began
                views: Views = {"whole": ([], [], []), "zoomed": ([], [], [])}
                for turn in range(TURNS):
                    places = [whole] if turn % 2 == 0 else []
                    places += [
                        (round(x * columns) + turn, round(y * rows), round(w * columns), round(h * rows))
                        for x, y, w, h in ZOOMED
                    ]
                    for region in places:
                        kind = "whole" if region is whole else "zoomed"
                        size = fitted(region[2], region[3])
                        asked = ",".join(f"{value:g}" for value in (*size, *region))
                        query = f"{frame}&viewport={asked}&window={2000 + turn},{4000 + turn},linear"
                        began = time.perf_counter()
                        body = got(server, query)
                        views[kind][0].append(time.perf_counter() - began)
                        views[kind][1].append(timed(partial(alone, stored, region, size), 1))
                        views[kind][2].append(len(body))
    printed([{
        "picture": f"{columns}x{rows}", "decoding ms": round(1000 * decoding), "first view ms": round(1000 * taken),
        "first view KB": round(len(first) / 1000), "raw MiB": round(stored.nbytes / MIB, 1),
        "idle MiB": round(idle / MIB), "most beyond idle MiB": round((watch.most - idle) / MIB),
    }])  # fmt: skip
    print(f"first view: {1000 * (taken - decoding):.0f} ms beyond decoding (goal 300)")
    for kind, (ours, theirs, sizes) in views.items():
        one, other = statistics.median(ours), statistics.median(theirs)
        print(
            f"{kind}: {1000 * one:.1f} ms, the region alone {1000 * other:.1f} ms, ratio {one / other:.2f} (goal 1.5); "
            f"{max(sizes) / 1000:.0f} KB at most"
        )


if __name__ == "__main__":
    main()

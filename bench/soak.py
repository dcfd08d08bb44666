"""Half load for an hour: does anything grow?

    python -m bench.soak [--minutes 60] [--slices 200]

Readers scroll and drag windows over sockets that come and go, planes are cut, lossless pictures and thumbnails are
asked for by HTTP. After a quarter of the time, when caches are full, it watches until the end: memory of each process
that is its own (MiB an hour, by a line of least squares), open file descriptors, threads, files under the state folder
and in the folder for temporary ones. Goal: at most 10 MiB an hour and process, all else flat.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import uvloop

from bench import light, rendered
from bench.servers import CT, Peer, both, processes
from bench.wire import Reader

READERS, BEAT = 8, 12.0
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1024 * 1024


def measured(server: Peer, folders: list[Path]) -> dict[str, dict[str, float]]:
    """Return each process' own memory (not mapped from files), descriptors and threads; and the files in `folders`."""
    found: dict[str, dict[str, float]] = {}
    for pid in processes(server.process):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            # Mapped frames belong to the page cache, not to the process.
            anonymous = next(
                int(line.split()[1])
                for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if "RssAnon" in line
            )
            found[f"{b' '.join(words[1:4]).decode(errors='replace')[:40]} {pid}"] = {
                "MiB": anonymous / 1024,
                "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
                "threads": len(os.listdir(f"/proc/{pid}/task")),
            }
        except (OSError, StopIteration):
            continue
    found["files"] = {each.name: sum(len(files) for _folder, _folders, files in os.walk(each)) for each in folders}
    return found


@contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """Have the servers that are started meanwhile keep their temporary files in a folder of their own."""
    before = os.environ.get("TMPDIR")
    folder.mkdir()
    os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before


async def scrolling(server: Peer, ct: CT, number: int, until: float) -> None:
    """Scroll, drag a window, look around in the volume; leave and come back twice a minute."""
    chance = np.random.default_rng(number)
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        socket = await Reader.connected(server, ct)
        leave = min(until, loop.time() + 30 + number)
        at, step, center = int(chance.integers(len(ct.instances))), 1, 40
        while loop.time() < leave:
            if chance.random() < 0.02:
                step, center = -step, int(chance.integers(-200, 400))
            at = (at + step) % len(ct.instances)
            wish = f"accept=image/jpeg&quality=80&window={center},400,linear&viewport=800,800"
            tasks = [socket.wish(wish, ct.instances[at])]
            if chance.random() < 0.05:
                side = chance.choice(list("aplrfh"))
                plane = f"accept=image/jpeg&window={center},400,linear&viewport=400,400&orientation={side}"
                tasks.append(socket.wish(plane, "", 1, "renderedmpr"))
            await asyncio.wait_for(asyncio.gather(*tasks), 60)
            await asyncio.sleep(1 / BEAT)
        socket.close()


async def asking(server: Peer, ct: CT, until: float) -> None:
    """Ask by HTTP as other programs do: lossless pictures and thumbnails, once a tenth of a second."""
    line = await light.connected(server)
    addresses, turn = ct.frames(), 0
    while asyncio.get_running_loop().time() < until:
        turn += 1
        address = addresses[turn * 7 % len(addresses)]
        if turn % 3 == 0:
            await line.ask(light.request(server, address.replace("/rendered", "/thumbnail"), "", "image/jpeg"))
        else:
            await line.ask(light.request(server, address, f"window={turn % 300},500,linear", "image/png"))
        await asyncio.sleep(0.1)


def slope(times: list[float], values: list[float]) -> float:
    """Return growth an hour by least squares."""
    return float(np.polyfit(np.asarray(times) / 3600, values, 1)[0]) if len(times) > 2 else float("nan")


def main() -> None:
    """Load, watch, tell."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--slices", type=int, default=200)
    options = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch,
        temporary(Path(scratch) / "temporary") as temporary_files,
        both(Path(scratch), options.slices) as (ours, _theirs, ct),
    ):
        rendered.warm(ours, ct.frames())
        folders = [Path(scratch) / "state", temporary_files]
        rows: list[tuple[float, dict[str, dict[str, float]]]] = []

        async def watch(until: float) -> None:
            began = time.monotonic()
            while time.monotonic() - began < 60 * options.minutes:
                await asyncio.sleep(max(5.0, 60 * options.minutes / 120))
                rows.append((time.monotonic() - began, measured(ours, folders)))

        async def run() -> None:
            until = asyncio.get_running_loop().time() + 60 * options.minutes
            readers = [scrolling(ours, ct, number, until) for number in range(READERS)]
            await asyncio.gather(*readers, asking(ours, ct, until), watch(until))

        uvloop.run(run())
    told(rows, 60 * options.minutes / 4)


def told(rows: list[tuple[float, dict[str, dict[str, float]]]], after: float) -> None:
    """Print each figure: its median in the first and the last quarter of what was watched, and its growth an hour."""
    series: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for at, row in rows:
        if at >= after:
            for name, figures in row.items():
                for figure, value in figures.items():
                    series[name, figure].append((at, value))
    for (name, figure), points in series.items():
        times, values = [at for at, _ in points], [value for _, value in points]
        part = max(1, len(values) // 4)
        print(
            json.dumps(
                {
                    "of": name, "figure": figure, "first": round(statistics.median(values[:part]), 1),
                    "last": round(statistics.median(values[-part:]), 1), "an hour": round(slope(times, values), 2),
                }
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()

"""Pictures over the socket against Orthanc's `/rendered`: the server's CPU time for each picture, one run.

    python -m bench.socket [--pictures 2000] [--readers 8] [--slices 400]

Goal: 3.5 times Orthanc's. Then the first lossless picture after rest: how long the server takes for it, alone; goal:
at most 30 ms.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from bench import light, rendered
from bench.servers import CT, SLICES, Peer, both, cpu_seconds, printed
from bench.wire import Reader

TURNS = 3
LOSSLESS = 40


def window(turn: int) -> str:
    """Return a window that wasn't asked for lately."""
    return f"window={40 + turn % 61},{400 + turn % 53},linear"


def measure(server: Peer, ct: CT, pictures: int, readers: int) -> dict[str, float | str]:
    """Return what `pictures` cost over as many sockets, each with one wish in flight."""

    async def run() -> tuple[list[float], float, float]:
        sockets = [await Reader.connected(server, ct) for _ in range(readers)]
        waits: list[float] = []
        turns = iter(range(pictures))

        async def read(socket: Reader) -> None:
            for turn in turns:
                began = time.perf_counter()
                uid = ct.instances[turn % len(ct.instances)]
                await socket.wish(f"accept=image/jpeg&quality=85&{window(turn)}", uid)
                waits.append(time.perf_counter() - began)

        before, began = cpu_seconds(server.process), time.perf_counter()
        await asyncio.gather(*(read(socket) for socket in sockets))
        taken, spent = time.perf_counter() - began, cpu_seconds(server.process) - before
        for socket in sockets:
            socket.close()
        return waits, taken, spent

    waits, taken, spent = uvloop.run(run())
    return {
        "server": "samsyn over the socket",
        "connections": readers,
        "pictures a second": round(len(waits) / taken, 1),
        "p50 ms": round(light.part(waits, 0.5), 2),
        "p95 ms": round(light.part(waits, 0.95), 2),
        "CPU ms a picture": round(1000 * spent / len(waits), 3),
    }


def at_rest(server: Peer, ct: CT) -> list[float]:
    """Return the milliseconds from a wish for a lossless picture to its answer, each after half a second of rest."""

    async def run() -> list[float]:
        socket = await Reader.connected(server, ct)
        waits = []
        for turn in range(LOSSLESS):
            await asyncio.sleep(0.5)
            began = time.perf_counter()
            uid = ct.instances[37 * turn % len(ct.instances)]
            await socket.wish(f"accept=image/png&{window(turn)}&viewport=900,900", uid)
            waits.append(1000 * (time.perf_counter() - began))
        socket.close()
        return waits

    return uvloop.run(run())


def main() -> None:
    """Measure both in turns, three times."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, default=2000)
    arguments.add_argument("--readers", type=int, default=8)
    arguments.add_argument("--slices", type=int, default=SLICES)
    options = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch,
        both(Path(scratch), options.slices) as (ours, theirs, ct),
    ):
        rendered.warm(ours, ct.frames())
        rendered.warm(theirs, ct.frames())
        rows = []
        for _ in range(TURNS):
            rows.append(measure(ours, ct, options.pictures, options.readers))
            rows.append(rendered.measure(theirs, ct.frames(), options.pictures // 3, options.readers))
        rest = at_rest(ours, ct)
    printed(rows)
    cost = {
        name: statistics.median(float(row["CPU ms a picture"]) for row in rows if row["server"] == name)
        for name in (str(rows[0]["server"]), str(rows[1]["server"]))
    }
    ours_is, theirs_is = cost.values()
    print(
        f"CPU ms a picture: over our socket {ours_is:g}, Orthanc {theirs_is:g}: {theirs_is / ours_is:.2f} times as many"
    )
    print(
        f"lossless after rest: p50 {statistics.median(rest):.1f} ms, p95 {sorted(rest)[int(0.95 * len(rest))]:.1f} ms"
    )


if __name__ == "__main__":
    main()

"""Rendered JPEGs through our HTTP door and from a real Orthanc: same slices, same run, same cores, same client.

    python -m bench.rendered [--pictures 2000] [--connections 8] [--slices 400]

Our server reads a CT of 400 slices of 512 × 512 from that very Orthanc; every slice is asked for once beforehand. Each
picture asks for another window, so that nobody answers from a cache. The client shares the cores with the server.
Prints pictures a second, the wait and the server's CPU time for each picture; goals: 3 times Orthanc's pictures a
second, 0.4 times its 95th percentile.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from bench import light
from bench.servers import SLICES, Peer, both, cpu_seconds, printed, until

TURNS = 3


def measure(server: Peer, addresses: list[str], pictures: int, connections: int) -> dict[str, float | str]:
    """Return what `pictures` cost over `connections` at once."""
    requests = light.windowed(server, addresses, pictures)
    before = cpu_seconds(server.process)
    waits, taken, size = light.race(server, requests, connections)
    spent = cpu_seconds(server.process) - before
    return {
        "server": server.name,
        "connections": connections,
        "pictures a second": round(len(waits) / taken, 1),
        "p50 ms": round(light.part(waits, 0.5), 2),
        "p95 ms": round(light.part(waits, 0.95), 2),
        "CPU ms a picture": round(1000 * spent / len(waits), 3),
        "KB": round(size / len(waits) / 1000, 1),
    }


def warm(server: Peer, addresses: list[str]) -> None:
    """Ask for every slice once, when the server has heard of the study."""
    first = light.windowed(server, addresses, 1)
    until(lambda: light.race(server, first, 1))
    light.race(server, light.windowed(server, addresses, len(addresses)), 4)


def main() -> None:
    """Measure both in turns, three times."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, default=2000)
    arguments.add_argument("--connections", type=int, default=8)
    arguments.add_argument("--slices", type=int, default=SLICES)
    options = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch,
        both(Path(scratch), options.slices) as (ours, theirs, ct),
    ):
        addresses = ct.frames()
        warm(ours, addresses)
        warm(theirs, addresses)
        rows = [
            measure(server, addresses, options.pictures if server is ours else options.pictures // 3, each)
            for each in (1, options.connections)
            for _ in range(TURNS)
            for server in (ours, theirs)
        ]
    printed(rows)
    for connections in (1, options.connections):
        for figure in ("pictures a second", "p95 ms", "CPU ms a picture"):
            ours_is, theirs_is = (
                statistics.median(
                    float(row[figure]) for row in rows if (row["server"], row["connections"]) == (name, connections)
                )
                for name in ("samsyn", "orthanc")
            )
            print(
                f"{connections} at once, {figure}: samsyn {ours_is:g}, orthanc {theirs_is:g}, "
                f"ratio {ours_is / theirs_is:.2f} (medians of {TURNS})"
            )


if __name__ == "__main__":
    main()

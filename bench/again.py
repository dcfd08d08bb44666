"""A second look at JPEG 2000 slices: through our door, and at the Orthanc that decodes them again each time.

    python -m bench.again [--slices 40]

Each picture asks for another window. The goal is 0.08 times Orthanc's time.
"""

import argparse
import statistics
import tempfile
from base64 import b64encode
from pathlib import Path

from bench import light
from bench.series import ct, served
from bench.servers import Peer, cpu_seconds, printed, samsyn
from tests import orthanc

TURNS = 3


def look(server: Peer, addresses: list[str]) -> dict[str, float | str]:
    """Return what one look at all slices costs, one after the other."""
    before = cpu_seconds(server.process)
    waits, _, _ = light.race(server, light.windowed(server, addresses, len(addresses)), 1)
    spent = cpu_seconds(server.process) - before
    return {
        "server": server.name,
        "p50 ms": round(1000 * statistics.median(waits), 2),
        "CPU ms a picture": round(1000 * spent / len(waits), 2),
    }


def main() -> None:
    """Look once without counting, then in turns."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--slices", type=int, default=40)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as folder:
        scratch = Path(folder)
        series = ct(scratch / "J2K", "J2K", options.slices)
        with (
            served(scratch / "orthanc", [series]) as server,
            samsyn(scratch / "state", server.root, server.auth) as ours,
        ):
            credentials = b64encode(f"{orthanc.USER}:{orthanc.PASSWORD}".encode()).decode()
            theirs = Peer("orthanc", server.root, f"Basic {credentials}", server.process.pid)
            addresses = [f"{series.path}/instances/{uid}/frames/1/rendered" for uid in series.instances]
            for each in (ours, theirs):
                look(each, addresses)
            rows = [look(each, addresses) for _ in range(TURNS) for each in (ours, theirs)]
    printed(rows)
    for figure in ("p50 ms", "CPU ms a picture"):
        ours_is, theirs_is = (
            statistics.median(float(row[figure]) for row in rows if row["server"] == name)
            for name in ("samsyn", "orthanc")
        )
        print(f"second look at JPEG 2000, {figure}: samsyn {ours_is:g}, orthanc {theirs_is:g}, "
              f"ratio {ours_is / theirs_is:.3f} (medians of {TURNS})")  # fmt: skip


if __name__ == "__main__":
    main()

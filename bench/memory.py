"""What an open study costs in memory: a CT of 400 slices from a real Orthanc, looked at by one reader and by a second.

    python -m bench.memory [--slices 400]

Counts the proportional set size of all our processes (web, store, fork server, decode workers): what several map is
shared out among them. The peer is the raw size of the pixels. Goals: 1.3 times it beyond idle, 5 % more for a second
reader. A window of every slice is asked for by either.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench import light
from bench.servers import ROOT, SIDE, SLICES, Peer, both, printed, processes, proportional_bytes, settled

MIB = 1 << 20


def read_through(server: Peer, addresses: list[str]) -> int:
    """Ask for every slice twice, as one reader does; return what our processes hold once they are at rest."""
    light.race(server, light.windowed(server, addresses, 2 * len(addresses)), 2)
    settled(server.process)
    return proportional_bytes(processes(server.process))


def another(server: Peer, state: Path) -> Peer:
    """Return the same server for a second reader."""
    environment = {**os.environ, "SAMSYN_STATE": str(state), "SAMSYN_DEMO": "1"}
    token = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "token", "radiologist2"],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return replace(server, authorization=f"Bearer {token}")


def main() -> None:
    """Measure idle, one reader, two."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--slices", type=int, default=SLICES)
    options = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch,
        both(Path(scratch), options.slices) as (ours, _theirs, ct),
    ):
        raw = options.slices * SIDE * SIDE * 2
        addresses = ct.frames()
        # One picture of one slice: what is loaded at the first picture ever belongs to no study.
        idle = read_through(ours, addresses[:1])
        first = read_through(ours, addresses) - idle
        second = read_through(another(ours, Path(scratch) / "state"), addresses) - idle - first
    printed([{"raw MiB": round(raw / MIB), "idle MiB": round(idle / MIB), "first reader MiB": round(first / MIB),
              "second reader MiB": round(second / MIB, 1)}])  # fmt: skip
    print(f"memory of an open study beyond idle: ratio {first / raw:.2f} of its raw size")
    print(f"memory for a second reader: ratio {second / first:.3f} of the first")


if __name__ == "__main__":
    main()

"""Spoilt files by the hundred thousand, round after round: `make fuzz`, or `python -m tests.fuzz --seed 7 --only 123`.

FUZZ_COUNT says how many, FUZZ_SEED with which seed, FUZZ_KEPT where files with findings go.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import rounds

COUNT = 200_000
ROUND = 2_000


def arguments() -> argparse.Namespace:
    """Read the command line; what it doesn't say, the environment may."""
    found = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    found.add_argument("--count", type=int, default=int(os.environ.get("FUZZ_COUNT", COUNT)))
    found.add_argument(
        "--seed", type=int, default=int(os.environ.get("FUZZ_SEED", random.SystemRandom().randrange(10**9)))
    )
    found.add_argument("--only", type=int, help="the number of one case, to see it again")
    found.add_argument("--kept", type=Path, default=os.environ.get("FUZZ_KEPT"))
    return found.parse_args()


def main() -> int:
    """Run the rounds; return 1 if anything was found."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server of the round ends with it
    given = arguments()
    kept = given.kept or Path(tempfile.gettempdir()) / f"samsyn-fuzz-{given.seed}"
    numbers = range(given.only, given.only + 1) if given.only is not None else range(given.count)
    print(f"fuzz: seed {given.seed}, {len(numbers)} files", flush=True)
    began, found, said = time.monotonic(), 0, Counter[str]()
    for start in range(0, len(numbers), ROUND):
        outcome = rounds.run(given.seed, numbers[start : start + ROUND], kept)
        found += len(outcome.findings)
        said += outcome.said
        done = min(start + ROUND, len(numbers))
        rate = done / (time.monotonic() - began)
        print(f"fuzz: {done} files, {found} findings, {rate:.1f} a second; {outcome.beside}", flush=True)
        for whose, what in outcome.findings[:20]:
            print(f"  {whose}: {what}", flush=True)
    for words, count in said.most_common(40):
        print(f"  {count} × {words}")
    if found:
        print(f"fuzz: {found} findings under seed {given.seed}; the files, the log and a list are in {kept}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m viewer.store --state DIR`: the store process of a node."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from viewer.store.process import AnotherStore, serve


def main() -> int:
    """Run the store process; return its exit code."""
    arguments = argparse.ArgumentParser(prog="python -m viewer.store", description="Fetches, decodes and keeps frames.")
    arguments.add_argument("--state", type=Path, required=True, help="folder for socket, frames and archives.json")
    arguments.add_argument("--budget", type=int, help="bytes that frames may take (default: half of what is free)")
    arguments.add_argument(
        "--decoders", type=int, default=len(os.sched_getaffinity(0)), help="number of decode workers"
    )
    arguments.add_argument("--follow", action="store_true", help="end when standard input closes")
    options = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s store %(levelname)s %(message)s")
    try:
        asyncio.run(
            serve(options.state.absolute(), budget=options.budget, decoders=options.decoders, follow=options.follow)
        )
    except (AnotherStore, OSError) as error:
        print(f"The store process can't start: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # A thread may still wait for an archive; there is nothing left to save.
    os._exit(code)

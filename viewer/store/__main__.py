"""`python -m viewer.store --state DIR`: the store process of a node."""

import argparse
import asyncio
import gc
import logging
import os
import sys
from pathlib import Path

from viewer.store.process import AnotherStore, serve
from viewer.store.store import REREAD_SECONDS


def main() -> int:
    """Run the store process; return its exit code."""
    arguments = argparse.ArgumentParser(prog="python -m viewer.store", description="Fetches, decodes and keeps frames.")
    add = arguments.add_argument
    cores = len(os.sched_getaffinity(0))
    add("--state", type=Path, required=True, help="folder for socket, frames and archives.json")
    add("--budget", type=int, help="bytes that frames may take (default: half of what is free)")
    add("--decoders", type=int, default=cores, help="number of decode workers (default: one for each core)")
    add("--reread", type=float, default=REREAD_SECONDS, help="seconds before an opened series is compared again")
    add("--follow", action="store_true", help="end when standard input closes")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s store %(levelname)s %(message)s")
    running = serve(
        given.state.absolute(), budget=given.budget, decoders=given.decoders, reread=given.reread, follow=given.follow
    )
    gc.freeze()  # what is loaded stays: the collector would look through it in the middle of an opening series
    try:
        asyncio.run(running)
    except (AnotherStore, OSError) as error:
        print(f"The store process can't start: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # A thread may still wait for an archive; there is nothing left to save.
    os._exit(code)

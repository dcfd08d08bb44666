"""How well a clip keeps its file's own time in a real Chromium, at the size of a reading screen.

    python -m bench.cine [--clip xa/xa-96f-jpeg.dcm] [--rounds 3] [--size 1920x1080]

`--clip` is a file of the folder that SAMSYN_TEST_DATA names. Of each round: the mean time from one picture painted to
the next against the file's, the middle and the slowest, how many came late by the page's own count, and whether any
was left out. The first round comes from the server, the others from the page's memory.
"""

import argparse
import os
import tempfile
from itertools import pairwise
from pathlib import Path

from pydicom import dcmread

from tests.browser.reading import Reader, lay, reading
from tests.browser.test_cine import PAINTED, painted


def main(arguments: list[str] | None = None) -> None:
    """Print one line for each round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", default="xa/xa-96f-jpeg.dcm")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="1920x1080")
    options = parser.parse_args(arguments)
    root = os.environ.get("SAMSYN_TEST_DATA")
    if root is None or not (Path(root) / options.clip).is_file():
        print(f"cine: no {options.clip} in SAMSYN_TEST_DATA")
        return
    clip = dcmread(Path(root) / options.clip)
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        study = lay(Path(folder), [clip])
        with reading(Path(folder), width=width, height=height) as reader:
            reader.open(study)
            reader.focus()
            reader.page.evaluate(PAINTED)
            for number in range(1, options.rounds + 1):
                kept = ran(reader, clip.NumberOfFrames, clip.FrameTime)
                print(f"cine {options.clip} {options.size} round {number}: {kept}")


def ran(reader: Reader, frames: int, wished: float) -> str:
    """Run a clip of `frames` once round and return how it kept its `wished` ms."""
    reader.page.evaluate("window.paints = []; window.times = []")
    reader.press("c")
    painted(reader, frames)
    indices, times, late = reader.page.evaluate(
        "() => [window.paints, window.times, document.querySelector('.tally').dataset.late]"
    )
    reader.press("c")
    first = [at for at, index in enumerate(indices) if at == 0 or index != indices[at - 1]]
    gaps = sorted(times[after] - times[before] for before, after in pairwise(first))
    skipped = sum(indices[after] != (indices[before] + 1) % frames for before, after in pairwise(first))
    mean = sum(gaps) / len(gaps)
    return (
        f"{len(gaps)} intervals, mean {mean:.2f} ms of {wished:g} ({100 * (mean / wished - 1):+.2f} %), "
        f"middle {gaps[len(gaps) // 2]:.1f}, slowest {gaps[-1]:.1f}, {late} late, {skipped} left out"
    )


if __name__ == "__main__":
    main()

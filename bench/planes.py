"""Oblique planes by our kernel and by SciPy: the same volume, the same planes, in turns, one thread each.

    python -m bench.planes [--planes 15]

512 × 512 pixels out of 512 × 512 × 400 int16; CPU time of the thread, so that neighbours on the machine count less.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("NUMBA_CACHE_DIR", tempfile.mkdtemp(prefix="samsyn-bench-"))

import numpy as np
from scipy.ndimage import map_coordinates

from viewer.imaging import reformat
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import AVERAGE, MAXIMUM, View
from viewer.imaging.volume import Volume

SIDE, SLICES, MM = 512, 400, 0.7
PADDED = -2000


def volume(*, padded: bool) -> Volume:
    """Return a grid of cubes; `padded` slices know a padding value."""
    low, high = (PADDED, PADDED) if padded else (np.inf, -np.inf)
    ones = np.ones(SLICES)
    return Volume(
        position=np.array([-179.0, -179.0, -140.0]), steps=np.diag([MM] * 3), columns=SIDE, rows=SIDE,
        entries=(None,) * SLICES, dtype=np.dtype(np.int16), slopes=ones, intercepts=-1024 * ones,
        padding_low=low * ones, padding_high=high * ones, tilt_degrees=0.0, words=(),
    )  # fmt: skip


def planes(of: Volume, count: int) -> list[Plane]:
    """Return random planes near the middle."""
    chance = np.random.default_rng(1)
    views = [
        View.of(of.center + chance.uniform(-20, 20, 3), chance.normal(size=3), chance.normal(size=3))
        for _ in range(count)
    ]
    return [reformat.picture(view, (0.0, 0.0), (SIDE, SIDE), MM) for view in views]


def by_scipy(of: Volume, stored: np.ndarray, plane: Plane) -> np.ndarray:
    """Return the same plane by map_coordinates, its coordinates included."""
    columns, rows = np.meshgrid(np.arange(plane.columns), np.arange(plane.rows))
    indices = of.indices(plane.lps(np.stack((columns, rows), -1)))
    found = map_coordinates(
        stored, np.moveaxis(indices[..., ::-1], -1, 0), output=np.float64, order=1, cval=np.nan, prefilter=False
    )
    return found - 1024


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    began = time.thread_time()
    work()
    return 1000 * (time.thread_time() - began)


def main() -> None:
    """Print the median of each, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planes", type=int, default=15)
    count = parser.parse_known_args()[0].planes
    stored = np.random.default_rng(0).integers(0, 4000, (SLICES, SIDE, SIDE)).astype(np.int16)
    stored.setflags(write=False)
    slots = np.random.default_rng(1).permutation(SLICES)
    ordered = stored[slots]
    whole, padded = volume(padded=False), volume(padded=True)
    reformat.warm()
    ways: dict[str, Callable[[Plane], object]] = {
        "oblique, ours": lambda plane: reformat.cut(whole, stored, slots, plane),
        "oblique, ours, padding checked": lambda plane: reformat.cut(padded, stored, slots, plane),
        "oblique, SciPy": lambda plane: by_scipy(whole, ordered, plane),
        "slab 10 mm mean, ours": lambda plane: reformat.cut(whole, stored, slots, plane, thickness=10, method=AVERAGE),
        "slab 10 mm maximum, ours": lambda plane: reformat.cut(
            whole, stored, slots, plane, thickness=10, method=MAXIMUM
        ),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    worst = 0.0
    for plane in planes(whole, count):
        for name, way in ways.items():
            taken[name].append(milliseconds(lambda way=way, plane=plane: way(plane)))
        found, expected = reformat.cut(whole, stored, slots, plane), by_scipy(whole, ordered, plane)
        worst = max(worst, float(np.nanmax(np.abs(found - expected))))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, median in medians.items():
        print(f"{name:34} {median:7.1f} ms")
    print(
        f"ours / SciPy: {medians['oblique, ours'] / medians['oblique, SciPy']:.2f}; largest difference {worst:.1e} HU"
    )


if __name__ == "__main__":
    main()

"""Planes and slabs by our kernels and by VTK: the same volume, the same planes, in turns, one thread each.

    python -m bench.planes [--rounds 15]

512 × 512 pixels out of 512 × 512 × 400 int16; CPU time of the thread, so that neighbours on the machine count less.
VTK takes a slab's samples a voxel apart, we half a voxel. Ends with 1 when a ratio is above its gate.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("NUMBA_CACHE_DIR", tempfile.mkdtemp(prefix="samsyn-bench-"))

import numpy as np
import vtk
from vtk.util import numpy_support

from viewer.imaging import reformat
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import CUBIC, LINEAR, MAXIMUM, ORIENTATIONS, View
from viewer.imaging.volume import Volume

SIDE, SLICES, MM = 512, 400, 0.7
PADDED = -2000
# Name, interpolation, thickness in mm, gate and stretch as multiples of VTK's time.
ORTHOGONAL = {"axial": "f", "coronal": "a", "sagittal": "l"}
OBLIQUE = (
    ("oblique linear", LINEAR, 0, 1.0, 0.5),
    ("oblique cubic", CUBIC, 0, 1.2, 0.8),
    ("slab 10 mm maximum", LINEAR, 10, 0.7, 0.35),
    ("slab 30 mm maximum", LINEAR, 30, 0.6, 0.35),
)


def volume(*, padded: bool) -> Volume:
    """Return a grid of cubes; `padded` slices know a padding value."""
    low, high = (PADDED, PADDED) if padded else (np.inf, -np.inf)
    ones = np.ones(SLICES)
    return Volume(
        position=np.array([-179.0, -179.0, -140.0]), steps=np.diag([MM] * 3), columns=SIDE, rows=SIDE,
        entries=(None,) * SLICES, dtype=np.dtype(np.int16), slopes=ones, intercepts=-1024 * ones,
        padding_low=low * ones, padding_high=high * ones, tilt_degrees=0.0, words=(),
        places=np.arange(SLICES, dtype=float),
    )  # fmt: skip


def planes(of: Volume, count: int) -> list[Plane]:
    """Return random planes near the middle."""
    chance = np.random.default_rng(1)
    views = [
        View.of(of.center + chance.uniform(-20, 20, 3), *chance.normal(size=(2, 3)).tolist()) for _ in range(count)
    ]
    return [reformat.picture(view, (0.0, 0.0), (SIDE, SIDE), MM) for view in views]


def along(of: Volume, orientation: str, shift: float) -> Plane:
    """Return a plane along the grid, `shift` voxels from the middle one's centre."""
    height = SIDE if orientation == "f" else SLICES
    middle = of.points(np.array([SIDE / 2, SIDE / 2, SLICES / 2]) + shift)
    view = View.of(middle, *ORIENTATIONS[orientation])
    return reformat.picture(view, (-MM / 2, -MM / 2 if orientation == "f" else MM / 2), (SIDE, height), MM)


def image(of: Volume, ordered: np.ndarray) -> vtk.vtkImageData:
    """Return VTK's image of the same values."""
    made = vtk.vtkImageData()
    made.SetDimensions(SIDE, SIDE, SLICES)
    made.SetSpacing(MM, MM, MM)
    made.SetOrigin(*of.position)
    made.GetPointData().SetScalars(numpy_support.numpy_to_vtk(ordered.reshape(-1), deep=False))
    return made


def reslice(of: vtk.vtkImageData, plane: Plane, interpolation: str, layers: int) -> vtk.vtkImageReslice:
    """Return VTK's filter for a plane, or for the maximum of `layers` a voxel apart; Update() does the work."""
    made, matrix = vtk.vtkImageReslice(), vtk.vtkMatrix4x4()
    axes = np.stack((plane.along_row, plane.along_column, plane.normal, plane.position), axis=1)
    for row, column in np.ndindex(3, 4):
        matrix.SetElement(row, column, float(axes[row, column]))
    made.SetInputData(of)
    made.SetResliceAxes(matrix)
    made.SetNumberOfThreads(1)
    made.SetOutputDimensionality(2)
    made.SetOutputSpacing(MM, MM, MM)
    made.SetOutputOrigin(0, 0, 0)
    made.SetOutputExtent(0, plane.columns - 1, 0, plane.rows - 1, 0, 0)
    made.SetInterpolationModeToCubic() if interpolation == CUBIC else made.SetInterpolationModeToLinear()
    if layers > 1:
        made.SetSlabModeToMax()
        made.SetSlabNumberOfSlices(layers)
    return made


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    began = time.thread_time()
    work()
    return 1000 * (time.thread_time() - began)


def main() -> bool:
    """Print the median of each, and the ratios; return whether one is above its gate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_known_args()[0].rounds
    vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
    vtk.vtkSMPTools.SetBackend("Sequential")
    stored = np.random.default_rng(0).integers(0, 4000, (SLICES, SIDE, SIDE)).astype(np.int16)
    stored.setflags(write=False)
    slots = np.random.default_rng(1).permutation(SLICES)
    ordered = stored[slots]
    whole, padded = volume(padded=False), volume(padded=True)
    theirs = image(whole, ordered)
    taken: dict[str, list[tuple[float, float, float]]] = {}
    gates: dict[str, tuple[float, float]] = {}

    def race(name: str, plane: Plane, interpolation: str, thickness: float, gate: tuple[float, float]) -> None:
        def ours(of: Volume) -> None:
            reformat.cut(of, stored, slots, plane, thickness=thickness, method=MAXIMUM, interpolation=interpolation)

        if name not in taken:
            ours(whole)
            ours(padded)
            reslice(theirs, plane, interpolation, 1).Update()
        filter_ = reslice(theirs, plane, interpolation, round(thickness / MM) + 1)
        works = [lambda: ours(whole), filter_.Update, lambda: ours(padded)]
        # Whoever comes second finds the voxels near: in turns.
        turned = len(taken.get(name, ())) % 2
        times = [milliseconds(work) for work in (reversed(works) if turned else works)]
        one, other, third = reversed(times) if turned else times
        taken.setdefault(name, []).append((one, other, third))
        gates[name] = gate

    for plane in planes(whole, rounds):
        for name, interpolation, thickness, gate, stretch in OBLIQUE:
            race(name, plane, interpolation, thickness, (gate, stretch))
        for name, orientation in ORTHOGONAL.items():
            race(f"{name}, on the grid", along(whole, orientation, 0), LINEAR, 0, (1.0, 1.0))
            race(f"{name}, beside it", along(whole, orientation, 0.3), LINEAR, 0, (1.0, 1.0))
    above = False
    for name, times in taken.items():
        ours, their, with_padding = (statistics.median(each) for each in zip(*times, strict=True))
        gate, stretch = gates[name]
        verdict = "above its gate" if ours > gate * their else "stretch" if ours <= stretch * their else "ok"
        above |= ours > gate * their
        print(f"{name:24} ours {ours:7.2f} ms  VTK {their:7.2f} ms  ratio {ours / their:5.2f}"
              f"  gate {gate:.2f} stretch {stretch:.2f}: {verdict}; padding checked {with_padding:.2f} ms")  # fmt: skip
    return above


if __name__ == "__main__":
    sys.exit(main())

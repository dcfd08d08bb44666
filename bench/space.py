"""Volumes in three dimensions by our rays and by VTK's fixed-point ray caster: the same views, one thread each.

    python -m bench.space [--views 7]

512 × 512 pixels out of a body of 512 × 512 × 400 int16; CPU time of the thread, in turns. Then what a picture costs on
all cores while a hand turns it, with as many rays as the page asks for, and the first one of a volume in the store.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

os.environ.setdefault("NUMBA_CACHE_DIR", tempfile.mkdtemp(prefix="samsyn-bench-"))

import numpy as np
import vtk
from vtk.util import numpy_support

from bench.bands import CORES, in_bands
from viewer.imaging import blocks as blocked
from viewer.imaging import encode, raycast, rays, transfer
from viewer.imaging.blocks import Blocks
from viewer.imaging.transfer import Preset, Transfer
from viewer.imaging.views import View, picture
from viewer.imaging.volume import Volume
from viewer.imaging.voxels import voxels
from viewer.imaging.windowing import Window

SIDE, SLICES, MM = 512, 400, 0.7
IVORY = (1.0, 0.9, 0.8)
# Opacity of one voxel's length from 0 at 150 to a half at 500 HU.
BONE = Preset(
    "bench", transfer.PRESETS["ct-bone"].words, frozenset(), (325, 350),
    ((150, 0.0, IVORY), (500, 1 - 0.5 ** (1 / MM), IVORY)), 20.0,
)  # fmt: skip
GATES = {"composite / VTK": (1.2, 0.6), "maximum / VTK": (1.0, 0.6)}


def body() -> np.ndarray:
    """Return HU of a trunk: skin and fat, muscle, lungs with vessels, ribs, spine, a bright aorta, and noise."""
    chance = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - SIDE / 2
    noise = chance.normal(0, 18, (8, SIDE + 64, SIDE + 64)).astype(np.float32)
    made = np.empty((SLICES, SIDE, SIDE), np.int16)
    for at in range(SLICES):
        end = (at / (SLICES / 2) - 1) ** 2
        wide, deep = SIDE * 0.42 * (1 - 0.15 * end), SIDE * 0.30 * (1 - 0.15 * end)
        off = (x / wide) ** 2 + (y / deep) ** 2
        values = np.select([off < 0.86, off < 1], [45, -90], -1000).astype(np.float32)
        for side in (-1, 1):
            lung = ((x - side * SIDE * 0.19) / (SIDE * 0.13)) ** 2 + ((y + 10) / (SIDE * 0.19)) ** 2 + 1.2 * end
            values[lung < 1] = -820
            for number in range(6):
                across = side * SIDE * 0.19 + 20 * np.sin(at / 37 + number) + (number - 3) * 14
                along = 30 * np.cos(at / 29 + 2 * number) - 10
                values[(x - across) ** 2 + (y - along) ** 2 < 9 + number % 3 * 8] = 120
        turn = np.arctan2(y, x) * 1.6 + at / 26
        values[(off > 0.80) & (off < 0.93) & (np.abs(turn % 1 - 0.5) < 0.16)] = 700
        spine = (x / 30) ** 2 + ((y - deep * 0.62) / 26) ** 2
        values[spine < 1] = 350 if at % 34 > 4 else 90
        values[(spine < 1) & (spine > 0.8)] = 900 if at % 34 > 4 else 90
        values[(x - 25) ** 2 + (y - 60) ** 2 < 200] = 260
        layer, top, left = chance.integers(0, (8, 64, 64))
        made[at] = np.rint(values + noise[layer, top : top + SIDE, left : left + SIDE])
    made.setflags(write=False)
    return made


class Ours:
    """The volume as a studio has it."""

    def __init__(self, stored: np.ndarray) -> None:
        ones = np.ones(SLICES)
        self.volume = Volume(
            position=np.array([-179.0, -179.0, -140.0]), steps=np.diag([MM] * 3), columns=SIDE, rows=SIDE,
            entries=(None,) * SLICES, dtype=np.dtype(np.int16), slopes=ones, intercepts=0 * ones,
            padding_low=np.inf * ones, padding_high=-np.inf * ones, tilt_degrees=0.0, words=(),
            places=np.arange(SLICES, dtype=float),
        )  # fmt: skip
        self.stored, self.slots = stored, np.arange(SLICES)
        self.voxels = voxels(self.volume, stored, self.slots)
        self.made: Transfer = transfer.transfer(BONE, None, Window(0, 100))
        self.blocks, self.leaps = self.known()

    def known(self, threads: int = 1) -> tuple[Blocks, np.ndarray]:
        """Return what is found out of the volume before the first ray leaves."""
        found = blocked.empty(self.volume)
        with ThreadPoolExecutor(threads) as pool:
            list(
                pool.map(
                    lambda at: blocked.fill(found, self.volume, self.stored, self.slots, at), range(len(found.filled))
                )
            )
        return found, blocked.leaps(found, self.made.matters)

    def composite(self, view: View, side: int = SIDE, threads: int = 1) -> np.ndarray:
        """Return float32 RGB of a view, `side` pixels a side."""
        plane = picture(view, (0.0, 0.0), (side, side), MM * SIDE / side)
        cast = rays.rays(self.volume, plane, view.look, rays.step_mm(self.volume, view.look, plane.spacing[0]))
        table = self.made.per_step(cast.step / 2)
        light = raycast.light(self.volume, view.look, view.up, self.made.steep)
        shades, depths = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)

        def band(top: int) -> None:
            raycast.composite(
                self.voxels, self.leaps, self.blocks.filled, table, self.made.low, self.made.scale, cast, light,
                raycast.NO_CUTS, top, shades[top : top + 16], depths[top : top + 16],
            )  # fmt: skip

        in_bands(band, side, threads)
        return shades

    def maximum(self, view: View, side: int = SIDE, threads: int = 1) -> np.ndarray:
        """Return float32 HU of a view's maximum."""
        plane = picture(view, (0.0, 0.0), (side, side), MM * SIDE / side)
        cast = rays.rays(self.volume, plane, view.look, rays.step_mm(self.volume, view.look, plane.spacing[0]))
        values, depths = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)

        def band(top: int) -> None:
            raycast.project(
                self.voxels, self.blocks.highest, self.blocks.filled, self.blocks.tops, 1.0, cast, raycast.NO_CUTS,
                top, values[top : top + 16], depths[top : top + 16],
            )  # fmt: skip

        in_bands(band, side, threads)
        return values


class Peer:
    """VTK's fixed-point ray caster on one thread."""

    def __init__(self, stored: np.ndarray, *, maximum: bool) -> None:
        image = vtk.vtkImageData()
        image.SetDimensions(SIDE, SIDE, SLICES)
        image.SetSpacing(MM, MM, MM)
        image.SetOrigin(-179.0, -179.0, -140.0)
        self.values = numpy_support.numpy_to_vtk(stored.reshape(-1), deep=True)
        image.GetPointData().SetScalars(self.values)
        mapper = vtk.vtkFixedPointVolumeRayCastMapper()
        mapper.SetInputData(image)
        mapper.SetNumberOfThreads(1)
        mapper.AutoAdjustSampleDistancesOff()
        mapper.SetSampleDistance(MM)
        mapper.SetImageSampleDistance(1)
        opacity, colour = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
        properties = self.properties = vtk.vtkVolumeProperty()
        if maximum:
            mapper.SetBlendModeToMaximumIntensity()
            opacity.AddPoint(-1100, 0)
            opacity.AddPoint(1100, 1)
            colour.AddRGBPoint(-1100, 0, 0, 0)
            colour.AddRGBPoint(1100, 1, 1, 1)
        else:
            opacity.AddPoint(150, 0)
            opacity.AddPoint(500, 0.5)
            colour.AddRGBPoint(0, *IVORY)
            properties.ShadeOn()
        properties.SetScalarOpacity(opacity)
        properties.SetColor(colour)
        properties.SetInterpolationTypeToLinear()
        properties.SetScalarOpacityUnitDistance(MM)
        shown = vtk.vtkVolume()
        shown.SetMapper(mapper)
        shown.SetProperty(properties)
        self.renderer = vtk.vtkRenderer()
        self.renderer.AddVolume(shown)
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetSize(SIDE, SIDE)
        self.window.AddRenderer(self.renderer)

    def draw(self, view: View) -> None:
        """Draw a view."""
        camera = self.renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetParallelScale(SIDE / 2 * MM)
        camera.SetFocalPoint(*view.point)
        camera.SetPosition(*(view.point - 1000 * view.look))
        camera.SetViewUp(*view.up)
        self.renderer.ResetCameraClippingRange()
        self.window.Render()

    def white(self) -> None:
        """Draw in white and without a light from now on: a picture of opacities."""
        colour = vtk.vtkColorTransferFunction()
        colour.AddRGBPoint(0, 1, 1, 1)
        self.properties.SetColor(colour)
        self.properties.ShadeOff()

    def seen(self) -> np.ndarray:
        """Return uint8 RGB of what was drawn last."""
        grabbed = vtk.vtkWindowToImageFilter()
        grabbed.SetInput(self.window)
        grabbed.ReadFrontBufferOff()
        grabbed.Update()
        found = numpy_support.vtk_to_numpy(grabbed.GetOutput().GetPointData().GetScalars())
        return np.flipud(found.reshape(SIDE, SIDE, -1)[..., :3])


def milliseconds(work: Callable[[], object], clock: Callable[[], float] = time.thread_time) -> float:
    """Return what one call took."""
    began = clock()
    work()
    return 1000 * (clock() - began)


def main() -> None:
    """Print the median of each, the ratios, and whether they pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=7)
    count = parser.parse_known_args()[0].views
    stored = body()
    raycast.warm(("int16",))
    ours = Ours(stored)
    peers = {"composite": Peer(stored, maximum=False), "maximum": Peer(stored, maximum=True)}
    chance = np.random.default_rng(1)
    views = [View.of(ours.volume.center, chance.normal(size=3), chance.normal(size=3)) for _ in range(count)]
    for name, peer in peers.items():
        print(f"{name}: VTK's first picture {milliseconds(lambda peer=peer: peer.draw(views[0])):.0f} ms")
    taken: dict[str, list[float]] = {}
    for view in views:
        for name, work in {
            "composite, ours": lambda view=view: ours.composite(view),
            "composite, VTK": lambda view=view: peers["composite"].draw(view),
            "maximum, ours": lambda view=view: ours.maximum(view),
            "maximum, VTK": lambda view=view: peers["maximum"].draw(view),
        }.items():
            taken.setdefault(name, []).append(milliseconds(work))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, median in medians.items():
        print(f"{name:28} {median:7.0f} ms")
    for gate, (most, stretch) in GATES.items():
        name = gate.partition(" ")[0]
        ratio = medians[f"{name}, ours"] / medians[f"{name}, VTK"]
        print(f"{gate:28} {ratio:7.2f}  (at most {most}, stretch {stretch}): {'pass' if ratio <= most else 'FAIL'}")
    first = milliseconds(lambda: (ours.known(CORES), ours.composite(views[0], threads=CORES)), time.perf_counter)
    print(f"first picture, {CORES} cores       {first:7.0f} ms  (at most 1000): {'pass' if first <= 1000 else 'FAIL'}")
    for name, draw, side in (("composite", ours.composite, 255), ("maximum", ours.maximum, 161)):
        wall = statistics.median(
            milliseconds(lambda view=view, draw=draw, side=side: turned(draw(view, side, CORES)), time.perf_counter)
            for view in views
        )
        verdict = "pass" if 1000 / wall >= 15 else "FAIL"
        print(f"turning, {name}, {side} × {side}, {CORES} cores: {1000 / wall:5.1f} a second  (at least 15): {verdict}")
    apart, common = zip(*(compared(ours, peers["composite"], view) for view in views), strict=True)
    verdict = "pass" if min(common) >= 0.99 else "FAIL"
    print(f"opacity apart, on average    {max(apart):7.4f}")
    print(f"silhouettes in common        {min(common):7.4f}  (at least 0.99): {verdict}")


def compared(ours: Ours, peer: Peer, view: View) -> tuple[float, float]:
    """Return how far the opacities of both pictures are apart, and the share that is more than half opaque in both.

    They are drawn white and unlit: each lights in its own way, and what lies at a rim is dark for one of them.
    """
    table = ours.made.table.copy()
    table[:, :3] = 1.0
    lit, ours.made = ours.made, replace(ours.made, table=table, steep=1e12)
    one = ours.composite(view)[..., 0]
    ours.made = lit
    peer.white()
    peer.draw(view)
    other = peer.seen()[..., 0] / 255
    is_here, is_there = one > 0.5, other > 0.5
    return float(np.abs(one - other).mean()), float((is_here & is_there).sum() / (is_here | is_there).sum())


def turned(shades: np.ndarray) -> bytes:
    """Return a picture as it is sent while a hand turns it."""
    return encode.jpeg((np.clip(np.nan_to_num(shades), 0, 1) * 255).astype(np.uint8), 75)


if __name__ == "__main__":
    main()

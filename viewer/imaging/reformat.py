"""Planes and slabs cut out of a volume."""

from collections.abc import Callable, Sequence

import numpy as np

from viewer.imaging import exact, oblique, orthogonal, tricubic, voxels
from viewer.imaging.geometry import Plane
from viewer.imaging.views import ORIENTATIONS, NoView, View, extent, picture, reach
from viewer.imaging.volume import Volume
from viewer.imaging.voxels import Voxels, flattened, values_at

AVERAGE, MAXIMUM, MINIMUM = "average_ip", "maximum_ip", "minimum_ip"
METHODS = {AVERAGE: 0, MAXIMUM: 1, MINIMUM: 2}
BAND_SAMPLES = 4_000_000  # that are taken in one go, about 25 ms
CUBIC_COSTS = 4  # linear samples
LINEAR, CUBIC = "linear", "cubic"
NEAREST = "nearest"  # of what can't be mixed
INTERPOLATIONS = (LINEAR, CUBIC)


class Overtaken(Exception):
    """Nobody wants the picture any more."""


def offsets(volume: Volume, plane: Plane, thickness: float, method: str) -> np.ndarray:
    """Return the mm along the normal at which a slab is sampled: at most half a voxel apart, and inside the volume.

    Maximum and minimum take both faces of the slab; each sample of an average stands in the middle of its share.
    """
    if thickness <= 0:
        return np.zeros(1)
    voxels_per_mm = float(np.linalg.norm(volume.inverse @ plane.normal))
    count = max(1, int(np.ceil(thickness * 2 * voxels_per_mm - 1e-9)))
    if method == AVERAGE:
        found = ((np.arange(count) + 0.5) / count - 0.5) * thickness
    else:
        found = (np.arange(count + 1) / count - 0.5) * thickness
    nearest, farthest = reach(volume, plane)
    return found[(found >= nearest - 1e-6) & (found <= farthest + 1e-6)]


def cut(
    volume: Volume,
    stored: np.ndarray,
    slots: np.ndarray,
    plane: Plane,
    *,
    thickness: float = 0.0,
    method: str = AVERAGE,
    interpolation: str = LINEAR,
    exactly: bool = False,
    overtaken: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return modality values (rows, columns) of a plane, or of a slab of `thickness` mm about it.

    `stored` (slots, rows, columns) are stored values in any order of slices, which `slots` (slices,) gives: slice k
    lies at slots[k], -1 where there is none. Values are interpolated between voxel centres and held over the outer
    half voxel: linearly, or by Catmull-Rom's cubic (a = -0.5) where all voxels that it takes have a value; of a plane
    without thickness also the nearest voxel's. Padding and missing slices never mix with values: where they make up
    more than half of a sample, and outside the volume, there is no value (NaN). They are float32 of stored values of 8
    and 16 bits, else, when asked for `exactly`, and of nearest voxels float64.
    `overtaken` is asked now and then; true raises Overtaken.
    """
    if interpolation == NEAREST:
        if thickness:
            raise ValueError("a slab has no nearest voxel")
        return _nearest(volume, stored, slots, plane, overtaken)
    found = voxels.voxels(volume, stored, slots)
    steps = offsets(volume, plane, thickness, method)
    # Rounded, so that a plane along the grid takes its values as they are and not a breath beside them.
    across = np.round(volume.inverse @ plane.along_row * plane.spacing[1], 11)
    down = np.round(volume.inverse @ plane.along_column * plane.spacing[0], 11)
    through = np.round(np.outer(steps, volume.inverse @ plane.normal), 11)
    starts = np.round(volume.indices(np.asarray(plane.position)), 11) + through
    single = stored.dtype.kind in "iu" and stored.itemsize <= 2 and not exactly
    values = np.full((plane.rows, plane.columns), np.nan, np.float32 if single else np.float64)
    fill = sampler(found, starts, across, down, METHODS[method], interpolation == CUBIC, values)
    each = plane.columns * len(steps) * (CUBIC_COSTS if interpolation == CUBIC else 1)
    band = max(1, BAND_SAMPLES // max(1, each))
    for top in range(0, plane.rows, band):
        if overtaken is not None and overtaken():
            raise Overtaken
        fill(top, values[top : top + band])
    return values


def _nearest(
    volume: Volume, stored: np.ndarray, slots: np.ndarray, plane: Plane, overtaken: Callable[[], bool] | None
) -> np.ndarray:
    values = np.empty((plane.rows, plane.columns))
    band = max(1, BAND_SAMPLES // (CUBIC_COSTS * max(1, plane.columns)))
    for top in range(0, plane.rows, band):
        if overtaken is not None and overtaken():
            raise Overtaken
        rows, columns = np.mgrid[top : min(top + band, plane.rows), : plane.columns]
        indices = volume.indices(plane.lps(np.stack((columns, rows), -1)))
        values[top : top + band] = values_at(volume, stored, slots, indices, interpolation=NEAREST)
    return values


def sampler(
    found: Voxels,
    starts: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    method: int,
    cubic: bool,
    values: np.ndarray,
) -> Callable[[int, np.ndarray], None]:
    """Return the quickest loop that fills rows of `values`, given the first one's number, from samples (layers, 3)."""
    if values.shape[1] == 1 and len(values) > 1:
        # Of a single column the loops make a single row.
        def fill(top: int, rows: np.ndarray) -> None:
            row = rows.reshape(1, -1)
            sampler(found, starts + top * down, down, across, method, cubic, row)(0, row)

        return fill
    slices = oblique.slices(found) if values.dtype == np.float32 else None
    if slices is None or not len(starts):
        return lambda top, rows: exact.sample(found, starts + top * down, across, down, method, cubic, rows)
    axes = None if cubic else orthogonal.axes(found, slices, starts, across, down, values.shape)
    if axes is not None:
        way = orthogonal.lying(axes.columns)
        return lambda top, rows: orthogonal.sample(found, slices, axes, way, top, method, rows)
    loop = tricubic.sample if cubic else oblique.sample
    return lambda top, rows: loop(found, slices, starts + top * down, across, down, method, rows)


def warm(types: Sequence[str] = ("int16", "uint16")) -> None:
    """Have the kernels compiled, or read from the cache, before a reader waits for them."""
    grid = np.zeros((1, 3))
    right, below = np.eye(3)[:2]
    for name in types:
        stored = np.zeros((2, 2, 2), name)
        ones, places = np.ones(2), np.arange(2.0)
        found = Voxels(*flattened(stored), 2, 2, 2, places, True, ones, ones, ones, -ones)
        values = np.full((1, 1), np.nan, np.float32)
        for across in (right, right + below):
            sampler(found, grid, across, below, 0, False, values)(0, values)


__all__ = [
    "AVERAGE", "CUBIC", "INTERPOLATIONS", "LINEAR", "MAXIMUM", "METHODS", "MINIMUM", "NEAREST", "ORIENTATIONS",
    "NoView", "Overtaken", "View", "cut", "extent", "offsets", "picture", "reach", "values_at", "warm",
]  # fmt: skip

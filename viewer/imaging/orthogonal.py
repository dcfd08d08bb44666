"""Planes and slabs along the grid of a volume in single precision: rows added up from rows, not voxel for voxel.

For volumes of which every voxel has a value, in slices of any spacing.
"""

from typing import NamedTuple

import numpy as np

from viewer.imaging.kernels import both, kernel
from viewer.imaging.layers import begun, kept, settled
from viewer.imaging.oblique import Slices
from viewer.imaging.voxels import HALF, Voxels


class Axis(NamedTuple):
    """Samples along an axis of the grid, each between two voxels: where these lie, and the second one's part.

    Samples from `first` to before `last` lie in the volume.
    """

    near: np.ndarray
    far: np.ndarray
    part: np.ndarray
    first: int
    last: int


class Axes(NamedTuple):
    """The axes of a picture: its columns, its rows, and the layers of a slab."""

    columns: Axis
    rows: Axis
    layers: Axis


def axes(
    voxels: Voxels, slices: Slices, starts: np.ndarray, across: np.ndarray, down: np.ndarray, size: tuple[int, int]
) -> Axes | None:
    """Return the axes of a plane of `size` (rows, columns) whose sides lie along the grid; None for any other.

    `starts` (layers, 3) are the grid indices of its first pixel, `across` and `down` (3,) the steps between pixels.
    """
    along = [np.flatnonzero(step) for step in (across, down)]
    if not slices.whole or any(len(each) != 1 for each in along) or along[0] == along[1]:
        return None
    right, below = int(along[0][0]), int(along[1][0])
    through = 3 - right - below
    if np.delete(np.ptp(starts, axis=0), through).any():
        return None
    return Axes(
        axis(voxels, slices, right, starts[0, right] + np.arange(size[1]) * across[right]),
        axis(voxels, slices, below, starts[0, below] + np.arange(size[0]) * down[below]),
        axis(voxels, slices, through, starts[:, through]),
    )


def axis(voxels: Voxels, slices: Slices, number: int, at: np.ndarray) -> Axis:
    """Return the samples at grid indices `at` (samples,) along axis `number`: 0 columns, 1 rows, 2 slices."""
    count = (voxels.columns, voxels.rows, voxels.slices)[number]
    places = voxels.places if number == 2 else np.arange(count, dtype=float)
    inside = np.flatnonzero((at >= places[0] - HALF) & (at <= places[-1] + HALF))
    held = np.clip(np.round(at, 11), places[0], places[-1])
    near = np.clip(np.searchsorted(places, held, "right") - 1, 0, max(count - 2, 0))
    far = np.minimum(near + 1, count - 1)
    part = (held - places[near]) / np.where(far > near, places[far] - places[near], 1)
    steps = (voxels.column_step, voxels.row_step)
    ends = (slices.bases[near], slices.bases[far]) if number == 2 else (near * steps[number], far * steps[number])
    first, last = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
    return Axis(ends[0].astype(np.int32), ends[1].astype(np.int32), part.astype(np.float32), first, last)


ANYWHERE, BESIDE, LEVEL = 0, 1, 2


def lying(columns: Axis) -> int:
    """Return how the samples of a row lie: LEVEL where neighbours lie between neighbouring elements, all at the same
    part of the way; BESIDE where each lies between two neighbouring elements; ANYWHERE else.
    """
    inside = slice(columns.first, columns.last)
    near, far, part = columns.near[inside], columns.far[inside], columns.part[inside]
    if not len(near) or (far != near + 1).any():
        return ANYWHERE
    # The last voxel of a row counts as the whole way beyond the last but one.
    first = near + (part == 1)
    return LEVEL if (np.diff(first) == 1).all() and (part % 1 == part[0] % 1).all() else BESIDE


@kernel
def sample(
    voxels: Voxels,
    slices: Slices,
    axes: Axes,
    way: int,
    top: int,
    method: int,
    values: np.ndarray,
) -> None:
    """Fill `values` float32 (rows, columns), NaN so far, with the rows from `top` on; `way` is how columns are `lying`.

    `method` is that of `exact.sample`.
    """
    columns, rows, layers = axes.columns, axes.rows, axes.layers
    first, last = columns.first, columns.last
    width = values.shape[1]
    found, sums, counts = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    several = len(layers.near) > 1
    one = np.float32(1)
    for line in range(max(rows.first - top, 0), min(rows.last - top, values.shape[0])):
        begun(sums, counts, method)
        for layer in range(layers.first, layers.last):
            fresh = True
            into = found[first:last] if several else values[line, first:last]
            for corner in range(4):
                share = rows.part[top + line] if corner & 1 else one - rows.part[top + line]
                share *= layers.part[layer] if corner & 2 else one - layers.part[layer]
                if share == 0:
                    continue
                place = rows.far[top + line] if corner & 1 else rows.near[top + line]
                place += layers.far[layer] if corner & 2 else layers.near[layer]
                add(voxels, slices, columns, way, place, share, fresh, into)
                fresh = False
            if several:
                kept(found, first, last, method, sums, counts)
        if several:
            settled(sums, counts, method, values[line])


@kernel
def add(
    voxels: Voxels, slices: Slices, columns: Axis, way: int, place: int, share: np.float32, fresh: bool,
    into: np.ndarray,
) -> None:  # fmt: skip
    """Add `share` of the row that begins at `place` to `into`, or begin with it; intercepts add up as the shares do."""
    flat, one, none = voxels.flat, np.float32(1), np.float32(0)
    count = len(into)
    slope, intercept = share * slices.slopes[0], share * slices.intercepts[0]
    first, last = columns.first, columns.last
    if way == LEVEL:
        part = columns.part[first] if columns.part[first] < one else none
        start = place + columns.near[first] + (1 if columns.part[first] == one else 0)
        here = flat[start : start + count]
        if part == none:
            if fresh:
                for at in range(count):
                    into[at] = np.float32(here[at]) * slope + intercept
            else:
                for at in range(count):
                    into[at] += np.float32(here[at]) * slope + intercept
            return
        there = flat[start + 1 : start + 1 + count]
        for at in range(count):
            a, b = np.float32(here[at]), np.float32(there[at])
            into[at] = (a + (b - a) * part) * slope + intercept + (none if fresh else into[at])
        return
    near, far, parts = columns.near[first:last], columns.far[first:last], columns.part[first:last]
    base = np.int32(place)
    if way == BESIDE:
        for at in range(count):
            a, b = both(flat, np.int32(base + near[at]), 1)
            into[at] = (a + (b - a) * parts[at]) * slope + intercept + (none if fresh else into[at])
        return
    if not parts.any():
        for at in range(count):
            into[at] = np.float32(flat[np.uint32(base + near[at])]) * slope + intercept + (none if fresh else into[at])
        return
    for at in range(count):
        a = np.float32(flat[np.uint32(base + near[at])])
        if parts[at] != none:
            a += (np.float32(flat[np.uint32(base + far[at])]) - a) * parts[at]
        into[at] = a * slope + intercept + (none if fresh else into[at])

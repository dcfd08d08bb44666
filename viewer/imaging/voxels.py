"""Voxels as compiled loops see them, and the value between them at any point, in double precision."""

from typing import NamedTuple

import numpy as np

from viewer.imaging.kernels import kernel
from viewer.imaging.volume import Volume

HALF = 0.5 + 1e-6  # voxels beyond the outermost centres in which their values hold
ENOUGH = 0.5 - 1e-9  # of a sample that has to be values


class Voxels(NamedTuple):
    """A volume's stored values where they lie.

    Element `bases[k]` of `flat` (1-D, from the first stored value to the last) is the first of slice k, -1 where there
    is none; `row_step` and `column_step` are elements from a voxel to the next row and column. Slice k stands at the
    grid's index `places[k]`, which is k where the slices stand `even`ly. The rest is the volume's.
    """

    flat: np.ndarray
    bases: np.ndarray
    row_step: int
    column_step: int
    columns: int
    rows: int
    slices: int
    places: np.ndarray
    even: bool
    slopes: np.ndarray
    intercepts: np.ndarray
    low: np.ndarray
    high: np.ndarray


def voxels(volume: Volume, stored: np.ndarray, slots: np.ndarray) -> Voxels:
    """Return the voxels of a volume whose slice k is `stored[slots[k]]`, nothing copied; -1 says that there is none.

    `stored` is (slots, rows, columns), one channel of colours too. Raises ValueError for one that doesn't fit.
    """
    if stored.shape[1:] != (volume.rows, volume.columns) or len(slots) != volume.slices:
        raise ValueError(f"values {stored.shape} and {len(slots)} slots don't fit a volume of {volume.size}")
    flat, bases, row_step, column_step = flattened(stored)
    slots = np.asarray(slots, np.int64)
    return Voxels(
        flat, np.where(slots < 0, -1, bases[slots]), row_step, column_step, volume.columns, volume.rows, volume.slices,
        volume.places, volume.even, volume.slopes, volume.intercepts, volume.padding_low, volume.padding_high,
    )  # fmt: skip


def flattened(stored: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return values (slots, rows, columns) as 1-D, the place of each slot in it, and the steps of rows and columns."""
    steps = [step // stored.itemsize for step in stored.strides]
    if min(steps) < 0 or any(step % stored.itemsize for step in stored.strides):
        raise ValueError(f"values lie {stored.strides} bytes apart")
    last = sum(step * (count - 1) for step, count in zip(steps, stored.shape, strict=True))
    flat = np.lib.stride_tricks.as_strided(stored, (last + 1,), (stored.itemsize,), writeable=False)
    return flat, np.arange(len(stored)) * steps[0], steps[1], steps[2]


def values_at(
    volume: Volume, stored: np.ndarray, slots: np.ndarray, indices: np.ndarray, *, interpolation: str = "linear"
) -> np.ndarray:
    """Return float64 modality values (…) at grid indices (…, 3) as column, row, slice (`Volume.indices` of LPS mm).

    What has a value and what doesn't (NaN) is `reformat.cut`'s; of interpolation "nearest" it is the nearest voxel's.
    """
    # Rounded, so that a point of the grid has its value as it is and not a breath beside it.
    points = np.round(np.asarray(indices, float).reshape(-1, 3), 11)
    if interpolation == "nearest":
        points = nearest(volume, points)
    values = np.empty(len(points))
    sample_points(voxels(volume, stored, slots), points, interpolation == "cubic", values)
    return values.reshape(np.shape(indices)[:-1])


def nearest(volume: Volume, indices: np.ndarray) -> np.ndarray:
    """Return the grid indices (points, 3) of the voxels nearest to grid indices inside a volume, others as they are."""
    low, high = np.array((0, 0, volume.places[0])), np.array((volume.columns - 1, volume.rows - 1, volume.places[-1]))
    inside = ((indices >= low - HALF) & (indices <= high + HALF)).all(-1, keepdims=True)
    middles = (volume.places[1:] + volume.places[:-1]) / 2
    at = np.append(np.rint(indices[:, :2]), volume.places[np.searchsorted(middles, indices[:, 2]), None], axis=1)
    return np.where(inside, np.clip(at, low, high), indices)


@kernel
def sample_points(voxels: Voxels, points: np.ndarray, cubic: bool, values: np.ndarray) -> None:
    """Fill `values` (points,) with what stands at grid indices `points` (points, 3)."""
    for at in range(len(points)):
        values[at] = value_at(voxels, points[at, 0], points[at, 1], points[at, 2], cubic)


@kernel
def value_at(voxels: Voxels, x: float, y: float, z: float, cubic: bool) -> float:
    """Return the modality value at a grid index; NaN outside and where more than half of the sample has no value."""
    if not (-HALF <= x <= voxels.columns - 1 + HALF and -HALF <= y <= voxels.rows - 1 + HALF):
        return np.nan
    if not (z - voxels.places[0] >= -HALF and z - voxels.places[-1] <= HALF):
        return np.nan
    x = min(max(x, 0.0), voxels.columns - 1.0)
    y = min(max(y, 0.0), voxels.rows - 1.0)
    near, part = between(voxels, min(max(z, voxels.places[0]), voxels.places[-1]))
    if cubic:
        value = cubic_at(voxels, x, y, near, part)
        if value == value:
            return value
    return linear_at(voxels, x, y, near, part)


@kernel
def between(voxels: Voxels, z: float) -> tuple[int, float]:
    """Return the slice at or before the grid's index z, and the part of the way to the next that z lies beyond it."""
    if voxels.even:
        near = int(z)
        return near, z - near
    near = max(int(np.searchsorted(voxels.places, z, "right")) - 1, 0)
    if near >= voxels.slices - 1:
        return voxels.slices - 1, 0.0
    return near, (z - voxels.places[near]) / (voxels.places[near + 1] - voxels.places[near])


@kernel
def linear_at(voxels: Voxels, x: float, y: float, near: int, part: float) -> float:
    """Return the value between those of the eight voxels about a point that have one; NaN if less than half."""
    left, upper = int(x), int(y)
    fx, fy = x - left, y - upper
    total, weight = 0.0, 0.0
    for corner in range(8):
        share = (
            (fx if corner & 1 else 1.0 - fx) * (fy if corner & 2 else 1.0 - fy) * (part if corner & 4 else 1.0 - part)
        )
        at = min(near + (corner >> 2), voxels.slices - 1)
        if share == 0.0 or voxels.bases[at] < 0:
            continue
        column, row = min(left + (corner & 1), voxels.columns - 1), min(upper + (corner >> 1 & 1), voxels.rows - 1)
        value = float(voxels.flat[voxels.bases[at] + row * voxels.row_step + column * voxels.column_step])
        if value < voxels.low[at] or value > voxels.high[at]:
            total += share * (value * voxels.slopes[at] + voxels.intercepts[at])
            weight += share
    return total / weight if weight >= ENOUGH else np.nan


@kernel
def cubic_at(voxels: Voxels, x: float, y: float, near: int, part: float) -> float:
    """Return the Catmull-Rom value of the 64 voxels about a point; NaN if one of them has none.

    Beyond the outermost voxels their values go on. Between slices that stand unevenly each slope is that of the chord
    through both neighbours.
    """
    left, upper = int(x), int(y)
    across, down = catmull_rom(x - left, 1.0, 1.0), catmull_rom(y - upper, 1.0, 1.0)
    before, after = 1.0, 1.0
    if not voxels.even and near + 1 < voxels.slices:
        gap = voxels.places[near + 1] - voxels.places[near]
        if near > 0:
            before = (voxels.places[near] - voxels.places[near - 1]) / gap
        if near + 2 < voxels.slices:
            after = (voxels.places[near + 2] - voxels.places[near + 1]) / gap
    through = catmull_rom(part, before, after)
    total = 0.0
    for k in range(4):
        if through[k] == 0.0:
            continue
        at = min(max(near + k - 1, 0), voxels.slices - 1)
        if voxels.bases[at] < 0:
            return np.nan
        found = 0.0
        for j in range(4):
            row = voxels.bases[at] + min(max(upper + j - 1, 0), voxels.rows - 1) * voxels.row_step
            for i in range(4):
                share = down[j] * across[i]
                value = float(voxels.flat[row + min(max(left + i - 1, 0), voxels.columns - 1) * voxels.column_step])
                if share == 0.0:
                    continue
                if not (value < voxels.low[at] or value > voxels.high[at]):
                    return np.nan
                found += share * value
        total += through[k] * (found * voxels.slopes[at] + voxels.intercepts[at])
    return total


@kernel
def catmull_rom(part: float, before: float, after: float) -> tuple[float, float, float, float]:
    """Return the weights of four neighbours at `part` of the way from the second to the third.

    `before` and `after` are the gaps on both sides of the middle one, as multiples of it: 1 and 1 make a = -0.5.
    """
    square = part * part
    leave = square * part - 2.0 * square + part
    arrive = square * part - square
    there = 3.0 * square - 2.0 * square * part
    leave, arrive = leave / (1.0 + before), arrive / (1.0 + after)
    return -leave, 1.0 - there - arrive, there + leave, arrive

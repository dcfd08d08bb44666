"""Planes and slabs at any angle in single precision, of 8- and 16-bit values in slices that stand evenly.

Rows are cut into tiles: the layers of a slab and the rows of a picture find the voxels about a tile still near.
"""

from typing import NamedTuple

import numpy as np

from viewer.imaging.exact import clipped
from viewer.imaging.kernels import both, kernel
from viewer.imaging.layers import begun, kept, settled
from viewer.imaging.voxels import HALF, Voxels, value_at

TILE = 128  # columns
INSIDE = 1e-6  # voxels that a sample keeps from where a neighbour would be missing
ENOUGH = np.float32(0.5 - 1e-6)


class Slices(NamedTuple):
    """What is known of each slice, in single precision; `bases` (slices,) int32 is a readable place of any slice.

    `whole` says that no slice is missing and none has padding, and that all have the first one's slope and intercept.
    """

    bases: np.ndarray
    there: np.ndarray
    slopes: np.ndarray
    intercepts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    whole: bool


def slices(voxels: Voxels) -> Slices | None:
    """Return what the loops here need of voxels; None for those that they can't sample."""
    if voxels.flat.dtype.kind not in "iu" or voxels.flat.itemsize > 2 or not voxels.even:
        return None
    there = voxels.bases >= 0
    # Two values of 16 bits are read at once, and places counted in 32 bits.
    if voxels.flat.size >= 2**31 or not there.any() or (voxels.column_step > 1 and voxels.flat.itemsize > 1):
        return None
    alike = [(numbers == numbers[0]).all() for numbers in (voxels.slopes, voxels.intercepts)]
    slopes, intercepts, low, high = (
        numbers.astype(np.float32) for numbers in (voxels.slopes, voxels.intercepts, voxels.low, voxels.high)
    )
    return Slices(
        np.where(there, voxels.bases, voxels.bases.max()).astype(np.int32), there.astype(np.float32),
        slopes, intercepts, low, high,
        bool(all(alike) and there.all() and (voxels.low > voxels.high).all()),
    )  # fmt: skip


@kernel
def sample(
    voxels: Voxels,
    slices: Slices,
    starts: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    method: int,
    values: np.ndarray,
) -> None:
    """Fill `values` float32 (rows, columns), NaN so far, as `exact.sample` does linearly."""
    found, sums, counts = np.empty(TILE, np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    for left in range(0, values.shape[1], TILE):
        width = min(TILE, values.shape[1] - left)
        for line in range(values.shape[0]):
            begun(sums, counts, method)
            for layer in range(len(starts)):
                x, y, z = begins(starts, layer, line, left, across, down)
                first, safe, unsafe, last = spans(voxels, x, y, z, across, width, False)
                edges(voxels, x, y, z, across, False, first, safe, unsafe, last, found)
                if slices.whole:
                    whole_row(voxels, slices, x, y, z, across, safe, unsafe, found)
                else:
                    row_of_some(voxels, slices, x, y, z, across, safe, unsafe, found)
                if len(starts) == 1:
                    values[line, left + first : left + last] = found[first:last]
                else:
                    kept(found, first, last, method, sums, counts)
            if len(starts) > 1:
                settled(sums, counts, method, values[line, left : left + width])


@kernel
def begins(
    starts: np.ndarray, layer: int, line: int, left: int, across: np.ndarray, down: np.ndarray
) -> tuple[float, float, float]:
    """Return the grid index of a layer's sample in row `line` and column `left`."""
    return (
        starts[layer, 0] + line * down[0] + left * across[0],
        starts[layer, 1] + line * down[1] + left * across[1],
        starts[layer, 2] + line * down[2] + left * across[2],
    )


@kernel
def spans(
    voxels: Voxels, x: float, y: float, z: float, across: np.ndarray, width: int, cubic: bool
) -> tuple[int, int, int, int]:
    """Return (first, safe, unsafe, last) of `width` samples from (x, y, z): from first to before last they lie in the
    volume, and from safe to before unsafe all their neighbours do.
    """
    begin, end = 0.0, width - 1.0
    begin, end = clipped(x, across[0], -HALF, voxels.columns - 1 + HALF, begin, end)
    begin, end = clipped(y, across[1], -HALF, voxels.rows - 1 + HALF, begin, end)
    begin, end = clipped(z, across[2], -HALF, voxels.slices - 1 + HALF, begin, end)
    if begin > end:
        return 0, 0, 0, 0
    first, last = int(np.ceil(begin)), int(np.floor(end)) + 1
    low, high = (1.0 + INSIDE, 2.0 + INSIDE) if cubic else (-INSIDE, 1.0 + INSIDE)
    begin, end = clipped(x, across[0], low, voxels.columns - high, begin, end)
    begin, end = clipped(y, across[1], low, voxels.rows - high, begin, end)
    begin, end = clipped(z, across[2], low, voxels.slices - high, begin, end)
    if np.ceil(begin) > np.floor(end):
        return first, last, last, last
    return first, int(np.ceil(begin)), int(np.floor(end)) + 1, last


@kernel
def edges(
    voxels: Voxels, x: float, y: float, z: float, across: np.ndarray, cubic: bool, first: int, safe: int, unsafe: int,
    last: int, found: np.ndarray,
) -> None:  # fmt: skip
    """Fill `found` from `first` to `safe` and from `unsafe` to `last`, where some neighbour lies outside the volume."""
    for at in range(first, first + (safe - first) + (last - unsafe)):
        k = at if at < safe else at - safe + unsafe
        found[k] = value_at(voxels, x + k * across[0], y + k * across[1], z + k * across[2], cubic)


@kernel
def whole_row(
    voxels: Voxels, slices: Slices, x0: float, y0: float, z0: float, across: np.ndarray, begin: int, end: int,
    found: np.ndarray,
) -> None:  # fmt: skip
    """Fill found[begin:end] between eight voxels each."""
    flat, bases, down, step = voxels.flat, slices.bases, np.int32(voxels.row_step), np.int32(voxels.column_step)
    slope, intercept = slices.slopes[0], slices.intercepts[0]
    dx, dy, dz = across[0], across[1], across[2]
    row = found[begin:end]
    for k in range(end - begin):
        at = float(np.int32(begin + k))
        x, y, z = x0 + at * dx, y0 + at * dy, z0 + at * dz
        left, upper, near = np.int32(x), np.int32(y), np.int32(z)
        fx, fy, fz = np.float32(x - left), np.float32(y - upper), np.float32(z - near)
        place = np.int32(upper * down + left * step)
        here, there = np.int32(bases[np.uint32(near)] + place), np.int32(bases[np.uint32(near + np.int32(1))] + place)
        a, b = both(flat, here, step)
        c, d = both(flat, np.int32(here + down), step)
        e, f = both(flat, there, step)
        g, h = both(flat, np.int32(there + down), step)
        a, c, e, g = a + (b - a) * fx, c + (d - c) * fx, e + (f - e) * fx, g + (h - g) * fx
        a, e = a + (c - a) * fy, e + (g - e) * fy
        row[k] = (a + (e - a) * fz) * slope + intercept


@kernel
def row_of_some(
    voxels: Voxels, slices: Slices, x0: float, y0: float, z0: float, across: np.ndarray, begin: int, end: int,
    found: np.ndarray,
) -> None:  # fmt: skip
    """Fill found[begin:end] between those of eight voxels that have a value; NaN where they make up less than half."""
    flat, bases, down, step = voxels.flat, slices.bases, np.int32(voxels.row_step), np.int32(voxels.column_step)
    slopes, intercepts, low, high = slices.slopes, slices.intercepts, slices.low, slices.high
    there = slices.there
    dx, dy, dz = across[0], across[1], across[2]
    one, none = np.float32(1), np.float32(0)
    row = found[begin:end]
    for k in range(end - begin):
        at = float(np.int32(begin + k))
        x, y, z = x0 + at * dx, y0 + at * dy, z0 + at * dz
        left, upper, near = np.int32(x), np.int32(y), np.uint32(np.int32(z))
        fx, fy, fz = np.float32(x - left), np.float32(y - upper), np.float32(z - np.int32(z))
        place = np.int32(upper * down + left * step)
        gx, gy = one - fx, one - fy
        total, weight = none, none
        for side in range(2):
            slice_ = np.uint32(near + np.uint32(side))
            here = np.int32(bases[slice_] + place)
            share = (fz if side else one - fz) * there[slice_]
            bottom, top = low[slice_], high[slice_]
            a, b = both(flat, here, step)
            c, d = both(flat, np.int32(here + down), step)
            p = share * gx * gy if (a < bottom) | (a > top) else none
            q = share * fx * gy if (b < bottom) | (b > top) else none
            r = share * gx * fy if (c < bottom) | (c > top) else none
            s = share * fx * fy if (d < bottom) | (d > top) else none
            part = p + q + r + s
            total += (a * p + b * q + c * r + d * s) * slopes[slice_] + part * intercepts[slice_]
            weight += part
        row[k] = total / weight if weight >= ENOUGH else np.float32(np.nan)

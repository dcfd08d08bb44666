"""Planes and slabs at any angle by Catmull-Rom's cubic in single precision: for what `oblique` can sample linearly."""

import numpy as np

from viewer.imaging.kernels import both, inlined, kernel
from viewer.imaging.layers import begun, kept, settled
from viewer.imaging.oblique import TILE, Slices, begins, edges, spans
from viewer.imaging.voxels import Voxels, value_at

Weights = tuple[np.float32, np.float32, np.float32, np.float32]


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
    """Fill `values` float32 (rows, columns), NaN so far, as `exact.sample` does by cubics."""
    found, sums, counts = np.empty(TILE, np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    for left in range(0, values.shape[1], TILE):
        width = min(TILE, values.shape[1] - left)
        for line in range(values.shape[0]):
            begun(sums, counts, method)
            for layer in range(len(starts)):
                x, y, z = begins(starts, layer, line, left, across, down)
                first, safe, unsafe, last = spans(voxels, x, y, z, across, width, True)
                edges(voxels, x, y, z, across, True, first, safe, unsafe, last, found)
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
def whole_row(
    voxels: Voxels, slices: Slices, x0: float, y0: float, z0: float, across: np.ndarray, begin: int, end: int,
    found: np.ndarray,
) -> None:  # fmt: skip
    """Fill found[begin:end] from 64 voxels each, all of which have a value."""
    flat, bases, down, step = voxels.flat, slices.bases, np.int32(voxels.row_step), np.int32(voxels.column_step)
    slope, intercept = slices.slopes[0], slices.intercepts[0]
    dx, dy, dz = across[0], across[1], across[2]
    one = np.int32(1)
    row = found[begin:end]
    for k in range(end - begin):
        at = float(np.int32(begin + k))
        x, y, z = x0 + at * dx, y0 + at * dy, z0 + at * dz
        left, upper, near = np.int32(x), np.int32(y), np.int32(z)
        u = weights(np.float32(x - left))
        v = weights(np.float32(y - upper))
        w = weights(np.float32(z - near))
        place = np.int32((upper - one) * down + (left - one) * step)
        total = w[0] * sheet(flat, np.int32(bases[np.uint32(near - one)] + place), down, step, u, v)
        total += w[1] * sheet(flat, np.int32(bases[np.uint32(near)] + place), down, step, u, v)
        total += w[2] * sheet(flat, np.int32(bases[np.uint32(near + one)] + place), down, step, u, v)
        total += w[3] * sheet(flat, np.int32(bases[np.uint32(near + one + one)] + place), down, step, u, v)
        row[k] = total * slope + intercept


@inlined
def sheet(
    flat: np.ndarray, place: np.int32, down: np.int32, step: np.int32, across: Weights, along: Weights
) -> np.float32:
    """Return what 4 × 4 voxels of a slice make, the first of which lies at `place`."""
    found = along[0] * line_of(flat, place, step, across)
    found += along[1] * line_of(flat, np.int32(place + down), step, across)
    found += along[2] * line_of(flat, np.int32(place + down + down), step, across)
    found += along[3] * line_of(flat, np.int32(place + down + down + down), step, across)
    return found


@inlined
def line_of(flat: np.ndarray, place: np.int32, step: np.int32, across: Weights) -> np.float32:
    """Return what four voxels of a row make."""
    a, b = both(flat, place, step)
    c, d = both(flat, np.int32(place + step + step), step)
    return a * across[0] + b * across[1] + c * across[2] + d * across[3]


@kernel
def row_of_some(
    voxels: Voxels, slices: Slices, x0: float, y0: float, z0: float, across: np.ndarray, begin: int, end: int,
    found: np.ndarray,
) -> None:  # fmt: skip
    """Fill found[begin:end] from 64 voxels each; where one of them has no value, from those of eight that have."""
    flat, down, step = voxels.flat, np.int32(voxels.row_step), np.int32(voxels.column_step)
    dx, dy, dz = across[0], across[1], across[2]
    one = np.int32(1)
    row = found[begin:end]
    for k in range(end - begin):
        at = float(np.int32(begin + k))
        x, y, z = x0 + at * dx, y0 + at * dy, z0 + at * dz
        left, upper, near = np.int32(x), np.int32(y), np.int32(z)
        u = weights(np.float32(x - left))
        v = weights(np.float32(y - upper))
        w = weights(np.float32(z - near))
        place = np.int32((upper - one) * down + (left - one) * step)
        total = w[0] * sheet_of_some(flat, slices, np.uint32(near - one), place, down, step, u, v)
        total += w[1] * sheet_of_some(flat, slices, np.uint32(near), place, down, step, u, v)
        total += w[2] * sheet_of_some(flat, slices, np.uint32(near + one), place, down, step, u, v)
        total += w[3] * sheet_of_some(flat, slices, np.uint32(near + one + one), place, down, step, u, v)
        row[k] = total
    for k in range(end - begin):
        if row[k] != row[k]:
            at = float(begin + k)
            row[k] = value_at(voxels, x0 + at * dx, y0 + at * dy, z0 + at * dz, True)


@inlined
def sheet_of_some(
    flat: np.ndarray, slices: Slices, at: np.uint32, place: np.int32, down: np.int32, step: np.int32,
    across: Weights, along: Weights,
) -> np.float32:  # fmt: skip
    """Return the modality value that 4 × 4 voxels of a slice make; NaN if one of them has none."""
    place = np.int32(slices.bases[at] + place)
    low, high = slices.low[at], slices.high[at]
    none = np.float32(np.nan)
    found = along[0] * line_of_some(flat, place, step, across, low, high)
    found += along[1] * line_of_some(flat, np.int32(place + down), step, across, low, high)
    found += along[2] * line_of_some(flat, np.int32(place + down + down), step, across, low, high)
    found += along[3] * line_of_some(flat, np.int32(place + down + down + down), step, across, low, high)
    found = found * slices.slopes[at] + slices.intercepts[at]
    return found if slices.there[at] > np.float32(0) else none


@inlined
def line_of_some(
    flat: np.ndarray, place: np.int32, step: np.int32, across: Weights, low: np.float32, high: np.float32
) -> np.float32:
    """Return what four voxels of a row make; NaN if one of them is padding."""
    a, b = both(flat, place, step)
    c, d = both(flat, np.int32(place + step + step), step)
    padded = ((a >= low) & (a <= high)) | ((b >= low) & (b <= high)) | ((c >= low) & (c <= high))
    padded |= (d >= low) & (d <= high)
    found = a * across[0] + b * across[1] + c * across[2] + d * across[3]
    return np.float32(np.nan) if padded else found


@inlined
def weights(part: np.float32) -> Weights:
    """Return the weights of four neighbours at `part` of the way from the second to the third (a = -0.5)."""
    half, two, three = np.float32(0.5), np.float32(2), np.float32(3)
    square = part * part
    cube = square * part
    arrive = half * (cube - square)
    leave = arrive - half * square + half * part
    there = three * square - two * cube
    return -leave, np.float32(1) - there - arrive, there + leave, arrive

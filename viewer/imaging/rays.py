"""Parallel rays through a volume, and what they meet: values and slopes between its voxels, in single precision."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from viewer.imaging.geometry import Plane
from viewer.imaging.kernels import both, inlined, kernel
from viewer.imaging.volume import Volume
from viewer.imaging.voxels import Voxels, between

# In single precision, which decides how compiled loops count.
ZERO: Any = np.float32(0.0)
ONE: Any = np.float32(1.0)
NOTHING: Any = np.float32(np.nan)
ENOUGH: Any = np.float32(0.4999)  # of a sample that has to be values


class Rays(NamedTuple):
    """Parallel rays: the grid's index of the first pixel's, its moves to the next column, row and mm along the look.

    `sides` (n, 4) are half-spaces of the grid (normal · index + offset ≥ 0) in all of which a ray is sampled, every
    `step` mm, counted from the plane of the picture.
    """

    first: np.ndarray
    across: np.ndarray
    down: np.ndarray
    along: np.ndarray
    sides: np.ndarray
    step: float


def rays(volume: Volume, plane: Plane, look: np.ndarray, step: float, *boxes: np.ndarray) -> Rays:
    """Return the rays of a picture's pixels along the unit vector `look`, within the volume and within `boxes`."""
    # Rounded, so that a camera whose numbers were written and read again has the same rays.
    return Rays(
        np.round(volume.indices(np.asarray(plane.position)), 10),
        np.round(volume.inverse @ plane.along_row * plane.spacing[1], 13),
        np.round(volume.inverse @ plane.along_column * plane.spacing[0], 13),
        np.round(volume.inverse @ look, 13),
        np.ascontiguousarray(np.concatenate((sides(volume), *boxes))),
        float(step),
    )


def sides(volume: Volume) -> np.ndarray:
    """Return the half-spaces (6, 4) that hold the centres of all voxels."""
    ends = np.array([volume.columns - 1.0, volume.rows - 1.0, volume.places[-1]])
    near = np.concatenate((np.eye(3), np.zeros((3, 1))), axis=1)
    far = np.concatenate((-np.eye(3), ends[:, None]), axis=1)
    return np.concatenate((near, far))


def box(volume: Volume, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """Return the half-spaces (6, 4) of the grid that hold a box of LPS mm from its `low` to its `high` corner."""
    near = np.concatenate((volume.steps, (volume.position - np.asarray(low, float))[:, None]), axis=1)
    far = np.concatenate((-volume.steps, (np.asarray(high, float) - volume.position)[:, None]), axis=1)
    return np.concatenate((near, far))


def step_mm(volume: Volume, look: np.ndarray, pixel_mm: float) -> float:
    """Return mm between samples of a ray: one voxel, or one pixel where pixels are larger."""
    return max(1.0 / float(np.linalg.norm(volume.inverse @ look)), pixel_mm)


@inlined
def layer(voxels: Voxels, z: float) -> tuple[int, float]:
    """Return the slice before the grid's index z, never the last one, and how far z is on to the next."""
    if voxels.even:
        near = min(int(z), voxels.slices - 2)
        return near, z - near
    near, part = between(voxels, z)
    return (near - 1, 1.0) if near > voxels.slices - 2 else (near, part)


@inlined
def value(voxels: Voxels, x: float, y: float, z: float) -> float:
    """Return the modality value at an index between voxel centres, all of which have one."""
    left, upper = min(int(x), voxels.columns - 2), min(int(y), voxels.rows - 2)
    near, part = layer(voxels, z)
    fx, fy, fz = np.float32(x - left), np.float32(y - upper), np.float32(part)
    at, one = upper * voxels.row_step + left * voxels.column_step, voxels.column_step
    here, there = voxels.bases[near] + at, voxels.bases[near + 1] + at
    a, b = both(voxels.flat, here, one)
    c, d = both(voxels.flat, here + voxels.row_step, one)
    e, f = both(voxels.flat, there, one)
    g, h = both(voxels.flat, there + voxels.row_step, one)
    top, bottom = a + (b - a) * fx, c + (d - c) * fx
    first = (top + (bottom - top) * fy) * np.float32(voxels.slopes[near]) + np.float32(voxels.intercepts[near])
    top, bottom = e + (f - e) * fx, g + (h - g) * fx
    second = (top + (bottom - top) * fy) * np.float32(voxels.slopes[near + 1])
    second += np.float32(voxels.intercepts[near + 1])
    return first + (second - first) * fz


@inlined
def value_of_some(voxels: Voxels, x: float, y: float, z: float) -> float:
    """Return the value between those voxels that have one; NaN where they make up less than half."""
    left, upper = min(int(x), voxels.columns - 2), min(int(y), voxels.rows - 2)
    near, part = layer(voxels, z)
    fx, fy, fz = np.float32(x - left), np.float32(y - upper), np.float32(part)
    total, weight = ZERO, ZERO
    for corner in range(8):
        at = near + (corner >> 2)
        if voxels.bases[at] < 0:
            continue
        column, row = left + (corner & 1), upper + (corner >> 1 & 1)
        found = np.float32(voxels.flat[voxels.bases[at] + row * voxels.row_step + column * voxels.column_step])
        if not (found < voxels.low[at] or found > voxels.high[at]):
            continue
        share = (fx if corner & 1 else ONE - fx) * (fy if corner & 2 else ONE - fy)
        share *= fz if corner & 4 else ONE - fz
        total += share * (found * np.float32(voxels.slopes[at]) + np.float32(voxels.intercepts[at]))
        weight += share
    return total / weight if weight >= ENOUGH else NOTHING


@inlined
def rise(voxels: Voxels, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return by how much values rise over two steps of the grid about an index, along each axis: central differences.

    It lies at least a voxel from the rim of an even grid, all of whose voxels about it have values.
    """
    left, upper, near = int(x), int(y), int(z)
    fx, fy, fz = np.float32(x - left), np.float32(y - upper), np.float32(z - near)
    one, under, flat = voxels.column_step, voxels.row_step, voxels.flat
    gx = gy = gz = ZERO
    corner = upper * under + left * one
    for number in range(4):
        at = near + number - 1
        here = voxels.bases[at] + corner
        slope = np.float32(voxels.slopes[at])
        a, b = both(flat, here, one)
        c, d = both(flat, here + under, one)
        upon, beneath = a + (b - a) * fx, c + (d - c) * fx
        level = (upon + (beneath - upon) * fy) * slope + np.float32(voxels.intercepts[at])
        if number == 0 or number == 3:
            gz += level * (fz - ONE if number == 0 else fz)
            continue
        gz += level * (-fz if number == 1 else ONE - fz)
        share = slope * (ONE - fz if number == 1 else fz)
        e, f = np.float32(flat[here - one]), np.float32(flat[here + one + one])
        g, h = np.float32(flat[here + under - one]), np.float32(flat[here + under + one + one])
        gx += ((b - e) + ((f - a) - (b - e)) * fx) * (ONE - fy) * share
        gx += ((d - g) + ((h - c) - (d - g)) * fx) * fy * share
        e, f = both(flat, here - under, one)
        g, h = both(flat, here + under + under, one)
        over, after = e + (f - e) * fx, g + (h - g) * fx
        gy += ((beneath - over) + ((after - upon) - (beneath - over)) * fy) * share
    return gx, gy, gz


@inlined
def is_inner(voxels: Voxels, x: float, y: float, z: float) -> bool:
    """Say whether an index lies at least a voxel from the rim of an even grid."""
    inside = 1.0 <= x < voxels.columns - 2 and 1.0 <= y < voxels.rows - 2
    return voxels.even and inside and 1.0 <= z < voxels.slices - 2


@kernel
def rise_of_some(voxels: Voxels, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return the same anywhere: the voxels at the rim go on beyond it, and what can't be told is level."""
    found = np.zeros(3)
    for axis in range(3):
        for way in range(2):
            far = 1.0 if way else -1.0
            a = min(max(x + (far if axis == 0 else 0.0), 0.0), voxels.columns - 1.0)
            b = min(max(y + (far if axis == 1 else 0.0), 0.0), voxels.rows - 1.0)
            c = min(max(z + (far if axis == 2 else 0.0), 0.0), voxels.places[voxels.slices - 1])
            found[axis] += far * value_of_some(voxels, a, b, c)
        if found[axis] != found[axis]:
            found[axis] = 0.0
    return found[0], found[1], found[2]


@inlined
def reached(sides: np.ndarray, x: float, y: float, z: float, along: np.ndarray) -> tuple[float, float]:
    """Return from where to where, in mm along a ray, it lies in all half-spaces; the first is larger if nowhere."""
    begin, end = -1e9, 1e9
    for number in range(len(sides)):
        a, b, c, d = sides[number, 0], sides[number, 1], sides[number, 2], sides[number, 3]
        height = a * x + b * y + c * z + d
        rise = a * along[0] + b * along[1] + c * along[2]
        if abs(rise) < 1e-12:
            if height < -1e-9:  # what runs along a side is in
                return 1.0, 0.0
        elif rise > 0.0:
            begin = max(begin, -height / rise)
        else:
            end = min(end, -height / rise)
    return begin, end


@inlined
def out_of(place: float, block: int, leap: int, step: float) -> float:
    """Return after how many steps a ray leaves the blocks within `leap` - 1 of its own, along one axis."""
    if step > 0.0:
        return ((block + leap) * 8.0 - place) / step
    if step < 0.0:
        return ((block - leap + 1) * 8.0 - place) / step
    return 1e9


@inlined
def out(place: float, block: int, edge: float, step: float) -> float:
    """Return after how many steps a ray leaves a block, along one axis."""
    if step > 0.0:
        return ((block + 1) * edge - place) / step
    if step < 0.0:
        return (block * edge - place) / step
    return 1e9

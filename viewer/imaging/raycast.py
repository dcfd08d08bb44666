"""Pictures by rays through a volume: composited and lit, or the maximum, minimum or mean of what lies on each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from viewer.imaging import blocks as blocked
from viewer.imaging.kernels import inlined, kernel
from viewer.imaging.rays import Rays, is_inner, out, out_of, reached, rise, rise_of_some, value, value_of_some
from viewer.imaging.volume import Volume
from viewer.imaging.voxels import Voxels


class Light(NamedTuple):
    """How what is met is lit, in the grid's coordinates: toward the light, half-way to it, and lengths of normals."""

    toward: np.ndarray
    halfway: np.ndarray
    metric: np.ndarray
    steep: float


class Cuts(NamedTuple):
    """Regions that are cut away: masks (n, rows, columns), 1 is away, and the maps (n, 2, 4) of indices onto them."""

    masks: np.ndarray
    maps: np.ndarray


LEAST: Any = np.float32(-np.inf)
NO_CUTS = Cuts(np.zeros((0, 1, 1), np.uint8), np.zeros((0, 2, 4)))


def light(volume: Volume, look: np.ndarray, up: np.ndarray, steep: float) -> Light:
    """Return a light over the eye's left shoulder; slopes under `steep` a mm are too gentle to have a side."""
    right = np.cross(look, up)
    toward = -look + 0.45 * up - 0.35 * right
    toward /= np.linalg.norm(toward)
    halfway = toward - look
    halfway /= np.linalg.norm(halfway)
    inverse = volume.inverse
    return Light(inverse @ toward, inverse @ halfway, inverse @ inverse.T, steep)


@inlined
def is_cut(cuts: Cuts, x: float, y: float, z: float) -> bool:
    """Say whether a place was cut away."""
    for number in range(len(cuts.masks)):
        to = cuts.maps[number]
        u = int(np.floor(to[0, 0] * x + to[0, 1] * y + to[0, 2] * z + to[0, 3]))
        v = int(np.floor(to[1, 0] * x + to[1, 1] * y + to[1, 2] * z + to[1, 3]))
        u = min(max(u, 0), cuts.masks.shape[2] - 1)
        v = min(max(v, 0), cuts.masks.shape[1] - 1)
        if cuts.masks[number, v, u]:
            return True
    return False


@inlined
def lit(voxels: Voxels, whole: bool, light: Light, x: float, y: float, z: float) -> tuple[float, float]:
    """Return how brightly the slope at a place is lit (1: as its colour is), and how much it glosses."""
    gx, gy, gz = rise(voxels, x, y, z) if whole and is_inner(voxels, x, y, z) else rise_of_some(voxels, x, y, z)
    m = light.metric
    square = gx * (m[0, 0] * gx + 2.0 * (m[0, 1] * gy + m[0, 2] * gz))
    square += gy * (m[1, 1] * gy + 2.0 * m[1, 2] * gz) + gz * m[2, 2] * gz
    if not square > 0.0:
        return 1.0, 0.0
    length = np.sqrt(square)
    facing = abs(gx * light.toward[0] + gy * light.toward[1] + gz * light.toward[2]) / length
    gloss = abs(gx * light.halfway[0] + gy * light.halfway[1] + gz * light.halfway[2]) / length
    gloss *= gloss
    gloss *= gloss
    gloss *= gloss
    gloss *= gloss
    # Central differences span two steps.
    sure = min(1.0, 0.5 * length / light.steep)
    return 1.0 + sure * (0.22 + 0.88 * facing - 1.0), sure * 0.22 * gloss * gloss


@kernel
def composite(
    voxels: Voxels,
    leaps: np.ndarray,
    filled: np.ndarray,
    table: np.ndarray,
    low: float,
    scale: float,
    rays: Rays,
    light: Light,
    cuts: Cuts,
    top: int,
    picture: np.ndarray,
    depths: np.ndarray,
) -> None:
    """Fill rows of a picture (rows, columns, 3) of light from 0 to 1, and mm along the look to what is met (NaN: none).

    `table` (n, 4) has red, green, blue and the opacity of half a step for the values (value - low) · scale. Where
    nothing shows, rays go by whole steps and by leaps over blocks; where something does, by halves.
    """
    half = rays.step / 2.0
    dx, dy, dz = rays.along[0] * half, rays.along[1] * half, rays.along[2] * half
    last_entry = len(table) - 1
    for line in range(picture.shape[0]):
        for at in range(picture.shape[1]):
            ox = rays.first[0] + (top + line) * rays.down[0] + at * rays.across[0]
            oy = rays.first[1] + (top + line) * rays.down[1] + at * rays.across[1]
            oz = rays.first[2] + (top + line) * rays.down[2] + at * rays.across[2]
            begin, finish = reached(rays.sides, ox, oy, oz, rays.along)
            red = green = blue = opacity = 0.0
            depth = np.nan
            bright, gloss = 1.0, 0.0
            first = int(np.ceil(begin / half - 1e-9))
            end = int(np.floor(finish / half + 1e-9))
            step = first + (first & 1)
            fine = fresh = False
            while step <= end:
                x, y, z = max(ox + step * dx, 0.0), max(oy + step * dy, 0.0), max(oz + step * dz, 0.0)
                bx = min(int(x) >> 3, leaps.shape[2] - 1)
                by = min(int(y) >> 3, leaps.shape[1] - 1)
                bz = min(int(z) >> 3, leaps.shape[0] - 1)
                leap = leaps[bz, by, bx]
                reach = max(leap, 1)
                steps = min(out_of(x, bx, reach, dx), out_of(y, by, reach, dy), out_of(z, bz, reach, dz))
                if leap > 0:
                    fine = False
                    step += 2 * (int(max(steps, 0.0)) // 2 + 1)
                    step += step & 1
                    continue
                until = min(end, step + int(max(steps, 0.0)))
                whole = filled[bz, by, bx] == 1
                while step <= until:
                    x, y, z = ox + step * dx, oy + step * dy, oz + step * dz
                    found = value(voxels, x, y, z) if whole else value_of_some(voxels, x, y, z)
                    level = (found - low) * scale
                    share = 0.0
                    entry = 0
                    if level > 0.0:
                        entry = min(int(level), last_entry)
                        share = table[entry, 3]
                    if share > 0.0 and is_cut(cuts, x, y, z):
                        share = 0.0
                    if share <= 0.0:
                        if fine and step & 1 == 0:
                            fine = False
                        step += 1 if fine else 2
                        continue
                    if not fine:
                        fine = fresh = True
                        if step > first:
                            step -= 1
                            continue
                    part = share * (1.0 - opacity)
                    # A slope changes little over half a step.
                    if part > 0.004 and (fresh or step & 1 == 0):
                        fresh = False
                        bright, gloss = lit(voxels, whole, light, x, y, z)
                    red += part * min(1.0, table[entry, 0] * bright + gloss)
                    green += part * min(1.0, table[entry, 1] * bright + gloss)
                    blue += part * min(1.0, table[entry, 2] * bright + gloss)
                    if opacity < 0.5 <= opacity + part:
                        depth = (step - 1.0 + (0.5 - opacity) / part) * half
                    opacity += part
                    if opacity > 0.99:
                        break
                    step += 1
                if opacity > 0.99:
                    break
            picture[line, at, 0] = red
            picture[line, at, 1] = green
            picture[line, at, 2] = blue
            depths[line, at] = depth


@kernel
def project(
    voxels: Voxels,
    highest: np.ndarray,
    filled: np.ndarray,
    tops: np.ndarray,
    sign: float,
    rays: Rays,
    cuts: Cuts,
    top: int,
    values: np.ndarray,
    depths: np.ndarray,
) -> None:
    """Fill rows (rows, columns) with the largest value · `sign` on each ray, and mm along the look to it (NaN: none).

    `highest` bounds value · sign in each block, `tops` in each 4 × 4 × 4 of them: the part of a ray that promises most
    is sampled first, and what promises no more than was found isn't sampled at all.
    """
    dx, dy, dz = rays.along[0] * rays.step, rays.along[1] * rays.step, rays.along[2] * rays.step
    way: Any = np.float32(sign)
    bounds = np.empty(3 * (tops.shape[0] + tops.shape[1] + tops.shape[2]) + 8, np.float32)
    begins = np.empty(len(bounds) + 1, np.int64)
    for line in range(values.shape[0]):
        for at in range(values.shape[1]):
            ox = rays.first[0] + (top + line) * rays.down[0] + at * rays.across[0]
            oy = rays.first[1] + (top + line) * rays.down[1] + at * rays.across[1]
            oz = rays.first[2] + (top + line) * rays.down[2] + at * rays.across[2]
            begin, finish = reached(rays.sides, ox, oy, oz, rays.along)
            step = int(np.ceil(begin / rays.step - 1e-9))
            end = int(np.floor(finish / rays.step + 1e-9))
            count = 0
            while step <= end and count < len(bounds):
                x, y, z = max(ox + step * dx, 0.0), max(oy + step * dy, 0.0), max(oz + step * dz, 0.0)
                bx = min(int(x) >> 5, tops.shape[2] - 1)
                by = min(int(y) >> 5, tops.shape[1] - 1)
                bz = min(int(z) >> 5, tops.shape[0] - 1)
                steps = min(out(x, bx, 32.0, dx), out(y, by, 32.0, dy), out(z, bz, 32.0, dz))
                bounds[count] = tops[bz, by, bx]
                begins[count] = step
                count += 1
                step += int(max(steps, 0.0)) + 1
            begins[count] = end + 1
            best, where = LEAST, -1
            most = 0
            for number in range(1, count):
                if bounds[number] > bounds[most]:
                    most = number
            for turn in range(count + 1):
                number = most if turn == 0 else turn - 1
                if turn == 0 and count == 0:
                    break
                if bounds[number] <= best or (turn > 0 and number == most):
                    continue
                step, last = begins[number], min(begins[number + 1] - 1, end)
                while step <= last:
                    x, y, z = max(ox + step * dx, 0.0), max(oy + step * dy, 0.0), max(oz + step * dz, 0.0)
                    bx = min(int(x) >> 3, highest.shape[2] - 1)
                    by = min(int(y) >> 3, highest.shape[1] - 1)
                    bz = min(int(z) >> 3, highest.shape[0] - 1)
                    steps = min(out(x, bx, 8.0, dx), out(y, by, 8.0, dy), out(z, bz, 8.0, dz))
                    until = min(last, step + int(max(steps, 0.0)))
                    if highest[bz, by, bx] <= best:
                        step = until + 1
                        continue
                    whole = filled[bz, by, bx] == 1
                    while step <= until:
                        x, y, z = ox + step * dx, oy + step * dy, oz + step * dz
                        found = value(voxels, x, y, z) if whole else value_of_some(voxels, x, y, z)
                        found *= way
                        if found > best and not is_cut(cuts, x, y, z):
                            best, where = found, step
                        step += 1
            values[line, at] = best * sign if best > -np.inf else np.nan
            depths[line, at] = where * rays.step if best > -np.inf else np.nan


@kernel
def average(voxels: Voxels, filled: np.ndarray, rays: Rays, cuts: Cuts, top: int, values: np.ndarray) -> None:
    """Fill rows (rows, columns) with the mean of the samples on each ray; NaN where there are none."""
    dx, dy, dz = rays.along[0] * rays.step, rays.along[1] * rays.step, rays.along[2] * rays.step
    for line in range(values.shape[0]):
        for at in range(values.shape[1]):
            ox = rays.first[0] + (top + line) * rays.down[0] + at * rays.across[0]
            oy = rays.first[1] + (top + line) * rays.down[1] + at * rays.across[1]
            oz = rays.first[2] + (top + line) * rays.down[2] + at * rays.across[2]
            begin, finish = reached(rays.sides, ox, oy, oz, rays.along)
            total, count = 0.0, 0
            for step in range(int(np.ceil(begin / rays.step - 1e-9)), int(np.floor(finish / rays.step + 1e-9)) + 1):
                x, y, z = max(ox + step * dx, 0.0), max(oy + step * dy, 0.0), max(oz + step * dz, 0.0)
                bx = min(int(x) >> 3, filled.shape[2] - 1)
                by = min(int(y) >> 3, filled.shape[1] - 1)
                bz = min(int(z) >> 3, filled.shape[0] - 1)
                if filled[bz, by, bx] == 0 or is_cut(cuts, x, y, z):
                    continue
                found = value(voxels, x, y, z) if filled[bz, by, bx] == 1 else value_of_some(voxels, x, y, z)
                if found == found:
                    total += found
                    count += 1
            values[line, at] = total / count if count else np.nan


def warm(types: Sequence[str] = ("int16", "uint16")) -> None:
    """Have the kernels compiled, or read from the cache, before a reader waits for them."""
    ones, shape = np.ones(2), (1, 1, 1)
    filled, bounds, far = np.zeros(shape, np.uint8), np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    picture, values, depths = (np.zeros(size, np.float32) for size in ((1, 1, 3), (1, 1), (1, 1)))
    # No ray meets half-spaces that hold nothing.
    rays = Rays(np.zeros(3), np.zeros(3), np.zeros(3), np.ones(3), np.full((6, 4), [0.0, 0.0, 0.0, -1.0]), 1.0)
    light = Light(np.ones(3), np.ones(3), np.ones((3, 3)), 1.0)
    blocked.spread(far)
    for name in types:
        stored = np.zeros((2, 2, 2), name)
        stored.setflags(write=False)
        slots = np.arange(2)
        blocked.bound(
            stored, slots, ones, ones, ones, ones, 0, 1, np.empty((1, 1), np.float32), np.empty((1, 1), np.float32),
            np.empty((1, 1), np.uint8),
        )  # fmt: skip
        flat = np.lib.stride_tricks.as_strided(stored, (8,), (stored.itemsize,), writeable=False)
        seen = Voxels(flat, 4 * slots, 2, 1, 2, 2, 2, np.arange(2.0), True, ones, ones, ones, ones)
        table = np.zeros((2, 4), np.float32)
        composite(seen, far, filled, table, 0.0, 1.0, rays, light, NO_CUTS, 0, picture, depths)
        project(seen, bounds, filled, bounds, 1.0, rays, NO_CUTS, 0, values, depths)
        average(seen, filled, rays, NO_CUTS, 0, values)

"""Planes through a volume: views, the picture's pixels in patient space, trilinear sampling, slabs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.imaging.geometry import Plane
from viewer.imaging.kernels import kernel
from viewer.imaging.volume import Volume

# From which side one looks: the direction of the eye and the picture's top, LPS (PS3.18 8.3.5.3.6).
Direction = tuple[float, float, float]
ORIENTATIONS: dict[str, tuple[Direction, Direction]] = {
    "a": ((0, 1, 0), (0, 0, 1)),
    "p": ((0, -1, 0), (0, 0, 1)),
    "l": ((-1, 0, 0), (0, 0, 1)),
    "r": ((1, 0, 0), (0, 0, 1)),
    "f": ((0, 0, 1), (0, -1, 0)),
    "h": ((0, 0, -1), (0, -1, 0)),
}
AVERAGE, MAXIMUM, MINIMUM = "average_ip", "maximum_ip", "minimum_ip"
METHODS = {AVERAGE: 0, MAXIMUM: 1, MINIMUM: 2}
BAND = 32  # rows that are cut in one go, fewer of a slab:
BAND_SAMPLES = 4_000_000  # about 25 ms
LEAST_SINE = 1e-3


class Overtaken(Exception):
    """Nobody wants the picture any more."""


class NoView(ValueError):
    """The camera looks nowhere: `where` is "position" or "up"."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class View:
    """A plane through `point` (LPS mm) that an eye looks at along `look`, with `up` at the picture's top: unit vectors.

    Right on the screen is look × up (PS3.18 8.3.5.3.7).
    """

    point: np.ndarray
    look: np.ndarray
    up: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Unit vector to the picture's right."""
        return np.cross(self.look, self.up)

    @property
    def orientation(self) -> tuple[float, float, float, float, float, float]:
        """Image Orientation (Patient) of the picture: to the right, then down."""
        # Adding nothing turns -0 into 0.
        (a, b, c), (d, e, f) = (self.right + 0.0).tolist(), (0.0 - self.up).tolist()
        return a, b, c, d, e, f

    @classmethod
    def of(cls, point: Sequence[float] | np.ndarray, look: Sequence[float], up: Sequence[float]) -> "View":
        """Return the view along `look` (any length); the part of `up` that points along it is left out.

        Raises NoView for a look without length and for an up along the look.
        """
        along, top = np.asarray(look, float), np.asarray(up, float)
        length, height = float(np.linalg.norm(along)), float(np.linalg.norm(top))
        if length < 1e-9:
            raise NoView("position")
        along = along / length
        if height < 1e-9:
            raise NoView("up")
        top = top / height
        top = top - (top @ along) * along
        sine = float(np.linalg.norm(top))
        if sine < LEAST_SINE:
            raise NoView("up")
        return cls(np.asarray(point, float), along, top / sine)


def extent(volume: Volume, view: View, *, around: bool) -> tuple[float, float, float, float]:
    """Return (left, right, top, bottom) in mm from the view's point of the rectangle that shows the whole volume.

    `around` widens it until the point is its middle.
    """
    offsets = volume.corners - view.point
    across, down = offsets @ view.right, offsets @ -view.up
    left, right, top, bottom = (float(end) for end in (across.min(), across.max(), down.min(), down.max()))
    if around:
        right, bottom = max(-left, right), max(-top, bottom)
        left, top = -right, -bottom
    return left, right, top, bottom


def picture(view: View, middle: tuple[float, float], size: tuple[int, int], spacing: float) -> Plane:
    """Return the plane of a picture of `size` (width, height) pixels of `spacing` mm.

    Its middle lies at `middle`: mm to the right and down from the view's point.
    """
    width, height = size
    left = middle[0] - spacing * (width - 1) / 2
    top = middle[1] - spacing * (height - 1) / 2
    x, y, z = (view.point + left * view.right - top * view.up).tolist()
    return Plane((x, y, z), view.orientation, (spacing, spacing), height, width)


def reach(volume: Volume, plane: Plane) -> tuple[float, float]:
    """Return the smallest and the largest distance (mm along the plane's normal) of the volume's corners from it."""
    distances = plane.distance(volume.corners)
    return float(distances.min()), float(distances.max())


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
    overtaken: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return float64 modality values (rows, columns) of a plane, or of a slab of `thickness` mm about it.

    `stored` (slots, rows, columns) are stored values in any order of slices, which `slots` (slices,) gives: slice k
    lies at slots[k], -1 where there is none. Values are interpolated between voxel centres and held over the outer
    half voxel. Padding and missing slices never mix with values: where they make up more than half of a sample, and
    outside the volume, there is no value (NaN). `overtaken` is asked now and then; true raises Overtaken.
    """
    if stored.shape[1:] != (volume.rows, volume.columns) or len(slots) != volume.slices:
        raise ValueError(f"values {stored.shape} and {len(slots)} slots don't fit a volume of {volume.size}")
    steps = offsets(volume, plane, thickness, method)
    values = np.full((plane.rows, plane.columns), np.nan)
    # Rounded, so that a plane along the grid takes its values as they are and not a breath beside them.
    across = np.round(volume.inverse @ plane.along_row * plane.spacing[1], 11)
    down = np.round(volume.inverse @ plane.along_column * plane.spacing[0], 11)
    through = np.round(np.outer(steps, volume.inverse @ plane.normal), 11)
    first = np.round(volume.indices(np.asarray(plane.position)), 11)
    whole = stored.dtype.kind in "iu" and bool((slots >= 0).all() and (volume.padding_low > volume.padding_high).all())
    band = max(1, min(BAND, BAND_SAMPLES // max(1, plane.columns * len(steps))))
    for top in range(0, plane.rows, band):
        if overtaken is not None and overtaken():
            raise Overtaken
        sample(
            stored, slots, volume.slopes, volume.intercepts, volume.padding_low, volume.padding_high, whole,
            first + top * down + through, across, down, METHODS[method], values[top : top + band],
        )  # fmt: skip
    return values


@kernel
def sample(
    stored: np.ndarray,
    slots: np.ndarray,
    slopes: np.ndarray,
    intercepts: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    whole: bool,
    starts: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    method: int,
    values: np.ndarray,
) -> None:
    """Fill `values` (rows, columns) from the samples that begin at the voxels `starts` (samples, 3).

    `whole` says that every voxel has a value: no slice is missing and none has padding.
    """
    slices, (_, rows, columns) = len(slots), stored.shape
    counts = np.zeros(values.shape[1], np.int64)
    for line in range(values.shape[0]):
        counts[:] = 0
        for layer in range(len(starts)):
            x0 = starts[layer, 0] + line * down[0]
            y0 = starts[layer, 1] + line * down[1]
            z0 = starts[layer, 2] + line * down[2]
            begin, end = 0.0, values.shape[1] - 1.0
            begin, end = clipped(x0, across[0], columns, begin, end)
            begin, end = clipped(y0, across[1], rows, begin, end)
            begin, end = clipped(z0, across[2], slices, begin, end)
            if begin > end:
                continue
            for at in range(int(np.ceil(begin)), int(np.floor(end)) + 1):
                x = min(max(x0 + at * across[0], 0.0), columns - 1.0)
                y = min(max(y0 + at * across[1], 0.0), rows - 1.0)
                z = min(max(z0 + at * across[2], 0.0), slices - 1.0)
                if whole:
                    value = mixed(stored, slots, slopes, intercepts, x, y, z)
                else:
                    value = mixed_of_some(stored, slots, slopes, intercepts, low, high, x, y, z)
                    if value != value:
                        continue
                counts[at] += 1
                if counts[at] == 1:
                    values[line, at] = value
                elif method == 0:
                    values[line, at] += value
                elif method == 1:
                    values[line, at] = max(values[line, at], value)
                else:
                    values[line, at] = min(values[line, at], value)
        if method == 0:
            for at in range(values.shape[1]):
                if counts[at] > 1:
                    values[line, at] /= counts[at]


@kernel
def mixed(
    stored: np.ndarray,
    slots: np.ndarray,
    slopes: np.ndarray,
    intercepts: np.ndarray,
    x: float,
    y: float,
    z: float,
) -> float:
    """Return the modality value between the eight voxels about (x, y, z), which lies between voxel centres."""
    left, upper, near = int(x), int(y), int(z)
    right, lower = min(left + 1, stored.shape[2] - 1), min(upper + 1, stored.shape[1] - 1)
    far = min(near + 1, len(slots) - 1)
    fx, fy, fz = x - left, y - upper, z - near
    gx, gy = 1.0 - fx, 1.0 - fy
    here, there = slots[near], slots[far]
    one = (stored[here, upper, left] * gx + stored[here, upper, right] * fx) * gy + (
        stored[here, lower, left] * gx + stored[here, lower, right] * fx
    ) * fy
    other = (stored[there, upper, left] * gx + stored[there, upper, right] * fx) * gy + (
        stored[there, lower, left] * gx + stored[there, lower, right] * fx
    ) * fy
    return (one * slopes[near] + intercepts[near]) * (1.0 - fz) + (other * slopes[far] + intercepts[far]) * fz


@kernel
def mixed_of_some(
    stored: np.ndarray,
    slots: np.ndarray,
    slopes: np.ndarray,
    intercepts: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    x: float,
    y: float,
    z: float,
) -> float:
    """Return the value between those voxels that have one; NaN where they make up less than half."""
    left, upper, near = int(x), int(y), int(z)
    right, lower = min(left + 1, stored.shape[2] - 1), min(upper + 1, stored.shape[1] - 1)
    fx, fy, fz = x - left, y - upper, z - near
    total, weight = 0.0, 0.0
    for side in range(2):
        at = min(near + side, len(slots) - 1)
        share = fz if side else 1.0 - fz
        slot, bottom, top = slots[at], low[at], high[at]
        if slot < 0 or share == 0.0:
            continue
        a, b = stored[slot, upper, left], stored[slot, upper, right]
        c, d = stored[slot, lower, left], stored[slot, lower, right]
        if (a < bottom or a > top) and (b < bottom or b > top) and (c < bottom or c > top) and (d < bottom or d > top):
            between = (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy
            total += share * (between * slopes[at] + intercepts[at])
            weight += share
            continue
        for corner in range(4):
            value = a if corner == 0 else b if corner == 1 else c if corner == 2 else d
            part = share * (fx if corner & 1 else 1.0 - fx) * (fy if corner & 2 else 1.0 - fy)
            if value < bottom or value > top:
                total += part * (value * slopes[at] + intercepts[at])
                weight += part
    return total / weight if weight >= 0.5 - 1e-9 else np.nan


@kernel
def clipped(start: float, step: float, count: int, begin: float, end: float) -> tuple[float, float]:
    """Return the part of [begin, end] in which start + at * step lies over `count` voxels; empty if begin > end."""
    first, last = -0.5 - 1e-6 - start, count - 0.5 + 1e-6 - start
    if abs(step) < 1e-12:
        return (begin, end) if first <= 0.0 <= last else (1.0, 0.0)
    one, other = first / step, last / step
    return max(begin, min(one, other)), min(end, max(one, other))


def warm(types: Sequence[str] = ("int16", "uint16", "uint8", "float32")) -> None:
    """Have the kernels compiled, or read from the cache, before a reader waits for them."""
    line = np.zeros(3)
    for name in types:
        stored = np.zeros((1, 2, 2), name)
        stored.setflags(write=False)
        one = np.ones(1)
        sample(
            stored, np.zeros(1, np.int64), one, one, one, one, True, np.zeros((1, 3)), line, line, 0, np.zeros((1, 1))
        )

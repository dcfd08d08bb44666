"""The slope of a window as arithmetic: the greys of its table, in half the time that looking them up takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

STEEPEST = 1e6  # greys for each stored value: more is a threshold, and no number for single precision
ready: set[str] = set()  # types of values, in NumPy's letters, whose kernels needn't be waited for


@dataclass(frozen=True, slots=True)
class Line:
    """Grey = 255 × ((slope × stored + intercept - center) / width + 0.5), held between 0 and 255, and 255 less that
    where it is `inverted`; rounded to the nearest, halves to the even one."""

    slope: float
    intercept: float
    center: float
    width: float
    inverted: bool


@dataclass(frozen=True, slots=True)
class Ramp:
    """Grey = `start` + `rise` × (stored value - `first`), held between 0 and 255 and cut off: `start` has the half."""

    first: float
    rise: float
    start: float

    def greys(self, stored: np.ndarray) -> np.ndarray:
        """Return uint8 greys of int16 or uint16 values, in their shape."""
        flat = stored.reshape(-1)
        flat.flags.writeable = False  # of the view: one kernel for mapped frames and for others
        greys = np.empty(flat.shape, np.uint8)
        shade(flat, np.float32(self.first), np.float32(self.rise), np.float32(self.start), greys)
        return greys.reshape(stored.shape)


def ramp(line: Line, first: int, last: int, dtype: str) -> Ramp | None:
    """Return the ramp that gives the greys of `line` for every stored value from `first` to `last`, beyond which all
    look like these two; None where single precision rounds one of them the other way, or `dtype` isn't `ready`."""
    rise = 255 * line.slope / line.width
    start = 255 * ((first * line.slope + line.intercept - line.center) / line.width + 0.5)
    if line.inverted:
        rise, start = -rise, 255 - start
    if dtype not in ready or not (abs(rise) < STEEPEST and abs(start) < STEEPEST):
        return None
    made = Ramp(float(first), rise, start + 0.5)
    agreed = agrees(
        first, last, float(line.slope), float(line.intercept), float(line.center), float(line.width), line.inverted,
        np.float32(made.first), np.float32(made.rise), np.float32(made.start),
    )  # fmt: skip
    return made if agreed else None


@numba.njit(cache=True, nogil=True)
def shade(stored: np.ndarray, first: np.float32, rise: np.float32, start: np.float32, greys: np.ndarray) -> None:
    """Fill `greys` (uint8, 1-D) with the shades of `stored` values (1-D)."""
    black, white = np.float32(0), np.float32(255.5)
    for at in range(stored.size):
        grey = (np.float32(stored[at]) - first) * rise + start
        greys[at] = np.uint8(np.int32(min(max(grey, black), white)))


def greys_of_values(values: np.ndarray, center: float, width: float, *, inverted: bool) -> np.ndarray | None:
    """Return uint8 greys of float32 or float64 modality values, in their shape; what is no number is black.

    They are 255 × ((value - center) / width + 0.5) held between 0 and 255, 255 less that where `inverted`, rounded as
    NumPy does it: the difference in the values' own precision, all else in double. None where the kernel isn't `ready`.
    """
    if values.dtype.str not in ready:
        return None
    flat = values.reshape(-1)
    greys = np.empty(flat.shape, np.uint8)
    shade_values(flat, values.dtype.type(center), float(width), inverted, greys)
    return greys.reshape(values.shape)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def shade_values(values: np.ndarray, center: float, width: float, inverted: bool, greys: np.ndarray) -> None:
    """Fill `greys` (uint8, 1-D) with the shades of modality `values` (1-D); `center` has their type."""
    for at in range(values.size):
        value = values[at]
        shade = 255.0 * min(max(np.float64(value - center) / width + 0.5, 0.0), 1.0)
        if inverted:
            shade = 255.0 - shade
        greys[at] = np.uint8(np.int32(np.rint(shade))) if value == value else np.uint8(0)


@numba.njit(cache=True, nogil=True)
def agrees(
    lowest: int, highest: int, slope: float, intercept: float, center: float, width: float, inverted: bool,
    first: np.float32, rise: np.float32, start: np.float32,
) -> bool:  # fmt: skip
    """Say whether `shade` gives the greys of a line, in double precision, from `lowest` to `highest`."""
    black, white = np.float32(0), np.float32(255.5)
    for stored in range(lowest, highest + 1):
        exact = 255 * min(max((stored * slope + intercept - center) / width + 0.5, 0.0), 1.0)
        if inverted:
            exact = 255 - exact
        grey = (np.float32(stored) - first) * rise + start
        if np.int32(np.rint(exact)) != np.int32(min(max(grey, black), white)):
            return False
    return True


def warm(types: Sequence[str] = ("<i2", "<u2")) -> None:
    """Have the kernels compiled, or read from the cache; until then tables are used, which give the same greys."""
    zero = np.float32(0)
    agrees(0, 0, 1.0, 0.0, 0.0, 1.0, False, zero, zero, zero)
    for name in types:
        Ramp(0, 1, 0).greys(np.zeros(1, name))
        ready.add(name)
    for name in ("<f4", "<f8"):
        values = np.zeros(1, name)
        shade_values(values, values.dtype.type(0), 1.0, False, np.empty(1, np.uint8))
        ready.add(name)

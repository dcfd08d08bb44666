"""The slope of a window as arithmetic: the greys of its table, in half the time that looking them up takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

STEEPEST = 1e6  # greys for each stored value: more is a threshold, and no number for single precision
ready: set[str] = set()  # stored types, in NumPy's letters, whose kernel needn't be waited for


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


def ramp(shades: np.ndarray, stored: np.ndarray, rise: float, start: float) -> Ramp | None:
    """Return the ramp whose greys are exactly `shades`, or None: single precision may round a few the other way.

    `stored` are neighbouring values of a type that is `ready`, beyond which all look like the first and the last;
    `rise` and `start` (the grey of the first, not rounded) are what the formula says.
    """
    if stored.dtype.str not in ready or not (abs(rise) < STEEPEST and abs(start) < STEEPEST):
        return None
    made = Ramp(float(stored[0]), rise, start + 0.5)
    return made if made.greys(stored).tobytes() == shades.tobytes() else None


@numba.njit(cache=True, nogil=True)
def shade(stored: np.ndarray, first: np.float32, rise: np.float32, start: np.float32, greys: np.ndarray) -> None:
    """Fill `greys` (uint8, 1-D) with the shades of `stored` values (1-D)."""
    black, white = np.float32(0), np.float32(255.5)
    for at in range(stored.size):
        grey = (np.float32(stored[at]) - first) * rise + start
        greys[at] = np.uint8(np.int32(min(max(grey, black), white)))


def warm(types: Sequence[str] = ("<i2", "<u2")) -> None:
    """Have the kernel compiled, or read from the cache; until then tables are used, which give the same greys."""
    for name in types:
        Ramp(0, 1, 0).greys(np.zeros(1, name))
        ready.add(name)

"""What lies where in a volume, roughly: the bounds of its values in blocks of voxels, and how far rays may leap."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from viewer.imaging.kernels import kernel
from viewer.imaging.volume import Volume

EDGE = 8  # steps of the grid, along each of its axes
MOST_LEAP = 60
EMPTY, WHOLE, PARTLY = 0, 1, 2


@dataclass(frozen=True)
class Blocks:
    """Bounds of all values that a sample within a block can have: `lowest` and `highest` modality values.

    All three are (blocks along slices, rows, columns); block b of an axis holds the grid's places from 8 b to 8 b + 8.
    `filled` says whether voxels of a block have values: none, all (WHOLE), or only some (PARTLY): padding and missing
    slices have none.
    """

    lowest: np.ndarray
    highest: np.ndarray
    filled: np.ndarray

    @cached_property
    def tops(self) -> np.ndarray:
        """The bounds from above of 4 × 4 × 4 blocks."""
        return coarser(self.highest)

    @cached_property
    def negative(self) -> np.ndarray:
        """The bounds from above of the values' negatives."""
        return -self.lowest

    @cached_property
    def bottoms(self) -> np.ndarray:
        """The same of 4 × 4 × 4 blocks."""
        return coarser(self.negative)

    @property
    def bytes(self) -> int:
        """How much memory they take."""
        return self.lowest.nbytes + self.highest.nbytes + self.filled.nbytes


def counts(volume: Volume) -> tuple[int, int, int]:
    """Return how many blocks there are along slices, rows and columns."""
    deep = volume.places[-1]
    ends = (float(deep), float(volume.rows - 1), float(volume.columns - 1))
    along, down, across = (int(end // EDGE) + 1 for end in ends)
    return along, down, across


def empty(volume: Volume) -> Blocks:
    """Return blocks of which nothing is known yet."""
    shape = counts(volume)
    return Blocks(np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.uint8))


def fill(blocks: Blocks, volume: Volume, stored: np.ndarray, slots: np.ndarray, layer: int) -> None:
    """Find the bounds of one layer of blocks along the slices; layers may be filled side by side."""
    at = volume.places
    first = max(0, int(np.searchsorted(at, layer * EDGE, "right")) - 1)
    last = min(volume.slices - 1, int(np.searchsorted(at, (layer + 1) * EDGE, "left")))
    bound(
        stored, slots, volume.slopes, volume.intercepts, volume.padding_low, volume.padding_high, first, last,
        blocks.lowest[layer], blocks.highest[layer], blocks.filled[layer],
    )  # fmt: skip


def coarser(bounds: np.ndarray) -> np.ndarray:
    """Return the largest of every 4 × 4 × 4."""
    wide = np.pad(bounds, [(0, -count % 4) for count in bounds.shape], constant_values=-np.inf)
    z, y, x = (count // 4 for count in wide.shape)
    found: np.ndarray = wide.reshape(z, 4, y, 4, x, 4).max(axis=(1, 3, 5))
    return found


def leaps(blocks: Blocks, matters: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Return uint8 (blocks along slices, rows, columns): how many blocks away, by king's moves, something matters.

    `matters` tells of lowest and highest values whether a sample between them does. 0 is a block that matters itself.
    """
    found = np.where((blocks.filled != EMPTY) & matters(blocks.lowest, blocks.highest), 0, MOST_LEAP).astype(np.uint8)
    spread(found)
    return found


@kernel
def bound(
    stored: np.ndarray,
    slots: np.ndarray,
    slopes: np.ndarray,
    intercepts: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    first: int,
    last: int,
    lowest: np.ndarray,
    highest: np.ndarray,
    filled: np.ndarray,
) -> None:
    """Fill bounds (rows, columns) of the blocks that slices `first` to `last` make up."""
    rows, columns = stored.shape[1], stored.shape[2]
    lowest[:] = np.inf
    highest[:] = -np.inf
    some = np.zeros(filled.shape, np.uint8)
    lack = np.zeros(filled.shape, np.uint8)
    down = np.empty(columns, stored.dtype)
    up = np.empty(columns, stored.dtype)
    for at in range(first, last + 1):
        slot = slots[at]
        if slot < 0:
            lack[:] = 1
            continue
        slope, intercept = slopes[at], intercepts[at]
        padded = low[at] <= high[at]
        for block in range(lowest.shape[0]):
            top, end = block * 8, min(block * 8 + 9, rows)
            if padded or stored.dtype.kind == "f":
                bound_some(
                    stored[slot, top:end], slope, intercept, low[at], high[at],
                    lowest[block], highest[block], some[block], lack[block],
                )  # fmt: skip
                continue
            down[:] = stored[slot, top]
            up[:] = down
            for row in range(top + 1, end):
                line = stored[slot, row]
                for x in range(columns):
                    value = line[x]
                    down[x] = min(down[x], value)
                    up[x] = max(up[x], value)
            for number in range(lowest.shape[1]):
                least, most = down[number * 8], up[number * 8]
                for x in range(number * 8, min(number * 8 + 9, columns)):
                    least = min(least, down[x])
                    most = max(most, up[x])
                one, other = least * slope + intercept, most * slope + intercept
                lowest[block, number] = min(lowest[block, number], one, other)
                highest[block, number] = max(highest[block, number], one, other)
                some[block, number] = 1
    for block in range(lowest.shape[0]):
        for number in range(lowest.shape[1]):
            filled[block, number] = (2 if lack[block, number] else 1) if some[block, number] else 0


@kernel
def bound_some(
    lines: np.ndarray,
    slope: float,
    intercept: float,
    low: float,
    high: float,
    lowest: np.ndarray,
    highest: np.ndarray,
    some: np.ndarray,
    lack: np.ndarray,
) -> None:
    """Widen bounds (columns,) by those values of (rows, columns) voxels that are pixels."""
    columns = lines.shape[1]
    for row in range(lines.shape[0]):
        for number in range(len(lowest)):
            least, most = np.inf, -np.inf
            for x in range(number * 8, min(number * 8 + 9, columns)):
                value = float(lines[row, x])
                if value != value or low <= value <= high:
                    lack[number] = 1
                    continue
                least = min(least, value)
                most = max(most, value)
            if most >= least:
                one, other = least * slope + intercept, most * slope + intercept
                lowest[number] = min(lowest[number], one, other)
                highest[number] = max(highest[number], one, other)
                some[number] = 1


@kernel
def spread(far: np.ndarray) -> None:
    """Lower each block to one more than its nearest neighbour has, in two passes over all."""
    deep, rows, columns = far.shape
    for z in range(deep):
        for y in range(rows):
            for x in range(columns):
                found = far[z, y, x]
                if found == 0:
                    continue
                for dz in range(-1, 1):
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            if dz == 0 and (dy > 0 or (dy == 0 and dx >= 0)):
                                continue
                            if z + dz >= 0 and 0 <= y + dy < rows and 0 <= x + dx < columns:
                                found = min(found, far[z + dz, y + dy, x + dx] + 1)
                far[z, y, x] = found
    for z in range(deep - 1, -1, -1):
        for y in range(rows - 1, -1, -1):
            for x in range(columns - 1, -1, -1):
                found = far[z, y, x]
                if found == 0:
                    continue
                for dz in range(2):
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            if dz == 0 and (dy < 0 or (dy == 0 and dx <= 0)):
                                continue
                            if z + dz < deep and 0 <= y + dy < rows and 0 <= x + dx < columns:
                                found = min(found, far[z + dz, y + dy, x + dx] + 1)
                far[z, y, x] = found

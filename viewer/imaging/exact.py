"""Planes and slabs of any volume in double precision: what the quicker loops leave, and what they are measured by."""

import numpy as np

from viewer.imaging.kernels import kernel
from viewer.imaging.voxels import HALF, Voxels, value_at


@kernel
def sample(
    voxels: Voxels,
    starts: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    method: int,
    cubic: bool,
    values: np.ndarray,
) -> None:
    """Fill `values` (rows, columns), NaN so far, from the samples that begin at the grid indices `starts` (layers, 3).

    `method` is 0 for the mean, 1 for the maximum and 2 for the minimum of the layers that have a value.
    """
    counts = np.zeros(values.shape[1], np.int64)
    for line in range(values.shape[0]):
        counts[:] = 0
        for layer in range(len(starts)):
            x0 = starts[layer, 0] + line * down[0]
            y0 = starts[layer, 1] + line * down[1]
            z0 = starts[layer, 2] + line * down[2]
            begin, end = 0.0, values.shape[1] - 1.0
            begin, end = clipped(x0, across[0], -HALF, voxels.columns - 1 + HALF, begin, end)
            begin, end = clipped(y0, across[1], -HALF, voxels.rows - 1 + HALF, begin, end)
            begin, end = clipped(z0, across[2], voxels.places[0] - HALF, voxels.places[-1] + HALF, begin, end)
            if begin > end:
                continue
            for at in range(int(np.ceil(begin)), int(np.floor(end)) + 1):
                value = value_at(voxels, x0 + at * across[0], y0 + at * across[1], z0 + at * across[2], cubic)
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
def clipped(start: float, step: float, low: float, high: float, begin: float, end: float) -> tuple[float, float]:
    """Return the part of [begin, end] in which start + at * step lies from `low` to `high`; empty if begin > end."""
    if abs(step) < 1e-12:
        return (begin, end) if low <= start <= high else (1.0, 0.0)
    one, other = (low - start) / step, (high - start) / step
    return max(begin, min(one, other)), min(end, max(one, other))

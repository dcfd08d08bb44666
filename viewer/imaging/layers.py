"""The layers of a slab, projected: rows of samples to their mean, maximum or minimum."""

import numpy as np

from viewer.imaging.kernels import kernel


@kernel
def begun(sums: np.ndarray, counts: np.ndarray, method: int) -> None:
    """Make ready for the first layer; `method` is 0 for the mean, 1 for the maximum and 2 for the minimum."""
    sums[:] = np.float32(0) if method == 0 else np.float32(-np.inf) if method == 1 else np.float32(np.inf)
    counts[:] = np.float32(0)


@kernel
def kept(found: np.ndarray, first: int, last: int, method: int, sums: np.ndarray, counts: np.ndarray) -> None:
    """Take in found[first:last] of one layer, float32; what is no number isn't counted."""
    one, none = np.float32(1), np.float32(0)
    row, into, number = found[first:last], sums[first:last], counts[first:last]
    if method == 0:
        for at in range(len(row)):
            into[at] += row[at] if row[at] == row[at] else none
    elif method == 1:
        for at in range(len(row)):
            into[at] = row[at] if row[at] > into[at] else into[at]
    else:
        for at in range(len(row)):
            into[at] = row[at] if row[at] < into[at] else into[at]
    for at in range(len(row)):
        number[at] += one if row[at] == row[at] else none


@kernel
def settled(sums: np.ndarray, counts: np.ndarray, method: int, values: np.ndarray) -> None:
    """Fill a row of `values` with what the layers make; NaN where none had a value."""
    one = np.float32(1)
    for at in range(len(values)):
        share = one / counts[at] if method == 0 else one
        values[at] = sums[at] * share if counts[at] > 0 else np.float32(np.nan)

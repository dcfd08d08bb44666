"""Statistics of the stored voxels in a region of the patient: never of what was interpolated or displayed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewer.imaging.volume import Volume

MOST_VOXELS = 60_000_000


class TooLarge(ValueError):
    """The region holds more voxels than are looked through for an answer."""


@dataclass(frozen=True)
class Statistics:
    """What the voxels of a region hold, in modality units. `sd` divides by n − 1; None for a single voxel.

    `at` is LPS mm of the highest voxel's centre, the first of several. `lacking` counts voxels in the region that
    have no value: padding, slices that are missing or couldn't be read.
    """

    count: int
    lacking: int
    highest: float
    lowest: float
    mean: float
    sd: float | None
    at: tuple[float, float, float]


def of_sphere(
    volume: Volume, stored: np.ndarray, slots: np.ndarray, center: Sequence[float], radius: float
) -> Statistics | None:
    """Return the statistics of the voxels whose centres lie within `radius` mm of `center` (LPS mm); None for none.

    `stored` (slots, rows, columns) and `slots` (slices,) are as for a cut: slice k lies at slots[k], -1 where there is
    none. A voxel counts whole or not at all, with its own stored value. Raises TooLarge.
    """
    middle = volume.indices(np.asarray(center, float))
    # How far a sphere reaches along each index: a shear counts.
    reach = radius * np.linalg.norm(volume.inverse, axis=1)
    columns = _within(middle[0] - reach[0], middle[0] + reach[0], volume.columns)
    rows = _within(middle[1] - reach[1], middle[1] + reach[1], volume.rows)
    slices = np.flatnonzero(np.abs(volume.places - middle[2]) <= reach[2] + 1e-9)
    if columns.size * rows.size * slices.size > MOST_VOXELS:
        raise TooLarge(f"{columns.size * rows.size * slices.size} voxels")
    if not (columns.size and rows.size and slices.size):
        return None
    values, places, lacking = [], [], 0
    across, down = np.meshgrid(columns, rows)
    for number in slices.tolist():
        index = np.stack((across, down, np.full(across.shape, volume.places[number])), axis=-1)
        points = volume.points(index)
        inside = np.linalg.norm(points - center, axis=-1) <= radius
        slot = int(slots[number])
        if slot < 0:
            lacking += int(inside.sum())
            continue
        own = stored[slot, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        padding = (own >= volume.padding_low[number]) & (own <= volume.padding_high[number])
        kept = inside & ~padding
        lacking += int((inside & padding).sum())
        values.append(own[kept] * volume.slopes[number] + volume.intercepts[number])
        places.append(points[kept])
    found = np.concatenate(values) if values else np.zeros(0)
    if not found.size:
        return None
    x, y, z = np.concatenate(places)[int(found.argmax())].tolist()
    return Statistics(
        count=int(found.size), lacking=lacking, highest=float(found.max()), lowest=float(found.min()),
        mean=float(found.mean()), sd=float(found.std(ddof=1)) if found.size > 1 else None, at=(x, y, z),
    )  # fmt: skip


def _within(first: float, last: float, count: int) -> np.ndarray:
    """Return the whole indices from `first` to `last` among `count`."""
    return np.arange(max(0, int(np.ceil(first - 1e-9))), min(count - 1, int(np.floor(last + 1e-9))) + 1)


__all__ = ["Statistics", "TooLarge", "of_sphere"]

"""Series made of a function of patient space or of an array, and the volumes that they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from tests.imaging.datasets import metadata
from viewer.imaging import reformat, stack
from viewer.imaging.geometry import Plane
from viewer.imaging.record import instances
from viewer.imaging.volume import Volume, volume
from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

AXIAL = (1, 0, 0, 0, 1, 0)
EXAM = Exam(Person("GRID", "GRID-1"), uid("grid"), "20240301", "081500", "Grid")


def written(
    values: np.ndarray,
    *,
    spacing: tuple[float, float] = (1.0, 1.0),
    step: Sequence[float] = (0.0, 0.0, 1.0),
    position: Sequence[float] = (0.0, 0.0, 0.0),
    orientation: Sequence[float] = AXIAL,
    modality: str = "CT",
    intercept: float = 0.0,
) -> list[Dataset]:
    """Return one data set a slice of stored values (slices, rows, columns); slice k lies at position + k * step."""
    made = []
    for number, picture in enumerate(values):
        dataset = begin(EXAM, modality, uid("grid", number))
        in_series(dataset, number=1, series_uid=uid("grid series"), description="Grid", instance_number=number + 1)
        place(
            dataset, position=np.asarray(position, float) + number * np.asarray(step, float), orientation=orientation,
            spacing=spacing, thickness=1.0, frame_of_reference=uid("grid frame"),
        )  # fmt: skip
        grey(dataset, picture)
        dataset.RescaleIntercept, dataset.RescaleSlope = f"{intercept:g}", "1"
        made.append(dataset)
    return made


@dataclass(frozen=True)
class Made:
    """A volume with its frames in another order than its slices, as they may arrive in the store."""

    volume: Volume
    stored: np.ndarray
    slots: np.ndarray

    def cut(self, plane: Plane, **how: object) -> np.ndarray:
        """Return the modality values of a plane or slab."""
        return reformat.cut(self.volume, self.stored, self.slots, plane, **how)  # type: ignore[arg-type]

    def values(self) -> np.ndarray:
        """Return modality values (slices, rows, columns); NaN for missing slices and padding."""
        found = np.full((self.volume.slices, self.volume.rows, self.volume.columns), np.nan)
        for at, slot in enumerate(self.slots):
            if slot >= 0:
                picture = self.stored[slot].astype(float)
                picture[(picture >= self.volume.padding_low[at]) & (picture <= self.volume.padding_high[at])] = np.nan
                found[at] = picture * self.volume.slopes[at] + self.volume.intercepts[at]
        return found


def made(datasets: Sequence[Dataset]) -> Made:
    """Return the volume of the only stack of a series; its frames arrive in an order of their own."""
    listed = instances(metadata(*datasets))
    (only,) = stack.stacks(listed)
    found = volume(only, listed)
    order = np.random.default_rng(len(datasets)).permutation(len(datasets))
    stored = np.stack([datasets[at].pixel_array for at in order])
    stored.setflags(write=False)
    slot_of = {at: slot for slot, at in enumerate(order)}
    slots = [slot_of[entry.instance_index] if entry else -1 for entry in found.entries]
    return Made(found, stored, np.array(slots, np.int64))


def of_space(
    function: Callable[[np.ndarray], np.ndarray],
    size: tuple[int, int, int],
    *,
    spacing: tuple[float, float],
    step: Sequence[float],
    position: Sequence[float],
    orientation: Sequence[float] = AXIAL,
) -> list[Dataset]:
    """Return a series of `size` (columns, rows, slices) whose voxels hold `function` of their LPS mm, as int16."""
    columns, rows, slices = size
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    k, j, i = np.mgrid[:slices, :rows, :columns]
    points = np.asarray(position, float) + i[..., None] * spacing[1] * row + j[..., None] * spacing[0] * column
    points = points + k[..., None] * np.asarray(step, float)
    values = np.rint(function(points)).astype(np.int16)
    return written(values, spacing=spacing, step=step, position=position, orientation=orientation)

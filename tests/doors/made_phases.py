"""Two heart phases of one CT series, a tube that winds through them: volumes to choose from, and a path to follow."""

from functools import cache

import numpy as np
from pydicom.dataset import Dataset

from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

EXAM = Exam(Person("Phases^Paula", "P-4", "19550707", "F"), uid("phases"), "20240301", "081500", "Heart", "P-77")
SIZE, SPACING, FIRST = (48, 40, 24), np.array([1.0, 1.25, 1.5]), np.array([-22.0, -25.0, 100.0])
RADIUS, RISE, TUBE = 12.0, 4.0, 3.0  # mm


def way(angles: np.ndarray) -> np.ndarray:
    """Return LPS mm (…, 3) of the middle of the tube."""
    return np.stack([RADIUS * np.cos(angles), RADIUS * np.sin(angles), 108 + RISE * angles], -1)


PATH = way(np.linspace(0, 1.5 * np.pi, 13))


@cache
def phases() -> list[Dataset]:
    """Return 24 slices each of two phases: noise in the first, a tube of 1000 with an edge 2 mm wide in the second."""
    index = np.stack(np.meshgrid(*(np.arange(count) for count in SIZE), indexing="ij"), -1)
    points = FIRST + index * SPACING
    apart = np.full(points.shape[:-1], np.inf)
    for each in way(np.linspace(-0.5, 1.5 * np.pi + 0.5, 400)):
        np.minimum(apart, np.linalg.norm(points - each, axis=-1), out=apart)
    tube = 1000 * np.clip((TUBE + 1 - apart) / 2, 0, 1)
    noise = np.random.default_rng(3).integers(0, 500, tube.shape)
    made = []
    for phase, values in ((1, noise), (2, tube)):
        for at in range(SIZE[2]):
            number = SIZE[2] * (phase - 1) + at + 1
            dataset = begin(EXAM, "CT", uid("phases", number))
            in_series(
                dataset, number=3, series_uid=uid("phases", "series"), description="Heart 4D", instance_number=number
            )
            place(
                dataset, position=tuple((FIRST + np.array([0, 0, at]) * SPACING).tolist()),
                orientation=(1, 0, 0, 0, 1, 0), thickness=1.5, spacing=(1.25, 1.0),
                frame_of_reference=uid("phases", "frame"),
            )  # fmt: skip
            grey(dataset, values[:, :, at].T.astype(np.uint16))
            dataset.TemporalPositionIdentifier, dataset.NumberOfTemporalPositions = phase, 2
            dataset.WindowCenter, dataset.WindowWidth = "450", "1100"
            made.append(dataset)
    return made

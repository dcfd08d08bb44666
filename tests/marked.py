"""A letter L of dense voxels at the patient's left, front and head: no other side and no mirror image looks like it.

Three bars leave its corner, the longest to the feet, a shorter one to the right, the shortest to the back; stored in
the ways in which scanners and programs store it. Where it must be seen follows from the standard's camera alone.
"""

from functools import cache

import numpy as np
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

from tests.imaging.grids import written
from worklist.demo.dataset import Exam, Person, uid

MIDDLE = np.array([4.0, -7.0, 31.0])
CORNER = MIDDLE + np.array([15.0, -11.0, 17.0])
LONG = {(0, 0, -1): 30.0, (-1, 0, 0): 18.0, (0, 1, 0): 11.0}  # mm from the corner
HALF = 3.2  # mm
HALF_FIELD = 24.0
BRIGHT = 900
VOXEL = np.array([1.1, 1.3, 1.6])  # along a row, along a column, from slice to slice
TURNED = Rotation.from_euler("xyz", [25, -35, 50], degrees=True).as_matrix()

Directions = tuple[np.ndarray, np.ndarray, np.ndarray]
# Toward growing columns, rows and instance numbers (LPS); the last is left-handed where it goes against their normal.
STORED: dict[str, Directions] = {
    "axial from the feet": (np.array([1, 0, 0]), np.array([0, 1, 0]), np.array([0, 0, 1])),
    "axial from the head": (np.array([1, 0, 0]), np.array([0, 1, 0]), np.array([0, 0, -1])),
    "prone": (np.array([-1, 0, 0]), np.array([0, -1, 0]), np.array([0, 0, 1])),
    "flipped from side to side": (np.array([-1, 0, 0]), np.array([0, 1, 0]), np.array([0, 0, 1])),
    "sagittal": (np.array([0, 1, 0]), np.array([0, 0, -1]), np.array([-1, 0, 0])),
    "sagittal, left-handed": (np.array([0, 1, 0]), np.array([0, 0, -1]), np.array([1, 0, 0])),
    "sagittal, facing right": (np.array([0, -1, 0]), np.array([0, 0, -1]), np.array([1, 0, 0])),
    "coronal": (np.array([1, 0, 0]), np.array([0, 0, -1]), np.array([0, 1, 0])),
    "coronal, left-handed": (np.array([1, 0, 0]), np.array([0, 0, -1]), np.array([0, -1, 0])),
    "coronal, upside down": (np.array([1, 0, 0]), np.array([0, 0, 1]), np.array([0, 1, 0])),
    "oblique": (TURNED[0], TURNED[1], TURNED[2]),
    "oblique, left-handed": (TURNED[0], TURNED[1], -TURNED[2]),
}
BEHIND_DOORS = ("axial from the head", "sagittal, left-handed", "coronal, upside down", "oblique, left-handed")


def is_marked(points: np.ndarray) -> np.ndarray:
    """Say which LPS mm (…, 3) lie in the L."""
    found = np.zeros(points.shape[:-1], bool)
    for way, long in LONG.items():
        off = points - CORNER
        along = off @ np.array(way, float)
        aside = np.abs(off - along[..., None] * np.array(way, float)).max(axis=-1)
        found |= (aside <= HALF) & (along >= -HALF) & (along <= long)
    return found


@cache
def series(stored: str) -> list[Dataset]:
    """Return the L as one of STORED, a series of CT images in a cube of 48 mm about the middle."""
    across, down, deep = STORED[stored]
    columns, rows, slices = (int(count) for count in np.ceil(2 * HALF_FIELD / VOXEL))
    first = MIDDLE - sum(
        way * side * (count - 1) / 2
        for way, side, count in zip((across, down, deep), VOXEL, (columns, rows, slices), strict=True)
    )
    k, j, i = np.mgrid[:slices, :rows, :columns]
    points = first + i[..., None] * VOXEL[0] * across + j[..., None] * VOXEL[1] * down + k[..., None] * VOXEL[2] * deep
    fine = (np.arange(3) - 1) / 3
    share = np.mean(
        [
            is_marked(points + a * VOXEL[0] * across + b * VOXEL[1] * down + c * VOXEL[2] * deep)
            for a in fine
            for b in fine
            for c in fine
        ],
        axis=0,
    )
    return written(
        np.rint(BRIGHT * share).astype(np.int16), spacing=(float(VOXEL[1]), float(VOXEL[0])),
        step=(VOXEL[2] * deep).tolist(), position=first.tolist(), orientation=(*across.tolist(), *down.tolist()),
    )  # fmt: skip


@cache
def behind_doors() -> list[Dataset]:
    """Return some of them as series of one study of their own."""
    made = []
    for at, stored in enumerate(BEHIND_DOORS):
        for number, dataset in enumerate(series(stored)):
            exam = Exam(Person("Marked^Mia", "M-1", "19700101", "F"), uid("marked"), "20240301", "081500", "Marked")
            dataset.PatientName, dataset.PatientID = exam.person.name, exam.person.patient_id
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = exam.study_uid, uid("marked", at)
            dataset.FrameOfReferenceUID = uid("marked", "frame")
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid("marked", at, number)
            dataset.SeriesDescription, dataset.SeriesNumber = stored, at + 1
            made.append(dataset)
    return made


@cache
def marked() -> np.ndarray:
    """Return LPS mm (points, 3) all over the L, 0.4 mm apart."""
    steps = np.arange(-HALF_FIELD, HALF_FIELD + 0.1, 0.4)
    points = MIDDLE + np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    found: np.ndarray = points[is_marked(points)]
    return found


def expected(look: np.ndarray, up: np.ndarray, size: int, mm: float) -> np.ndarray:
    """Return where the L lies (bool, rows, columns) in a picture of `size` pixels about MIDDLE, by PS3.18 8.3.5.3.

    Right is look × up; what lies toward up lies toward the first row.
    """
    points = marked() - MIDDLE
    columns = np.rint((size - 1) / 2 + points @ np.cross(look, up) / mm).astype(int)
    rows = np.rint((size - 1) / 2 - points @ up / mm).astype(int)
    found = np.zeros((size, size), bool)
    found[rows, columns] = True
    return found


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share that two regions have in common of what is in either."""
    return float((one & other).sum() / (one | other).sum())


def assert_seen(seen: np.ndarray, look: np.ndarray, up: np.ndarray, mm: float, letters: tuple[str, str]) -> None:
    """The L is seen where the camera says and nowhere else, and at the sides that letters (right, down) name."""
    truth = expected(look, up, len(seen), mm)
    own = alike(seen, truth)
    assert own > 0.72, own
    for turns in range(4):
        for mirrored in (False, True):
            other = np.rot90(truth[:, ::-1] if mirrored else truth, turns)
            assert (turns == 0 and not mirrored) or alike(seen, other) < own - 0.1
    # It lies at the left, in front and at the head: a reader finds it by the letters alone.
    middle = (len(seen) - 1) / 2
    rows, columns = (float(each.mean()) - middle for each in np.nonzero(seen))
    for letter, direction, side in ((letters[0][0], np.cross(look, up), columns), (letters[1][0], -up, rows)):
        axis = int(np.abs(direction).argmax())
        assert letter == ("LPH", "RAF")[int(direction[axis] < 0)][axis], letters
        if abs(direction[axis]) > 0.99:
            assert (side > 2 / mm) if letter in "LAH" else (side < -2 / mm), letters

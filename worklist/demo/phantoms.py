"""Phantoms of known truth: one whose pixels say who and where they are, and bodies of known size and value."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from pydicom.dataset import Dataset

from worklist.demo.dataset import Exam, Person, begin, decimal, grey, in_series, place, uid
from worklist.demo.speech import (
    AXES,
    BRIGHT,
    CELL,
    DARK,
    FRAME,
    PANEL_LEFT,
    PANEL_SIDE,
    PANEL_TOP,
    RAMP,
    STRIP_COLUMNS,
    STRIP_LEFT,
    STRIP_ROWS,
    STRIP_TOP,
    TRANSFORMS,
    UNITS,
    Spoken,
    Transform,
    Unreadable,
    bits,
    read,
)

__all__ = ["TRANSFORMS", "Spoken", "Transform", "Unreadable", "ball_phantom", "read", "rod_phantom", "speaking_phantom"]

PATIENT_NAME = "PHANTOM^SPEAKING"


def speaking_phantom(
    *,
    patient: int = 1,
    series: int = 1,
    orientation: Sequence[float] | None = (1, 0, 0, 0, 1, 0),
    reverse: bool = False,
    slices: int = 16,
    rows: int = 128,
    columns: int = 128,
    modality: str = "CT",
    spacing: tuple[float, float] = (0.8, 0.8),
    thickness: float = 2.0,
    drop: Collection[int] = (),
    date: str = "20240229",
) -> list[Dataset]:
    """Return one series whose pixels say patient, series, Instance Number and the patient's axes.

    Instance Numbers 1 to `slices` go along the normal of `orientation` (row and column direction cosines, LPS),
    against it if `reverse`; those in `drop` are left out. Without an orientation the objects have no plane.
    """
    exam = _exam(patient, date, "Speaking phantom")
    drawn = (orientation, reverse, slices, rows, columns, modality, spacing, thickness)
    series_uid = uid("speaking", patient, series, date, *drawn)
    middle = (slices + 1) / 2
    datasets = []
    for number in range(1, slices + 1):
        if number in drop:
            continue
        along = (middle - number if reverse else number - middle) / max(middle - 1, 1)
        values = _speaking_values((patient, series, number), (rows, columns), spacing, orientation, along)
        dataset = begin(exam, modality, uid(series_uid, number))
        in_series(dataset, number=series, series_uid=series_uid, description="Speaks", instance_number=number)
        if orientation is not None:
            offset = along * max(middle - 1, 1) * thickness
            place(
                dataset,
                position=_corner(orientation, (rows, columns), spacing, offset),
                orientation=orientation,
                spacing=spacing,
                thickness=thickness,
                frame_of_reference=uid("speaking frame", patient),
            )
        _grey_of(dataset, values, modality)
        datasets.append(dataset)
    return datasets


def ball_phantom(
    *,
    diameter: float = 20.0,
    value: float = 100.0,
    surroundings: float = -100.0,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    slices: int = 41,
    rows: int = 96,
    columns: int = 96,
    spacing: tuple[float, float] = (0.5, 0.5),
    thickness: float = 1.0,
    patient: int = 2,
    series: int = 1,
    date: str = "20240229",
) -> list[Dataset]:
    """Return axial CT slices of a ball of `diameter` mm and `value` HU about `centre` (LPS mm), with partial volume."""
    middle = np.asarray(centre, float)

    def depth(points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points - middle, axis=-1) - diameter / 2

    words = f"Ball {diameter:g} mm, {value:g} HU in {surroundings:g} HU"
    exam = _exam(patient, date, "Known sizes")
    return _body(depth, value, surroundings, words, exam, series, (slices, rows, columns), spacing, thickness)


def rod_phantom(
    *,
    diameter: float = 10.0,
    length: float = 30.0,
    direction: Sequence[float] = (0.0, 0.0, 1.0),
    value: float = 300.0,
    surroundings: float = 0.0,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    slices: int = 41,
    rows: int = 96,
    columns: int = 96,
    spacing: tuple[float, float] = (0.5, 0.5),
    thickness: float = 1.0,
    patient: int = 2,
    series: int = 2,
    date: str = "20240229",
) -> list[Dataset]:
    """Return axial CT slices of a flat-ended rod of `diameter` and `length` mm along `direction` (LPS)."""
    middle = np.asarray(centre, float)
    axis = np.asarray(direction, float) / np.linalg.norm(direction)

    def depth(points: np.ndarray) -> np.ndarray:
        along = (points - middle) @ axis
        across = np.linalg.norm(points - middle - along[..., None] * axis, axis=-1)
        return np.maximum(across - diameter / 2, np.abs(along) - length / 2)

    words = f"Rod {diameter:g} x {length:g} mm, {value:g} HU in {surroundings:g} HU"
    exam = _exam(patient, date, "Known sizes")
    return _body(depth, value, surroundings, words, exam, series, (slices, rows, columns), spacing, thickness)


def _exam(patient: int, date: str, description: str) -> Exam:
    person = Person(PATIENT_NAME, f"PHANTOM-{patient}", "20000101", "O", issuer="SAMSYN-PHANTOMS", phantom=True)
    return Exam(person, uid("phantom study", patient, date), date, "120000", description, f"PH{patient:06}")


def _corner(
    orientation: Sequence[float], shape: tuple[int, int], spacing: tuple[float, float], offset: float
) -> np.ndarray:
    """Return the centre of the first pixel when the stack's middle lies at the origin."""
    along_row, along_column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    normal = np.cross(along_row, along_column)
    rows, columns = shape
    return normal * offset - along_row * spacing[1] * (columns - 1) / 2 - along_column * spacing[0] * (rows - 1) / 2


def _speaking_values(
    numbers: tuple[int, int, int],
    shape: tuple[int, int],
    spacing: tuple[float, float],
    orientation: Sequence[float] | None,
    along: float,
) -> np.ndarray:
    """Return HU (rows, columns); `along` is the place on the normal, −1 to 1 over the stack."""
    rows, columns = shape
    y, x = (np.arange(rows) + 0.5) * UNITS / rows, (np.arange(columns) + 0.5) * UNITS / columns
    values = np.full(shape, float(DARK))
    edge = (np.minimum(y, UNITS - y)[:, None] < FRAME) | (np.minimum(x, UNITS - x)[None, :] < FRAME)
    values[edge] = BRIGHT

    row, column = ((y - STRIP_TOP) // CELL).astype(int), ((x - STRIP_LEFT) // CELL).astype(int)
    inside = np.ix_((row >= 0) & (row < STRIP_ROWS), (column >= 0) & (column < STRIP_COLUMNS))
    strip = np.array(bits(*numbers)).reshape(STRIP_ROWS, STRIP_COLUMNS)
    cells = strip[np.clip(row, 0, STRIP_ROWS - 1)][:, np.clip(column, 0, STRIP_COLUMNS - 1)]
    values[inside] = np.where(cells[inside], BRIGHT, DARK)

    directions = np.array(orientation, float).reshape(2, 3) if orientation is not None else np.zeros((2, 3))
    normal = np.cross(*directions)
    width, height = PANEL_SIDE * columns * spacing[1], PANEL_SIDE * rows * spacing[0]
    for axis, left in PANEL_LEFT.items():
        down = (y - PANEL_TOP) / PANEL_SIDE
        across = (x - left) / PANEL_SIDE
        panel = np.ix_((down >= 0) & (down < 1), (across >= 0) & (across < 1))
        in_row, in_column = directions @ np.array(AXES[axis])
        longest = max(width, height)
        ramp_across = (2 * across - 1) * in_row * width / longest
        ramp_down = (2 * down - 1) * in_column * height / longest
        through = along * float(normal @ np.array(AXES[axis]))
        values[panel] = (RAMP * (ramp_across[None, :] + ramp_down[:, None] + through))[panel]
    return np.rint(values)


def _grey_of(dataset: Dataset, values: np.ndarray, modality: str) -> None:
    grey(dataset, (values + 1024).astype(np.uint16), bits_stored=12)
    dataset.PatientPosition, dataset.Laterality = "HFS", ""
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"] if modality == "CT" else ["ORIGINAL", "PRIMARY"]
    centre = 0
    if modality == "CT":
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
        dataset.KVP, dataset.AcquisitionNumber = "120", 1
    else:
        centre = 1024
    dataset.WindowCenter, dataset.WindowWidth = str(centre), "2100"


def _body(
    depth: Callable[[np.ndarray], np.ndarray],
    value: float,
    surroundings: float,
    words: str,
    exam: Exam,
    series: int,
    shape: tuple[int, int, int],
    spacing: tuple[float, float],
    thickness: float,
) -> list[Dataset]:
    """Return axial CT slices of a body; `depth` gives the signed distance (mm, inside negative) of points (…, 3)."""
    slices, rows, columns = shape
    series_uid = uid(words, series, shape, spacing, thickness, exam.study_uid)
    orientation = (1, 0, 0, 0, 1, 0)
    datasets = []
    for number in range(1, slices + 1):
        position = _corner(orientation, (rows, columns), spacing, (number - (slices + 1) / 2) * thickness)
        share = _share_inside(depth, position, (rows, columns), (spacing[1], spacing[0], thickness))
        dataset = begin(exam, "CT", uid(series_uid, number))
        in_series(dataset, number=series, series_uid=series_uid, description=words, instance_number=number)
        place(
            dataset,
            position=position,
            orientation=orientation,
            spacing=spacing,
            thickness=thickness,
            frame_of_reference=uid("body frame", exam.study_uid),
        )
        dataset.SpacingBetweenSlices = decimal(thickness)
        _grey_of(dataset, np.rint(surroundings + share * (value - surroundings)), "CT")
        datasets.append(dataset)
    return datasets


def _share_inside(
    depth: Callable[[np.ndarray], np.ndarray], position: np.ndarray, shape: tuple[int, int], voxel: Sequence[float]
) -> np.ndarray:
    """Return the share (0 to 1) of each voxel of one slice that lies inside, from 8 × 8 × 8 points where it's mixed."""
    size = np.array(voxel)
    row, column = np.mgrid[: shape[0], : shape[1]]
    centres = position + np.stack([column, row, np.zeros_like(row)], axis=-1) * size
    distance = depth(centres)
    share = (distance < 0).astype(float)
    mixed = np.abs(distance) <= np.linalg.norm(size) / 2
    steps = (np.arange(8) + 0.5) / 8 - 0.5
    points = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) * size
    share[mixed] = (depth(centres[mixed][:, None, :] + points) < 0).mean(axis=1)
    return share

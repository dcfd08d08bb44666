"""Planes in patient space: pixels to LPS millimetres and back, orientation letters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
PLANES = ("sagittal", "coronal", "axial")
# A direction within 3° of an axis gets one letter; noise in the last digits of a file must not add a second.
FAINT = float(np.sin(np.radians(3)))
OBLIQUE = 0.8
COSINE_TOLERANCE = 0.01


class GeometryError(ValueError):
    """The position or orientation in the file describes no plane."""


@dataclass(frozen=True, slots=True)
class Plane:
    """An image plane. `spacing` is mm between rows (y) and between columns (x); LPS is left, posterior, head."""

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    spacing: tuple[float, float]
    rows: int
    columns: int

    def __post_init__(self) -> None:
        if len(self.position) != 3 or not np.all(np.isfinite(self.position)):
            raise GeometryError("the image position is not three numbers")
        if min(self.spacing) <= 0:
            raise GeometryError("the pixel spacing is not above zero")
        check_orientation(self.orientation)

    @property
    def along_row(self) -> np.ndarray:
        """Unit vector of growing column index, LPS."""
        return np.asarray(self.orientation[:3])

    @property
    def along_column(self) -> np.ndarray:
        """Unit vector of growing row index, LPS."""
        return np.asarray(self.orientation[3:])

    @property
    def normal(self) -> np.ndarray:
        """Unit vector at right angles to the plane: row × column."""
        return normal(self.orientation)

    def lps(self, pixels: np.ndarray) -> np.ndarray:
        """Return mm (…, 3) of pixel indices (…, 2) as (column, row); (0, 0) is the centre of the first pixel."""
        column, row = np.moveaxis(np.asarray(pixels, float), -1, 0)
        return (
            np.asarray(self.position)
            + column[..., None] * self.spacing[1] * self.along_row
            + row[..., None] * self.spacing[0] * self.along_column
        )

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Return (…, 2) pixel indices (column, row) of the feet of LPS points (…, 3) on the plane."""
        offset = np.asarray(points, float) - np.asarray(self.position)
        return np.stack((offset @ self.along_row / self.spacing[1], offset @ self.along_column / self.spacing[0]), -1)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return signed mm (…) of LPS points (…, 3) from the plane, along its normal."""
        return (np.asarray(points, float) - np.asarray(self.position)) @ self.normal


def check_orientation(orientation: Sequence[float]) -> None:
    """Raise GeometryError unless the six cosines are two unit vectors at right angles (PS3.3 C.7.6.2.1.1)."""
    if len(orientation) != 6 or not np.all(np.isfinite(orientation)):
        raise GeometryError("the image orientation is not six numbers")
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    faults = (row @ row - 1, column @ column - 1, row @ column)
    if max(abs(float(fault)) for fault in faults) > COSINE_TOLERANCE:
        raise GeometryError("the image orientation is not two unit vectors at right angles")


def normal(orientation: Sequence[float]) -> np.ndarray:
    """Return the unit normal, row × column."""
    cross = np.cross(orientation[:3], orientation[3:])
    return cross / np.linalg.norm(cross)


def letters(direction: Sequence[float]) -> str:
    """Return up to three letters of an LPS direction, the strongest first: "L", "PL", "HLA"; "" for no direction."""
    length = float(np.linalg.norm(direction))
    if not np.isfinite(length) or length == 0:
        return ""
    parts = np.asarray(direction, float) / length
    order = sorted(range(3), key=lambda axis: -abs(parts[axis]))
    return "".join(LETTERS[axis][0 if parts[axis] > 0 else 1] for axis in order if abs(parts[axis]) > FAINT)


def patient_orientation(orientation: Sequence[float]) -> tuple[str, str]:
    """Return the letters towards the right edge and towards the bottom edge of the image as stored."""
    check_orientation(orientation)
    return letters(orientation[:3]), letters(orientation[3:])


def anatomical_plane(orientation: Sequence[float]) -> str:
    """Return "axial", "sagittal" or "coronal", or "oblique" where the normal is far from every axis."""
    axis, cosine = nearest_axis(orientation)
    return PLANES[axis] if abs(cosine) >= OBLIQUE else "oblique"


def nearest_axis(orientation: Sequence[float]) -> tuple[int, float]:
    """Return the axis (0 left, 1 posterior, 2 head) nearest to the normal and the normal's part along it."""
    across = normal(orientation)
    axis = int(np.argmax(np.abs(across)))
    return axis, float(across[axis])

"""Numbers from points: a quantity with its UCUM unit and what it rests on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from viewer.imaging import spacing as spacings
from viewer.imaging.dicomjson import Item
from viewer.imaging.geometry import GeometryError, Plane
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.slide import SLIDE
from viewer.imaging.spacing import CENTIMETRES, NONE, PATIENT, PROJECTION, Spacing
from viewer.imaging.words import Words, gettext_noop

MILLIMETRES = "mm"
PIXELS = "{pixels}"

Point = Sequence[float]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its UCUM unit."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Based:
    """A quantity, and what its millimetres rest on (see viewer.imaging.spacing); `words` say it to a reader."""

    quantity: Quantity
    basis: str
    words: Words


BASES = {
    PATIENT: gettext_noop("mm in the patient"),
    SLIDE: gettext_noop("mm on the glass"),
    spacings.CALIBRATED: gettext_noop("mm calibrated"),
    spacings.GEOMETRY: gettext_noop("mm corrected for magnification"),
    spacings.ESTIMATED: gettext_noop("mm estimated"),
    spacings.DETECTOR: gettext_noop("mm at detector, not calibrated"),
    NONE: gettext_noop("pixels, no spacing in the file"),
}
# What a label beside a number adds where its millimetres are not simply those of the patient or of the glass.
SHORT = {
    spacings.CALIBRATED: gettext_noop("mm calibrated"),
    spacings.GEOMETRY: gettext_noop("mm corrected"),
    spacings.ESTIMATED: gettext_noop("mm estimated"),
    spacings.DETECTOR: gettext_noop("mm at detector"),
    NONE: gettext_noop("px"),
}


def length(points: Sequence[Point]) -> Quantity:
    """Return the length of a line through points (n, 3) in mm: of the patient (LPS) or of the slide."""
    return Quantity(math.fsum(math.dist(one, other) for one, other in pairwise(points)), "mm")


def pixels(points: Sequence[Point]) -> Quantity:
    """Return the length of a line through points (n, 2) of square pixels, in pixels."""
    return Quantity(math.fsum(math.dist(one, other) for one, other in pairwise(points)), PIXELS)


def length_in_image(points: Sequence[Point], instance: Instance, frame: FrameAttributes) -> Based:
    """Return the length between two points (2, 2) of an image without a place in the patient.

    Points are (column, row), the centre of the first pixel is (0, 0). The answer is in mm where the file gives a
    reason for them, else in widths of a pixel. In ultrasound both points must lie in one region (PS3.3 C.8.5.5).
    """
    step = spacings.spacing(instance, frame)
    if instance.ultrasound_regions and instance.Modality not in PROJECTION:
        step = in_region(points, instance, step)
    (column, row), (other_column, other_row) = points
    if step.row is None or step.column is None:
        across, down, unit = other_column - column, (other_row - row) * step.aspect, PIXELS
    else:
        across, down, unit = (other_column - column) * step.column, (other_row - row) * step.row, MILLIMETRES
    return Based(Quantity(math.hypot(across, down), unit), step.basis, step.words)


def in_region(points: Sequence[Point], instance: Instance, otherwise: Spacing) -> Spacing:
    """Return the spacing of the one region in centimetres that holds all points, else none with the reason."""
    scaled = [(region, step) for region in instance.ultrasound_regions if (step := centimetres(region))]
    if not scaled:
        return otherwise
    holding = [step for region, step in scaled if all(inside(region, point) for point in points)]
    if holding and all(step == holding[0] for step in holding):
        return spacings.millimetres(holding[0], PATIENT, gettext_noop("mm inside the ultrasound region"))
    return Spacing(None, None, NONE, gettext_noop("pixels: not inside one ultrasound region"))


def centimetres(region: Item) -> tuple[float, float] | None:
    """Return mm between rows and between columns of a region in centimetres, None for any other."""
    units = (region.integer("PhysicalUnitsXDirection"), region.integer("PhysicalUnitsYDirection"))
    x, y = region.number("PhysicalDeltaX"), region.number("PhysicalDeltaY")
    return (abs(y) * 10, abs(x) * 10) if units == (CENTIMETRES, CENTIMETRES) and x and y else None


def inside(region: Item, point: Point) -> bool:
    """Say whether a point (column, row) lies in a region; its limits are pixel numbers that belong to it."""
    limits = [region.number(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    left, top, right, bottom = (math.nan if limit is None else limit for limit in limits)
    return left - 0.5 <= point[0] <= right + 0.5 and top - 0.5 <= point[1] <= bottom + 0.5


def plane_in_patient(instance: Instance, frame: FrameAttributes) -> Plane | None:
    """Return the plane of an image whose pixels have a place in the patient, else None.

    A projection has none, whatever its file says: each of its pixels is a line through the patient, so its spacing
    never rests on the patient alone.
    """
    step = spacings.spacing(instance, frame)
    position, orientation = frame.ImagePositionPatient, frame.ImageOrientationPatient
    if step.basis != PATIENT or step.row is None or step.column is None or not instance.FrameOfReferenceUID:
        return None
    if not position or len(position) != 3 or not orientation or len(orientation) != 6:
        return None
    (x, y, z), (a, b, c, d, e, f) = position, orientation
    try:
        return Plane((x, y, z), (a, b, c, d, e, f), (step.row, step.column), instance.Rows or 0, instance.Columns or 0)
    except GeometryError:
        return None

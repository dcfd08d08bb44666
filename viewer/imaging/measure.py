"""Numbers from points: a quantity with its UCUM unit and what it rests on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from viewer.imaging import spacing as spacings
from viewer.imaging import ultrasound
from viewer.imaging.geometry import GeometryError, Plane
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.slide import SLIDE
from viewer.imaging.spacing import NONE, PATIENT, Spacing
from viewer.imaging.ultrasound import Part
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
    parts: tuple[Part, ...] = ()  # of a line that is no length, as in a Doppler region: `quantity` is the first


BASES = {
    PATIENT: gettext_noop("mm in the patient"),
    spacings.REGION: gettext_noop("mm inside the ultrasound region"),
    spacings.USER: gettext_noop("mm calibrated by hand"),
    SLIDE: gettext_noop("mm on the glass"),
    spacings.CALIBRATED: gettext_noop("mm calibrated"),
    spacings.GEOMETRY: gettext_noop("mm corrected for magnification"),
    spacings.ESTIMATED: gettext_noop("mm estimated"),
    spacings.DETECTOR: gettext_noop("mm at detector, not calibrated"),
    NONE: gettext_noop("pixels, no spacing in the file"),
}
# What a label beside a number adds where its millimetres are not simply those of the patient or of the glass.
SHORT = {
    spacings.REGION: gettext_noop("mm in the region"),
    spacings.CALIBRATED: gettext_noop("mm calibrated"),
    spacings.GEOMETRY: gettext_noop("mm corrected"),
    spacings.ESTIMATED: gettext_noop("mm estimated"),
    spacings.DETECTOR: gettext_noop("mm at detector"),
    NONE: gettext_noop("px"),
}

# Why there are pixels only where an image has scales: in full, and beside a number.
OUTSIDE = gettext_noop("pixels: not inside one ultrasound region")
WITHOUT_UNIT = gettext_noop("pixels: this ultrasound region has no unit")
SHORT_OF_PIXELS: dict[str, str] = {
    OUTSIDE: gettext_noop("px, not inside one ultrasound region"),
    WITHOUT_UNIT: gettext_noop("px, the ultrasound region has no unit"),
}


def length(points: Sequence[Point]) -> Quantity:
    """Return the length of a line through points (n, 3) in mm: of the patient (LPS) or of the slide."""
    return Quantity(math.fsum(math.dist(one, other) for one, other in pairwise(points)), "mm")


def pixels(points: Sequence[Point]) -> Quantity:
    """Return the length of a line through points (n, 2) of square pixels, in pixels."""
    return Quantity(math.fsum(math.dist(one, other) for one, other in pairwise(points)), PIXELS)


def length_in_image(
    points: Sequence[Point], instance: Instance, frame: FrameAttributes, given: Spacing | None = None
) -> Based:
    """Return the length between two points (2, 2) of an image without a place in the patient.

    Points are (column, row), the centre of the first pixel is (0, 0). The answer is in mm where somebody has
    calibrated the image (`given`) or the file gives a reason for them, else in widths of a pixel. In ultrasound both
    points must lie in one region, which may give other numbers than a length (PS3.3 C.8.5.5).
    """
    step = given or spacings.spacing(instance, frame)
    if given is None and frame.ultrasound_regions and not spacings.is_projection(instance):
        region = ultrasound.holding(ultrasound.regions(frame.ultrasound_regions), points)
        if region is not None and region.millimetres is None:
            return in_other_units(region, points)
        if region is not None and region.millimetres is not None:
            step = spacings.inside_region(region.millimetres)
        else:
            step = Spacing(None, None, NONE, OUTSIDE)
    return in_steps(points, step)


def in_steps(points: Sequence[Point], step: Spacing) -> Based:
    """Return the length between two points (2, 2) in mm, or in widths of a pixel where there are none."""
    (column, row), (other_column, other_row) = points
    if step.row is None or step.column is None:
        across, down, unit = other_column - column, (other_row - row) * step.aspect, PIXELS
    else:
        across, down, unit = (other_column - column) * step.column, (other_row - row) * step.row, MILLIMETRES
    return Based(Quantity(math.hypot(across, down), unit), step.basis, step.words)


def in_other_units(region: ultrasound.Region, points: Sequence[Point]) -> Based:
    """Return what a line means in a region that is no plane of the body: a velocity, a time, a depth; else pixels."""
    parts = region.between(points[0], points[1])
    if not parts:
        return in_steps(points, Spacing(None, None, NONE, WITHOUT_UNIT))
    words = gettext_noop("by the scales of the ultrasound region")
    return Based(Quantity(parts[0].value, parts[0].unit), spacings.REGION, words, tuple(parts))


def short(basis: str, words: Words | str) -> Words | str:
    """Return what a label beside a number says of its basis; `words` say it in full."""
    if basis == spacings.USER or (basis == spacings.ESTIMATED and getattr(words, "values", None)):
        return words
    return SHORT_OF_PIXELS.get(str(words), SHORT.get(basis, ""))


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

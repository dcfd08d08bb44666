"""What a pixel measures, and on what authority (PS3.3 10.7.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from viewer.imaging import ultrasound
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.words import Words, gettext_noop

PATIENT = "patient"
REGION = "region"
USER = "user"
CALIBRATED = "calibrated"
GEOMETRY = "geometry"
ESTIMATED = "estimated"
DETECTOR = "detector"
NONE = "none"
STORAGE = "1.2.840.10008.5.1.4.1.1."
SECONDARY_CAPTURE = f"{STORAGE}7"
PROJECTION = frozenset(("CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "XRF"))
# CR, DX, MG and IO, XA and XRF with their enhanced and biplane forms, projections of a tomosynthesis.
PROJECTION_CLASSES = frozenset(
    STORAGE + ending
    for ending in (
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "12.1", "12.1.1", "12.2", "12.2.1", "12.3",
        "13.1.4", "13.1.5",
    )
)  # fmt: skip
# X-Ray 3D images (angiographic, craniofacial, tomosynthesis) are slices that were computed, whatever their modality.
RECONSTRUCTED = frozenset(STORAGE + ending for ending in ("13.1.1", "13.1.2", "13.1.3"))
SLICED = frozenset(("CT", "MR", "PT", "NM"))
MOST_MAGNIFIED = 10  # nothing that is examined is enlarged more: a distance in another unit, or a wrong one


@dataclass(frozen=True, slots=True)
class Spacing:
    """mm between rows and between columns, None where the file gives none; `aspect` is row over column spacing."""

    row: float | None
    column: float | None
    basis: str
    words: Words
    aspect: float = 1.0


def spacing(instance: Instance, frame: FrameAttributes) -> Spacing:
    """Return the pixel spacing of a frame with its basis: millimetres never without a reason for them."""
    if is_projection(instance) and not is_captured(instance):
        return projection(instance, frame)
    if frame.ultrasound_regions:
        return in_regions(frame)
    stored = pair(frame.PixelSpacing)
    if stored and is_captured(instance) and not frame.PixelSpacingCalibrationType:
        # A screen or a film was captured: nothing ties its pixels to the patient.
        return millimetres(stored, ESTIMATED, gettext_noop("mm as the file says, estimated"))
    if is_projection(instance):
        return projection(instance, frame)
    if stored:
        if (frame.PixelSpacingCalibrationType or "").upper() == "FIDUCIAL":
            return millimetres(stored, CALIBRATED, calibrated_words(frame))
        if is_captured(instance) or not frame.ImageOrientationPatient:
            return millimetres(stored, ESTIMATED, gettext_noop("mm as the file says, estimated"))
        return millimetres(stored, PATIENT, gettext_noop("mm in the patient"))
    return scanned(instance)


def is_captured(instance: Instance) -> bool:
    """Say whether a screen or a film was captured."""
    return f"{instance.SOPClassUID or ''}.".startswith(f"{SECONDARY_CAPTURE}.")


def is_projection(instance: Instance) -> bool:
    """Say whether each pixel is a line through the patient, so that nothing in it has one true size."""
    if instance.SOPClassUID in RECONSTRUCTED:
        return False
    return instance.Modality in PROJECTION or instance.SOPClassUID in PROJECTION_CLASSES


def projection(instance: Instance, frame: FrameAttributes) -> Spacing:
    """Return the spacing of a projection image: calibrated, corrected for magnification, or on the detector."""
    stored, imager = pair(frame.PixelSpacing), pair(frame.ImagerPixelSpacing)
    calibration = (frame.PixelSpacingCalibrationType or "").upper()
    if stored and calibration == "GEOMETRY":
        return millimetres(stored, GEOMETRY, gettext_noop("mm corrected for magnification"))
    if stored and calibration == "FIDUCIAL":
        return millimetres(stored, CALIBRATED, calibrated_words(frame))
    centre = pair(frame.ObjectPixelSpacingInCenterOfBeam)
    if centre:  # of the enhanced forms (C.8.19.6.9)
        return millimetres(centre, GEOMETRY, gettext_noop("mm corrected for magnification, at the centre of the beam"))
    magnification = magnified(frame)
    if imager and magnification:
        corrected = (imager[0] / magnification, imager[1] / magnification)
        words = gettext_noop("mm estimated, magnification {factor:.2f}", factor=magnification)
        return millimetres(corrected, ESTIMATED, words)
    if imager and stored and imager[0] > stored[0] * 1.0001:
        return millimetres(stored, GEOMETRY, gettext_noop("mm corrected for magnification"))
    on_detector = imager or stored
    if on_detector:
        return millimetres(on_detector, DETECTOR, gettext_noop("mm at detector, not calibrated"))
    return scanned(instance)


def magnified(frame: FrameAttributes) -> float | None:
    """Return the radiographic magnification if the file states one that is above 1 and can be."""
    detector = frame.DistanceSourceToDetector
    patient = frame.DistanceSourceToPatient or frame.DistanceSourceToEntrance
    by_distance = detector / patient if detector and patient and patient > 0 else None
    for factor in (frame.EstimatedRadiographicMagnificationFactor, by_distance):
        if factor and 1 < factor <= MOST_MAGNIFIED:
            return factor
    return None


def in_regions(frame: FrameAttributes) -> Spacing:
    """Return the spacing if every region in centimetres has the same; else pixels (C.8.5.5)."""
    scaled = [each for each in ultrasound.regions(frame.ultrasound_regions) if each.millimetres]
    steps = scaled[0].millimetres if scaled else None
    if steps and all(each.is_scaled_as(scaled[0]) for each in scaled):
        return inside_region(steps)
    if steps:
        return Spacing(None, None, NONE, gettext_noop("each ultrasound region has its own scale"))
    return Spacing(None, None, NONE, gettext_noop("pixels: no ultrasound region is in centimetres"))


def inside_region(steps: tuple[float, float]) -> Spacing:
    """Return the spacing of an ultrasound region, in mm."""
    return millimetres(steps, REGION, gettext_noop("mm inside the ultrasound region"))


def scanned(instance: Instance) -> Spacing:
    """Return the spacing of a scanned film; without one, or in an image of anything else, pixels."""
    nominal = pair(instance.NominalScannedPixelSpacing)
    if nominal:
        return millimetres(nominal, ESTIMATED, gettext_noop("mm of the scanned film, estimated"))
    return pixels(instance)


def pixels(instance: Instance) -> Spacing:
    """Return no millimetres; the aspect ratio, where there is one, shapes the picture without a scale."""
    ratio = pair(instance.PixelAspectRatio)
    aspect = ratio[0] / ratio[1] if ratio else 1.0
    if instance.mosaic is not None:
        return Spacing(None, None, NONE, gettext_noop("pixels: the slices of a mosaic lie side by side"), aspect)
    return Spacing(None, None, NONE, gettext_noop("pixels, no spacing in the file"), aspect)


def millimetres(steps: tuple[float, float], basis: str, words: Words) -> Spacing:
    """Return row and column spacing in mm."""
    return Spacing(steps[0], steps[1], basis, words, steps[0] / steps[1])


def by_user(row: float, column: float, user: str, date: str) -> Spacing:
    """Return the spacing that a person has set by a line of known length: it stands above all that the file says."""
    words = gettext_noop("mm calibrated by {user} on {date}", user=user, date=date)
    return millimetres((row, column), USER, words)


def by_known_length(points: Sequence[Sequence[float]], length: float, aspect: float) -> tuple[float, float]:
    """Return mm between rows and between columns where a line (2, 2) of (column, row) is `length` mm long.

    `aspect` is row over column spacing, which one line can't tell. Raises ValueError for a line of no length.
    """
    (column, row), (other_column, other_row) = points
    widths = ((other_column - column) ** 2 + ((other_row - row) * aspect) ** 2) ** 0.5
    if not widths > 0:
        raise ValueError("a line without a length")
    return length / widths * aspect, length / widths


def why_not_calibrated(instance: Instance, frame: FrameAttributes) -> Words | None:
    """Return why a line of known length may not set the spacing of an image, None where it may."""
    found = spacing(instance, frame)
    if found.basis == PATIENT or (instance.Modality in SLICED and found.row is not None and not is_captured(instance)):
        return gettext_noop("This image brings the patient's own geometry: its millimetres aren't calibrated by hand")
    if frame.ultrasound_regions:
        return gettext_noop("This image brings the scales of its ultrasound regions: they aren't calibrated by hand")
    return None


def calibrated_words(frame: FrameAttributes) -> Words:
    """Return the words for a calibration against an object of known size."""
    described = frame.PixelSpacingCalibrationDescription
    if described:
        return gettext_noop("mm calibrated: {description}", description=described)
    return gettext_noop("mm calibrated")


def pair(values: Sequence[float] | None) -> tuple[float, float] | None:
    """Return two positive numbers or None; zero spacing stands in many files for "unknown"."""
    if values is None or len(values) < 2 or not 0 < values[0] < 1e6 or not 0 < values[1] < 1e6:
        return None
    return values[0], values[1]

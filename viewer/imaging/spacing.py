"""What a pixel measures, and on what authority (PS3.3 10.7.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.words import Words, gettext_noop

PATIENT = "patient"
CALIBRATED = "calibrated"
GEOMETRY = "geometry"
ESTIMATED = "estimated"
DETECTOR = "detector"
NONE = "none"
CENTIMETRES = 3
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PROJECTION = frozenset(("CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "XRF"))


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
    stored = pair(frame.PixelSpacing)
    captured = f"{instance.SOPClassUID or ''}.".startswith(f"{SECONDARY_CAPTURE}.")
    if captured and stored and not instance.PixelSpacingCalibrationType:
        # A screen or a film was captured: nothing ties its pixels to the patient.
        return millimetres(stored, ESTIMATED, gettext_noop("mm as the file says, estimated"))
    if instance.Modality in PROJECTION:
        return projection(instance, stored, pair(frame.ImagerPixelSpacing))
    if instance.ultrasound_regions:
        return ultrasound(instance)
    if stored:
        if (instance.PixelSpacingCalibrationType or "").upper() == "FIDUCIAL":
            return millimetres(stored, CALIBRATED, calibrated_words(instance))
        if captured or not frame.ImageOrientationPatient:
            return millimetres(stored, ESTIMATED, gettext_noop("mm as the file says, estimated"))
        return millimetres(stored, PATIENT, gettext_noop("mm in the patient"))
    scanned = pair(instance.NominalScannedPixelSpacing)
    if scanned:
        return millimetres(scanned, ESTIMATED, gettext_noop("mm of the scanned film, estimated"))
    return pixels(instance)


def projection(instance: Instance, stored: tuple[float, float] | None, imager: tuple[float, float] | None) -> Spacing:
    """Return the spacing of a projection image: calibrated, corrected for magnification, or on the detector."""
    calibration = (instance.PixelSpacingCalibrationType or "").upper()
    if stored and calibration == "GEOMETRY":
        return millimetres(stored, GEOMETRY, gettext_noop("mm corrected for magnification"))
    if stored and calibration == "FIDUCIAL":
        return millimetres(stored, CALIBRATED, calibrated_words(instance))
    magnification = magnified(instance)
    if imager and magnification:
        corrected = (imager[0] / magnification, imager[1] / magnification)
        words = gettext_noop("mm estimated, magnification {factor:.2f}", factor=magnification)
        return millimetres(corrected, ESTIMATED, words)
    if imager and stored and imager[0] > stored[0] * 1.0001:
        return millimetres(stored, GEOMETRY, gettext_noop("mm corrected for magnification"))
    on_detector = imager or stored
    if on_detector:
        return millimetres(on_detector, DETECTOR, gettext_noop("mm at detector, not calibrated"))
    scanned = pair(instance.NominalScannedPixelSpacing)
    if scanned:
        return millimetres(scanned, ESTIMATED, gettext_noop("mm of the scanned film, estimated"))
    return pixels(instance)


def magnified(instance: Instance) -> float | None:
    """Return the radiographic magnification if the file states one above 1."""
    factor = instance.EstimatedRadiographicMagnificationFactor
    if factor and factor > 1:
        return factor
    detector = instance.DistanceSourceToDetector
    patient = instance.DistanceSourceToPatient or instance.DistanceSourceToEntrance
    if detector and patient and patient > 0 and detector / patient > 1:
        return detector / patient
    return None


def ultrasound(instance: Instance) -> Spacing:
    """Return the spacing if every region in centimetres has the same; else pixels (C.8.5.5)."""
    steps = set()
    for region in instance.ultrasound_regions:
        units = (region.integer("PhysicalUnitsXDirection"), region.integer("PhysicalUnitsYDirection"))
        x, y = region.number("PhysicalDeltaX"), region.number("PhysicalDeltaY")
        if units == (CENTIMETRES, CENTIMETRES) and x and y:
            steps.add((round(abs(y) * 10, 9), round(abs(x) * 10, 9)))
    if len(steps) == 1:
        return millimetres(steps.pop(), PATIENT, gettext_noop("mm inside the ultrasound region"))
    if steps:
        return Spacing(None, None, NONE, gettext_noop("pixels: the ultrasound regions differ in scale"))
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


def calibrated_words(instance: Instance) -> Words:
    """Return the words for a calibration against an object of known size."""
    described = instance.PixelSpacingCalibrationDescription
    if described:
        return gettext_noop("mm calibrated: {description}", description=described)
    return gettext_noop("mm calibrated")


def pair(values: Sequence[float] | None) -> tuple[float, float] | None:
    """Return two positive numbers or None; zero spacing stands in many files for "unknown"."""
    if values is None or len(values) < 2 or not 0 < values[0] < 1e6 or not 0 < values[1] < 1e6:
        return None
    return values[0], values[1]

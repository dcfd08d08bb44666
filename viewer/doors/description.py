"""What a picture shows, said by the same answer that brings its pixels."""

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from viewer import names
from viewer.doors import icc, supplement, uptake
from viewer.doors.breast import breast_json
from viewer.doors.dates import doubt
from viewer.doors.opened import Opened, Place
from viewer.doors.words import translated
from viewer.imaging import colormap, colourspace, geometry, kinds, pixels, when
from viewer.imaging.geometry import GeometryError
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.spacing import Spacing
from viewer.imaging.stack import Stack
from viewer.imaging.windowing import VOI, VOILUT, shown_inverted

TECHNIQUE = (
    "KVP", "XRayTubeCurrent", "Exposure", "ConvolutionKernel",
    "EchoTime", "RepetitionTime", "InversionTime", "FlipAngle", "DiffusionBValue",
)  # fmt: skip
TIME = re.compile(r"(\d\d)(\d\d)?(\d\d)?")
AGE = re.compile(r"(\d{3})([DWMY])")
AGE_UNITS = {"D": "d", "W": "wk", "M": "mo", "Y": "y"}
DIRECTION = re.compile(r"[LRAPHF]{1,3}")


class Description(dict[str, Any]):
    """What a picture shows, with its JSON: that of its frame is made once, however often the frame is shown."""

    def __init__(self, of_its_frame: "OfFrame", of_this: dict[str, Any]) -> None:
        super().__init__(of_its_frame.values)
        self.update(of_this)
        self.json = b",".join((of_its_frame.opening, encoded(of_this)[1:]))


@dataclass(frozen=True)
class OfFrame:
    """What is the same in all pictures of a frame, and its JSON without the closing brace."""

    values: dict[str, Any]
    opening: bytes


def describe(
    opened: Opened,
    place: Place,
    *,
    voi: VOI | None,
    inverted: bool,
    shown_by: str | None,
    region: tuple[float, float, float, float],
    size: tuple[int, int],
    lossless: bool,
    graphics: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the description of one picture: JSON values under the names of the contract with the page.

    `inverted` and `shown_by`, a colour map or None for the usual one, are what was asked for.
    `graphics` says what is laid over the picture.
    `region` is x, y, width, height in stored pixels, `size` the width and height of the answer in its own pixels.
    """
    name = None if opened.colour(place.instance) else colormap.chosen(place.instance.Modality, shown_by)
    of_this = {
        "window": window(voi),
        "inverted": inverted,
        "low_is_white": (shown_inverted(place.instance) != inverted) != (name == colormap.INVERTED),
        "colormap": name,
        "colours": "" if name is None or colormap.is_grey(name) else colormap.said(name),
        "region": [round(value, 4) for value in region],
        "size": list(size),
        "lossless": lossless,
        **(graphics or {}),
    }
    return Description(of_frame(opened, place), of_this)


def of_frame(opened: Opened, place: Place) -> OfFrame:
    """Return what is the same in all pictures of a frame; kept with the series, for a frame of a stack."""
    key = (place.uid, place.frame.number, get_language())
    said = opened.said.get(key)
    if said is None:
        values = _of_frame(opened, place)
        said = OfFrame(values, encoded(values)[:-1])
        # A slide has frames by the hundred thousand; what is dated in the future won't be for ever.
        if place.slide is None and not date_doubt(place.instance):
            opened.said[key] = said
    return said


def _of_frame(opened: Opened, place: Place) -> dict[str, Any]:
    instance, frame = place.instance, place.frame
    breast = breast_json(instance, frame)
    return {
        "patient": patient(instance),
        "study_uid": opened.study,
        "study_date": iso_date(instance.StudyDate),
        "study_time": clock(instance.StudyTime),
        "timezone_offset": when.offset_words(when.minutes_east(instance.TimezoneOffsetFromUTC)),
        "study_description": instance.StudyDescription or "",
        "accession_number": instance.AccessionNumber or "",
        "institution": instance.InstitutionName or "",
        "series_uid": opened.uid,
        "series_number": instance.SeriesNumber,
        "series_description": instance.SeriesDescription or "",
        "modality": instance.Modality or "",
        "instance": instance.SOPInstanceUID,
        "frame": frame.number,
        "instance_number": instance.InstanceNumber,
        **standing(opened, place),
        "location": place.location,
        "slice_thickness": frame.SliceThickness,
        "position": numbers(frame.ImagePositionPatient, 3),
        "orientation": numbers(frame.ImageOrientationPatient, 6),
        "patient_orientation": letters(instance, frame),
        "laterality": breast["laterality"]
        if breast
        else frame.FrameLaterality or instance.ImageLaterality or instance.Laterality or "",
        "breast": breast,
        "rows": instance.Rows,
        "columns": instance.Columns,
        **spacing_of(opened.spacing(place)),
        "unit": pixels.unit(instance, frame),
        **uptake.of_picture(opened, place),
        "source_lossy": instance.LossyImageCompression == "01",
        "source_lossy_ratio": list(instance.LossyImageCompressionRatio or ()) or None,
        "derived": "DERIVED" in instance.ImageType[:1],
        "technique": technique(frame),
        "frame_of_reference": instance.FrameOfReferenceUID,
        "colour": opened.colour(instance),
        "palette": supplement.palette(instance, frame),
        "burnt_in": kinds.carries_text(instance),
        "remarks": remarks(instance),
    }


def standing(opened: Opened, place: Place) -> dict[str, Any]:
    """Return where a picture stands in its stack; while its series is being read, only of how many images it is one."""
    if opened.is_glimpse:
        return {"stack": None, "index": None, "count": opened.series.expected, "reading": True}
    count = len(place.stack.entries) if place.stack else None
    along = dimensions(place.stack) if place.stack else []
    return {
        "stack": place.stack.key if place.stack else None,
        "index": place.index,
        "count": count,
        **({"dimensions": along} if along else {}),
    }


def dimensions(of: Stack) -> list[dict[str, Any]]:
    """Return where a stack stands among the volumes of its series: `index` from 0 of `count` along each dimension."""
    return [
        {
            "name": each.name,
            "label": translated(each.label),
            "by": each.by,
            "value": each.value,
            "words": translated(each.words) if each.words else "",
            "index": each.index,
            "count": each.count,
        }
        for each in of.coordinates
    ]


def patient(instance: Instance) -> dict[str, Any]:
    """Return who the picture says it is of, from the picture's own instance."""
    return {
        "name": str(names.display(instance.PatientName or "")),
        "id": instance.PatientID or "",
        "birth_date": iso_date(instance.PatientBirthDate),
        "sex": instance.PatientSex or "",
        "age": age(
            names.age(when.day(instance.PatientBirthDate), when.day(instance.StudyDate)) or instance.PatientAge or ""
        ),
    }


def remarks(instance: Instance) -> list[str]:
    """Return what a reader has to know of the picture before trusting it."""
    found = [] if instance.PatientID or instance.PatientName else [_("no patient identity")]
    found += filter(None, [date_doubt(instance)])
    own = colourspace.profile(instance)
    if instance.icc_address and not instance.icc_profile:
        found.append(_("the colour profile isn't to be had: colours may differ"))
    elif (own or instance.icc_profile) and not (own and icc.is_readable(own)):
        found.append(_("the colour profile can't be read: colours may differ"))
    return found


def date_doubt(instance: Instance) -> str:
    """Return what can't be true of the date of a picture's study, or an empty text."""
    made = when.read(instance.StudyDate, instance.StudyTime, instance.TimezoneOffsetFromUTC)
    return doubt(made, when.day(instance.PatientBirthDate))


def technique(frame: FrameAttributes) -> dict[str, Any]:
    """Return what is known of exposure or sequence, under DICOM keywords, in the standard's units."""
    known = {name: getattr(frame, name) for name in TECHNIQUE}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in known.items()
        if value not in (None, ())
    }


def letters(instance: Instance, frame: FrameAttributes) -> list[str] | None:
    """Return the letters of the right and lower edge of the stored image, or None: no letter rather than a guess."""
    orientation = numbers(frame.ImageOrientationPatient, 6)
    if orientation is None:
        found = [letter.strip().upper() for letter in frame.PatientOrientation or instance.PatientOrientation]
        return found if len(found) == 2 and all(DIRECTION.fullmatch(letter) for letter in found) else None
    try:
        return list(geometry.patient_orientation(orientation))
    except GeometryError:
        return None


def spacing_of(spacing: Spacing) -> dict[str, Any]:
    """Return millimetres per pixel and what they are based on; null where lengths stay in pixels."""
    known = spacing.row is not None and spacing.column is not None
    return {
        "pixel_spacing": [spacing.row, spacing.column] if known else None,
        "aspect": spacing.aspect,
        "spacing_basis": spacing.basis,
        "spacing_words": translated(spacing.words),
    }


def window(voi: VOI | None) -> dict[str, Any] | None:
    """Return a window as JSON; a lookup table gives the range that it covers, with LUT as its function."""
    if voi is None:
        return None
    if isinstance(voi, VOILUT):
        entries = voi.table.entries
        return {"center": voi.first + entries / 2, "width": entries, "function": "LUT", "explanation": voi.explanation}
    return {"center": voi.center, "width": voi.width, "function": voi.function, "explanation": voi.explanation}


def numbers(values: tuple[float, ...] | None, count: int) -> list[float] | None:
    """Return exactly `count` numbers, or None."""
    return list(values) if values is not None and len(values) == count else None


def iso_date(value: str | None) -> str:
    """Return a DA in ISO form; what is no day stays as it is, so that nothing is hidden."""
    found = when.day(value)
    return found.isoformat() if found else value or ""


def clock(value: str | None) -> str:
    """Return a TM as hours, minutes and seconds; what is no time stays as it is."""
    found = TIME.match((value or "").replace(":", ""))
    return ":".join(part for part in found.groups() if part) if found else value or ""


def age(value: str) -> str:
    """Return an AS (045Y, 011M) as people write it; what is no AS stays as it is."""
    found = AGE.fullmatch(value)
    return f"{int(found[1])} {AGE_UNITS[found[2]]}" if found else value


def encoded(said: Any) -> bytes:
    """Return JSON in UTF-8, without a space; what is no number (NaN) becomes null."""
    return ENCODER.encode(said)


def told(description: dict[str, Any]) -> bytes:
    """Return a description as JSON, like `encoded`."""
    return description.json if isinstance(description, Description) else encoded(description)


def header(description: dict[str, Any]) -> bytes:
    """Return the description as the value of an HTTP header: ASCII JSON in one line."""
    said = told(description).replace(b"\x7f", b"\\u007f")  # JSON may hold it, a header may not
    return said if said.isascii() else said.decode().encode("ascii", "samsyn-json")


def _plain(value: Any) -> Any:
    """Return a value of NumPy's or of a subclass as JSON knows it."""
    return json.loads(json.dumps(value))


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Return letters that aren't ASCII as JSON escapes them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


ENCODER = msgspec.json.Encoder(enc_hook=_plain)
codecs.register_error("samsyn-json", _escaped)

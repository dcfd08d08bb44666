"""Measurements as structured reports: TID 1500 Measurement Report (PS3.16), written by highdicom, read from anybody."""

import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from highdicom import sr
from highdicom.version import __version__ as highdicom_version
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

# highdicom's warnings quote values, and a value may be a person's name.
warnings.filterwarnings("ignore", module=r"highdicom\.")

MANUFACTURER = "Samsyn"
UNITS = {"mm": codes.UCUM.Millimeter, "{pixels}": Code("{pixels}", "UCUM", "pixels")}
# CT, MR and slides alike: the procedure is named by the study; this says what the report is about (CID 100 is open).
PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
MEASUREMENT_GROUP = ("125007", "DCM")
TRACKING_IDENTIFIER = ("112039", "DCM")
TRACKING_UID = ("112040", "DCM")
OBSERVER_NAME = ("121008", "DCM")
# What a line means in an ultrasound region that is no plane of the body.
PARTS = {
    "Δt": Code("time-difference", "99SAMSYN", "Time difference"),
    "Δv": Code("velocity-difference", "99SAMSYN", "Velocity difference"),
    "Δd": Code("depth-difference", "99SAMSYN", "Depth difference"),
    "Δf": Code("frequency-difference", "99SAMSYN", "Frequency difference"),
    "slope": Code("slope", "99SAMSYN", "Slope"),
}
PART = Code("difference", "99SAMSYN", "Difference")
LONGEST_MEANING = 64
DEEPEST = 32
MOST_ITEMS = 20_000


class BadReport(ValueError):
    """The object is no structured report that can be read; the text says why, without names."""


@dataclass(frozen=True)
class MeasuredLength:
    """One length. `points` are two: LPS mm or slide mm (x, y, z), or (column, row) with whole pixel centres.

    `space` is "patient", "slide" or "image"; the first two have a Frame of Reference. `basis` says what millimetres
    of an image rest on, empty where they are the patient's own, `basis_words` in a sentence. A line that is no length
    has `parts`: (name, value, unit of UCUM) each.
    """

    tracking_uid: str
    label: str
    value: float
    unit: str
    space: str
    points: tuple[tuple[float, ...], ...]
    frame_of_reference: str = ""
    sop_class: str = ""
    sop_instance: str = ""
    series: str = ""
    frame: int | None = None
    basis: str = ""
    basis_words: str = ""
    parts: tuple[tuple[str, float, str], ...] = ()
    observer: str = ""


@dataclass(frozen=True)
class Report:
    """What one report holds. `header` has the patient's and the study's attributes by keyword, as the images have them.

    `evidence` lists (series, SOP class, SOP instance) of images that the lengths refer to, at least one.
    """

    header: dict[str, Any]
    lengths: Sequence[MeasuredLength]
    observer: str
    series_uid: str
    sop_instance_uid: str
    series_number: int
    evidence: Sequence[tuple[str, str, str]]
    previous: Sequence[tuple[str, str, str]] = field(default=())


def write(report: Report, *, software: str) -> bytes:
    """Return a Comprehensive 3D SR as a Part 10 file; raises ValueError for what the standard doesn't allow."""
    context = sr.ObservationContext(
        observer_person_context=sr.ObserverContext(
            observer_type=codes.DCM.Person,
            observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=report.observer),
        )
    )
    content = sr.MeasurementReport(
        observation_context=context,
        procedure_reported=PROCEDURE,
        imaging_measurements=[_group(length) for length in report.lengths],
        title=codes.DCM.ImagingMeasurementReport,
    )
    written = sr.Comprehensive3DSR(
        evidence=[_named(report.header, each) for each in report.evidence],
        content=content[0],
        series_instance_uid=report.series_uid,
        series_number=report.series_number,
        sop_instance_uid=report.sop_instance_uid,
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        previous_versions=[_named(report.header, each) for each in report.previous] or None,
        manufacturer_model_name=MANUFACTURER,
        software_versions=f"{software}, highdicom {highdicom_version}",
        specific_character_set="ISO_IR 192",
    )
    written.SeriesDescription = "Measurements"
    buffer = io.BytesIO()
    written.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _named(header: dict[str, Any], reference: tuple[str, str, str]) -> Dataset:
    named = Dataset()
    named.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in header.items():
        setattr(named, keyword, value)
    named.SeriesInstanceUID, named.SOPClassUID, named.SOPInstanceUID = reference
    return named


def _group(length: MeasuredLength) -> sr.MeasurementsAndQualitativeEvaluations:
    # Coordinates in space name no image: the group says which one they were drawn on.
    images = (
        [sr.SourceImageForMeasurementGroup(length.sop_class, length.sop_instance, _frames(length))]
        if length.sop_instance and length.space != "image"
        else None
    )
    words = (length.basis_words or f"millimetres: {length.basis}")[:LONGEST_MEANING]
    method = Code(length.basis, "99SAMSYN", words) if length.basis else None
    numbers = [(PARTS.get(name, PART), value, Code(unit, "UCUM", unit)) for name, value, unit in length.parts]
    measured = [
        sr.Measurement(name=name, value=value, unit=unit, method=method, referenced_coordinates=[_coordinates(length)])
        for name, value, unit in numbers or [(codes.SCT.Length, length.value, UNITS[length.unit])]
    ]
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=length.tracking_uid, identifier=length.label or "Length"),
        measurements=measured,
        source_images=images,
    )


def _frames(length: MeasuredLength) -> list[int] | None:
    return [length.frame] if length.frame is not None else None


def _coordinates(length: MeasuredLength) -> Any:
    points = np.array(length.points, float)
    if length.space == "image":
        source = sr.SourceImageForRegion(length.sop_class, length.sop_instance, _frames(length))
        # Spatial coordinates count from the corner of the first pixel (PS3.3 C.18.6.1.1).
        return sr.CoordinatesForMeasurement(sr.GraphicTypeValues.POLYLINE, points + 0.5, source)
    return sr.CoordinatesForMeasurement3D(sr.GraphicTypeValues3D.POLYLINE, points, length.frame_of_reference)


def read(dataset: Dataset) -> list[MeasuredLength]:
    """Return the lengths of two points that any TID 1500 report holds, other measurements left out.

    Points of SCOORD are (column, row) of `sop_instance` and have space "image"; those of SCOORD3D have "patient",
    which on a slide means slide mm: whoever knows the Frame of Reference tells. Raises BadReport.
    """
    if "ContentSequence" not in dataset:
        raise BadReport("the report has no content")
    observer = next((str(item.get("PersonName", "")) for item in _all(dataset) if _concept(item) == OBSERVER_NAME), "")
    references = _references(dataset)
    found = []
    for group in _all(dataset):
        if group.get("ValueType") == "CONTAINER" and _concept(group) == MEASUREMENT_GROUP:
            found += [length for length in _lengths(group, observer, references) if length is not None]
    return found


def _all(dataset: Dataset) -> Iterator[Dataset]:
    """Yield every content item below, parents first; raises BadReport where the tree is too deep or too large."""
    stack = [(item, 1) for item in reversed(dataset.get("ContentSequence") or ())]
    count = 0
    while stack:
        item, depth = stack.pop()
        count += 1
        if depth > DEEPEST or count > MOST_ITEMS:
            raise BadReport("the content tree is too large")
        yield item
        stack += [(child, depth + 1) for child in reversed(item.get("ContentSequence") or ())]


def _concept(item: Dataset) -> tuple[str, str] | None:
    named = item.get("ConceptNameCodeSequence")
    return (str(named[0].get("CodeValue", "")), str(named[0].get("CodingSchemeDesignator", ""))) if named else None


def _references(dataset: Dataset) -> dict[str, str]:
    """Return the series of each SOP instance that the report gives as evidence."""
    found = {}
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in dataset.get(keyword) or ():
            for series in study.get("ReferencedSeriesSequence") or ():
                for each in series.get("ReferencedSOPSequence") or ():
                    found[str(each.get("ReferencedSOPInstanceUID", ""))] = str(series.get("SeriesInstanceUID", ""))
    return found


def _lengths(group: Dataset, observer: str, series: dict[str, str]) -> Iterator[MeasuredLength | None]:
    children = list(group.get("ContentSequence") or ())
    texts = {_concept(item): str(item.get("TextValue", "")) for item in children}
    uid = next((str(item.get("UID", "")) for item in children if _concept(item) == TRACKING_UID), "")
    image = next((_image(item) for item in children if item.get("ValueType") == "IMAGE"), None)
    beside = [item for item in children if item.get("ValueType") in ("SCOORD", "SCOORD3D")]
    numbers = [item for item in children if item.get("ValueType") == "NUM"]
    for number in numbers:
        below = [
            item for item in number.get("ContentSequence") or () if item.get("ValueType") in ("SCOORD", "SCOORD3D")
        ]
        # A region's coordinates stand beside its measurements (TID 1410); only a line has a length of its own.
        for drawn in (below or beside)[:1]:
            label = texts.get(TRACKING_IDENTIFIER, "")
            yield _length(number, drawn, image, uid=uid, label=label, observer=observer, series=series)


def _length(
    number: Dataset,
    drawn: Dataset,
    image: tuple[str, str, int | None] | None,
    *,
    uid: str,
    label: str,
    observer: str,
    series: dict[str, str],
) -> MeasuredLength | None:
    value, unit = _value(number)
    dimensions = 3 if drawn.ValueType == "SCOORD3D" else 2
    data = [float(each) for each in drawn.get("GraphicData") or ()]
    if (
        value is None
        or unit not in UNITS
        or drawn.get("GraphicType") != "POLYLINE"
        or len(data) != 2 * dimensions
        or not np.all(np.isfinite([*data, value]))
    ):
        return None
    inside = next(
        (_image(item) for item in drawn.get("ContentSequence") or () if item.get("ValueType") == "IMAGE"), None
    )
    sop_class, sop_instance, frame = inside or image or ("", "", None)
    if dimensions == 2 and not sop_instance:
        return None
    shift = 0.0 if dimensions == 3 else 0.5
    points = tuple(tuple(each - shift for each in data[at : at + dimensions]) for at in (0, dimensions))
    return MeasuredLength(
        tracking_uid=uid,
        label=label,
        value=value,
        unit=unit,
        space="patient" if dimensions == 3 else "image",
        points=points,
        frame_of_reference=str(drawn.get("ReferencedFrameOfReferenceUID", "")),
        sop_class=sop_class,
        sop_instance=sop_instance,
        series=series.get(sop_instance, ""),
        frame=frame,
        observer=observer,
    )


def _value(number: Dataset) -> tuple[float | None, str]:
    measured = number.get("MeasuredValueSequence")
    if not measured:
        return None, ""
    units = measured[0].get("MeasurementUnitsCodeSequence")
    exact = measured[0].get("FloatingPointValue")
    value = exact if exact is not None else measured[0].get("NumericValue")
    try:
        return float(value), str(units[0].get("CodeValue", "")) if units else ""
    except (TypeError, ValueError):
        return None, ""


def _image(item: Dataset) -> tuple[str, str, int | None] | None:
    referenced = item.get("ReferencedSOPSequence")
    if not referenced:
        return None
    frames = referenced[0].get("ReferencedFrameNumber")
    first = frames[0] if isinstance(frames, Sequence) and not isinstance(frames, str) else frames
    return (
        str(referenced[0].get("ReferencedSOPClassUID", "")),
        str(referenced[0].get("ReferencedSOPInstanceUID", "")),
        int(first) if first is not None else None,
    )

"""What PET and nuclear medicine write into their own elements, private ones of two makers included."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from viewer.imaging.dicomjson import Item, tag_of

GE, PHILIPS = "GEMS_PETD_01", "Philips PET Private Group"
# Vectors of an NM multi-frame image (PS3.3 C.8.4.8), the outermost first.
VECTORS = {
    "energy window": "EnergyWindowVector",
    "detector": "DetectorVector",
    "phase": "PhaseVector",
    "rotation": "RotationVector",
    "R-R interval": "RRIntervalVector",
    "time slot": "TimeSlotVector",
    "angular view": "AngularViewVector",
    "slice": "SliceVector",
    "time slice": "TimeSliceVector",
}
ELEMENTS = (
    "Units", "DecayCorrection", "CorrectedImage", "SUVType", "PatientWeight", "PatientSize", "TimezoneOffsetFromUTC",
    "RadiopharmaceuticalInformationSequence", "SeriesType", "NumberOfSlices", "NumberOfTimeSlots", "NumberOfTimeSlices",
    "ImageIndex", "ActualFrameDuration", "AttenuationCorrected", "DecayCorrected", "DecayCorrectionDateTime",
    "FrameIncrementPointer", "EnergyWindowInformationSequence", "DetectorInformationSequence", *VECTORS.values(),
)  # fmt: skip
# Blocks that a maker's elements may lie in: which one, its creator says (PS3.5 7.8.1). The first is taken by most.
BLOCKS = range(0x10, 0x18)
WANTED = {GE: (0x0009, (0x0D,)), PHILIPS: (0x7053, (0x00, 0x09))}
PRIVATE = tuple(
    f"{group:04X}{low:04X}"
    for group, elements in WANTED.values()
    for block in BLOCKS
    for low in (block, *((block << 8) + element for element in elements))
)
TAGS = (*map(tag_of, ELEMENTS), *PRIVATE)


def of(elements: Mapping[str, Any], bulkdata: Mapping[str, bytes], faults: list[str]) -> Item:
    """Return the elements of PET and nuclear medicine among those of a DICOM JSON object."""
    return Item({tag: elements[tag] for tag in TAGS if elements.get(tag) is not None}, faults, bulkdata)


def private(item: Item, creator: str, element: int) -> tuple[str, str] | None:
    """Return (tag, value as text) of a maker's element at the root; None unless its block is that maker's.

    A server that doesn't know the element gives its bytes.
    """
    group, _elements = WANTED[creator]
    for block in BLOCKS:
        if text_of(item, f"{group:04X}{block:04X}") == creator:
            tag = f"{group:04X}{(block << 8) + element:04X}"
            found = text_of(item, tag)
            if found:
                return tag, found
    return None


def text_of(item: Item, tag: str) -> str:
    """Return the only or first value of an element as text, "" without one."""
    element = item.elements.get(tag)
    if not isinstance(element, dict):
        return ""
    values = element.get("Value")
    if isinstance(values, list) and values:
        first = values[0]
        return "" if first is None else f"{first:.15g}" if isinstance(first, float) else str(first).strip(" \0")
    data = None
    if isinstance(element.get("InlineBinary"), str):
        try:
            data = base64.b64decode(element["InlineBinary"])
        except (binascii.Error, ValueError):
            data = None
    elif isinstance(element.get("BulkDataURI"), str):
        data = item.bulkdata.get(element["BulkDataURI"])
    return data.decode("latin-1").strip(" \0").split("\\")[0] if data else ""


def vectors(item: Item, frames: int) -> dict[str, tuple[int, ...]]:
    """Return the vectors of an NM multi-frame image that say of each of its frames what it is of, by their name here.

    Those that Frame Increment Pointer names (PS3.3 C.8.4.8.1), or all where it names none; never one of another length.
    """
    if frames < 2:
        return {}
    pointed = {tag.replace(",", "").strip("()").upper() for tag in item.texts("FrameIncrementPointer")}
    pointed &= {tag_of(keyword) for keyword in VECTORS.values()}
    found = {}
    for name, keyword in VECTORS.items():
        values = item.integers(keyword) if item.has(keyword) else None
        if values is None or (pointed and tag_of(keyword) not in pointed):
            continue
        if len(values) == frames:
            found[name] = values
        else:
            item.fault(f"{keyword} doesn't have one value per frame")
    return found


def parted(found: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Return the names of the vectors that keep frames apart; the others are what one scrolls along."""
    inner = {"slice", "angular view", "time slice"} & set(found)
    return tuple(name for name in found if name not in (inner or {"time slot"}))


def named(item: Item, name: str, value: int) -> str:
    """Return how one part is told from the others: an energy window by its name, a detector by its view."""
    words = ""
    if name == "energy window":
        windows = item.items("EnergyWindowInformationSequence")
        words = (windows[value - 1].text("EnergyWindowName") or "") if 0 < value <= len(windows) else ""
    elif name == "detector":
        detectors = item.items("DetectorInformationSequence")
        views = detectors[value - 1].items("ViewCodeSequence") if 0 < value <= len(detectors) else ()
        words = (views[0].text("CodeMeaning") or "") if views else ""
    return f"{name} {value} ({words})" if words else f"{name} {value}"


def slice_place(
    item: Item, place: tuple[int, int], spacing: float | None
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return position and orientation (LPS mm) of a reconstructed slice by its `place`: detector and slice, from 1.

    Slices stand behind the detector's first one along the normal of its rows and columns, or before it where the
    `spacing` is negative (PS3.3 C.8.4.15). None where the file doesn't say all of it.
    """
    detector, number = place
    detectors = item.items("DetectorInformationSequence")
    if not spacing or not 0 < detector <= len(detectors):
        return None
    first = detectors[detector - 1].numbers("ImagePositionPatient")
    cosines = detectors[detector - 1].numbers("ImageOrientationPatient")
    if first is None or cosines is None or len(first) != 3 or len(cosines) != 6:
        return None
    normal = np.cross(cosines[:3], cosines[3:])
    position = np.asarray(first) + (number - 1) * spacing * normal
    return tuple(float(value) for value in position), cosines


def bulkdata_uris(item: Item, *, late: bool) -> set[str]:
    """Return the addresses of makers' elements that SUV needs and that the server keeps apart.

    Philips' for pixels that are counts; GE's where a series is `late`, made after one of its images was acquired.
    """
    creators = [PHILIPS] if item.text("Units") == "CNTS" else []
    creators += [GE] if late else []
    groups = tuple(f"{WANTED[creator][0]:04X}" for creator in creators)
    found = (item.elements[tag] for tag in PRIVATE if tag in item.elements and tag.startswith(groups))
    uris = {each.get("BulkDataURI") for each in found if isinstance(each, dict)}
    return {uri for uri in uris if isinstance(uri, str) and uri not in item.bulkdata}

"""What an object says, whatever an archive did to its bytes: a digest to compare what was sent with what is held."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TypeVar

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

Found = TypeVar("Found")

# Archives bring these in line with what they know of patient and request, or add them; they say nothing of content.
CORRECTED_GROUPS = frozenset({0x0010, 0xFFFC})
CORRECTED = frozenset(
    Tag(keyword)
    for keyword in (
        "SpecificCharacterSet",
        "TimezoneOffsetFromUTC",
        "InstanceCoercionDateTime",
        "AccessionNumber",
        "IssuerOfAccessionNumberSequence",
        "ReferringPhysicianName",
        "StudyDate",
        "StudyTime",
        "StudyDescription",
        "StudyID",
        "InstitutionName",
        "OriginalAttributesSequence",
        "RetrieveURL",
        "RetrieveAETitle",
        "InstanceAvailability",
    )
)


class NoObject(ValueError):
    """The bytes are no DICOM Part 10 file."""


@dataclass(frozen=True)
class Named:
    """Which object it is, of which study and series."""

    study: str
    series: str
    sop_class: str
    sop_instance: str


@dataclass(frozen=True)
class Content(Named):
    """The same, with the digest of what it says."""

    digest: str


NAMES = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")


def named(data: bytes) -> Named:
    """Read the names in a Part 10 file, and nothing else of it; raises NoObject."""

    def read(file: BytesIO) -> Named:
        return Named(*_names(pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(NAMES))))

    return _read(data, read)


def content(data: bytes) -> Content:
    """Read a Part 10 file; raises NoObject."""

    def read(file: BytesIO) -> Content:
        dataset = pydicom.dcmread(file)
        return Content(*_names(dataset), _digest(dataset))

    return _read(data, read)


def _read(data: bytes, how: Callable[[BytesIO], Found]) -> Found:
    try:
        return how(BytesIO(data))
    except (InvalidDicomError, KeyError, EOFError, ValueError, NotImplementedError) as error:
        raise NoObject("these bytes are no DICOM object") from error


def _names(dataset: Dataset) -> tuple[str, str, str, str]:
    study, series, sop_class, sop_instance = (str(dataset[name].value) for name in NAMES)
    return study, series, sop_class, sop_instance


def _digest(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    _add(digest, dataset, top=True)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", dataset: Dataset, *, top: bool) -> None:
    for element in dataset:
        tag = element.tag
        if tag.element == 0 or tag.is_private or tag == 0x00080005:
            continue
        if top and (tag.group in CORRECTED_GROUPS or tag in CORRECTED):
            continue
        digest.update(f"\n{tag:08X} ".encode())
        if element.VR == "SQ":
            for item in element.value or []:
                digest.update(b"\n(")
                _add(digest, item, top=False)
                digest.update(b"\n)")
        elif isinstance(element.value, bytes):
            digest.update(element.value.rstrip(b"\0"))
        else:
            digest.update(_text(element.value).encode("utf-8", "surrogateescape"))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, pydicom.multival.MultiValue | list | tuple):
        return "\\".join(map(_text, value))
    if isinstance(value, float):  # decimal strings and numbers alike, however they were written
        return repr(float(value))
    return str(value).rstrip(" \0")

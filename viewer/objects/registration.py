"""Spatial Registration objects (PS3.3 A.39.1): a rigid matrix between two Frames of Reference, written and read."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

from viewer.imaging import registration
from viewer.imaging.registration import NotRegistered
from viewer.version import VERSION

SPATIAL_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
MANUFACTURER = "Samsyn"
LOOSE = 1e-3  # of a written matrix: digits are few in some objects


@dataclass(frozen=True)
class Image:
    """An image that stands for its series."""

    study: str
    series: str
    sop_class: str
    sop_instance: str
    frame_of_reference: str


@dataclass(frozen=True)
class Found:
    """What an object says: `matrix` (4, 4) takes LPS mm of `moving` to those of `fixed`, its own Frame of Reference."""

    fixed: str
    moving: str
    matrix: np.ndarray


def write(
    header: Mapping[str, Any], fixed: Image, moving: Image, matrix: np.ndarray, *,
    uids: tuple[str, str], number: int, made: datetime, label: str, words: str, creator: str,
) -> bytes:  # fmt: skip
    """Return a Spatial Registration as a Part 10 file; `uids` are those of its series and of itself."""
    made_of = Dataset()
    made_of.file_meta = FileMetaDataset()
    made_of.file_meta.MediaStorageSOPClassUID = UID(SPATIAL_REGISTRATION)
    made_of.file_meta.MediaStorageSOPInstanceUID = UID(uids[1])
    made_of.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in header.items():
        setattr(made_of, keyword, value)
    made_of.SpecificCharacterSet = "ISO_IR 192"
    made_of.SOPClassUID, made_of.SOPInstanceUID = SPATIAL_REGISTRATION, uids[1]
    made_of.Modality, made_of.SeriesInstanceUID, made_of.SeriesNumber = "REG", uids[0], number
    made_of.SeriesDescription, made_of.InstanceNumber, made_of.Laterality = "Registration", 1, None
    made_of.FrameOfReferenceUID, made_of.PositionReferenceIndicator = fixed.frame_of_reference, ""
    made_of.Manufacturer = made_of.ManufacturerModelName = MANUFACTURER
    made_of.DeviceSerialNumber, made_of.SoftwareVersions = "0", VERSION
    made_of.ContentDate, made_of.ContentTime = made.strftime("%Y%m%d"), made.strftime("%H%M%S.%f")
    made_of.ContentLabel, made_of.ContentDescription, made_of.ContentCreatorName = label, words[:64], creator
    made_of.RegistrationSequence = Items([_item(fixed, np.eye(4)), _item(moving, matrix)])
    own = [each for each in (fixed, moving) if each.study == fixed.study]
    made_of.ReferencedSeriesSequence = Items([_series(each) for each in own])
    if moving.study != fixed.study:
        other = Dataset()
        other.StudyInstanceUID, other.ReferencedSeriesSequence = moving.study, Items([_series(moving)])
        made_of.StudiesContainingOtherReferencedInstancesSequence = Items([other])
    buffer = io.BytesIO()
    made_of.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _item(of: Image, matrix: np.ndarray) -> Dataset:
    values = Dataset()
    values.FrameOfReferenceTransformationMatrixType = "RIGID"
    values.FrameOfReferenceTransformationMatrix = [DSfloat(float(each), auto_format=True) for each in matrix.ravel()]
    step = Dataset()
    step.MatrixSequence, step.RegistrationTypeCodeSequence = Items([values]), Items([])
    item = Dataset()
    item.FrameOfReferenceUID, item.ReferencedImageSequence = of.frame_of_reference, Items([_reference(of)])
    item.MatrixRegistrationSequence = Items([step])
    return item


def _reference(of: Image) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = of.sop_class, of.sop_instance
    return made


def _series(of: Image) -> Dataset:
    made = Dataset()
    made.SeriesInstanceUID, made.ReferencedInstanceSequence = of.series, Items([_reference(of)])
    return made


def read(found: Dataset) -> list[Found]:
    """Return the rigid registrations of an object to its own Frame of Reference; those that aren't rigid are left out.

    Each item's matrices are applied one after the other, the first of each step first (C.20.2.1.1).
    """
    fixed = str(found.get("FrameOfReferenceUID", ""))
    made = []
    for item in found.get("RegistrationSequence") or ():
        moving = str(item.get("FrameOfReferenceUID", ""))
        try:
            matrix = _matrix(item.get("MatrixRegistrationSequence") or ())
        except (NotRegistered, ValueError, TypeError):
            continue
        if fixed and moving and moving != fixed:
            made.append(Found(fixed, moving, matrix))
    return made


def _matrix(steps: Sequence[Dataset]) -> np.ndarray:
    """Return the product of an item's matrices, its turn made exactly one. Raises NotRegistered."""
    product = np.eye(4)
    for step in steps:
        for each in step.get("MatrixSequence") or ():
            own = np.array([float(value) for value in each.FrameOfReferenceTransformationMatrix], float).reshape(4, 4)
            product = own @ product
    registration.check_rigid(product, LOOSE)
    left, _sizes, right = np.linalg.svd(product[:3, :3])
    product[:3, :3] = left @ right
    return product

"""Real files as metadata and frames, and small data sets made for one question."""

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.misc import is_dicom

from viewer.imaging.record import Instance, instances

BULK = (0x7FE00010, 0x7FE00008, 0x7FE00009)
NOT_DICOM = frozenset((".png", ".xz", ".svs", ".tiff", ".md", ".txt", ".mpeg", ".dat", ".hea", ".xyz"))
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"


def folder() -> Path | None:
    """Return the folder of real data, None where the environment names none."""
    named = os.environ.get("SAMSYN_TEST_DATA")
    return Path(named) if named and Path(named).is_dir() else None


def files() -> list[Path]:
    """Return the files of real data that may be DICOM, in a stable order."""
    root = folder()
    if root is None:
        return []
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in NOT_DICOM)
    return [path for path in found if path.name != "LICENSE"]


def read(path: Path, *, pixels: bool = True) -> Dataset:
    """Return the data set of a file however odd; a file too short for its pixels comes without them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=not pixels)
        if pixels and not dataset and is_dicom(path):
            return pydicom.dcmread(path, force=True, stop_before_pixels=True)
        return dataset


def listed(dataset: Dataset) -> dict[str, Any]:
    """Return a data set as an archive lists it: DICOM JSON without pixels, what can't be written left out."""
    elements: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tag in dataset.keys() - set(BULK):
            try:
                elements[f"{tag:08X}"] = dataset[tag].to_json_dict(None, 1024)
            except Exception:
                continue
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax:
        elements["00083002"] = {"vr": "UI", "Value": [str(syntax)]}
    return elements


def metadata(*datasets: Dataset) -> bytes:
    """Return the DICOM JSON array of data sets."""
    return json.dumps([listed(dataset) for dataset in datasets]).encode()


def instance(dataset: Dataset) -> Instance:
    """Return the record of one data set."""
    return instances(metadata(dataset))[0]


def frame_bytes(dataset: Dataset, number: int, size: int) -> bytes:
    """Return the bytes of frame `number` (from 1): `size` bytes of native pixels, or one encapsulated frame."""
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return dataset.PixelData[(number - 1) * size : number * size]
    return next(
        data
        for at, data in enumerate(
            generate_frames(dataset.PixelData, number_of_frames=dataset.get("NumberOfFrames", 1)), 1
        )
        if at == number
    )


def axial(count: int, *, step: float = 2.0, **attributes: Any) -> Iterator[Dataset]:
    """Yield slices of an axial CT from the feet upwards, Instance Numbers from 1."""
    for at in range(count):
        yield slice_at(at * step, at + 1, **attributes)


def slice_at(z: float, number: int | None, **attributes: Any) -> Dataset:
    """Return one CT slice at `z` mm; `attributes` by keyword replace or (None) remove what it says."""
    dataset = Dataset()
    dataset.SOPClassUID = CT_IMAGE
    dataset.SOPInstanceUID = f"1.2.3.{abs(round(z * 1000))}.{int(z < 0)}.{number or 0}.{attributes.pop('copy', 0)}"
    dataset.SeriesInstanceUID = "1.2.3"
    dataset.FrameOfReferenceUID = "1.2.4"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Rows = dataset.Columns = 64
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.PixelSpacing = [0.8, 0.8]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-25.0, -25.0, z]
    dataset.InstanceNumber = number
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def region(
    limits: tuple[int, int, int, int], units: tuple[int, int], deltas: tuple[float, float], **more: Any
) -> Dataset:
    """Return a region of an ultrasound image: `limits` are left, top, right, bottom; `more` by keyword."""
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = limits
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = deltas
    item.RegionFlags = 0
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def groups(**macros: Mapping[str, Any]) -> Dataset:
    """Return one item of functional groups: the attributes of each macro by keyword."""
    item = Dataset()
    for name, attributes in macros.items():
        macro = Dataset()
        for keyword, value in attributes.items():
            setattr(macro, keyword, value)
        setattr(item, name, [macro])
    return item

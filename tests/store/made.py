"""DICOM files made for the tests of the store: native and compressed slices whose values are known."""

from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless

STUDY = "2.25.1000"
SERIES = "2.25.2000"


def noise(seed: int, rows: int = 64, columns: int = 64) -> np.ndarray:
    """Return int16 values from 1 to 4095, so that a hole's zeros would stand out."""
    return np.random.default_rng(seed).integers(1, 4096, (rows, columns)).astype(np.int16)


def j2k(array: np.ndarray) -> bytes:
    """Return a lossless JPEG 2000 codestream."""
    return imagecodecs.jpeg2k_encode(array, level=0, codecformat="J2K", reversible=True)


ENCODERS: dict[str, Callable[[np.ndarray], bytes]] = {
    JPEG2000Lossless: j2k,
    JPEGLSLossless: lambda array: imagecodecs.jpegls_encode(array.astype(np.uint16)),
}


def slice_of(values: np.ndarray, number: int, syntax: str = ExplicitVRLittleEndian, series: str = SERIES) -> Dataset:
    """Return a CT slice holding `values`, instance number `number`."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = f"{series}.{number}"
    data.StudyInstanceUID, data.SeriesInstanceUID = STUDY, series
    data.PatientName, data.PatientID, data.Modality = "Nobody^Known", "N1", "CT"
    data.InstanceNumber = number
    data.Rows, data.Columns = values.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    data.PixelRepresentation = int(values.dtype.kind == "i")
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, float(number)], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.RescaleSlope, data.RescaleIntercept = [1, 1], 1, -1024
    if syntax in ENCODERS:
        data.PixelData = encapsulate([ENCODERS[syntax](values)])
    else:
        data.PixelData = values.tobytes()
    return data


def write(folder: Path, datasets: Iterator[Dataset] | list[Dataset]) -> Path:
    """Write the datasets as Part 10 files below `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in datasets:
        path = folder / f"{data.SeriesInstanceUID}.{data.InstanceNumber}.dcm"
        data.save_as(path, enforce_file_format=True)
    return folder

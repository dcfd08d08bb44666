"""A small archive made by hand: every value in it is known to the tests that ask for it."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MRImageStorage,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
)

ROOT = "1.2.826.0.1.3680043.10.1613."
CHEST, ECHO, LETTER, LATER = (f"{ROOT}{number}" for number in (1, 2, 3, 4))
CT_SERIES, MR_SERIES, RLE_SERIES = f"{CHEST}.1", f"{CHEST}.2", f"{ECHO}.1"
JPEG_SERIES, PDF_SERIES, LATER_SERIES = f"{ECHO}.2", f"{LETTER}.1", f"{LATER}.1"
PDF = b"%PDF-1.4  " + bytes(range(256)) * 20
PALETTE = np.arange(256, dtype="<u2").tobytes()
JPEG_FRAMES = [b"\xff\xd8\xff\xe0frame" + bytes([number]) * (50 + number) + b"\xff\xd9" for number in range(3)]


def image(number: int, rows: int = 8, columns: int = 6, frames: int = 1) -> np.ndarray:
    """Return uint16 pixels that differ from those of every other number."""
    return (np.arange(frames * rows * columns, dtype="<u2") + 1000 * number).reshape(frames, rows, columns)


def examples() -> dict[str, Dataset]:
    """Return all instances by file name: four studies, three patients, six series, nine instances."""
    files: dict[str, Dataset] = {}
    for number in (1, 2, 3):
        ct = _image(CHEST, CT_SERIES, number, CTImageStorage, "CT", image(number))
        files[f"chest/ct/{number}.dcm"] = ct
    files["chest/mr/1.dcm"] = _image(CHEST, MR_SERIES, 1, MRImageStorage, "MR", image(4))
    for data_set in files.values():
        _patient(data_set, "ISO_IR 100", "Müller^Jürgen", "M-1", "19600131")
        _study(data_set, "20200105", "081500", "ACC1", "CT Thorax mit KM")
    later = _image(LATER, LATER_SERIES, 1, CTImageStorage, "CT", image(9), syntax=ImplicitVRLittleEndian)
    _patient(later, "ISO_IR 100", "Müller^Jürgen", "M-1", "19600131")
    _study(later, "20210210", "101112.5", "ACC4", "CT Abdomen")
    files["later/1.dcm"] = later

    for number in (1, 2):
        echo = _image(ECHO, RLE_SERIES, number, UltrasoundMultiFrameImageStorage, "US", image(5 + number, frames=3))
        echo.compress(RLELossless, generate_instance_uid=False)
        files[f"echo/rle-{number}"] = echo
    jpeg = _image(ECHO, JPEG_SERIES, 1, UltrasoundMultiFrameImageStorage, "US", image(8, frames=3))
    jpeg.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    jpeg.BitsAllocated = jpeg.BitsStored = 8
    jpeg.HighBit = 7
    # Without an offset table, as many devices write it.
    jpeg.PixelData = encapsulate(JPEG_FRAMES, has_bot=False)
    jpeg["PixelData"].VR = "OB"
    jpeg["PixelData"].is_undefined_length = True
    files["echo/jpeg"] = jpeg
    for name in ("echo/rle-1", "echo/rle-2", "echo/jpeg"):
        _patient(files[name], ["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "Y-1", "19800101")
        _study(files[name], "20200301", "120000", "ACC2", "Echo")

    letter = _common(LETTER, PDF_SERIES, 1, EncapsulatedPDFStorage, "DOC", ExplicitVRLittleEndian)
    letter.MIMETypeOfEncapsulatedDocument = "application/pdf"
    letter.EncapsulatedDocument = PDF
    lut = Dataset()
    lut.LUTDescriptor = [256, 0, 16]
    lut.add_new(0x00283006, "OW", PALETTE)
    letter.ModalityLUTSequence = Sequence([lut])
    _patient(letter, "ISO_IR 192", "Παπαδοπούλου^Ελένη", "Ω-1", "")
    _study(letter, "", "", "", "Γράμμα <b>&amp;</b>")
    files["letter.dcm"] = letter
    return files


def write(folder: Path) -> None:
    """Write all examples below `folder`."""
    for name, data_set in examples().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data_set.save_as(path, enforce_file_format=True)


def _common(study: str, series: str, number: int, sop_class: UID, modality: str, syntax: UID) -> Dataset:
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = syntax
    found.SOPClassUID, found.SOPInstanceUID = sop_class, f"{series}.{number}"
    found.file_meta.MediaStorageSOPClassUID = sop_class
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    found.StudyInstanceUID, found.SeriesInstanceUID = study, series
    found.Modality, found.InstanceNumber, found.SeriesNumber = modality, number, int(series.rsplit(".", 1)[1])
    return found


def _image(
    study: str,
    series: str,
    number: int,
    sop_class: UID,
    modality: str,
    pixels: np.ndarray,
    syntax: UID = ExplicitVRLittleEndian,
) -> Dataset:
    found = _common(study, series, number, sop_class, modality, syntax)
    found.NumberOfFrames, found.Rows, found.Columns = pixels.shape
    if len(pixels) == 1:
        del found.NumberOfFrames
    found.SamplesPerPixel, found.PhotometricInterpretation, found.PixelRepresentation = 1, "MONOCHROME2", 0
    found.BitsAllocated, found.BitsStored, found.HighBit = 16, 16, 15
    found.PixelSpacing, found.WindowCenter, found.WindowWidth = [0.5, 0.5], "40", "400.5"
    found.PixelData = pixels.tobytes()
    found["PixelData"].VR = "OW"
    return found


def _patient(found: Dataset, charset: "str | list[str]", name: str, patient_id: str, birth_date: str) -> None:
    found.SpecificCharacterSet, found.PatientName = charset, name
    found.PatientID, found.PatientBirthDate, found.PatientSex = patient_id, birth_date, "O"


def _study(found: Dataset, date: str, time: str, accession: str, description: str) -> None:
    found.StudyDate, found.StudyTime, found.AccessionNumber = date, time, accession
    found.StudyDescription, found.StudyID, found.ReferringPhysicianName = description, "1", ""

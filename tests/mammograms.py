"""Real mammograms as FOR PRESENTATION objects: four views of one exam, stored in any orientation."""

from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.imaging.datasets import groups

FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
VIEWS = ("R-CC", "L-CC", "R-MLO", "L-MLO")
CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}
# The letters of the standard hang: towards the right edge, towards the lower edge.
HUNG = {"R-CC": ("P", "L"), "L-CC": ("A", "R"), "R-MLO": ("P", "FL"), "L-MLO": ("A", "FR")}
OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")
STUDY = "2.25.1301"


def gmic(folder: Path, view: str) -> np.ndarray:
    """Return a picture of the GMIC sample, uint16 (rows, columns) from 0 to 4095; its files lie as they are hung."""
    return np.asarray(Image.open(folder / f"0_{view}.png")).astype(np.uint16)


def turned(hung: np.ndarray, letters: tuple[str, str], turn: int) -> tuple[np.ndarray, tuple[str, str]]:
    """Return one of the eight ways to store a picture and its letters; the bits: mirrored, upside down, transposed."""
    right, down = letters
    if turn & 1:
        hung, right = hung[:, ::-1], right.translate(OPPOSITE)
    if turn & 2:
        hung, down = hung[::-1], down.translate(OPPOSITE)
    if turn & 4:
        hung, (right, down) = hung.T, (down, right)
    return np.ascontiguousarray(hung), (right, down)


def mammogram(
    pixels: np.ndarray, view: str, letters: tuple[str, str], number: int, *, series: int = 0, study: str = STUDY
) -> Dataset:
    """Return a FOR PRESENTATION mammogram of stored values (rows, columns) from 0 to 4095; `view` as R-CC."""
    side, name = view.split("-")
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID = FOR_PRESENTATION
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = f"{study}.{series or number}.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.{series or number}"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Breast^Four", "MG-1", "19610412"
    dataset.PatientSex, dataset.StudyDate, dataset.StudyTime = "F", "20250311", "101500"
    dataset.StudyID, dataset.AccessionNumber, dataset.StudyDescription = "1", "A-MG-1", "Mammography screening"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MG", series or number, number
    dataset.SeriesDescription = f"{side} {name}"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ImageLaterality, dataset.ViewPosition = side, name
    dataset.PatientOrientation = list(letters)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = CODES[name][0], "SCT", CODES[name][1]
    code.ViewModifierCodeSequence = []
    dataset.ViewCodeSequence = [code]
    dataset.ImagerPixelSpacing = [0.1, 0.1]
    dataset.BurnedInAnnotation = "NO"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.PresentationLUTShape, dataset.LossyImageCompression = "IDENTITY", "00"
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 2048, 4096, "LINEAR"
    dataset.PixelData = np.ascontiguousarray(pixels, "<u2").tobytes()
    return dataset


def tomosynthesis(stored: np.ndarray, view: str, *, step: float = 1.0, number: int = 50, study: str = STUDY) -> Dataset:
    """Return slices (slices, rows, columns) of a craniocaudal view, `step` mm apart from the head downwards."""
    row, column = ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0)) if view[0] == "R" else ((0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))
    dataset = mammogram(stored[0], view, HUNG[view], number, study=study)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = TOMOSYNTHESIS
    dataset.ImageType = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]
    dataset.FrameOfReferenceUID = f"{study}.9"
    for keyword in ("PatientOrientation", "ImagerPixelSpacing", "WindowCenter", "WindowWidth", "VOILUTFunction"):
        delattr(dataset, keyword)
    for keyword in ("RescaleIntercept", "RescaleSlope", "RescaleType", "ImageLaterality", "ViewPosition"):
        delattr(dataset, keyword)
    dataset.SharedFunctionalGroupsSequence = [groups(
        PixelMeasuresSequence={"PixelSpacing": [0.1, 0.1], "SliceThickness": step},
        PlaneOrientationSequence={"ImageOrientationPatient": [*row, *column]},
        FrameAnatomySequence={"FrameLaterality": view[0]},
        PixelValueTransformationSequence={"RescaleIntercept": 0, "RescaleSlope": 1, "RescaleType": "US"},
        FrameVOILUTSequence={"WindowCenter": 2048, "WindowWidth": 4096},
    )]  # fmt: skip
    dataset.PerFrameFunctionalGroupsSequence = [
        groups(PlanePositionSequence={"ImagePositionPatient": [0.0, 0.0, -step * at]}) for at in range(len(stored))
    ]
    dataset.NumberOfFrames = len(stored)
    dataset.PixelData = np.ascontiguousarray(stored, "<u2").tobytes()
    return dataset

"""Volumes written as series of CT and MR images, and DICOM files of others adopted into the demo's exams."""

import io
from collections.abc import Iterator

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from worklist.demo.dataset import IMPLEMENTATION, Exam, begin, decimal, grey, identify, in_series, place, uid
from worklist.demo.volumes import Volume

HU_OFFSET = 1024
# The planes as readers expect them: the volume's axis to slice along, and what the picture's axes are.
PLANES = {
    "axial": (2, (1, 0, 0, 0, 1, 0)),
    "coronal": (1, (1, 0, 0, 0, 0, -1)),
    "sagittal": (0, (0, 1, 0, 0, 0, -1)),
}
WINDOWS = {"CT": ((40, 400, "SOFT TISSUE"), (-600, 1500, "LUNG"))}


def ct(
    volume: Volume, exam: Exam, *, series: int, description: str, source: str, derivation: str = ""
) -> Iterator[Dataset]:
    """Yield axial CT images, head first, of a volume in HU that faces as Volume.facing says.

    `source` says where the pixels come from; with a `derivation` the images say that they are DERIVED, and how.
    """
    series_uid = uid(exam.study_uid, "series", series)
    values = np.clip(np.rint(volume.values.astype(np.float32)), -HU_OFFSET, 4095 - HU_OFFSET)
    for number, (dataset, pixels) in enumerate(_slices(volume, values, "axial", exam, "CT", series_uid), start=1):
        in_series(dataset, number=series, series_uid=series_uid, description=description, instance_number=number)
        dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"] if derivation else ["ORIGINAL", "PRIMARY", "AXIAL"]
        if derivation:
            dataset.DerivationDescription = derivation
        dataset.BodyPartExamined, dataset.PatientPosition = "CHEST", "HFS"
        dataset.KVP, dataset.ConvolutionKernel, dataset.AcquisitionNumber = "120", "STANDARD", 1
        dataset.ImageComments = source
        grey(dataset, (pixels + HU_OFFSET).astype(np.uint16), bits_stored=12)
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = str(-HU_OFFSET), "1", "HU"
        dataset.WindowCenter = [str(centre) for centre, _, _ in WINDOWS["CT"]]
        dataset.WindowWidth = [str(width) for _, width, _ in WINDOWS["CT"]]
        dataset.WindowCenterWidthExplanation = [words for _, _, words in WINDOWS["CT"]]
        yield dataset


def mr(
    volume: Volume, exam: Exam, *, series: int, description: str, source: str, plane: str, derived: bool = False
) -> Iterator[Dataset]:
    """Yield MR images of one plane (`axial`, `coronal`, `sagittal`) of a volume that faces as Volume.facing says."""
    series_uid = uid(exam.study_uid, "series", series)
    values = np.clip(np.rint(volume.values.astype(np.float32)), 0, 65535)
    seen = values[values > 0]
    low, high = np.percentile(seen, [1, 99]) if seen.size else (0.0, 1.0)
    for number, (dataset, pixels) in enumerate(_slices(volume, values, plane, exam, "MR", series_uid), start=1):
        in_series(dataset, number=series, series_uid=series_uid, description=description, instance_number=number)
        kind = "REFORMATTED" if derived else "M"
        dataset.ImageType = ["DERIVED" if derived else "ORIGINAL", "SECONDARY" if derived else "PRIMARY", kind]
        if derived:
            dataset.DerivationDescription = "The sagittal volume's own voxels, in another plane"
        dataset.BodyPartExamined, dataset.PatientPosition = "BRAIN", "HFS"
        dataset.ScanningSequence, dataset.SequenceVariant, dataset.MRAcquisitionType = "GR", "MP", "3D"
        dataset.ScanOptions, dataset.RepetitionTime = "", None
        dataset.EchoTime, dataset.EchoTrainLength = None, None
        dataset.ImageComments = source
        grey(dataset, pixels.astype(np.uint16), bits_stored=16)
        dataset.WindowCenter, dataset.WindowWidth = decimal((low + high) / 2), decimal(max(high - low, 1))
        yield dataset


def adopt(data: bytes, exam: Exam, *, series: int, description: str, source: str) -> Dataset:
    """Return the DICOM file `data` as an object of `exam`: other identity, dates and UIDs, the pixels untouched.

    Private elements, groups that don't belong in a file, curves and references to objects that aren't here are left
    out. Raises pydicom's InvalidDicomError for other files.
    """
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.remove_private_tags()
    foreign = [tag for tag in list(dataset.keys()) if tag.group in (0x0000, 0xFFFC) or 0x5000 <= tag.group <= 0x501E]
    for tag in foreign:
        del dataset[tag]
    for keyword in ("SourceImageSequence", "ReferencedImageSequence", "ReferencedStudySequence", "OtherPatientIDs"):
        if keyword in dataset:
            delattr(dataset, keyword)
    received = str(dataset.SOPInstanceUID)
    for element in dataset:
        if element.VR == "PN" and element.keyword != "PatientName":
            element.value = ""
        elif element.VR == "DA" and element.value:
            element.value = exam.date
        elif element.keyword == "FrameOfReferenceUID":
            element.value = uid(exam.study_uid, element.value)
    if "PatientAge" in dataset:
        del dataset.PatientAge
    dataset.SpecificCharacterSet = "ISO_IR 192"
    # Two samples may come with one UID: the series is part of the new one.
    dataset.SOPInstanceUID = uid(exam.study_uid, series, received)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION
    identify(dataset, exam)
    number = int(dataset.get("InstanceNumber") or 1)
    series_uid = uid(exam.study_uid, "series", series)
    in_series(dataset, number=series, series_uid=series_uid, description=description, instance_number=number)
    dataset.ImageComments = source
    if "LossyImageCompressionRetired" in dataset:
        dataset.LossyImageCompression = dataset.LossyImageCompressionRetired
        del dataset.LossyImageCompressionRetired
    return dataset


def _slices(
    volume: Volume, values: np.ndarray, plane: str, exam: Exam, modality: str, series_uid: UID
) -> Iterator[tuple[Dataset, np.ndarray]]:
    """Yield data set and pixels of each slice: axial from the head, coronal from the front, sagittal from the right."""
    axis, orientation = PLANES[plane]
    pitch = np.diag(volume.affine[:3, :3])
    count = values.shape[2 - axis]
    order = range(count - 1, -1, -1) if plane == "axial" else range(count)
    for index in order:
        pixels = np.take(values, index, axis=2 - axis)
        first = np.zeros(3)
        first[axis] = index
        if plane != "axial":  # rows run from the head down
            pixels = pixels[::-1]
            first[2] = values.shape[0] - 1
        dataset = begin(exam, modality, uid(series_uid, index))
        spacing = {"axial": (pitch[1], pitch[0]), "coronal": (pitch[2], pitch[0]), "sagittal": (pitch[2], pitch[1])}
        place(
            dataset,
            position=volume.affine[:3, :3] @ first + volume.affine[:3, 3],
            orientation=orientation,
            spacing=spacing[plane],
            thickness=float(pitch[axis]),
            frame_of_reference=uid(exam.study_uid, "frame of reference"),
        )
        dataset.SpacingBetweenSlices = decimal(float(pitch[axis]))
        yield dataset, pixels

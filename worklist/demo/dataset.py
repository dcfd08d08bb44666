"""The DICOM modules that every demo object shares: identity, study, series, and grey pixels."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

STORAGE = {
    "CT": UID("1.2.840.10008.5.1.4.1.1.2"),
    "MR": UID("1.2.840.10008.5.1.4.1.1.4"),
    "CR": UID("1.2.840.10008.5.1.4.1.1.1"),
    "DX": UID("1.2.840.10008.5.1.4.1.1.1.1"),
    "US": UID("1.2.840.10008.5.1.4.1.1.6.1"),
    "XA": UID("1.2.840.10008.5.1.4.1.1.12.1"),
    "XC": UID("1.2.840.10008.5.1.4.1.1.77.1.4"),
    "SM": UID("1.2.840.10008.5.1.4.1.1.77.1.6"),
    "DOC": UID("1.2.840.10008.5.1.4.1.1.104.1"),
}
IMPLEMENTATION = UID("2.25.109353571127262211917266414110733462157")


def uid(*parts: object) -> UID:
    """Return the UID that these parts always give: 2.25 and a 128-bit hash (PS3.5 B.2)."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


@dataclass(frozen=True)
class Person:
    """Who an object is of, as DICOM writes it. Dates are YYYYMMDD."""

    name: str
    patient_id: str
    birth_date: str = ""
    sex: str = ""
    issuer: str = "SAMSYN-DEMO"
    phantom: bool = False


@dataclass(frozen=True)
class Exam:
    """One study of a person. `date` is YYYYMMDD, `time` HHMMSS."""

    person: Person
    study_uid: str
    date: str
    time: str
    description: str
    accession_number: str = ""
    referring_physician: str = ""
    institution: str = "Samsyn Demo Hospital"


def begin(
    exam: Exam, modality: str, sop_instance_uid: UID, *, transfer_syntax: UID = ExplicitVRLittleEndian
) -> Dataset:
    """Return a data set with file meta, patient and study modules, in UTF-8."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = STORAGE[modality]
    dataset.file_meta.MediaStorageSOPInstanceUID = sop_instance_uid
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = STORAGE[modality]
    dataset.SOPInstanceUID = sop_instance_uid
    dataset.Modality = modality
    dataset.Manufacturer = "Samsyn demo"
    identify(dataset, exam)
    return dataset


def identify(dataset: Dataset, exam: Exam) -> None:
    """Set patient and study modules of `dataset` to those of `exam`, whatever stood there."""
    person = exam.person
    dataset.PatientName = person.name
    dataset.PatientID = person.patient_id
    dataset.IssuerOfPatientID = person.issuer
    dataset.PatientBirthDate = person.birth_date
    dataset.PatientSex = person.sex
    if person.phantom:
        dataset.QualityControlSubject = "YES"
    dataset.StudyInstanceUID = exam.study_uid
    dataset.StudyID = exam.accession_number[-16:]
    dataset.StudyDate = exam.date
    dataset.StudyTime = exam.time
    dataset.StudyDescription = exam.description
    dataset.AccessionNumber = exam.accession_number
    dataset.ReferringPhysicianName = exam.referring_physician
    dataset.InstitutionName = exam.institution


def in_series(dataset: Dataset, *, number: int, series_uid: str, description: str, instance_number: int) -> None:
    """Set the general series and instance attributes."""
    dataset.SeriesInstanceUID = series_uid
    dataset.SeriesNumber = number
    dataset.SeriesDescription = description
    dataset.SeriesDate = dataset.StudyDate
    dataset.SeriesTime = dataset.StudyTime
    dataset.InstanceNumber = instance_number


def place(
    dataset: Dataset,
    *,
    position: Iterable[float],
    orientation: Sequence[float],
    spacing: tuple[float, float],
    thickness: float,
    frame_of_reference: str,
) -> None:
    """Set the image plane module: LPS mm, `spacing` as (between rows, between columns)."""
    dataset.FrameOfReferenceUID = frame_of_reference
    dataset.PositionReferenceIndicator = ""
    dataset.ImagePositionPatient = [decimal(value) for value in position]
    dataset.ImageOrientationPatient = [decimal(value) for value in orientation]
    dataset.PixelSpacing = [decimal(value) for value in spacing]
    dataset.SliceThickness = decimal(thickness)


def grey(dataset: Dataset, stored: np.ndarray, *, bits_stored: int = 16) -> None:
    """Set the pixel module from `stored` (rows, columns), uint16 or int16, little endian."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = 16
    dataset.BitsStored = bits_stored
    dataset.HighBit = bits_stored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.add_new("PixelData", "OW", stored.astype(stored.dtype.newbyteorder("<")).tobytes())


def decimal(value: float) -> str:
    """Return a Decimal String of at most 16 characters (PS3.5 6.2) that is nearest to `value`."""
    for digits in range(15, 5, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return "0" if float(text) == 0 else text
    raise ValueError(f"{value!r} doesn't fit a Decimal String")

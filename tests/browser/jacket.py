"""One patient's jacket for stories: a real chest CT with its request in the header, and a real slide."""

import os
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from viewer.archive.port import Archive

CT_FOLDER = "petct/acrin-nsclc/002-ct-ct-images"
SLIDE_FOLDER = "wsi/dicom-cmu-1-small-region"
SVS = "wsi/cmu-1-small-region.svs"
SLICES = 60
NAME, ID = "Story^Sara", "STORY-1"
QUESTION = "Cough for six weeks. Tumour in the left lung <5 mm or more?"
HISTORY = "Known emphysema"


@dataclass(frozen=True)
class Jacket:
    """The studies of one patient, as Study Instance UIDs."""

    ct: str
    slide: str
    datasets: list[Dataset]

    def lay(self, folder: Path) -> None:
        """Write the objects into a folder, old enough to be indexed at once."""
        long_ago = time.time() - 60
        for number, dataset in enumerate(self.datasets):
            path = folder / f"{number:05}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            os.utime(path, (long_ago, long_ago))

    def send(self, archive: Archive, scratch: Path) -> None:
        """Store the objects in an archive."""
        self.lay(scratch)
        for result in archive.store(path.read_bytes() for path in sorted(scratch.glob("*.dcm"))):
            assert result.stored, result.words


def jacket(data: Path) -> Jacket:
    """Return the jacket, made of the test data below `data`."""
    ct, slide = generate_uid(), generate_uid()
    slices = [pydicom.dcmread(path) for path in sorted((data / CT_FOLDER).glob("*"))]
    slices.sort(key=lambda each: float(each.ImagePositionPatient[2]))
    middle = len(slices) // 2 - SLICES // 2
    datasets = [_requested(_owned(each, ct, days_ago(2), "CT chest")) for each in slices[middle : middle + SLICES]]
    for number, each in enumerate(reversed(datasets), start=1):
        each.InstanceNumber = number
    levels = [pydicom.dcmread(path) for path in sorted((data / SLIDE_FOLDER).glob("*.dcm"))]
    datasets += [_owned(each, slide, days_ago(1), "Core biopsy, H&E") for each in levels]
    return Jacket(ct, slide, datasets)


def days_ago(days: int) -> str:
    """Return a day as DICOM writes it: what is this young is still to be read."""
    return f"{date.today() - timedelta(days=days):%Y%m%d}"


def _owned(dataset: Dataset, study: str, date: str, description: str) -> Dataset:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = NAME, ID, "19600229", "F"
    dataset.IssuerOfPatientID = "STORIES"
    dataset.StudyInstanceUID, dataset.StudyDate, dataset.StudyTime = study, date, "101500"
    dataset.StudyDescription, dataset.AccessionNumber = description, f"ST{date}"
    dataset.ReferringPhysicianName = "Husläkare^Hanna"
    return dataset


def _requested(dataset: Dataset) -> Dataset:
    step = Dataset()
    step.RequestedProcedureDescription = "CT chest with contrast"
    step.ReasonForTheRequestedProcedure = QUESTION
    dataset.RequestAttributesSequence = [step]
    dataset.AdmittingDiagnosesDescription = HISTORY
    dataset.PatientComments = "Uses a hearing aid"
    dataset.ReferringPhysicianTelephoneNumbers = "+46 00 123 45 67"
    dataset.Allergies = "Iodine"
    dataset.PregnancyStatus = 4
    return dataset

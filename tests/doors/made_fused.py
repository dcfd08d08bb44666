"""A CT with PET that may be laid over it, and PET that may not."""

from functools import cache

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

PATIENT = Person("Fused^Flora", "F-1", "19600102", "F")
OTHER = Person("Fused^Fred", "F-2", "19600102", "M")
FRAME, ELSEWHERE = uid("fused", "frame"), uid("fused", "another frame")
SIZE, SPACING, FIRST = (64, 56, 12), np.array([0.9, 0.9, 1.5]), np.array([-20.0, -15.0, 40.0])
PET_SIZE, PET_SPACING, PET_FIRST = (20, 18, 8), np.array([2.0, 2.0, 2.5]), np.array([-12.0, -9.0, 38.0])
BQ_OF_SUV_1 = 370e6 * 0.5 ** (3600 / 6586) / 70_000


@cache
def fusable() -> list[Dataset]:
    """Return all series: of one study, of another of the same patient, and of somebody else."""
    return [
        *tomography(), *uptake(), *uptake("elsewhere", frame=ELSEWHERE), *uptake("before", study="before"),
        *uptake("another's", study="another's", person=OTHER),
    ]  # fmt: skip


def exam(study: str, person: Person) -> Exam:
    return Exam(person, uid("fused", study), "20240301", "081500", "PET/CT", "F-77")


def stood(dataset: Dataset, size: tuple[int, int, int], first: np.ndarray, spacing: np.ndarray, at: int) -> None:
    position = first + np.array([0, 0, at * spacing[2]])
    place(
        dataset, position=tuple(position.tolist()), orientation=(1, 0, 0, 0, 1, 0), thickness=float(spacing[2]),
        spacing=(float(spacing[1]), float(spacing[0])), frame_of_reference=FRAME,
    )  # fmt: skip


@cache
def tomography() -> list[Dataset]:
    """A CT of random values from -500 to 499 HU."""
    values = np.random.default_rng(11).integers(500, 1500, SIZE[::-1]).astype(np.uint16)
    made = []
    for at in range(SIZE[2]):
        dataset = begin(exam("now", PATIENT), "CT", uid("fused", "ct", 1 + at))
        in_series(dataset, number=1, series_uid=uid("fused", "ct"), description="CT", instance_number=1 + at)
        stood(dataset, SIZE, FIRST, SPACING, at)
        grey(dataset, values[at])
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1000"
        made.append(dataset)
    return made


@cache
def uptake(name: str = "pet", study: str = "now", frame: str = FRAME, person: Person = PATIENT) -> list[Dataset]:
    """A PET of random values up to SUV 8, each slice by its own slope."""
    values = np.random.default_rng(12).uniform(0, 8 * BQ_OF_SUV_1, PET_SIZE[::-1])
    made = []
    for at in range(PET_SIZE[2]):
        dataset = begin(exam(study, person), "MR", uid("fused", name, 1 + at))
        in_series(dataset, number=2, series_uid=uid("fused", name), description=name, instance_number=1 + at)
        stood(dataset, PET_SIZE, PET_FIRST, PET_SPACING, at)
        dataset.FrameOfReferenceUID = frame
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.128")
        dataset.Modality = "PT"
        slope = 1 + 0.25 * at
        grey(dataset, np.rint(values[at] / slope).astype(np.uint16))
        dataset.RescaleSlope, dataset.RescaleIntercept = str(slope), "0"
        tracer = Dataset()
        tracer.RadiopharmaceuticalStartTime, tracer.RadionuclideTotalDose = "081500", "370000000"
        tracer.RadionuclideHalfLife = "6586"
        dataset.RadiopharmaceuticalInformationSequence = [tracer]
        dataset.SeriesTime = dataset.AcquisitionTime = "091500"
        dataset.AcquisitionDate = dataset.SeriesDate
        dataset.Units, dataset.DecayCorrection, dataset.CorrectedImage = "BQML", "START", ["DECY", "ATTN"]
        dataset.PatientWeight = "70"
        made.append(dataset)
    return made


def activity(datasets: list[Dataset]) -> np.ndarray:
    """Return float64 modality values (slices, rows, columns)."""
    return np.stack([each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept) for each in datasets])

"""The objects behind the doors of these tests, each for a reason."""

from functools import cache

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGLSLossless

from tests.doors.made_fused import fusable
from tests.doors.made_phases import phases
from tests.doors.made_pixels import all_kinds
from tests.doors.made_stained import by_palette, stained
from tests.imaging.datasets import region
from tests.mammograms import HUNG, VIEWS, mammogram, tomosynthesis, turned
from tests.marked import behind_doors
from tests.phantoms import speaking_phantom
from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

GREEK = Person("Papadopoulou^Eleni=Παπαδοπούλου^Ελένη", "G-1", "19520229", "F")


@cache
def everything() -> list[Dataset]:
    """Return all objects; the first belongs to the study that Bob may see."""
    return [
        *speaking(),
        *other_patient(),
        *magnetic(),
        *radiographs(),
        angiogram(),
        *tall(),
        *airy(),
        *padded(),
        *ultrasound(),
        *positron(),
        *positron(weighed=False),
        *echo(),
        *damaged(),
        *all_kinds(),
        report(),
        *breasts(),
        slices_of_a_breast(),
        *fusable(),
        *phases(),
        *stained(),
        *by_palette(),
        *behind_doors(),
        *lost(),
    ]


@cache
def speaking() -> list[Dataset]:
    """A CT of 12 slices that say who they are."""
    return speaking_phantom(patient=1, series=1, slices=12)


@cache
def other_patient() -> list[Dataset]:
    """A CT of somebody else, two of its slices lost."""
    return speaking_phantom(patient=2, series=7, slices=8, drop=(3, 6))


@cache
def breasts() -> list[Dataset]:
    """A mammography exam in one series, each view stored another way; the air around the breast has the value 0."""
    views = []
    for number, view in enumerate(VIEWS, 1):
        rows, columns = np.mgrid[:96, :64]
        inside = (rows - 48) ** 2 + (columns - (63 if view[0] == "R" else 0)) ** 2 < 40**2
        picture = np.where(inside, 500 + 20 * rows + 7 * columns, 0).astype(np.uint16)
        stored, letters = turned(picture, HUNG[view], number)
        views.append(mammogram(stored, view, letters, number, series=1))
    return views


@cache
def slices_of_a_breast() -> Dataset:
    """Tomosynthesis of the exam's right breast: nine slices of one value each, the square of their number times ten."""
    return tomosynthesis(np.tile((10 * np.arange(9) ** 2)[:, None, None], (1, 40, 30)).astype(np.uint16), "R-CC")


@cache
def magnetic() -> list[Dataset]:
    """An MR without any window, whose slices differ in brightness."""
    slices = speaking_phantom(patient=1, series=2, slices=7, modality="MR")
    for number, dataset in enumerate(slices):
        del dataset.WindowCenter, dataset.WindowWidth
        values = np.random.default_rng(number).integers(0, 300 * (number + 1), (128, 128)).astype(np.uint16)
        dataset.PixelData = values.tobytes()
    return slices


def _exam(name: str, person: Person = GREEK) -> Exam:
    return Exam(person, uid("doors", name), "20240301", "081500", name, "A-77")


@cache
def radiographs() -> list[Dataset]:
    """Two CR images, inverted, padded, each with a window of its own."""
    made = []
    for number, center in ((1, 500), (2, 900)):
        dataset = begin(_exam("Thorax"), "CR", uid("doors", "thorax", number))
        in_series(dataset, number=1, series_uid=uid("doors", "thorax"), description="Thorax", instance_number=number)
        values = np.tile(np.arange(0, 1200, 12, dtype=np.uint16), (80, 1))
        values[:10] = 2000
        grey(dataset, values, bits_stored=12)
        dataset.PhotometricInterpretation = "MONOCHROME1"
        dataset.PixelPaddingValue = 2000
        dataset.WindowCenter, dataset.WindowWidth = str(center), "600"
        made.append(dataset)
    return made


@cache
def angiogram() -> Dataset:
    """An XA run of three frames; before the last one the gantry turns."""
    dataset = begin(_exam("Angiogram"), "XA", uid("doors", "angiogram", 1))
    in_series(dataset, number=1, series_uid=uid("doors", "angiogram"), description="Run", instance_number=1)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1"
    grey(dataset, np.tile(np.arange(0, 1200, 12, dtype=np.uint16), (80, 1)), bits_stored=12)
    dataset.NumberOfFrames, dataset.PixelData = 3, 3 * dataset.PixelData
    dataset.PositionerMotion, dataset.PositionerPrimaryAngleIncrement = "DYNAMIC", ["0", "0", "30"]
    return dataset


@cache
def tall() -> list[Dataset]:
    """An image whose pixels are three times as tall as wide."""
    return [windowless("Tall", spacing=(3.0, 1.0), top=2000)]


@cache
def airy() -> list[Dataset]:
    """A CT of which all lies far below soft tissue."""
    return [windowless("Airy", spacing=(1.0, 1.0), top=255)]


@cache
def padded() -> list[Dataset]:
    """Three CT slices with a border of padding."""
    made = []
    for number in range(3):
        dataset = windowless("Padded", spacing=(1.0, 1.0), top=2000, number=number)
        values = dataset.pixel_array.copy()
        values[:5], values[:, :5] = 4000, 4000
        dataset.PixelData, dataset.PixelPaddingValue = values.tobytes(), 4000
        made.append(dataset)
    return made


def windowless(name: str, *, spacing: tuple[float, float], top: int, number: int = 0) -> Dataset:
    """Return one CT image of noise without a window, `number` mm up; stored values run from 0 to below `top`."""
    key = name.lower()
    dataset = begin(_exam(name), "CT", uid("doors", key, 1 + number))
    in_series(dataset, number=1, series_uid=uid("doors", key), description=name, instance_number=1 + number)
    place(
        dataset, position=(0.0, 0.0, float(number)), orientation=(1, 0, 0, 0, 1, 0), spacing=spacing, thickness=1.0,
        frame_of_reference=uid("doors", f"{key} frame"),
    )  # fmt: skip
    grey(dataset, np.random.default_rng(1).integers(0, top, (40, 60)).astype(np.uint16), bits_stored=12)
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    return dataset


@cache
def ultrasound() -> list[Dataset]:
    """A colour clip of four frames."""
    dataset = begin(_exam("Clip"), "US", uid("doors", "clip", 1))
    in_series(dataset, number=1, series_uid=uid("doors", "clip"), description="Clip", instance_number=1)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    frames = np.random.default_rng(2).integers(0, 256, (4, 32, 48, 3)).astype(np.uint8)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 32, 48, 4
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.FrameTime = "40"
    dataset.PixelData = frames.tobytes()
    return [dataset]


BQ_OF_SUV_1 = 370e6 * 0.5 ** (3600 / 6586) / 70_000
SLOPES = (1.0, 2.0, 3.5, 0.7)


@cache
def positron(*, weighed: bool = True) -> list[Dataset]:
    """A PET of the same activity in all slices, each by its own slope: SUV 0.1 a column, if the weight is known."""
    made, name = [], "Uptake" if weighed else "Weightless uptake"
    for number, slope in enumerate(SLOPES):
        dataset = begin(_exam(name), "MR", uid("doors", name, 1 + number))
        in_series(dataset, number=1, series_uid=uid("doors", name), description=name, instance_number=1 + number)
        place(
            dataset, position=(0.0, 0.0, 3.0 * number), orientation=(1, 0, 0, 0, 1, 0), spacing=(2.0, 2.0),
            thickness=3.0, frame_of_reference=uid("doors", f"{name} frame"),
        )  # fmt: skip
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.128")
        dataset.Modality = "PT"
        activity = np.tile(np.arange(60) * 0.1 * BQ_OF_SUV_1, (40, 1))
        grey(dataset, np.rint(activity / slope).astype(np.uint16))
        dataset.RescaleSlope, dataset.RescaleIntercept = str(slope), "0"
        dataset.WindowCenter, dataset.WindowWidth = str(1000 * (number + 1)), str(2000 * (number + 1))
        tracer = Dataset()
        tracer.RadiopharmaceuticalStartTime, tracer.RadionuclideTotalDose = "081500", "370000000"
        tracer.RadionuclideHalfLife = "6586"
        dataset.RadiopharmaceuticalInformationSequence = [tracer]
        dataset.SeriesTime = dataset.AcquisitionTime = "091500"
        dataset.AcquisitionDate = dataset.SeriesDate
        dataset.Units, dataset.DecayCorrection, dataset.CorrectedImage = "BQML", "START", ["DECY", "ATTN"]
        if weighed:
            dataset.PatientWeight = "70"
        made.append(dataset)
    return made


@cache
def echo() -> list[Dataset]:
    """An ultrasound still with a plane above a Doppler curve, and no region in its last rows."""
    dataset = begin(_exam("Echo"), "US", uid("doors", "echo", 1))
    in_series(dataset, number=1, series_uid=uid("doors", "echo"), description="Echo", instance_number=1)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    grey(dataset, np.tile(np.arange(100, dtype=np.uint16), (90, 1)), bits_stored=8)
    dataset.SequenceOfUltrasoundRegions = [
        region((0, 0, 99, 39), (3, 3), (0.021, 0.034), RegionSpatialFormat=1, RegionDataType=1),
        region(
            (0, 40, 99, 79), (4, 7), (0.0045, -1.37), RegionSpatialFormat=3, RegionDataType=3, ReferencePixelX0=0,
            ReferencePixelY0=25, ReferencePixelPhysicalValueX=0.0, ReferencePixelPhysicalValueY=0.0,
        ),
    ]  # fmt: skip
    return [dataset]


@cache
def damaged() -> list[Dataset]:
    """Three CT slices of which the middle one can't be decoded."""
    slices = speaking_phantom(patient=1, series=3, slices=3)
    broken = slices[1]
    broken.file_meta.TransferSyntaxUID = JPEGLSLossless
    broken.PixelData = encapsulate([b"\xff\xd8\xff\xf7 this is no picture " * 20])
    broken["PixelData"].is_undefined_length = True
    return slices


@cache
def lost() -> list[Dataset]:
    """Two CT slices, of which the second one's file vanishes after it was indexed."""
    return speaking_phantom(patient=1, series=4, slices=2)


def report() -> Dataset:
    """A structured report: nothing that can be shown yet."""
    dataset = begin(_exam("Report"), "CT", uid("doors", "report", 1))
    in_series(dataset, number=1, series_uid=uid("doors", "report"), description="Report", instance_number=1)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    dataset.Modality = "SR"
    return dataset


def address(dataset: Dataset, frame: int | None = 1) -> str:
    """Return the address of an object's frame, or of the object itself."""
    path = (
        f"/dicomweb/main/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}"
    )
    return path if frame is None else f"{path}/frames/{frame}"


def shades(dataset: Dataset, center: float, width: float, function: str = "linear", frame: int = 0) -> np.ndarray:
    """Return the picture by an independent computation: pydicom's pixels and the formulas of PS3.3 C.11.2.1."""
    stored = dataset.pixel_array.astype(np.float64)
    stored = stored[frame] if stored.ndim == 3 else stored
    x = stored * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    if function == "sigmoid":
        y = 255 / (1 + np.exp(-4 * (x - center) / width))
    elif function == "linear-exact":
        y = np.select([x <= center - width / 2, x > center + width / 2], [0, 255], ((x - center) / width + 0.5) * 255)
    else:
        low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
        slope = 1 / max(width - 1, 1e-9)
        y = np.select([x <= low, x > high], [0, 255], ((x - (center - 0.5)) * slope + 0.5) * 255)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        y = 255 - y
    if "PixelPaddingValue" in dataset:
        y[stored == dataset.PixelPaddingValue] = 0
    return y

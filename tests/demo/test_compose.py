"""Volumes become DICOM series whose pixels lie where the volume's voxels do."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from tests.demo.made import nrrd_file
from worklist.demo import cast, compose, studies
from worklist.demo.dataset import Exam, decimal
from worklist.demo.fetch import Pantry
from worklist.demo.volumes import Volume, nrrd

NOW = datetime(2026, 3, 1, 0, 10)
VALUES = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5) * 40 - 1000


@pytest.fixture
def exam() -> Exam:
    return cast.exams(NOW)["chest-ct"]


@pytest.fixture
def volume() -> Volume:
    return nrrd(nrrd_file(VALUES, (0.5, 0.75, 5), (-10, -20, -30)))


def saved(dataset: Dataset) -> Dataset:
    """Return `dataset` as it comes back from a file."""
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return pydicom.dcmread(BytesIO(file.getvalue()))


def at(dataset: Dataset, row: int, column: int) -> np.ndarray:
    """Return the LPS place of a pixel by PS3.3 C.7.6.2.1.1."""
    position = np.array(dataset.ImagePositionPatient, float)
    orientation = np.array(dataset.ImageOrientationPatient, float)
    between_rows, between_columns = map(float, dataset.PixelSpacing)
    place: np.ndarray = position + orientation[:3] * column * between_columns + orientation[3:] * row * between_rows
    return place


def test_every_ct_pixel_has_its_voxels_value_and_place(volume: Volume, exam: Exam) -> None:
    images = [saved(each) for each in compose.ct(volume, exam, series=2, description="Chest", source="a test")]
    assert [int(each.InstanceNumber) for each in images] == [1, 2, 3]
    assert float(images[0].ImagePositionPatient[2]) == -20  # head first
    for image in images:
        values = image.pixel_array.astype(int) * int(image.RescaleSlope) + int(image.RescaleIntercept)
        for row, column in [(0, 0), (3, 4), (1, 2)]:
            x, y, z = at(image, row, column)
            i, j, k = (round(value) for value in ((x + 10) / 0.5, (y + 20) / 0.75, (z + 30) / 5))
            assert values[row, column] == VALUES[k, j, i]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_every_mr_pixel_has_its_voxels_value_and_place(volume: Volume, exam: Exam, plane: str) -> None:
    positive = Volume(volume.values + 1000, volume.affine)
    images = compose.mr(
        positive, exam, series=3, description="T1", source="a test", plane=plane, derived=plane == "axial"
    )
    count = 0
    for image in map(saved, images):
        count += 1
        assert image.ImageType[0] == ("DERIVED" if plane == "axial" else "ORIGINAL")
        for (row, column), value in np.ndenumerate(image.pixel_array):
            x, y, z = at(image, row, column)
            i, j, k = (round(each) for each in ((x + 10) / 0.5, (y + 20) / 0.75, (z + 30) / 5))
            assert value == VALUES[k, j, i] + 1000
    assert count == {"axial": 3, "coronal": 4, "sagittal": 5}[plane]


def test_bytes_become_16_bit_values_without_loss(exam: Exam) -> None:
    volume = Volume(np.arange(8, dtype=np.uint8).reshape(2, 2, 2) * 36, np.eye(4))
    images = list(compose.mr(volume, exam, series=3, description="T1", source="a test", plane="axial"))
    assert images[1].PixelData == (np.arange(4) * 36).astype("<u2").tobytes()


def test_derived_images_say_so_in_type_and_words(volume: Volume, exam: Exam) -> None:
    image = next(compose.ct(volume, exam, series=2, description="x", source="y", derivation="lesion times 0.70"))
    assert image.ImageType[0] == "DERIVED"
    assert image.DerivationDescription == "lesion times 0.70"


def test_an_adopted_file_keeps_its_pixels_and_loses_its_identity(exam: Exam) -> None:
    path = str(get_testdata_file("CT_small.dcm"))
    original = pydicom.dcmread(path)
    with open(path, "rb") as file:
        image = saved(compose.adopt(file.read(), exam, series=4, description="Adopted", source="pydicom"))
    assert image.PixelData == original.PixelData
    assert str(image.PatientName) == "Lindström-Ek^Åsa"
    assert (image.StudyInstanceUID, image.StudyDate) == (exam.study_uid, exam.date)
    assert image.SOPInstanceUID == image.file_meta.MediaStorageSOPInstanceUID != original.SOPInstanceUID
    written = str(image)
    assert str(original.PatientName) not in written and str(original.PatientID) not in written
    assert not any(element.tag.is_private for element in image.iterall())


def test_one_sample_in_two_series_becomes_two_objects(exam: Exam) -> None:
    data = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
    one, other = (compose.adopt(data, exam, series=series, description="", source="") for series in (1, 2))
    assert one.SOPInstanceUID != other.SOPInstanceUID


def test_the_leg_is_turned_round_with_its_directions(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    sample.PatientOrientation = ["R", "F"]
    packed = BytesIO()
    sample.save_as(packed)
    monkeypatch.setattr(Pantry, "members", lambda pantry, package, names: {name: packed.getvalue() for name in names})
    (leg,) = studies._leg_x_ray(exam, Pantry(Path()))
    assert list(leg.PatientOrientation) == ["L", "F"] and leg.ImageType[0] == "DERIVED"
    assert (leg.pixel_array == sample.pixel_array[:, ::-1]).all()


def test_exams_have_the_same_uids_each_day_and_dates_that_end_now() -> None:
    today, later = cast.exams(NOW), cast.exams(datetime(2026, 5, 9, 13, 0))
    assert {key: exam.study_uid for key, exam in today.items()} == {key: exam.study_uid for key, exam in later.items()}
    assert len({exam.study_uid for exam in today.values()}) == len(today)
    assert len({exam.accession_number for exam in today.values()}) == len(today)
    assert (today["chest-ct"].date, today["chest-ct"].time) == ("20260228", "233500")  # 35 minutes before 00:10
    assert all((exam.date, exam.time) <= ("20260301", "001000") for exam in today.values())


@pytest.mark.parametrize("value", [0.0, -0.0, 0.5703125, -777.49999999999977, 1e-7, -1 / 3, 123456.789012345, 5])
def test_decimal_strings_fit_and_lose_nothing_that_matters(value: float) -> None:
    assert len(decimal(value)) <= 16
    assert float(decimal(value)) == pytest.approx(value, rel=1e-9, abs=1e-12)

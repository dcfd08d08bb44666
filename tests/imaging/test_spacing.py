"""Millimetres only where the file gives a reason for them, and the reason is said."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, slice_at
from viewer.imaging.spacing import Spacing, spacing


def measured(**attributes: Any) -> Spacing:
    record = instance(slice_at(0, 1, **{"PixelSpacing": None, **attributes}))
    return spacing(record, record.frame(1))


def radiograph(**attributes: Any) -> Spacing:
    return measured(Modality="DX", **attributes)


@pytest.mark.parametrize(
    ("attributes", "row", "basis"),
    [
        ({"PixelSpacing": [0.2, 0.1], "PixelSpacingCalibrationType": "GEOMETRY"}, 0.2, "geometry"),
        ({"PixelSpacing": [0.2, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, 0.2, "calibrated"),
        ({"ImagerPixelSpacing": [0.2, 0.1], "EstimatedRadiographicMagnificationFactor": 1.25}, 0.16, "estimated"),
        (
            {"ImagerPixelSpacing": [0.2, 0.1], "DistanceSourceToDetector": 1500, "DistanceSourceToPatient": 1200},
            0.16,
            "estimated",
        ),
        ({"ImagerPixelSpacing": [0.2, 0.1], "PixelSpacing": [0.15, 0.075]}, 0.15, "geometry"),
        ({"ImagerPixelSpacing": [0.2, 0.1], "PixelSpacing": [0.2, 0.1]}, 0.2, "detector"),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, 0.2, "detector"),
        ({"PixelSpacing": [0.2, 0.1]}, 0.2, "detector"),
        ({"ImagerPixelSpacing": [0.2, 0.1], "EstimatedRadiographicMagnificationFactor": 1.0}, 0.2, "detector"),
        ({"NominalScannedPixelSpacing": [0.2, 0.1]}, 0.2, "estimated"),
        ({"PixelSpacing": [0, 0]}, None, "none"),
        ({}, None, "none"),
    ],
)
def test_a_radiograph_says_on_what_its_millimetres_rest(attributes: Any, row: float | None, basis: str) -> None:
    found = radiograph(**attributes)
    assert found.basis == basis
    assert found.row == (None if row is None else pytest.approx(row))
    assert row is None or (found.column is not None and found.aspect == pytest.approx(2))


def test_a_slice_is_in_the_patient() -> None:
    found = measured(PixelSpacing=[0.8, 0.4])
    assert (found.row, found.column, found.basis, found.aspect) == (0.8, 0.4, "patient", 2)


@pytest.mark.parametrize("modality", ["OT", "CT", "DX"])
@pytest.mark.parametrize("kind", ["7", "7.2", "7.4"])
def test_a_secondary_capture_is_only_estimated_unless_it_is_calibrated(kind: str, modality: str) -> None:
    given = {"SOPClassUID": f"1.2.840.10008.5.1.4.1.1.{kind}", "Modality": modality, "PixelSpacing": [0.2, 0.1]}
    for more in ({}, {"ImageOrientationPatient": None, "FrameOfReferenceUID": None}):
        found = measured(**given, **more)
        assert (found.row, found.basis, found.words) == (0.2, "estimated", "mm as the file says, estimated")
    assert measured(**given, PixelSpacingCalibrationType="FIDUCIAL").basis == "calibrated"


def test_a_picture_without_a_place_in_the_patient_is_only_estimated() -> None:
    assert measured(PixelSpacing=[0.2, 0.1], ImageOrientationPatient=None).basis == "estimated"
    assert measured(Modality="US", PixelSpacing=[0.2, 0.1], ImageOrientationPatient=None).basis == "estimated"


def test_an_aspect_ratio_shapes_the_picture_and_measures_nothing() -> None:
    found = measured(PixelAspectRatio=[5, 4])
    assert (found.row, found.column, found.basis, found.aspect) == (None, None, "none", 1.25)
    assert "pixels" in found.words


def region(x: float, y: float, unit: int = 3) -> Dataset:
    item = Dataset()
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = unit
    item.PhysicalDeltaX, item.PhysicalDeltaY = x, y
    return item


def test_ultrasound_regions_of_one_scale_give_millimetres_and_of_two_give_none() -> None:
    one = measured(Modality="US", SequenceOfUltrasoundRegions=[region(0.02, -0.03), region(1, 1, unit=4)])
    assert (one.row, one.column, one.basis) == (pytest.approx(0.3), pytest.approx(0.2), "patient")
    two = measured(Modality="US", SequenceOfUltrasoundRegions=[region(0.02, 0.02), region(0.03, 0.03)])
    assert two.row is None and "differ" in two.words
    doppler = measured(Modality="US", SequenceOfUltrasoundRegions=[region(1, 1, unit=4)])
    assert doppler.row is None


def test_the_calibration_is_described() -> None:
    found = radiograph(
        PixelSpacing=[0.2, 0.2], PixelSpacingCalibrationType="FIDUCIAL", PixelSpacingCalibrationDescription="25 mm ball"
    )
    assert found.words == "mm calibrated: 25 mm ball"
    assert found.words.template == "mm calibrated: {description}"

"""Millimetres only where the file gives a reason for them, and the reason is said."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import groups, instance, slice_at
from viewer.imaging.spacing import Spacing, by_known_length, spacing, why_not_calibrated


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
    item.RegionLocationMinX0 = item.RegionLocationMinY0 = 0
    item.RegionLocationMaxX1 = item.RegionLocationMaxY1 = 63
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = unit
    item.PhysicalDeltaX, item.PhysicalDeltaY = x, y
    return item


def test_ultrasound_regions_of_one_scale_give_millimetres_and_of_two_give_none() -> None:
    one = measured(Modality="US", SequenceOfUltrasoundRegions=[region(0.02, -0.03), region(1, 1, unit=4)])
    assert (one.row, one.column, one.basis) == (pytest.approx(0.3), pytest.approx(0.2), "region")
    two = measured(Modality="US", SequenceOfUltrasoundRegions=[region(0.02, 0.02), region(0.03, 0.03)])
    assert two.row is None and two.basis == "none" and "own scale" in two.words
    doppler = measured(Modality="US", SequenceOfUltrasoundRegions=[region(1, 1, unit=4)])
    assert doppler.row is None


def test_the_calibration_is_described() -> None:
    found = radiograph(
        PixelSpacing=[0.2, 0.2], PixelSpacingCalibrationType="FIDUCIAL", PixelSpacingCalibrationDescription="25 mm ball"
    )
    assert found.words == "mm calibrated: 25 mm ball"
    assert found.words.template == "mm calibrated: {description}"


STORAGE = "1.2.840.10008.5.1.4.1.1."
US_PAIR = {"Modality": "US", "PixelSpacing": [9, 9]}
CM, DOPPLER = region(0.02, 0.03), region(0.004, -1.5, unit=4)
CASES: dict[str, tuple[dict[str, Any], tuple[float, float] | None, str, str]] = {
    # case: attributes, (row, column) by hand, basis, what the words hold
    "PixelSpacing of a slice": ({"PixelSpacing": [0.8, 0.4]}, (0.8, 0.4), "patient", "mm in the patient"),
    "PixelSpacing of a radiograph, GEOMETRY": (
        {"Modality": "DX", "PixelSpacing": [0.15, 0.1], "PixelSpacingCalibrationType": "GEOMETRY",
         "ImagerPixelSpacing": [0.2, 0.2]}, (0.15, 0.1), "geometry", "corrected for magnification",
    ),
    "PixelSpacing of a radiograph, FIDUCIAL": (
        {"Modality": "DX", "PixelSpacing": [0.15, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL",
         "ImagerPixelSpacing": [0.2, 0.2]}, (0.15, 0.1), "calibrated", "calibrated",
    ),
    "PixelSpacing of a radiograph, no type, as the imager's": (
        {"Modality": "CR", "PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "detector",
        "at detector, not calibrated",
    ),
    "imager only": ({"Modality": "IO", "ImagerPixelSpacing": [0.03, 0.02]}, (0.03, 0.02), "detector", "at detector"),
    # 0.1 / 1.6 and 0.08 / 1.6
    "magnification factor": (
        {"Modality": "MG", "ImagerPixelSpacing": [0.1, 0.08], "EstimatedRadiographicMagnificationFactor": 1.6},
        (0.0625, 0.05), "estimated", "magnification 1.60",
    ),
    # 0.3 · 750 / 1000 and 0.2 · 750 / 1000; the distance is (0040,0306), in mm
    "source to entrance": (
        {"Modality": "XA", "ImagerPixelSpacing": [0.3, 0.2], "DistanceSourceToDetector": 1000,
         "DistanceSourceToEntrance": 750}, (0.225, 0.15), "estimated", "magnification 1.33",
    ),
    "ultrasound: regions of one scale": (
        {**US_PAIR, "SequenceOfUltrasoundRegions": [CM, DOPPLER]}, (0.3, 0.2), "region", "inside the ultrasound region",
    ),
    "ultrasound: two regions in cm that differ": (
        {**US_PAIR, "SequenceOfUltrasoundRegions": [CM, region(0.03, 0.03)]}, None, "none", "its own scale",
    ),
    "ultrasound: no region in cm, PixelSpacing beside it": (
        {**US_PAIR, "SequenceOfUltrasoundRegions": [DOPPLER]}, None, "none", "pixels",
    ),
    "ultrasound: no region": (
        {**US_PAIR, "ImageOrientationPatient": None}, (9, 9), "estimated", "as the file says, estimated",
    ),
    "scanned film": (
        {"Modality": "OT", "NominalScannedPixelSpacing": [0.17, 0.16]}, (0.17, 0.16), "estimated", "scanned film",
    ),
    "aspect ratio only": ({"Modality": "OT", "PixelAspectRatio": [5, 4]}, None, "none", "pixels"),
    "nothing": ({"Modality": "DX"}, None, "none", "pixels"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_case_says_what_its_millimetres_rest_on(case: str) -> None:
    attributes, steps, basis, words = CASES[case]
    found = measured(**attributes)
    assert found.basis == basis and words in found.words
    if steps is None:
        assert (found.row, found.column) == (None, None) and "mm" not in found.words
    else:
        assert (found.row, found.column) == pytest.approx(steps, rel=1e-12)


def enhanced(shared: dict[str, Any], *frames: dict[str, Any], **attributes: Any) -> list[Spacing]:
    """Return the spacing of each frame of an image whose functional groups hold macros by keyword."""

    record = instance(
        slice_at(
            0, 1, PixelSpacing=None, NumberOfFrames=len(frames), SharedFunctionalGroupsSequence=[groups(**shared)],
            PerFrameFunctionalGroupsSequence=[groups(**each) for each in frames], **attributes,
        )
    )  # fmt: skip
    return [spacing(record, record.frame(number)) for number in range(1, len(frames) + 1)]


def test_each_frame_of_an_enhanced_image_has_its_own() -> None:
    frames = [{"PixelMeasuresSequence": {"PixelSpacing": [step, step / 2]}} for step in (0.5, 0.7)]
    assert [(each.row, each.column, each.basis) for each in enhanced({}, *frames)] == [
        (0.5, 0.25, "patient"), (0.7, 0.35, "patient"),
    ]  # fmt: skip
    pixel_data = {"FramePixelDataPropertiesSequence": {"ImagerPixelSpacing": [0.2, 0.1]}}
    geometry = [
        {"XRayGeometrySequence": {"DistanceSourceToDetector": sid, "DistanceSourceToPatient": 800}}
        for sid in (1000, 1200)
    ]
    near, far = enhanced(pixel_data, *geometry, SOPClassUID=STORAGE + "12.1.1", Modality="XA")
    assert (near.row, near.column, near.basis) == (pytest.approx(0.16), pytest.approx(0.08), "estimated")
    assert far.row == pytest.approx(0.2 * 800 / 1200) and "magnification 1.50" in far.words
    beam = {"ProjectionPixelCalibrationSequence": {"ObjectPixelSpacingInCenterOfBeam": [0.15, 0.14]}}
    (centre,) = enhanced(pixel_data, beam, SOPClassUID=STORAGE + "12.2.1", Modality="RF")
    assert (centre.row, centre.column, centre.basis) == (0.15, 0.14, "geometry")


@pytest.mark.parametrize(
    "ending",
    ["1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "12.1", "12.1.1", "12.2", "12.2.1", "12.3", "13.1.4"],
)
def test_a_projection_is_known_by_its_class_whatever_its_modality(ending: str) -> None:
    found = measured(SOPClassUID=STORAGE + ending, Modality="OT", PixelSpacing=[0.2, 0.1])
    assert (found.row, found.basis) == (0.2, "detector")


def test_a_computed_slice_is_in_the_patient_though_x_rays_made_it() -> None:
    for ending, modality in (("13.1.1", "XA"), ("13.1.2", "DX"), ("13.1.3", "MG")):
        assert measured(SOPClassUID=STORAGE + ending, Modality=modality, PixelSpacing=[0.1, 0.1]).basis == "patient"


def test_a_magnification_that_cannot_be_is_not_believed() -> None:
    imager = {"ImagerPixelSpacing": [0.2, 0.2]}
    metres = radiograph(**imager, DistanceSourceToDetector=1500, DistanceSourceToPatient=1.2)
    assert (metres.row, metres.basis) == (0.2, "detector")
    behind = radiograph(**imager, DistanceSourceToDetector=1000, DistanceSourceToPatient=1200)
    assert behind.basis == "detector"
    first = {"EstimatedRadiographicMagnificationFactor": 1.25, "DistanceSourceToDetector": 1500}
    assert radiograph(**imager, **first, DistanceSourceToPatient=1000).row == pytest.approx(0.16)


def test_a_line_of_known_length_sets_both_steps() -> None:
    # 30 columns and 40 rows whose pixels are twice as tall as wide: √(30² + 80²) widths are 50 mm
    row, column = by_known_length([(10, 10), (40, 50)], 50.0, 2.0)
    assert column == pytest.approx(50 / (30**2 + 80**2) ** 0.5, rel=1e-12) and row == pytest.approx(
        2 * column, rel=1e-12
    )
    with pytest.raises(ValueError, match="length"):
        by_known_length([(3, 3), (3, 3)], 50.0, 1.0)


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        ({"Modality": "CT", "PixelSpacing": [0.5, 0.5]}, False),
        ({"Modality": "MR", "PixelSpacing": [0.5, 0.5], "ImageOrientationPatient": None}, False),
        ({"Modality": "US", "SequenceOfUltrasoundRegions": [CM]}, False),
        ({"Modality": "US", "SequenceOfUltrasoundRegions": [DOPPLER]}, False),
        ({"Modality": "US"}, True),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2]}, True),
        ({"Modality": "XC"}, True),
        ({"Modality": "CT", "SOPClassUID": STORAGE + "7", "PixelSpacing": [0.2, 0.2]}, True),
    ],
)
def test_only_what_has_no_true_geometry_is_calibrated_by_hand(attributes: dict[str, Any], allowed: bool) -> None:
    record = instance(slice_at(0, 1, **{"PixelSpacing": None, **attributes}))
    assert (why_not_calibrated(record, record.frame(1)) is None) == allowed

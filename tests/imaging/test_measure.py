"""Lengths from points: exact in float64, and in millimetres only where there is a reason for them."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, slice_at
from viewer.imaging import measure
from viewer.imaging.measure import Based, Quantity


def flat(points: Any, **attributes: Any) -> Based:
    """Return the length on an image without a place in the patient."""
    record = instance(slice_at(0, 1, **{"PixelSpacing": None, "ImageOrientationPatient": None, **attributes}))
    return measure.length_in_image(points, record, record.frame(1))


def region(left: int, right: int, delta: float, unit: int = 3) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMaxX1 = left, right
    item.RegionLocationMinY0, item.RegionLocationMaxY1 = 0, 99
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = unit
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta, -2 * delta
    return item


def test_it_is_right_to_nine_digits_wherever_in_space() -> None:
    rng = np.random.default_rng(3)
    for _ in range(5000):
        one, other = rng.uniform(-2000, 2000, (2, 3)).tolist()
        squares = sum((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(one, other, strict=True))
        truth = math.sqrt(squares)
        assert abs(measure.length([one, other]).value - truth) <= 1e-9 * truth
    assert measure.length([(0, 0, 0), (3, 4, 0)]) == Quantity(5.0, "mm")


def test_rows_and_columns_may_differ() -> None:
    found = flat([(1, 1), (4, 5)], Modality="DX", ImagerPixelSpacing=[0.5, 0.2])
    assert found.quantity == Quantity(math.hypot(3 * 0.2, 4 * 0.5), "mm")
    assert found.basis == "detector" and "not calibrated" in found.words


def test_without_a_basis_there_are_pixels_only() -> None:
    found = flat([(0, 0), (3, 4)], Modality="DX")
    assert found.quantity == Quantity(5.0, "{pixels}") and found.basis == "none"
    tall = flat([(0, 0), (0, 4)], Modality="OT", PixelAspectRatio=[3, 1])
    assert tall.quantity == Quantity(12.0, "{pixels}")


@pytest.mark.parametrize(
    ("ends", "length"),
    [
        ([(10, 10), (20, 10)], Quantity(2.0, "mm")),
        ([(10, 10), (10, 20)], Quantity(4.0, "mm")),
        ([(110, 10), (120, 10)], Quantity(5.0, "mm")),
        ([(90, 10), (110, 10)], Quantity(20.0, "{pixels}")),
        ([(10, 10), (10, 120)], Quantity(110.0, "{pixels}")),
        ([(10, 150), (20, 150)], Quantity(10.0, "{pixels}")),
    ],
)
def test_in_ultrasound_both_ends_lie_in_one_region_in_centimetres(ends: Any, length: Quantity) -> None:
    regions = [region(0, 99, 0.02), region(100, 199, 0.05), region(200, 299, 1.0, unit=4)]
    found = flat(ends, Modality="US", SequenceOfUltrasoundRegions=regions)
    assert found.quantity.unit == length.unit and found.quantity.value == pytest.approx(length.value, rel=1e-12)


def test_a_projection_has_no_place_in_the_patient_whatever_its_file_says() -> None:
    for modality, placed in (("CT", True), ("MR", True), ("DX", False), ("XA", False)):
        record = instance(slice_at(0, 1, Modality=modality, FrameOfReferenceUID="1.2"))
        assert (measure.plane_in_patient(record, record.frame(1)) is not None) == placed
    nowhere = instance(slice_at(0, 1, FrameOfReferenceUID=None))
    assert measure.plane_in_patient(nowhere, nowhere.frame(1)) is None

"""Ultrasound regions: every number by the formula of PS3.3 C.8.5.5, written out here."""

import math
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, region, slice_at
from viewer.imaging import measure, spacing, ultrasound
from viewer.imaging.measure import Based
from viewer.imaging.record import Instance

CM, SECOND, HERTZ, VELOCITY, NOTHING = 3, 4, 5, 7, 0


PLANE = region((10, 20, 209, 179), (CM, CM), (0.021, 0.034), RegionSpatialFormat=1, RegionDataType=1)
DOPPLER = region(
    (10, 200, 309, 299), (SECOND, VELOCITY), (0.0045, -1.37), RegionSpatialFormat=3, RegionDataType=3,
    ReferencePixelX0=0, ReferencePixelY0=60, ReferencePixelPhysicalValueX=0.0, ReferencePixelPhysicalValueY=2.5,
)  # fmt: skip
M_MODE = region((320, 20, 519, 179), (SECOND, CM), (0.006, 0.041), RegionSpatialFormat=2, RegionDataType=1)
OTHER_PLANE = region((320, 200, 519, 299), (CM, CM), (0.05, 0.05))


def scan(*regions: Dataset, **attributes: Any) -> Instance:
    given = {"PixelSpacing": None, "ImageOrientationPatient": None, "Modality": "US", "Rows": 300, "Columns": 520}
    return instance(slice_at(0, 1, **{**given, "SequenceOfUltrasoundRegions": list(regions), **attributes}))


def line(*ends: tuple[float, float], scanned: Instance | None = None, frame: int = 1) -> Based:
    record = scanned or scan(PLANE, DOPPLER, M_MODE, OTHER_PLANE)
    return measure.length_in_image(ends, record, record.frame(frame))


def parts(found: Based) -> dict[str, Any]:
    return {each.name: (each.value, each.unit) for each in found.parts}


def test_a_line_in_the_plane_is_a_length() -> None:
    found = line((12.25, 30.5), (200.75, 171.0))
    truth = math.hypot((200.75 - 12.25) * 0.21, (171.0 - 30.5) * 0.34)
    assert found.quantity.unit == "mm" and abs(found.quantity.value - truth) <= 1e-9 * truth
    assert (found.basis, found.words, found.parts) == ("region", "mm inside the ultrasound region", ())


def test_each_of_two_planes_has_its_own_scale() -> None:
    other = line((330, 210), (430, 290))
    assert abs(other.quantity.value - math.hypot(100 * 0.5, 80 * 0.5)) <= 1e-9
    pane = spacing.spacing(record := scan(PLANE, OTHER_PLANE), record.frame(1))
    assert pane.row is None and "own scale" in pane.words


def test_a_line_in_doppler_is_a_velocity_a_time_and_a_slope() -> None:
    drawn = [(20.5, 280.0), (120.5, 215.0)]
    for ends in (drawn, drawn[::-1]):  # whichever end was set first, the earlier is the first in time
        found = line(*ends)
        velocity, time = (215.0 - 280.0) * -1.37, 100 * 0.0045
        assert found.quantity.unit == "cm/s" and abs(found.quantity.value - velocity) <= 1e-9 * velocity
        told = parts(found)
        assert told["Δv"] == (pytest.approx(velocity, rel=1e-9), "cm/s") and velocity > 0
        assert told["Δt"] == (pytest.approx(time, rel=1e-9), "s")
        assert told["slope"] == (pytest.approx(velocity / time, rel=1e-9), "cm/s2")
    falling = parts(line((20.5, 215.0), (120.5, 280.0)))
    assert falling["Δv"][0] == pytest.approx(-65 * 1.37, rel=1e-9)
    assert "slope" not in parts(line((20, 215), (20, 280)))


def test_a_line_in_m_mode_is_a_depth_and_a_time() -> None:
    told = parts(line((330, 40), (480, 90)))
    assert told["Δd"] == (pytest.approx(50 * 0.041, rel=1e-9), "cm")
    assert told["Δt"] == (pytest.approx(150 * 0.006, rel=1e-9), "s")
    assert told["slope"] == (pytest.approx(50 * 0.041 / (150 * 0.006), rel=1e-9), "cm/s")


@pytest.mark.parametrize(
    ("ends", "inside"),
    [
        (((10, 20), (209, 179)), True),  # the limits belong to the region
        (((9.5, 19.5), (209.4, 179.4)), True),
        (((9.4, 20), (209, 179)), False),
        (((10, 20), (209.5, 179)), False),
        (((10, 20), (209, 180)), False),
        (((100, 100), (100, 220)), False),  # into another region
        (((250, 50), (260, 60)), False),  # beside all of them
    ],
)
def test_all_points_lie_in_one_region_or_there_are_pixels(ends: Any, inside: bool) -> None:
    found = line(*ends)
    if inside:
        assert found.quantity.unit == "mm" and found.basis == "region"
    else:
        (a, b), (c, d) = ends
        assert found.quantity == measure.Quantity(math.hypot(c - a, d - b), "{pixels}")
        assert (found.basis, found.words) == ("none", "pixels: not inside one ultrasound region")


def test_beside_regions_the_spacing_of_the_file_counts_for_nothing() -> None:
    record = scan(DOPPLER, PixelSpacing=[0.3, 0.3])
    assert line((20, 20), (30, 20), scanned=record).quantity == measure.Quantity(10.0, "{pixels}")
    without = scan(PixelSpacing=[0.3, 0.3])
    assert line((20, 20), (30, 20), scanned=without).quantity.value == pytest.approx(3.0, rel=1e-12)


def test_where_regions_overlap_that_of_high_priority_counts() -> None:
    beneath = region((0, 0, 299, 299), (CM, CM), (0.02, 0.02), RegionFlags=1)
    above = region((100, 100, 199, 199), (SECOND, VELOCITY), (0.01, -1.0), RegionFlags=0)
    both = scan(beneath, above)
    assert line((110, 110), (120, 110), scanned=both).quantity.unit == "cm/s"
    assert line((10, 110), (20, 110), scanned=both).quantity.value == pytest.approx(2.0)
    assert line((90, 110), (110, 110), scanned=both).quantity.value == pytest.approx(4.0)
    undecided = scan(region((0, 0, 299, 299), (CM, CM), (0.02, 0.02)), above)
    assert line((110, 110), (120, 110), scanned=undecided).quantity.unit == "{pixels}"
    flow = scan(region((0, 0, 299, 299), (CM, CM), (0.02, 0.02)), region((100, 100, 199, 199), (CM, CM), (0.02, 0.02)))
    assert line((110, 110), (120, 110), scanned=flow).quantity.value == pytest.approx(2.0)


def test_the_value_of_a_place_counts_from_the_reference_pixel_of_its_region() -> None:
    (doppler,) = ultrasound.regions(scan(DOPPLER).frame(1).ultrasound_regions)
    time, velocity = doppler.value_at((110.0, 230.0))
    # (column − left − reference) · delta + value at the reference
    assert time.value == pytest.approx((110 - 10 - 0) * 0.0045 + 0.0, rel=1e-9) and time.unit == "s"
    assert velocity.value == pytest.approx((230 - 200 - 60) * -1.37 + 2.5, rel=1e-9) and velocity.unit == "cm/s"
    (plane,) = ultrasound.regions(scan(PLANE).frame(1).ultrasound_regions)
    assert plane.value_at((110.0, 30.0)) == []  # nothing says where it begins


def test_an_area_needs_two_directions_of_length() -> None:
    plane, doppler = ultrasound.regions(scan(PLANE, DOPPLER).frame(1).ultrasound_regions)
    found = plane.area([(20, 30), (120, 30), (120, 80), (20, 80)])
    assert found is not None and found.unit == "mm2"
    assert found.value == pytest.approx(100 * 0.21 * 50 * 0.34, rel=1e-9)
    assert doppler.area([(20, 210), (120, 210), (120, 280)]) is None


def test_frames_may_have_regions_of_their_own() -> None:
    groups = []
    for delta in (0.02, 0.05):
        of_frame, item = Dataset(), Dataset()
        of_frame.SequenceOfUltrasoundRegions = [region((0, 0, 519, 299), (CM, CM), (delta, delta))]
        item.UnassignedPerFrameConvertedAttributesSequence = [of_frame]
        groups.append(item)
    record = scan(PLANE, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=groups)
    assert line((20, 30), (30, 30), scanned=record, frame=1).quantity.value == pytest.approx(2.0, rel=1e-9)
    assert line((20, 30), (30, 30), scanned=record, frame=2).quantity.value == pytest.approx(5.0, rel=1e-9)


def test_a_broken_region_holds_nothing_and_one_without_units_is_pixels() -> None:
    broken = region((100, 0, 10, 299), (CM, CM), (0.02, 0.02))
    lost = region((0, 0, 299, 299), (CM, CM), (0.02, 0.02))
    del lost.RegionLocationMaxX1
    assert line((20, 30), (30, 30), scanned=scan(broken, lost)).quantity.unit == "{pixels}"
    bar = region((0, 0, 299, 299), (NOTHING, NOTHING), (0.0, 0.0))
    found = line((20, 30), (30, 30), scanned=scan(bar))
    assert found.quantity.unit == "{pixels}" and found.words == "pixels: this ultrasound region has no unit"
    half = region((0, 0, 299, 299), (NOTHING, HERTZ), (0.0, -20.0))
    assert parts(line((20, 30), (30, 50), scanned=scan(half))) == {"Δf": (-400.0, "Hz")}


def test_nobody_calibrates_it_away_but_a_person() -> None:
    record = scan(PLANE)
    given = spacing.by_user(0.5, 0.5, "Ada", "2026-01-02")
    found = measure.length_in_image([(20, 30), (30, 30)], record, record.frame(1), given)
    assert found.quantity.value == pytest.approx(5.0) and found.words == "mm calibrated by Ada on 2026-01-02"

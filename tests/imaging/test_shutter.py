"""Shutters: each shape against its words in the standard, pixel by pixel; shades; whose shutter counts."""

import json
import time

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, metadata, slice_at
from tests.imaging.test_overlays import noise, with_overlay
from viewer.imaging import overlays, shutter
from viewer.imaging.record import instances

ROWS, COLUMNS = 9, 11
RECTANGLE = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 3, "ShutterRightVerticalEdge": 8,
             "ShutterUpperHorizontalEdge": 2, "ShutterLowerHorizontalEdge": 7}  # fmt: skip
CIRCLE = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [5, 6], "RadiusOfCircularShutter": 3}
# A triangle in (row, column); its right angle lies at row 2, column 2.
TRIANGLE = {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [2, 2, 8, 2, 2, 8]}


def image(**attributes: object) -> Dataset:
    return slice_at(0, 1, Rows=ROWS, Columns=COLUMNS, **attributes)


def seen(made: Dataset, number: int = 1, aspect: float = 1.0) -> set[tuple[int, int]]:
    """Return the pixels that aren't covered as (row, column), both counted from 1."""
    record = instance(made)
    found = shutter.shutter(record, number)
    hidden = found.covered(record, number, overlays.planes(record), aspect) if found else None
    shown = np.ones((ROWS, COLUMNS), bool) if hidden is None else ~hidden
    return {(int(row) + 1, int(column) + 1) for row, column in zip(*np.nonzero(shown), strict=True)}


def where(test: object) -> set[tuple[int, int]]:
    return {(row, column) for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1) if test(row, column)}  # type: ignore[operator]


def test_a_rectangle_is_seen_with_its_edges() -> None:
    assert seen(image(**RECTANGLE)) == where(lambda row, column: 2 <= row <= 7 and 3 <= column <= 8)


@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_a_circle_is_round_where_pixels_are_not_square(aspect: float) -> None:
    inside = where(lambda row, column: ((row - 5) * aspect) ** 2 + (column - 6) ** 2 <= 9)
    assert seen(image(**CIRCLE), aspect=aspect) == inside


def test_a_polygon_is_seen_with_its_edges() -> None:
    assert seen(image(**TRIANGLE)) == where(lambda row, column: row >= 2 and column >= 2 and row + column <= 10)


def test_of_several_shapes_what_lies_in_all_is_seen() -> None:
    both = image(**{**RECTANGLE, **CIRCLE, "ShutterShape": ["RECTANGULAR", "CIRCULAR"]})
    assert seen(both) == seen(image(**RECTANGLE)) & seen(image(**CIRCLE))


def test_a_bitmap_covers_its_ones() -> None:
    bits = noise(1, ROWS, COLUMNS)
    made = with_overlay(bits, group=0x6002)
    made.ShutterShape, made.ShutterOverlayGroup = "BITMAP", 0x6002
    assert seen(made) == where(lambda row, column: not bits[0, row - 1, column - 1])


def test_a_shape_without_its_numbers_is_none() -> None:
    half = {**RECTANGLE}
    del half["ShutterLeftVerticalEdge"]
    assert shutter.shutter(instance(image(**half)), 1) is None
    assert shutter.shutter(instance(image()), 1) is None


@pytest.mark.parametrize("far", [1 << 18, 2**31 - 1, -(2**31), 99999999999])
def test_a_corner_that_no_image_reaches_hides_nothing_and_keeps_nobody_waiting(far: int) -> None:
    listed = [
        ("00181620", [1, 1, far, 1, far, far, -far, 5], "POLYGONAL"),
        ("00181610", [far, 5], "CIRCULAR"),
    ]
    for tag, places, shape in listed:
        said = {
            "00181600": {"vr": "CS", "Value": [shape]}, tag: {"vr": "IS", "Value": places},
            "00181612": {"vr": "IS", "Value": [3]},
        }  # fmt: skip
        (record,) = instances(json.dumps([{**json.loads(metadata(image()))[0], **said}]).encode())
        began = time.process_time()
        found = shutter.shutter(record, 1)
        hidden = found.covered(record, 1, ()) if found else None
        assert hidden is None and time.process_time() - began < 1


def test_a_frame_has_its_own_shutter_before_that_of_all_before_the_images() -> None:
    def group(**attributes: object) -> Dataset:
        item, made = Dataset(), Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        made.FrameDisplayShutterSequence = [item]
        return made

    made = image(**TRIANGLE, NumberOfFrames=2)
    assert seen(made, 2) == seen(image(**TRIANGLE))
    made.SharedFunctionalGroupsSequence = [group(**CIRCLE)]
    assert seen(made, 2) == seen(image(**CIRCLE))
    made.PerFrameFunctionalGroupsSequence = [group(**RECTANGLE), group(**TRIANGLE)]
    assert (seen(made, 1), seen(made, 2)) == (seen(image(**RECTANGLE)), seen(image(**TRIANGLE)))


@pytest.mark.parametrize(
    ("attributes", "shade"),
    [
        ({}, (0, 0, 0)),
        ({"ShutterPresentationValue": 0xFFFF}, (255, 255, 255)),
        ({"ShutterPresentationValue": 0x80FF}, (128, 128, 128)),
        # D50 Lab of white, mid grey, and of sRGB's red, green and blue (B. Lindbloom's tables).
        *[
            ({"ShutterPresentationColorCIELabValue":
              [round(light / 100 * 65535), round((a + 128) * 257), round((b + 128) * 257)]}, shade)
            for (light, a, b), shade in (
                ((100, 0, 0), (255, 255, 255)), ((53.585, 0, 0), (128, 128, 128)),
                ((54.29, 80.80, 69.89), (255, 0, 0)), ((87.82, -79.27, 80.99), (0, 255, 0)),
                ((29.57, 68.30, -112.03), (0, 0, 255)),
            )
        ],
    ],
)  # fmt: skip
def test_the_shade_is_grey_or_a_colour(attributes: dict[str, object], shade: tuple[int, int, int]) -> None:
    found = shutter.shutter(instance(image(**RECTANGLE, **attributes)), 1)
    assert found is not None and np.abs(np.subtract(found.shade, shade)).max() <= 2

"""Frames of a projection share a calibration where they share the geometry, and only there."""

from typing import Any

import pytest

from tests.imaging.datasets import groups, instance, slice_at
from viewer.imaging import beam
from viewer.imaging.record import Instance

STORAGE = "1.2.840.10008.5.1.4.1.1."


def run(frames: int = 4, **attributes: Any) -> Instance:
    """Return an XA run without functional groups."""
    found = {"SOPClassUID": STORAGE + "12.1", "Modality": "XA", "NumberOfFrames": frames, "PixelSpacing": None}
    return instance(slice_at(0, 1, **(found | attributes)))


def enhanced(macro: str, keyword: str, *values: Any) -> Instance:
    """Return an enhanced XA image with one attribute of its own for each frame."""
    shared = groups(FramePixelDataPropertiesSequence={"ImagerPixelSpacing": [0.2, 0.2]})
    return run(
        len(values), SOPClassUID=STORAGE + "12.1.1", SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[groups(**{macro: {keyword: value}}) for value in values],
    )  # fmt: skip


def test_a_run_of_a_gantry_that_stands_still_has_one_geometry() -> None:
    for still in (
        run(),
        run(PositionerMotion="STATIC"),
        run(PositionerMotion="DYNAMIC", PositionerPrimaryAngleIncrement=[0] * 4),
    ):
        assert beam.sharing(still, 2) is None and beam.mark(still, 2) == ""
    many = run(100_000)
    assert beam.sharing(many, 99_999) is None


@pytest.mark.parametrize("keyword", beam.MOVING)
def test_frames_between_which_something_moves_are_told_apart(keyword: str) -> None:
    turning = run(PositionerMotion="DYNAMIC", **{keyword: [0, 5, 5, 10]})
    assert [beam.sharing(turning, number) for number in (1, 2, 3, 4)] == [(1,), (2, 3), (2, 3), (4,)]
    marks = [beam.mark(turning, number) for number in (1, 2, 3, 4)]
    assert marks[1] == marks[2] and len(set(marks)) == 3 and "" not in marks


def test_of_a_gantry_that_moves_and_doesn_t_say_how_each_frame_stands_alone() -> None:
    assert beam.sharing(run(PositionerMotion="DYNAMIC"), 3) == (3,)
    assert beam.sharing(run(1, PositionerMotion="DYNAMIC"), 1) is None


@pytest.mark.parametrize(
    ("macro", "keyword", "values"),
    [
        (
            "ProjectionPixelCalibrationSequence",
            "ObjectPixelSpacingInCenterOfBeam",
            ([0.15, 0.15], [0.15, 0.15], [0.1, 0.1]),
        ),
        ("XRayGeometrySequence", "DistanceSourceToDetector", (1000, 1000, 1200)),
        ("XRayGeometrySequence", "DistanceSourceToIsocenter", (700, 700, 720)),
        ("PositionerPositionSequence", "PositionerPrimaryAngle", (0, 0, 30)),
        ("TablePositionSequence", "TableTopVerticalPosition", (0, 0, 40)),
        ("FramePixelDataPropertiesSequence", "ImagerPixelSpacing", ([0.2, 0.2], [0.2, 0.2], [0.4, 0.4])),
    ],
)
def test_an_enhanced_image_may_have_several(macro: str, keyword: str, values: tuple[Any, ...]) -> None:
    found = enhanced(macro, keyword, *values)
    assert [beam.sharing(found, number) for number in (1, 2, 3)] == [(1, 2), (1, 2), (3,)]
    same = enhanced(macro, keyword, values[0], values[0])
    assert beam.sharing(same, 1) is None and beam.mark(same, 2) == ""


def test_a_table_that_is_shifted_along_itself_magnifies_nothing() -> None:
    assert beam.sharing(enhanced("TablePositionSequence", "TableTopLongitudinalPosition", 0, 100), 1) is None

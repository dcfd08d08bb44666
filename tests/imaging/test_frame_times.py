"""How fast a file wants its pictures shown: intervals written out by hand, against what is read."""

from itertools import pairwise
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import axial, metadata, slice_at
from viewer.imaging.record import instances
from viewer.imaging.stack import Stack, stacks

US_MULTI = "1.2.840.10008.5.1.4.1.1.3.1"
US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"


def clip(frames: int = 5, *, number: int = 1, **attributes: Any) -> Dataset:
    """Return an ultrasound clip of which only `attributes` say how fast it is."""
    dataset = slice_at(0, number, Modality="US", SOPClassUID=US_MULTI, NumberOfFrames=frames, copy=number)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept"):
        delattr(dataset, keyword)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def only(*datasets: Dataset) -> Stack:
    (found,) = stacks(instances(metadata(*datasets)))
    return found


def said(**attributes: Any) -> tuple[float | None, str]:
    """Return rate and basis of a clip."""
    found = only(clip(**attributes)).cine
    assert found is not None
    return found.rate, found.basis


def test_a_vector_says_how_long_each_picture_stands() -> None:
    found = only(clip(FrameTimeVector=[0, 20, 40, 60, 80])).cine
    assert found is not None and found.basis == "FrameTimeVector"
    # The last stands for the mean of the others, since the vector says nothing of it.
    assert list(found.intervals or ()) == [20, 40, 60, 80, 50]
    assert found.rate == 20


def test_a_vector_of_equal_steps_is_a_rate() -> None:
    found = only(clip(FrameTimeVector=[0, 40, 40, 40, 40])).cine
    assert found is not None and found.intervals is None and found.rate == 25


@pytest.mark.parametrize("vector", [[0, 20, 40], [0, 20, 40, 60, 80, 100], [0, 20, 0, 40, 60], [0, 20, -40, 60, 80]])
def test_a_vector_that_doesnt_fit_is_said_and_left(vector: list[float]) -> None:
    found = only(clip(FrameTimeVector=vector, FrameTime=40))
    assert found.cine is not None and (found.cine.rate, found.cine.basis) == (25, "FrameTime")
    assert "FrameTimeVector doesn't fit the frames" in found.words


def test_which_attribute_is_believed() -> None:
    every = {"FrameTime": 20, "CineRate": 12, "RecommendedDisplayFrameRate": 15, "ActualFrameDuration": 10}
    assert said(**every) == (15, "RecommendedDisplayFrameRate")
    assert said(**every, FrameTimeVector=[0, 50, 50, 50, 50]) == (20, "FrameTimeVector")
    assert said(FrameTime=20, CineRate=12, ActualFrameDuration=10) == (50, "FrameTime")
    assert said(CineRate=12, ActualFrameDuration=10) == (12, "CineRate")
    assert said(ActualFrameDuration=125) == (8, "ActualFrameDuration")
    assert said() == (None, "")
    # 33 of 33.333 is the same, less exactly.
    assert said(FrameTime=30, RecommendedDisplayFrameRate=33) == (33.333, "FrameTime")


@pytest.mark.parametrize("absurd", [0, -33, 1e-9, 1e9])
def test_an_absurd_value_leaves_it_to_the_next(absurd: float) -> None:
    assert said(FrameTime=absurd, CineRate=12) == (12, "CineRate")
    assert said(RecommendedDisplayFrameRate=0, CineRate=0, ActualFrameDuration=absurd) == (None, "")


def test_the_files_trim_and_way() -> None:
    found = only(clip(10, FrameTime=40, StartTrim=3, StopTrim=8, PreferredPlaybackSequencing=1)).cine
    assert found is not None and (found.first, found.last, found.sweep) == (2, 7, True)
    for start, stop in ((8, 3), (0, 10), (4, 4), (-1, 99)):
        found = only(clip(10, FrameTime=40, StartTrim=start, StopTrim=stop, PreferredPlaybackSequencing=0)).cine
        assert found is not None and (found.first, found.last, found.sweep) == (0, 9, False), (start, stop)


def test_a_frame_display_sequence_says_it_for_xa() -> None:
    item = Dataset()
    item.StartTrim, item.StopTrim, item.SkipFrameRangeFlag = 2, 4, "DISPLAY"
    item.RecommendedDisplayFrameRateInFloat = 7.5
    skipped = Dataset()
    skipped.StartTrim, skipped.StopTrim, skipped.SkipFrameRangeFlag = 5, 5, "SKIP"
    found = only(clip(FrameTime=40, FrameDisplaySequence=[item, skipped])).cine
    assert found is not None and (found.rate, found.first, found.last) == (7.5, 1, 3)


def test_single_images_that_follow_each_other_closely_are_a_clip() -> None:
    def run(seconds: list[str]) -> Stack:
        return only(*(
            clip(1, number=at, SOPClassUID=US_IMAGE, AcquisitionDate="20240101", AcquisitionTime=f"1200{each}")
            for at, each in enumerate(seconds, 1)
        ))  # fmt: skip

    found = run(["00.00", "00.10", "00.30", "00.40"]).cine
    assert found is not None and found.basis == "AcquisitionTime"
    assert found.intervals == pytest.approx((100, 200, 100, 400 / 3), abs=0.01)
    assert run(["00", "20", "40"]).cine is None, "stills"
    assert run(["00", "00", "00"]).cine is None


@pytest.mark.parametrize("zone", ["+9900", "-2400", "+0060", "+9999"])
def test_a_time_zone_that_nowhere_has_leaves_the_pictures_shown(zone: str) -> None:
    times = [f"2024010112000{at}{zone}" for at in range(3)]
    found = only(*(clip(1, number=at, AcquisitionDateTime=time) for at, time in enumerate(times, 1)))
    assert len(found.shown) == 3


def test_ultrasound_comes_by_acquisition_time_then_number() -> None:
    listed = [(3, "120000"), (1, "120200"), (4, "120000"), (2, "120100")]
    stills = [clip(1, number=n, SOPClassUID=US_IMAGE, AcquisitionDate="20240101", AcquisitionTime=t) for n, t in listed]
    assert [entry.InstanceNumber for entry in only(*stills).shown] == [3, 4, 2, 1]
    clips = [clip(3, number=n, AcquisitionDate="20240101", AcquisitionTime=t, FrameTime=40) for n, t in listed]
    found = stacks(instances(metadata(*clips)))
    assert [stack.shown[0].InstanceNumber for stack in found] == [3, 4, 2, 1]
    assert all(after.frame == before.frame + 1 for stack in found for before, after in pairwise(stack.shown))
    del clips[0].AcquisitionTime, stills[0].AcquisitionTime
    assert [stack.shown[0].InstanceNumber for stack in stacks(instances(metadata(*clips)))] == [1, 2, 3, 4]
    assert [entry.InstanceNumber for entry in only(*stills).shown] == [1, 2, 3, 4], "times that not all have are none"


def test_a_ct_is_no_clip() -> None:
    assert only(*axial(8, AcquisitionDate="20240101", AcquisitionTime="120000")).cine is None

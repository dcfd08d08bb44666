"""Long images: the frames that only their numbers tell apart are one run, and every entry is there all the same."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import slice_at
from tests.imaging.test_stack import enhanced, made
from viewer.imaging.entries import Entries


def declaring(frames: int, **attributes: Any) -> Dataset:
    """Return an image of so many frames of which nothing is said one by one."""
    return slice_at(0, 7, NumberOfFrames=frames, ImagePositionPatient=None, **attributes)


@pytest.mark.parametrize("modality", ["US", "CT", "OT"])
def test_frames_that_only_their_numbers_tell_apart_are_one_run(modality: str) -> None:
    (long,) = made(declaring(99_999, Modality=modality, FrameTime=40.0))
    (short,) = made(declaring(9, Modality=modality, FrameTime=40.0))
    assert isinstance(long.entries, Entries) and len(long.entries.parts) == 1
    assert len(long.entries) == 99_999 and not long.missing and long.total_known
    assert list(long.entries[:9]) == list(short.entries)
    assert long.entries[-1] == long.shown[99_998] and long.entries[-1].frame == 99_999
    assert [each.frame for each in long.entries] == list(range(1, 100_000))
    assert long.images == short.images and (long.title, long.notes) == (short.title, short.notes)
    assert long.cine is not None and short.cine is not None
    assert (long.cine.rate, long.cine.first, long.cine.last) == (short.cine.rate, 0, 99_998)
    with pytest.raises(IndexError):
        long.entries[99_999]


def test_a_run_follows_the_frames_that_are_told_apart() -> None:
    image = enhanced([3.0, 1.0, 2.0, 0.0])
    image.NumberOfFrames = 4 + 2000
    spatial, rest = made(image)
    assert [each.frame for each in spatial.shown] == [1, 3, 2, 4]
    assert [each.frame for each in rest.shown] == list(range(5, 2005))


def test_trims_and_times_hold_inside_a_run() -> None:
    (stack,) = made(declaring(3000, Modality="US", FrameTime=40.0, StartTrim=11, StopTrim=2990))
    assert stack.cine is not None and (stack.cine.first, stack.cine.last) == (10, 2989)
    vector = [0.0, *[20.0 + at % 2 for at in range(2999)]]
    (stack,) = made(declaring(3000, Modality="US", FrameTimeVector=vector))
    assert stack.cine is not None and stack.cine.intervals is not None
    assert len(stack.cine.intervals) == 3000 and stack.cine.intervals[:3] == (20.0, 21.0, 20.0)

"""One image in several instances: put together again, and what is said of a part that is absent."""

from typing import Any

from pydicom.dataset import Dataset

from tests.imaging.datasets import metadata
from tests.imaging.multiframe import at, enhanced
from viewer.imaging.entries import Missing
from viewer.imaging.record import instances
from viewer.imaging.stack import Stack, stacks

COUNT, EACH = 12, 4


def part(number: int, *, placed: bool = True, total: int | None = 3, phases: int = 1) -> Dataset:
    """Return part `number` (from 1) of an image of twelve frames."""
    frames: list[dict[str, Any]] = []
    for at_ in range((number - 1) * EACH, number * EACH):
        slice_, phase = divmod(at_, phases)
        said: dict[str, Any] = {"TemporalPositionIndex": phase + 1} if phases > 1 else {}
        frames.append(said | ({"ImagePositionPatient": at(2.0 * slice_)} if placed else {}))
    dataset = enhanced(frames, SOPInstanceUID=f"1.2.9.{number}", InstanceNumber=10 - number)
    dataset.ConcatenationUID = "1.2.9"
    dataset.InConcatenationNumber = number
    if total:
        dataset.InConcatenationTotalNumber = total
    dataset.ConcatenationFrameOffsetNumber = (number - 1) * EACH
    return dataset


def made(*datasets: Dataset, expected: int | None = None) -> list[Stack]:
    return stacks(instances(metadata(*datasets)), expected=expected or len(datasets))


def told(stack: Stack) -> list[tuple[str, int] | None]:
    return [None if isinstance(entry, Missing) else (entry.SOPInstanceUID, entry.frame) for entry in stack.entries]


def whole() -> list[tuple[str, int] | None]:
    return [(f"1.2.9.{number}", frame) for number in (1, 2, 3) for frame in range(1, EACH + 1)]


def test_parts_are_one_stack_in_whatever_order_they_come() -> None:
    (stack,) = made(part(3), part(1), part(2))
    assert told(stack) == whole()[::-1]
    assert stack.total_known and stack.words == ""
    (stack,) = made(part(2, placed=False), part(3, placed=False), part(1, placed=False))
    assert told(stack) == whole()
    assert stack.total_known and stack.words == ""


def test_an_absent_part_is_a_gap_that_is_said() -> None:
    gap: list[tuple[str, int] | None] = [None] * EACH
    (stack,) = made(part(1), part(3), expected=3)
    assert told(stack) == (whole()[:4] + gap + whole()[8:])[::-1]
    assert "part 2 of 3 of the image wasn't received: 4 frames missing" in stack.words
    (stack,) = made(part(3, placed=False), part(1, placed=False))
    assert told(stack) == whole()[:4] + gap + whole()[8:]
    assert "part 2 of 3" in stack.words
    (stack,) = made(part(2, placed=False), part(3, placed=False))
    assert told(stack) == gap + whole()[4:]


def test_of_a_last_part_that_is_absent_nobody_knows_how_many_frames_it_had() -> None:
    (stack,) = made(part(1), part(2))
    assert "part 3 of 3 of the image wasn't received" in stack.words and "frames missing" not in stack.words
    assert not stack.total_known and len(stack.shown) == 8


def test_a_part_of_one_frame_is_no_image_of_its_own() -> None:
    single = [part(1, placed=False), part(2, placed=False)]
    last = enhanced([{}], SOPInstanceUID="1.2.9.3", InstanceNumber=77)
    last.ConcatenationUID, last.InConcatenationNumber = "1.2.9", 3
    last.ConcatenationFrameOffsetNumber = 8
    (stack,) = made(*single, last)
    assert told(stack) == whole()[:9] and not stack.missing


def test_time_points_that_are_spread_over_parts_come_together() -> None:
    built = made(*(part(number, phases=3) for number in (2, 3, 1)))
    assert [len(stack.shown) for stack in built] == [4, 4, 4]
    assert [stack.coordinates[0].index for stack in built] == [0, 1, 2]
    assert all(not stack.missing for stack in built)

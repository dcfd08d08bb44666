"""Stacks: order in space, holes at their place, and what is said when the total can't be known."""

import itertools
import random
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.imaging.datasets import axial, metadata, slice_at
from viewer.imaging.geometry import PLANES
from viewer.imaging.record import instances
from viewer.imaging.stack import Missing, Shown, Stack, stacks

ORIENTATIONS = {
    "axial": [1, 0, 0, 0, 1, 0],
    "axial from above": [-1, 0, 0, 0, 1, 0],
    "sagittal": [0, 1, 0, 0, 0, -1],
    "coronal": [1, 0, 0, 0, 0, -1],
    "oblique": [0.8, 0.6, 0, 0, 0, -1],
    "tilted": [1, 0, 0, 0, 0.970295726276, -0.2419218955997],
}


def made(*datasets: Dataset, expected: int | None = None) -> list[Stack]:
    return stacks(instances(metadata(*datasets)), expected=expected)


def places(stack: Stack) -> list[float | None]:
    """Return mm of each entry, None for a hole."""
    return [entry.location if isinstance(entry, Shown) else None for entry in stack.entries]


def numbers(stack: Stack) -> list[int | None]:
    return [entry.InstanceNumber if isinstance(entry, Shown) else entry.instance_number for entry in stack.entries]


def test_an_axial_stack_begins_at_the_head_whatever_the_order_of_the_list() -> None:
    slices = list(axial(5))
    random.Random(1).shuffle(slices)
    (stack,) = made(*slices, expected=5)
    assert places(stack) == [8, 6, 4, 2, 0]
    assert numbers(stack) == [5, 4, 3, 2, 1]
    assert (stack.spatial, stack.regular, stack.total_known, stack.words) == (True, True, True, "")
    assert stack.spacing_mm == pytest.approx(2)


@pytest.mark.parametrize(("name", "axis", "first"), [("sagittal", 0, -1), ("coronal", 1, -1), ("axial", 2, 1)])
def test_a_stack_begins_right_in_front_or_at_the_head(name: str, axis: int, first: int) -> None:
    slices = []
    for at in range(4):
        position = [-25.0, -25.0, -25.0]
        position[axis] = 3.0 * at
        slices.append(slice_at(at, at + 1, ImageOrientationPatient=ORIENTATIONS[name], ImagePositionPatient=position))
    (stack,) = made(*slices)
    shown = [entry.location for entry in stack.shown]
    assert shown == ([9, 6, 3, 0] if first > 0 else [0, 3, 6, 9])
    assert PLANES[axis] == name


class Case:
    """A random series of which some slices never came, and what can be known of it."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.count = chance.randint(6, 40)
        self.step = chance.choice([0.625, 1, 1.33, 2.5, 5, 7.5])
        self.cosines = ORIENTATIONS[chance.choice(list(ORIENTATIONS))]
        self.evidence = chance.choice(["numbers", "declared", "steps"])
        self.rising = chance.choice([True, False])
        self.counted = chance.choice([True, False])
        self.dropped = self.drop(chance)
        self.kept = [at for at in range(self.count) if at not in self.dropped]
        self.order = chance.sample(self.kept, len(self.kept))
        self.noise = [chance.uniform(-0.02, 0.02) * self.step for _ in range(self.count)]

    def drop(self, chance: random.Random) -> set[int]:
        pattern = chance.choice(["interior", "interior", "second", "start", "end", "both ends", "mixed"])
        if pattern == "second" and self.evidence == "steps":
            pattern = "interior"
        ends = chance.randint(1, 3)
        dropped: set[int] = set()
        if pattern in ("interior", "mixed"):
            dropped |= set(chance.sample(range(1, self.count - 1), chance.randint(1, (self.count - 2) // 2)))
        if pattern == "second":
            dropped |= set(range(1, self.count, 2))
        if pattern in ("start", "both ends", "mixed"):
            dropped |= set(range(ends))
        if pattern in ("end", "both ends", "mixed"):
            dropped |= set(range(self.count - ends, self.count))
        kept = [at for at in range(self.count) if at not in dropped]
        neighbours = any(after - before == 1 for before, after in itertools.pairwise(kept))
        # Without numbers or a declared spacing, one pair of true neighbours is what betrays the others.
        return dropped if len(kept) > 2 and (neighbours or self.evidence != "steps") else {1}

    def number(self, at: int) -> int | None:
        if self.evidence != "numbers":
            return None
        return at + 1 if self.rising else self.count - at

    def datasets(self) -> list[Dataset]:
        normal = np.cross(self.cosines[:3], self.cosines[3:])
        made = []
        for at in self.order:
            position = (np.array([-30.0, 12.0, 140.0]) + normal * (at * self.step + self.noise[at])).tolist()
            more: dict[str, Any] = {"SpacingBetweenSlices": self.step} if self.evidence == "declared" else {}
            slice_ = slice_at(
                at, self.number(at), ImageOrientationPatient=self.cosines, ImagePositionPatient=position, **more
            )
            made.append(slice_)
        return made

    @property
    def knowable(self) -> range:
        """The slices whose place can be known: between those that came, and at ends that something betrays."""
        low, high = min(self.kept), max(self.kept)
        if self.evidence == "numbers":
            if self.rising or self.counted:
                low = 0
            if not self.rising or self.counted:
                high = self.count - 1
        return range(low, high + 1)


@pytest.mark.parametrize("seed", range(200))
def test_missing_slices_stand_at_their_place_and_move_no_other(seed: int) -> None:
    case = Case(seed)
    (stack,) = made(*case.datasets(), expected=case.count if case.counted else None)
    truth = list(case.knowable)
    uids = {str(dataset.SOPInstanceUID): at for dataset, at in zip(case.datasets(), case.order, strict=True)}
    found = [uids[entry.SOPInstanceUID] if isinstance(entry, Shown) else None for entry in stack.entries]
    came = [at for at in found if at is not None]
    if came[0] > came[-1]:
        truth.reverse()
    assert found == [at if at in case.kept else None for at in truth]
    away = stack.entries[found.index(came[0])].location or 0.0
    sign = 1 if (stack.shown[-1].location or 0.0) > away else -1
    for at, entry in zip(truth, stack.entries, strict=True):
        wanted = away + sign * abs(at - came[0]) * case.step * (1 if (at > came[0]) == (came[-1] > came[0]) else -1)
        assert entry.location == pytest.approx(wanted, abs=0.3 * case.step)
        if isinstance(entry, Missing) and entry.instance_number is not None:
            assert entry.instance_number == case.number(at)
        if isinstance(entry, Missing) and case.evidence == "numbers":
            assert entry.instance_number is not None
    lost = case.count - len(truth)
    assert stack.total_known == (case.counted and lost == 0)
    assert stack.total_known or "total unknown" in stack.words or "at an unknown place" in stack.words


def test_every_second_slice_is_missed_by_the_numbers_or_by_the_declared_spacing() -> None:
    second = list(axial(10))[::2]
    (stack,) = made(*second, expected=10)
    assert places(stack) == [None, 16, None, 12, None, 8, None, 4, None, 0]
    assert numbers(stack) == list(range(10, 0, -1))
    unnumbered = list(axial(9, SpacingBetweenSlices=2, InstanceNumber=None))[::2]
    (stack,) = made(*unnumbered)
    assert places(stack) == [16, None, 12, None, 8, None, 4, None, 0]
    assert stack.words == "5 received, total unknown; 4 missing"


def test_without_any_evidence_the_total_is_unknown() -> None:
    (stack,) = made(*axial(5, InstanceNumber=None))
    assert not stack.total_known
    assert stack.words == "5 received, total unknown"


def test_two_interleaved_echoes_are_two_stacks_without_holes() -> None:
    slices = [slice_at(at // 2 * 2.0, at + 1, copy=at % 2, EchoTime=[20, 80][at % 2]) for at in range(12)]
    first, second = made(*slices, expected=12)
    assert (first.title, second.title) == ("TE 20 ms", "TE 80 ms")
    assert not first.missing and not second.missing
    assert first.total_known and len(first.entries) == len(second.entries) == 6


def test_a_slice_that_one_phase_lost_is_known_from_the_other_phases() -> None:
    slices = [
        slice_at(at * 2.0, phase * 5 + at + 1, copy=phase, TemporalPositionIdentifier=phase + 1)
        for phase in range(3)
        for at in range(5)
        if (phase, at) not in ((1, 0), (2, 4))
    ]
    first, second, third = made(*slices)
    assert places(first) == [8, 6, 4, 2, 0]
    assert places(second) == [8, 6, 4, 2, None]
    assert places(third) == [None, 6, 4, 2, 0]
    assert numbers(second)[-1] == 6


def test_images_at_one_position_that_nothing_tells_apart_are_all_shown() -> None:
    (stack,) = made(*axial(4), slice_at(2.0, 9, copy=1), expected=5)
    assert places(stack) == [6, 4, 2, 2, 0]
    assert not stack.regular
    assert "1 images share a position with another" in stack.words


def test_a_key_that_leaves_two_images_at_one_position_tells_nothing_apart() -> None:
    slices = [
        slice_at(at * 2.0, at * 3 + copy + 1, copy=copy, AcquisitionNumber=acquisition)
        for at in range(4)
        for copy, acquisition in enumerate((1, 1, 2) if at == 0 else (1, 2, 3))
    ]
    (stack,) = made(*slices, expected=12)
    assert len(stack.shown) == 12


def test_an_instance_listed_twice_is_shown_once() -> None:
    slices = list(axial(3))
    (stack,) = made(*slices, slices[0])
    assert places(stack) == [4, 2, 0]
    assert "1 listed twice" in stack.words


def test_a_localiser_in_the_series_is_a_stack_of_its_own() -> None:
    localiser = slice_at(
        0, 1, copy=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
        Rows=128, ImagePositionPatient=[-25, 0, 60],
    )  # fmt: skip
    slices = [slice_at(at * 2.0, at + 2) for at in range(5)]
    scout, stack = made(localiser, *slices, expected=6)
    assert [scout.title.split(", ")[:2], stack.title.split(", ")[:2]] == [["coronal", "localiser"], ["axial", "axial"]]
    assert not stack.missing and stack.total_known and scout.total_known


def test_two_kernels_are_two_stacks() -> None:
    slices = [
        slice_at(at * 2.0, at + 1 + 5 * k, copy=k, ConvolutionKernel=f"B{k}0f") for k in (0, 1) for at in range(5)
    ]
    first, second = made(*slices, expected=10)
    assert (first.title, second.title) == ("B00f", "B10f")
    assert first.key != second.key


def test_thicker_steps_that_are_no_multiple_are_called_a_gap_and_filled_with_nothing() -> None:
    slices = [slice_at(z, None) for z in (0, 5, 10, 15, 27.5, 32.5)]
    (stack,) = made(*slices)
    assert not stack.missing and not stack.regular
    assert "gap of 12.5 mm at 15.0 mm" in stack.words


def test_a_tilted_gantry_is_named_with_its_angle() -> None:
    slices = [
        slice_at(at, at + 1, ImageOrientationPatient=ORIENTATIONS["tilted"], ImagePositionPatient=[0, 0, 5.0 * at])
        for at in range(4)
    ]
    (stack,) = made(*slices, expected=4)
    assert stack.tilt_degrees == pytest.approx(14.0, abs=0.01)
    assert stack.spacing_mm == pytest.approx(5 * 0.9703, abs=1e-3)
    assert stack.words == "gantry tilt 14.0°"


def test_images_without_position_follow_their_numbers_and_miss_what_the_numbers_miss() -> None:
    slices = [slice_at(at, at, ImagePositionPatient=None) for at in (5, 1, 2, 6, 3)]
    (stack,) = made(*slices, expected=8)
    assert not stack.spatial
    assert numbers(stack) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [isinstance(entry, Missing) for entry in stack.entries] == [
        False,
        False,
        False,
        True,
        False,
        False,
        True,
        True,
    ]


def test_radiographs_of_two_sizes_are_two_stacks_and_miss_nothing() -> None:
    views = [
        slice_at(
            at, at + 2, Modality="CR", SOPClassUID="1.2.840.10008.5.1.4.1.1.1", ImagePositionPatient=None, Rows=64 + at
        )
        for at in range(2)
    ]
    first, second = made(*views, expected=2)
    assert len(first.entries) == len(second.entries) == 1
    assert (first.title, second.title) == ("64×64", "64×65")
    assert first.total_known


def enhanced(positions: list[float], **attributes: Any) -> Dataset:
    """Return an enhanced CT whose frames lie at `positions`."""
    dataset = slice_at(0, 1, SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", ImagePositionPatient=None, **attributes)
    dataset.NumberOfFrames = len(positions)
    dataset.PerFrameFunctionalGroupsSequence = Sequence()
    for at, z in enumerate(positions, 1):
        content, place = Dataset(), Dataset()
        content.DimensionIndexValues = [1, at]
        content.TemporalPositionIndex = at
        place.ImagePositionPatient = [0, 0, z]
        group = Dataset()
        group.FrameContentSequence = [content]
        group.PlanePositionSequence = [place]
        dataset.PerFrameFunctionalGroupsSequence.append(group)
    return dataset


def test_enhanced_frames_are_sorted_in_space_and_know_their_total() -> None:
    (stack,) = made(enhanced([4, 0, 8, 2]))
    assert places(stack) == [8, None, 4, 2, 0]
    assert [entry.frame for entry in stack.shown] == [3, 1, 4, 2]
    assert stack.total_known


def test_frames_of_one_place_follow_each_other_in_time() -> None:
    (stack,) = made(enhanced([0, 0, 0]))
    assert not stack.spatial
    assert [entry.frame for entry in stack.shown] == [1, 2, 3]
    assert stack.total_known


def test_what_is_not_viewable_is_left_out_of_every_stack() -> None:
    report = slice_at(0, 9, copy=1, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    (stack,) = made(report, *axial(3), expected=4)
    assert len(stack.entries) == 3
    assert {entry.instance_index for entry in stack.shown} == {1, 2, 3}
    assert stack.total_known


def test_keys_stay_when_late_slices_arrive() -> None:
    slices = list(axial(6))
    assert made(*slices[:3])[0].key == made(*slices)[0].key


ANNA: dict[str, Any] = {"PatientID": "P1", "PatientName": "Berg^Anna", "PatientBirthDate": "19700102"}


@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "P2"},
        {"PatientID": ""},
        {"IssuerOfPatientID": "elsewhere"},
        {"PatientName": "Falk^Bo", "PatientBirthDate": "19610101"},
    ],
)
def test_two_patients_in_one_series_never_share_a_stack(other: dict[str, Any]) -> None:
    slices = [slice_at(at * 2.0, at + 1, **{**ANNA, **({} if at % 2 else other)}) for at in range(8)]
    built = made(*slices, expected=8)
    assert sorted(stack.title for stack in built) == ["patient 1 of 2", "patient 2 of 2"]
    assert {frozenset(entry.instance_index % 2 for entry in stack.shown) for stack in built} == {
        frozenset({0}), frozenset({1}),
    }  # fmt: skip
    assert {stack.notes[0] for stack in built} == {"two patients in one series"}
    assert len({stack.key for stack in built}) == 2
    assert "Berg" not in repr([(stack.title, stack.words) for stack in built])
    again = made(*reversed(slices), expected=8)
    assert {stack.key: stack.title for stack in again} == {stack.key: stack.title for stack in built}


@pytest.mark.parametrize(
    "other", [{"PatientName": "BERG^ANNA "}, {"PatientName": "Falk^Anna"}, {"PatientBirthDate": "19700201"},
              {"PatientName": "", "PatientBirthDate": ""}],
)  # fmt: skip
def test_one_patient_under_one_id_stays_in_one_stack(other: dict[str, Any]) -> None:
    (stack,) = made(*(slice_at(at * 2.0, at + 1, **{**ANNA, **({} if at % 2 else other)}) for at in range(8)))
    assert stack.title == ""
    assert "patients" not in stack.words


def test_who_can_be_either_of_two_is_put_with_neither() -> None:
    bo = {"PatientName": "Falk^Bo", "PatientBirthDate": "19610101"}
    unknown = {"PatientName": "", "PatientBirthDate": ""}
    slices = [slice_at(at * 2.0, at + 1, **{**ANNA, **({}, bo, unknown)[at % 3]}) for at in range(9)]
    built = made(*slices)
    assert [len(stack.shown) for stack in built] == [3, 3, 3]
    assert {stack.notes[0] for stack in built} == {"3 patients in one series"}

"""Frames of nuclear medicine and gated PET in the stacks that their vectors say, slices in their place."""

from itertools import product

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from tests.imaging.datasets import axial, metadata
from tests.unpacked_data import test_data
from viewer.imaging.entries import Stack
from viewer.imaging.record import instances
from viewer.imaging.stack import stacks

NM, PET = "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.128"
TAGS = {
    "EnergyWindowVector": 0x00540010, "DetectorVector": 0x00540020, "RotationVector": 0x00540050,
    "TimeSlotVector": 0x00540070, "SliceVector": 0x00540080, "AngularViewVector": 0x00540090,
}  # fmt: skip


def image(**vectors: list[int]) -> Dataset:
    """Return the header of an NM multi-frame image with these vectors."""
    dataset = next(axial(1))
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "SliceThickness"):
        dataset.pop(keyword, None)
    dataset.SOPClassUID, dataset.Modality = NM, "NM"
    dataset.NumberOfFrames = len(next(iter(vectors.values())))
    dataset.FrameIncrementPointer = [TAGS[keyword] for keyword in vectors]
    for keyword, values in vectors.items():
        setattr(dataset, keyword, values)
    return dataset


def built(*datasets: Dataset) -> list[Stack]:
    return stacks(instances(metadata(*datasets)), expected=len(datasets))


def frames(stack: Stack) -> list[int]:
    return [entry.frame for entry in stack.shown]


def test_energy_windows_and_detectors_are_stacks_in_the_order_of_their_views() -> None:
    # Views come in the order 3, 1, 2.
    kinds = [(energy, detector, view) for energy, detector, view in product((1, 2), (1, 2), (3, 1, 2))]
    dataset = image(
        EnergyWindowVector=[kind[0] for kind in kinds],
        DetectorVector=[kind[1] for kind in kinds],
        AngularViewVector=[kind[2] for kind in kinds],
    )
    names = []
    for name in ("Tc-99m", "Scatter"):
        window = Dataset()
        window.EnergyWindowName = name
        names.append(window)
    dataset.EnergyWindowInformationSequence = Items(names)
    found = built(dataset)
    assert [frames(stack) for stack in found] == [[2, 3, 1], [5, 6, 4], [8, 9, 7], [11, 12, 10]]
    assert [stack.title for stack in found] == [
        "energy window 1 (Tc-99m), detector 1", "energy window 1 (Tc-99m), detector 2",
        "energy window 2 (Scatter), detector 1", "energy window 2 (Scatter), detector 2",
    ]  # fmt: skip


def test_a_gated_picture_is_scrolled_through_its_time_slots() -> None:
    (stack,) = built(image(DetectorVector=[1, 1, 1], TimeSlotVector=[2, 3, 1]))
    assert frames(stack) == [3, 1, 2]


@pytest.mark.parametrize(("spacing", "places"), [(5.0, [10.0, 15.0, 20.0]), (-5.0, [0.0, 5.0, 10.0])])
def test_reconstructed_slices_stand_behind_the_first_one_or_before_it(spacing: float, places: list[float]) -> None:
    dataset = image(TimeSlotVector=[1, 1, 1, 2, 2, 2], SliceVector=[1, 2, 3, 1, 2, 3])
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-50, -60, 10], [1, 0, 0, 0, 1, 0]
    dataset.DetectorInformationSequence = Items([detector])
    dataset.SpacingBetweenSlices = str(spacing)
    found = built(dataset)
    assert [stack.title for stack in found] == ["time slot 1", "time slot 2"]
    for stack in found:
        assert stack.spatial and stack.regular and stack.spacing_mm == 5.0
        assert sorted(entry.location or 0.0 for entry in stack.shown) == places
    first = next(entry for entry in found[0].shown if entry.frame == 1)
    assert first.location == 10.0


def test_without_a_place_slices_are_in_the_order_of_their_vector() -> None:
    (stack,) = built(image(SliceVector=[3, 2, 1]))
    assert frames(stack) == [3, 2, 1] and not stack.spatial


def test_a_vector_of_another_length_says_nothing() -> None:
    dataset = image(SliceVector=[1, 2, 3])
    dataset.DetectorVector = [1, 2]
    dataset.FrameIncrementPointer = [TAGS["DetectorVector"], TAGS["SliceVector"]]
    (record,) = instances(metadata(dataset))
    assert list(record.vectors) == ["slice"]
    assert any("DetectorVector" in fault for fault in record.faults)


def test_a_gated_pet_is_apart_by_its_time_slots() -> None:
    slices = []
    for slot, dataset in ((slot, each) for slot in range(4) for each in axial(5)):
        place = round(float(dataset.ImagePositionPatient[2]) / 2)
        dataset.SOPClassUID, dataset.Modality = PET, "PT"
        dataset.SOPInstanceUID = f"1.2.{slot + 1}.{place + 1}"
        dataset.SeriesType, dataset.NumberOfSlices, dataset.NumberOfTimeSlots = ["GATED", "IMAGE"], 5, 4
        dataset.ImageIndex = slot * 5 + int(dataset.InstanceNumber)
        dataset.InstanceNumber = dataset.ImageIndex
        slices.append(dataset)
    found = built(*slices)
    assert [stack.title for stack in found] == [f"time slot {slot}" for slot in (1, 2, 3, 4)]
    assert all(len(stack.shown) == 5 for stack in found)


def test_a_real_heart_is_one_stack_of_thirteen_slices() -> None:
    (stack,) = built(pydicom.dcmread(test_data() / "nm/nm-heart-13f.dcm", stop_before_pixels=True))
    assert frames(stack) == list(range(1, 14))

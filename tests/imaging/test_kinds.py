"""Every object has a kind in words; only pictures that we can draw are viewable."""

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID_dictionary

from tests.imaging.datasets import instance, slice_at
from viewer.imaging.kinds import STORAGE, carries_text, kind
from viewer.imaging.record import Instance
from viewer.imaging.stack import stacks


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("66.4", "segmentation"), ("9.1.1", "ECG"), ("104.1", "PDF document"),
        ("88.22", "structured report"), ("11.1", "presentation state"),
        ("481.3", "radiotherapy structures"),
        ("77.1.5.8", "ophthalmic image"), ("77.1.4.1", "video"),
        ("9.7.1", "waveform"), ("88.59", "key images"),
    ],
)  # fmt: skip
def test_what_is_not_shown_yet_is_named(suffix: str, words: str) -> None:
    found = kind(instance(slice_at(0, 1, SOPClassUID=STORAGE + suffix)))
    assert (found.viewable, found.words) == (False, words)


@pytest.mark.parametrize(
    "suffix",
    [
        "1.2", "1.2.1", "1.3.1", "13.1.3",
        "1", "1.1", "1.3", "2", "2.1", "3.1", "4", "4.1", "6.1", "7", "7.2", "7.4", "12.1", "12.2",
        "77.1.1", "77.1.2", "77.1.3", "77.1.4", "77.1.5.1", "77.1.5.2", "77.1.5.4", "77.1.7",
    ],
)  # fmt: skip
def test_the_kinds_of_this_product_are_viewable(suffix: str) -> None:
    assert kind(instance(slice_at(0, 1, SOPClassUID=STORAGE + suffix))).viewable


def test_every_storage_class_of_the_standard_has_a_name() -> None:
    classes = [uid for uid, entry in UID_dictionary.items() if uid.startswith(STORAGE) and entry[1] == "SOP Class"]
    unnamed = {kind(Instance(SOPClassUID=uid, SOPInstanceUID="1")).words for uid in classes}
    assert len(classes) > 150
    assert "" not in unnamed


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Rows": None, "Columns": None}, "CT image without pixels"),
        ({"BitsAllocated": 24}, "CT image: 16 bits stored of 24 make no pixel"),
        ({"PhotometricInterpretation": "HSV"}, "CT image: photometric interpretation HSV is not known"),
        ({"SOPInstanceUID": ""}, "CT image without a SOP Instance UID"),
        ({"SOPClassUID": "1.2.3", "Modality": "SEG"}, "segmentation"),
        ({"SOPClassUID": "1.2.3", "Modality": "ZZ"}, "object of an unknown kind"),
    ],
)
def test_a_picture_that_can_not_be_drawn_says_why(attributes: dict[str, Any], words: str) -> None:
    found = kind(instance(slice_at(0, 1, **attributes)))
    assert (found.viewable, found.words) == (False, words)


def test_ophthalmic_tomography_is_a_stack_by_its_functional_groups() -> None:
    dataset = slice_at(
        0, 1, SOPClassUID=STORAGE + "77.1.5.4", Modality="OPT", NumberOfFrames=3, ImageLaterality="L",
        ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None,
    )  # fmt: skip
    shared, groups = Dataset(), []
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [Dataset()], [Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.004, 0.012]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    for place in (0.4, 0.0, 0.2):
        group = Dataset()
        group.PlanePositionSequence = [Dataset()]
        group.PlanePositionSequence[0].ImagePositionPatient = [0, place, 0]
        groups.append(group)
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], groups
    (found,) = stacks([instance(dataset)])
    assert (found.spatial, [entry.location for entry in found.entries]) == (True, [0.0, 0.2, 0.4])
    assert (found.modality, instance(dataset).ImageLaterality) == ("OPT", "L")


@pytest.mark.parametrize(
    ("suffix", "text"), [("6.1", True), ("7", True), ("77.1.1", True), ("2", False), ("77.1.4", False)]
)
def test_what_has_text_of_its_own_is_known_by_its_class(suffix: str, text: bool) -> None:
    assert carries_text(instance(slice_at(0, 1, SOPClassUID=STORAGE + suffix))) == text


def test_a_video_is_not_shown_yet() -> None:
    record = instance(slice_at(0, 1, SOPClassUID=STORAGE + "3.1"))
    record.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    assert kind(record).words == "video"


@pytest.mark.parametrize(("suffix", "most"), [("3.1", 100_000), ("77.1.6", 1_000_000)])
def test_an_image_that_declares_more_frames_than_any_has_is_named_and_swamps_nobody(suffix: str, most: int) -> None:
    found = instance(slice_at(0, 1, SOPClassUID=STORAGE + suffix, NumberOfFrames=most))
    assert (kind(found).viewable, found.frame_count) == (True, most)
    found = instance(slice_at(0, 1, SOPClassUID=STORAGE + suffix, NumberOfFrames=most + 1))
    assert (kind(found).viewable, found.frame_count) == (False, 1)
    assert f"declares {most + 1} frames" in kind(found).words

"""One SOP Instance UID for two images of one list: said in words, whichever comes first; a true copy is fine."""

import copy
from typing import Any

import pytest

from tests.imaging.datasets import axial, metadata
from viewer.imaging.record import instances
from viewer.imaging.stack import Stack, stacks

PERSON = {"PatientID": "P-1", "PatientName": "Berg^Anna", "PatientBirthDate": "19500101", "IssuerOfPatientID": "A"}
DIFFERENCES: dict[str, dict[str, Any]] = {
    "patient": {"PatientID": "P-2"},
    "issuer": {"IssuerOfPatientID": "B"},
    "person": {"PatientName": "Falk^Bo", "PatientBirthDate": "19800808"},
    "place": {"ImagePositionPatient": [-25.0, -25.0, 40.0]},
    "side": {"ImageOrientationPatient": [-1, 0, 0, 0, 1, 0]},
    "size": {"Rows": 32},
    "millimetres": {"PixelSpacing": [0.4, 0.4]},
    "grey": {"RescaleIntercept": 0},
    "number": {"InstanceNumber": 77},
    "day": {"StudyDate": "20250101"},
}


def listed(difference: dict[str, Any], *, other_first: bool) -> list[Stack]:
    """Return the stacks of three slices of which the middle one is listed twice."""
    slices = list(axial(3))
    for each in slices:
        for keyword, value in PERSON.items():
            setattr(each, keyword, value)
    other = copy.deepcopy(slices[1])
    for keyword, value in difference.items():
        setattr(other, keyword, value)
    order = [other, *slices] if other_first else [*slices, other]
    return stacks(instances(metadata(*order)), expected=4)


@pytest.mark.parametrize("other_first", [False, True], ids=["after", "before"])
@pytest.mark.parametrize("name", DIFFERENCES)
def test_twenty_ways_to_claim_the_uid_of_another_image_are_told_on_every_stack(name: str, other_first: bool) -> None:
    found = listed(DIFFERENCES[name], other_first=other_first)
    told = "; ".join(found[0].notes)
    assert all("listed twice with different content" in "; ".join(stack.notes) for stack in found)
    assert ("two patients in one series" in told) == (name in {"patient", "issuer", "person"})


def test_a_true_copy_is_only_listed_twice() -> None:
    (stack,) = listed({}, other_first=False)
    assert "1 listed twice" in stack.words
    assert "different content" not in stack.words and len(stack.shown) == 3

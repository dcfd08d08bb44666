"""A breast image says its view, side and chest wall; its hang turns any stored orientation into the standard one."""

import itertools
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, metadata
from tests.mammograms import HUNG, TOMOSYNTHESIS, VIEWS, mammogram, tomosynthesis, turned
from viewer.imaging import mammography
from viewer.imaging.kinds import kind
from viewer.imaging.mammography import Hang, Mammogram
from viewer.imaging.pixels import Padding
from viewer.imaging.record import instances
from viewer.imaging.stack import stacks
from viewer.imaging.volume import volume

PICTURE = np.arange(12, dtype=np.uint16).reshape(3, 4)  # no two of its eight turns are alike


def code(value: str, scheme: str = "SCT", modifiers: tuple[tuple[str, str], ...] = ()) -> Dataset:
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = value, scheme, "as coded"
    if modifiers:
        found.ViewModifierCodeSequence = [code(*each) for each in modifiers]
    return found


def said(view: str = "R-CC", **attributes: Any) -> Mammogram:
    """Return what a mammogram of these attributes shows; None removes one."""
    dataset = mammogram(PICTURE, view, HUNG[view], 1)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    record = instance(dataset)
    found = mammography.mammogram(record, record.frame(1))
    assert found is not None
    return found


@pytest.mark.parametrize(("view", "turn"), list(itertools.product(VIEWS, range(8))))
def test_every_view_hangs_by_the_standard_however_it_was_stored(view: str, turn: int) -> None:
    stored, letters = turned(PICTURE, HUNG[view], turn)
    found = said(view, PatientOrientation=list(letters))
    assert found.hang is not None
    assert np.array_equal(mammography.hung(stored, found.hang), PICTURE)
    assert found.place == VIEWS.index(view)
    assert found.name == view.replace("-", " ")


@pytest.mark.parametrize(
    ("letters", "wall"),
    [
        (["P", "L"], "right"), (["A", "FR"], "left"), (["L", "P"], "bottom"), (["FL", "A"], "top"),
        (["LP", "F"], "right"),
        (["PF", "LF"], "right"), (["A", "P"], ""), (["L", "F"], ""), (["P"], ""), (["X", "Y"], ""),
    ],
)  # fmt: skip
def test_where_the_chest_wall_is(letters: list[str], wall: str) -> None:
    assert said(PatientOrientation=letters).chest_wall == wall


def test_without_an_orientation_nothing_is_turned_and_nothing_claimed() -> None:
    found = said(PatientOrientation=None)
    assert (found.hang, found.chest_wall, found.place) == (None, "", 0)


@pytest.mark.parametrize(
    ("value", "scheme", "view"),
    [
        ("399162004", "SCT", "CC"), ("R-10242", "SRT", "CC"), ("R-10226", "SNM3", "MLO"), ("R-10226", "99SDM", "MLO"),
        ("399260004", "SCT", "ML"), ("R-10228", "SRT", "LM"), ("399192008", "SCT", "XCCL"), ("399196006", "SCT", "FB"),
        ("127457009", "SCT", "SPECIMEN"), ("399368009", "DCM", "CC"), ("1", "SCT", "CC"),
    ],
)  # fmt: skip
def test_the_view_by_code_else_by_view_position(value: str, scheme: str, view: str) -> None:
    assert said(ViewCodeSequence=[code(value, scheme)], ViewPosition="CC").view == view


@pytest.mark.parametrize(("position", "view"), [("MLO", "MLO"), ("RCC", "CC"), ("AP", ""), ("", "")])
def test_the_view_by_its_position_alone(position: str, view: str) -> None:
    assert said(ViewCodeSequence=None, ViewPosition=position).view == view


@pytest.mark.parametrize(
    ("value", "scheme", "name"),
    [
        ("399209000", "SCT", "R CC ID"), ("R-102D5", "SRT", "R CC ID"), ("399055006", "SCT", "R CC S"),
        ("R-102D6", "SRT", "R CC M"),
    ],
)  # fmt: skip
def test_other_views_than_the_four_are_sorted_after_them(value: str, scheme: str, name: str) -> None:
    found = said(ViewCodeSequence=[code("399162004", modifiers=((value, scheme),))])
    assert (found.name, found.place, len(found.words)) == (name, None, 1)


def test_a_magnified_view_is_known_by_its_factor_and_a_nipple_in_profile_is_no_other_view() -> None:
    assert said(EstimatedRadiographicMagnificationFactor=1.8).place is None
    assert said(EstimatedRadiographicMagnificationFactor=1.05).place == 0
    assert said(ViewCodeSequence=[code("399162004", modifiers=(("442581004", "SCT"),))]).place == 0


def test_the_side_as_it_is_written_else_as_the_plane_of_an_oblique_view_tells_it() -> None:
    assert said("R-CC", Laterality="L").laterality == "R"
    assert said("R-CC", ImageLaterality=None, Laterality="L").laterality == "L"
    assert said("L-MLO", ImageLaterality=None).laterality == "L"
    assert said("R-MLO", ImageLaterality=None, PatientOrientation=["A", "HR"]).laterality == "R"
    lost = said("R-CC", ImageLaterality=None)
    assert (lost.laterality, lost.place, lost.hang) == ("", None, None)


def test_an_image_that_says_both_sides_of_itself_has_none() -> None:
    for both in ({"FrameLaterality": "L"}, {"ViewPosition": "LCC"}, {"ViewPosition": "L-CC"}):
        found = said("R-CC", ImageLaterality="R", **both)
        assert (found.laterality, found.hang, found.place) == ("", None, None), both
    for one in ({"FrameLaterality": "R"}, {"ViewPosition": "RCC"}, {"ViewPosition": "LMO"}, {"Laterality": "L"}):
        assert said("R-CC", ImageLaterality="R", **one).laterality == "R", one


def test_what_is_no_breast_image_says_nothing() -> None:
    record = instance(mammogram(PICTURE, "R-CC", HUNG["R-CC"], 1))
    record.Modality, record.SOPClassUID = "CR", "1.2.840.10008.5.1.4.1.1.1"
    assert mammography.mammogram(record, record.frame(1)) is None


def test_an_object_of_another_class_that_calls_itself_a_mammogram_is_one() -> None:
    dataset = mammogram(PICTURE, "R-CC", HUNG["R-CC"], 1)
    dataset.SOPClassUID = "1.2.840.113619.4.2"
    assert kind(instance(dataset)).viewable


def test_four_views_in_one_series_are_four_stacks_with_their_names() -> None:
    exam = [mammogram(PICTURE, view, HUNG[view], number, series=1) for number, view in enumerate(VIEWS, 1)]
    found = stacks(instances(metadata(*exam)), expected=4)
    assert [each.title for each in found] == ["R CC", "L CC", "R MLO", "L MLO"]
    assert len({each.key for each in found}) == 4
    assert all(each.total_known for each in found)


def test_slices_are_no_screening_view_but_a_picture_made_from_them_is() -> None:
    assert said(SOPClassUID=TOMOSYNTHESIS).place is None
    made = said(ImageType=["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"])
    assert (made.place, made.synthetic, made.tomosynthesis) == (0, True, False)


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_the_air_around_a_breast_is_known_by_its_one_value(photometric: str) -> None:
    dark = photometric == "MONOCHROME2"
    picture = np.full((40, 30), 0 if dark else 4095, np.uint16)
    picture[5:30, :20] = 1000
    record = instance(mammogram(picture, "L-CC", HUNG["L-CC"], 1))
    record.PhotometricInterpretation, record.PresentationLUTShape = photometric, None
    assert mammography.air(picture, record) == Padding(picture[0, -1], picture[0, -1])
    rows, columns = np.mgrid[:40, :30].astype(np.uint16)
    noisy = picture + (rows + columns) % 7
    assert mammography.air(noisy, record) is None
    record.PixelPaddingValue = 7
    assert mammography.air(picture, record) is None


def test_tomosynthesis_is_a_stack_in_space_that_makes_a_volume_and_hangs_like_the_view() -> None:
    frames = np.arange(5 * 8 * 6, dtype=np.uint16).reshape(5, 8, 6)
    records = instances(metadata(tomosynthesis(frames, "R-CC"), mammogram(PICTURE, "R-CC", HUNG["R-CC"], 1)))
    slices, flat = stacks(records, expected=2)
    assert (slices.spatial, slices.spacing_mm, len(slices.shown)) == (True, 1.0, 5)
    assert (slices.title.split(",")[0], flat.title.split(",")[0]) == ("R CC tomosynthesis", "R CC")
    assert [entry.frame for entry in slices.shown] == [1, 2, 3, 4, 5]
    made = volume(slices, records)
    assert made.size == (6, 8, 5) and np.allclose(made.spacing_mm, 0.1)
    found = mammography.mammogram(records[0], records[0].frame(1))
    assert found is not None
    assert (found.name, found.laterality, found.hang, found.place) == ("R CC", "R", Hang(), None)

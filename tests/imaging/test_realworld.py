"""Real world values: lines, tables, units, and where they may stand in a file."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, slice_at
from viewer.imaging import pixels, realworld


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    """Return a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def mapping(first: int, last: int, **attributes: object) -> Dataset:
    """Return an item of the Real World Value Mapping Sequence."""
    item = Dataset()
    vr = "SS" if min(first, last) < 0 else "US"
    item.add_new(0x00409216, vr, first)
    item.add_new(0x00409211, vr, last)
    item.LUTLabel, item.LUTExplanation = "ADC", "Apparent diffusion"
    item.MeasurementUnitsCodeSequence = code("um2/s", "UCUM", "square micrometre per second")
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def image(*items: Dataset, **attributes: object) -> Dataset:
    return slice_at(0, 1, RealWorldValueMappingSequence=list(items), Modality="MR", **attributes)


def test_a_line_maps_what_lies_between_its_ends() -> None:
    (found,) = realworld.mappings(
        instance(image(mapping(-5, 4095, RealWorldValueSlope=0.25, RealWorldValueIntercept=-3.0))), 1
    )
    assert (found.unit, found.label) == ("um2/s", "Apparent diffusion")
    assert [found.value(each) for each in (-6, -5, 0, 4095, 4096)] == [None, -4.25, -3.0, 1020.75, None]


def test_a_table_maps_entry_for_entry() -> None:
    entries = [0.5, 1.5, -2.25, 1e-12]
    (found,) = realworld.mappings(instance(image(mapping(7, 10, RealWorldValueLUTData=entries))), 1)
    assert [found.value(each) for each in (6, 7, 8, 9, 10, 11)] == [None, *entries, None]


def test_an_item_without_line_or_table_is_none_and_others_stay() -> None:
    good = mapping(0, 9, RealWorldValueSlope=2.0, RealWorldValueIntercept=0.0)
    assert [each.slope for each in realworld.mappings(instance(image(mapping(0, 9), good)), 1)] == [2.0]


def test_a_frame_has_its_own_mapping_before_that_of_all() -> None:
    made = image()
    del made.RealWorldValueMappingSequence
    made.NumberOfFrames = 3
    groups = []
    for slope in (None, 5.0, None):
        group = Dataset()
        if slope:
            group.RealWorldValueMappingSequence = [
                mapping(0, 9, RealWorldValueSlope=slope, RealWorldValueIntercept=0.0)
            ]
        groups.append(group)
    shared = Dataset()
    shared.RealWorldValueMappingSequence = [
        mapping(0, 9, RealWorldValueSlope=slope, RealWorldValueIntercept=1.0) for slope in (1.0, 2.0)
    ]
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = [shared], groups
    record = instance(made)
    slopes = [[each.slope for each in realworld.mappings(record, number)] for number in (1, 2, 3)]
    assert slopes == [[1.0, 2.0], [5.0], [1.0, 2.0]]


def test_floating_ends_count_before_whole_ones() -> None:
    line = {"RealWorldValueSlope": 1.0, "RealWorldValueIntercept": 0.0}
    item = mapping(0, 0, DoubleFloatRealWorldValueFirstValueMapped=-0.5,
                   DoubleFloatRealWorldValueLastValueMapped=2.5, **line)  # fmt: skip
    (found,) = realworld.mappings(instance(image(item)), 1)
    assert [found.value(each) for each in (-0.6, 0.125, 2.5, 2.6)] == [None, 0.125, 2.5, None]


@pytest.mark.parametrize(
    ("value", "scheme", "meaning", "unit"),
    [("1", "UCUM", "no units", ""), ("mm2/s", "UCUM", "x", "mm2/s"), ("H1", "99LOCAL", "grams", "grams")],
)
def test_units_are_ucum_or_words(value: str, scheme: str, meaning: str, unit: str) -> None:
    item = mapping(0, 9, RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0,
                   MeasurementUnitsCodeSequence=code(value, scheme, meaning))  # fmt: skip
    (found,) = realworld.mappings(instance(image(item)), 1)
    assert found.unit == unit


@pytest.mark.parametrize(
    ("slope", "rescale", "unit"), [(1.0, None, "um2/s"), (2.0, None, ""), (1.0, ("2", "0"), ""), (1.0, ("1", "5"), "")]
)
def test_a_picture_has_the_unit_only_where_its_values_are_the_real_ones(
    slope: float, rescale: tuple[str, str] | None, unit: str
) -> None:
    made = image(mapping(0, 9, RealWorldValueSlope=slope, RealWorldValueIntercept=0.0))
    del made.RescaleSlope, made.RescaleIntercept
    if rescale:
        made.RescaleSlope, made.RescaleIntercept = rescale
    record = instance(made)
    assert pixels.unit(record, record.frame(1)) == unit


def test_a_line_without_a_slope_maps_nothing() -> None:
    flat = mapping(0, 9, RealWorldValueSlope=0.0, RealWorldValueIntercept=5.0)
    assert realworld.mappings(instance(image(flat)), 1) == ()


def test_no_number_is_no_value() -> None:
    (found,) = realworld.mappings(
        instance(image(mapping(0, 1, RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0))), 1
    )
    assert found.value(float("nan")) is None and np.isfinite(found.value(0.5) or np.nan)

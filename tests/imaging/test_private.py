"""b-values and mosaics of three vendors' private attributes: under their creator, as numbers or as bytes."""

import struct
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from tests.imaging.datasets import instance, metadata, slice_at
from viewer.imaging.record import Instance, instances
from viewer.imaging.spacing import spacing
from viewer.imaging.stack import stacks

MR: dict[str, Any] = {"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}
SIEMENS = (0x0019, "SIEMENS MR HEADER", 0x0C)
PHILIPS = (0x2001, "Philips Imaging DD 001", 0x03)
GE = (0x0043, "GEMS_PARM_01", 0x39)


def said(group: int, creator: str, number: int, vr: str, value: Any, *, block: int = 0x10, z: float = 0) -> Dataset:
    """Return an MR slice with one private attribute in a block."""
    dataset = slice_at(z, None, **MR, copy=abs(hash(str(value))) % 10**8)
    dataset.add_new(Tag(group, block), "LO", creator)
    dataset.add_new(Tag(group, block << 8 | number), vr, value)
    return dataset


CASES = [
    (SIEMENS, "IS", "800", 800.0),
    (SIEMENS, "UN", b"800 ", 800.0),
    (PHILIPS, "FL", 1000.0, 1000.0),
    (PHILIPS, "UN", struct.pack("<f", 1000.0), 1000.0),
    (PHILIPS, "UN", b"1000", 1000.0),
    (PHILIPS, "FL", -1.0, None),
    (GE, "IS", ["1000000050", "8", "0", "0"], 50.0),
    (GE, "UN", b"1000000050\\8\\0\\0 ", 50.0),
    (GE, "IS", ["700", "8", "0", "0"], 700.0),
    (GE, "UN", b"\xff\xfe\xfd", None),
]


@pytest.mark.parametrize(("where", "vr", "value", "truth"), CASES)
@pytest.mark.parametrize("block", [0x10, 0x11, 0xE1])
def test_b_values_are_read_under_their_creator(
    where: tuple[int, str, int], vr: str, value: Any, truth: float | None, block: int
) -> None:
    group, creator, number = where
    record = instance(said(group, creator, number, vr, value, block=block))
    assert record.DiffusionBValue == truth
    assert record.b_from == ("" if truth is None else f"({group:04X},10{number:02X})")
    assert record.frame(1).DiffusionBValue == truth


@pytest.mark.parametrize("where", [SIEMENS, PHILIPS, GE])
def test_under_another_creator_the_same_number_means_nothing(where: tuple[int, str, int]) -> None:
    group, _, number = where
    assert instance(said(group, "SOMEBODY ELSE", number, "IS", "800")).DiffusionBValue is None
    # The creator owns another block than the one that the attribute stands in.
    dataset = said(group, where[1], number, "IS", "800", block=0x12)
    del dataset[Tag(group, 0x12)]
    dataset.add_new(Tag(group, 0x13), "LO", where[1])
    assert instance(dataset).DiffusionBValue is None


def test_the_standards_attribute_comes_first() -> None:
    dataset = said(*SIEMENS, "IS", "800")
    dataset.DiffusionBValue = 750.0
    record = instance(dataset)
    assert (record.DiffusionBValue, record.b_from) == (750.0, "")


@pytest.mark.parametrize("where", [SIEMENS, PHILIPS, GE])
def test_a_series_is_told_apart_by_private_b_values(where: tuple[int, str, int]) -> None:
    group, creator, number = where
    slices = [said(group, creator, number, "UN", str(b).encode(), z=5.0 * z) for b in (0, 500, 1000) for z in range(4)]
    built = stacks(instances(metadata(*slices)))
    assert [stack.title for stack in built] == ["b 0", "b 500", "b 1000"]
    assert built[0].coordinates[0].by == f"({group:04X},10{number:02X})"
    assert [len(stack.shown) for stack in built] == [4, 4, 4]


def mosaic(number: int | None, **more: Any) -> Dataset:
    """Return a Siemens mosaic of 6 × 6 tiles."""
    dataset = slice_at(
        0, 1, **MR, ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"], Rows=384, Columns=384, **more
    )  # fmt: skip
    if number:
        block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0A, "US", number)
    return dataset


@pytest.mark.parametrize(("number", "words"), [(36, "mosaic of 36 slices"), (None, "mosaic of slices")])
def test_a_mosaic_is_called_one_and_has_neither_place_nor_millimetres(number: int | None, words: str) -> None:
    record: Instance = instance(mosaic(number, PixelSpacing=[3.0, 1.5], SliceLocation=12))
    (stack,) = stacks([record])
    assert stack.words.endswith(words)
    assert not stack.spatial and stack.plane is None and stack.shown[0].location is None
    found = spacing(record, record.frame(1))
    assert (found.row, found.column, found.basis) == (None, None, "none")
    assert found.aspect == pytest.approx(2)
    assert "mosaic" in found.words
    assert stack.orientation is not None  # every tile is turned like the others

"""Frames of bytes to stored values: bits, signs, byte order, packing, colour spaces, units."""

import numpy as np
import pytest

from tests.imaging.datasets import instance, slice_at
from viewer.imaging import pixels
from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.pixels import ModalityLUT, Padding, PixelError, PixelFormat, Rescale


def form(**attributes: object) -> PixelFormat:
    defaults = {
        "rows": 1,
        "columns": 4,
        "samples": 1,
        "bits_allocated": 16,
        "bits_stored": 16,
        "high_bit": 15,
        "signed": False,
    }
    return PixelFormat(**{**defaults, "photometric": "MONOCHROME2", **attributes})  # type: ignore[arg-type]


def colour_form(**attributes: object) -> PixelFormat:
    eight = {"samples": 3, "bits_allocated": 8, "bits_stored": 8, "high_bit": 7, "photometric": "RGB", "columns": 2}
    return form(**{**eight, **attributes})


def test_twelve_signed_bits_lose_the_overlay_above_them() -> None:
    words = np.array([0xF001, 0x0FFF, 0x7800, 0x07FF], "<u2").tobytes()
    frame = pixels.native(words, form(bits_stored=12, high_bit=11, signed=True))
    assert frame.dtype == np.int16
    assert frame.tolist() == [[1, -1, -2048, 2047]]
    assert pixels.native(words, form(bits_stored=12, high_bit=11)).tolist() == [[1, 4095, 2048, 2047]]


def test_bits_below_the_stored_ones_are_dropped() -> None:
    words = np.array([0x0010, 0xFFFF, 0x8000, 0x7FF0], "<u2").tobytes()
    high = form(bits_stored=12, high_bit=15)
    assert pixels.native(words, high).tolist() == [[1, 4095, 2048, 2047]]
    assert pixels.native(words, form(bits_stored=12, high_bit=15, signed=True)).tolist() == [[1, -1, -2048, 2047]]


def test_big_endian_gives_the_same_values() -> None:
    values = np.array([[1, -2, 300, -32768]], np.int16)
    signed = form(signed=True)
    assert np.array_equal(pixels.native(values.astype(">i2").tobytes(), signed, big_endian=True), values)
    assert np.array_equal(pixels.native(values.astype("<i2").tobytes(), signed), values)


@pytest.mark.parametrize(
    ("bits", "signed", "dtype"),
    [
        (1, False, "u1"), (8, False, "u1"), (8, True, "i1"), (12, False, "u2"),
        (16, True, "i2"), (32, False, "u4"), (32, True, "i4"),
    ],
)  # fmt: skip
def test_the_store_keeps_the_smallest_type_that_holds_the_words(bits: int, signed: bool, dtype: str) -> None:
    each = form(bits_allocated=bits, bits_stored=bits, high_bit=bits - 1, signed=signed)
    assert each.stored_dtype == np.dtype(dtype)
    assert pixels.native(bytes(each.frame_size_bytes), each).dtype == np.dtype(dtype)


def test_one_bit_pixels_come_low_bit_first() -> None:
    each = form(rows=3, columns=3, bits_allocated=1, bits_stored=1, high_bit=0)
    assert each.frame_size_bytes == 2
    assert pixels.native(bytes([0b00000101, 1]), each).tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]


def test_twelve_bit_words_are_unpacked() -> None:
    each = form(columns=3, bits_allocated=12, bits_stored=12, high_bit=11)
    assert each.frame_size_bytes == 5
    assert pixels.native(bytes([0x23, 0x61, 0x45, 0xFF, 0x0F]), each).tolist() == [[0x123, 0x456, 0xFFF]]


def test_a_frame_that_is_too_short_is_an_error_and_a_padding_byte_is_not() -> None:
    with pytest.raises(PixelError, match="7 of 8 bytes"):
        pixels.native(bytes(7), form())
    assert pixels.native(bytes(9), form()).shape == (1, 4)


def test_a_decoder_that_gives_another_shape_is_an_error() -> None:
    with pytest.raises(PixelError, match="2×4"):
        pixels.stored(np.zeros((2, 4), np.uint16), form())
    with pytest.raises(PixelError, match="floating"):
        pixels.stored(np.zeros((1, 4)), form())


def test_unsigned_words_of_a_decoder_become_signed_where_the_file_says_so() -> None:
    array = np.array([[0x1FFF, 0x1000, 1, 0x0FFF]], np.uint16)
    assert pixels.stored(array, form(bits_stored=13, high_bit=12, signed=True)).tolist() == [[-1, -4096, 1, 4095]]


def test_planes_of_colour_are_put_together() -> None:
    planar = colour_form(planar_configuration=1)
    assert pixels.native(bytes([1, 2, 3, 4, 5, 6]), planar).tolist() == [[[1, 3, 5], [2, 4, 6]]]
    assert pixels.native(bytes([1, 2, 3, 4, 5, 6]), colour_form()).tolist() == [[[1, 2, 3], [4, 5, 6]]]


@pytest.mark.parametrize(
    ("ybr", "rgb"),
    [
        ((76, 85, 255), (254, 0, 0)), ((150, 44, 21), (0, 255, 1)),
        ((29, 255, 107), (0, 0, 254)), ((128, 128, 128), (128, 128, 128)),
    ],
)  # fmt: skip
def test_full_range_ybr_becomes_rgb(ybr: tuple[int, ...], rgb: tuple[int, ...]) -> None:
    full = pixels.native(bytes(ybr * 2), colour_form(photometric="YBR_FULL"))
    assert np.abs(full[0, 0].astype(int) - rgb).max() <= 1
    sub = colour_form(photometric="YBR_FULL_422")
    assert sub.frame_size_bytes == 4
    halved = pixels.native(bytes([ybr[0], ybr[0], ybr[1], ybr[2]]), sub)
    assert np.array_equal(halved, full)


def test_a_decoder_that_already_gave_rgb_is_believed() -> None:
    array = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    assert np.array_equal(pixels.stored(array, colour_form(photometric="YBR_FULL_422"), photometric="RGB"), array)


def test_sixteen_bit_colour_is_scaled_to_eight() -> None:
    wide = colour_form(bits_allocated=16, bits_stored=16, high_bit=15)
    assert pixels.native(np.array([0, 65535, 32896, 0, 1, 257], "<u2").tobytes(), wide).tolist() == [
        [[0, 255, 128], [0, 0, 1]]
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"Rows": 0}, {"Rows": None}, {"BitsAllocated": 24}, {"BitsStored": 17}, {"HighBit": 3}, {"SamplesPerPixel": 3},
        {"PhotometricInterpretation": "CMYK"}, {"SamplesPerPixel": 2, "PhotometricInterpretation": "RGB"},
    ],
)  # fmt: skip
def test_sizes_that_make_no_picture_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PixelError):
        PixelFormat.of(instance(slice_at(0, 1, **wrong)))


def test_padding_is_read_by_pixel_representation_and_in_either_order() -> None:
    record = instance(slice_at(0, 1))
    record.PixelPaddingValue = 63536
    assert Padding.of(record) == Padding(-2000, -2000)
    record.PixelPaddingRangeLimit = -1500
    assert Padding.of(record) == Padding(-2000, -1500)
    record.PixelRepresentation, record.PixelPaddingValue, record.PixelPaddingRangeLimit = 0, -2000, None
    assert Padding.of(record) == Padding(63536, 63536)
    stored = np.array([[63536, 1]], np.uint16)
    padding = Padding.of(record)
    assert padding is not None and padding.mask(stored).tolist() == [[True, False]]


def test_a_negative_slope_is_legal_and_a_slope_of_zero_is_none() -> None:
    record = instance(slice_at(0, 1, RescaleSlope=-2, RescaleIntercept=10))
    assert pixels.transform(record, record.frame(1)) == Rescale(-2, 10)
    record = instance(slice_at(0, 1, RescaleSlope=0, RescaleIntercept=10))
    assert pixels.transform(record, record.frame(1)) == Rescale(1, 10)


def test_a_modality_table_stands_for_the_rescale_but_not_for_a_logarithmic_angiogram() -> None:
    record = instance(slice_at(0, 1, Modality="CR"))
    record.ModalityLUTSequence = (LookupTable(2, 0, 16, bytes([1, 0, 9, 0]), kind="OD"),)
    transform = pixels.transform(record, record.frame(1))
    assert isinstance(transform, ModalityLUT)
    assert pixels.modality_values(np.array([-3, 0, 1, 9]), transform).tolist() == [1, 1, 9, 9]
    assert pixels.unit(record, record.frame(1)) == "OD"
    record = instance(
        slice_at(0, 1, Modality="XA", RescaleSlope=None, RescaleIntercept=None, PixelIntensityRelationship="LOG")
    )
    record.ModalityLUTSequence = (LookupTable(2, 0, 16, bytes([1, 0, 9, 0])),)
    assert pixels.transform(record, record.frame(1)) == Rescale(1, 0)


def test_a_modality_table_without_its_data_is_an_error_and_no_guess() -> None:
    record = instance(slice_at(0, 1))
    record.ModalityLUTSequence = (LookupTable(256, 0, 16, None, "http://archive/lut"),)
    with pytest.raises(PixelError, match="incomplete"):
        pixels.transform(record, record.frame(1))


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({}, "HU"), ({"RescaleType": "HU"}, "HU"), ({"RescaleType": "US"}, ""), ({"Modality": "MR"}, ""),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, ""), ({"RescaleType": "MGML"}, "MGML"),
        ({"RescaleIntercept": None, "RescaleSlope": None}, ""),
    ],
)  # fmt: skip
def test_only_what_the_file_says_or_ct_implies_has_a_unit(attributes: dict[str, object], unit: str) -> None:
    record = instance(slice_at(0, 1, **attributes))
    assert pixels.unit(record, record.frame(1)) == unit

"""Overlay planes in unused bits of the pixels: every place, both byte orders and RLE; what can't be one is left."""

from itertools import product

import numpy as np
import pytest
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.uid import RLELossless

from tests.imaging.datasets import instance, slice_at
from viewer.imaging import embedded, overlays
from viewer.imaging.overlays import OverlayPlane
from viewer.imaging.record import Instance

ROWS, COLUMNS = 9, 11
IMPLICIT, BIG_ENDIAN, RLE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", str(RLELossless)


def image(bit: int, allocated: int = 16, **attributes: int) -> tuple[Instance, OverlayPlane]:
    """Return an image of 7 stored bits with a plane in `bit` of its pixels, as far as the header tells."""
    told = {"BitsAllocated": allocated, "BitsStored": 7, "HighBit": 6, **attributes}
    made = slice_at(0, 1, **{"Rows": ROWS, "Columns": COLUMNS, **told})
    for element, vr, value in ((0x10, "US", ROWS), (0x11, "US", COLUMNS), (0x40, "CS", "G"), (0x50, "SS", [1, 1]),
                               (0x100, "US", allocated), (0x102, "US", bit)):  # fmt: skip
        made.add_new(0x60000000 | element, vr, value)
    (plane,) = overlays.planes(record := instance(made))
    return record, plane


def words(bits: np.ndarray, at: int, allocated: int) -> np.ndarray:
    """Return noise with `bits` at one place of each word."""
    noise = np.random.default_rng(at).integers(0, 1 << allocated, bits.shape, np.uint64)
    return (noise & ~np.uint64(1 << at) | bits.astype(np.uint64) << np.uint64(at)).astype(f"<u{allocated // 8}")


@pytest.mark.parametrize(
    ("syntax", "allocated", "bit"),
    [
        *product((IMPLICIT, RLE), (8,), (7,)),
        *product((IMPLICIT, BIG_ENDIAN, RLE), (16,), (7, 8, 11, 13, 15)),
        *product((IMPLICIT, BIG_ENDIAN), (32,), (17, 31)),
    ],
)
def test_a_plane_is_read_from_its_bit(syntax: str, allocated: int, bit: int) -> None:
    bits = np.random.default_rng(3).random((ROWS, COLUMNS)) < 0.3
    stored = words(bits, bit, allocated)
    data = stored.astype(stored.dtype.newbyteorder(">")).tobytes() if syntax == BIG_ENDIAN else stored.tobytes()
    if syntax == RLE:
        data = RLELosslessEncoder.encode(
            data, rows=ROWS, columns=COLUMNS, samples_per_pixel=1, bits_allocated=allocated, bits_stored=allocated,
            pixel_representation=0, number_of_frames=1, photometric_interpretation="MONOCHROME2",
            encoding_plugin="pydicom",
        )  # fmt: skip
    record, plane = image(bit, allocated)
    read = embedded.read(plane, record, 5, syntax, data)
    found = read.over(5, ROWS, COLUMNS)
    assert found is not None and np.array_equal(found, bits) and read.over(4, ROWS, COLUMNS) is None


def test_planes_lie_below_values_that_take_the_upper_bits() -> None:
    bits = np.eye(ROWS, COLUMNS) > 0
    for bit in (0, 3):
        record, plane = image(bit, BitsStored=12, HighBit=15)
        found = embedded.read(plane, record, 1, IMPLICIT, words(bits, bit, 16).tobytes()).over(1, ROWS, COLUMNS)
        assert found is not None and np.array_equal(found, bits)


def test_runs_of_rle_are_unpacked_as_the_standard_has_them() -> None:
    # PS3.5 G.3.1: 0 to 127 copies that many and one more, 129 to 255 repeats 257 less that many times, 128 is nothing.
    packed = bytes((2, 1, 2, 3, 128, 254, 9, 0, 7, 129, 5))
    assert b"".join(embedded.runs(packed, 1000)) == bytes((1, 2, 3, 9, 9, 9, 7)) + bytes((5,)) * 128
    assert len(b"".join(embedded.runs(bytes((129, 5)) * 1000, 300))) == 384


@pytest.mark.parametrize(
    ("bit", "attributes"),
    [(3, {}), (6, {}), (16, {}), (12, {"Rows": 8}), (12, {"SamplesPerPixel": 3}), (12, {"BitsAllocated": 12})],
)
def test_what_can_be_no_plane_is_left(bit: int, attributes: dict[str, int]) -> None:
    record, plane = image(bit, **attributes)
    assert not embedded.can_be_read(plane, record)
    assert embedded.read(plane, record, 1, IMPLICIT, bytes(4096)) is plane


@pytest.mark.parametrize(
    ("syntax", "data"),
    [
        (IMPLICIT, bytes(2 * ROWS * COLUMNS - 1)),
        (RLE, b""),
        (RLE, bytes(64) + b"\x7f"),
        (RLE, np.array([2, 64, 66] + [0] * 13, "<u4").tobytes() + bytes((129, 5, 129, 5))[:3]),
        (RLE, np.array([2, 1 << 31, 66] + [0] * 13, "<u4").tobytes() + bytes((129, 5, 129, 5))),
        ("1.2.840.10008.1.2.4.90", bytes(4096)),
    ],
)
def test_bytes_that_are_cut_short_or_of_another_kind_tell_nothing(syntax: str, data: bytes) -> None:
    record, plane = image(7)
    assert embedded.read(plane, record, 1, syntax, data) is plane

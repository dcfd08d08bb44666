"""Palettes, whole and in segments, to RGB."""

from collections.abc import Sequence
from time import process_time

import numpy as np
import pytest

from viewer.imaging import colour
from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.pixels import PixelError
from viewer.imaging.record import Instance


def table(values: Sequence[int], *, entries: int | None = None, first: int = 0, bits: int = 16) -> LookupTable:
    kind = "<u2" if bits == 16 else "u1"
    return LookupTable(entries or len(values), first, bits, np.asarray(values, kind).tobytes())


def palette_image(*tables: LookupTable | None, segmented: bool = False) -> Instance:
    return Instance(PhotometricInterpretation="PALETTE COLOR", palette=tables, segmented_palette=segmented)


def test_indices_take_the_high_byte_of_sixteen_bits_and_clamp_at_both_ends() -> None:
    image = palette_image(table([0, 0xFF00], first=5), table([0x8000, 0], first=5), table([1, 0x1234], first=5))
    stored = np.array([[0, 5, 6, 200]], np.uint8)
    assert colour.rgb(stored, image).tolist() == [[[0, 128, 0], [0, 128, 0], [255, 0, 18], [255, 0, 18]]]


def test_eight_bit_tables_are_taken_as_they_are() -> None:
    image = palette_image(*(table([10, 20], bits=8) for _ in range(3)))
    assert colour.rgb(np.array([[0, 1]], np.uint8), image).tolist() == [[[10] * 3, [20] * 3]]


def test_a_dark_channel_of_sixteen_bits_stays_dark_beside_the_others() -> None:
    image = palette_image(table([0, 0xFFFF]), table([0, 0x8000]), table([0, 0x00FF]))
    assert colour.rgb(np.array([[1]]), image).tolist() == [[[255, 128, 0]]]


def test_empty_segments_keep_nobody_waiting() -> None:
    # 10,000 segments of nothing, and as many that repeat all of them.
    words = [0, 0] * 10_000 + [2, 9_999, 0, 0] * 10_000
    image = palette_image(*(table(words, entries=65536) for _ in range(3)))
    image.segmented_palette = True
    began = process_time()
    with pytest.raises(PixelError):
        colour.rgb(np.array([[1]]), image)
    assert process_time() - began < 5


def test_rgb_stays_rgb() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    assert colour.rgb(picture, Instance(SamplesPerPixel=3)) is picture


def test_segments_are_expanded() -> None:
    # Two values, a ramp of four steps, and the two values once more by their offset.
    words = [0, 2, 0, 0x0400, 1, 4, 0x0800, 2, 1, 0, 0]
    segmented = table(words, entries=8)
    image = palette_image(segmented, segmented, segmented, segmented=True)
    red = colour.rgb(np.arange(8, dtype=np.uint8).reshape(1, 8), image)[0, :, 0]
    assert red.tolist() == [0, 4, 5, 6, 7, 8, 0, 4]


@pytest.mark.parametrize("words", [[0, 9, 1], [7, 1, 1, 1], [2, 1, 0, 0], [1, 60000, 5] * 40])
def test_broken_segments_are_an_error(words: list[int]) -> None:
    broken = table(words, entries=8)
    with pytest.raises(PixelError, match="palette is incomplete"):
        colour.rgb(np.zeros((1, 1), np.uint8), palette_image(broken, broken, broken, segmented=True))


@pytest.mark.parametrize("tables", [(), (None, None, None), (table([1, 2]), table([1, 2]), table([1, 2, 3]))])
def test_a_palette_that_lacks_something_is_an_error_and_no_grey(tables: tuple[LookupTable | None, ...]) -> None:
    with pytest.raises(PixelError, match="palette is incomplete"):
        colour.rgb(np.zeros((1, 1), np.uint8), palette_image(*tables))

"""Where the frames of a compressed file lie: found once by the offset table or by the items, never walked again."""

import io
import struct

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame

from viewer.archive.framing import PixelMap, frame
from viewer.archive.part10 import Part10, Pixels
from viewer.archive.port import Malformed

FRAMES = [bytes((number,)) * (10 + 2 * number) for number in range(1, 8)]


def mapped(value: bytes, frames: int, syntax: str = "1.2.840.10008.1.2.4.50") -> tuple[PixelMap, io.BytesIO]:
    """Return the map of a file that is nothing but the value of its pixels, and the file."""
    source = io.BytesIO(value + struct.pack("<LL", 0xE0DDFFFE, 0))
    pixels = Pixels(0x7FE00010, "OB", 0, 0xFFFFFFFF)
    part10 = Part10(source, len(source.getvalue()), syntax, Dataset(), pixels, True, 0)
    return PixelMap.of(part10, {"00280008": {"vr": "IS", "Value": [frames]}}), source


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("fragments", [1, 3])
def test_every_frame_is_the_one_that_pydicom_finds(table: bool, fragments: int) -> None:
    value = encapsulate(FRAMES, fragments_per_frame=fragments, has_bot=table)
    where, source = mapped(value, len(FRAMES))
    plain = table or fragments == 1
    assert (where.starts is not None) == plain
    if plain:
        for number in range(1, len(FRAMES) + 1):
            expected = get_frame(value, number - 1, number_of_frames=len(FRAMES))
            assert frame(source, where, number).data == expected


def test_a_table_that_points_elsewhere_is_not_believed() -> None:
    value = bytearray(encapsulate(FRAMES, has_bot=True))
    value[12:16] = struct.pack("<L", 7)
    where, source = mapped(bytes(value), len(FRAMES))
    assert [frame(source, where, number).data for number in (1, 4, 7)] == [FRAMES[0], FRAMES[3], FRAMES[6]]


def test_a_file_cut_within_a_frame_says_so() -> None:
    value = encapsulate(FRAMES, has_bot=True)[:-9]
    where, source = mapped(value, len(FRAMES))
    assert frame(source, where, 1).data == FRAMES[0]
    with pytest.raises(Malformed):
        frame(source, where, 7)


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("frames", [1, 3])
def test_delimiters_among_the_bytes_of_a_frame_end_nothing(table: bool, frames: int) -> None:
    # Coded data may hold any bytes: an item says how long it is (PS3.5 A.4).
    marks = struct.pack("<LL", 0xE0DDFFFE, 0) + struct.pack("<LL", 0xE000FFFE, 2) + struct.pack("<LL", 0xE00DFFFE, 0)
    wanted = [bytes((number,)) * 6 + marks + bytes((number,)) * 4 for number in range(1, frames + 1)]
    where, source = mapped(encapsulate(wanted, has_bot=table), frames)
    assert [frame(source, where, number).data for number in range(1, frames + 1)] == wanted


def test_frames_that_share_a_codestream_are_told() -> None:
    where, source = mapped(encapsulate(FRAMES[:1]), 4, "1.2.840.10008.1.2.4.92")
    with pytest.raises(Malformed, match="JPEG 2000 part 2"):
        frame(source, where, 4)

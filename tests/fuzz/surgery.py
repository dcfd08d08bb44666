"""Compressed frames whose own headers lie, and tables and fragments that lead to other frames, or nowhere."""

import random
import struct
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz import bytewise
from tests.fuzz.elements import UNDEFINED, File, encapsulated, fragments

PIXEL_DATA = 0x7FE00010
SIZES = (0, 1, 2, 7, 47, 49, 255, 4096, 32768, 65535)
LONG_SIZES = (*SIZES, 65536, 60_000, 1 << 24, 0x7FFFFFFF, 0xFFFFFFFF)
Cut = Callable[[bytearray, random.Random], None]


def segment(frame: bytes, *markers: int) -> int:
    """Return where the segment of the first of these markers begins (its FF), -1 for none."""
    found = [at for each in markers if (at := frame.find(bytes((0xFF, each)))) >= 0]
    return min(found, default=-1)


def put(frame: bytearray, at: int, form: str, number: int) -> None:
    """Write a number, if there is room for it."""
    if 0 <= at <= len(frame) - struct.calcsize(form):
        struct.pack_into(form, frame, at, number & (256 ** struct.calcsize(form) - 1))


# JPEG 2000 (ISO/IEC 15444-1 Annex A)


def size_j2k(frame: bytearray, dice: random.Random) -> None:
    """SIZ: width, height, offsets, tiles."""
    at = segment(frame, 0x51)
    for _ in range(dice.choice((1, 1, 2, 4))):
        put(frame, at + 6 + 4 * dice.randrange(8), ">L", dice.choice(LONG_SIZES))


def components_j2k(frame: bytearray, dice: random.Random) -> None:
    at = segment(frame, 0x51)
    dice.choice((
        lambda: put(frame, at + 38, ">H", dice.choice((0, 2, 3, 4, 255, 16384, 65535))),
        lambda: put(frame, at + 40, ">B", dice.choice((0, 7, 15, 37, 38, 0x8F, 0xFF))),
        lambda: put(frame, at + 41, ">B", dice.choice((0, 2, 255))),
    ))()  # fmt: skip


def style_j2k(frame: bytearray, dice: random.Random) -> None:
    """COD: progression, layers, transform, levels, code blocks, wavelet."""
    at = segment(frame, 0x52)
    put(frame, at + 4 + dice.randrange(10), ">B", dice.choice((0, 1, 2, 5, 10, 32, 33, 64, 255)))
    if dice.random() < 0.4:
        put(frame, at + 6, ">H", dice.choice((0, 1, 65535)))


def tile_part_j2k(frame: bytearray, dice: random.Random) -> None:
    """SOT: which tile, how long, which part of how many."""
    at = segment(frame, 0x90)
    put(frame, at + 4, ">H", dice.choice((0, 1, 65535)))
    if dice.random() < 0.7:
        put(frame, at + 6, ">L", dice.choice((0, 1, 12, 14, len(frame), 0x7FFFFFFF, 0xFFFFFFFF)))


def quantization_j2k(frame: bytearray, dice: random.Random) -> None:
    at = segment(frame, 0x5C)
    put(frame, at + 2 + dice.randrange(6), ">B", dice.randrange(256))


# JPEG and JPEG-LS (ISO/IEC 10918-1 Annex B, 14495-1 Annex C)

FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xF7)


def frame_jpeg(frame: bytearray, dice: random.Random) -> None:
    """SOF: precision, height, width, components and their sampling."""
    at = segment(frame, *FRAMES)
    choice = dice.randrange(6)
    if choice == 0:
        put(frame, at + 4, ">B", dice.choice((0, 1, 2, 7, 8, 12, 16, 17, 255)))
    elif choice in (1, 2):
        put(frame, at + 3 + 2 * choice, ">H", dice.choice(SIZES))
    elif choice == 3:
        put(frame, at + 9, ">B", dice.choice((0, 1, 2, 3, 4, 255)))
    elif choice == 4:
        put(frame, at + 11 + 3 * dice.randrange(3), ">B", dice.choice((0, 0x11, 0x21, 0x44, 0xFF, 0x14)))
    else:
        put(frame, at + 1, ">B", dice.choice((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCB, 0xF7)))


def huffman_jpeg(frame: bytearray, dice: random.Random) -> None:
    """DHT: length, class, counts, symbols."""
    at = segment(frame, 0xC4)
    put(frame, at + 2 + dice.randrange(30), ">B", dice.choice((0, 1, 16, 127, 255)))
    if dice.random() < 0.3:
        put(frame, at + 2, ">H", dice.choice((0, 1, 2, 19, 65535)))


def scan_jpeg(frame: bytearray, dice: random.Random) -> None:
    """SOS, and NEAR and the interleave mode of JPEG-LS in it."""
    at = segment(frame, 0xDA)
    put(frame, at + 2 + dice.randrange(10), ">B", dice.choice((0, 1, 2, 3, 4, 7, 63, 255)))


def inserted_jpeg(frame: bytearray, dice: random.Random) -> None:
    """A marker more: restarts, presets of JPEG-LS, an empty or endless segment."""
    what = dice.choice((
        b"\xff\xdd\0\x04\xff\xff", b"\xff\xdd\0\x04\0\0", b"\xff\xf8\0\x0d\1\xff\xff\0\1\0\2\0\3\0\0",
        b"\xff\xf8\0\x0d\1\0\0\0\0\0\0\0\0\0\1", b"\xff\xfe\0\0", b"\xff\xfe\xff\xff", b"\xff\xff\xff\xff\xff",
        b"\xff\xee\0\x0eAdobe\0d\0\0\0\0\2", b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", b"\xff\xd8", b"\xff\xd9",
        b"\xff\xc4\0\x02", b"\xff\xdb\0\x43\xff" + b"\0" * 64, b"\xff\xcc\0\x04\0\0",
    ))  # fmt: skip
    at = dice.choice((2, max(segment(frame, *FRAMES), 2), max(segment(frame, 0xDA), 2)))
    frame[at:at] = what


def quantized_jpeg(frame: bytearray, dice: random.Random) -> None:
    at = segment(frame, 0xDB)
    put(frame, at + 2 + dice.randrange(12), ">B", dice.choice((0, 1, 0x13, 255)))


# RLE (PS3.5 Annex G)


def header_rle(frame: bytearray, dice: random.Random) -> None:
    wrong = (0, 1, 3, 15, 16, 63, 64, 65, len(frame), len(frame) + 1, 0xFFFFFFFF)
    for _ in range(dice.choice((1, 2))):
        put(frame, 4 * dice.choice((0, 1, 2, 3)), "<L", dice.choice(wrong))


def runs_rle(frame: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 5, 40))):
        put(frame, 64 + dice.randrange(max(len(frame) - 64, 1)), "<B", dice.choice((0, 127, 128, 129, 255)))


# Any of them


def ended(frame: bytearray, dice: random.Random) -> None:
    del frame[dice.randrange(len(frame)) :]


def endless(frame: bytearray, dice: random.Random) -> None:
    frame += dice.choice((b"\0" * 3000, b"\xff" * 3000, bytes(frame)))


def coded(frame: bytearray, dice: random.Random) -> None:
    """The coded samples themselves."""
    half = len(frame) // 2
    for _ in range(dice.choice((1, 4, 30))):
        frame[half + dice.randrange(max(len(frame) - half, 1)) - 1] = dice.randrange(256)


def anything(frame: bytearray, dice: random.Random) -> None:
    frame[:] = bytewise.spoilt(bytes(frame), dice)[0]


J2K = (size_j2k, size_j2k, components_j2k, style_j2k, tile_part_j2k, quantization_j2k)
JPEG = (frame_jpeg, frame_jpeg, huffman_jpeg, scan_jpeg, inserted_jpeg, quantized_jpeg)
RLE = (header_rle, runs_rle)
ANY = (ended, endless, coded, anything)


def ways_of(frame: bytes) -> tuple[Cut, ...]:
    """Return what can be done to a frame of its kind."""
    if frame.startswith(b"\xff\x4f"):
        return (*J2K, *ANY)
    if frame.startswith(b"\xff\xd8"):
        return (*JPEG, *ANY)
    return (*RLE, *ANY)


# Tables and fragments (PS3.5 A.4, PS3.3 C.7.6.3.1.8)


def wrong_table(items: list[bytes], dice: random.Random) -> list[bytes]:
    frames = len(items) - 1
    entries = [
        dice.choice((0, 1, 8, 100, 0xFFFFFFFF, 0x7FFFFFFF)) for _ in range(dice.choice((1, frames, frames + 1, 99)))
    ]
    return [struct.pack(f"<{len(entries)}L", *entries), *items[1:]]


def odd_table(items: list[bytes], dice: random.Random) -> list[bytes]:
    return [dice.randbytes(dice.choice((1, 2, 3, 6))), *items[1:]]


def split(items: list[bytes], dice: random.Random) -> list[bytes]:
    pieces = [items[0]]
    for item in items[1:]:
        step = max(1, len(item) // dice.choice((2, 3, 50)))
        pieces += [item[at : at + step] for at in range(0, len(item), step)]
    return pieces


def dropped(items: list[bytes], dice: random.Random) -> list[bytes]:
    return [item for item in items if dice.random() < 0.5]


def repeated(items: list[bytes], dice: random.Random) -> list[bytes]:
    return [items[0], *(item for item in items[1:] for _ in range(dice.choice((1, 2, 200))))]


def emptied(items: list[bytes], dice: random.Random) -> list[bytes]:
    return [items[0], *(b"" if dice.random() < 0.6 else item for item in items[1:])]


SETS = (wrong_table, odd_table, split, dropped, repeated, emptied)


def spoilt(file: File, dice: random.Random) -> tuple[bytes, str] | None:
    """Return a file with spoilt compressed frames and what was done; None for a file without any."""
    at = file.place(PIXEL_DATA)
    if at is None or file.elements[at].length != UNDEFINED:
        return None
    items = fragments(file.elements[at].value)
    if len(items) < 2 or not all(items[1:]):
        return None
    names = []
    if dice.random() < 0.7:
        for _ in range(dice.choice((1, 1, 2))):
            number = dice.randrange(1, len(items))
            way = dice.choice(ways_of(items[number]))
            frame = bytearray(items[number])
            if frame:
                way(frame, dice)
            items[number] = bytes(frame)
            names.append(way.__name__)
    else:
        set_way = dice.choice(SETS)
        items = set_way(items, dice)
        names.append(set_way.__name__)
    value = encapsulated(items)
    if dice.random() < 0.1:
        value = value[: -dice.choice((1, 8, 20))]
        names.append("no end")
    if dice.random() < 0.1 and len(value) > 40:
        value = value[:4] + struct.pack("<L", dice.choice((1, 0xFFFF, UNDEFINED, 0x7FFFFFFF))) + value[8:]
        names.append("a wrong length of the table's item")
    return file.exchanged(at, replace(file.elements[at], value=value)).written(), " and ".join(names)

"""Slides whose TIFF directories loop, lie about sizes, or lead outside their file."""

import io
import random
import struct
from functools import cache

import numpy as np
import tifffile

from tests.fuzz import bytewise

SIDE = 300
APERIO = f"Aperio Image Library v11.2.1 \r\n{SIDE}x{SIDE} (64x64) JPEG/RGB Q=90|AppMag = 20|MPP = 0.5"
WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, SAMPLES = 256, 257, 258, 259, 262, 270, 277
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, JPEG_TABLES = 322, 323, 324, 325, 347
TAGS = (WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, SAMPLES, *range(322, 326), JPEG_TABLES)
NUMBERS = (0, 1, 2, 3, 15, 16, 17, 4096, 65535, 65536, 1 << 22, 0x7FFFFFFF, 0xFFFFFFFF)


@cache
def slide() -> bytes:
    """Return a small slide of two levels, as Aperio writes them (little endian, 32-bit offsets)."""
    whole = np.random.default_rng(3).integers(0, 255, (SIDE // 10, SIDE // 10, 3)).astype(np.uint8)
    whole = whole.repeat(10, 0).repeat(10, 1)
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for step in (1, 4):
            writer.write(
                np.ascontiguousarray(whole[::step, ::step]), tile=(64, 64), compression="jpeg", photometric="rgb",
                compressionargs={"outcolorspace": "rgb", "level": 90}, description=APERIO, metadata=None, software=None,
            )  # fmt: skip
    return out.getvalue()


def directories(data: bytes) -> list[tuple[int, int]]:
    """Return (where its count stands, number of entries) of each directory."""
    found: list[tuple[int, int]] = []
    (at,) = struct.unpack_from("<L", data, 4)
    while at and at not in [place for place, _ in found]:
        (count,) = struct.unpack_from("<H", data, at)
        found.append((at, count))
        (at,) = struct.unpack_from("<L", data, at + 2 + 12 * count)
    return found


def entry(data: bytes, tag: int, directory: int = 0) -> int:
    """Return where the entry of a tag stands; raises LookupError."""
    at, count = directories(data)[directory]
    for number in range(count):
        place = at + 2 + 12 * number
        if struct.unpack_from("<H", data, place)[0] == tag:
            return place
    raise LookupError(tag)


def with_entry(data: bytes, tag: int, value: int, *, count: int | None = None, kind: int | None = None) -> bytes:
    """Return the file with another value, count or type of an entry of its first directory."""
    made, place = bytearray(data), entry(data, tag)
    if kind is not None:
        struct.pack_into("<H", made, place + 2, kind)
    if count is not None:
        struct.pack_into("<L", made, place + 4, count)
    struct.pack_into("<L", made, place + 8, value)
    return bytes(made)


def looping(data: bytes, target: int | None = None) -> bytes:
    """Return the file whose last directory is followed by its first, or by whatever stands at `target`."""
    made = bytearray(data)
    at, count = directories(data)[-1]
    struct.pack_into("<L", made, at + 2 + 12 * count, directories(data)[0][0] if target is None else target)
    return bytes(made)


def lying(data: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 1, 2))):
        try:
            data = with_entry(
                data, dice.choice(TAGS), dice.choice((*NUMBERS, len(data))),
                count=dice.choice((None, None, 0, 1, 1 << 20, 0xFFFFFFFF)),
                kind=dice.choice((None, None, 1, 4, 16, 99)),
            )  # fmt: skip
        except LookupError:
            continue
    return data


def spoilt(dice: random.Random) -> tuple[bytes, str]:
    """Return a slide and what was done to it."""
    data = slide()
    choice = dice.randrange(6)
    if choice == 0:
        return looping(data, dice.choice((None, 4, 0, len(data) - 2, len(data) + 100, 0xFFFFFFFF))), "a loop"
    if choice <= 3:
        return lying(data, dice), "a lying directory"
    if choice == 4:
        return data[: dice.randrange(8, len(data))], "cut short"
    spoilt, how = bytewise.spoilt(data, dice)
    return data[:4] + spoilt[4:], how

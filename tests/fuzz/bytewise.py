"""Files spoilt byte by byte, without a thought of what the bytes mean."""

import random
from collections.abc import Callable

INTERESTING = (
    b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0", b"\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\xff\xff\xff\x7f",
    b"\xfe\xff\0\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"SQ\0\0\xff\xff\xff\xff", b"UN\0\0",
    b"\xe0\x7f\x10\0", b"\x28\0\x10\0", b"%s%n", b"\\\\\\\\", b"\x1b$B", b"\xff\xd9", b"\xff\x4f\xff\x51", b"\n\r\0",
)  # fmt: skip
HEADER = 2048
Spoil = Callable[[bytes, random.Random], bytes]


def place(data: bytes, dice: random.Random) -> int:
    """Return a place behind the preamble, twice as often in the header as elsewhere."""
    end = min(len(data), HEADER) if dice.random() < 0.66 else len(data)
    return dice.randrange(min(128, len(data) - 1), max(end, 129)) if len(data) > 129 else dice.randrange(len(data))


def flipped(data: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        spoilt[place(data, dice)] ^= 1 << dice.randrange(8)
    return bytes(spoilt)


def overwritten(data: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, what = place(data, dice), dice.choice(INTERESTING)
        spoilt[at : at + len(what)] = what
    return bytes(spoilt)


def random_bytes(data: bytes, dice: random.Random) -> bytes:
    at = place(data, dice)
    what = dice.randbytes(dice.choice((1, 4, 16, 200)))
    return data[:at] + what + data[at + len(what) :]


def inserted(data: bytes, dice: random.Random) -> bytes:
    at = place(data, dice)
    return data[:at] + dice.choice((dice.choice(INTERESTING), dice.randbytes(dice.randrange(1, 40)))) + data[at:]


def cut_out(data: bytes, dice: random.Random) -> bytes:
    at = place(data, dice)
    return data[:at] + data[at + dice.choice((1, 2, 8, 100, 1000)) :]


def doubled(data: bytes, dice: random.Random) -> bytes:
    at, length = place(data, dice), dice.choice((2, 8, 60, 600))
    return data[: at + length] + data[at : at + length] * dice.choice((1, 1, 3, 50)) + data[at + length :]


def cut_short(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.choice((place(data, dice), dice.randrange(len(data)), len(data) - dice.randrange(1, 9)))]


def moved(data: bytes, dice: random.Random) -> bytes:
    one, other = sorted((place(data, dice), place(data, dice)))
    length = dice.choice((1, 2, 4, 8, 32))
    if other - one < length:
        return flipped(data, dice)
    piece = data[one : one + length]
    return data[:one] + data[one + length : other] + piece + data[other:]


WAYS: tuple[Spoil, ...] = (flipped, overwritten, random_bytes, inserted, cut_out, doubled, cut_short, moved)


def spoilt(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """Return the file spoilt in one or two ways, and the names of those."""
    names = []
    for _ in range(dice.choice((1, 1, 2))):
        if not data:
            break
        way = dice.choice(WAYS)
        data = way(data, dice)
        names.append(way.__name__)
    return data, " and ".join(names)

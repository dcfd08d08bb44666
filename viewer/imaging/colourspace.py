"""What the red, green and blue of an image mean: its ICC profile, or that of the colour space that it names."""

import struct
from functools import cache

import numpy as np

from viewer.imaging.record import Instance

LARGEST_PROFILE = 4 << 20
HEADER_BYTES = 128
SIGNATURE, SPACE = slice(36, 40), slice(16, 20)
D50 = (0.9642, 1.0, 0.8249)
# From the white of D65 to that of D50, by Bradford's cone responses (ICC.1:2022, Annex E).
CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# Chromaticities (x, y) of red, green, blue and white, and the curve's parameters (ICC.1 10.18).
ROMM_CURVE = (1.8, 1.0, 0.0, 1 / 16, 1 / 32)  # straight below, of slope 1/16
SPACES = {
    # Adobe RGB (1998), 4.3: gamma 2 51/256.
    "ADOBERGB": (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.3290)), (563 / 256,)),
    # ISO 22028-2.
    "ROMMRGB": (((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585)), ROMM_CURVE),
}


def profile(instance: Instance) -> bytes:
    """Return the ICC profile of a colour image (PS3.3 C.11.15); empty where its colours are sRGB, or unsaid.

    A profile that stands in the image counts before Color Space (0028,2002).
    """
    own = instance.icc_profile
    if own:
        return own if is_of_rgb(own) else b""
    return named((instance.ColorSpace or "").upper())


def is_of_rgb(data: bytes) -> bool:
    """Say whether these bytes begin like a profile that says what red, green and blue are."""
    return HEADER_BYTES < len(data) <= LARGEST_PROFILE and data[SIGNATURE] == b"acsp" and data[SPACE] == b"RGB "


@cache
def named(space: str) -> bytes:
    """Return the profile of ADOBERGB or ROMMRGB; empty for any other name."""
    if space not in SPACES:
        return b""
    chromaticities, curve = SPACES[space]
    columns = colourants(chromaticities)
    described = {b"desc": text(space), b"cprt": text("CC0"), b"wtpt": xyz(D50)}
    primaries = {name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)}
    kind = {1: 0, 5: 3}[len(curve)]
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"para" + struct.pack(">IHH", 0, kind, 0) + fixed(*curve))
    return assembled(described | primaries | curves)


def colourants(chromaticities: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Return the XYZ of red, green and blue as columns (3, 3), adapted to D50 so that they add up to its white."""
    *primaries, white = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in chromaticities)
    matrix = np.stack(primaries, axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    adapted = np.linalg.solve(CONES, np.diag((CONES @ D50) / (CONES @ white)) @ CONES)
    return adapted @ matrix


def assembled(tags: dict[bytes, bytes]) -> bytes:
    """Return a profile of version 4.3 for displays, with these tags (ICC.1 7.2, 7.3)."""
    start = HEADER_BYTES + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(*D50)
    return header.ljust(HEADER_BYTES, b"\0") + table + body


def fixed(*numbers: float) -> bytes:
    """Return numbers as s15Fixed16Number."""
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def xyz(values: "tuple[float, ...] | np.ndarray") -> bytes:
    """Return an XYZType element."""
    return b"XYZ " + bytes(4) + fixed(*(float(value) for value in values))


def text(words: str) -> bytes:
    """Return a multiLocalizedUnicodeType element in English."""
    said = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(said), 28) + said

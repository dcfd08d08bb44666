"""Overlay planes in bits of the pixels that hold no value: retired, common in old CT and MR (PS3.3-2004 C.9.2)."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from viewer.imaging.overlays import OverlayPlane
from viewer.imaging.record import Instance

BIG_ENDIAN, RLE = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"
LITTLE_ENDIAN = frozenset(
    ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.1.99")
)


def can_be_read(plane: OverlayPlane, instance: Instance) -> bool:
    """Whether a plane lies in a bit of the pixels that is none of their value's, and is as large as the image."""
    bits, stored = instance.BitsAllocated or 0, instance.BitsStored or 0
    high = stored - 1 if instance.HighBit is None else instance.HighBit
    return (
        plane.embedded is not None
        and bits in {8, 16, 32}
        and (instance.SamplesPerPixel or 1) == 1
        and (plane.rows, plane.columns) == (instance.Rows, instance.Columns)
        and 0 <= plane.embedded < bits
        and not high - stored < plane.embedded <= high
    )


def read(plane: OverlayPlane, instance: Instance, number: int, syntax: str, data: bytes) -> OverlayPlane:
    """Return the plane with its bits for frame `number`, from that frame's stored bytes; as it was where that fails.

    `data` is one frame, native or RLE (PS3.5 8.1.1, Annex G); what else keeps each bit is decompressed before.
    """
    if not can_be_read(plane, instance) or plane.embedded is None:
        return plane
    width, size = (instance.BitsAllocated or 8) // 8, plane.rows * plane.columns
    significance, bit = divmod(plane.embedded, 8)
    if syntax == RLE:
        octets = segment(data, width, width - 1 - significance, size)
    elif len(data) < size * width:
        return plane
    elif syntax == BIG_ENDIAN:
        octets = data[width - 1 - significance : size * width : width]
    elif syntax in LITTLE_ENDIAN:
        octets = data[significance : size * width : width]
    else:
        return plane
    if len(octets) < size:
        return plane
    packed = np.packbits(np.frombuffer(octets, np.uint8, size) >> bit & 1, bitorder="little").tobytes()
    return replace(plane, data=packed, frames=1, first_frame=number, top=0, left=0)


def segment(data: bytes, count: int, wanted: int, size: int) -> bytes:
    """Return the first `size` bytes of one of an RLE frame's `count` segments, fewer where they aren't there."""
    header = np.frombuffer(data[:64], "<u4").tolist() if len(data) >= 64 else [0] * 16
    starts = [*header[1 : 1 + count], len(data)]
    if header[0] != count or starts[0] < 64 or sorted(starts) != starts:
        return b""
    start, end = list(pairwise(starts))[wanted]
    return b"".join(runs(data[start:end], size))[:size]


def runs(packed: bytes, size: int) -> Iterator[bytes]:
    """Yield what PackBits unpacks to, until there are `size` bytes or nothing is left (PS3.5 G.3.1)."""
    at = there = 0
    while at < len(packed) and there < size:
        length = packed[at]
        if length < 128:
            run = packed[at + 1 : at + 2 + length]
            at += 2 + length
        else:
            run = packed[at + 1 : at + 2] * (257 - length) if length > 128 else b""
            at += 2 if length > 128 else 1
        there += len(run)
        yield run

"""Markers put into a JPEG stream so that everybody shows its colours rightly; the coded data stay as they are."""

import struct

ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x65\x00\x00\x00\x00\x00"  # APP14: no colour transform
PROFILE_BYTES = 65519  # of a colour profile in one APP2 segment
MOST_SEGMENTS = 255


def profile(icc: bytes) -> bytes:
    """Return the APP2 segments that carry a colour profile; raises ValueError for one of more than 16 MiB."""
    pieces = [icc[at : at + PROFILE_BYTES] for at in range(0, len(icc), PROFILE_BYTES)]
    if len(pieces) > MOST_SEGMENTS:
        raise ValueError("the colour profile doesn't fit into a JPEG stream")
    segments = []
    for number, piece in enumerate(pieces, 1):
        body = b"ICC_PROFILE\0" + bytes((number, len(pieces))) + piece
        segments.append(b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body)
    return b"".join(segments)


def inserted(data: bytes, segments: bytes) -> bytes:
    """Return a JPEG stream with `segments` after its start and the APP0 segments that have to come first."""
    at = 2
    while data[at : at + 2] == b"\xff\xe0" and at + 4 <= len(data):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return b"".join((data[:at], segments, data[at:]))

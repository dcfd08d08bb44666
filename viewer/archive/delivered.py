"""One instance out of a whole series: which it is, how its pixels are stored, and its frames, without a copy."""

import struct
from dataclasses import dataclass
from io import BytesIO

from viewer.archive.dicomjson import Header
from viewer.archive.framing import LARGEST_FRAME, PixelMap, first, frame, number
from viewer.archive.part10 import NATIVE, UNDEFINED, parse
from viewer.archive.port import Attributes, Delivered, Described, Malformed
from viewer.imaging.words import gettext_noop

STUDY, SERIES, INSTANCE = 0x0020000D, 0x0020000E, 0x00080018
FRAMES, PHOTOMETRIC = 0x00280008, 0x00280004
NUMBERS = (0x00280010, 0x00280011, 0x00280002, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280006)
TEXTS = frozenset((STUDY, SERIES, INSTANCE, FRAMES, PHOTOMETRIC))
WANTED = TEXTS | frozenset(NUMBERS)
PIXELS = 0x7FE00010
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
IMPLICIT = "1.2.840.10008.1.2"
# Big endian and deflated files are none of these: they are read in the ordinary way.
PLAIN = NATIVE - {"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}
SHORT = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
     b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_HEAD = struct.Struct("<HH2sH")
_TAG_LENGTH = struct.Struct("<HHL")
_LENGTH = struct.Struct("<L")


class _NotPlain(Exception):
    """The file isn't as most are: the ordinary reader has to look at it."""


@dataclass(frozen=True)
class _Found:
    """What the walk through a header has met: values by tag, and where the pixel element's value starts."""

    syntax: str
    values: dict[int, bytes]
    pixels: int
    length: int


def delivered(data: memoryview, *, revision: str = "") -> Delivered:
    """Return the instance that a Part 10 file holds; frames of native pixels are views of `data`.

    Raises Malformed, or NotThere when it has no pixels. A plain single-frame file is walked through here, in a tenth
    of the time that a parser takes; all others are given to the parser.
    """
    try:
        return _plain(data, revision)
    except (_NotPlain, struct.error, IndexError, ValueError):
        return _parsed(data, revision)


def _plain(data: memoryview, revision: str) -> Delivered:
    found = _walked(data)
    numbers = [_short(found.values.get(tag)) for tag in NUMBERS]
    photometric, frames = _text(found.values, PHOTOMETRIC), _text(found.values, FRAMES)
    if frames not in ("", "1"):
        raise _NotPlain
    described = Described(photometric, *numbers)
    if found.syntax in PLAIN:
        if None in (described.rows, described.columns, described.bits_allocated) or photometric.startswith("YBR"):
            raise _NotPlain
        samples = 1 if described.samples is None else described.samples
        bits = (described.rows or 0) * (described.columns or 0) * samples * (described.bits_allocated or 0)
        if found.length == UNDEFINED or bits % 8 or not 0 < bits <= 8 * LARGEST_FRAME or found.length < bits // 8:
            raise _NotPlain
        pixels: bytes | memoryview = data[found.pixels : found.pixels + bits // 8]
        if len(pixels) != bits // 8:
            raise _NotPlain
    else:
        if found.length != UNDEFINED:
            raise _NotPlain
        pixels = _fragments(data, found.pixels)
    study, series, instance = (_text(found.values, tag) for tag in (STUDY, SERIES, INSTANCE))
    return Delivered(study, series, instance, described, found.syntax, (pixels,), revision)


def _parsed(data: memoryview, revision: str) -> Delivered:
    part10 = parse(BytesIO(data))
    attributes: Attributes = Header(part10, lambda where: where).attributes()
    where = PixelMap.of(part10, attributes)
    numbers = [number(attributes, f"{tag:08X}", -1) for tag in NUMBERS]
    described = Described(
        str(first(attributes, f"{PHOTOMETRIC:08X}") or ""), *(None if value < 0 else value for value in numbers)
    )
    study, series, instance = (part10.text(tag) for tag in (STUDY, SERIES, INSTANCE))
    frames = tuple(frame(part10.source, where, each).data for each in range(1, where.frames + 1))
    return Delivered(study, series, instance, described, where.transfer_syntax, frames, revision)


def _walked(data: memoryview) -> _Found:
    """Walk through the elements up to the pixels; raises _NotPlain, or struct.error at the end of the data."""
    if data[128:132] != b"DICM":
        raise _NotPlain
    at, syntax = 132, ""
    while True:
        group, element, vr, length = _HEAD.unpack_from(data, at)
        if group != 2:
            break
        if vr in LONG:
            (length,) = _LENGTH.unpack_from(data, at + 8)
            at += 4
        elif vr not in SHORT:
            raise _NotPlain
        if element == 0x0010:
            syntax = bytes(data[at + 8 : at + 8 + length]).decode("ascii").strip("\0 ")
        at += 8 + length
    if not syntax or (syntax in NATIVE and syntax not in PLAIN):
        raise _NotPlain
    values: dict[int, bytes] = {}
    implicit, before = syntax == IMPLICIT, 0
    if implicit and bytes(data[at + 4 : at + 6]) in SHORT | LONG:
        raise _NotPlain  # declared implicit, written explicit
    while True:
        group, element, vr, length = _HEAD.unpack_from(data, at)
        tag, start = group << 16 | element, at + 8
        if implicit or vr not in SHORT:
            tag, length, start = _element(data, at, implicit=implicit)
        if tag <= before:
            raise _NotPlain
        before = tag
        if tag >= 0x7FE00000:
            if tag != PIXELS:
                raise _NotPlain
            return _Found(syntax, values, start, length)
        if length == UNDEFINED:
            at = _after_sequence(data, start, implicit=implicit)
            continue
        if tag in WANTED:
            values[tag] = bytes(data[start : start + length])
        at = start + length


def _element(data: memoryview, at: int, *, implicit: bool) -> tuple[int, int, int]:
    """Return tag, length and start of the value of the element at `at`."""
    if implicit:
        group, element, length = _TAG_LENGTH.unpack_from(data, at)
        return group << 16 | element, length, at + 8
    group, element, vr, length = _HEAD.unpack_from(data, at)
    if vr in SHORT:
        return group << 16 | element, length, at + 8
    if vr not in LONG:
        raise _NotPlain
    (length,) = _LENGTH.unpack_from(data, at + 8)
    if length == UNDEFINED and vr != b"SQ" and group != 0x7FE0:
        raise _NotPlain  # implicit within explicit
    return group << 16 | element, length, at + 12


def _after_sequence(data: memoryview, at: int, *, implicit: bool, depth: int = 0) -> int:
    """Return where a sequence of undefined length ends whose first item is at `at`."""
    if depth > 16:
        raise _NotPlain
    while True:
        group, element, length = _TAG_LENGTH.unpack_from(data, at)
        tag, at = group << 16 | element, at + 8
        if tag == SEQUENCE_END:
            return at
        if tag != ITEM:
            raise _NotPlain
        if length != UNDEFINED:
            at += length
            continue
        while _TAG_LENGTH.unpack_from(data, at)[:2] != (ITEM_END >> 16, ITEM_END & 0xFFFF):
            _, length, start = _element(data, at, implicit=implicit)
            if length == UNDEFINED:
                at = _after_sequence(data, start, implicit=implicit, depth=depth + 1)
            else:
                at = start + length
        at += 8


def _fragments(data: memoryview, at: int) -> bytes:
    """Return the joined fragments of the only frame (PS3.5 A.4): what follows the offset table up to the delimiter."""
    pieces: list[memoryview] = []
    total = 0
    for count in range(1 << 20):
        group, element, length = _TAG_LENGTH.unpack_from(data, at)
        tag, at = group << 16 | element, at + 8
        if tag == SEQUENCE_END:
            break
        if tag != ITEM or length == UNDEFINED or at + length > len(data):
            raise _NotPlain
        if count:
            pieces.append(data[at : at + length])
            total += length
        elif length > 4:  # the offsets of several frames
            raise _NotPlain
        at += length
    if not 0 < total <= LARGEST_FRAME:
        raise _NotPlain
    return b"".join(pieces)


def _short(value: bytes | None) -> int | None:
    """Return a 16-bit number, None for none; raises _NotPlain for anything else."""
    if value is None:
        return None
    if len(value) != 2:
        raise _NotPlain
    return int.from_bytes(value, "little")


def _text(values: dict[int, bytes], tag: int) -> str:
    return values.get(tag, b"").decode("ascii").strip("\0 ")


def of_series(found: Delivered, study: str, series: str) -> Delivered:
    """Return the instance; raises Malformed when it belongs to another series."""
    if (found.study, found.series) != (study, series):
        raise Malformed(gettext_noop("The archive answered with an instance of another series."))
    return found

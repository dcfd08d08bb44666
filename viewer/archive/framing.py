"""One frame's bytes out of a DICOM file: native frames by their place, compressed ones by tables and fragments."""

import math
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from pydicom.encaps import get_frame

from viewer.archive.dicomjson import decoded
from viewer.archive.part10 import NATIVE, UNDEFINED, Part10, Pixels, exactly, raw
from viewer.archive.port import Attributes, Frame, Malformed, NotThere
from viewer.imaging.words import gettext_noop

LARGEST_FRAME = 512 << 20
ITEM = 0xE000FFFE  # (FFFE,E000), its two halves read as one little-endian number
_ITEM = struct.Struct("<LL")
MOST_FRAMES = 1_000_000
TOGETHER = frozenset(("1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93"))  # may hold several frames (PS3.5 A.4.4)


@dataclass(frozen=True)
class PixelMap:
    """Where the frames of one file lie. `bits` is the size of a native frame, `extended` the offsets and lengths.

    `starts` are where the first fragment's item of each compressed frame begins, and where the last frame ends.
    """

    pixels: Pixels
    transfer_syntax: str
    little_endian: bool
    frames: int
    bits: int
    bits_allocated: int
    extended: tuple[list[int], list[int]] | None
    starts: np.ndarray | None = None

    @classmethod
    def of(cls, part10: Part10, attributes: Attributes) -> "PixelMap":
        """Read the map from what the header declares (PS3.3 C.7.6.3); raises NotThere without pixels, or Malformed."""
        if part10.pixels is None:
            raise NotThere(gettext_noop("The object has no pixels."))
        native = part10.transfer_syntax in NATIVE
        if native == (part10.pixels.length == UNDEFINED):
            raise Malformed(gettext_noop("The pixels aren't stored in the way that the transfer syntax says."))
        frames = number(attributes, "00280008", 1) or 1
        if not 1 <= frames <= MOST_FRAMES:
            raise Malformed(gettext_noop("The file declares {count} frames.", count=frames))
        allocated = number(attributes, "00280100", 0)
        bits = _native_bits(attributes, allocated) if native else 0
        extended = None if native else _extended(part10, frames)
        starts = (
            _starts(part10.source, part10.pixels.offset, frames) if frames > 1 and not (native or extended) else None
        )
        return cls(
            part10.pixels, part10.transfer_syntax, part10.little_endian, frames, bits, allocated, extended, starts
        )


def frame(source: BinaryIO, where: PixelMap, wanted: int) -> Frame:
    """Return frame `wanted` (from 1) as stored; raises NotThere or Malformed, never returns a short frame."""
    if not 1 <= wanted <= where.frames:
        raise NotThere(
            gettext_noop("There is no frame {number}: the object has {count}.", number=wanted, count=where.frames)
        )
    data = _native(source, where, wanted) if where.bits else _compressed(source, where, wanted)
    return Frame(wanted, data, where.transfer_syntax)


def first(attributes: Attributes, tag: str) -> object:
    """Return the first value of `tag`, or None."""
    values = attributes.get(tag, {}).get("Value") or [None]
    return values[0]


def number(attributes: Attributes, tag: str, default: int) -> int:
    """Return the first value of `tag` as an integer; `default` when absent; raises Malformed for anything else."""
    value = first(attributes, tag)
    if value is None:
        return default
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError) as error:
        raise Malformed(gettext_noop("Attribute {tag} is not a number.", tag=tag)) from error


def _native_bits(attributes: Attributes, allocated: int) -> int:
    rows, columns = number(attributes, "00280010", 0), number(attributes, "00280011", 0)
    samples = number(attributes, "00280002", 1)
    if min(rows, columns, samples, allocated) < 1:
        raise Malformed(gettext_noop("The file doesn't say how large its frames are."))
    if first(attributes, "00280004") in ("YBR_FULL_422", "YBR_PARTIAL_422") and samples == 3:
        samples = 2  # two luminances share one pair of chrominances (PS3.3 C.7.6.3.1.2)
    bits = rows * columns * samples * allocated
    if bits > LARGEST_FRAME * 8:
        raise Malformed(gettext_noop("A frame would be larger than {limit} MiB.", limit=LARGEST_FRAME >> 20))
    return bits


def _native(source: BinaryIO, where: PixelMap, wanted: int) -> bytes:
    first_byte, shift = divmod((wanted - 1) * where.bits, 8)
    length = math.ceil((shift + where.bits) / 8)
    if first_byte + length > where.pixels.length:
        there = max(0, where.pixels.length - first_byte)
        raise Malformed(
            gettext_noop(
                "Frame {number} is cut short: {there} of {length} bytes are there.",
                number=wanted,
                there=there,
                length=length,
            )
        )
    start = where.pixels.offset + first_byte
    if not where.little_endian and where.pixels.vr == "OW" and where.bits_allocated <= 8:
        # Samples of a byte written as words: the bytes of each pair are the wrong way round (PS3.5 Annex A.3).
        odd = first_byte % 2
        words = exactly(source, start - odd, (odd + length + 1) // 2 * 2)
        data = np.frombuffer(words, ">u2").astype("<u2").tobytes()[odd : odd + length]
    else:
        data = exactly(source, start, length)
    return _aligned(data, shift, where.bits) if where.bits % 8 else data


def _aligned(data: bytes, shift: int, bits: int) -> bytes:
    """Return one-bit pixels starting at a byte's lowest bit: frames of a file share bytes (PS3.5 8.1.1)."""
    unpacked = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.packbits(unpacked[shift : shift + bits], bitorder="little").tobytes()


def _compressed(source: BinaryIO, where: PixelMap, wanted: int) -> bytes:
    try:
        if where.starts is not None:
            data = _joined(source, int(where.starts[wanted - 1]), int(where.starts[wanted]))
        else:
            source.seek(where.pixels.offset)
            data = get_frame(source, wanted - 1, number_of_frames=where.frames, extended_offsets=where.extended)
    except (
        struct.error, ValueError, IndexError, EOFError, OSError, KeyError, TypeError, OverflowError, MemoryError
    ) as error:  # fmt: skip
        if where.transfer_syntax in TOGETHER:
            raise Malformed(
                gettext_noop("Frames that share a codestream of JPEG 2000 part 2 aren't taken apart.")
            ) from error
        raise Malformed(
            gettext_noop("Frame {number} can't be found among the compressed fragments.", number=wanted)
        ) from error
    if not data or len(data) > LARGEST_FRAME:
        raise Malformed(gettext_noop("Frame {number} has {count} bytes.", number=wanted, count=len(data)))
    return data


def _starts(source: BinaryIO, offset: int, frames: int) -> np.ndarray | None:
    """Return where each frame's items begin, and where the last one's end; None where that isn't plain to see.

    It is where the Basic Offset Table agrees with the items, or where there are as many items as frames (PS3.5 A.4).
    A slide has frames by the hundred thousand: nobody may walk them for every tile.
    """
    source.seek(offset)
    tag, length = _item(source)
    if tag != ITEM or length % 4 or length > 4 * MOST_FRAMES:
        return None
    offsets = source.read(length)
    if len(offsets) != length:
        return None
    table = np.frombuffer(offsets, "<u4").astype(np.int64)
    position = first_item = offset + 8 + length
    items = []
    while True:
        source.seek(position)
        tag, length = _item(source)
        if tag != ITEM or length == UNDEFINED:
            break
        items.append(position)
        if len(items) > 64 * frames:
            return None
        position += 8 + length
    end = np.array([position], np.int64)
    places = np.array(items, np.int64)
    if len(table) == frames and np.isin(table + first_item, places).all() and (np.diff(table) > 0).all():
        return np.concatenate((table + first_item, end))
    return np.concatenate((places, end)) if len(items) == frames else None


def _item(source: BinaryIO) -> tuple[int, int]:
    header = source.read(8)
    return _ITEM.unpack(header) if len(header) == 8 else (0, 0)


def _joined(source: BinaryIO, start: int, end: int) -> bytes:
    """Return the fragments between two places."""
    source.seek(start)
    items = source.read(min(end - start, LARGEST_FRAME + 8))
    pieces, at = [], 0
    while at + 8 <= len(items):
        tag, length = _ITEM.unpack_from(items, at)
        if tag != ITEM or at + 8 + length > len(items):
            raise ValueError("no fragment")
        pieces.append(items[at + 8 : at + 8 + length])
        at += 8 + length
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _extended(part10: Part10, frames: int) -> tuple[list[int], list[int]] | None:
    """Return the Extended Offset Table and its lengths (PS3.3 C.7.6.3.1.8), or None."""
    tables = []
    for tag in (0x7FE00001, 0x7FE00002):
        element = raw(part10.dataset, tag)
        if element is None:
            return None
        value = element.value
        if value is None:
            value = part10.slice(element.value_tell, element.length)
        table = decoded("UV", bytes(value), [], True) if len(value) == 8 * frames else []
        if len(table) != frames:
            raise Malformed(gettext_noop("The extended offset table doesn't fit the number of frames."))
        tables.append([int(entry) for entry in table])
    return tables[0], tables[1]

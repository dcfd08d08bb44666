"""One DICOM file, opened but not swallowed: its header, its encoding, and where its pixels lie."""

import logging
import struct
import warnings
import zlib
from dataclasses import dataclass
from io import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import BytesLengthException
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from viewer.archive.port import Malformed
from viewer.imaging.words import gettext_noop

# pydicom's warnings and log lines quote values, and a value may be a patient's name.
warnings.filterwarnings("ignore", module=r"pydicom\.")
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

UNDEFINED = 0xFFFFFFFF
PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
NATIVE = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)

LAST_OFFSET = 2**63 - 1
LONGEST_HEADER = 256 << 20
LONGEST_INFLATED = 1 << 30
HIGHEST_RATIO = 200
ALWAYS_INFLATED = 64 << 20
HELD_INFLATED = 8 << 20
DEFERRED = 1 << 20

_EXPLICIT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<L")


@dataclass(frozen=True)
class Pixels:
    """The pixel element: its tag, VR, where its value starts in `Part10.source` and how long it is."""

    tag: int
    vr: str
    offset: int
    length: int


def raw(dataset: Dataset, tag: int) -> Any:
    """Return one element as it lies in the file, a RawDataElement unless pydicom had to read it; None when absent."""
    return dataset.get_item(tag, keep_deferred=True)


@dataclass(frozen=True)
class Part10:
    """A parsed file. `source` holds the data set (inflated when deflated); values over 1 MiB stay in it unread."""

    source: BinaryIO
    size: int
    transfer_syntax: str
    dataset: Dataset
    pixels: Pixels | None
    has_preamble: bool
    start: int

    @property
    def little_endian(self) -> bool:
        return self.transfer_syntax != ExplicitVRBigEndian

    def text(self, tag: int) -> str:
        """Return a top-level UID or code string without padding, empty when absent."""
        element = raw(self.dataset, tag)
        value = element.value if element is not None else None
        return value.decode("ascii", "replace").strip("\0 ") if isinstance(value, bytes) else str(value or "")

    def slice(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes of `source`, or raise Malformed when the file is too short."""
        if offset + length > self.size:
            raise Malformed(gettext_noop("The file is cut short."))
        return exactly(self.source, offset, length)


def exactly(source: BinaryIO, offset: int, length: int) -> bytes:
    """Return `length` bytes from `offset` on, or raise Malformed: never fewer."""
    if not 0 <= offset <= LAST_OFFSET or length < 0:
        raise Malformed(gettext_noop("The file points to a place that no file has."))
    source.seek(offset)
    data = source.read(length)
    if len(data) != length:
        raise Malformed(
            gettext_noop("The file is cut short: {count} of {length} bytes are there.", count=len(data), length=length)
        )
    return data


def parse(source: BinaryIO) -> Part10:
    """Read the header of a DICOM file, with or without preamble and file meta (PS3.10 7); stop at the pixels.

    Raises Malformed, in words that name the fault but no value. A deflated data set is inflated up to 200
    times its size or 64 MiB, and never beyond 1 GiB.
    """
    try:
        return _parse(source)
    except RecursionError as error:
        raise Malformed(gettext_noop("Sequences nested too deeply.")) from error
    except Malformed:
        raise
    except (OSError, EOFError, struct.error) as error:
        if isinstance(error, OSError) and error.strerror:
            raise Malformed(gettext_noop("The file can't be read: {reason}.", reason=error.strerror)) from error
        # pydicom's way to say that it met something else than an element or an item.
        raise Malformed(
            gettext_noop("The header can't be read: an element doesn't end where its length says.")
        ) from error
    except BytesLengthException as error:
        words = "The header can't be read: an element's length doesn't fit its value representation."
        raise Malformed(gettext_noop(words)) from error
    # Whatever a hostile header provokes in the parser is this file's fault and nobody else's.
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        NotImplementedError,
        OverflowError,
        LookupError,
        MemoryError,
    ) as error:
        raise Malformed(gettext_noop("The header can't be read ({fault}).", fault=type(error).__name__)) from error


def as_part10(source: BinaryIO) -> bytes:
    """Return the whole file, with preamble and file meta made for a file that has none (PS3.10 7.1)."""
    part10 = parse(source)
    source.seek(0)
    if part10.has_preamble:
        return source.read()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(part10.transfer_syntax)
    meta.MediaStorageSOPClassUID = UID(part10.text(0x00080016))
    meta.MediaStorageSOPInstanceUID = UID(part10.text(0x00080018))
    head = DicomBytesIO()
    write_file_meta_info(head, meta, enforce_standard=True)
    source.seek(part10.start)
    return b"\0" * 128 + b"DICM" + head.getvalue() + source.read()


def _parse(source: BinaryIO) -> Part10:
    has_preamble, meta_start = _beginning(source)
    declared, start = _meta(source, meta_start)
    size = source.seek(0, SEEK_END)
    if declared == DeflatedExplicitVRLittleEndian:
        source.seek(start)
        source, size = _inflated(source, size - start)
        start = 0
    implicit, little = _encoding(source, start, declared)
    found: list[Pixels] = []

    def at_pixels(tag: int, vr: str | None, length: int) -> bool:
        if tag in PIXELS:
            found.append(Pixels(tag, vr or "OW", source.tell(), length))
            return True
        if source.tell() - start > LONGEST_HEADER:
            raise Malformed(gettext_noop("The header is longer than {limit} MiB.", limit=LONGEST_HEADER >> 20))
        return False

    source.seek(start)
    dataset = read_dataset(source, implicit, little, stop_when=at_pixels, defer_size=DEFERRED)
    if declared is None or (declared in NATIVE and declared != DeflatedExplicitVRLittleEndian):
        # Some files declare one native syntax and are written in another; the bytes are right.
        implicit = _first_is_implicit(dataset, implicit)
        written = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        syntax = str(written)
    else:
        syntax = declared
    return Part10(source, size, syntax, dataset, found[0] if found else None, has_preamble, start)


def _beginning(source: BinaryIO) -> tuple[bool, int]:
    source.seek(0)
    head = source.read(132)
    if head[128:132] == b"DICM":
        return True, 132
    group = int.from_bytes(head[:2], "little")
    element = int.from_bytes(head[2:4], "little")
    swapped = head[:2] in (b"\x00\x08", b"\x00\x02") and head[4:6].isalpha()
    if len(head) < 16 or not (swapped or (group in (0x0002, 0x0008) and element < 0x0100)):
        raise Malformed(gettext_noop("no DICOM header"))
    return False, 0


def _meta(source: BinaryIO, start: int) -> tuple[str | None, int]:
    """Return the declared transfer syntax and where the data set starts (PS3.10 7.1: explicit little endian)."""
    syntax = None
    position = start
    while True:
        source.seek(position)
        header = source.read(8)
        if len(header) < 8:
            break
        group, element, vr, length = _EXPLICIT.unpack(header)
        if group != 0x0002:
            break
        value_at = position + 8
        if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ", b"UC", b"UR"):
            length = _LONG.unpack(source.read(4))[0]
            value_at += 4
        elif not vr.isalpha():
            length = _LONG.unpack(header[4:])[0]
        if length > 1 << 20:
            raise Malformed(gettext_noop("The file meta information can't be read."))
        source.seek(value_at)
        value = source.read(length)
        if element == 0x0010:
            syntax = value.decode("ascii", "replace").strip("\0 ") or None
        position = value_at + length
    return syntax, position


def _encoding(source: BinaryIO, start: int, declared: str | None) -> tuple[bool, bool]:
    """Return (implicit VR, little endian), guessed from the first element when nothing is declared."""
    if declared is None:
        source.seek(start)
        first = source.read(6)
        if not (len(first) == 6 and first[4:6].isalpha() and first[4:6].isupper()):
            return True, True
        return False, int.from_bytes(first[:2], "little") < 0x0400
    return declared == ImplicitVRLittleEndian, declared != ExplicitVRBigEndian


def _first_is_implicit(dataset: Dataset, implicit: bool) -> bool:
    for tag in list(dataset.keys()):
        found = getattr(raw(dataset, tag), "is_implicit_VR", None)
        if found is not None:
            return bool(found)
    return implicit


def _inflated(source: BinaryIO, deflated: int) -> tuple[BinaryIO, int]:
    """Return the inflated data set, beyond 8 MiB in a file that has no name, and its size; raises Malformed."""
    ceiling = min(LONGEST_INFLATED, max(ALWAYS_INFLATED, deflated * HIGHEST_RATIO))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    out, size = SpooledTemporaryFile(HELD_INFLATED), 0  # noqa: SIM115 (it lives as long as what reads it)
    try:
        while (chunk := source.read(1 << 20)) and not inflater.eof:
            while chunk:
                piece = inflater.decompress(chunk, 1 << 20)
                chunk = inflater.unconsumed_tail
                out.write(piece)
                size += len(piece)
                if size > ceiling:
                    raise Malformed(gettext_noop("The deflated data set grows beyond what is allowed."))
        size += out.write(inflater.flush())
    except BaseException as error:
        out.close()
        if isinstance(error, zlib.error):
            raise Malformed(gettext_noop("The deflated data set is damaged.")) from error
        raise
    return cast(BinaryIO, out), size

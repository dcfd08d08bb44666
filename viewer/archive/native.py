"""Native slides (SVS, TIFF and what else OpenSlide opens) as whole-slide images of a virtual DICOM series."""

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from viewer.archive import native_probe
from viewer.archive.native_identity import beside, identity, text
from viewer.archive.native_probe import Level, Probed
from viewer.archive.part10 import exactly
from viewer.archive.port import Attributes, Frame, Malformed, NotThere
from viewer.archive.rooted import Rooted
from viewer.archive.summary import element
from viewer.imaging.words import gettext_noop

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
BY_OPENSLIDE = "2.25.166370493061264930137036139428394915321"  # a Region as msgpack: OpenSlide makes the pixels
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
OTHERS = (b"ZISRAWFILE",)
SECONDS = 30
LARGEST_TILE = 64 << 20
HASHED_WHOLE = 64 << 20
PIECE = 256 << 10
PIECES = 64
USUAL_ORIENTATION = (0, -1, 0, -1, 0, 0)


class NoSlide(Malformed):
    """The file isn't a slide, though it begins like one."""


class Region(msgspec.Struct, frozen=True):
    """A tile for OpenSlide: where the slide is, and which pixels of which level (corner in the full size's pixels)."""

    folder: bytes
    path: bytes
    stamp: tuple[int, int, int]
    level: int
    x: int
    y: int


class Native(msgspec.Struct, frozen=True, tag="slide"):
    """What the index keeps of one level of a native slide. `beside` tells one state of its identity from another."""

    level: Level
    full: tuple[int, int]
    beside: str


def sniffed(head: bytes) -> bool:
    """Say whether a file begins like one that OpenSlide may open; a DICOM file's preamble may hold a TIFF header."""
    return head[128:132] != b"DICM" and (head.startswith(TIFF) or head.startswith(OTHERS))


def probed(rooted: Rooted, path: bytes) -> Probed:
    """Ask a process of its own what is in the file; raises Malformed in words when it is no slide."""
    whole = os.path.join(os.fsencode(rooted.folder), path)
    program = [sys.executable, "-I", str(Path(native_probe.__file__))]
    try:
        done = subprocess.run(program, input=whole, capture_output=True, timeout=SECONDS, check=False)
        found = msgspec.msgpack.decode(done.stdout, type=Probed)
    except subprocess.TimeoutExpired as error:
        raise Malformed(gettext_noop("slide that takes longer than {seconds} s to open", seconds=SECONDS)) from error
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Malformed(gettext_noop("damaged slide: reading it was given up")) from error
    if found.reason:
        raise (NoSlide if found.reason == native_probe.NO_SLIDE else Malformed)(found.reason)
    return found


def instances(rooted: Rooted, path: bytes, source: BinaryIO) -> list[tuple[tuple[str, str, str], Attributes, bytes]]:
    """Return (UIDs, DICOM JSON, packed Native) of each level of a slide; raises ArchiveError in words."""
    found = probed(rooted, path)
    state = beside(rooted, path)
    who = identity(rooted, path)
    content = content_hash(source)
    study = study_uid(who, content)
    series = uid("series", study, content)
    full = (found.levels[0].columns, found.levels[0].rows)
    made = []
    for number, level in enumerate(found.levels, 1):
        uids = (study, series, uid("level", study, content, str(number)))
        header = who | image(found, level, number) | described(found, path, who)
        header |= {
            "00080016": element("UI", WHOLE_SLIDE), "00080018": element("UI", uids[2]),
            "0020000D": element("UI", study), "0020000E": element("UI", series),
            "00200052": element("UI", uid("glass", study, content)),
        }  # fmt: skip
        packed = msgspec.msgpack.encode(Native(level, full, state))
        made.append((uids, dict(sorted(header.items())), packed))
    return made


def image(found: Probed, level: Level, number: int) -> Attributes:
    """Return what holds for one level: its pixels, their place and their size."""
    full = found.levels[0]
    frames = -(-level.columns // level.tile_columns) * -(-level.rows // level.tile_rows)
    header: Attributes = {
        "00080008": element("CS", "DERIVED", "PRIMARY", "VOLUME", "NONE" if number == 1 else "RESAMPLED"),
        "00083002": element("UI", JPEG_BASELINE if level.offsets else BY_OPENSLIDE),
        "00200013": element("IS", number), "00209311": element("CS", "TILED_FULL"),
        "00280002": element("US", 3), "00280004": element("CS", level.photometric), "00280006": element("US", 0),
        "00280008": element("IS", frames), "00280010": element("US", level.tile_rows),
        "00280011": element("US", level.tile_columns), "00280100": element("US", 8), "00280101": element("US", 8),
        "00280102": element("US", 7), "00280103": element("US", 0),
        "00282110": element("CS", "01" if level.lossy else "00"),
        "00480006": element("UL", level.columns), "00480007": element("UL", level.rows),
        "00480102": element("DS", *USUAL_ORIENTATION), "00480303": element("US", 1),
    }  # fmt: skip
    if found.pitch:
        x, y = found.pitch[0] * full.columns / level.columns / 1000, found.pitch[1] * full.rows / level.rows / 1000
        header["00480001"] = element("FL", x * level.columns)
        header["00480002"] = element("FL", y * level.rows)
        header["52009229"] = element("SQ", {"00289110": element("SQ", {"00280030": element("DS", y, x)})})
    path: Attributes = {"00480106": element("SH", "1")}
    if found.objective:
        path["00480112"] = element("DS", found.objective)
    if found.profile:
        path["00282000"] = {"vr": "OB", "InlineBinary": base64.b64encode(found.profile).decode("ascii")}
    header["00480105"] = element("SQ", path)
    return header


def described(found: Probed, path: bytes, who: Attributes) -> Attributes:
    """Return what holds for the slide: which glass, when, by what; the identity's own words come first."""
    stem = path.rpartition(b"/")[2].rpartition(b".")[0].decode("utf-8", "replace")
    given: Attributes = {"00080060": element("CS", "SM"), "00080070": element("LO", found.vendor)}
    if found.date:
        given |= {
            "00080020": element("DA", found.date), "00080023": element("DA", found.date),
            "0008002A": element("DT", found.date + found.time),
        }  # fmt: skip
    if found.date and found.time:
        given |= {"00080030": element("TM", found.time), "00080033": element("TM", found.time)}
    if found.scanner:
        given["00081010"] = element("SH", found.scanner[:16])
    given["00400512"] = element("LO", stem[:64])
    given["00200011"] = element("IS", 1)
    return given | {tag: who[tag] for tag in given if tag in who and tag != "00080060"}


def study_uid(who: Attributes, content: str) -> str:
    """Return the study: the given one, else one for all slides of a patient's case, else the slide's own."""
    given = text(who, "0020000D")
    case = [text(who, tag) for tag in ("00080050", "00200010", "00080020")]
    if given:
        return given
    if text(who, "00100020") and any(case):
        return uid("study", text(who, "00100021"), text(who, "00100020"), *case)
    return uid("study", text(who, "00100021"), text(who, "00100020"), content)


def uid(*parts: str) -> str:
    """Return the UID that belongs to these words."""
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
    return f"2.25.{int.from_bytes(digest)}"


def content_hash(source: BinaryIO) -> str:
    """Return what tells one slide's bytes from another's; of more than 64 MiB, size and pieces from all over count."""
    size = source.seek(0, os.SEEK_END)
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    count, length = (1, size) if size <= HASHED_WHOLE else (PIECES, PIECE)
    for number in range(count):
        source.seek(number * (size - length) // max(count - 1, 1))
        left = length
        while left and (chunk := source.read(min(left, 1 << 20))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def frames(
    source: BinaryIO, native: Native, numbers: Iterable[int], rooted: Rooted, path: bytes, stamp: tuple[int, int, int]
) -> Iterator[Frame]:
    """Yield tiles as they are stored, with the tables that they share; raises NotThere or Malformed."""
    level = native.level
    across = -(-level.columns // level.tile_columns)
    count = across * -(-level.rows // level.tile_rows)
    for number in numbers:
        if not 1 <= number <= count:
            words = gettext_noop("There is no frame {number}: the object has {count}.", number=number, count=count)
            raise NotThere(words)
        data = stored(source, level, number - 1)
        if data:
            yield Frame(number, data, JPEG_BASELINE)
            continue
        row, column = divmod(number - 1, across)
        x = round(column * level.tile_columns * native.full[0] / level.columns)
        y = round(row * level.tile_rows * native.full[1] / level.rows)
        region = Region(os.fsencode(rooted.folder), path, stamp, level.number, x, y)
        yield Frame(number, msgspec.msgpack.encode(region), BY_OPENSLIDE, ours=True)


def stored(source: BinaryIO, level: Level, place: int) -> bytes:
    """Return the JPEG stream of a tile; empty where the level has none, or where the tile was left out."""
    if level.offsets is None or level.counts is None:
        return b""
    offset, length = (
        int.from_bytes(exactly(source, at + place * width, width), "big" if level.big_endian else "little")
        for at, width in (level.offsets, level.counts)
    )
    if length == 0:
        return b""
    if length > LARGEST_TILE:
        raise Malformed(gettext_noop("Frame {number} has {count} bytes.", number=place + 1, count=length))
    data = exactly(source, offset, length)
    if not data.startswith(b"\xff\xd8"):
        raise Malformed(gettext_noop("Frame {number} is no JPEG stream.", number=place + 1))
    tables = level.tables
    if tables.startswith(b"\xff\xd8") and tables.endswith(b"\xff\xd9"):
        data = tables[:-2] + data[2:]
    return data

"""Plain pictures (JPEG, PNG, TIFF) of a folder as images of a virtual DICOM series."""

import base64
import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import BinaryIO

import msgspec

from viewer.archive.native import content_hash, study_uid, uid
from viewer.archive.native_identity import beside, identity, text
from viewer.archive.part10 import exactly
from viewer.archive.picture_probe import Page, pages
from viewer.archive.port import Attributes, Frame, Malformed, NotThere
from viewer.archive.rooted import Rooted
from viewer.archive.summary import element
from viewer.imaging.words import gettext_noop

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
BY_PILLOW = "2.25.318189697222495586122201314685334888543"  # a Job as msgpack: a decode worker opens the file
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PHOTOGRAPH = "1.2.840.10008.5.1.4.1.1.77.1.4"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
BYTES, WORDS, COLOURS = (f"{CAPTURE}.{part}" for part in (2, 3, 4))  # captures of several frames
LONGEST_JPEG = 256 << 20
MODALITIES = frozenset(("XC", "ES", "OP", "GM", "DMS", "OT"))
# Who and when may be said beside a picture; where its pixels lie in the patient may not.
SPATIAL = ("00200032", "00200037", "00200052", "00201041")
TAKEN = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")


class Job(msgspec.Struct, frozen=True):
    """A page for Pillow: which file, in which state, and how its camera was held (EXIF's orientation)."""

    folder: bytes
    path: bytes
    stamp: tuple[int, int, int]
    page: int
    turned: int


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """What the index keeps of one image: its pages, in the order of its frames. `beside` as a slide's."""

    numbers: list[int]
    turned: int
    stored_jpeg: bool
    beside: str


def sniffed(head: bytes) -> bool:
    """Say whether a file begins like a picture; a DICOM file's preamble may hold a TIFF header."""
    return head[128:132] != b"DICM" and head.startswith(BEGINNINGS)


def instances(rooted: Rooted, path: bytes, source: BinaryIO) -> list[tuple[tuple[str, str, str], Attributes, bytes]]:
    """Return (UIDs, DICOM JSON, packed Picture) of each image of a file: pages of one kind in a row are its frames.

    Raises ArchiveError in words.
    """
    found = pages(source)
    state = beside(rooted, path)
    who = {tag: value for tag, value in identity(rooted, path).items() if not tag.startswith(("0048", *SPATIAL))}
    content = content_hash(source)
    study = study_uid(who, content)
    series = uid("pictures", study, content)
    made = []
    for number, (_, group) in enumerate(groupby(found, key=lambda each: each.kind), 1):
        alike = list(group)
        uids = (study, series, uid("picture", study, content, str(number)))
        header = described(alike[0], path, who) | who | image(alike, number)
        header |= {
            "00080018": element("UI", uids[2]), "0020000D": element("UI", study), "0020000E": element("UI", series),
            "00080060": element("CS", modality(who, header)),
        }  # fmt: skip
        first = alike[0]
        packed = msgspec.msgpack.encode(
            Picture([each.number for each in alike], first.turned, bool(first.stored_jpeg), state)
        )
        made.append((uids, dict(sorted(header.items())), packed))
    return made


def image(alike: list[Page], number: int) -> Attributes:
    """Return what holds for one image: its pixels and what they are, with no millimetre."""
    page = alike[0]
    grey = "MONOCHROME1" if page.white_is_zero else "MONOCHROME2"
    sop_class = sop_class_of(alike)
    ours = ("ORIGINAL", "PRIMARY") if sop_class == PHOTOGRAPH else ("DERIVED", "SECONDARY")
    header: Attributes = {
        "00080008": element("CS", *ours), "00080016": element("UI", sop_class),
        "00083002": element("UI", JPEG_BASELINE if page.stored_jpeg else BY_PILLOW),
        "00200013": element("IS", number),
        "00280002": element("US", 3 if page.colour else 1),
        "00280004": element("CS", page.stored_jpeg or ("RGB" if page.colour else grey)),
        "00280010": element("US", page.rows), "00280011": element("US", page.columns),
        "00280100": element("US", page.bits), "00280101": element("US", page.bits),
        "00280102": element("US", page.bits - 1), "00280103": element("US", int(page.signed)),
        "00282110": element("CS", "01" if page.lossy else "00"),
    }  # fmt: skip
    if page.colour:
        header["00280006"] = element("US", 0)
    if len(alike) > 1:
        header["00280008"] = element("IS", len(alike))
    if page.lossy:
        header["00282114"] = element("CS", "ISO_10918_1")
    if page.aspect != (1, 1):
        header["00280034"] = element("IS", *page.aspect)
    if page.profile:
        header["00282000"] = {"vr": "OB", "InlineBinary": base64.b64encode(page.profile).decode("ascii")}
    if sop_class != PHOTOGRAPH:
        header["00080064"] = element("CS", "WSD")
    return header


def sop_class_of(alike: list[Page]) -> str:
    """Return a photograph for what cameras make: one picture in colour, by JPEG; else a capture of its kind."""
    page = alike[0]
    if len(alike) == 1:
        return PHOTOGRAPH if page.colour and page.lossy else CAPTURE
    return COLOURS if page.colour else WORDS if page.bits == 16 else BYTES


def modality(who: Attributes, header: Attributes) -> str:
    """Return the modality that is given, if such pictures can have it; else that of the class."""
    given = text(who, "00080060")
    return given if given in MODALITIES else "XC" if text(header, "00080016") == PHOTOGRAPH else "OT"


def described(page: Page, path: bytes, who: Attributes) -> Attributes:
    """Return what a file says of itself: its name, when it was taken, by which camera."""
    stem = path.rpartition(b"/")[2].rpartition(b".")[0].decode("utf-8", "replace")
    found: Attributes = {"00200011": element("IS", 1), "0008103E": element("LO", stem[:64])}
    taken = TAKEN.match(page.taken)
    if taken and taken[1] != "0000":
        date, time = "".join(taken.groups()[:3]), "".join(taken.groups()[3:])
        found |= {"00080023": element("DA", date), "00080033": element("TM", time)}
        found["0008002A"] = element("DT", date + time)
        if not text(who, "00080020"):
            found |= {"00080020": element("DA", date), "00080030": element("TM", time)}
    make, model = page.camera
    if make:
        found["00080070"] = element("LO", make)
    if model:
        found["00081090"] = element("LO", model)
    return found


def frames(
    source: BinaryIO, kept: Picture, numbers: Iterable[int], rooted: Rooted, path: bytes, stamp: tuple[int, int, int]
) -> Iterator[Frame]:
    """Yield a baseline JPEG as it is stored, and jobs for what has to be decoded; raises NotThere or Malformed."""
    count = len(kept.numbers)
    for number in numbers:
        if not 1 <= number <= count:
            words = gettext_noop("There is no frame {number}: the object has {count}.", number=number, count=count)
            raise NotThere(words)
        if kept.stored_jpeg:
            if stamp[0] > LONGEST_JPEG:
                raise Malformed(gettext_noop("Frame {number} has {count} bytes.", number=number, count=stamp[0]))
            yield Frame(number, exactly(source, 0, stamp[0]), JPEG_BASELINE)
            continue
        job = Job(os.fsencode(rooted.folder), path, stamp, kept.numbers[number - 1], kept.turned)
        yield Frame(number, msgspec.msgpack.encode(job), BY_PILLOW, ours=True)

"""Forty small things that want to become large: files for a folder, and answers of a DICOMweb server."""

import gzip
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.archive.answering import Reply
from tests.fuzz import tiffs
from tests.fuzz.cases import named
from tests.fuzz.elements import UNDEFINED, Element, File, encapsulated, fragments, inflated, taken_apart
from tests.fuzz.originals import STORAGE, originals, values
from tests.fuzz.surgery import PIXEL_DATA, put, segment

MEBI = 1 << 20
ROWS, COLUMNS, FRAMES, BITS = 0x00280010, 0x00280011, 0x00280008, 0x00280100
ITEM = b"\xfe\xff\0\xe0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def file(name: str) -> File:
    return taken_apart(inflated(originals()[name]))


def short(of: File, tag: int, number: int) -> File:
    """Return the file with another 16-bit number."""
    at = of.place(tag)
    assert at is not None, hex(tag)
    return of.exchanged(at, of.elements[at].holding(struct.pack("<H", number)))


def text(of: File, tag: int, vr: bytes, value: str) -> File:
    """Return the file with a text element, put in where it is missing."""
    held = value.encode() + b" " * (len(value) % 2)
    at = of.place(tag)
    made = Element(tag, vr, len(held), held)
    if at is not None:
        return of.exchanged(at, made)
    at = next(at for at, each in enumerate(of.elements) if each.tag > tag)
    return replace(of, elements=(*of.elements[:at], made, *of.elements[at:]))


def framed(of: File, change: Callable[[bytearray], None]) -> bytes:
    """Return the file with its first compressed frame changed."""
    at = of.place(PIXEL_DATA)
    assert at is not None
    items = fragments(of.elements[at].value)
    frame = bytearray(items[1])
    change(frame)
    items[1] = bytes(frame)
    return of.exchanged(at, replace(of.elements[at], value=encapsulated(items))).written()


def with_frame(of: File, frame: bytes) -> bytes:
    at = of.place(PIXEL_DATA)
    assert at is not None
    return of.exchanged(at, replace(of.elements[at], length=UNDEFINED, value=encapsulated([b"", frame]))).written()


def huge(of: File, rows: int = 60000, columns: int = 60000) -> File:
    return short(short(of, ROWS, rows), COLUMNS, columns)


def size_of_j2k(side: int, tile: int | None = None) -> Callable[[bytearray], None]:
    def change(frame: bytearray) -> None:
        at = segment(frame, 0x51)
        for place in (6, 10):
            put(frame, at + place, ">L", side)
        for place in (22, 26):
            put(frame, at + place, ">L", side if tile is None else tile)

    return change


def size_of_jpeg(side: int, *markers: int) -> Callable[[bytearray], None]:
    def change(frame: bytearray) -> None:
        at = segment(frame, *(markers or (0xC0, 0xC1, 0xC3, 0xF7)))
        for place in (5, 7):
            put(frame, at + place, ">H", side)

    return change


def deflated_zeros(size: int, behind: bytes = b"") -> bytes:
    """Return a deflated file of as many zeros, behind a header that ends in one long element."""
    head = originals()["deflated"]
    whole = file("deflated")
    start = len(whole.head)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = b"".join(each.written("<") for each in whole.elements if each.tag < 0x00280000) + behind
    first = packer.compress(body) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers to what came before: the same bytes again are as many zeros again.
    mebibyte = packer.compress(b"\0" * MEBI) + packer.flush(zlib.Z_FULL_FLUSH)
    return head[:start] + first + mebibyte * (size // MEBI) + packer.flush()


def nested(depth: int, *, defined: bool) -> bytes:
    whole, inner = file("explicit"), b""
    for _ in range(depth):
        held = ITEM + struct.pack("<L", len(inner) if defined else UNDEFINED) + inner
        if not defined:
            held += b"\xfe\xff\x0d\xe0\0\0\0\0" + SEQUENCE_END
        inner = Element(0x00081140, b"SQ", len(held) if defined else UNDEFINED, held).written("<")
    return replace(whole, elements=(whole.elements[0], *whole.elements[1:3])).written() + inner


def many_items(count: int, tag: int = 0x00081140) -> bytes:
    whole = file("explicit")
    sequence = Element(tag, b"SQ", UNDEFINED, (ITEM + b"\0\0\0\0") * count + SEQUENCE_END)
    at = next(at for at, each in enumerate(whole.elements) if each.tag > tag)
    return replace(whole, elements=(*whole.elements[:at], sequence, *whole.elements[at:])).written()


def many_elements(size: int) -> bytes:
    """Return a file whose header holds private elements of just under what is left in the file unread."""
    whole = file("explicit")
    block = b"x" * (MEBI - 2)
    more = tuple(Element(0x00091000 + at, b"UN", len(block), block) for at in range(size // MEBI))
    at = next(at for at, each in enumerate(whole.elements) if each.tag > 0x00090000)
    return replace(whole, elements=(*whole.elements[:at], *more, *whole.elements[at:])).written()


def rle(count: int, segments: int = 2) -> bytes:
    """Return an RLE frame that is all runs: 128 bytes for each two."""
    run = b"\x81\0" * count
    starts = [64 + number * len(run) for number in range(segments)]
    return struct.pack("<16L", segments, *starts, *[0] * (15 - segments)) + run * segments


def files() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file."""
    yield "deflate 1 GiB of zeros", deflated_zeros(1024 * MEBI)
    yield "deflate 190 MiB of zeros", deflated_zeros(190 * MEBI)
    endless = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 1 << 30)
    yield "deflate 400 MiB of pixels", deflated_zeros(400 * MEBI, endless)
    yield "J2K SIZ 60000²", framed(file("jpeg 2000"), size_of_j2k(60000))
    yield "J2K SIZ 60000², and Rows", framed(huge(file("jpeg 2000")), size_of_j2k(60000))
    yield "J2K SIZ 16000², and Rows", framed(huge(file("jpeg 2000"), 16000, 16000), size_of_j2k(16000))
    yield "J2K tiles of one pixel", framed(huge(file("jpeg 2000"), 12000, 12000), size_of_j2k(12000, 1))
    yield "J2K SIZ 2³²", framed(file("jpeg 2000"), size_of_j2k(0xFFFFFFFF))
    yield "HTJ2K SIZ 16000², and Rows", framed(huge(file("htj2k"), 16000, 16000), size_of_j2k(16000))
    yield "JPEG SOF 65500²", framed(file("jpeg 12 bits"), size_of_jpeg(65500))
    yield "JPEG SOF 65500², and Rows", framed(huge(file("jpeg 12 bits"), 65500, 65500), size_of_jpeg(65500))
    yield "JPEG SOF 16000², and Rows", framed(huge(file("jpeg 12 bits"), 16000, 16000), size_of_jpeg(16000))
    yield "JPEG lossless 16000²", framed(huge(file("jpeg lossless"), 16000, 16000), size_of_jpeg(16000))
    yield "JPEG clip 13000²", framed(huge(file("jpeg clip"), 13000, 13000), size_of_jpeg(13000))
    yield "JPEG-LS 65535²", framed(huge(file("jpeg-ls"), 65535, 65535), size_of_jpeg(65535))
    yield "JPEG-LS 16000², and Rows", framed(huge(file("jpeg-ls"), 16000, 16000), size_of_jpeg(16000))
    yield "RLE 60000²", with_frame(huge(file("rle")), rle(4000))
    yield "RLE runs of 1 GiB", with_frame(file("rle"), rle(4 * MEBI))
    yield "RLE runs that fill 16000²", with_frame(huge(file("rle"), 16000, 16000), rle(2_000_000))
    yield "65535² × 1000 frames", text(huge(file("clip"), 65535, 65535), FRAMES, b"IS", "1000").written()
    yield "16000² in 4 KiB", huge(file("explicit"), 16000, 16000).written()
    yield "99,999 frames in 4 KiB", text(file("clip"), FRAMES, b"IS", "99999").written()
    yield "999,999 frames in 4 KiB", text(file("clip"), FRAMES, b"IS", "999999").written()
    yield "999,999,999 frames of JPEG", text(file("jpeg clip"), FRAMES, b"IS", "999999999").written()
    yield "a slide of 2³² tiles", slide(0xFFFFFFFF)
    yield "a slide of 900,000 tiles", slide(45_000)
    yield "5,000 sequences deep", nested(5000, defined=True)
    yield "5,000 sequences deep without lengths", nested(5000, defined=False)
    yield "400,000 empty items", many_items(400_000)
    yield "400,000 frames' groups", many_items(400_000, 0x52009230)
    yield "120 MiB of private elements", many_elements(120 * MEBI)
    pixels = file("explicit")
    at = pixels.place(PIXEL_DATA)
    assert at is not None
    yield "forged length of the pixels", pixels.exchanged(at, replace(pixels.elements[at], length=0x7FFFFFF0)).written()
    yield (
        "forged length of a text",
        text(file("explicit"), 0x00104000, b"UT", "x")
        .written()
        .replace(b"UT\0\0\x02\0\0\0", b"UT\0\0\xf0\xff\xff\x7f"),
    )
    yield (
        "a lookup table of 2³² entries",
        file("palette").written().replace(b"\0\x01\0\0\x10\0", b"\xff\xff\xff\xff\xff\xff"),
    )
    slides = tiffs.slide()
    yield "TIFF 4,000,000²", tiffs.with_entry(tiffs.with_entry(slides, tiffs.WIDTH, 4_000_000), tiffs.LENGTH, 4_000_000)
    yield "TIFF in a loop", tiffs.looping(slides)
    yield "TIFF of 4,000,000,000 tiles", tiffs.with_entry(slides, tiffs.TILE_OFFSETS, 8, count=4_000_000_000)


def slide(side: int) -> bytes:
    whole = file("glass")
    for tag in (0x00480006, 0x00480007):
        at = whole.place(tag)
        assert at is not None
        whole = whole.exchanged(at, whole.elements[at].holding(struct.pack("<L", side)))
    return text(whole, FRAMES, b"IS", "900000").written()


def content() -> list[tuple[str, bytes]]:
    """Return the files, each under UIDs of its own: a series of its own, so that each is met by itself."""
    return [(name, named(data[:8192], 8 * number) + data[8192:]) for number, (name, data) in enumerate(files())]


# Answers: (name, the series' metadata, what answers a request for frames)

JSON = {"Content-Type": "application/dicom+json"}
MULTIPART = {"Content-Type": 'multipart/related; type="application/octet-stream"; boundary=b'}


def gzipped(size: int) -> bytes:
    """Return so many spaces in a JSON array, packed."""
    return gzip.compress(b"[" + b" " * size + b"]", 9)


def parts(count: int) -> bytes:
    return b"--b\r\n\r\n\r\n" * count + b"--b--\r\n"


def answers() -> list[tuple[str, str, Reply]]:
    """Return name, what is answered (metadata or frames), and the answer."""
    packed = {**JSON, "Content-Encoding": "gzip"}
    deep = b"[" * 2_000_000
    wide = b"[" + b",".join([b'{"00080018":{"vr":"UI","Value":["1.2"]}}'] * 300_000) + b"]"
    forged = b"--b\r\nContent-Length: 4294967295\r\n\r\nx\r\n--b--\r\n"
    return [
        ("JSON packed 300 times", "metadata", (200, packed, gzipped(300 * MEBI))),
        ("JSON 2,000,000 deep", "metadata", (200, JSON, deep)),
        ("JSON of 300,000 instances of another series", "metadata", (200, JSON, wide)),
        ("300,000 parts", "frames", (200, MULTIPART, parts(300_000))),
        ("a part whose length is forged", "frames", (200, MULTIPART, forged)),
        ("a part without an end", "frames", (200, MULTIPART, b"--b\r\n\r\n" + b"\0" * (80 * MEBI))),
    ]  # fmt: skip


def listed(study: str, series: str, instance: str) -> bytes:
    """Return the metadata of a CT image."""
    rows, columns = values()[0].shape
    given = {
        "00080016": ("UI", STORAGE + "2"), "00080018": ("UI", instance), "0020000D": ("UI", study),
        "0020000E": ("UI", series), "00080060": ("CS", "CT"), "00280010": ("US", rows), "00280011": ("US", columns),
        "00280100": ("US", 16), "00280101": ("US", 12), "00280102": ("US", 11), "00280103": ("US", 0),
        "00280002": ("US", 1), "00280004": ("CS", "MONOCHROME2"), "00083002": ("UI", "1.2.840.10008.1.2.1"),
        "00100020": ("LO", "FUZZ"), "00080020": ("DA", "20260101"), "00201209": ("IS", 1), "00201208": ("IS", 1),
    }  # fmt: skip
    return json.dumps([{tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in given.items()}]).encode()

"""Headers that are well written and say impossible things: VR, length, number, order, nesting and encoding of tags."""

import random
import struct
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.elements import LONG, SEQUENCE_END, UNDEFINED, Element, File

# What decides how pixels are read, placed, windowed and named.
PIXELS = (
    0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280034, 0x00280100, 0x00280101,
    0x00280102, 0x00280103, 0x00280120, 0x00280121, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281054,
    0x00281056, 0x00281101, 0x00281102, 0x00281201, 0x00283000, 0x00283010, 0x00282110, 0x00282112, 0x7FE00001,
    0x7FE00002, 0x7FE00008, 0x7FE00009, 0x00480006, 0x00480007, 0x00209311,
)  # fmt: skip
PLACES = (
    0x00200032, 0x00200037, 0x00280030, 0x00181164, 0x00180050, 0x00180088, 0x00200052, 0x00200013, 0x00201041,
    0x52009229, 0x52009230, 0x00186011, 0x00480102, 0x00480008, 0x00189073, 0x00280009, 0x00181063, 0x00209222,
)  # fmt: skip
NAMES = (
    0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080020, 0x00080030, 0x00080060, 0x00080061, 0x0008103E,
    0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x0020000D, 0x0020000E, 0x00200011, 0x00080201, 0x00081140,
)  # fmt: skip
SHORTS = frozenset((*PIXELS[:12],)) - {0x00280004, 0x00280008}
VRS = (
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"OB", b"OD", b"OF", b"OL",
    b"OV", b"OW", b"PN", b"SH", b"SL", b"SQ", b"SS", b"ST", b"SV", b"TM", b"UC", b"UI", b"UL", b"UN", b"UR", b"US",
    b"UT", b"UV", b"\0\0", b"??", b"zz", b"\xff\xff", b"  ",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 7, 12, 13, 15, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 4095, 32767, 32768, 65534, 65535)
TEXTS = (
    b"", b" ", b"0", b"-0", b"-1", b"1", b"2", b"1e308", b"-1e308", b"1e-320", b"1E400",
    b"nan", b"inf", b"-inf", b"1,5",
    b"0x10", b"\\", b"\\\\\\", b"1\\", b"\\1", b"1\\2\\3\\4\\5\\6\\7", b"0\\0\\0\\0\\0\\0", b"1\\0\\0\\1\\0\\0",
    b"1e-300\\1e-300", b"-0.5\\0.5", b"0\\0", b"1e300\\1e300", b"nan\\nan", b"99999999999999999999", b"2147483648",
    b"4294967295", b"1000000", b"1000001", b"65536", b"\xff\xfe", b"\xe5\xe4\xf6", b"\x1b$B;3ED", b"a" * 70,
    b"1\\" * 500,
    b"MONOCHROME1", b"MONOCHROME2", b"RGB", b"PALETTE COLOR", b"YBR_FULL_422", b"YBR_FULL", b"CMYK", b"ARGB",
    b"YBR_PARTIAL_420", b"LINEAR", b"LINEAR_EXACT", b"SIGMOID", b"SIGMOID\\LINEAR",
    b"20269999", b"99991231", b"00000000",
    b"256199", b"-235959", b"1.2.3", b"1.2..3", b"1.2.3.", b"../../etc/passwd", b"<script>alert(1)</script>", b"%00%0a",
    b"ISO_IR 192", b"ISO 2022 IR 13\\ISO 2022 IR 87", b"\\ISO 2022 IR 149", b"GB18030", b"ISO_IR 9999", b"A=B=C=D=E",
    b"^^^^^^^^", b"\0\0\0\0", b"\n\r\t", b"CT\\MR", b"ORIGINAL\\PRIMARY\\LOCALIZER", b"TILED_FULL", b"TILED_SPARSE",
    b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.5.1.4.1.1.77.1.6", b"1.2.840.10008.5.1.4.1.1.30",
    b"1.2.840.10008.5.1.4.1.1.3.1", b"1.2.840.10008.5.1.4.1.1.4.1", b"1.2.840.10008.5.1.4.1.1.66.4",
)  # fmt: skip
Spoil = Callable[[File, random.Random], File]


def tag(dice: random.Random) -> int:
    """Return the tag of something that matters."""
    return dice.choice(dice.choice((PIXELS, PIXELS, PLACES, NAMES)))


def some(file: File, dice: random.Random) -> int:
    """Return the place of an element, rather one that matters."""
    for _ in range(8):
        at = file.place(tag(dice))
        if at is not None:
            return at
    return dice.randrange(len(file.elements))


def value(file: File, vr: bytes, dice: random.Random) -> bytes:
    """Return a value as such a VR may hold it, or not."""
    order = file.order
    if vr in (b"US", b"SS") or (not vr and dice.random() < 0.5):
        return b"".join(struct.pack(f"{order}H", dice.choice(NUMBERS)) for _ in range(dice.choice((1, 1, 1, 2, 3))))
    if vr in (b"UL", b"SL", b"FL", b"AT"):
        return struct.pack(f"{order}L", dice.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000, 0x80000000, 1 << 20)))
    if vr in (b"FD", b"UV", b"SV"):
        return struct.pack(f"{order}d", dice.choice((0.0, -1.0, 1e308, float("nan"), float("inf"), 5e-324)))
    if vr in (b"SQ", b"OB", b"OW", b"UN", b"OF"):
        return dice.randbytes(dice.choice((0, 1, 2, 7, 16, 301)))
    text = dice.choice(TEXTS)
    return text + b" " * (len(text) % 2)


def another_value(file: File, dice: random.Random) -> File:
    at = some(file, dice)
    return file.exchanged(at, file.elements[at].holding(value(file, file.elements[at].vr, dice)))


def several_values(file: File, dice: random.Random) -> File:
    for _ in range(dice.choice((2, 3, 5))):
        file = another_value(file, dice)
    return file


def added(file: File, dice: random.Random) -> File:
    """Return the file with a tag that it hasn't, or has already."""
    new = tag(dice)
    vr = b"" if file.elements and not file.elements[0].vr else dice.choice((b"US", b"DS", b"IS", b"CS", b"SQ", b"OW"))
    if vr and new in SHORTS:
        vr = b"US"
    held = value(file, vr, dice)
    made = Element(new, vr, len(held), held)
    at = next((at for at, each in enumerate(file.elements) if each.tag >= new), len(file.elements))
    return replace(file, elements=(*file.elements[:at], made, *file.elements[at:]))


def another_vr(file: File, dice: random.Random) -> File:
    at = some(file, dice)
    return file.exchanged(at, replace(file.elements[at], vr=dice.choice(VRS)))


def another_length(file: File, dice: random.Random) -> File:
    at = some(file, dice)
    true = len(file.elements[at].value)
    wrong = (
        0,
        1,
        true + 1,
        true - 1,
        2 * true,
        true + 8,
        0xFFFE,
        0xFFFF,
        UNDEFINED,
        0x7FFFFFFF,
        UNDEFINED - 1,
        1 << 28,
    )
    return file.exchanged(at, replace(file.elements[at], length=dice.choice(wrong)))


def missing(file: File, dice: random.Random) -> File:
    return file.exchanged(some(file, dice))


def twice(file: File, dice: random.Random) -> File:
    at = some(file, dice)
    one = file.elements[at]
    return file.exchanged(at, one, one.holding(value(file, one.vr, dice)))


def out_of_order(file: File, dice: random.Random) -> File:
    at, other = some(file, dice), dice.randrange(len(file.elements))
    moved = file.elements[at]
    file = file.exchanged(at)
    return replace(file, elements=(*file.elements[:other], moved, *file.elements[other:]))


def nested(file: File, dice: random.Random) -> File:
    """Return the file with a sequence in a sequence in a sequence."""
    order = file.order
    defined = dice.random() < 0.5
    inner = b""
    number = dice.choice((0x00081140, 0x52009230, 0x0040A730, 0x00091010))
    vr = b"" if file.elements and not file.elements[0].vr else b"SQ"
    item = struct.pack(f"{order}HH", 0xFFFE, 0xE000)
    ends = struct.pack(f"{order}HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    for _ in range(dice.choice((2, 60, 101, 400, 1500))):
        held = item + struct.pack(f"{order}L", len(inner) if defined else UNDEFINED) + inner
        if not defined:
            held += ends[:8] + ends[8:]
        inner = Element(number, vr, len(held) if defined else UNDEFINED, held).written(order)
    held = item + struct.pack(f"{order}L", len(inner)) + inner
    at = next((at for at, each in enumerate(file.elements) if each.tag >= number), len(file.elements))
    return replace(
        file, elements=(*file.elements[:at], Element(number, vr, len(held), held), *file.elements[at:])
    )  # fmt: skip


def wrapped(file: File, dice: random.Random) -> File:
    """Return the file with an element turned into a sequence of undefined length, ended or not."""
    at = some(file, dice)
    one = file.elements[at]
    held = one.value if dice.random() < 0.5 else b"\xfe\xff\0\xe0\xff\xff\xff\xff" + one.value
    if dice.random() < 0.7:
        held += SEQUENCE_END
    return file.exchanged(at, Element(one.tag, dice.choice((b"SQ", b"UN")) if one.vr else b"", UNDEFINED, held))


def another_encoding(file: File, dice: random.Random) -> File:
    """Return the file with a part of its elements written in the other byte order, or with VRs where there are none."""
    at = dice.randrange(len(file.elements))
    kept, rest = file.elements[:at], file.elements[at:]
    other = ">" if file.order == "<" else "<"
    raw = b"".join(each.written(dice.choice((other, file.order))) for each in rest)
    if dice.random() < 0.3:
        raw = b"".join(replace(each, vr=b"" if each.vr else b"UN").written(file.order) for each in rest)
    first = file.head + b"".join(each.written(file.order) for each in kept)
    return File(first + raw, file.order, ())


def another_syntax(file: File, dice: random.Random) -> File:
    """Return the file under the name of another transfer syntax, of the same length or padded to it."""
    names = [f"1.2.840.10008.1.2{kind}" for kind in ("", ".1", ".2", ".5")]
    names += [f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91, 100, 201, 203)]
    start = file.head.find(b"\x02\0\x10\0UI")
    if start < 0:
        return another_value(file, dice)
    (length,) = struct.unpack_from("<H", file.head, start + 6)
    new = dice.choice((*names, "", "1.2.3", "../../../../x", "9" * 64)).encode()
    new += b"\0" * (len(new) % 2)
    head = file.head[: start + 6] + struct.pack("<H", len(new)) + new + file.head[start + 8 + length :]
    return replace(file, head=head)


WAYS: tuple[Spoil, ...] = (
    another_value, another_value, several_values, several_values, added, another_vr, another_length, missing, twice,
    out_of_order, nested, wrapped, another_encoding, another_syntax,
)  # fmt: skip
assert frozenset((b"SQ", b"UN")) < LONG


def spoilt(file: File, dice: random.Random) -> tuple[bytes, str]:
    """Return the file with a header that isn't true, and what was done to it."""
    names = []
    for _ in range(dice.choice((1, 1, 1, 2))):
        if not file.elements:
            break
        way = dice.choice(WAYS)
        file = way(file, dice)
        names.append(way.__name__)
    return file.written(), " and ".join(names)

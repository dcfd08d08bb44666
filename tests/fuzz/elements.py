"""A Part 10 file taken apart into its top-level elements, and put together again, true or not."""

import struct
import zlib
from dataclasses import dataclass, replace

LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
IMPLICIT, BIG, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
UNDEFINED = 0xFFFFFFFF
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


@dataclass(frozen=True)
class Element:
    """One element. `length` is what its header declares, whatever its value holds; `vr` is empty where implicit."""

    tag: int
    vr: bytes
    length: int
    value: bytes

    def written(self, order: str) -> bytes:
        """Return its bytes in `<` or `>` order."""
        head = struct.pack(f"{order}HH", self.tag >> 16, self.tag & 0xFFFF)
        if not self.vr:
            return head + struct.pack(f"{order}L", self.length & UNDEFINED) + self.value
        if self.vr in LONG:
            return head + self.vr + b"\0\0" + struct.pack(f"{order}L", self.length & UNDEFINED) + self.value
        return head + self.vr + struct.pack(f"{order}H", self.length & 0xFFFF) + self.value

    def holding(self, value: bytes) -> "Element":
        """Return it with another value and, unless that is undefined, its true length."""
        return replace(self, value=value, length=UNDEFINED if self.length == UNDEFINED else len(value))


@dataclass(frozen=True)
class File:
    """A file: what comes before its data set, the elements, and how they are written."""

    head: bytes
    order: str
    elements: tuple[Element, ...]

    def written(self) -> bytes:
        """Return its bytes."""
        return self.head + b"".join(each.written(self.order) for each in self.elements)

    def place(self, tag: int) -> int | None:
        """Return where an element stands, None where it doesn't."""
        return next((at for at, each in enumerate(self.elements) if each.tag == tag), None)

    def exchanged(self, at: int, *with_: Element) -> "File":
        """Return the file with others in an element's place."""
        return replace(self, elements=(*self.elements[:at], *with_, *self.elements[at + 1 :]))


def inflated(data: bytes) -> bytes:
    """Return the file with its data set as it is before deflating; others as they are."""
    start, syntax = meta(data)
    if syntax != DEFLATED:
        return data
    return data[:start] + zlib.decompress(data[start:], -zlib.MAX_WBITS)


def deflated(data: bytes) -> bytes:
    """Return the file with its data set deflated if it says that it is; others as they are."""
    start, syntax = meta(data)
    if syntax != DEFLATED:
        return data
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[:start] + packer.compress(data[start:]) + packer.flush()


def meta(data: bytes) -> tuple[int, str]:
    """Return where the data set starts and the transfer syntax; raises ValueError for no file meta."""
    at, syntax = 132, ""
    while data[at : at + 2] == b"\x02\0" and at + 12 <= len(data):
        vr, (length,) = data[at + 4 : at + 6], struct.unpack_from("<H", data, at + 6)
        value = at + 8
        if vr in LONG:
            (length,) = struct.unpack_from("<L", data, at + 8)
            value += 4
        if data[at + 2 : at + 4] == b"\x10\0":
            syntax = data[value : value + length].decode("ascii", "replace").strip("\0 ")
        at = value + length
    return at, syntax


def taken_apart(data: bytes) -> File:
    """Return the elements of a valid file that isn't deflated (see `inflated`); raises struct.error or ValueError."""
    at, syntax = meta(data)
    head, order = data[:at], ">" if syntax == BIG else "<"
    found = []
    while at + 8 <= len(data):
        group, member = struct.unpack_from(f"{order}HH", data, at)
        vr = b"" if syntax == IMPLICIT else data[at + 4 : at + 6]
        if not vr:
            (length,) = struct.unpack_from(f"{order}L", data, at + 4)
            value = at + 8
        elif vr in LONG:
            (length,) = struct.unpack_from(f"{order}L", data, at + 8)
            value = at + 12
        else:
            (length,) = struct.unpack_from(f"{order}H", data, at + 6)
            value = at + 8
        end = len(data) if length == UNDEFINED and group == 0x7FE0 else value + length
        if length == UNDEFINED and group != 0x7FE0:
            end = after_sequence(data, value)
        found.append(Element(group << 16 | member, vr, length, data[value:end]))
        at = end
    return File(head, order, tuple(found))


def after_sequence(data: bytes, at: int) -> int:
    """Return where a sequence of undefined length with items of defined length ends; raises ValueError."""
    while True:
        if data[at : at + 8] == SEQUENCE_END:
            return at + 8
        if data[at : at + 4] != b"\xfe\xff\0\xe0":
            raise ValueError("no item")
        (length,) = struct.unpack_from("<L", data, at + 4)
        if length == UNDEFINED:
            raise ValueError("an item of undefined length")
        at += 8 + length


def fragments(value: bytes) -> list[bytes]:
    """Return the items of encapsulated pixel data, the offset table first."""
    found, at = [], 0
    while value[at : at + 4] == b"\xfe\xff\0\xe0":
        (length,) = struct.unpack_from("<L", value, at + 4)
        found.append(value[at + 8 : at + 8 + length])
        at += 8 + length
    return found


def encapsulated(items: list[bytes]) -> bytes:
    """Return encapsulated pixel data of these items, the offset table first."""
    pieces = (item + b"\0" * (len(item) % 2) for item in items)
    return b"".join(b"\xfe\xff\0\xe0" + struct.pack("<L", len(piece)) + piece for piece in pieces) + SEQUENCE_END

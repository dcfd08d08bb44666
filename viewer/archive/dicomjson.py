"""A parsed header as the DICOM JSON model (PS3.18 Annex F): names in UTF-8, big values by reference."""

import base64
import math
import struct
from collections.abc import Callable
from typing import Any

from pydicom.charset import convert_encodings, default_encoding
from pydicom.datadict import dictionary_VR, private_dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.values import convert_SQ

from viewer.archive.letters import letters
from viewer.archive.part10 import LONGEST_HEADER, PIXELS, UNDEFINED, Part10, raw
from viewer.archive.port import Attributes, Malformed
from viewer.imaging.words import gettext_noop

INLINE_BYTES = 1024
INLINE_VALUE = 64 << 10
DEEPEST = 100
MOST_ITEMS = 500_000
# Looked up for every picture: worth carrying along (LUT Data, the palettes and the supplemental palettes).
LUTS = frozenset({0x00283006, 0x00281201, 0x00281202, 0x00281203, 0x00281221, 0x00281222, 0x00281223, 0x00281214})
DROPPED = PIXELS | {0x7FE00001, 0x7FE00002, 0xFFFCFFFC}

BYTES = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
_SWAP = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_NUMBERS = {
    "US": ("H", 2),
    "SS": ("h", 2),
    "UL": ("L", 4),
    "SL": ("l", 4),
    "UV": ("Q", 8),
    "SV": ("q", 8),
    "FL": ("f", 4),
    "FD": ("d", 8),
}
_CHARSET_TEXT = frozenset({"LO", "SH", "UC"})
_ONE_TEXT = frozenset({"LT", "ST", "UT"})
_DELIMITERS = {0x0D, 0x0A, 0x09, 0x0C, 0x5C}
_NAME_DELIMITERS = _DELIMITERS | {0x5E, 0x3D}
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


class Header:
    """Turns the data set of one file into JSON; `address` makes the BulkDataURI from the value's path of tags."""

    def __init__(self, part10: Part10, address: Callable[[str], str]) -> None:
        self.part10 = part10
        self.address = address
        self.items = 0

    def attributes(self) -> Attributes:
        """Return the top-level data set; raises Malformed when it is nested too deeply to be real."""
        try:
            return self._dataset(self.part10.dataset, [default_encoding], "", False, 0)
        except RecursionError as error:
            raise Malformed(gettext_noop("Sequences nested too deeply.")) from error

    def _dataset(self, dataset: Dataset, encodings: list[str], path: str, signed: bool, depth: int) -> Attributes:
        if depth > DEEPEST:
            raise Malformed(gettext_noop("Sequences nested too deeply."))
        self.items += 1
        if self.items > MOST_ITEMS:
            raise Malformed(gettext_noop("The header has more than {count} items in its sequences.", count=MOST_ITEMS))
        encodings = _encodings(dataset, encodings)
        signed = _signed(dataset, signed)
        found: Attributes = {}
        for tag in sorted(dataset.keys()):
            number = int(tag)
            if (number in DROPPED and depth == 0) or number & 0xFFFF == 0:
                continue
            where = f"{path}{number:08X}"
            element = raw(dataset, tag)
            if isinstance(element, RawDataElement):
                vr = _vr(dataset, element, signed)
                try:
                    found[f"{number:08X}"] = self._raw(element, vr, encodings, where, signed, depth)
                except (struct.error, ValueError, LookupError):
                    # The value isn't what its VR says: kept as it came, for whoever can make sense of it.
                    found[f"{number:08X}"] = self._binary("UN", element.value or b"", where, element.is_little_endian)
            elif element.VR == "SQ":
                found[f"{number:08X}"] = self._items(element.value, encodings, where, signed, depth)
            else:
                # Undefined length outside a sequence: pydicom hands over the joined fragments.
                value = element.value if isinstance(element.value, bytes) else b""
                found[f"{number:08X}"] = self._binary(element.VR, value, where, True)
        return found

    def _items(self, items: Any, encodings: list[str], where: str, signed: bool, depth: int) -> dict[str, Any]:
        inner = [
            self._dataset(item, encodings, f"{where}/{index}/", signed, depth + 1) for index, item in enumerate(items)
        ]
        return {"vr": "SQ", "Value": inner} if inner else {"vr": "SQ"}

    def _raw(
        self, element: RawDataElement, vr: str, encodings: list[str], where: str, signed: bool, depth: int
    ) -> dict[str, Any]:
        if element.value is None and element.length not in (0, UNDEFINED):
            if vr != "SQ":
                return {"vr": vr, "BulkDataURI": self.address(where)}
            if element.length > LONGEST_HEADER:
                raise Malformed(gettext_noop("The header is longer than {limit} MiB.", limit=LONGEST_HEADER >> 20))
            value = self.part10.slice(element.value_tell, element.length)
        else:
            value = bytes(element.value or b"")
        if vr == "SQ":
            # A sequence written as UN is implicit VR inside (PS3.5 6.2.2).
            implicit = element.is_implicit_VR or element.VR == "UN"
            items = items_of(value, implicit, element.is_little_endian, encodings, element.value_tell)
            return self._items(items, encodings, where, signed, depth)
        if vr in BYTES or int(element.tag) in LUTS:
            return self._binary(vr, value, where, element.is_little_endian)
        if not value:
            return {"vr": vr}
        if len(value) > INLINE_VALUE and vr not in _ONE_TEXT:
            return {"vr": vr, "BulkDataURI": self.address(where)}
        values = decoded(vr, value, encodings, element.is_little_endian)
        return {"vr": vr, "Value": values} if any(one is not None for one in values) else {"vr": vr}

    def _binary(self, vr: str, value: bytes, where: str, little_endian: bool) -> dict[str, Any]:
        if not value:
            return {"vr": vr}
        lut = int(where[-8:], 16) in LUTS
        if lut and vr not in BYTES:
            vr = "OW"
        if len(value) > (INLINE_VALUE * 4 if lut else INLINE_BYTES):
            return {"vr": vr, "BulkDataURI": self.address(where)}
        return {"vr": vr, "InlineBinary": base64.b64encode(little(vr, value, little_endian)).decode("ascii")}


def items_of(value: bytes, implicit: bool, little_endian: bool, encodings: list[str] | None, at: int) -> Any:
    """Return the items of a sequence whose value stands `at` a place in its file; raises ValueError for no items."""
    try:
        return convert_SQ(value, implicit, little_endian, encodings, at)
    except (OSError, EOFError, struct.error, TypeError, AttributeError, NotImplementedError, LookupError) as error:
        # pydicom says so in many ways; none of them is a fault of the disk, for these are bytes in hand.
        raise ValueError("a sequence that holds no items") from error


def little(vr: str, value: bytes, little_endian: bool) -> bytes:
    """Return binary `value` in little endian, whatever the file's byte order."""
    width = _SWAP.get(vr, 1)
    if little_endian or width == 1 or len(value) % width:
        return value
    swapped = bytearray(len(value))
    for byte in range(width):
        swapped[byte::width] = value[width - 1 - byte :: width]
    return bytes(swapped)


def decoded(vr: str, value: bytes, encodings: list[str], little_endian: bool) -> list[Any]:
    """Return the Value array of one element; an empty component is None (PS3.18 F.2.5)."""
    if vr in _NUMBERS:
        letter, width = _NUMBERS[vr]
        numbers = struct.unpack(f"{'<' if little_endian else '>'}{len(value) // width}{letter}", value)
        return [_number(number) for number in numbers]
    if vr == "AT":
        halves = struct.unpack(f"{'<' if little_endian else '>'}{len(value) // 2}H", value)
        return [f"{group:04X}{member:04X}" for group, member in zip(halves[::2], halves[1::2], strict=True)]
    if vr == "PN":
        return [_name(one) for one in letters(value, encodings, _NAME_DELIMITERS).rstrip("\0 ").split("\\")]
    if vr in _CHARSET_TEXT:
        return [one.strip(" \0") or None for one in letters(value, encodings, _DELIMITERS).split("\\")]
    if vr in _ONE_TEXT:
        return [letters(value, encodings, _DELIMITERS - {0x5C}).rstrip(" \0") or None]
    text = value.decode(default_encoding).rstrip("\0 ")
    if vr == "UR":
        return [text or None]
    pieces = [piece.strip("\0 ") for piece in text.split("\\")]
    if vr == "DS":
        return [_decimal(piece) if piece else None for piece in pieces]
    if vr == "IS":
        return [_integer(piece) if piece else None for piece in pieces]
    return [piece or None for piece in pieces]


def _number(number: float) -> float | str:
    # JSON has no such numbers; the names are those that DICOM JSON readers accept as strings.
    return number if math.isfinite(number) else str(number)


def _decimal(text: str) -> float | int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _integer(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        return _decimal(text)


def _name(text: str) -> dict[str, str] | None:
    groups = {key: group.rstrip("^ \0") for key, group in zip(_GROUPS, text.split("=", 2), strict=False)}
    return {key: group for key, group in groups.items() if group} or None


def _encodings(dataset: Dataset, inherited: list[str]) -> list[str]:
    element = raw(dataset, 0x00080005)
    if element is None:
        return inherited
    value = element.value
    if isinstance(value, bytes):
        value = value.decode(default_encoding, "replace").strip("\0 ").split("\\")
    if isinstance(value, MultiValue | list):
        names = [str(name).strip() for name in value]
    else:
        names = [str(value or "").strip()]
    try:
        return list(convert_encodings(names))
    except LookupError:
        return inherited


def _signed(dataset: Dataset, inherited: bool) -> bool:
    element = raw(dataset, 0x00280103)
    if element is None:
        return inherited
    if isinstance(element, RawDataElement):
        return int.from_bytes(element.value or b"", "little" if element.is_little_endian else "big") == 1
    return bool(element.value == 1)


def _vr(dataset: Dataset, element: RawDataElement, signed: bool) -> str:
    """Return the element's VR: written, or looked up for implicit files, `UN` and the dictionary's ambiguous ones."""
    written = element.VR
    tag = int(element.tag)
    if written is not None and written != "UN":
        return written if written in _KNOWN else "UN"
    if element.tag.is_private:
        found = _private_vr(dataset, element)
    else:
        try:
            found = dictionary_VR(tag)
        except KeyError:
            found = "UN"
    if " or " in found:
        if "US or SS" in found:
            return "OW" if tag in LUTS else "SS" if signed else "US"
        return "OW"
    return found


def _private_vr(dataset: Dataset, element: RawDataElement) -> str:
    tag = element.tag
    if tag.is_private_creator:
        return "LO"
    creator = raw(dataset, (tag.group << 16) | (tag.element >> 8))
    if creator is None:
        return "UN"
    name = creator.value
    if isinstance(name, bytes):
        name = name.decode(default_encoding, "replace").strip("\0 ")
    try:
        return private_dictionary_VR(tag, str(name))
    except KeyError:
        return "UN"


_KNOWN = (
    BYTES
    | frozenset(_NUMBERS)
    | _CHARSET_TEXT
    | _ONE_TEXT
    | frozenset({"AE", "AS", "AT", "CS", "DA", "DS", "DT", "IS", "PN", "SQ", "TM", "UI", "UR"})
)

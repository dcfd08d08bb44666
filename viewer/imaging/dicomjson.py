"""Values read from one DICOM JSON object (PS3.18 F), whatever shape a server gave them."""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from pydicom.datadict import tag_for_keyword

# Overlay planes repeat their elements from group 6000 on, every second one; here they stand as those of the first.
OVERLAY = {
    "OverlayRows": "0010", "OverlayColumns": "0011", "NumberOfFramesInOverlay": "0015", "OverlayDescription": "0022",
    "OverlayType": "0040", "OverlaySubtype": "0045", "OverlayOrigin": "0050", "ImageFrameOrigin": "0051",
    "OverlayBitsAllocated": "0100", "OverlayBitPosition": "0102", "OverlayLabel": "1500", "OverlayData": "3000",
}  # fmt: skip
NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


@cache
def tag_of(keyword: str) -> str:
    """Return the eight hexadecimal digits under which `keyword` stands in DICOM JSON."""
    if keyword in OVERLAY:
        return f"6000{OVERLAY[keyword]}"
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return f"{tag:08X}"


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A lookup table as it stands in the file; `data` is None while only its address is known."""

    entries: int
    first: int
    bits: int
    data: bytes | None
    uri: str | None = None
    explanation: str = ""
    kind: str = ""

    @property
    def complete(self) -> bool:
        """True if the table holds as many entries as it declares."""
        return self.data is not None and self.entries > 0 and len(self.data) >= self.entries

    def values(self) -> np.ndarray:
        """Return the entries as uint16; tables of 8 bits may fill bytes or words (PS3.3 C.11.1.1.1)."""
        data = self.data or b""
        if len(data) >= 2 * self.entries:
            return np.frombuffer(data, "<u2", self.entries).astype(np.uint16)
        if len(data) >= self.entries:
            return np.frombuffer(data, np.uint8, self.entries).astype(np.uint16)
        raise ValueError(f"lookup table of {self.entries} entries holds {len(data)} bytes")


@dataclass(slots=True)
class Item:
    """One data set or sequence item; what can't be read is None and named in `faults`, never with its value."""

    elements: Mapping[str, Any]
    faults: list[str] = field(default_factory=list)
    bulkdata: Mapping[str, bytes] = field(default_factory=dict)

    def fault(self, words: str) -> None:
        """Remember an oddity once."""
        if words not in self.faults:
            self.faults.append(words)

    def has(self, keyword: str) -> bool:
        """True if the element is listed, even without a value."""
        return self.elements.get(tag_of(keyword)) is not None

    def listed(self, keyword: str) -> list[Any]:
        """Return the values of an element as they are listed, the empty ones too."""
        element = self.elements.get(tag_of(keyword))
        if element is None:
            return []
        if not isinstance(element, dict):
            self.fault(f"{keyword} is not a DICOM JSON element")
            return []
        values = element.get("Value")
        if values is None:
            return []
        if not isinstance(values, list):
            self.fault(f"{keyword} is not an array")
            values = [values]
        if len(values) == 1 and isinstance(values[0], str) and "\\" in values[0] and element.get("vr") not in FREE_TEXT:
            values = values[0].split("\\")
        return values

    def values(self, keyword: str) -> list[Any]:
        """Return the values of an element, without the empty ones."""
        return [value for value in self.listed(keyword) if value is not None and value != ""]

    def text(self, keyword: str) -> str | None:
        """Return the first value as text; a person name keeps its component groups, joined by `=`."""
        texts = self.texts(keyword)
        return texts[0] if texts else None

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return all values as text."""
        texts = []
        for value in self.values(keyword):
            if isinstance(value, dict):
                groups = [str(value.get(group) or "") for group in NAME_GROUPS]
                texts.append("=".join(groups).rstrip("=").strip(" \0"))
            elif isinstance(value, list):
                self.fault(f"{keyword} holds a list")
            else:
                texts.append(str(value).strip(" \0"))
        return tuple(texts)

    def number(self, keyword: str) -> float | None:
        """Return the first value as a finite number."""
        numbers = self.numbers(keyword)
        return numbers[0] if numbers else None

    def numbers(self, keyword: str) -> tuple[float, ...] | None:
        """Return all values as finite numbers, None when absent or when one of them isn't."""
        values = self.values(keyword)
        if not values:
            return None
        numbers = []
        for value in values:
            try:
                number = float(value) if not isinstance(value, bool) else math.nan
            except (TypeError, ValueError, OverflowError):
                number = math.nan
            if not math.isfinite(number):
                self.fault(f"{keyword} is not a number")
                return None
            numbers.append(number)
        return tuple(numbers)

    def integer(self, keyword: str) -> int | None:
        """Return the first value as a whole number."""
        numbers = self.numbers(keyword)
        if numbers is None:
            return None
        if not numbers[0].is_integer():
            self.fault(f"{keyword} is not a whole number")
            return None
        return int(numbers[0])

    def integers(self, keyword: str) -> tuple[int, ...] | None:
        """Return all values as whole numbers."""
        numbers = self.numbers(keyword)
        if numbers is None:
            return None
        if not all(number.is_integer() for number in numbers):
            self.fault(f"{keyword} is not whole numbers")
            return None
        return tuple(int(number) for number in numbers)

    def items(self, keyword: str) -> tuple["Item", ...]:
        """Return the items of a sequence, an empty one at its place: the tenth is the tenth frame's."""
        items = []
        for value in self.listed(keyword):
            if isinstance(value, dict) or value in (None, ""):
                items.append(Item(value or {}, self.faults, self.bulkdata))
            else:
                self.fault(f"{keyword} is not a sequence")
        return tuple(items)

    def binary(self, keyword: str) -> tuple[bytes | None, str | None]:
        """Return (bytes, address): inline or fetched bytes, little endian, if there are any; the bulk data address."""
        element = self.elements.get(tag_of(keyword))
        if not isinstance(element, dict):
            return None, None
        if isinstance(element.get("InlineBinary"), str):
            try:
                return base64.b64decode(element["InlineBinary"]), None
            except (binascii.Error, ValueError):
                self.fault(f"{keyword} is not base64")
                return None, None
        uri = element.get("BulkDataURI")
        if isinstance(uri, str):
            return self.bulkdata.get(uri), uri
        words = self.integers(keyword)
        if words is None:
            return None, None
        return np.asarray([word & 0xFFFF for word in words], "<u2").tobytes(), None

    def lookup_table(self, descriptor: str, data: str) -> LookupTable | None:
        """Return the table of a descriptor and its data (PS3.3 C.11.1.1.1: 0 entries means 65536)."""
        values = self.integers(descriptor)
        if values is None:
            return None
        if len(values) != 3:
            self.fault(f"{descriptor} has {len(values)} values")
            return None
        entries, first, bits = values
        table, uri = self.binary(data)
        return LookupTable(
            entries=(entries & 0xFFFF) or 65536, first=first, bits=bits, data=table, uri=uri,
            explanation=self.text("LUTExplanation") or "", kind=self.text("ModalityLUTType") or "",
        )  # fmt: skip

    def lookup_tables(self, keyword: str) -> tuple[LookupTable, ...]:
        """Return the tables of a Modality LUT or VOI LUT Sequence."""
        tables = (item.lookup_table("LUTDescriptor", "LUTData") for item in self.items(keyword))
        return tuple(table for table in tables if table is not None)


FREE_TEXT = frozenset(("LT", "ST", "UT", "PN", "UR"))

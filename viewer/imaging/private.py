"""What three vendors keep in private attributes: b-values, gradient directions, the slices of a mosaic.

A private attribute means something only under its creator's name, which stands in (gggg,00bb) of the same block bb
(PS3.5 7.8.1). Implicit files and some archives give such values as UN, that is as bytes.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

SIEMENS, PHILIPS, PHILIPS_MR = "SIEMENS MR HEADER", "Philips Imaging DD 001", "Philips MR Imaging DD 001"
GE, GE_ACQUISITION = "GEMS_PARM_01", "GEMS_ACQU_01"
CREATORS = (SIEMENS, PHILIPS, PHILIPS_MR, GE, GE_ACQUISITION)
GROUPS = ("0019", "0043", "2001", "2005")
TYPES = {"FD": "<f8", "FL": "<f4", "US": "<u2", "SS": "<i2", "SL": "<i4", "UL": "<u4"}
LARGEST_B, GE_OFFSET = 100_000.0, 1e9
LEAST_B = 0.5  # s/mm²; text that is taken for a float comes out far below


@dataclass(frozen=True, slots=True)
class Vendor:
    """What private attributes say of one instance; `b_from` is the attribute of the b-value, as (gggg,eeee).

    `b_uri` is where its bytes stand, as long as nobody has fetched them.
    """

    b_value: float | None = None
    b_from: str = ""
    b_uri: str = ""
    direction: tuple[float, ...] | None = None
    mosaic: int | None = None


NOTHING = Vendor()


def vendors(metadata: bytes, count: int, bulkdata: Mapping[str, bytes]) -> list[Vendor]:
    """Return what the private attributes of each instance of a DICOM JSON array say; of `count` instances.

    `bulkdata` (address → bytes) holds what was fetched: some servers give every value of UN as an address.
    """
    if not any(creator.encode() in metadata for creator in CREATORS):
        return [NOTHING] * count
    try:
        listed = msgspec.json.decode(metadata, type=list[dict[str, msgspec.Raw]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            listed = json.loads(metadata)
        except (ValueError, RecursionError):
            return [NOTHING] * count
    found = [vendor(each, bulkdata) if isinstance(each, dict) else NOTHING for each in listed]
    return found if len(found) == count else [NOTHING] * count


def vendor(elements: dict[str, Any], bulkdata: Mapping[str, bytes]) -> Vendor:
    """Return what the private attributes of one data set say."""
    blocks = {
        (name, tag[:4]): tag[6:]
        for tag in elements
        if tag[:4] in GROUPS and tag[4:6] == "00" and (name := text(elements[tag])) in CREATORS
    }

    def found(creator: str, group: str, number: str) -> dict[str, Any]:
        block = blocks.get((creator, group))
        return decoded(elements.get(f"{group}{block}{number}")) if block else {}

    def element(creator: str, group: str, number: str, vr: str) -> tuple[float, ...] | None:
        return numbers(found(creator, group, number), vr, bulkdata)

    b_value, b_from, b_uri = None, "", ""
    for creator, group, number, vr in (
        (PHILIPS, "2001", "03", "FL"), (SIEMENS, "0019", "0C", "IS"), (GE, "0043", "39", "IS"),
    ):  # fmt: skip
        values = element(creator, group, number, vr)
        if values and b_value is None:
            b_value = plausible(values[0] % GE_OFFSET if creator == GE else values[0])
            b_from = f"({group},10{number})" if b_value is not None else ""
        address = found(creator, group, number).get("BulkDataURI")
        if isinstance(address, str) and address not in bulkdata:
            b_uri = address
    direction = element(SIEMENS, "0019", "0E", "FD")
    if direction is None:
        direction = joined(element(PHILIPS_MR, "2005", part, "FL") for part in ("B0", "B1", "B2"))
    if direction is None:
        direction = joined(element(GE_ACQUISITION, "0019", part, "DS") for part in ("BB", "BC", "BD"))
    slices = element(SIEMENS, "0019", "0A", "US")
    mosaic = int(slices[0]) if slices and 1 <= slices[0] <= 4096 else None
    return Vendor(b_value, b_from, b_uri, direction if direction and len(direction) == 3 else None, mosaic)


def plausible(b_value: float) -> float | None:
    """Return a b-value in s/mm², None for what is none: vendors write -1 for maps."""
    return b_value if b_value == 0 or LEAST_B <= b_value <= LARGEST_B else None


def joined(parts: Any) -> tuple[float, ...] | None:
    """Return the first number of each part, None where one is absent."""
    values = [part[0] if part else None for part in parts]
    return None if None in values else tuple(value for value in values if value is not None)


def decoded(element: Any) -> dict[str, Any]:
    """Return an element of DICOM JSON, whether or not it was parsed already."""
    if isinstance(element, msgspec.Raw):
        try:
            element = msgspec.json.decode(element)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
    return element if isinstance(element, dict) else {}


def text(element: Any) -> str:
    """Return the first value as text, of bytes too."""
    found = decoded(element)
    values = found.get("Value")
    if isinstance(values, list) and values and isinstance(values[0], str):
        return values[0].strip(" \0")
    return inline(found, {}).decode("latin-1").strip(" \0")


def inline(element: dict[str, Any], bulkdata: Mapping[str, bytes]) -> bytes:
    """Return the bytes that stand in an element or were fetched, none where they are no base64."""
    if isinstance(element.get("BulkDataURI"), str):
        return bulkdata.get(element["BulkDataURI"], b"")
    try:
        return base64.b64decode(element.get("InlineBinary") or b"")
    except (binascii.Error, ValueError, TypeError):
        return b""


def numbers(found: dict[str, Any], vr: str, bulkdata: Mapping[str, bytes]) -> tuple[float, ...] | None:
    """Return all values as finite numbers; bytes are read as the VR that the vendor documents, else as text."""
    values = found.get("Value")
    if isinstance(values, list):
        parts = [part for value in values for part in (value.split("\\") if isinstance(value, str) else [value])]
        return finite(parts)
    data = inline(found, bulkdata)
    if not data:
        return None
    kind = np.dtype(TYPES.get(vr, "V1"))
    if vr in TYPES and len(data) % kind.itemsize == 0:
        binary = np.frombuffer(data, kind).astype(float)
        if np.isfinite(binary).all() and all(each == 0 or 1e-6 < abs(each) <= LARGEST_B for each in binary):
            return tuple(binary.tolist())
    return finite(data.decode("latin-1").strip(" \0").split("\\"))


def finite(parts: list[Any]) -> tuple[float, ...] | None:
    """Return `parts` as numbers, None unless each is one."""
    try:
        read = tuple(float(part) for part in parts if part not in (None, ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return read if read and all(map(math.isfinite, read)) else None

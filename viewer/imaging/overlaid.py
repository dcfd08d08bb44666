"""The overlay groups of metadata, which repeat their elements from 6000 to 601E: read only where there are any."""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from viewer.imaging.dicomjson import Item

TAG = re.compile(r"60[01][02468ACEace][0-9A-Fa-f]{4}")
ROWS = re.compile(rb'"60[01][02468ACEace]0010"')

Overlays = tuple[tuple[int, Item], ...]


def overlays(metadata: bytes, count: int, bulkdata: Mapping[str, bytes]) -> list[Overlays]:
    """Return, for each of `count` objects of a DICOM JSON array, (group, elements) of its overlay planes.

    The elements stand as those of group 6000.
    """
    if not ROWS.search(metadata):
        return [()] * count
    found = [of_object(each, bulkdata) if isinstance(each, dict) else () for each in everything(metadata)]
    return found if len(found) == count else [()] * count


def everything(metadata: bytes) -> list[Any]:
    """Return the objects of a DICOM JSON array with all their elements."""
    try:
        return msgspec.json.decode(metadata, type=list[Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return list(json.loads(metadata))  # NaN and Infinity, which are no JSON


def of_object(listed: Mapping[str, Any], bulkdata: Mapping[str, bytes]) -> Overlays:
    """Return the overlay planes of one object."""
    groups: dict[int, dict[str, Any]] = {}
    for tag, element in listed.items():
        if TAG.fullmatch(tag):
            groups.setdefault(int(tag[:4], 16), {})[f"6000{tag[4:].upper()}"] = element
    return tuple((group, Item(groups[group], [], bulkdata)) for group in sorted(groups))

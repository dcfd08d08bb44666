"""Frames and attributes cut out of whole instances, for servers that can't deliver them singly."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from viewer.archive.dicomjson import Header
from viewer.archive.framing import PixelMap, first, frame
from viewer.archive.part10 import Part10, parse
from viewer.archive.port import Attributes, Frame

HELD_BYTES = 256 << 20
PALETTE_DESCRIPTORS = ("00281101", "00281102", "00281103")


class Whole:
    """Fetches an instance and reads it here. The last few are held, since frames are asked for one by one."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        """`fetch` returns the Part 10 file at the address of an instance; raises ArchiveError."""
        self._fetch = fetch
        self._lock = threading.Lock()
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def frames(self, address: str, numbers: Iterable[int]) -> list[Frame]:
        """Return frames as stored; raises NotThere for a number that doesn't exist, Malformed, or what `fetch` does."""
        part10 = parse(BytesIO(self._bytes(address)))
        where = PixelMap.of(part10, _header(part10))
        return [frame(part10.source, where, number) for number in numbers]

    def mended(self, address: str, found: Attributes) -> Attributes:
        """Return `found` with every value as the file has it; big values keep the addresses that the server gave."""
        own = _header(parse(BytesIO(self._bytes(address))))
        kept = {tag: element for tag, element in own.items() if not _by_reference(element)}
        return dict(sorted((found | kept).items()))

    def forget(self, series: str) -> None:
        """Let go of what is held of the series at an address."""
        with self._lock:
            for address in [address for address in self._held if address.startswith(f"{series}/")]:
                del self._held[address]

    def _bytes(self, address: str) -> bytes:
        with self._lock:
            if address in self._held:
                self._held.move_to_end(address)
                return self._held[address]
        data = self._fetch(address)
        with self._lock:
            self._held[address] = data
            while len(self._held) > 1 and sum(map(len, self._held.values())) > HELD_BYTES:
                self._held.popitem(last=False)
        return data


def maybe_damaged(body: bytes) -> bool:
    """Tell quickly whether metadata (JSON text) may hold a data set that `damaged` would find."""
    return b"IR 13" in body or b"PALETTE COLOR" in body


def damaged(found: Attributes) -> bool:
    """Tell whether a server lost values of this data set.

    Debian's Orthanc takes the backslash of ISO_IR 13 for a Yen sign, so that positions and spacings vanish, and
    drops palette descriptors of implicit VR files.
    """
    charset = found.get("00080005", {}).get("Value") or []
    if any(str(name).endswith("IR 13") for name in charset):
        return True
    palette = first(found, "00280004") == "PALETTE COLOR"
    return palette and not all(found.get(tag, {}).get("Value") for tag in PALETTE_DESCRIPTORS)


def _header(part10: Part10) -> Attributes:
    return Header(part10, lambda where: where).attributes()


def _by_reference(element: dict[str, Any]) -> bool:
    if "BulkDataURI" in element:
        return True
    items = element.get("Value", []) if element.get("vr") == "SQ" else []
    return any(_by_reference(inner) for item in items for inner in item.values())

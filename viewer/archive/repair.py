"""Names and texts that a server's searches have damaged, taken from the metadata of one instance instead."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from viewer.archive.port import ArchiveError, Attributes

TEXT = frozenset({"PN", "LO", "SH", "LT", "ST", "UT", "UC"})
REMEMBERED = 100_000


class Repair:
    """Orthanc converts search answers to its DefaultEncoding, ISO_IR 100 unless set: other letters vanish.

    JSON is UTF-8, so an answer that says it is in another character set is compared with the metadata. The first
    text beyond that set tells whether this server damages texts; a server that keeps them isn't asked again.
    """

    def __init__(self, header: Callable[[Attributes], Attributes]) -> None:
        """`header` fetches the metadata of one instance of a found study or series."""
        self._header = header
        self._lock = threading.Lock()
        self._known: dict[bytes, Attributes] = {}
        self.damages: bool | None = None

    def repaired(self, found: Attributes, fields: Iterable[str]) -> Attributes:
        """Return `found` with its texts as the instance's metadata has them, and `fields` (tags) if they are there."""
        charset = (found.get("00080005", {}).get("Value") or ["ISO_IR 192"])[0]
        if charset == "ISO_IR 192" or self.damages is False:
            return found
        key = msgspec.json.encode([found, sorted(fields)])
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        try:
            header = self._header(found)
        except ArchiveError:
            # What the search said is better than nothing, and the next search tries again.
            return found
        better = found | {tag: element for tag, element in header.items() if self._wanted(tag, element, found, fields)}
        self._learn(found, better)
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = better
        return better

    def _wanted(self, tag: str, element: dict[str, Any], found: Attributes, fields: Iterable[str]) -> bool:
        return "Value" in element and ((tag in found and element.get("vr") in TEXT) or tag in fields)

    def _learn(self, found: Attributes, better: Attributes) -> None:
        for tag, element in found.items():
            if element.get("vr") not in TEXT:
                continue
            right = str(better[tag].get("Value"))
            if not right.isascii() and any(ord(letter) > 0xFF for letter in right):
                self.damages = better[tag].get("Value") != element.get("Value")
                return

"""QIDO-RS matching of one value against one key: wildcards, ranges, lists, names by component group."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from viewer.archive.port import Attributes

RANGED = frozenset({"DA", "TM", "DT"})
UNWILD = RANGED | {"UI"}
IDS = frozenset({"LO", "SH"})
_PLAIN = re.compile(r"[A-Za-z0-9._~*,:@-]")


def tag_of(keyword: str) -> str:
    """Return the eight hex digits of a keyword or of an attribute already given as such; raises ValueError."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", keyword):
        return keyword.upper()
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{keyword} is no attribute of the data dictionary")
    return f"{tag:08X}"


def vr_of(tag: str) -> str:
    """Return the dictionary's VR of eight hex digits, `LO` for what it doesn't know."""
    try:
        return dictionary_VR(int(tag, 16))
    except KeyError:
        return "LO"


def matches(attributes: Attributes, keys: dict[str, str]) -> bool:
    """Tell whether `attributes` (DICOM JSON) match all `keys` (tag -> value, PS3.4 C.2.2.2); empty keys match all."""
    return all(_element(attributes.get(tag), vr_of(tag), wanted) for tag, wanted in keys.items() if wanted.strip("*"))


def only(found: dict[int, list[Attributes]]) -> dict[int, str]:
    """Return, of what was found by Instance Number, the SOP Instance UIDs of those that have theirs for themselves."""
    uids = {
        number: {
            str(one["00080018"]["Value"][0])
            for one in listed
            if number in one.get("00200013", {}).get("Value", []) and one.get("00080018", {}).get("Value")
        }
        for number, listed in found.items()
    }
    return {number: names.pop() for number, names in uids.items() if len(names) == 1}


def _element(element: dict[str, Any] | None, vr: str, wanted: str) -> bool:
    values = (element or {}).get("Value") or []
    return any(_value(text, vr, wanted) for value in values for text in _texts(value))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        return [*value.values(), "=".join(value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic"))]
    return [] if value is None else [str(value)]


def _value(text: str, vr: str, wanted: str) -> bool:
    if vr == "UI":
        return text in re.split(r"[,\\]", wanted)
    if vr in RANGED and "-" in wanted:
        low, _, high = wanted.partition("-")
        # Shorter times cover all that they begin with: 10 to 11 includes 11:59.
        return (not low or text >= low) and (not high or text[: len(high)] <= high)
    # Several modalities may be asked for at once, as in C-FIND.
    return any(bool(_pattern(one, vr == "PN").fullmatch(text)) for one in wanted.split("\\"))


@lru_cache(maxsize=256)
def _pattern(wanted: str, ignore_case: bool) -> re.Pattern[str]:
    pieces = re.split(r"([*?])", wanted.rstrip("^") if ignore_case else wanted)
    source = "".join({"*": ".*", "?": "."}.get(piece, re.escape(piece)) for piece in pieces)
    return re.compile(source, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def sendable(keys: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (what to ask the server, what to check in its answers).

    Some servers don't decode percent-encoding and find nothing, so only plain characters are sent: any other
    becomes `*` (`?` too, which some match against one byte), and a list of alternatives isn't sent at all. Others
    ignore case in an ID, or count a missing date as early. What may come back too wide is matched again here.
    """
    sent, checked = {}, {}
    for tag, value in keys.items():
        plain = re.sub(r"\*+", "*", "".join(letter if _PLAIN.fullmatch(letter) else "*" for letter in value))
        vr = vr_of(tag)
        if plain != value or (vr in UNWILD and value.startswith("-")) or (vr in IDS and not value.isdigit()):
            checked[tag] = value
        if plain == value or ("\\" not in value and vr not in UNWILD):
            sent[tag] = plain
    return sent, checked

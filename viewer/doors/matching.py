"""Attributes by which one of several volumes is chosen (PS3.18 8.3.4.1, PS3.4 C.2.2.2): which, and what matches."""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from django.utils.translation import gettext as _
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from viewer.doors.parameters import BadParameter, bad, number
from viewer.imaging import uid
from viewer.imaging.functional_groups import FrameAttributes, attributes
from viewer.imaging.record import Instance

# What says who the patient is has no place in an address, and one study has one patient.
PRIVATE = frozenset(
    {
        "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge",
        "AccessionNumber", "ReferringPhysicianName", "StudyID",
    }
)  # fmt: skip
KNOWN = frozenset(
    name
    for record in (Instance, FrameAttributes)
    for name in attributes(record)
    if name not in PRIVATE and dictionary_VR(name) not in {"SQ", "OB", "OW"}
)
NUMBERS = frozenset({"DS", "IS", "FD", "FL", "SL", "SS", "UL", "US"})
TIMES = frozenset({"DA", "DT", "TM"})
WILD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"})
MOST, LONGEST = 16, 512
TAG = re.compile(r"[0-9A-Fa-f]{8}")
RANGE = re.compile(r"(?P<least>-?[0-9.]+(?:[eE][-+]?[0-9]+)?)?-(?P<most>-?[0-9.]+(?:[eE][-+]?[0-9]+)?)?")

Match = tuple[tuple[str, str], ...]


def keyword(name: str) -> str | None:
    """Return the keyword of a parameter's name that is an attribute's tag or keyword, None for any other name."""
    first, *rest = name.split(".")
    known = keyword_for_tag(int(first, 16)) if TAG.fullmatch(first) else first
    if not known or (known not in KNOWN and tag_for_keyword(known) is None):
        return None
    return ".".join((known, *rest))


def read(given: Iterable[tuple[str, str]]) -> Match:
    """Return what has to match, from names that are attributes and their values. Raises BadParameter."""
    found: dict[str, str] = {}
    for name, value in given:
        known = keyword(name)
        if known not in KNOWN:
            raise BadParameter(name, _("%(name)s: volumes aren't told apart by it") % {"name": name[:80]})
        if known in found:
            raise BadParameter(name, _("%(name)s is given twice") % {"name": name})
        if len(value) > LONGEST or len(found) == MOST:
            raise bad(name, value, _("at most %(count)d attributes, and shorter") % {"count": MOST})
        test(known, value)
        found[known] = value
    return tuple(found.items())


def matches(wanted: Match, instance: Instance, frame: FrameAttributes) -> bool:
    """Say whether a frame has all the attributes that are asked for."""
    return all(any(map(test(name, value), values(name, instance, frame))) for name, value in wanted if value)


def values(name: str, instance: Instance, frame: FrameAttributes) -> list[Any]:
    """Return the values of an attribute, the frame's before the instance's."""
    found = getattr(frame, name, None)
    if found in (None, ()):
        found = getattr(instance, name, None)
    if found is None:
        return []
    return list(found) if isinstance(found, tuple) else [found]


def test(name: str, value: str) -> Callable[[Any], bool]:
    """Return what says whether one value of an attribute matches. Raises BadParameter."""
    vr = dictionary_VR(name).split(" ")[0]
    if vr == "UI":
        listed = re.split(r"[,\\]", value)
        if value and not all(map(uid.valid, listed)):
            raise bad(name, value, _("UIDs"))
        return lambda found: found in listed
    if vr in NUMBERS:
        return _number(name, value)
    if vr in TIMES and (found := re.fullmatch(r"([0-9.]*)-([0-9.]*)", value)) and len(value) > 1:
        least, most = found.groups()
        return lambda given: least <= str(given) and (not most or str(given)[: len(most)] <= most)
    if vr in WILD and set(value) & set("*?"):
        pattern = value.replace("[", "[[]")  # brackets stand for themselves
        return lambda found: fnmatchcase(str(found).strip(), pattern)
    return lambda found: str(found).strip() == value.strip()


def _number(name: str, value: str) -> Callable[[Any], bool]:
    try:
        exact = number(value) if value else 0.0
        return lambda found: float(found) == exact
    except ValueError:
        pass
    parts = RANGE.fullmatch(value)
    try:
        if parts is None or not any(parts.groups()):
            raise ValueError(value)
        least = number(parts["least"]) if parts["least"] else -1e300
        most = number(parts["most"]) if parts["most"] else 1e300
    except ValueError as error:
        raise bad(name, value, _("a number, or <least>-<most>")) from error
    return lambda found: least <= float(found) <= most

"""Whose slide a native one is: the DICOM JSON beside it, every value of which is checked before it counts."""

import math
import os
import re
from typing import Any

import msgspec
from pydicom.datadict import dictionary_VR

from viewer.archive.port import ArchiveError, Attributes, Malformed
from viewer.archive.rooted import Rooted
from viewer.imaging import uid
from viewer.imaging.words import gettext_noop

LONGEST_IDENTITY = 1 << 20
DEEPEST = 16
SUFFIX = b".json"
FOLDER_IDENTITY = b"study.json"
TAG = re.compile(r"[0-9A-F]{8}")
GROUPS = ("0008", "0010", "0020", "0032", "0038", "0040", "0048")
PATIENT = ("00100020", "00100021", "00100010", "00100030")  # ID, its issuer, name, birth date
NAMES = frozenset({"Alphabetic", "Ideographic", "Phonetic"})
TEXTS = frozenset({"AE", "AS", "AT", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT"})
NUMBERS = frozenset({"FL", "FD", "SL", "SS", "UL", "US"})
NUMBERS_OR_TEXTS = frozenset({"DS", "IS", "SV", "UV"})
BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
UNREADABLE = gettext_noop("slide whose patient isn't known: the file beside it that says so can't be read")


def beside(rooted: Rooted, path: bytes) -> str:
    """Return what changes whenever the identity beside a slide does; empty when there is none."""
    states = []
    for name in names(path):
        try:
            found = os.stat(os.path.join(os.fsencode(rooted.folder), name), follow_symlinks=False)
        except OSError:
            continue
        states.append(f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}")
    return " ".join(states)


def names(path: bytes) -> tuple[bytes, bytes]:
    """Return the paths of the files that may say whose slide it is: the folder's and its own, which counts more."""
    folder, slash, _ = path.rpartition(b"/")
    return folder + slash + FOLDER_IDENTITY, path + SUFFIX


def is_identity(path: bytes) -> bool:
    """Say whether a file's name is one that may say whose a slide is."""
    name = path.rpartition(b"/")[2]
    return name == FOLDER_IDENTITY or name.endswith(SUFFIX)


def identity(rooted: Rooted, path: bytes) -> Attributes:
    """Return the attributes of patient, study and specimen that the files beside a slide give, as DICOM JSON.

    Its own file counts more than the folder's; where it names another patient, the folder's says nothing of this one.
    Raises Malformed for one that is there and can't be read: better no slide than one of nobody knows whom.
    """
    found: Attributes = {}
    for name in names(path):
        try:
            with rooted.open(name) as source:
                data = source.read(LONGEST_IDENTITY + 1)
        except (ArchiveError, OSError):
            if os.path.lexists(os.path.join(os.fsencode(rooted.folder), name)):
                raise Malformed(UNREADABLE) from None
            continue
        own = attributes(data)
        found = own if is_another(found, own) else found | own
    return found


def is_another(one: Attributes, other: Attributes) -> bool:
    """Say whether two identities name different patients: what both say of who it is has to agree."""
    said = [(patient(one, tag), patient(other, tag)) for tag in PATIENT]
    return any(mine and theirs and mine != theirs for mine, theirs in said)


def patient(header: Attributes, tag: str) -> str:
    """Return what an element says of a patient, as it is compared with another's."""
    value = next(iter(header.get(tag, {}).get("Value", [])), "")
    value = value.get("Alphabetic", "") if isinstance(value, dict) else value
    return " ".join(str(value).replace("^", " ").casefold().split())


def attributes(data: bytes) -> Attributes:
    """Return the attributes of a DICOM JSON object, or of an array that holds one; raises Malformed."""
    try:
        given: Any = msgspec.json.decode(data) if len(data) <= LONGEST_IDENTITY else None
        if isinstance(given, list) and len(given) == 1:
            given = given[0]
        found = _checked(given, 0)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(UNREADABLE) from error
    kept = {tag: value for tag, value in found.items() if tag.startswith(GROUPS)}
    if "0020000D" in kept and not uid.valid(text(kept, "0020000D")):
        raise Malformed(UNREADABLE)
    return kept


def text(header: Attributes, tag: str) -> str:
    """Return the first value of an element as text."""
    values = header.get(tag, {}).get("Value") or [""]
    return str(values[0] if isinstance(values, list) else "")


def _checked(given: Any, depth: int) -> Attributes:
    """Return a data set without its bytes, which could be another object's; raises Malformed for a wrong type."""
    if not isinstance(given, dict) or depth > DEEPEST:
        raise Malformed(UNREADABLE)
    found: Attributes = {}
    for name, element in given.items():
        tag = name.upper()
        vr = element.get("vr") if isinstance(element, dict) else None
        values = element.get("Value", []) if isinstance(element, dict) else None
        if not (TAG.fullmatch(tag) and isinstance(vr, str) and isinstance(values, list) and _fits(tag, vr)):
            raise Malformed(UNREADABLE)
        if vr in BYTES:
            continue
        if vr == "SQ":
            values = [_checked(item, depth + 1) for item in values]
        elif not all(_right(vr, value) for value in values):
            raise Malformed(UNREADABLE)
        found[tag] = {"vr": vr, "Value": values} if values else {"vr": vr}
    return found


def _fits(tag: str, vr: str) -> bool:
    """Say whether there is such a VR, and whether the tag is a name, or a sequence, where the VR says so."""
    if vr not in TEXTS | NUMBERS | NUMBERS_OR_TEXTS | BYTES | {"PN", "SQ"}:
        return False
    try:
        usual = dictionary_VR(int(tag, 16))
    except KeyError:
        return True
    return all((usual == special) == (vr == special) for special in ("PN", "SQ"))


def _right(vr: str, value: Any) -> bool:
    if vr == "PN":
        return isinstance(value, dict) and value.keys() <= NAMES and all(_is_text(each) for each in value.values())
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if vr in NUMBERS:
        return is_number
    return _is_text(value) or (vr in NUMBERS_OR_TEXTS and is_number)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value

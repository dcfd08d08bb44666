"""Elements that don't follow the standard: read with tolerance elsewhere, named here (PS3.5 6.2, PS3.6)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VM, dictionary_VR

from viewer.imaging.words import Words, gettext_noop

UNREADABLE = "\ufffd"
LONGEST = {"AE": 16, "CS": 16, "LO": 64, "LT": 10240, "PN": 64, "SH": 16, "ST": 1024, "UI": 64}
LEGACY_DAY = re.compile(r"\d{4}\.\d\d\.\d\d")
DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?")
MOMENT = re.compile(
    r"\d{4}((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?"
)
AGE = re.compile(r"(\d{3})([DWMY])")
UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*")
WHOLE = re.compile(r"[+-]?\d+")
CODE = re.compile(r"[A-Z0-9 _]*")
OLDEST = 130  # years that nobody has been known to reach
DAYS = {"D": 1.0, "W": 7.0, "M": 30.44, "Y": 365.25}
MULTIPLICITY = re.compile(r"(\d+)(?:-(?:(\d+)|(\d*)n))?")
# What may hold letters of any script (PS3.5 6.1.2.3).
LETTERS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
CHARACTER_SET, BIRTH_DATE, STUDY_DATE, PATIENT_AGE = "00080005", "00100030", "00080020", "00101010"
DEEPEST = 50

Elements = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deviation:
    """An element that isn't as the standard wants it; `path` is made of tags and of items' places in brackets."""

    path: str
    words: Words


def deviations(elements: Elements) -> list[Deviation]:
    """Return what of a data set in DICOM JSON (PS3.18 F) doesn't follow the standard, in the order of its tags."""
    found = list(_of_dataset(elements, "", _has_character_set(elements), 0))
    return found + [Deviation(PATIENT_AGE, words) for words in _age_and_dates(elements)]


def _of_dataset(elements: Elements, path: str, declared: bool, depth: int) -> Iterator[Deviation]:
    declared = declared or _has_character_set(elements)
    for tag, element in sorted(elements.items()):
        if not isinstance(element, dict):
            continue
        at = path + tag.upper()
        values = element.get("Value")
        if element.get("vr") == "SQ":
            for index, item in enumerate(values if isinstance(values, list) and depth < DEEPEST else ()):
                if isinstance(item, dict):
                    yield from _of_dataset(item, f"{at}[{index}]", declared, depth + 1)
            continue
        words = _of_element(tag, str(element.get("vr", "")), element, declared)
        if words is not None:
            yield Deviation(at, words)


def _of_element(tag: str, vr: str, element: Elements, declared: bool) -> Words | None:
    """Return the first thing that is wrong with an element."""
    wanted = _dictionary(tag)
    if wanted is not None and "InlineBinary" in element and vr == "UN" and wanted[0] not in ("UN", "OB", "OW"):
        return gettext_noop("the bytes are no value of type {vr}", vr=wanted[0])
    if wanted is not None and vr not in ("UN", "") and vr not in wanted[0]:
        return gettext_noop("written as {written}, the standard says {vr}", written=vr, vr=wanted[0])
    values = element.get("Value")
    if not isinstance(values, list):
        return None
    for value in values:
        words = None if value is None or value == "" else _of_value(vr, value, declared)
        if words is not None:
            return words
    if tag == CHARACTER_SET:
        unknown = [str(value) for value in values if value and value not in python_encoding]
        return gettext_noop("no character set of the standard: {value}", value=_short(unknown[0])) if unknown else None
    return _of_count(wanted[1], len(values)) if wanted is not None else None


def _of_value(vr: str, value: Any, declared: bool) -> Words | None:
    if isinstance(value, dict):
        groups = [str(group) for group in value.values()]
        return next((words for group in groups if (words := _of_text(vr, group, declared)) is not None), None)
    check = CHECKS.get(vr)
    words = check(value) if check else None
    return words or (_of_text(vr, value, declared) if isinstance(value, str) else None)


def _of_text(vr: str, text: str, declared: bool) -> Words | None:
    if UNREADABLE in text:
        return gettext_noop("holds bytes that stand for no letter of the character set")
    if vr in LETTERS and not text.isascii() and not declared:
        return gettext_noop("has letters for which the file names no character set")
    if len(text) > LONGEST.get(vr, len(text)):
        return gettext_noop("{count} characters, at most {most} are allowed", count=len(text), most=LONGEST[vr])
    return None


def _of_count(vm: str, count: int) -> Words | None:
    parts = MULTIPLICITY.fullmatch(vm.split(" or ")[0])
    if parts is None or " or " in vm or not count:
        return None
    least = int(parts[1])
    most = int(parts[2]) if parts[2] else None if "n" in vm else least
    step = int(parts[3]) if parts[3] else 1
    if count >= least and (most is None or count <= most) and count % step == 0:
        return None
    return gettext_noop("{count} values, the standard says {vm}", count=count, vm=vm)


def _day(value: Any) -> Words | None:
    text = str(value)
    if LEGACY_DAY.fullmatch(text):
        return gettext_noop("a date in the old form with points: {value}", value=_short(text))
    return None if as_day(text) else gettext_noop("no date: {value}", value=_short(text))


def as_day(text: str) -> date | None:
    """Return a DA as a date, None for what is no day of the calendar."""
    parts = DAY.fullmatch(text.strip())
    try:
        return date(int(parts[1]), int(parts[2]), int(parts[3])) if parts else None
    except ValueError:
        return None


def _time(value: Any) -> Words | None:
    return None if TIME.fullmatch(str(value).strip()) else gettext_noop("no time: {value}", value=_short(value))


def _moment(value: Any) -> Words | None:
    found = MOMENT.fullmatch(str(value).strip())
    return None if found else gettext_noop("no date and time: {value}", value=_short(value))


def _age(value: Any) -> Words | None:
    parts = AGE.fullmatch(str(value).strip())
    if parts is None:
        return gettext_noop("no age: {value}", value=_short(value))
    if int(parts[1]) * DAYS[parts[2]] > OLDEST * DAYS["Y"]:
        return gettext_noop("an age that nobody reaches: {value}", value=_short(value))
    return None


def _uid(value: Any) -> Words | None:
    text = str(value)
    if UID.fullmatch(text) and len(text) <= LONGEST["UI"]:
        return None
    if len(text) > LONGEST["UI"]:
        return gettext_noop("{count} characters, at most {most} are allowed", count=len(text), most=LONGEST["UI"])
    return gettext_noop("no UID: {value}", value=_short(text))


def _code(value: Any) -> Words | None:
    if CODE.fullmatch(str(value)):
        return None
    return gettext_noop("other signs than capital letters, digits, space and _: {value}", value=_short(value))


def _decimal(value: Any) -> Words | None:
    return None if as_number(value) is not None else gettext_noop("no number: {value}", value=_short(value))


def as_number(value: Any) -> float | None:
    """Return a DS or IS as DICOM JSON may write it, a number or text; None for what is no number."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _whole(value: Any) -> Words | None:
    number = as_number(value)
    if number is None:
        return gettext_noop("no number: {value}", value=_short(value))
    if not number.is_integer() or (isinstance(value, str) and not WHOLE.fullmatch(value.strip())):
        return gettext_noop("no whole number: {value}", value=_short(value))
    if not -(2**31) <= number < 2**31:
        return gettext_noop("a larger number than is allowed: {value}", value=_short(value))
    return None


CHECKS: dict[str, Callable[[Any], Words | None]] = {
    "AS": _age, "CS": _code, "DA": _day, "DS": _decimal, "DT": _moment, "IS": _whole, "TM": _time, "UI": _uid,
}  # fmt: skip


def _age_and_dates(elements: Elements) -> Iterator[Words]:
    """Yield words where the age isn't the one between birth and study, by more than a year and a tenth of it."""
    told = AGE.fullmatch(_text(elements, PATIENT_AGE))
    born, on = as_day(_text(elements, BIRTH_DATE)), as_day(_text(elements, STUDY_DATE))
    if born is None or on is None:
        return
    years = (on - born).days / DAYS["Y"]
    if years < 0:
        yield gettext_noop("the study is dated before the birth")
    elif told and abs(int(told[1]) * DAYS[told[2]] / DAYS["Y"] - years) > 1 + years / 10:
        yield gettext_noop("{age}, but {years} years lie between birth and study", age=told[0], years=int(years))


def _text(elements: Elements, tag: str) -> str:
    element = elements.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return str(values[0]).strip() if isinstance(values, list) and values and values[0] is not None else ""


def _has_character_set(elements: Elements) -> bool:
    element = elements.get(CHARACTER_SET)
    values = element.get("Value") if isinstance(element, dict) else None
    return isinstance(values, list) and any(value and value not in ("ISO_IR 6", "ISO 2022 IR 6") for value in values)


def _dictionary(tag: str) -> tuple[str, str] | None:
    """Return the VR and VM that the standard's dictionary has for a tag; None for private and unknown ones."""
    try:
        number = int(tag, 16)
        return (dictionary_VR(number), dictionary_VM(number)) if not (number >> 16) & 1 else None
    except (KeyError, ValueError):
        return None


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"

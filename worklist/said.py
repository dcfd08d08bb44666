"""What the images say of the request: read from the DICOM JSON of one instance."""

from collections.abc import Iterable, Iterator
from typing import Any

from viewer.listing import person, text, values
from worklist.models import PREGNANCY, Priority

Attributes = dict[str, Any]

LONG = 10_000
PRIORITIES = {"STAT": Priority.STAT, "HIGH": Priority.URGENT}
# What makes it worth calling a request; the rest stands on the study's own row too.
ENOUGH = (
    "clinical_question", "history", "procedure", "referrer", "referrer_phone", "ward", "contrast", "allergy",
    "pregnancy",
)  # fmt: skip


def request_fields(attributes: Attributes) -> dict[str, str]:
    """Return the columns of a request as the instance says them; {} when it says nothing of one."""
    steps = [item for item in values(attributes, "00400275") if isinstance(item, dict)]
    everywhere = [*steps, attributes]
    fields = {
        "accession_number": _first(everywhere, "00080050"),
        "clinical_question": _all([*_texts(everywhere, "00401002"), *_meanings(everywhere, "0040100A")]),
        "history": _all(
            [
                *_texts([attributes], "00081080"),  # Admitting Diagnoses Description
                *_meanings([attributes], "00081084"),
                *_texts([attributes], "001021B0"),  # Additional Patient History
                *_texts([attributes], "00104000"),  # Patient Comments
            ]
        ),
        "procedure": _all(
            _texts(everywhere, "00321060") or _meanings(everywhere, "00321064") or _texts(everywhere, "00400007"), ", "
        ),
        "referrer": person(attributes, "00080090") or person(attributes, "00321032"),
        "referrer_phone": _all(_texts([attributes], "00080094"), ", "),
        "ward": _all([*_texts([attributes], "00321033"), *_texts([attributes], "00380300")], ", "),
        "contrast": _all([*_texts([attributes], "00321070"), *_texts([attributes], "00180010")], ", "),
        "allergy": _all([*_texts([attributes], "00102110"), *_texts([attributes], "00102000")]),
        "pregnancy": _pregnancy(attributes),
    }
    if not any(fields[name] for name in ENOUGH):
        return {}
    return {**fields, "priority": PRIORITIES.get(_first(everywhere, "00401003").upper(), Priority.ROUTINE).value}


def _texts(items: Iterable[Attributes], tag: str) -> list[str]:
    """Return every value of `tag`, each once."""
    found: Iterator[str] = (_tidy(str(value)) for item in items for value in values(item, tag))
    return [each[:LONG] for each in dict.fromkeys(found) if each]


def _tidy(said: str) -> str:
    return said.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _meanings(items: Iterable[Attributes], tag: str) -> list[str]:
    """Return the code meanings of a code sequence, each once."""
    codes = (code for item in items for code in values(item, tag) if isinstance(code, dict))
    return list(dict.fromkeys(filter(None, (text(code, "00080104", LONG) for code in codes))))


def _first(items: Iterable[Attributes], tag: str) -> str:
    return next(iter(_texts(items, tag)), "")


def _all(found: list[str], between: str = "\n") -> str:
    return between.join(dict.fromkeys(found))


def _pregnancy(attributes: Attributes) -> str:
    said = _first([attributes], "001021C0")
    return PREGNANCY.get(int(said), "") if said.isdecimal() and len(said) < 4 else ""

"""Which media type an answer gets (PS3.18 8.7.8): the accept parameter first, then the header, then the default."""

from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

JPEG = "image/jpeg"
PNG = "image/png"
WEBP = "image/webp"
SUPPORTED = (JPEG, PNG)  # the first is the default of the standard for a rendered single frame
# Browsers name WebP with every picture that they ask for; ours costs time, so it comes only to those who spell it out.
BY_PARAMETER = frozenset({*SUPPORTED, WEBP})
LOSSLESS = frozenset({PNG, WEBP})


class NotAcceptable(ValueError):
    """None of the media types asked for can be given: 406."""


@dataclass(frozen=True)
class Range:
    """One media range of an Accept header: type with its related type (for multipart), and priority 0 to 1."""

    kind: str
    related: str | None
    priority: float


def ranges(header: str) -> list[Range]:
    """Return the media ranges of an Accept header, highest priority first; malformed ones are left out."""
    found = []
    for part in _split(header, ","):
        kind, *parameters = (piece.strip() for piece in _split(part, ";"))
        values = {
            name.strip().lower(): value.strip().strip('"').lower()
            for name, _equals, value in (parameter.partition("=") for parameter in parameters)
        }
        try:
            priority = float(values.get("q", "1"))
        except ValueError:
            continue
        if kind.count("/") == 1 and 0 < priority <= 1:
            found.append(Range(kind.lower(), values.get("type"), priority))
    return sorted(found, key=lambda each: -each.priority)


ANYTHING = Range("*/*", None, 1)


@lru_cache(256)
def single(accept: str, header: str) -> str:
    """Return the media type of one picture. Raises NotAcceptable."""
    for each in ranges(accept):
        if each.kind in BY_PARAMETER:
            return each.kind
    for each in ranges(header) if header else [ANYTHING]:
        if each.kind in SUPPORTED:
            return each.kind
        # A type that was named and isn't ours is refused, though a browser adds */* to every request.
        if each.kind in {"*/*", "image/*"} and not accept:
            return JPEG
    raise _refusal(accept, header)


def several(accept: str, header: str) -> str:
    """Return the type of the parts of a multipart/related answer (PS3.18 10.4.4). Raises NotAcceptable.

    A header that takes only single pictures is refused, as the standard says for studies and series.
    """
    inner = next((kind for each in ranges(accept) if (kind := each.related or each.kind) in BY_PARAMETER), None)
    if inner is None and accept:
        raise _refusal(accept, header)
    for each in ranges(header) if header else [ANYTHING]:
        if each.kind not in {"multipart/related", "multipart/*", "*/*"}:
            continue
        if each.related in {None, "image/*", "*/*"}:
            return inner or JPEG
        if each.related in SUPPORTED and inner in {None, each.related}:
            return each.related
    raise _refusal(accept, header)


def takes_several(header: str) -> bool:
    """Whether the client asks, by name, for a multipart answer."""
    return any(each.kind == "multipart/related" for each in ranges(header))


def _refusal(accept: str, header: str) -> NotAcceptable:
    asked = accept or header
    return NotAcceptable(
        _("%(asked)s can't be given: image/jpeg and image/png can, image/webp by `accept`") % {"asked": asked[:120]}
    )


def _split(text: str, separator: str) -> list[str]:
    """Split outside double quotes."""
    pieces, quoted, start = [], False, 0
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            pieces.append(text[start:place])
            start = place + 1
    return [piece for piece in (*pieces, text[start:]) if piece.strip()]

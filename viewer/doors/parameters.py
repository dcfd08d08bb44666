"""The query parameters of a rendered picture (PS3.18 8.3.5): parsed once, for both doors."""

import math
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from django.utils.translation import gettext as _

from viewer.imaging import colormap

LONGEST_SIDE = 8192  # pixels; a larger answer is refused before anything is allocated
MOST_PIXELS = 36_000_000
MOST_FIELDS = 32
LONGEST_KEPT = 500  # characters of a query that is worth being remembered
FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
ANNOTATIONS = frozenset({"patient", "technique"})
PROFILES = frozenset({"no", "yes", "srgb", "adobergb", "rommrgb"})
INTERPOLATIONS = frozenset({"nearest", "linear", "cubic"})
COLORMAPS = {name: name for name in colormap.NAMES}
RENDERED = frozenset(
    {
        "accept", "charset", "window", "viewport", "quality", "annotation", "iccprofile", "invert", "interpolation",
        "overlay", "shutter",
        "voi", "early", "colormap",
    }
)  # fmt: skip
THUMBNAIL = frozenset({"accept", "charset", "viewport"})

Choice = TypeVar("Choice")


class BadParameter(ValueError):
    """A parameter that can't be obeyed; `name` is the parameter, the text says why in words."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name


class WindowWish(msgspec.Struct, frozen=True):
    """A window asked for: centre and width in modality units, function in the words of PS3.3."""

    center: float
    width: float
    function: str


class Viewport(msgspec.Struct, frozen=True):
    """Size of the answer, and the region of the source in stored pixels; None where it was left out."""

    width: int
    height: int
    x: float | None = None
    y: float | None = None
    region_width: float | None = None
    region_height: float | None = None

    def region(self, columns: int, rows: int) -> tuple[tuple[float, float, float, float], bool, bool]:
        """Return ((x, y, width, height) cut to the image, flipped horizontally, flipped vertically).

        A region that doesn't touch the image raises BadParameter.
        """
        x, y = self.x or 0.0, self.y or 0.0
        wide = columns - x if self.region_width is None else self.region_width
        high = rows - y if self.region_height is None else self.region_height
        left, top = max(0.0, x), max(0.0, y)
        right, bottom = min(float(columns), x + abs(wide)), min(float(rows), y + abs(high))
        if right - left < 1e-3 or bottom - top < 1e-3:
            raise BadParameter("viewport", _("viewport: the region lies outside the image"))
        return (left, top, right - left, bottom - top), wide < 0, high < 0

    def size(self, width: float, height: float, aspect: float) -> tuple[int, int]:
        """Return the (width, height) in pixels of a region of `width` by `height` stored pixels, fitted in.

        `aspect` is row spacing over column spacing: how much taller than wide a stored pixel is, so
        that nothing is distorted.
        """
        scale = min(self.width / width, self.height / (height * aspect))
        return (
            min(self.width, max(1, round(width * scale))),
            min(self.height, max(1, round(height * aspect * scale))),
        )


class Parameters(msgspec.Struct, frozen=True):
    """Everything that a client may ask of one picture; `unknown` names what was not understood.

    `invert`, `interpolation` (when magnifying), `voi` (which of the file's windows and tables, where no `window` is
    given), `colormap` (of grey pictures; None: what is usual for the modality) and `early` (before its series is known,
    if need be, and then without a number) are ours, the others the standard's.
    """

    accept: str = ""
    window: WindowWish | None = None
    viewport: Viewport | None = None
    quality: int | None = None
    annotation: frozenset[str] = frozenset()
    iccprofile: str = "no"
    invert: bool = False
    overlay: bool = True
    shutter: bool = True
    interpolation: str = "linear"
    voi: int | Literal["auto"] | None = None
    early: bool = False
    colormap: str | None = None
    unknown: tuple[str, ...] = ()


def parse(query: str, known: frozenset[str] = RENDERED) -> Parameters:
    """Return the parameters of a raw query string. An invalid value raises BadParameter, an unknown name is listed."""
    return _kept(query, known) if len(query) <= LONGEST_KEPT else _parsed(query, known)


def _parsed(query: str, known: frozenset[str]) -> Parameters:
    values, unknown = read(query, known)
    return obeyed(values, unknown, size_only=known is THUMBNAIL)


_kept = lru_cache(2048)(_parsed)  # a hand that scrolls asks for the same again and again


def read(query: str, known: frozenset[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the values of the known names, and the unknown names. A name given twice raises BadParameter."""
    return sorted_out(pairs(query), known)


def pairs(query: str, most: int = MOST_FIELDS) -> list[tuple[str, str]]:
    """Return names and values of a query string of at most `most` fields. Raises BadParameter."""
    try:
        return plain(query) or parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError as error:
        raise BadParameter("query", _("The query string can't be read")) from error


def sorted_out(given: Iterable[tuple[str, str]], known: Container[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what `read` does of names and values that were read."""
    values: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in given:
        if name not in known:
            unknown.append(name)
        elif name in values:
            raise BadParameter(name, _("%(name)s is given twice") % {"name": name})
        else:
            values[name] = value
    return values, tuple(dict.fromkeys(unknown))


def plain(query: str) -> list[tuple[str, str]]:
    """Return the pairs of a query in which every letter stands for itself; none where the library is to decide."""
    fields = query.split("&")
    if "%" in query or "+" in query or "" in fields or len(fields) > MOST_FIELDS:
        return []
    pairs = [field.partition("=") for field in fields]
    return [(name, value) for name, _equals, value in pairs]


def obeyed(values: Mapping[str, str], unknown: tuple[str, ...], *, size_only: bool) -> Parameters:
    """Return the parameters that all pictures share; `size_only` leaves no region to a viewport."""
    return Parameters(
        accept=_accept(values["accept"]) if "accept" in values else "",
        window=_window(values["window"]) if "window" in values else None,
        viewport=_viewport(values["viewport"], size_only) if "viewport" in values else None,
        quality=_quality(values["quality"]) if "quality" in values else None,
        annotation=_annotation(values["annotation"]) if "annotation" in values else frozenset(),
        iccprofile=_profile(values["iccprofile"]) if "iccprofile" in values else "no",
        overlay=one_of("overlay", values.get("overlay", "yes"), {"yes": True, "no": False}),
        shutter=one_of("shutter", values.get("shutter", "yes"), {"yes": True, "no": False}),
        invert=one_of("invert", values["invert"], {"yes": True, "no": False}) if "invert" in values else False,
        interpolation=one_of("interpolation", values["interpolation"], {name: name for name in sorted(INTERPOLATIONS)})
        if "interpolation" in values
        else "linear",
        voi=_choice(values["voi"]) if "voi" in values else None,
        colormap=one_of("colormap", values["colormap"].upper().replace("-", "_"), COLORMAPS)
        if "colormap" in values
        else None,
        early=one_of("early", values["early"], {"yes": True, "no": False}) if "early" in values else False,
        unknown=unknown,
    )


def bad(name: str, value: str, expected: str) -> BadParameter:
    """Return the error for a value that isn't what was expected."""
    return BadParameter(
        name, _("%(name)s=%(value)s: expected %(expected)s") % {"name": name, "value": value[:80], "expected": expected}
    )


def number(text: str) -> float:
    """Return a finite decimal in the standard's notation; ValueError for nan, inf, underscores and blanks."""
    if not text or text != text.strip() or "_" in text:
        raise ValueError(text)
    found = float(text)
    if not math.isfinite(found) or abs(found) > 1e12:
        raise ValueError(text)
    return found


def _accept(value: str) -> str:
    for part in value.split(","):
        kind = part.partition(";")[0].strip()
        if kind.count("/") != 1 or kind[0] == "/" or kind[-1] == "/":
            raise bad("accept", value, _("media types, separated by commas"))
    return value.lower()


def _window(value: str) -> WindowWish:
    parts = value.split(",")
    try:
        center, width, word = number(parts[0]), number(parts[1]), parts[2]
        function = FUNCTIONS[word]
        if len(parts) != 3 or width < (1 if function == "LINEAR" else 1e-9):
            raise ValueError(value)
    except (ValueError, IndexError, KeyError) as error:
        raise bad("window", value, "<center>,<width>,(linear|linear-exact|sigmoid)") from error
    return WindowWish(center, width, function)


def _viewport(value: str, size_only: bool) -> Viewport:
    parts = value.split(",")
    expected = "<width>,<height>" if size_only else "<width>,<height>[,<x>,<y>,<width>,<height>]"
    try:
        if not 2 <= len(parts) <= (2 if size_only else 6) or not all(
            part.isascii() and part.isdigit() for part in parts[:2]
        ):
            raise ValueError(value)
        width, height = int(parts[0]), int(parts[1])
        if not (width and height):
            raise ValueError(value)
        x, y, wide, high = ([number(part) if part else None for part in parts[2:]] + [None] * 4)[:4]
        if wide == 0 or high == 0:
            raise ValueError(value)
    except ValueError as error:
        raise bad("viewport", value, expected) from error
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise bad("viewport", value, _("at most %(side)d pixels a side") % {"side": LONGEST_SIDE})
    return Viewport(width, height, x, y, wide, high)


def _quality(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= 100):
        raise bad("quality", value, _("a whole number from 1 to 100"))
    return int(value)


def _annotation(value: str) -> frozenset[str]:
    words = value.split(",")
    if not ANNOTATIONS.issuperset(words):
        raise bad("annotation", value, "patient, technique")
    return frozenset(words)


def _profile(value: str) -> str:
    if value not in PROFILES:
        raise bad("iccprofile", value, "no, yes, srgb, adobergb, rommrgb")
    return value


def _choice(value: str) -> int | Literal["auto"]:
    if value == "auto":
        return "auto"
    if not (value.isascii() and value.isdigit() and len(value) <= 3):
        raise bad("voi", value, _("auto, or the place, from 0, of one of the file's own choices"))
    return int(value)


def one_of(name: str, value: str, choices: Mapping[str, Choice]) -> Choice:
    """Return what a word stands for; another word raises BadParameter."""
    if value not in choices:
        raise bad(name, value, ", ".join(choices))
    return choices[value]

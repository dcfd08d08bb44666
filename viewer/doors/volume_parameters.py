"""What is asked alike of every picture of a volume (PS3.18 8.3.5.3): which volume, seen whence, how it moves."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from viewer.doors import matching
from viewer.doors.matching import Match
from viewer.doors.parameters import BadParameter, bad, number, one_of, pairs, sorted_out
from viewer.imaging import uid
from viewer.imaging.reformat import ORIENTATIONS, NoView, View
from viewer.presentation import FARTHEST

CAMERA = ("viewpointposition", "viewpointlookat", "viewpointup")
MOTION = ("animationstepsize", "animationrate", "animationframe")
VOLUME = frozenset({*CAMERA, *MOTION, "orientation", "swivelrange", "stack", "volumeinputreference"}) | {
    "renderedvolumetricmetadata"
}
DEFAULT_ORIENTATION = "f"
CURVE_POINT = "volumetriccurvepoint"
MOST_FIELDS = 256
MOST_REFERENCES = 2000
STEP = (0.01, 1000.0)  # degrees or mm
FASTEST = 1000  # frames a second
WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,6}")

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Choice:
    """Which of several volumes is meant: by the key of its stack, by what its images are, or by images it holds.

    `references` are Series or SOP Instance UIDs, or numbers of frames.
    """

    stack: str | None = None
    match: Match = ()
    references: tuple[str, ...] = ()


EVERY = Choice()


@dataclass(frozen=True)
class Motion:
    """How a view moves: `swivel` are degrees, `step` degrees or mm, `rate` frames a second, `frame` counts from 1."""

    swivel: float | None = None
    step: float | None = None
    rate: int | None = None
    frame: int | None = None


@dataclass(frozen=True)
class Camera:
    """Whence a volume is seen: directions of any length; `lookat` is LPS mm, None for the middle of the volume.

    `given` says that somebody asked for it.
    """

    look: Point
    up: Point
    lookat: Point | None = None
    given: bool = True


def read(query: str, known: frozenset[str]) -> tuple[dict[str, str], tuple[str, ...], Match]:
    """Return the values of the known names, the unknown names, and the attributes that a volume has to match.

    Points of a path may be given one by one; any other name given twice raises BadParameter.
    """
    given = pairs(query, MOST_FIELDS)
    points = [value for name, value in given if name == CURVE_POINT and name in known]
    rest = [(name, value) for name, value in given if name != CURVE_POINT or not points]
    attributes = [(name, value) for name, value in rest if name not in known and matching.keyword(name)]
    named = {name for name, _value in attributes}
    values, unknown = sorted_out([pair for pair in rest if pair[0] not in named], known)
    if points:
        values[CURVE_POINT] = ",".join(points)
    return values, unknown, matching.read(attributes)


def choice(values: Mapping[str, str], match: Match) -> Choice:
    """Return which volume the values of a query choose. An invalid value raises BadParameter."""
    references: Iterable[str] = ()
    if "volumeinputreference" in values:
        references = values["volumeinputreference"].split(",")
        if not all(map(uid.valid, references)) or len(references) > MOST_REFERENCES:
            raise bad("volumeinputreference", values["volumeinputreference"], _("UIDs, or numbers of frames"))
    return Choice(values.get("stack"), match, tuple(references))


def camera(values: Mapping[str, str]) -> Camera:
    """Return whence the values of a query look. An invalid value raises BadParameter."""
    points = {name: point(name, values[name]) for name in CAMERA if name in values}
    lookat = points.get("viewpointlookat")
    if "orientation" in values or not points:
        for name in ("viewpointposition", "viewpointup"):
            if name in points:
                words = _("%(name)s: orientation already says whence the picture is seen")
                raise BadParameter(name, words % {"name": name})
        look, up = one_of("orientation", values.get("orientation", DEFAULT_ORIENTATION), ORIENTATIONS)
        return Camera(look, up, lookat, "orientation" in values)
    look, up = _aimed(points)
    return Camera(look, up, lookat)


def _aimed(points: Mapping[str, Point]) -> tuple[Point, Point]:
    """Return look and up of a whole camera."""
    for name in CAMERA:
        if name not in points:
            raise BadParameter(name, _("%(name)s is missing: a camera has position, lookat and up") % {"name": name})
    (a, b, c), (x, y, z), up = (points[name] for name in CAMERA)
    look = (x - a, y - b, z - c)
    try:
        View.of((x, y, z), look, up)
    except NoView as error:
        if error.where == "up":
            words = _("viewpointup: it points along the view")
            raise BadParameter("viewpointup", words) from error
        words = _("viewpointposition: it is the point looked at")
        raise BadParameter("viewpointposition", words) from error
    return look, up


def motion(values: Mapping[str, str], *, along_path: bool = False) -> Motion | None:
    """Return how the values of a query move the view, None where it stands. An invalid value raises BadParameter.

    `along_path` says that a path is given which the view may follow.
    """
    if "swivelrange" not in values and not along_path:
        for name in MOTION:
            if name in values:
                raise BadParameter(name, _("%(name)s: nothing moves without swivelrange or a path") % {"name": name})
        return None
    return Motion(
        swivel=within("swivelrange", values["swivelrange"], STEP[0], 360.0, _("degrees"))
        if "swivelrange" in values
        else None,
        step=within("animationstepsize", values["animationstepsize"], *STEP, _("degrees, or millimetres along a path"))
        if "animationstepsize" in values
        else None,
        rate=_whole("animationrate", values["animationrate"], FASTEST) if "animationrate" in values else None,
        frame=_whole("animationframe", values["animationframe"], 10**6) if "animationframe" in values else None,
    )


def only_words(values: Mapping[str, str]) -> bool:
    """Say whether the parameters that were applied are asked for, and no picture (PS3.18 8.3.5.3.13)."""
    name = "renderedvolumetricmetadata"
    return name in values and one_of(name, values[name], {"yes": True})


def point(name: str, value: str) -> Point:
    """Return x, y and z of a parameter in LPS mm. Raises BadParameter."""
    try:
        x, y, z = (coordinate(part) for part in value.split(","))
    except ValueError as error:
        raise bad(name, value, _("<x>,<y>,<z> in millimetres")) from error
    return x, y, z


def coordinate(text: str) -> float:
    """Return a number of millimetres that lies within reach of a patient. Raises ValueError."""
    found = number(text)
    if abs(found) > FARTHEST:
        raise ValueError(text)
    return found


def within(name: str, value: str, least: float, most: float, unit: str) -> float:
    """Return a number between two others. Raises BadParameter."""
    try:
        found = number(value)
        if not least <= found <= most:
            raise ValueError(value)
    except ValueError as error:
        expected = _("%(unit)s from %(least)g to %(most)g") % {"unit": unit, "least": least, "most": most}
        raise bad(name, value, expected) from error
    return found


def _whole(name: str, value: str, most: int) -> int:
    if not WHOLE_NUMBER.fullmatch(value) or int(value) > most:
        raise bad(name, value, _("a whole number from 1 to %(most)d") % {"most": most})
    return int(value)

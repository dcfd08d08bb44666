"""The query parameters of a path through a volume: its points (PS3.18 8.3.5.3.10), and what is shown along it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from viewer.doors.parameters import BadParameter, bad, number, one_of
from viewer.doors.volume_parameters import CURVE_POINT, Camera, coordinate, within
from viewer.imaging import curved
from viewer.imaging.curved import FORMS, NoPath, Path, Points

CURVE = frozenset({CURVE_POINT, "curve", "curveat", "curveturn"})
MOST_POINTS = 200
LONGEST_MM = 10_000.0


@dataclass(frozen=True)
class Along:
    """A path through `points` and what is shown along it: a curved `form`, or the planes across it.

    With `at` it is the one plane at these mm; `turn` are degrees about the path.
    """

    path: Path
    points: Points
    form: str | None = None
    at: float | None = None
    turn: float = 0.0


def along(values: Mapping[str, str], camera: Camera) -> Along | None:
    """Return the path that the values of a query ask for, None for none. An invalid value raises BadParameter."""
    if CURVE_POINT not in values:
        for name in sorted(CURVE & values.keys()):
            raise BadParameter(name, _("%(name)s: there is no path; volumetriccurvepoint gives one") % {"name": name})
        return None
    points = _points(values[CURVE_POINT])
    named = "orientation" if "orientation" in values else "viewpointup" if camera.given else CURVE_POINT
    path = _path(points, camera, named)
    form = one_of("curve", values["curve"], {name: name for name in FORMS}) if "curve" in values else None
    turn = within("curveturn", values["curveturn"], -360.0, 360.0, _("degrees")) if "curveturn" in values else 0.0
    at = None
    if "curveat" in values:
        if form is not None:
            raise BadParameter("curveat", _("curveat: a curved picture shows all of the path"))
        at = _at(values["curveat"], path)
    try:
        if form is not None:
            curved.extent(path, form, turn)
    except NoPath as error:
        raise _runs_along(named) from error
    return Along(path, points, form, at, turn)


def _points(value: str) -> Points:
    """Return the points of a path: x,y,z of each, one after the other."""
    parts = value.split(",")
    expected = _("<x>,<y>,<z> in millimetres of each of 2 to %(most)d points") % {"most": MOST_POINTS}
    if len(parts) % 3 or not 6 <= len(parts) <= 3 * MOST_POINTS:
        raise bad(CURVE_POINT, value, expected)
    try:
        numbers = [coordinate(part) for part in parts]
    except ValueError as error:
        raise bad(CURVE_POINT, value, expected) from error
    return tuple(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True))


def _path(points: Points, camera: Camera, named: str) -> Path:
    try:
        found = curved.path(points, camera.up if camera.given else None)
    except NoPath as error:
        if error.where == "up":
            raise _runs_along(named) from error
        raise BadParameter(CURVE_POINT, _("volumetriccurvepoint: all points are the same")) from error
    if found.length > LONGEST_MM:
        words = _("volumetriccurvepoint: the path is longer than %(most)g mm") % {"most": LONGEST_MM}
        raise BadParameter(CURVE_POINT, words)
    return found


def _runs_along(name: str) -> BadParameter:
    """Return the error for an up that parameter `name` gave."""
    return BadParameter(name, _("%(name)s: the path runs along the picture's up") % {"name": name})


def _at(value: str, path: Path) -> float:
    expected = _("millimetres from 0 to %(most).3f, the length of the path") % {"most": path.length}
    try:
        found = number(value)
        if not 0 <= found <= path.length + 1e-3:  # as long as it was told, rounded
            raise ValueError(value)
    except ValueError as error:
        raise bad("curveat", value, expected) from error
    return min(found, path.length)

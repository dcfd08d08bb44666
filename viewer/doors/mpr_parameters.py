"""The query parameters of a plane through a volume (PS3.18 8.3.5.3), beside those that all pictures share."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from viewer.doors.parameters import BadParameter, Parameters, bad, number, obeyed, one_of, read
from viewer.imaging.reformat import AVERAGE, METHODS, ORIENTATIONS, NoView, View
from viewer.presentation import FARTHEST

RENDEREDMPR = frozenset(
    {
        "accept", "charset", "window", "viewport", "quality", "annotation", "iccprofile", "invert", "voi", "colormap",
        "orientation", "viewpointposition", "viewpointlookat", "viewpointup", "mprslab", "renderingmethod",
        "pixelspacing", "stack",
    }
)  # fmt: skip
CAMERA = ("viewpointposition", "viewpointlookat", "viewpointup")
DEFAULT_ORIENTATION = "f"
THICKEST_MM = 10_000.0
PIXEL_MM = (0.001, 1000.0)

Point = tuple[float, float, float]


@dataclass(frozen=True)
class PlaneParameters:
    """Which plane of which volume is asked for; `picture` is what a picture of any kind may be asked.

    `lookat` is LPS mm, None for the middle of the volume; `look` and `up` are directions of any length; `slab` is mm.
    """

    picture: Parameters
    look: Point
    up: Point
    lookat: Point | None = None
    slab: float = 0.0
    method: str = AVERAGE
    pixel_spacing: float | None = None
    stack: str | None = None


def parse(query: str) -> PlaneParameters:
    """Return the parameters of a raw query string. An invalid value raises BadParameter, which names it."""
    values, unknown = read(query, RENDEREDMPR)
    points = {name: _point(name, values[name]) for name in CAMERA if name in values}
    if "orientation" in values or not points:
        for name in ("viewpointposition", "viewpointup"):
            if name in points:
                words = _("%(name)s: orientation already says whence the picture is seen")
                raise BadParameter(name, words % {"name": name})
        look, up = one_of("orientation", values.get("orientation", DEFAULT_ORIENTATION), ORIENTATIONS)
    else:
        look, up = _camera(points)
    return PlaneParameters(
        picture=obeyed(values, unknown, size_only=True),
        look=look,
        up=up,
        lookat=points.get("viewpointlookat"),
        slab=_millimetres("mprslab", values["mprslab"], 0.0, THICKEST_MM) if "mprslab" in values else 0.0,
        method=one_of("renderingmethod", values.get("renderingmethod", AVERAGE), {name: name for name in METHODS}),
        pixel_spacing=_millimetres("pixelspacing", values["pixelspacing"], *PIXEL_MM)
        if "pixelspacing" in values
        else None,
        stack=values.get("stack"),
    )


def _camera(points: dict[str, Point]) -> tuple[Point, Point]:
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


def _point(name: str, value: str) -> Point:
    parts = value.split(",")
    try:
        x, y, z = (number(part) for part in parts)
        if max(abs(x), abs(y), abs(z)) > FARTHEST:
            raise ValueError(value)
    except ValueError as error:
        raise bad(name, value, _("<x>,<y>,<z> in millimetres")) from error
    return x, y, z


def _millimetres(name: str, value: str, least: float, most: float) -> float:
    try:
        found = number(value)
        if not least <= found <= most:
            raise ValueError(value)
    except ValueError as error:
        expected = _("millimetres from %(least)g to %(most)g") % {"least": least, "most": most}
        raise bad(name, value, expected) from error
    return found

"""The query parameters of a volume in three dimensions (PS3.18 8.3.5.3), beside those that it shares with planes."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors import volume_parameters
from viewer.doors.mpr_parameters import PIXEL_MM, PlaneParameters
from viewer.doors.parameters import bad, number, obeyed, one_of
from viewer.doors.volume_parameters import VOLUME, Point, within
from viewer.imaging.cuts import Outline
from viewer.imaging.transfer import PRESETS
from viewer.imaging.views import NoView, View
from viewer.presentation import FARTHEST

COMPOSITE = "volume_rendered"
METHODS = {name: name for name in (COMPOSITE, "maximum_ip", "minimum_ip", "average_ip")}
RENDERED3D = VOLUME | frozenset(
    {
        "accept", "charset", "window", "viewport", "quality", "annotation", "iccprofile", "invert", "voi", "colormap",
        "renderingmethod", "pixelspacing", "preset", "clip", "cut",
    }
)  # fmt: skip
MOST_CUTS, MOST_CORNERS = 8, 400
DEFAULT_ORIENTATION = "a"

Box = tuple[Point, Point]


@dataclass(frozen=True)
class SpaceParameters:
    """A volume seen along a camera of `plane`: composited in `preset` (None: the usual one), or projected by `method`.

    `clip` is the box of LPS mm that alone is shown; `cuts` are outlines by which more is cut away.
    """

    plane: PlaneParameters
    method: str = COMPOSITE
    preset: str | None = None
    clip: Box | None = None
    cuts: tuple[Outline, ...] = ()


def parse(query: str) -> SpaceParameters:
    """Return the parameters of a raw query string. An invalid value raises BadParameter, which names it."""
    values, unknown, match = volume_parameters.read(query, RENDERED3D)
    if not values.keys() & {"viewpointposition", "viewpointup"}:
        values.setdefault("orientation", DEFAULT_ORIENTATION)
    camera = volume_parameters.camera(values)
    plane = PlaneParameters(
        picture=obeyed(values, unknown, size_only=True),
        look=camera.look,
        up=camera.up,
        lookat=camera.lookat,
        pixel_spacing=within("pixelspacing", values["pixelspacing"], *PIXEL_MM, _("millimetres"))
        if "pixelspacing" in values
        else None,
        choice=volume_parameters.choice(values, match),
        motion=volume_parameters.motion(values),
        metadata=volume_parameters.only_words(values),
    )
    return SpaceParameters(
        plane=plane,
        method=one_of("renderingmethod", values.get("renderingmethod", COMPOSITE), METHODS),
        preset=one_of("preset", values["preset"], {name: name for name in PRESETS}) if "preset" in values else None,
        clip=_box(values["clip"]) if "clip" in values else None,
        cuts=tuple(_outline(each) for each in _split(values["cut"])) if "cut" in values else (),
    )


def _box(value: str) -> Box:
    """Return the corners of `x,y,z,x,y,z`: LPS mm, the lower before the upper one."""
    try:
        a, b, c, d, e, f = _numbers(value)
        if not (a < d and b < e and c < f):
            raise ValueError(value)
    except ValueError as error:
        words = _("<x>,<y>,<z>,<x>,<y>,<z>: millimetres of a box's lower and upper corner")
        raise bad("clip", value, words) from error
    return (a, b, c), (d, e, f)


def _split(value: str) -> list[str]:
    found = value.split(";")
    if len(found) > MOST_CUTS:
        raise bad("cut", value, _("at most %(count)d outlines") % {"count": MOST_CUTS})
    return found


def _outline(value: str) -> Outline:
    """Return an outline: `inside` or `outside`, then point, look and up of its view, then right and down of corners."""
    word, comma, rest = value.partition(",")
    try:
        numbers = np.array(_numbers(rest))
        if word not in {"inside", "outside"} or not comma or len(numbers) % 2 == 0:
            raise ValueError(value)
        point, look, up, corners = numbers[:3], numbers[3:6], numbers[6:9], numbers[9:]
        if not 6 <= len(corners) <= 2 * MOST_CORNERS:
            raise ValueError(value)
        return Outline(View.of(point, tuple(look), tuple(up)), corners.reshape(-1, 2), keep=word == "outside")
    except (ValueError, NoView) as error:
        words = _("(inside|outside),<point x,y,z>,<look x,y,z>,<up x,y,z>,<right>,<down> of 3 to %(count)d corners")
        raise bad("cut", value, words % {"count": MOST_CORNERS}) from error


def _numbers(value: str) -> list[float]:
    found = [number(part) for part in value.split(",")]
    if max(abs(each) for each in found) > FARTHEST:
        raise ValueError(value)
    return found

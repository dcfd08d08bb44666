"""The query parameters of a plane through a volume (PS3.18 8.3.5.3), beside those that all pictures share."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from viewer.doors import curve_parameters, fused_parameters, volume_parameters
from viewer.doors.curve_parameters import CURVE, Along
from viewer.doors.fused_parameters import FusedParameters
from viewer.doors.parameters import BadParameter, Parameters, obeyed, one_of
from viewer.doors.volume_parameters import EVERY, VOLUME, Choice, Motion, Point, within
from viewer.imaging.reformat import AVERAGE, INTERPOLATIONS, LINEAR, METHODS

RENDEREDMPR = (
    VOLUME
    | CURVE
    | fused_parameters.FUSED
    | frozenset(
        {
            "accept", "charset", "window", "viewport", "quality", "annotation", "iccprofile", "invert", "voi",
            "colormap", "interpolation", "mprslab", "renderingmethod", "pixelspacing",
        }
    )
)  # fmt: skip
THICKEST_MM = 10_000.0
PIXEL_MM = (0.001, 1000.0)


@dataclass(frozen=True)
class PlaneParameters:
    """Which plane of which volume is asked for; `picture` is what a picture of any kind may be asked.

    `lookat` is LPS mm, None for the middle of the volume; `look` and `up` are directions of any length; `slab` is mm;
    `along` is a path, `motion` how the view moves; `fused` is a second volume over the first; `metadata` asks for the
    parameters alone.
    """

    picture: Parameters
    look: Point
    up: Point
    lookat: Point | None = None
    slab: float = 0.0
    method: str = AVERAGE
    interpolation: str = LINEAR
    pixel_spacing: float | None = None
    choice: Choice = EVERY
    along: Along | None = None
    motion: Motion | None = None
    fused: FusedParameters | None = None
    metadata: bool = False


def parse(query: str) -> PlaneParameters:
    """Return the parameters of a raw query string. An invalid value raises BadParameter, which names it."""
    values, unknown, match = volume_parameters.read(query, RENDEREDMPR)
    camera = volume_parameters.camera(values)
    along = curve_parameters.along(values, camera)
    # Without a form and a place of its own, a path is what the planes across it follow.
    followed = along is not None and along.form is None and along.at is None
    if followed and "swivelrange" in values:
        raise BadParameter("swivelrange", _("swivelrange: the view already follows the path"))
    fused = fused_parameters.layer(values)
    if fused is not None and along is not None and along.form is not None:
        raise BadParameter("fused", _("fused: nothing can be laid over a curved picture"))
    return PlaneParameters(
        picture=obeyed(values, unknown, size_only=True),
        look=camera.look,
        up=camera.up,
        lookat=camera.lookat,
        slab=within("mprslab", values["mprslab"], 0.0, THICKEST_MM, _("millimetres")) if "mprslab" in values else 0.0,
        method=one_of("renderingmethod", values.get("renderingmethod", AVERAGE), {name: name for name in METHODS}),
        interpolation=one_of(
            "interpolation", values.get("interpolation", LINEAR), {name: name for name in INTERPOLATIONS}
        ),
        pixel_spacing=within("pixelspacing", values["pixelspacing"], *PIXEL_MM, _("millimetres"))
        if "pixelspacing" in values
        else None,
        choice=volume_parameters.choice(values, match),
        along=along,
        motion=volume_parameters.motion(values, along_path=followed),
        fused=fused,
        metadata=volume_parameters.only_words(values),
    )

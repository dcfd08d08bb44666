"""The query parameters of a layer over a plane: a second volume, with its own window, colour map and opacity."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from viewer.doors.parameters import COLORMAPS, BadParameter, Parameters, bad, number, obeyed, one_of
from viewer.imaging import uid
from viewer.imaging.fusion import DEFAULT_OPACITY

FUSED = frozenset(
    {"fused", "fusedstudy", "fusedarchive", "fusedwindow", "fusedcolormap", "fusedopacity", "registration"}
)
ARCHIVE = re.compile(r"[A-Za-z0-9_-]{1,64}")
REGISTRATION = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True)
class FusedParameters:
    """Which volume lies over the plane: a series and the key of its stack, of the plane's own study unless others
    are named. `picture` holds its window and colour map; `registration` is the id of one that joins two Frames of
    Reference.
    """

    series: str
    stack: str
    picture: Parameters
    opacity: float = DEFAULT_OPACITY
    study: str | None = None
    archive: str | None = None
    registration: str | None = None


def layer(values: Mapping[str, str]) -> FusedParameters | None:
    """Return the layer that the values of a query ask for, None for none. An invalid value raises BadParameter."""
    if "fused" not in values:
        for name in sorted(FUSED & values.keys()):
            raise BadParameter(name, _("%(name)s: there is no fused volume that it belongs to") % {"name": name})
        return None
    series, colon, stack = values["fused"].partition(":")
    if not (colon and uid.valid(series)):
        raise bad("fused", values["fused"], _("<series uid>:<stack key>"))
    if "fusedstudy" in values and not uid.valid(values["fusedstudy"]):
        raise bad("fusedstudy", values["fusedstudy"], _("a Study Instance UID"))
    if "fusedarchive" in values and not ARCHIVE.fullmatch(values["fusedarchive"]):
        raise bad("fusedarchive", values["fusedarchive"], _("the name of an archive"))
    if "registration" in values and not REGISTRATION.fullmatch(values["registration"]):
        raise bad("registration", values["registration"], _("the id of a registration"))
    return FusedParameters(
        series=series,
        stack=stack,
        picture=_look(values),
        opacity=_opacity(values["fusedopacity"]) if "fusedopacity" in values else DEFAULT_OPACITY,
        study=values.get("fusedstudy"),
        archive=values.get("fusedarchive"),
        registration=values.get("registration"),
    )


def _look(values: Mapping[str, str]) -> Parameters:
    """Return window and colour map of a layer, read as those of a picture are."""
    own = {"window": values["fusedwindow"]} if "fusedwindow" in values else {}
    try:
        look = obeyed(own, (), size_only=True)
    except BadParameter as error:
        raise bad("fusedwindow", values["fusedwindow"], "<center>,<width>,(linear|linear-exact|sigmoid)") from error
    name = values.get("fusedcolormap")
    if name is None:
        return look
    chosen = one_of("fusedcolormap", name.upper().replace("-", "_"), COLORMAPS)
    return Parameters(window=look.window, colormap=chosen)


def _opacity(value: str) -> float:
    try:
        found = number(value)
        if not 0 <= found <= 1:
            raise ValueError(value)
    except ValueError as error:
        raise bad("fusedopacity", value, _("a number from 0 to 1")) from error
    return found

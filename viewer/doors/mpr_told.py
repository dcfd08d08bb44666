"""What the description of a picture of a volume says of its geometry, its path and its motion."""

from dataclasses import replace
from typing import Any

from viewer.doors import description
from viewer.doors.mpr_geometry import Framed
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.imaging import geometry
from viewer.imaging.animation import Swivel
from viewer.imaging.curved import STRAIGHTENED
from viewer.imaging.spacing import NONE, PATIENT, Spacing
from viewer.imaging.words import gettext_noop

ALONG = gettext_noop("true along the path and straight across it, not elsewhere")
UNROLLED = gettext_noop("true on the curved surface")


def plane(spacing: Spacing, shown: Framed, wanted: PlaneParameters) -> dict[str, Any]:
    """Return the geometry of a plane; `spacing` is that of the slices."""
    assert shown.plane is not None
    view, own = shown.view, shown.plane
    return {
        "location": round(float(view.point @ view.look), 4),
        "position": list(own.position),
        "orientation": list(own.orientation),
        "patient_orientation": list(geometry.patient_orientation(own.orientation)),
        **description.spacing_of(replace(spacing, row=shown.step, column=shown.step, aspect=1.0)),
        "plane": {
            "point": view.point.tolist(), "look": view.look.tolist(), "up": view.up.tolist(),
            "pixel_spacing": shown.step, "thickness": wanted.slab, "method": wanted.method,
        },
    }  # fmt: skip


def surface(shown: Framed, wanted: PlaneParameters) -> dict[str, Any]:
    """Return the geometry of a curved picture: no letters, and millimetres only where they are true.

    Straightened, what lies beside the path is drawn out or pressed together.
    """
    step = shown.step
    straightened = wanted.along is not None and wanted.along.form == STRAIGHTENED
    spacing = Spacing(None, None, NONE, ALONG) if straightened else Spacing(step, step, PATIENT, UNROLLED)
    return {
        "location": None,
        "position": None,
        "orientation": None,
        "patient_orientation": None,
        **description.spacing_of(spacing),
        "plane": None,
    }


def path(shown: Framed, wanted: PlaneParameters) -> dict[str, Any]:
    """Return where a picture lies on its path: `knots` are places of a curved one's columns, `at` that of a plane."""
    along = wanted.along
    if along is None:
        return {}
    told: dict[str, Any] = {"form": along.form, "length": round(along.path.length, 3), "turn": along.turn}
    if shown.surface is None:
        moves = shown.moment is not None and not isinstance(shown.moment.of, Swivel)
        at = shown.moment.place if moves and shown.moment else along.at or 0.0
        return {"curve": told | {"at": round(at, 3)}}
    told |= {"pixel_mm": shown.step, "thickness": wanted.slab, "method": wanted.method}
    return {"curve": told | {"knots": shown.surface.knots()}}


def motion(shown: Framed) -> dict[str, Any]:
    """Return which frame of a motion a picture is, and by how many degrees or mm it has moved."""
    moment = shown.moment
    if moment is None:
        return {}
    place = {"degrees" if isinstance(moment.of, Swivel) else "along": round(moment.place, 6)}
    return {
        "animation": {
            "frame": moment.number, "frames": moment.of.count, "initial": moment.of.initial,
            "step": moment.of.step, "rate": moment.rate, **place,
        }
    }  # fmt: skip

"""The value at a point of a plane, sampled as the plane's picture is."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors import uptake
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.doors.values import shortened
from viewer.doors.volumes import Source, gather
from viewer.imaging import pixels, reformat
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import AVERAGE, MAXIMUM, NEAREST, View
from viewer.imaging.volume import Volume
from viewer.rendering import Studio

# In voxels: so near to a voxel's centre its own value is told.
ON_VOXEL = 1e-4


async def value(studio: Studio, source: Source, wanted: PlaneParameters, point: Sequence[float]) -> dict[str, Any]:
    """Return value, unit and words for LPS mm `point` on the plane that `wanted` looks along. Raises Refusal.

    The words say how the value came about: interpolated, or of a slab. Without a value they are a dash and why.
    """
    await gather(studio, source)
    return await studio.run(partial(_value, source, wanted, point))


def _value(source: Source, wanted: PlaneParameters, point: Sequence[float]) -> dict[str, Any]:
    volume, place = source.volume, source.place
    plane = reformat.picture(View.of(point, wanted.look, wanted.up), (0.0, 0.0), (1, 1), volume.spacing_mm)
    if wanted.fused is None and source.shows_colours(wanted.slab):
        wanted = replace(wanted, interpolation=NEAREST)
    channels = source.channels()
    slots = channels[0][1]
    cuts = [
        reformat.cut(
            volume,
            *each,
            plane,
            thickness=wanted.slab,
            method=wanted.method,
            interpolation=wanted.interpolation,
            exactly=True,
        )
        for each in channels
    ]
    values = [float(each[0, 0]) for each in cuts]
    found = values[0]
    if not np.isfinite(found):
        return {"value": None, "unit": "", "words": _nothing(volume, slots, plane)}
    if volume.colour:
        shades = [min(max(round(each), 0), 255) for each in values]
        return {"value": shades, "unit": "RGB", "words": _made(volume, plane, wanted)}
    unit = pixels.unit(place.instance, place.frame)
    told = {"value": shortened(found), "unit": unit, "words": _made(volume, plane, wanted)}
    return told | uptake.of_value(source.opened, place, found)


def _nothing(volume: Volume, slots: np.ndarray, plane: Plane) -> str:
    """Return a dash, and why there is no value where one might be looked for."""
    index = volume.indices(np.asarray(plane.position))
    if (index < -0.5 - ON_VOXEL).any() or (index > np.array(volume.extent) - 0.5 + ON_VOXEL).any():
        return "–"
    if slots[int(np.abs(volume.places - index[2]).argmin())] < 0:
        return _("– (no slice here)")
    return _("– (no pixel here)")


def _made(volume: Volume, plane: Plane, wanted: PlaneParameters) -> str:
    """Return how a value came about; "" for that of a voxel."""
    if wanted.slab > 0:
        words = {AVERAGE: _("mean of %(mm)g mm"), MAXIMUM: _("highest of %(mm)g mm")}
        return words.get(wanted.method, _("lowest of %(mm)g mm")) % {"mm": wanted.slab}
    index = volume.indices(np.asarray(plane.position))
    nearest = np.append(np.rint(index[:2]), volume.places[np.abs(volume.places - index[2]).argmin()])
    if float(np.abs(index - nearest).max()) < ON_VOXEL:
        return ""
    return _("of the nearest voxel") if wanted.interpolation == NEAREST else _("interpolated")

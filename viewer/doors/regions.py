"""What a region holds, as a page is told it: of the volume of a plane, and of the layer over it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from viewer.doors import volumes
from viewer.doors.fused import Layer
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import pixels, regions
from viewer.rendering import Studio


async def sphere(
    studio: Studio, source: volumes.Source, over: Layer | None, point: Sequence[float], radius: float
) -> dict[str, Any]:
    """Return the statistics of a sphere about LPS mm `point`, of the volume and of its layer. Raises Refusal."""
    told = await _of(studio, source, point, radius)
    if over is None:
        return told
    return told | {"fused": await _of(studio, over.source, over.there(point), radius)}


async def _of(studio: Studio, source: volumes.Source, point: Sequence[float], radius: float) -> dict[str, Any]:
    await volumes.gather(studio, source)
    return await studio.run(partial(_counted, source, point, radius))


def _counted(source: volumes.Source, point: Sequence[float], radius: float) -> dict[str, Any]:
    opened, place = source.opened, source.place
    try:
        stored, slots = source.stored()
        found = regions.of_sphere(source.volume, stored, slots, point, radius)
    except regions.TooLarge as error:
        raise Refusal(400, _("radius: too many voxels to look through"), "radius") from error
    if found is None:
        return {"count": 0, "unit": "", "words": _("no voxel lies in the region")}
    told = {
        "modality": place.instance.Modality or "", "count": found.count, "lacking": found.lacking,
        "unit": pixels.unit(place.instance, place.frame), "words": "", **_numbers(found, 1.0), "at": list(found.at),
    }  # fmt: skip
    uptake = opened.uptake(place.stack) if place.stack is not None else None
    if uptake is None:
        return told
    shown = uptake[0].shown
    if shown is None or shown.factor is None:
        reason = translated(uptake[0].reason) if uptake[0].reason else ""
        return told | {"suv": None, "words": _("SUV not available: %(reason)s") % {"reason": reason}}
    return told | {"suv": {"name": shown.name, "unit": shown.unit, **_numbers(found, shown.factor)}}


def _numbers(found: regions.Statistics, factor: float) -> dict[str, float | None]:
    return {
        "max": found.highest * factor,
        "min": found.lowest * factor,
        "mean": found.mean * factor,
        "sd": None if found.sd is None else found.sd * factor,
    }

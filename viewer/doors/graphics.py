"""What a file lays over its image: overlay planes and shutters, drawn into the picture, and told in words."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.opened import Opened, Place
from viewer.doors.parameters import Parameters
from viewer.imaging import overlays, resample, shutter
from viewer.imaging.overlays import OverlayPlane
from viewer.imaging.shutter import Shutter

HALF = 0.5
Region = tuple[float, float, float, float]


def laid_over(place: Place) -> tuple[tuple[OverlayPlane, ...], Shutter | None]:
    """Return the overlay planes that are drawings on a frame, and its shutter."""
    instance, number = place.instance, place.frame.number
    if not instance.overlays and not instance.shutter and not instance.has_frame_shutters:
        return (), None
    covering = shutter.shutter(instance, number)
    group = covering.group if covering else None
    drawn = (each for each in place.overlays if each.group != group and each.applies(number))
    return tuple(drawn), covering


def dressed(
    shades: np.ndarray, opened: Opened, place: Place, region: Region, flips: tuple[bool, bool], wanted: Parameters
) -> np.ndarray:
    """Return the picture (uint8 grey or RGB) with shutter and overlays, as far as they are wanted: drawings on top."""
    drawn, covering = laid_over(place)
    instance, number = place.instance, place.frame.number
    rows, columns = instance.Rows or 0, instance.Columns or 0
    size = (shades.shape[1], shades.shape[0])
    if covering and wanted.shutter:
        hidden = covering.covered(instance, number, place.overlays, opened.spacing(place).aspect)
        if hidden is not None:
            cover = resample.region(hidden.astype(np.float32), region, size, flips) > HALF
            shades = painted(shades, cover, covering.shade)
    if wanted.overlay:
        for plane in drawn:
            covered = plane.over(number, rows, columns)
            if covered is not None:
                # A line of one pixel stays as strong when the picture shrinks.
                shrunk = max(region[2] / size[0], region[3] / size[1], 1)
                strength = resample.region(covered.astype(np.float32), region, size, flips) * shrunk
                shades = mixed(shades, np.clip(strength, 0, 1), overlays.SHADE)
    return shades


def painted(shades: np.ndarray, where: np.ndarray, shade: tuple[int, int, int]) -> np.ndarray:
    """Return a copy with one shade where it says so; a grey picture stays grey if the shade is."""
    is_grey = shades.ndim == 2 and len(set(shade)) == 1
    out = shades.copy() if is_grey else in_colour(shades)
    out[where] = shade[0] if is_grey else shade
    return out


def mixed(shades: np.ndarray, strength: np.ndarray, shade: tuple[int, int, int]) -> np.ndarray:
    """Return RGB of the picture with a shade laid over it, by strengths from 0 to 1."""
    part = strength[..., None]
    return np.rint(in_colour(shades) * (1 - part) + np.array(shade) * part).astype(np.uint8)


def in_colour(shades: np.ndarray) -> np.ndarray:
    """Return a copy as (rows, columns, 3)."""
    return np.repeat(shades[..., None], 3, axis=2) if shades.ndim == 2 else shades.copy()


def told(place: Place, wanted: Parameters) -> dict[str, Any]:
    """Return in words what is laid over the picture (`graphics`), and what of the file's own isn't (`hidden`)."""
    drawn, covering = laid_over(place)
    shown: list[str] = []
    hidden: list[str] = []
    for plane in drawn:
        words = _("Overlay: %(name)s") % {"name": plane.words} if plane.words else _("Overlay")
        if plane.data is None:
            hidden.append(_("%(overlay)s (its pixels can't be read)") % {"overlay": words})
        else:
            (shown if wanted.overlay else hidden).append(words)
    if covering:
        (shown if wanted.shutter else hidden).append(_("Shutter"))
    return {"graphics": shown, "hidden": hidden} if shown or hidden else {}

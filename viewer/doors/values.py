"""The value under a pixel, from the stored pixel itself."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.opened import Place
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import colour, pixels, realworld, ultrasound
from viewer.imaging.pixels import Padding, PixelError


def value_at(stored: np.ndarray, place: Place, x: int, y: int) -> dict[str, Any]:
    """Return value, unit and words for the pixel in column `x` and row `y` (from 0). Raises Refusal.

    A grey pixel has its modality value, a colour pixel its red, green and blue; padding has no value. `real` are the
    real world values that the file maps the stored one to, each with its unit and label. In an ultrasound region whose
    axes are known `physical` lists what the place stands for, horizontal first: {value, unit of UCUM}.
    """
    told = pixel_at(stored, place, x, y)
    region = ultrasound.holding(ultrasound.regions(place.frame.ultrasound_regions), [(x, y)])
    physical = region.value_at((x, y)) if region else []
    if physical:
        told["physical"] = [{"value": part.value, "unit": part.unit} for part in physical]
        said = ", ".join(f"{part.value:.4g} {part.unit}".replace("-", "−") for part in physical)
        told["words"] = " · ".join(filter(None, (told["words"], said)))
    return told


def pixel_at(stored: np.ndarray, place: Place, x: int, y: int) -> dict[str, Any]:
    """Return what the pixel itself holds: value, unit and words. Raises Refusal."""
    rows, columns = stored.shape[:2]
    if not (0 <= x < columns and 0 <= y < rows):
        raise Refusal(400, _("The point lies outside the image"))
    pixel = stored[y : y + 1, x : x + 1]
    instance, frame = place.instance, place.frame
    try:
        if colour.is_colour(instance):
            red, green, blue = (int(value) for value in colour.rgb(pixel, instance)[0, 0])
            return {"value": [red, green, blue], "unit": "RGB", "words": ""}
        padding = Padding.of(instance)
        if padding is not None and bool(padding.mask(pixel)[0, 0]):
            return {"value": None, "unit": "", "words": _("no pixel (padding)")}
        value = float(pixels.modality_values(pixel, pixels.transform(instance, frame))[0, 0])
    except PixelError as error:
        raise Refusal(502, translated(error)) from error
    if not np.isfinite(value):
        return {"value": None, "unit": "", "words": _("no number")}
    unit = pixels.unit(instance, frame)
    told: dict[str, Any] = {"value": shortened(value), "unit": unit, "words": ""}
    real = real_values(float(pixel[0, 0]), place)
    return told | {"real": real} if real and real != [{"value": told["value"], "unit": unit, "label": ""}] else told


def real_values(stored: float, place: Place) -> list[dict[str, Any]]:
    """Return what a stored value is in the units of the file's real world value mappings."""
    found = []
    for mapping in realworld.mappings(place.instance, place.frame.number):
        value = mapping.value(stored)
        if value is not None:
            found.append({"value": shortened(value), "unit": mapping.unit, "label": mapping.label})
    return found


def shortened(value: float) -> int | float:
    """Return a finite number as it is told: whole as it is, any other with six digits."""
    return int(value) if value.is_integer() else float(f"{value:.6g}")

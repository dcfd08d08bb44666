"""SUV as a page is told it: of a picture, of a value, and its provenance as a table."""

from typing import Any

from django.utils.translation import gettext as _

from viewer.doors.opened import Opened, Place
from viewer.doors.values import shortened
from viewer.doors.words import translated
from viewer.imaging import suv
from viewer.imaging.stack import Stack
from viewer.imaging.suv import Measure


def of_picture(opened: Opened, place: Place) -> dict[str, Any]:
    """Return the measure that a PET picture is labelled by, or why there is none; nothing for other pictures."""
    return of_stack(opened, place.stack) if place.stack is not None and suv.is_pet(place.instance) else {}


def of_stack(opened: Opened, stack: Stack) -> dict[str, Any]:
    """Return the measure that holds for all pictures of a PET stack, or why there is none; nothing for others."""
    uptake = opened.uptake(stack)
    if uptake is None:
        return {}
    shown = uptake[0].shown
    words = (
        ""
        if uptake[0].reason is None
        else _("SUV not available: %(reason)s") % {"reason": translated(uptake[0].reason)}
    )
    return {"suv": shown and measure(shown), "suv_words": words}


def measure(of: Measure) -> dict[str, Any]:
    """Return a measure as JSON; `factor` turns modality values into it."""
    return {
        "name": of.name,
        "formula": translated(of.formula),
        "unit": of.unit,
        "factor": of.factor,
        "reason": "" if of.reason is None else translated(of.reason),
    }


def provenance(opened: Opened, stack: Stack) -> dict[str, Any]:
    """Return all measures of a PET stack and every factor that they rest on; nothing for other stacks."""
    uptake = opened.uptake(stack)
    if uptake is None:
        return {}
    found = uptake[0]
    rows = [
        {"keyword": each.keyword, "tag": each.tag, "value": each.value, "made": translated(each.made)}
        for each in found.factors
    ]
    notes = [translated(each) for each in found.notes]
    return {"uptake": {"measures": [measure(each) for each in found.measures], "factors": rows, "notes": notes}}


def of_value(opened: Opened, place: Place, value: float | None) -> dict[str, Any]:
    """Return the SUV of a modality value of a PET picture, by that picture's own factor."""
    uptake = opened.uptake(place.stack) if place.stack is not None else None
    factor = uptake[1].get(place.uid) if uptake else None
    if uptake is None or factor is None or value is None:
        return {}
    shown = uptake[0].shown
    name, unit = (shown.name, shown.unit) if shown else (suv.BODY_WEIGHT, "g/ml")
    return {"suv": {"name": name, "value": shortened(value * factor), "unit": unit}}

"""Stacks of a series as JSON for the page: every entry at its place, and what is known about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors import description, uptake
from viewer.doors.breast import breast_json
from viewer.doors.opened import Opened
from viewer.doors.refusal import Refusal
from viewer.doors.slides import slide_json
from viewer.doors.words import translated
from viewer.imaging import geometry, kinds, pixels, reasons, stack
from viewer.imaging.entries import Run, parts
from viewer.imaging.geometry import GeometryError
from viewer.imaging.reasons import Reason
from viewer.imaging.record import Instance
from viewer.imaging.stack import Shown, Stack
from viewer.imaging.volume import Volume
from viewer.imaging.windowing import VOI
from viewer.imaging.words import Words
from viewer.rendering import Studio
from viewer.store.glimpsed import Glimpsed

FAILED = 2
ALONE: dict[str, Any] = {"group": "", "dimensions": [], "split": ""}
PATIENCE = 1.0  # seconds that a listing waits for a window that has to be measured


async def stacks_json(studio: Studio, opened: Opened) -> dict[str, Any]:
    """Return the stacks of an opened series, with what was listed, received and failed."""
    windows = [await _default_window(studio, opened, each) for each in opened.stacks]
    return await studio.run(partial(_listed, opened, windows))


async def glimpse_json(studio: Studio, opened: Opened) -> dict[str, Any] | None:
    """Return the only image of a glimpse as a stack of one; None where it might be shown otherwise than its series.

    It is told what its own header says, and nothing of the series: no number, no neighbours, no volume.
    """
    seen = opened.series
    place = opened.place(seen.instance, 1) if isinstance(seen, Glimpsed) else None
    if place is None or place.stack is None or place.index is None or not opened.has_settled_window(place):
        return None
    alone = replace(place.stack, entries=[place.stack.entries[place.index]])
    stack = await studio.run(partial(_stack, opened, alone, await _default_window(studio, opened, place.stack)))
    volume_words = _("The series is still being read")
    unknown = {
        "key": "",
        "title": "",
        "cine": None,
        "spatial": False,
        "regular": False,
        "spacing_mm": None,
        "total_known": True,
        **ALONE,
    }
    return {**stack, **unknown, "words": "", "volume": None, "volume_words": volume_words, "early": True}


async def _default_window(studio: Studio, opened: Opened, of: Stack) -> VOI | None:
    """Return the window of a whole stack; None for colour, for images that each have their own, and while unknown."""
    first = next(iter(of.shown), None)
    if first is None or of.colour or not opened.has_one_window(of):
        return None
    place = opened.place(first.SOPInstanceUID, first.frame)
    try:
        return await asyncio.wait_for(opened.default_voi(place, partial(studio.frame, opened)), PATIENCE)
    except (TimeoutError, Refusal):
        return None


def _listed(opened: Opened, windows: list[VOI | None]) -> dict[str, Any]:
    instances = opened.series.instances
    not_viewable = [(each.SOPInstanceUID, why) for each in instances if (why := _why_not(opened, each))]
    failed = _failed_instances(opened)
    expected = opened.series.expected
    words = []
    if expected is not None and expected > len(instances):
        words.append(
            _("the archive counts %(expected)d, lists %(listed)d") % {"expected": expected, "listed": len(instances)}
        )
    return {
        "digest": opened.series.digest,
        "listed": len(instances),
        "received": len(instances) - len(not_viewable) - failed,
        "failed": failed,
        "unsupported": len(not_viewable),
        "total_known": all(each.total_known for each in opened.stacks),
        "words": "; ".join(words),
        "split": reasons_line([each.reasons for each in opened.stacks]),
        "stacks": [_stack(opened, each, window) for each, window in zip(opened.stacks, windows, strict=True)],
        "slides": [slide_json(each) for each in opened.slides],
        "not_viewable": [{"instance": uid, "words": translated(why)} for uid, why in not_viewable],
    }


def _why_not(opened: Opened, instance: Instance) -> Words | None:
    """Return why an instance isn't shown, None when it is."""
    found = stack.kind(instance)
    return opened.left_out.get(instance.SOPInstanceUID or "") if found.viewable else found.words


def _failed_instances(opened: Opened) -> int:
    states = np.frombuffer(opened.series.states(), np.uint8)
    failed: set[str] = set()
    for each in opened.stacks:
        places = opened.order(each)
        for at in np.flatnonzero((places >= 0) & (states[places] == FAILED)):
            entry = each.entries[int(at)]
            if isinstance(entry, Shown):
                failed.add(entry.SOPInstanceUID)
    return len(failed)


def _stack(opened: Opened, of: Stack, window: VOI | None) -> dict[str, Any]:
    first = of.shown[0]
    place = opened.place(first.SOPInstanceUID, first.frame)
    choices = [] if of.colour or not opened.has_one_window(of) else opened.choices(place)
    return {
        "key": of.key,
        "title": of.title,
        "modality": of.modality,
        "unit": pixels.unit(place.instance, place.frame),
        "rows": of.rows,
        "columns": of.columns,
        **description.spacing_of(opened.spacing(place)),
        "orientation": description.numbers(of.orientation, 6),
        "patient_orientation": description.letters(place.instance, place.frame),
        "breast": breast_json(place.instance, place.frame),
        "plane": _plane(of),
        "frame_of_reference": of.frame_of_reference,
        "spatial": of.spatial,
        "regular": of.regular,
        "spacing_mm": of.spacing_mm,
        "total_known": of.total_known,
        "words": "; ".join(translated(note) for note in of.notes),
        "colour": of.colour,
        "burnt_in": kinds.carries_text(place.instance),
        **uptake.of_stack(opened, of),
        **uptake.provenance(opened, of),
        "laid_over": _laid_over(opened, of),
        "windows": [description.window(each) for each in choices],
        "window_count": len(choices) or opened.least_choices(of),
        "window": description.window(window),
        "group": of.family,
        "dimensions": description.dimensions(of),
        "split": reasons_line([of.reasons]),
        "cine": None if of.cine is None else asdict(of.cine),
        "entries": [_entry(entry) for _, entry in parts(of.entries)],
        **({} if opened.is_glimpse else _volume(of, opened.volume(of))),
    }


def reasons_line(told: Sequence[Sequence[Reason]]) -> str:
    """Return by what a series was split, with the values of all stacks or of one; "" for what is one stack."""
    by = "; ".join(translated(each) for each in reasons.line(told))
    return _("split %(by)s") % {"by": by} if by else ""


def _laid_over(opened: Opened, of: Stack) -> list[str]:
    """Return which kinds of things the files lay over the images of a stack, by the parameter that hides them."""
    images = [opened.instances[uid] for uid in of.images]
    kinds = {
        "overlay": any(each.overlays for each in images),
        "shutter": any(each.shutter or each.has_frame_shutters for each in images),
    }
    return [kind for kind, there in kinds.items() if there]


def _volume(of: Stack, made: Volume | str) -> dict[str, Any]:
    """Return the grid of a volume: LPS mm of its first voxel's centre and the mm vectors between neighbours.

    `size` is how far it reaches in those vectors; `places` say at how many of the third each entry of the stack lies
    (null for one that isn't part of the volume), null where entry k lies at k.
    """
    if not isinstance(made, Volume):
        return {"volume": None, "volume_words": translated(made)}
    words = "; ".join(translated(each) for each in made.words)
    row, column, step = made.steps.T.tolist()
    grid = {"position": made.position.tolist(), "row": row, "column": column, "step": step}
    return {
        "volume": {
            **grid,
            "size": list(made.extent),
            "spacing_mm": made.spacing_mm,
            "words": words,
            "places": _places(of, made),
        },
        "volume_words": "",
    }


def _places(of: Stack, made: Volume) -> list[float | None] | None:
    if made.even and len(of.entries) == made.slices:
        return None
    known = {entry: float(z) for entry, z in zip(made.entries, made.places, strict=True) if entry}
    return [known.get(entry) if isinstance(entry, Shown) else None for entry in of.entries]


def _entry(entry: stack.Entry | Run) -> dict[str, Any]:
    if isinstance(entry, Run):
        first = _entry(entry.entry(0))
        return {**first, "frames": entry.count}
    if isinstance(entry, Shown):
        return {
            "instance": entry.SOPInstanceUID,
            "frame": entry.frame,
            "location": entry.location,
            "instance_number": entry.InstanceNumber,
        }
    return {"missing": translated(entry.reason), "location": entry.location, "instance_number": entry.instance_number}


def _plane(of: Stack) -> str:
    if not of.orientation:
        return ""
    try:
        geometry.check_orientation(of.orientation)
    except GeometryError:
        return ""
    return geometry.anatomical_plane(of.orientation)

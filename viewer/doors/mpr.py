"""A plane through a volume: which volume is meant, all its frames, the cut, the picture and what it shows."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from viewer.doors import annotate, breast, description
from viewer.doors.media import LOSSLESS
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.doors.opened import Opened, Place
from viewer.doors.parameters import LONGEST_SIDE, MOST_PIXELS, BadParameter
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import colormap, encode, geometry, reformat, windowing
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import Overtaken, View
from viewer.imaging.stack import Stack
from viewer.imaging.volume import Volume
from viewer.imaging.windowing import VOI
from viewer.rendering import QUALITY, Picture, Studio
from viewer.store.client import FrameFailed
from viewer.store.frames import PRESENT, NotPresent
from viewer.store.gathering import gathered

MOST_SAMPLES = 250_000_000  # about 1.5 seconds of one thread
ASK_AGAIN_SECONDS = 10.0  # before a slice that failed is asked for once more


@dataclass(frozen=True)
class Source:
    """The volume that a picture is cut from."""

    opened: Opened
    stack: Stack
    volume: Volume

    @property
    def place(self) -> Place:
        """The middle slice, which speaks for all in what they share."""
        shown = self.stack.shown
        entry = shown[len(shown) // 2]
        return replace(self.opened.place(entry.SOPInstanceUID, entry.frame), stack=self.stack)


def choose(openeds: Sequence[Opened], instance: str | None, key: str | None) -> Source:
    """Return the one volume among the stacks of series, of one instance if it is given. Raises Refusal.

    `key` chooses a stack. Without it, several volumes are a 400 that lists them; none at all is a 406 that says why.
    """
    stacks = [(opened, each) for opened in openeds for each in _stacks(opened, instance)]
    if key is not None:
        stacks = [(opened, each) for opened, each in stacks if each.key == key]
        if not stacks:
            raise Refusal(400, _("stack=%(key)s: there is no such stack") % {"key": key[:40]}, "stack")
    made = [(opened, each, opened.volume(each)) for opened, each in stacks]
    found = [Source(opened, each, volume) for opened, each, volume in made if isinstance(volume, Volume)]
    if not found:
        reasons = dict.fromkeys(translated(volume) for _opened, _each, volume in made if not isinstance(volume, Volume))
        if not reasons:
            raise Refusal(406, openeds[0].words_of_nothing() if openeds else _("The study holds no images"))
        raise Refusal(406, _("No plane can be cut: %(reasons)s") % {"reasons": "; ".join(reasons)})
    if len(found) > 1:
        listed = ", ".join(_named(source, several=len(openeds) > 1) for source in found)
        raise Refusal(400, _("stack: choose one of these volumes: %(listed)s") % {"listed": listed}, "stack")
    return found[0]


def _named(source: Source, *, several: bool) -> str:
    """Return the key of a stack with what tells it from the others."""
    series = f"series {source.opened.uid}" if several else ""
    told = ", ".join(filter(None, (series, source.stack.title)))
    return f"{source.stack.key} ({told})" if told else source.stack.key


def _stacks(opened: Opened, instance: str | None) -> Iterator[Stack]:
    """Yield the stacks of a series; of an instance, the part of each that it holds."""
    if instance is not None:
        opened.place(instance, 1)
    for each in opened.stacks:
        own = [entry for entry in each.shown if instance in (None, entry.SOPInstanceUID)]
        if len(own) == len(each.shown):
            yield each
        elif own:
            yield replace(each, key=f"{each.key}.{own[0].instance_index}", entries=list(own))


async def picture(
    studio: Studio,
    source: Source,
    wanted: PlaneParameters,
    media_type: str,
    *,
    arrived: Callable[[], None] | None = None,
) -> Picture:
    """Return the picture of a plane once all frames of its volume are there; `arrived` is called when it is cut.

    Cancelled, the work ends before the next band of rows. Raises Refusal.
    """
    plane, view = framed(source.volume, wanted)
    media_type = breast.faithful(media_type, source.place.instance)
    await gather(studio, source)
    voi = await studio.voi(source.opened, source.place, wanted.picture)
    given_up = threading.Event()
    try:
        return await studio.run(partial(_draw, source, plane, view, voi, wanted, media_type, given_up, arrived))
    except Overtaken as error:
        raise asyncio.CancelledError from error
    finally:
        given_up.set()


async def gather(studio: Studio, source: Source) -> None:
    """Wait for the frames of a volume, together with all who wait for the same. Raises Refusal."""
    opened, stack = source.opened, source.stack
    states = np.frombuffer(opened.series.states(), np.uint8)
    places = opened.order(stack)
    if (states[places[places >= 0]] == PRESENT).all():
        return
    task = opened.gathering.get(stack.key)
    if task is not None and task.done() and (task.cancelled() or task.exception() or _old(opened, stack)):
        task = None
    if task is None:
        frames = [(entry.SOPInstanceUID, entry.frame) for entry in stack.shown]
        task = asyncio.ensure_future(gathered(studio.client, opened.series, frames))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        opened.gathering[stack.key] = task
        opened.gathered_at[stack.key] = time.monotonic()
    try:
        await asyncio.shield(task)
    except FrameFailed as error:
        raise Refusal(502, translated(error)) from error


def _old(opened: Opened, stack: Stack) -> bool:
    """Say whether what failed is worth another try."""
    return time.monotonic() - opened.gathered_at[stack.key] > ASK_AGAIN_SECONDS


def framed(volume: Volume, wanted: PlaneParameters) -> tuple[Plane, View]:
    """Return the plane of the picture's pixels, and the view. Raises BadParameter for one that is too large.

    The point looked at is the picture's middle where it was given; where it wasn't, the volume stands in the middle.
    """
    view = View.of(volume.center if wanted.lookat is None else wanted.lookat, wanted.look, wanted.up)
    left, right, top, bottom = reformat.extent(volume, view, around=wanted.lookat is not None)
    viewport, spacing = wanted.picture.viewport, wanted.pixel_spacing
    if viewport is not None and spacing is not None:
        return reformat.picture(view, (0.0, 0.0), (viewport.width, viewport.height), spacing), view
    width, height = right - left, bottom - top
    if viewport is not None:
        spacing = max(width / viewport.width, height / viewport.height)
        most = viewport.width, viewport.height
    else:
        most = LONGEST_SIDE, LONGEST_SIDE
        if spacing is None:
            spacing = max(volume.spacing_mm, width / LONGEST_SIDE, height / LONGEST_SIDE)
            spacing = max(spacing, float(np.sqrt(width * height / MOST_PIXELS)))
    size = max(1, round(width / spacing)), max(1, round(height / spacing))
    if wanted.pixel_spacing is not None and (max(size) > LONGEST_SIDE or size[0] * size[1] > MOST_PIXELS):
        words = _("pixelspacing: the whole volume would have more than %(side)d pixels a side")
        raise BadParameter("pixelspacing", words % {"side": LONGEST_SIDE})
    size = min(size[0], most[0]), min(size[1], most[1])
    return reformat.picture(view, ((left + right) / 2, (top + bottom) / 2), size, spacing), view


def _draw(
    source: Source,
    plane: Plane,
    view: View,
    voi: VOI,
    wanted: PlaneParameters,
    media_type: str,
    given_up: threading.Event,
    arrived: Callable[[], None] | None,
) -> Picture:
    """Return the picture of a plane. Raises Refusal, and Overtaken when it was given up."""
    if given_up.is_set():
        raise Overtaken
    if arrived is not None:
        arrived()
    opened, volume, place = source.opened, source.volume, source.place
    samples = len(reformat.offsets(volume, plane, wanted.slab, wanted.method)) * plane.rows * plane.columns
    if samples > MOST_SAMPLES:
        raise Refusal(400, _("mprslab: too thick for a picture of this size"), "mprslab")
    try:
        stored, slots = opened.series.frames.volume(opened.order(source.stack).tolist())
    except NotPresent as error:
        raise Refusal(502, _("No slice of the volume can be read")) from error
    words = _words(source, slots, plane, wanted.slab)
    values = reformat.cut(
        volume, stored, slots, plane, thickness=wanted.slab, method=wanted.method, overtaken=given_up.is_set
    )
    name = colormap.chosen(place.instance.Modality, wanted.picture.colormap)
    inverted = (windowing.shown_inverted(place.instance) != wanted.picture.invert) != (name == colormap.INVERTED)
    shades = windowing.grey_of_values(values, voi, inverted=inverted)
    if not colormap.is_grey(name):
        shades = colormap.coloured(shades, name, np.isnan(values))
    told = _described(source, plane, view, voi, wanted, lossless=media_type in LOSSLESS, words=words)
    if wanted.picture.annotation:
        shades = annotate.annotated(shades, told, wanted.picture.annotation)
    data = encode.encoded(shades, media_type, wanted.picture.quality or QUALITY)
    return Picture(data, media_type, told)


def _words(source: Source, slots: np.ndarray, plane: Plane, slab: float) -> list[str]:
    """Return what a reader has to know about this cut. Raises Refusal when most slices can't be read."""
    volume, series = source.volume, source.opened.series
    words = [translated(each) for each in volume.words]
    failed = [entry for entry, slot in zip(volume.entries, slots, strict=True) if entry is not None and slot < 0]
    if failed:
        reason = series.reason(failed[0].SOPInstanceUID, failed[0].frame)
        because = {"count": len(failed), "reason": translated(reason) if reason else _("not there")}
        said = ngettext(
            "%(count)d slice can't be read: %(reason)s", "%(count)d slices can't be read: %(reason)s", len(failed)
        )
        if 2 * len(failed) > len(source.stack.shown):
            raise Refusal(502, said % because)
        words.insert(0, said % because)
    nearest, farthest = reformat.reach(volume, plane)
    if nearest > slab / 2 or farthest < -slab / 2:
        words.append(_("the plane lies outside the volume"))
    return words


def _described(
    source: Source, plane: Plane, view: View, voi: VOI, wanted: PlaneParameters, *, lossless: bool, words: list[str]
) -> dict[str, Any]:
    """Return the description of a plane: a frame's, with the plane's own geometry and no frame."""
    opened, place = source.opened, source.place
    size = (plane.columns, plane.rows)
    told = description.describe(
        opened, place, voi=voi, inverted=wanted.picture.invert, shown_by=wanted.picture.colormap,
        region=(0.0, 0.0, float(size[0]), float(size[1])), size=size, lossless=lossless,
    )  # fmt: skip
    spacing = opened.spacing(place)
    step = plane.spacing[0]
    return told | {
        "instance": None, "frame": None, "instance_number": None, "index": None, "count": None,
        "location": round(float(view.point @ view.look), 4),
        "slice_thickness": wanted.slab or None,
        "position": list(plane.position),
        "orientation": list(plane.orientation),
        "patient_orientation": list(geometry.patient_orientation(plane.orientation)),
        "rows": plane.rows,
        "columns": plane.columns,
        **description.spacing_of(replace(spacing, row=step, column=step, aspect=1.0)),
        "plane": {
            "point": view.point.tolist(), "look": view.look.tolist(), "up": view.up.tolist(),
            "pixel_spacing": step, "thickness": wanted.slab, "method": wanted.method,
        },
        "volume_words": "; ".join(words),
    }  # fmt: skip

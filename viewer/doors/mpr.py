"""Planes and curved pictures of a volume: the cut, the picture and what it shows, or the parameters alone."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors import annotate, breast, description, icc, mpr_told, supplement, volume_metadata, volumes
from viewer.doors.media import LOSSLESS
from viewer.doors.mpr_geometry import Framed, framed
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.doors.opened import Place
from viewer.doors.refusal import Refusal
from viewer.doors.volumes import Source, gather
from viewer.doors.words import translated
from viewer.imaging import colormap, colourspace, curved, encode, lost, reformat, windowing
from viewer.imaging.geometry import Plane
from viewer.imaging.pixels import PixelError
from viewer.imaging.reformat import NEAREST, Overtaken
from viewer.imaging.volume import Volume
from viewer.imaging.windowing import VOI
from viewer.rendering import QUALITY, Picture, Studio

MOST_SAMPLES = 250_000_000  # about 1.5 seconds of one thread
MOST_IN_ALL = 20 * MOST_SAMPLES  # of all frames of a motion that come in one answer


class Over(Protocol):
    """What is laid over the picture of a plane."""

    async def gather(self, studio: Studio) -> None:
        """Wait for all that is needed. Raises Refusal."""

    def laid(
        self, shades: np.ndarray, plane: Plane, wanted: PlaneParameters, overtaken: Callable[[], bool]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return uint8 RGB of a picture's uint8 shades with this over them, and what to add to its description."""


async def picture(
    studio: Studio,
    source: Source,
    wanted: PlaneParameters,
    media_type: str,
    *,
    over: Over | None = None,
    arrived: Callable[[], None] | None = None,
) -> Picture:
    """Return the picture of a plane once all frames of its volume are there; `arrived` is called when it is cut.

    Where the parameters alone are asked for, they are what the picture holds. Cancelled, the work ends before the next
    band of rows. Raises Refusal.
    """
    shown = framed(source.volume, wanted)
    if wanted.metadata:
        return await _parameters(studio, source, shown, wanted)
    media_type = breast.faithful(media_type, source.place.instance)
    await gather(studio, source)
    if over is not None:
        await over.gather(studio)
    if source.volume.colour and over is not None:
        raise Refusal(400, _("fused: nothing is laid over a volume of colours"), "fused")
    voi = None if source.volume.colour else await studio.voi(source.opened, source.place, wanted.picture)
    given_up = threading.Event()
    try:
        return await studio.run(partial(_draw, source, shown, voi, wanted, media_type, over, given_up, arrived))
    except Overtaken as error:
        raise asyncio.CancelledError from error
    finally:
        given_up.set()


async def _parameters(studio: Studio, source: Source, shown: Framed, wanted: PlaneParameters) -> Picture:
    """Return the parameters by which a picture would be made, as DICOM JSON (PS3.18 annex K). Raises Refusal."""
    if source.volume.colour:
        raise Refusal(406, _("The parameters of planes in colour can't be told"))
    voi = await studio.voi(source.opened, source.place, wanted.picture)
    told = _described(source, shown, voi, wanted, lossless=True, words=[])
    data = volume_metadata.encoded(_module(source, shown, voi, wanted))
    return Picture(data, volume_metadata.MEDIA_TYPE, told)


def _module(source: Source, shown: Framed, voi: VOI, wanted: PlaneParameters) -> volume_metadata.Elements:
    """Return the Rendered Volume Response Module of a picture."""
    assert shown.lookat is not None
    moment = shown.moment
    slab = volume_metadata.element("MPRSlabThickness", wanted.slab) if wanted.slab else {}
    return {
        **volume_metadata.element("ReformattingOperationType", "MPR"),
        **volume_metadata.element("RenderingMethod", wanted.method.upper()),
        **volume_metadata.camera(shown.look, shown.up, shown.lookat),
        **slab,
        **volume_metadata.window(voi),
        **volume_metadata.motion(moment.of if moment else None, moment.rate if moment else None),
        **volume_metadata.path(wanted.along),
        **volume_metadata.volume(source, wanted.choice.match),
    }


def frames(volume: Volume, wanted: PlaneParameters) -> list[PlaneParameters]:
    """Return every frame of a motion, to come in one answer. Raises Refusal and BadParameter."""
    assert wanted.motion is not None
    first = framed(volume, wanted)
    assert first.moment is not None
    count = first.moment.of.count
    if first.samples(volume, wanted) * count > MOST_IN_ALL:
        raise Refusal(400, _("animationstepsize: too many frames of this size for one answer"), "animationstepsize")
    return [replace(wanted, motion=replace(wanted.motion, frame=number + 1)) for number in range(count)]


def _draw(
    source: Source,
    shown: Framed,
    voi: VOI | None,
    wanted: PlaneParameters,
    media_type: str,
    over: Over | None,
    given_up: threading.Event,
    arrived: Callable[[], None] | None,
) -> Picture:
    """Return the picture of a plane. Raises Refusal, and Overtaken when it was given up."""
    if given_up.is_set():
        raise Overtaken
    if arrived is not None:
        arrived()
    place = source.place
    if shown.samples(source.volume, wanted) > MOST_SAMPLES:
        raise Refusal(400, _("mprslab: too thick for a picture of this size"), "mprslab")
    coloured = over is None and source.shows_colours(wanted.slab)
    if coloured:
        wanted = replace(wanted, interpolation=NEAREST)
    channels = source.channels()
    slots = channels[0][1]
    words = volumes.said(source, slots, coloured=coloured)
    values = [_values(source, shown, stored, slots, wanted, given_up.is_set) for stored, slots in channels]
    words += outside(source.volume, shown.plane, wanted.slab) if shown.plane else _of_curve(values[0])
    absent = _lost(source.volume, slots, shown, wanted.slab)
    if absent is not None:
        words.append(_("hatched where slices are missing or can't be read"))
    shades = _coloured(values, wanted) if voi is None else _grey(values[0], place, voi, wanted, mapped=not coloured)
    told = _described(source, shown, voi, wanted, lossless=media_type in LOSSLESS, words=words)
    if coloured:
        shades = _with_colours(shades, source, shown, channels[0], wanted, given_up.is_set)
        told["palette"] = supplement.palette(place.instance, place.frame)
    if over is not None and shown.plane is not None:
        shades, more = over.laid(shades, shown.plane, wanted, given_up.is_set)
        told |= more
    if absent is not None:
        shades = lost.hatched(shades, absent)
    if wanted.picture.annotation:
        shades = annotate.annotated(shades, told, wanted.picture.annotation)
    profile = None
    if voi is None or coloured:
        shades, profile = icc.shown_as(shades, colourspace.profile(place.instance), wanted.picture.iccprofile)
    data = encode.encoded(shades, media_type, wanted.picture.quality or QUALITY)
    return Picture(icc.with_profile(data, media_type, profile) if profile else data, media_type, told)


def _grey(values: np.ndarray, place: Place, voi: VOI, wanted: PlaneParameters, *, mapped: bool) -> np.ndarray:
    """Return uint8 shades of modality values, RGB where they are `mapped` and a colour map is wanted."""
    name = colormap.chosen(place.instance.Modality, wanted.picture.colormap)
    inverted = (windowing.shown_inverted(place.instance) != wanted.picture.invert) != (name == colormap.INVERTED)
    shades = windowing.grey_of_values(values, voi, inverted=inverted)
    return shades if colormap.is_grey(name) or not mapped else colormap.coloured(shades, name, np.isnan(values))


def _coloured(channels: list[np.ndarray], wanted: PlaneParameters) -> np.ndarray:
    """Return uint8 RGB of red, green and blue, black where there is nothing."""
    values = np.stack(channels, axis=-1)
    shades = np.where(np.isnan(values), 0, 255 - values if wanted.picture.invert else values)
    return np.rint(np.clip(shades, 0, 255)).astype(np.uint8)  # a cubic goes beyond its voxels


def _with_colours(
    shades: np.ndarray,
    source: Source,
    shown: Framed,
    stored: tuple[np.ndarray, np.ndarray],
    wanted: PlaneParameters,
    overtaken: Callable[[], bool],
) -> np.ndarray:
    """Return uint8 RGB of a plane's greys with the colours that the images have above them."""
    plain = replace(source, volume=supplement.as_stored(source.volume))
    values = _values(plain, shown, *stored, wanted, overtaken)
    try:
        return supplement.over_greys(values, shades, source.place.instance)
    except PixelError as error:
        raise Refusal(502, translated(error)) from error


def _lost(volume: Volume, slots: np.ndarray, shown: Framed, slab: float) -> np.ndarray | None:
    """Return where a picture (rows, columns) crosses lost slices, None for nowhere."""
    if shown.plane is not None:
        return lost.on_plane(volume, slots, shown.plane, slab)
    assert shown.surface is not None
    rows, columns = np.mgrid[: shown.surface.rows, : shown.surface.columns]
    return lost.at(volume, slots, shown.surface.points(np.stack((columns, rows), -1)))


def _values(
    source: Source,
    shown: Framed,
    stored: np.ndarray,
    slots: np.ndarray,
    wanted: PlaneParameters,
    overtaken: Callable[[], bool],
) -> np.ndarray:
    """Return the modality values (rows, columns) of a picture's pixels."""
    if shown.surface is not None:
        return curved.cut(
            source.volume, stored, slots, shown.surface,
            thickness=wanted.slab, method=wanted.method, interpolation=wanted.interpolation, overtaken=overtaken,
        )  # fmt: skip
    assert shown.plane is not None
    return reformat.cut(
        source.volume, stored, slots, shown.plane,
        thickness=wanted.slab, method=wanted.method, interpolation=wanted.interpolation, overtaken=overtaken,
    )  # fmt: skip


def outside(volume: Volume, plane: Plane, slab: float) -> list[str]:
    """Return the words for a plane that lies beside its volume, none for any other."""
    nearest, farthest = reformat.reach(volume, plane)
    return [_("the plane lies outside the volume")] if nearest > slab / 2 or farthest < -slab / 2 else []


def _of_curve(values: np.ndarray) -> list[str]:
    return [] if np.isfinite(values).any() else [_("the path lies outside the volume")]


def _described(
    source: Source, shown: Framed, voi: VOI | None, wanted: PlaneParameters, *, lossless: bool, words: list[str]
) -> dict[str, Any]:
    """Return the description of a picture: a frame's, with the picture's own geometry and no frame."""
    opened, place = source.opened, source.place
    columns, rows = size = shown.size
    told = description.describe(
        opened, place, voi=voi, inverted=wanted.picture.invert, shown_by=wanted.picture.colormap,
        region=(0.0, 0.0, float(columns), float(rows)), size=size, lossless=lossless,
    )  # fmt: skip
    lies = mpr_told.plane(opened.spacing(place), shown, wanted) if shown.plane else mpr_told.surface(shown, wanted)
    return told | {
        "instance": None, "frame": None, "instance_number": None, "index": None, "count": None,
        "slice_thickness": wanted.slab or None,
        "rows": rows,
        "columns": columns,
        **lies,
        **mpr_told.path(shown, wanted),
        **mpr_told.motion(shown),
        "palette": None,
        "volume_words": "; ".join(words),
    }  # fmt: skip

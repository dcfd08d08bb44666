"""Tiles of a slide: handed on as they are stored wherever a browser can show them, and put together to regions."""

import asyncio
from typing import Any, Protocol

import numpy as np
from django.utils.translation import gettext as _
from msgspec import structs

from viewer.doors import description
from viewer.doors.media import JPEG
from viewer.doors.opened import Opened, Place
from viewer.doors.parameters import BadParameter, Parameters, Viewport
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import jpegmarkers
from viewer.imaging.slide import Slide
from viewer.imaging.tiling import Tiling
from viewer.store.client import FrameFailed, StoreClient
from viewer.store.codestream import BadCodestream, jpeg

BASELINE = "1.2.840.10008.1.2.4.50"
MOST_PIXELS = 64_000_000  # of one region before it is scaled


class Frames(Protocol):
    """What makes pictures: the studio."""

    client: StoreClient

    async def frame(self, opened: Opened, uid: str, number: int, direction: int = 0) -> np.ndarray: ...


def may_pass(place: Place, wanted: Parameters, media_type: str) -> bool:
    """Say whether a tile can be handed on: a colour JPEG, and nothing asked for that changes its pixels."""
    changes = wanted.viewport or wanted.window or wanted.annotation or wanted.quality is not None
    own = place.slide is not None and place.slide.icc and wanted.iccprofile == "srgb"
    other = wanted.iccprofile in {"adobergb", "rommrgb"}
    stored = place.instance.TransferSyntaxUID in {BASELINE, None} and place.instance.SamplesPerPixel == 3
    return stored and media_type == JPEG and not (changes or own or other or wanted.invert or place.whole)


async def passed(studio: Frames, opened: Opened, place: Place) -> tuple[bytes, dict[str, Any]] | None:
    """Return the stored JPEG of a tile with its description; None where it has to be decoded. Raises Refusal."""
    try:
        syntax, data = await studio.client.tile(opened.series, place.uid, place.frame.number)
    except FrameFailed as error:
        raise Refusal(502, translated(error)) from error
    if syntax != BASELINE or place.slide is None:
        return None
    dressed = dress(data, place, place.slide)
    return None if dressed is None else (dressed, told(opened, place))


def dress(data: bytes, place: Place, slide: Slide) -> bytes | None:
    """Return a stored tile with the markers that it needs, None if it isn't what its instance declares.

    Samples that are red, green and blue without a marker that says so get one: browsers would take them for
    luminance and chrominance. The slide's colour profile goes along.
    """
    instance = place.instance
    try:
        stream = jpeg(data)
    except BadCodestream:
        return None
    if not stream.baseline or stream.precision != 8:
        return None
    if (stream.rows, stream.columns, stream.samples) != (instance.Rows, instance.Columns, 3):
        return None
    unsaid = not stream.colour and (instance.PhotometricInterpretation or "").upper() == "RGB"
    segments = (jpegmarkers.ADOBE_RGB if unsaid else b"") + slide.profile_segments
    return jpegmarkers.inserted(data, segments) if segments else data


def told(opened: Opened, place: Place) -> dict[str, Any]:
    """Return the description of a tile that was handed on; what all tiles of a level share is made once."""
    if place.uid not in opened.told:
        opened.told[place.uid] = {
            "study_uid": opened.study,
            "series_uid": opened.uid,
            "instance": place.uid,
            "slide": place.slide.key if place.slide else None,
            "patient": description.patient(place.instance),
            "size": [place.instance.Columns, place.instance.Rows],
            "lossless": False,
            "passed": True,
            "source_lossy": True,
        }
    return {**opened.told[place.uid], "frame": place.frame.number}


async def composed(
    studio: Frames, opened: Opened, place: Place, wanted: Parameters
) -> tuple[np.ndarray, Parameters, Place, dict[str, Any]]:
    """Return the stored values under a region of a level, put together from its tiles.

    With them come the parameters that cut the region out of the values, the level that was taken (a smaller one when
    the answer shows no more than that has), and what to say of the picture instead. Raises Refusal.
    """
    slide, level = place.slide, place.level
    if slide is None or level is None:
        raise Refusal(406, _("This isn't an image of a slide"))
    asked = wanted.viewport or Viewport(level.columns, level.rows)
    try:
        region, *flips = asked.region(level.columns, level.rows)
    except BadParameter as error:
        raise Refusal(400, str(error), error.name) from error
    taken = coarser(slide, level, region, asked)
    across, down = taken.columns / level.columns, taken.rows / level.rows
    x, y, width, height = region[0] * across, region[1] * down, region[2] * across, region[3] * down
    first, last = int(x // taken.tile_columns), int(min(x + width - 1e-6, taken.columns - 1) // taken.tile_columns)
    top, bottom = int(y // taken.tile_rows), int(min(y + height - 1e-6, taken.rows - 1) // taken.tile_rows)
    size = ((bottom - top + 1) * taken.tile_rows, (last - first + 1) * taken.tile_columns)
    if size[0] * size[1] > MOST_PIXELS:
        raise Refusal(400, _("viewport: the region is too large at this level of the slide"), "viewport")
    grid = [(column, row) for row in range(top, bottom + 1) for column in range(first, last + 1)]
    numbers = {at: number for at in grid if (number := taken.number(*at))}
    frames = await asyncio.gather(*(studio.frame(opened, *taken.locate(number)) for number in numbers.values()))
    colour = opened.colour(place.instance)
    canvas = np.full((*size, 3), 255, np.uint8) if colour else np.zeros(size, frames[0].dtype if frames else np.uint8)
    for (column, row), tile in zip(numbers, frames, strict=True):
        at = ((row - top) * taken.tile_rows, (column - first) * taken.tile_columns)
        canvas[at[0] : at[0] + taken.tile_rows, at[1] : at[1] + taken.tile_columns] = tile
    left, upper = first * taken.tile_columns, top * taken.tile_rows
    canvas = canvas[: taken.rows - upper, : taken.columns - left]  # beyond the matrix tiles hold anything
    wide, high = (-width if flips[0] else width), (-height if flips[1] else height)
    cut = Viewport(asked.width, asked.height, x - left, y - upper, wide, high)
    said = {"rows": level.rows, "columns": level.columns, "frame": None, "region": [round(each, 4) for each in region]}
    found = opened.place(*taken.locate(int(next(iter(numbers.values()), taken.first))))
    return canvas, structs.replace(wanted, viewport=cut), found, {**said, "instance": place.uid, "slide": slide.key}


def coarser(slide: Slide, level: Tiling, region: tuple[float, float, float, float], asked: Viewport) -> Tiling:
    """Return the smallest level that still has a pixel for each one of the answer, at most `level` itself."""
    shrink = max(region[2] / asked.width, region[3] / asked.height)
    fits = [each for each in slide.levels if level.columns >= each.columns >= level.columns / max(shrink, 1.0)]
    return min(fits, key=lambda each: each.columns, default=level)

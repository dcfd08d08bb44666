"""Tiles that only OpenSlide can read, made inside a decode worker: it may crash on what a scanner wrote."""

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from viewer.archive.native import BY_OPENSLIDE, Region
from viewer.archive.port import ArchiveError
from viewer.archive.rooted import Rooted
from viewer.archive.scan import stamp
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.words import gettext_noop

__all__ = ["BY_OPENSLIDE", "region"]
MOST_OPEN = 4
WHITE = 255
opened: "OrderedDict[tuple[bytes, bytes, tuple[int, int, int]], Any]" = OrderedDict()


def region(data: bytes, form: PixelFormat) -> np.ndarray:
    """Return a tile as (rows, columns, 3) uint8 RGB, white where the slide has nothing; raises PixelError."""
    import openslide  # noqa: PLC0415 (loaded by workers that meet such a slide)

    try:
        wanted = msgspec.msgpack.decode(data, type=Region)
        slide = opened_slide(wanted)
        pixels = np.asarray(slide.read_region((wanted.x, wanted.y), wanted.level, (form.columns, form.rows)))
    except (openslide.OpenSlideError, ArchiveError, OSError, msgspec.MsgspecError) as error:
        opened.clear()
        raise PixelError(gettext_noop("the slide can't be read here")) from error
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = (pixels[..., :3] * alpha + WHITE * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def opened_slide(wanted: Region) -> Any:
    """Return the slide, open from the last time or now; raises PixelError when the file isn't the indexed one."""
    import openslide  # noqa: PLC0415

    with Rooted(Path(os.fsdecode(wanted.folder))).open(wanted.path) as source:
        if stamp(os.fstat(source.fileno())) != wanted.stamp:
            raise PixelError(gettext_noop("the slide has changed since it was indexed"))
    key = (wanted.folder, wanted.path, wanted.stamp)
    if key in opened:
        opened.move_to_end(key)
        return opened[key]
    opened[key] = openslide.OpenSlide(os.path.join(os.fsdecode(wanted.folder), os.fsdecode(wanted.path)))
    while len(opened) > MOST_OPEN:
        opened.popitem(last=False)[1].close()
    return opened[key]

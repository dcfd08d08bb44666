"""Colour of pixels: palettes to RGB (PS3.3 C.7.6.3.1.5, C.7.9)."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.pixels import PALETTE_COLOR, Padding, PixelError, first_mapped
from viewer.imaging.record import Instance
from viewer.imaging.words import gettext_noop

DISCRETE, LINEAR, INDIRECT = 0, 1, 2
SUPPLEMENTED = frozenset(("COLOR", "MIXED"))


def is_colour(instance: Instance) -> bool:
    """True if the picture of `instance` is RGB: three samples a pixel, or a palette."""
    return instance.SamplesPerPixel == 3 or (instance.PhotometricInterpretation or "").upper() == PALETTE_COLOR


def rgb(stored: np.ndarray, instance: Instance) -> np.ndarray:
    """Return (rows, columns, 3) uint8 of a stored colour frame: RGB as it is, palette indices looked up."""
    if stored.ndim == 3:
        return stored
    colours, first = looked_up_from(instance)
    return colours[np.clip(stored.astype(np.int64) - first, 0, len(colours) - 1)]


def is_supplemented(instance: Instance) -> bool:
    """True if a grey image has colours above its greys: a Supplemental Palette Color LUT (C.7.6.19)."""
    mixed = (instance.PixelPresentation or "").upper() in SUPPLEMENTED
    return mixed and instance.SamplesPerPixel in (1, None) and not is_colour(instance) and bool(instance.palette)


def supplemented(
    stored: np.ndarray, shades: np.ndarray, instance: Instance, padding: Padding | None = None
) -> np.ndarray:
    """Return (rows, columns, 3) uint8: `shades` as grey, and colours where `stored` is one of the palette's values."""
    colours, first = looked_up_from(instance)
    index = stored.astype(np.int64) - first
    rgb = np.repeat(shades[..., None], 3, axis=2)
    coloured = index >= 0
    if padding is not None:
        coloured &= ~padding.mask(stored)
    rgb[coloured] = colours[np.minimum(index[coloured], len(colours) - 1)]
    return rgb


def looked_up_from(instance: Instance) -> tuple[np.ndarray, int]:
    """Return the palette as (entries, 3) uint8 and the stored value of its first entry; raises PixelError."""
    tables = tuple(table for table in instance.palette if table is not None and table.data)
    if len(tables) != 3:
        raise PixelError(gettext_noop("the palette is incomplete"))
    colours = palette(tables, instance.segmented_palette)
    return colours, first_mapped(tables[0], signed=instance.PixelRepresentation == 1)


@lru_cache(32)
def palette(tables: tuple[LookupTable, ...], segmented: bool) -> np.ndarray:
    """Return (entries, 3) uint8 of red, green and blue tables, read-only."""
    try:
        channels = [expanded(table) if segmented else table.values() for table in tables]
    except (ValueError, IndexError) as error:
        raise PixelError(gettext_noop("the palette is incomplete")) from error
    if len({len(channel) for channel in channels}) != 1:
        raise PixelError(gettext_noop("the palette is incomplete"))
    # Files that say 16 bits and fill 8 do so in all three; one dark channel beside others of 16 bits is just dark.
    wide = any(table.bits > 8 and values.max(initial=0) > 255 for table, values in zip(tables, channels, strict=True))
    channels = [(values >> 8 if wide and table.bits > 8 else values).astype(np.uint8)
                for table, values in zip(tables, channels, strict=True)]  # fmt: skip
    colours = np.stack(channels, axis=1)
    colours.setflags(write=False)
    return colours


def expanded(table: LookupTable) -> np.ndarray:
    """Return the uint16 entries of a segmented table (C.7.9.2); raises ValueError where segments don't fill it."""
    data = table.data or b""
    words = np.frombuffer(data, "<u2", len(data) // 2) if table.bits > 8 else np.frombuffer(data, np.uint8)
    values: list[int] = []
    for segment in segments([int(word) for word in words], table.entries):
        values.extend(segment(values[-1] if values else 0))
        if len(values) > table.entries:
            break
    if len(values) != table.entries:
        raise ValueError("segments don't fill the palette")
    return np.asarray(values, np.uint16)


def segments(words: list[int], limit: int, *, nested: bool = False) -> Iterator["Segment"]:
    """Yield the segments of a table; indirect ones repeat earlier segments by their byte offset."""
    at = 0
    while at + 2 < len(words) and limit > 0:
        code, count = words[at], words[at + 1]
        if code == DISCRETE and count:
            yield Segment(words[at + 2 : at + 2 + count])
            at += 2 + count
        elif code == LINEAR:
            yield Segment([words[at + 2]], ramp=count)
            at += 3
        elif code == INDIRECT and not nested and at + 3 < len(words):
            offset = (words[at + 2] | words[at + 3] << 16) // 2
            for number, segment in enumerate(segments(words[offset:at], limit, nested=True)):
                if number == count:
                    break
                yield segment
            at += 4
        else:
            raise ValueError(f"segment type {code}")
        limit -= 1


class Segment:
    """Values one by one, or a ramp of `ramp` steps from the last value to the one given."""

    def __init__(self, values: list[int], *, ramp: int = 0) -> None:
        self.values = values
        self.ramp = ramp

    def __call__(self, last: int) -> list[int]:
        """Return the values that follow `last`."""
        if not self.ramp:
            return self.values
        return [round(last + (self.values[0] - last) * step / self.ramp) for step in range(1, self.ramp + 1)]

"""The colours above the greys of images (Supplemental Palette Color LUT, PS3.3 C.7.6.19): what they stand for, planes.

A value between two voxels stands for no colour of the file: a plane shows the nearest voxel's.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from viewer.imaging import colour, pixels, realworld
from viewer.imaging.pixels import PixelError
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.volume import Volume

COLOURS = 64


def palette(instance: Instance, frame: FrameAttributes) -> dict[str, Any] | None:
    """Return `colours` from first to last as hexadecimal digits, and the `values` of the first, middle and last.

    The values are the real world's where the file maps both ends, else modality values; `label` is the quantity as the
    file abbreviates it, `unit` theirs. None for an image without such colours, or with a palette that can't be read.
    """
    if not colour.is_supplemented(instance):
        return None
    try:
        colours, first = colour.looked_up_from(instance)
        modality = pixels.transform(instance, frame)
    except PixelError:
        return None
    stored = [first, first + (len(colours) - 1) // 2, first + len(colours) - 1]
    shown = colours[np.linspace(0, len(colours) - 1, COLOURS).round().astype(int)]
    told: dict[str, Any] = {"colours": shown.tobytes().hex(), "label": "", "unit": pixels.unit(instance, frame)}
    for mapping in realworld.mappings(instance, frame.number):
        values = [mapping.value(each) for each in stored]
        if None not in values:
            return told | {"values": values, "label": mapping.short, "unit": mapping.unit}
    return told | {"values": modality.values(np.array(stored)).tolist()}


def in_planes(images: Iterable[Instance], thickness: float) -> bool:
    """Say whether a plane through images shows such colours: of one palette, and without a slab that would mix them."""
    kinds = {(each.palette, each.segmented_palette) if colour.is_supplemented(each) else None for each in images}
    return thickness == 0 and len(kinds) == 1 and None not in kinds


def as_stored(volume: Volume) -> Volume:
    """Return a volume whose values are the stored ones."""
    return replace(volume, slopes=np.ones(volume.slices), intercepts=np.zeros(volume.slices))


def over_greys(values: np.ndarray, shades: np.ndarray, instance: Instance) -> np.ndarray:
    """Return uint8 RGB of a plane: `shades` (rows, columns) as grey, colours where `values`, as stored, have one.

    Where there is no voxel (NaN) there is none.
    """
    _colours, first = colour.looked_up_from(instance)
    return colour.supplemented(np.where(np.isnan(values), first - 1, values), shades, instance)

"""What the colours above the greys of an image stand for (Supplemental Palette Color LUT, PS3.3 C.7.6.19)."""

from typing import Any

import numpy as np

from viewer.imaging import colour, pixels, realworld
from viewer.imaging.pixels import PixelError
from viewer.imaging.record import FrameAttributes, Instance

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

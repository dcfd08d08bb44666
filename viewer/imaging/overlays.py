"""Overlay planes: drawings of one bit a pixel over an image, in their own place (PS3.3 C.9.2, C.9.3)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from viewer.imaging.record import Instance

MOST_PIXELS = 1 << 26
SHADE = (64, 224, 208)  # sRGB: a turquoise that no grey picture has, and that no mark is drawn in
SUBTYPES = {"USER": "user", "AUTOMATED": "automated", "ACTIVE IMAGE AREA": "active image area"}


@dataclass(frozen=True, slots=True)
class OverlayPlane:
    """One plane: `top` and `left` are the place of its first pixel, counted from the image's first, which is 0.

    `data` are its packed bits, lowest first, frame after frame; None where they aren't there. `embedded` is the bit of
    the stored pixels that holds it in old files. `first_frame` is the image's frame (from 1) that its first belongs to,
    0 where it belongs to all.
    """

    group: int
    rows: int
    columns: int
    top: int
    left: int
    frames: int
    first_frame: int
    is_region: bool
    words: str
    data: bytes | None
    embedded: int | None = None

    def applies(self, number: int) -> bool:
        """Whether the plane says something of frame `number` (from 1) of the image."""
        return not self.first_frame or self.first_frame <= number < self.first_frame + self.frames

    def bits(self, number: int) -> np.ndarray | None:
        """Return (rows, columns) bool of what belongs to frame `number`; None where nothing does or it isn't there."""
        return unpacked(self, number - self.first_frame if self.first_frame else 0) if self.applies(number) else None

    def over(self, number: int, rows: int, columns: int) -> np.ndarray | None:
        """Return (rows, columns) bool of an image's pixels that the plane covers; None where it covers none."""
        bits = self.bits(number)
        if bits is None:
            return None
        top, left = max(self.top, 0), max(self.left, 0)
        bottom, right = min(self.top + self.rows, rows), min(self.left + self.columns, columns)
        if top >= bottom or left >= right:
            return None
        covered = np.zeros((rows, columns), bool)
        covered[top:bottom, left:right] = bits[top - self.top : bottom - self.top, left - self.left : right - self.left]
        return covered if covered.any() else None


@lru_cache(8)  # at most 64 MiB each
def unpacked(plane: OverlayPlane, index: int) -> np.ndarray | None:
    """Return (rows, columns) bool of frame `index` (from 0) of a plane: it may begin within a byte (PS3.5 8.1.2)."""
    count = plane.rows * plane.columns
    first, shift = divmod(index * count, 8)
    last = (shift + count + 7) // 8
    octets = np.frombuffer(plane.data or b"", np.uint8)[first : first + last]
    if len(octets) < last:
        return None
    bits = np.unpackbits(octets, bitorder="little")[shift : shift + count].astype(bool)
    bits.setflags(write=False)
    return bits.reshape(plane.rows, plane.columns)


def planes(instance: Instance) -> tuple[OverlayPlane, ...]:
    """Return the overlay planes of an image that say how large they are."""
    found = []
    for group, item in instance.overlays:
        rows, columns = item.integer("OverlayRows"), item.integer("OverlayColumns")
        if not rows or not columns or min(rows, columns) < 1 or rows * columns > MOST_PIXELS:
            continue
        origin = item.integers("OverlayOrigin") or (1, 1)
        frames, first = item.integer("NumberOfFramesInOverlay"), item.integer("ImageFrameOrigin")
        data, uri = item.binary("OverlayData")
        position = item.integer("OverlayBitPosition")
        within = data is None and uri is None and (item.integer("OverlayBitsAllocated") or 1) > 1
        named = (item.text(each) for each in ("OverlayLabel", "OverlayDescription", "OverlaySubtype"))
        found.append(
            OverlayPlane(
                group=group, rows=rows, columns=columns, top=origin[0] - 1, left=(origin[1] if origin[1:] else 1) - 1,
                frames=max(frames or 1, 1), first_frame=(first or 1) if (frames or 1) > 1 or first else 0,
                is_region=(item.text("OverlayType") or "").upper() == "R", words=next(filter(None, named), ""),
                data=data, embedded=position if within else None,
            )
        )  # fmt: skip
    return tuple(found)

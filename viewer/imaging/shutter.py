"""Display shutters: what of an image isn't meant to be looked at, and in which shade it is covered (PS3.3 C.7.6.11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from viewer.imaging.dicomjson import Item
from viewer.imaging.overlays import OverlayPlane
from viewer.imaging.record import Instance

RECTANGULAR, CIRCULAR, POLYGONAL, BITMAP = "RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"
SHAPES = (RECTANGULAR, CIRCULAR, POLYGONAL, BITMAP)
FARTHEST = 1 << 17  # pixels: twice the longest side of an image; drawing takes longer the further it goes
WHITE_D50 = (0.9642, 1.0, 0.8251)


@dataclass(frozen=True, slots=True)
class Shutter:
    """Shapes in the file's own numbers: pixels count from 1. What lies outside of any of them is covered.

    `group` is the overlay plane whose ones are covered; `shade` sRGB. `aspect` is row over column spacing.
    """

    shapes: tuple[str, ...]
    edges: tuple[int, int, int, int] | None
    center: tuple[int, int] | None
    radius: float | None
    vertices: tuple[tuple[int, int], ...]
    group: int | None
    shade: tuple[int, int, int]

    def covered(
        self, instance: Instance, number: int, planes: Sequence[OverlayPlane], aspect: float = 1.0
    ) -> np.ndarray | None:
        """Return (rows, columns) bool of the pixels of frame `number` (from 1) that are covered; None where none is.

        `planes` are the image's overlay planes, among them the bitmap.
        """
        rows, columns = instance.Rows or 0, instance.Columns or 0
        hidden = outside(self, rows, columns, aspect)
        for plane in planes if self.group is not None else ():
            bits = plane.over(number, rows, columns) if plane.group == self.group else None
            if bits is not None:
                hidden = hidden | bits
        return hidden if hidden.any() else None


@lru_cache(8)  # a byte for each pixel of the largest image
def outside(shapes: Shutter, rows: int, columns: int, aspect: float) -> np.ndarray:
    """Return (rows, columns) bool, read-only, of the pixels outside of any shape but the bitmap."""
    down, across = np.ogrid[1 : rows + 1, 1 : columns + 1]
    hidden = np.zeros((rows, columns), bool)
    if shapes.edges:
        left, right, upper, lower = shapes.edges
        hidden |= (across < left) | (across > right) | (down < upper) | (down > lower)
    if shapes.center and shapes.radius is not None:
        # The radius counts pixels along a row: between rows they may lie further apart.
        apart = ((down - shapes.center[0]) * aspect) ** 2 + (across - shapes.center[1]) ** 2
        hidden |= apart > shapes.radius**2
    if shapes.vertices:
        inside = np.zeros((rows, columns), np.uint8)
        corners = np.array([(column - 1, row - 1) for row, column in shapes.vertices], np.int32)
        cv2.fillPoly(inside, [corners], 1)
        hidden |= inside == 0
    hidden.setflags(write=False)
    return hidden


def shutter(instance: Instance, number: int) -> Shutter | None:
    """Return the shutter of frame `number` (from 1): its own, else that of all frames, else the image's."""
    per_frame = instance.per_frame_groups[number - 1 : number]
    own = per_frame[0].items("FrameDisplayShutterSequence") if per_frame else ()
    for item in (*own[:1], *((instance.shutter,) if instance.shutter else ())):
        made = of_item(item)
        if made:
            return made
    return None


def of_item(item: Item) -> Shutter | None:
    """Return the shutter that an item describes; shapes whose numbers are missing are left out."""
    named = {shape.upper() for shape in item.texts("ShutterShape")}
    group = item.integer("ShutterOverlayGroup")
    names = ("ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge",
             "ShutterLowerHorizontalEdge")  # fmt: skip
    numbers = [item.integer(name) for name in names]
    edges = None
    if RECTANGULAR in named and None not in numbers:
        left, right, upper, lower = (number or 0 for number in numbers)
        edges = (left, right, upper, lower)
    center, radius = near(item, "CenterOfCircularShutter"), item.number("RadiusOfCircularShutter")
    is_circle = CIRCULAR in named and len(center) == 2 and radius is not None
    places = near(item, "VerticesOfThePolygonalShutter")
    is_polygon = POLYGONAL in named and len(places) >= 6 and len(places) % 2 == 0
    bitmap = group if group is not None and (BITMAP in named or not named) else None
    shown = (edges is not None, is_circle, is_polygon, bitmap is not None)
    if not any(shown):
        return None
    return Shutter(
        shapes=tuple(name for name, there in zip(SHAPES, shown, strict=True) if there),
        edges=edges,
        center=(center[0], center[1]) if is_circle else None,
        radius=radius if is_circle else None,
        vertices=tuple(zip(places[::2], places[1::2], strict=True)) if is_polygon else (),
        group=bitmap,
        shade=shade_of(item),
    )


def near(item: Item, keyword: str) -> tuple[int, ...]:
    """Return places in pixels, none where one lies so far away that no image reaches there."""
    found = item.integers(keyword) or ()
    return found if all(abs(place) <= FARTHEST for place in found) else ()


def shade_of(item: Item) -> tuple[int, int, int]:
    """Return the shutter's shade as sRGB: its colour where it has one, else its grey; black where it says nothing."""
    lab = item.integers("ShutterPresentationColorCIELabValue") or ()
    if len(lab) == 3 and all(0 <= each <= 65535 for each in lab):
        return srgb_of_lab(lab)
    grey = min(max(item.integer("ShutterPresentationValue") or 0, 0), 65535) >> 8
    return grey, grey, grey


def srgb_of_lab(stored: tuple[int, ...]) -> tuple[int, int, int]:
    """Return sRGB, 0 to 255, of CIELab as PS3.3 C.10.7.1.1 stores it: 16 bits, L* to 100, a* and b* from -128; D50."""
    light, a, b = stored[0] / 65535 * 100, stored[1] / 257 - 128, stored[2] / 257 - 128
    middle = (light + 16) / 116
    steps = np.array((middle + a / 500, middle, middle - b / 200))
    xyz = np.where(steps > 6 / 29, steps**3, 3 * (6 / 29) ** 2 * (steps - 4 / 29)) * WHITE_D50
    # Bradford from D50 to D65 and the primaries of sRGB in one matrix.
    matrix = np.array(((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540),
                       (0.0719453, -0.2289914, 1.4052427)))  # fmt: skip
    linear = np.clip(matrix @ xyz, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (int(value) for value in np.rint(encoded * 255))
    return red, green, blue

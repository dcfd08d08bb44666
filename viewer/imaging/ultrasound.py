"""Ultrasound regions: what a place in each of them stands for, in cm, seconds or velocities (PS3.3 C.8.5.5)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from viewer.imaging.dicomjson import Item

CENTIMETRES = "cm"
MILLIMETRES = "mm"
MM_PER_CM = 10
# Physical Units X and Y Direction (C.8.5.5.1.15) as UCUM units; what isn't here has none.
UNITS = {
    1: "%", 2: "dB", 3: CENTIMETRES, 4: "s", 5: "Hz", 6: "dB/s", 7: "cm/s", 8: "cm2", 9: "cm2/s", 10: "cm3",
    11: "cm3/s", 12: "deg",
}  # fmt: skip
NAMES = {"s": "Δt", "cm/s": "Δv", CENTIMETRES: "Δd", "Hz": "Δf", "deg": "Δφ"}
SLOPE = "slope"
LOW_PRIORITY = 1  # bit 0 of Region Flags (C.8.5.5.1.3)

Point = Sequence[float]


@dataclass(frozen=True, slots=True)
class Part:
    """One of several numbers that a line has: `name` as it stands beside it, `unit` of UCUM."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a region: `delta` in `unit` for each pixel, signed; `unit` is "" where the file gives none.

    `reference` is a pixel of the image whose value is `value`; None where nothing says where the axis begins.
    """

    unit: str
    delta: float
    reference: float | None
    value: float

    def at(self, pixel: float) -> float | None:
        """Return the physical value of a pixel, whole numbers at centres; None where the axis has no beginning."""
        if not self.unit or self.reference is None:
            return None
        return (pixel - self.reference) * self.delta + self.value


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the image; its limits are pixel numbers that belong to it."""

    left: float
    top: float
    right: float
    bottom: float
    x: Axis
    y: Axis
    spatial_format: int
    data_type: int
    flags: int

    def holds(self, point: Point) -> bool:
        """Say whether a point (column, row) lies in one of the region's pixels."""
        column, row = point[0], point[1]
        return self.left - 0.5 <= column < self.right + 0.5 and self.top - 0.5 <= row < self.bottom + 0.5

    def is_scaled_as(self, other: "Region") -> bool:
        """Say whether a line means the same in both regions."""
        axes = ((self.x, other.x), (self.y, other.y))
        return all(one.unit == its.unit and math.isclose(one.delta, its.delta, rel_tol=1e-9) for one, its in axes)

    @property
    def millimetres(self) -> tuple[float, float] | None:
        """Millimetres between rows and between columns, None where a direction isn't in centimetres."""
        if (self.x.unit, self.y.unit) != (CENTIMETRES, CENTIMETRES):
            return None
        return abs(self.y.delta) * MM_PER_CM, abs(self.x.delta) * MM_PER_CM

    def value_at(self, point: Point) -> list[Part]:
        """Return the physical values of a point (column, row), horizontal first; without axes that aren't known."""
        found = ((axis, axis.at(place)) for axis, place in zip((self.x, self.y), point, strict=True))
        return [Part("", value, axis.unit) for axis, value in found if value is not None]

    def between(self, one: Point, other: Point) -> list[Part]:
        """Return what lies between two points (column, row): along y, along x, the slope; as far as units are known.

        Where x is time the earlier point comes first, so that a difference is signed as the region's values are.
        """
        across, down = (other[0] - one[0]) * self.x.delta, (other[1] - one[1]) * self.y.delta
        if self.x.unit == "s" and across < 0:
            across, down = -across, -down
        axes = ((self.y.unit, down), (self.x.unit, across))
        parts = [Part(NAMES.get(unit, "Δ"), value, unit) for unit, value in axes if unit]
        if len(parts) == 2 and self.x.unit == "s" and across:
            parts.append(Part(SLOPE, down / across, per_second(self.y.unit)))
        return parts

    def area(self, points: Sequence[Point]) -> Part | None:
        """Return the area of a polygon (n, 2), None where the two directions have no unit of length in common."""
        step = self.millimetres
        if step is None:
            return None
        closed = [*points, points[0]]
        twice = math.fsum(one[0] * other[1] - other[0] * one[1] for one, other in pairwise(closed))
        return Part("", abs(twice) / 2 * step[0] * step[1], "mm2")


def regions(items: Iterable[Item]) -> list[Region]:
    """Return the regions of a Sequence of Ultrasound Regions; one without sound limits is left out."""
    found = []
    for item in items:
        limits = [item.number(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        left, top, right, bottom = (math.nan if limit is None else limit for limit in limits)
        if not (left <= right and top <= bottom):
            continue
        found.append(
            Region(
                left, top, right, bottom, axis(item, "X", left), axis(item, "Y", top),
                item.integer("RegionSpatialFormat") or 0, item.integer("RegionDataType") or 0,
                item.integer("RegionFlags") or 0,
            )
        )  # fmt: skip
    return found


def axis(item: Item, name: str, corner: float) -> Axis:
    """Return a direction of a region; its reference pixel is counted from the region's own corner."""
    delta = item.number(f"PhysicalDelta{name}")
    unit = UNITS.get(item.integer(f"PhysicalUnits{name}Direction") or 0, "")
    reference = item.number(f"ReferencePixel{name}0")
    return Axis(
        unit if delta else "",
        delta or 0.0,
        None if reference is None else corner + reference,
        item.number(f"ReferencePixelPhysicalValue{name}") or 0.0,
    )


def holding(found: Iterable[Region], points: Sequence[Point]) -> Region | None:
    """Return the one region that holds all points, None where none does or several differ.

    Where regions overlap, one of high priority overwrites the others (C.8.5.5.1.3); equal scales are one.
    """
    around = [region for region in found if all(region.holds(point) for point in points)]
    highest = [region for region in around if not region.flags & LOW_PRIORITY] or around
    return highest[0] if highest and all(region.is_scaled_as(highest[0]) for region in highest) else None


def per_second(unit: str) -> str:
    """Return a unit for each second, as UCUM writes it."""
    return f"{unit}2" if unit.endswith("/s") else f"{unit}/s"

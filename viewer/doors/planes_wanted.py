"""Planes that are to be saved as a series: what is asked for, read from JSON, and the names of what comes of it."""

import uuid
from typing import Annotated, Literal

import msgspec

from viewer.imaging import reformat
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import View
from viewer.presentation import Key

Number = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
Vector = Annotated[list[Number], msgspec.Meta(min_length=3, max_length=3)]
Millimetres = Annotated[float, msgspec.Meta(gt=0, le=1000)]
Side = Annotated[int, msgspec.Meta(ge=1, le=4096)]


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Parallel planes: `first` is LPS mm of the middle of the first, the others follow along `look`.

    `spacing` is mm from plane to plane, `thickness` mm of each (0: no slab), `pixel_spacing` mm from pixel to pixel.
    `window` is centre and width in modality units, None for the source's own. `id` is the page's: sent again, nothing
    is doubled. `identity` is of whom the page has shown the study: where that has changed, nothing is saved.
    """

    id: uuid.UUID
    stack: Key
    first: Vector
    look: Vector
    up: Vector
    count: Annotated[int, msgspec.Meta(ge=1, le=2000)]
    spacing: Millimetres
    columns: Side
    rows: Side
    pixel_spacing: Millimetres
    thickness: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 0.0
    method: Literal["average_ip", "maximum_ip", "minimum_ip"] = "average_ip"
    interpolation: Literal["linear", "cubic"] = "linear"
    window: Annotated[list[Number], msgspec.Meta(min_length=2, max_length=2)] | None = None
    description: Annotated[str, msgspec.Meta(max_length=64)] = ""
    identity: str | None = None

    def view(self, number: int) -> View:
        """Return the view of plane `number`, from 0. Raises NoView."""
        view = View.of(self.first, self.look, self.up)
        return View(view.point + number * self.spacing * view.look, view.look, view.up)

    def plane(self, number: int) -> Plane:
        """Return the plane of the pixels of plane `number`, from 0."""
        return reformat.picture(self.view(number), (0.0, 0.0), (self.columns, self.rows), self.pixel_spacing)


def series_uid(key: str) -> str:
    """Return the UID of the series that the job with this key makes: the same at every run."""
    return f"2.25.{uuid.uuid5(uuid.UUID(key), 'series').int}"


def image_uid(key: str, number: int) -> str:
    """Return the UID of plane `number`, from 0."""
    return f"2.25.{uuid.uuid5(uuid.UUID(key), str(number)).int}"

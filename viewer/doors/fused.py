"""A second volume over the planes of a first: whether it may lie there, its colours, and its values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors import description, mpr, mpr_value, volumes
from viewer.doors.fused_parameters import FusedParameters
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.doors.refusal import Refusal
from viewer.imaging import fusion, reformat, windowing
from viewer.imaging.geometry import Plane
from viewer.imaging.windowing import VOI
from viewer.rendering import Studio

DEFAULT_COLORMAP = "HOT_IRON"
OF_THE_LAYER = (
    "study_uid", "study_date", "series_uid", "series_number", "series_description", "modality", "stack",
    "frame_of_reference", "unit", "suv", "suv_words", "window", "colormap", "colours",
)  # fmt: skip


@dataclass
class Layer:
    """A volume that lies over another's planes.

    `matrix` (4, 4) takes LPS mm of the planes' Frame of Reference to those of the layer's; None where it is the same.
    """

    source: volumes.Source
    wanted: FusedParameters
    matrix: np.ndarray | None = None
    registration_words: str = ""
    voi: VOI | None = None

    async def gather(self, studio: Studio) -> None:
        """Wait for the layer's frames and its window. Raises Refusal."""
        await volumes.gather(studio, self.source)
        self.voi = await studio.voi(self.source.opened, self.source.place, self.wanted.picture)

    @property
    def colormap(self) -> str:
        """The colour map that it is shown by."""
        return self.wanted.picture.colormap or DEFAULT_COLORMAP

    def laid(
        self, shades: np.ndarray, plane: Plane, wanted: PlaneParameters, overtaken: Callable[[], bool]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return uint8 RGB of a plane's uint8 shades with the layer over them, and what is to be told of it.

        The layer is sampled on the very same plane, of a slab by the same method; then its window, then its colours.
        Raises Refusal and Overtaken.
        """
        assert self.voi is not None
        volume = self.source.volume
        own = plane if self.matrix is None else fusion.moved(plane, self.matrix)
        samples = len(reformat.offsets(volume, own, wanted.slab, wanted.method)) * own.rows * own.columns
        if samples > mpr.MOST_SAMPLES:
            raise Refusal(400, _("mprslab: too thick for a picture of this size"), "mprslab")
        stored, slots = self.source.stored()
        words = [*volumes.said(self.source, slots), *mpr.outside(volume, own, wanted.slab)]
        values = reformat.cut(
            volume, stored, slots, own,
            thickness=wanted.slab, method=wanted.method, interpolation=wanted.interpolation, overtaken=overtaken,
        )  # fmt: skip
        over = windowing.grey_of_values(values, self.voi, inverted=False)
        mixed = fusion.blended(shades, over, np.isnan(values), self.colormap, self.wanted.opacity)
        return mixed, {"fused": self.told(words)}

    def told(self, words: Sequence[str]) -> dict[str, Any]:
        """Return what a picture says of its layer: which series, its window, unit, SUV, colours and opacity."""
        of_all = description.describe(
            self.source.opened, self.source.place, voi=self.voi, inverted=False, shown_by=self.colormap,
            region=(0.0, 0.0, 0.0, 0.0), size=(0, 0), lossless=True,
        )  # fmt: skip
        return {
            "archive": self.source.opened.archive,
            **{name: of_all[name] for name in OF_THE_LAYER if name in of_all},
            "opacity": self.wanted.opacity,
            "volume_words": "; ".join(words),
            "registration_words": self.registration_words,
        }

    def there(self, point: Sequence[float]) -> list[float]:
        """Return LPS mm of a point of the planes in the layer's Frame of Reference."""
        if self.matrix is None:
            return list(point)
        moved: list[float] = (self.matrix[:3, :3] @ np.asarray(point, float) + self.matrix[:3, 3]).tolist()
        return moved

    async def value(self, studio: Studio, wanted: PlaneParameters, point: Sequence[float]) -> dict[str, Any]:
        """Return value, unit and words of the layer at LPS mm `point` of a plane. Raises Refusal."""
        own, point = wanted, self.there(point)
        if self.matrix is not None:
            turn = self.matrix[:3, :3]
            own = replace(wanted, look=tuple((turn @ wanted.look).tolist()), up=tuple((turn @ wanted.up).tolist()))
        return await mpr_value.value(studio, self.source, own, point)


def frames(under: volumes.Source, over: volumes.Source) -> tuple[str, str]:
    """Return the Frame of Reference UIDs of two volumes, empty where one has none."""
    here, there = (each.place.instance.FrameOfReferenceUID or "" for each in (under, over))
    return here, there


def layer(
    under: volumes.Source,
    over: volumes.Source,
    wanted: FusedParameters,
    joined: tuple[np.ndarray, str] | None = None,
) -> Layer:
    """Return a volume as a layer over another's planes; `joined` is what joins their Frames of Reference, in words.

    Raises Refusal, 400, for one that can't lie there.
    """
    if over.stack.colour:
        raise Refusal(400, _("fused: a volume of colours has no values to lay over another"), "fused")
    if joined is not None:
        return Layer(over, wanted, *joined)
    mine, theirs = frames(under, over)
    if not mine or not theirs:
        raise Refusal(400, _("fused: not registered: a series names no Frame of Reference; register now"), "fused")
    if mine != theirs:
        raise Refusal(400, _("fused: not registered: the Frames of Reference differ; register now"), "fused")
    return Layer(over, wanted)

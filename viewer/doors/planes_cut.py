"""The images of a series of planes: cut, scaled and described, one at a time."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

import numpy as np
from pydicom.dataset import Dataset

from viewer.doors.opened import Opened
from viewer.doors.planes_wanted import Wanted, image_uid, series_uid
from viewer.imaging import reformat
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import AVERAGE, CUBIC, LINEAR, MAXIMUM
from viewer.imaging.volume import Volume
from viewer.objects import planes
from viewer.objects.planes import Referenced, SavedSeries, Scale

LONGEST_DESCRIPTION = 64
FURTHER_SERIES = 100  # number 4 becomes 401
LARGEST_NUMBER = 2**31 - 1
HOW = {LINEAR: "interpolated linearly", CUBIC: "interpolated by Catmull-Rom's cubic"}
NAMES = {AVERAGE: "mean", MAXIMUM: "maximum"}


def header(attributes: bytes) -> Dataset:
    """Return the attributes of an image (a DICOM JSON array of one) as a data set, what can't be read left out."""
    made = Dataset()
    for tag, value in json.loads(attributes)[0].items():
        if "BulkDataURI" in value or "InlineBinary" in value or tag.startswith(("7FE0", "60", "0002")):
            continue
        try:
            made.update(Dataset.from_json({tag: value}))
        except Exception:  # noqa: S112 (another vendor's attribute that says what it may not)
            continue
    made.SpecificCharacterSet = "ISO_IR 192"  # that of JSON
    return made


def speaking(volume: Volume, opened: Opened) -> str:
    """Return the SOP Instance UID of the image that speaks for all: the middle one; of PET the one taken first.

    Decay is corrected to the beginning of a PET scan, which the earliest image tells.
    """
    uids = [each.SOPInstanceUID for each in volume.entries if each]
    images = [opened.instances[uid] for uid in uids]
    if images[0].Modality != "PT":
        return uids[len(uids) // 2]
    taken = [(each.AcquisitionDate or "", each.AcquisitionTime or "", at) for at, each in enumerate(images)]
    return uids[min(taken)[2]]


@dataclass(frozen=True)
class Making:
    """A series of planes in the making."""

    opened: Opened
    volume: Volume
    channels: list[tuple[np.ndarray, np.ndarray]]
    wanted: Wanted
    key: str
    source: Dataset
    operator: str
    made: datetime

    def image(self, number: int) -> bytes:
        """Return plane `number`, from 0, as a Part 10 file."""
        plane = self.wanted.plane(number)
        values = self._values(plane)
        return planes.write(self.series, plane, values, number + 1, image_uid(self.key, number), self._sources(plane))

    @property
    def slots(self) -> np.ndarray:
        """The slot of each slice of the volume."""
        return self.channels[0][1]

    def _values(self, plane: Plane) -> np.ndarray:
        wanted = self.wanted
        cut = partial(
            reformat.cut, thickness=wanted.thickness, method=wanted.method, interpolation=wanted.interpolation
        )
        cuts = [cut(self.volume, stored, slots, plane) for stored, slots in self.channels]
        if not self.volume.colour:
            return cuts[0]
        return np.rint(np.clip(np.nan_to_num(np.stack(cuts, axis=-1)), 0, 255)).astype(np.uint8)

    @cached_property
    def series(self) -> SavedSeries:
        """What its images share."""
        wanted, volume = self.wanted, self.volume
        thick = f"{wanted.thickness:g} mm {NAMES.get(wanted.method, 'minimum')}" if wanted.thickness else "thin"
        number = int(self.source.get("SeriesNumber") or 0)
        along = volume.inverse @ self.wanted.view(0).look
        lost = int((self.slots < 0).sum())
        lossy = [each for each in self._images if each.LossyImageCompression == "01"]
        return SavedSeries(
            source=self.source, series_uid=series_uid(self.key),
            series_number=min(abs(number) * FURTHER_SERIES + 1, LARGEST_NUMBER),
            description=(wanted.description or f"MPR {thick} {self.source.get('SeriesDescription') or ''}").strip()[
                :LONGEST_DESCRIPTION
            ],
            derivation=f"Planes through a volume, every {wanted.spacing:g} mm, {thick}, {HOW[wanted.interpolation]}",
            thickness=wanted.thickness, nominal_thickness=1 / float(np.linalg.norm(along)), spacing=wanted.spacing,
            method=wanted.method, scale=self._scale, operator=self.operator, made=self.made, count=wanted.count,
            window=(wanted.window[0], wanted.window[1]) if wanted.window else None,
            comments="; ".join([*map(str, volume.words), *([f"{lost} slices not read"] if lost else [])]),
            lossy=bool(lossy), colour=self.volume.colour,
        )  # fmt: skip

    @property
    def _images(self) -> list:
        return [self.opened.instances[each.SOPInstanceUID] for each in self.volume.entries if each]

    @cached_property
    def _scale(self) -> Scale:
        """The scale that holds every value of the volume."""
        volume, ends = self.volume, []
        stored, _slots = self.channels[0]
        for slot, slope, intercept, low, high in zip(
            self.slots, volume.slopes, volume.intercepts, volume.padding_low, volume.padding_high, strict=True
        ):
            if slot >= 0:
                picture = stored[slot]
                kept = picture[(picture < low) | (picture > high)]
                if kept.size:
                    ends += [float(kept.min()) * slope + intercept, float(kept.max()) * slope + intercept]
        if self.wanted.interpolation == CUBIC:
            ends = [2 * end for end in ends]  # a cubic goes beyond its voxels
        slopes = {float(slope) for slope, slot in zip(volume.slopes, self.slots, strict=True) if slot >= 0}
        # Values between the steps of a slope would be moved by it.
        if len(slopes) != 1 or any(slope and intercept % slope for slope in slopes for intercept in volume.intercepts):
            slopes = {0.0}
        plain = slopes == {1.0} and "RescaleSlope" not in self.source and not volume.intercepts.any()
        plain = plain and self.source.get("Modality") != "CT"
        return Scale.holding(
            min(ends, default=0.0), max(ends, default=0.0), slopes.pop(),
            rescaled=not plain,
        )  # fmt: skip

    def _sources(self, plane: Plane) -> list[Referenced]:
        """Return the images between whose slices the plane, or its slab, lies."""
        ends = plane.lps(np.array([(0, 0), (plane.columns, 0), (0, plane.rows), (plane.columns, plane.rows)]) - 0.5)
        half = plane.normal * self.wanted.thickness / 2
        z = self.volume.indices(np.concatenate((ends + half, ends - half)))[:, 2]
        first = max(int(np.searchsorted(self.volume.places, z.min(), "right")) - 1, 0)
        last = int(np.searchsorted(self.volume.places, z.max(), "left"))
        if self.wanted.interpolation == CUBIC:
            first, last = max(first - 1, 0), last + 1
        frames: dict[str, list[int]] = {}
        for entry, slot in zip(self.volume.entries[first : last + 1], self.slots[first : last + 1], strict=True):
            if entry is not None and slot >= 0:
                frames.setdefault(entry.SOPInstanceUID, []).append(entry.frame)
        found = []
        for uid, numbers in frames.items():
            image = self.opened.instances[uid]
            told = tuple(numbers) if image.frame_count > 1 else ()
            found.append(Referenced(image.SOPClassUID or "", uid, told))
        return found

"""A geometrically sound stack as values in patient space, or in words why it is none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from viewer.imaging import places
from viewer.imaging.colour import is_colour, looked_up_from
from viewer.imaging.entries import Missing, Shown, Stack
from viewer.imaging.geometry import normal
from viewer.imaging.order import TILTED_DEGREES
from viewer.imaging.pixels import Padding, PixelError, PixelFormat, Rescale, transform, unit
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.windowing import shown_inverted
from viewer.imaging.words import Words, gettext_noop

FEWEST_SLICES = 3
# 0.25 mm at the far edge of a 250 mm picture; more would show.
PARALLEL = 0.001
STEEPEST_DEGREES = 60.0


class NoVolume(ValueError):
    """The stack is no volume; the argument says why, in words for the reader."""

    @property
    def words(self) -> Words:
        """Why there is no volume."""
        words: Words = self.args[0]
        return words


@dataclass(frozen=True)
class Volume:
    """Voxels on a grid in patient space, sheared where the gantry was tilted.

    The grid's index (column, row, z) counts from 0 at the centre of the first voxel. `position` is LPS mm of index
    (0, 0, 0); the columns of `steps` (3, 3) are the mm vectors by which column, row and z grow by one. Slice k, which
    is `entries[k]` (None for a missing one), lies at z = `places[k]`: k where slices stand evenly, else at its own
    place, in units of the smallest step. `slopes` and `intercepts` (slices,) turn stored into modality values; stored
    values from `padding_low` to `padding_high` (slices,) are no pixels. In `colour`, which is RGB or a palette's, these
    say nothing.
    """

    position: np.ndarray
    steps: np.ndarray
    columns: int
    rows: int
    entries: tuple[Shown | None, ...]
    dtype: np.dtype
    slopes: np.ndarray
    intercepts: np.ndarray
    padding_low: np.ndarray
    padding_high: np.ndarray
    tilt_degrees: float
    words: tuple[Words, ...]
    places: np.ndarray
    colour: bool = False

    @property
    def even(self) -> bool:
        """True if slice k lies at z = k."""
        return bool((np.diff(self.places) == 1).all())

    @property
    def slices(self) -> int:
        """Number of slices, missing ones included."""
        return len(self.entries)

    @property
    def size(self) -> tuple[int, int, int]:
        """Number of columns, rows and slices."""
        return self.columns, self.rows, self.slices

    @property
    def extent(self) -> tuple[float, float, float]:
        """Columns, rows, and how many steps its slices take up: as many as there are where they stand evenly."""
        return self.columns, self.rows, float(self.places[-1]) + 1

    @property
    def spacing_mm(self) -> float:
        """The smallest side of a voxel in mm."""
        return float(np.linalg.norm(self.steps, axis=0).min())

    @cached_property
    def inverse(self) -> np.ndarray:
        """The matrix (3, 3) from mm to voxels."""
        return np.linalg.inv(self.steps)

    def indices(self, points: np.ndarray) -> np.ndarray:
        """Return grid indices (…, 3) as column, row, slice of LPS mm (…, 3)."""
        return (np.asarray(points, float) - self.position) @ self.inverse.T

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Return LPS mm (…, 3) of grid indices (…, 3) as column, row, slice."""
        return self.position + np.asarray(indices, float) @ self.steps.T

    def of(self, stack: Stack) -> Stack:
        """Return the stack that this volume was made of with the slices of the volume for its entries."""
        if len(stack.entries) == self.slices:
            return stack
        unknown = gettext_noop("no image at this position was received")
        return replace(stack, entries=[each or Missing(unknown, None, None) for each in self.entries])

    @property
    def center(self) -> np.ndarray:
        """LPS mm of the middle."""
        return self.points((np.array(self.extent) - 1) / 2)

    @cached_property
    def corners(self) -> np.ndarray:
        """LPS mm (8, 3) of the outer corners, half a voxel beyond the outermost centres."""
        ends = [(-0.5, count - 0.5) for count in self.extent]
        return self.points(np.stack(np.meshgrid(*ends), -1).reshape(-1, 3))


def volume(stack: Stack, instances: Sequence[Instance]) -> Volume:
    """Return the volume that a stack makes; `instances` are those that its entries count in. Raises NoVolume."""
    shown = stack.shown
    if not stack.spatial:
        raise NoVolume(gettext_noop("the images have no position in the patient"))
    if stack.plane is None:
        raise NoVolume(gettext_noop("the pixels have no size in millimetres"))
    if len(shown) < FEWEST_SLICES:
        raise NoVolume(gettext_noop("too few slices for a volume"))
    counted, _beyond = places.counting(stack.entries)
    if len(counted) > 2 * len(shown):
        words = "{missing} of {count} slices are missing"
        raise NoVolume(gettext_noop(words, missing=len(counted) - len(shown), count=len(counted)))
    sources = [(instances[entry.instance_index], entry.frame) for entry in shown]
    frames = [instance.frame(number) for instance, number in sources]
    check_alike([instance for instance, _ in sources], frames)
    steps, row, degrees, told = grid(stack, frames)
    values = iter(per_slice(instance, frame) for (instance, _), frame in zip(sources, frames, strict=True))
    numbers = np.array([next(values) if entry else (1.0, 0.0, np.inf, -np.inf) for entry in row.entries], float)
    slopes, intercepts, low, high = np.ascontiguousarray(numbers.T)
    return Volume(
        position=row.position, steps=steps, columns=stack.columns, rows=stack.rows, entries=row.entries,
        dtype=PixelFormat.of(sources[0][0]).stored_dtype, slopes=slopes, intercepts=intercepts, padding_low=low,
        padding_high=high, tilt_degrees=degrees, words=told, places=row.places, colour=stack.colour,
    )  # fmt: skip


def per_slice(instance: Instance, frame: FrameAttributes) -> tuple[float, float, float, float]:
    """Return slope, intercept, and the ends of the padding range: an empty range where there is no padding."""
    if is_colour(instance):
        return 1.0, 0.0, np.inf, -np.inf
    rescale, padding = transform(instance, frame), Padding.of(instance)
    if not isinstance(rescale, Rescale):
        raise NoVolume(gettext_noop("the values come from a lookup table"))
    low, high = (padding.low, padding.high) if padding else (np.inf, -np.inf)
    return rescale.slope, rescale.intercept, low, high


def palette_of(instance: Instance) -> tuple[bytes, int]:
    """Return what tells one palette from another. Raises PixelError."""
    colours, first = looked_up_from(instance)
    return colours.tobytes(), first


def check_alike(instances: Sequence[Instance], frames: Sequence[FrameAttributes]) -> None:
    """Raise NoVolume unless all slices mean the same by their numbers."""
    kinds: set[tuple[object, ...]] = set()
    for instance, frame in zip(instances, frames, strict=True):
        try:
            form = PixelFormat.of(instance)
            if is_colour(instance):
                kinds.add((form.stored_dtype, form.shape, () if form.colour else palette_of(instance)))
                continue
            transformed = transform(instance, frame)
        except PixelError as error:
            raise NoVolume(error.args[0]) from error
        kinds.add((form.stored_dtype, form.shape, shown_inverted(instance), unit(instance, frame), type(transformed)))
    if len(kinds) > 1:
        raise NoVolume(gettext_noop("the slices differ in the type of their values"))


def grid(stack: Stack, frames: Sequence[FrameAttributes]) -> tuple[np.ndarray, places.Row, float, tuple[Words, ...]]:
    """Return the steps (3, 3), the row of slices, the tilt in degrees, and what to tell of it. Raises NoVolume."""
    assert stack.plane is not None
    cosines = np.array([frame.ImageOrientationPatient for frame in frames], float)
    if np.abs(cosines - cosines[0]).max() > PARALLEL:
        raise NoVolume(gettext_noop("the slices are not parallel"))
    across = normal(cosines[0])
    along_row = cosines[0, :3] / np.linalg.norm(cosines[0, :3])
    along_column = np.cross(across, along_row)
    try:
        row = places.row(stack, np.array([frame.ImagePositionPatient for frame in frames], float), across)
    except places.Uneven as error:
        raise NoVolume(error.args[0]) from error
    degrees = float(np.degrees(np.arccos(min(abs(float(row.step @ across)) / float(np.linalg.norm(row.step)), 1.0))))
    if degrees > STEEPEST_DEGREES:
        raise NoVolume(gettext_noop("the slices are shifted against each other"))
    words = places.said(row, across)
    if degrees > TILTED_DEGREES:
        words.append(gettext_noop("tilt corrected {degrees:.1f}°", degrees=degrees))
    spacing_row, spacing_column = stack.plane.spacing
    steps = np.stack((along_row * spacing_column, along_column * spacing_row, row.step), axis=1)
    return steps, row, degrees, tuple(words)

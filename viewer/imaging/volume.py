"""A geometrically sound stack as values in patient space, or in words why it is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from viewer.imaging.entries import Shown, Stack
from viewer.imaging.gaps import REGULAR, SAME_PLACE_MM
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
    """Voxels on a regular grid in patient space, sheared where the gantry was tilted.

    The grid's index (column, row, slice) counts from 0 at the centre of the first voxel; slice k is entry k of the
    stack, a missing one included. `position` is LPS mm of index (0, 0, 0); the columns of `steps` (3, 3) are the mm
    vectors from a voxel to its neighbour in the next column, row and slice. `slopes` and `intercepts` (slices,) turn
    stored into modality values; stored values from `padding_low` to `padding_high` (slices,) are no pixels.
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

    @property
    def slices(self) -> int:
        """Number of slices, missing ones included."""
        return len(self.entries)

    @property
    def size(self) -> tuple[int, int, int]:
        """Number of columns, rows and slices."""
        return self.columns, self.rows, self.slices

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

    @property
    def center(self) -> np.ndarray:
        """LPS mm of the middle."""
        return self.points((np.array(self.size) - 1) / 2)

    @cached_property
    def corners(self) -> np.ndarray:
        """LPS mm (8, 3) of the outer corners, half a voxel beyond the outermost centres."""
        ends = [(-0.5, count - 0.5) for count in self.size]
        return self.points(np.stack(np.meshgrid(*ends), -1).reshape(-1, 3))


def volume(stack: Stack, instances: Sequence[Instance]) -> Volume:
    """Return the volume that a stack makes; `instances` are those that its entries count in. Raises NoVolume."""
    shown = stack.shown
    if stack.colour:
        raise NoVolume(gettext_noop("colour pictures make no volume"))
    if not stack.spatial:
        raise NoVolume(gettext_noop("the images have no position in the patient"))
    if stack.plane is None:
        raise NoVolume(gettext_noop("the pixels have no size in millimetres"))
    if len(shown) < FEWEST_SLICES:
        raise NoVolume(gettext_noop("too few slices for a volume"))
    if len(stack.missing) > len(shown):
        words = "{missing} of {count} slices are missing"
        raise NoVolume(gettext_noop(words, missing=len(stack.missing), count=len(stack.entries)))
    sources = [(instances[entry.instance_index], entry.frame) for entry in shown]
    frames = [instance.frame(number) for instance, number in sources]
    check_alike([instance for instance, _ in sources], frames)
    steps, position, degrees = grid(stack, frames)
    entries = tuple(entry if isinstance(entry, Shown) else None for entry in stack.entries)
    values = iter(per_slice(instance, frame) for (instance, _), frame in zip(sources, frames, strict=True))
    numbers = np.array([next(values) if entry else (1.0, 0.0, np.inf, -np.inf) for entry in entries], float)
    slopes, intercepts, low, high = np.ascontiguousarray(numbers.T)
    return Volume(
        position=position, steps=steps, columns=stack.columns, rows=stack.rows, entries=entries,
        dtype=PixelFormat.of(sources[0][0]).stored_dtype, slopes=slopes, intercepts=intercepts, padding_low=low,
        padding_high=high, tilt_degrees=degrees, words=told(len(stack.missing), degrees),
    )  # fmt: skip


def per_slice(instance: Instance, frame: FrameAttributes) -> tuple[float, float, float, float]:
    """Return slope, intercept, and the ends of the padding range: an empty range where there is no padding."""
    rescale, padding = transform(instance, frame), Padding.of(instance)
    if not isinstance(rescale, Rescale):
        raise NoVolume(gettext_noop("the values come from a lookup table"))
    low, high = (padding.low, padding.high) if padding else (np.inf, -np.inf)
    return rescale.slope, rescale.intercept, low, high


def told(missing: int, degrees: float) -> tuple[Words, ...]:
    """Return what a reader has to know about a volume."""
    words = []
    if missing == 1:
        words.append(gettext_noop("1 slice missing"))
    elif missing:
        words.append(gettext_noop("{count} slices missing", count=missing))
    if degrees > TILTED_DEGREES:
        words.append(gettext_noop("tilt corrected {degrees:.1f}°", degrees=degrees))
    return tuple(words)


def check_alike(instances: Sequence[Instance], frames: Sequence[FrameAttributes]) -> None:
    """Raise NoVolume unless all slices mean the same by their numbers."""
    kinds = set()
    for instance, frame in zip(instances, frames, strict=True):
        try:
            transformed = transform(instance, frame)
            form = PixelFormat.of(instance)
        except PixelError as error:
            raise NoVolume(error.args[0]) from error
        kinds.add((form.stored_dtype, form.shape, shown_inverted(instance), unit(instance, frame), type(transformed)))
    if len(kinds) > 1:
        raise NoVolume(gettext_noop("the slices differ in the type of their values"))


def grid(stack: Stack, frames: Sequence[FrameAttributes]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the steps (3, 3), the position (3,) of the first voxel and the tilt in degrees. Raises NoVolume."""
    assert stack.plane is not None
    cosines = np.array([frame.ImageOrientationPatient for frame in frames], float)
    if np.abs(cosines - cosines[0]).max() > PARALLEL:
        raise NoVolume(gettext_noop("the slices are not parallel"))
    across = normal(cosines[0])
    row = cosines[0, :3] / np.linalg.norm(cosines[0, :3])
    column = np.cross(across, row)
    places = np.array([frame.ImagePositionPatient for frame in frames], float)
    numbers = np.array([at for at, entry in enumerate(stack.entries) if isinstance(entry, Shown)], float)
    along = places @ across
    check_steps(stack, along)
    # The straight line nearest to all positions: rounding in single files doesn't tip the far end.
    centred = numbers - numbers.mean()
    step = centred @ places / (centred @ centred)
    position = places.mean(axis=0) - numbers.mean() * step
    spacing = abs(float(step @ across))
    if spacing <= SAME_PLACE_MM:
        raise NoVolume(gettext_noop("the slices lie in one plane"))
    apart = np.abs(along - (position + numbers[:, None] * step) @ across)
    tolerance = max(REGULAR * spacing, SAME_PLACE_MM)
    if apart.max() > tolerance:
        raise NoVolume(gettext_noop("the slice spacing is irregular"))
    if np.linalg.norm(places - position - numbers[:, None] * step, axis=1).max() > tolerance:
        raise NoVolume(gettext_noop("the slices are shifted against each other"))
    degrees = float(np.degrees(np.arccos(min(spacing / float(np.linalg.norm(step)), 1.0))))
    if degrees > STEEPEST_DEGREES:
        raise NoVolume(gettext_noop("the slices are shifted against each other"))
    spacing_row, spacing_column = stack.plane.spacing
    return np.stack((row * spacing_column, column * spacing_row, step), axis=1), position, degrees


def check_steps(stack: Stack, along: np.ndarray) -> None:
    """Raise NoVolume, naming the first fault, unless the slices at `along` mm stand a whole spacing apart."""
    if stack.regular:
        return
    doubles = int((np.diff(np.sort(along)) <= SAME_PLACE_MM).sum())
    if doubles:
        raise NoVolume(gettext_noop("{count} images share a position with another", count=doubles))
    spacing = stack.spacing_mm or float(np.median(np.abs(np.diff(along))))
    at = [place for place, entry in enumerate(stack.entries) if isinstance(entry, Shown)]
    for (before, after), (first, second) in zip(pairwise(along), pairwise(at), strict=True):
        step, wanted = abs(float(after - before)), spacing * (second - first)
        if abs(step - wanted) > max(REGULAR * wanted, SAME_PLACE_MM):
            words = "the slice spacing is irregular: {step:.2f} mm after slice {place}, elsewhere {spacing:.2f} mm"
            raise NoVolume(gettext_noop(words, step=step, place=first + 1, spacing=spacing))
    raise NoVolume(gettext_noop("the slice spacing is irregular"))

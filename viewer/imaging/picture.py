"""One frame of a series as stacks see it, and when and where it was taken."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

from viewer.imaging.geometry import GeometryError, check_orientation
from viewer.imaging.record import FrameAttributes, Instance

# Their pictures follow each other in time, whatever position they carry.
BY_TIME = frozenset(("US", "XA", "RF", "IVUS", "ES"))


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame of one instance, with its place in the patient if the file gives a sound one.

    It stands for `count` frames: itself, and those that follow it and differ in nothing but their numbers.
    """

    index: int
    instance: Instance
    frame: FrameAttributes
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    time: tuple[Hashable, ...] = ()
    count: int = 1

    @property
    def numbers(self) -> range:
        """The numbers of its frames."""
        return range(self.frame.number, self.frame.number + self.count)

    @property
    def spatial(self) -> bool:
        """True if the picture can be ordered along a normal."""
        return self.position is not None and self.orientation is not None


def picture(index: int, instance: Instance, number: int) -> Picture:
    """Return frame `number` of `instance` with its position and orientation checked."""
    frame = instance.frame(number)
    position, orientation = frame.ImagePositionPatient, frame.ImageOrientationPatient
    try:
        check_orientation(orientation or ())
    except GeometryError:
        orientation = None
    # One position for a whole clip says where it was taken, not where each frame lies.
    clip = instance.frame_count > 1 and not instance.per_frame_groups and instance.slice_place(number) is None
    if position is None or len(position) != 3 or clip or (instance.Modality or "") in BY_TIME:
        position = None
    return Picture(index, instance, frame, position, orientation)


def pictures(index: int, instance: Instance) -> list[Picture]:
    """Return the pictures of an instance in the order of its frames, one for all that are alike."""
    alike = instance.first_alike
    found = [picture(index, instance, number) for number in range(1, alike or instance.frame_count + 1)]
    if alike is None:
        return found
    first = picture(index, instance, alike)
    if first.spatial:  # they lie at one place, where each is a picture too many
        return found + [picture(index, instance, number) for number in range(alike, instance.frame_count + 1)]
    return [*found, replace(first, count=instance.frame_count + 1 - alike)]


def acquired(each: Picture) -> Hashable:
    """Return date and time of acquisition as text, None where the file gives none."""
    instance = each.instance
    when = each.frame.FrameReferenceDateTime or each.frame.FrameAcquisitionDateTime or instance.AcquisitionDateTime
    return when or ((instance.AcquisitionDate or "") + (instance.AcquisitionTime or "")) or None


def first_of(*values: Hashable) -> Hashable:
    """Return the first value that is there."""
    return next((value for value in values if value is not None), None)


def sortable(value: Hashable, taken: tuple[int, int] = (0, 0)) -> tuple[int, float, tuple[int, int], str]:
    """Return a value that can be compared with any other: numbers, then vectors as they were `taken`, then text."""
    if isinstance(value, int | float):
        return 0, float(value), (0, 0), ""
    if isinstance(value, tuple):
        number = float(value[0]) if len(value) == 1 and isinstance(value[0], int | float) else float("inf")
        return 1, number, taken, str(value)
    return 2, 0.0, (0, 0), str(value)

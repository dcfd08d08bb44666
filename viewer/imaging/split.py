"""A series taken apart: pictures that belong in one stack, and the attributes that tell stacks from each other."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.imaging import colour
from viewer.imaging.gaps import SAME_PLACE_MM
from viewer.imaging.geometry import GeometryError, anatomical_plane, check_orientation
from viewer.imaging.patients import identity, patients
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.spacing import pair

COSINE_TOLERANCE = 0.01
# Their pictures follow each other in time, whatever position they carry.
BY_TIME = frozenset(("US", "XA", "RF", "IVUS", "ES"))


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame of one instance, with its place in the patient if the file gives a sound one."""

    index: int
    instance: Instance
    frame: FrameAttributes
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    time: tuple[Hashable, ...] = ()

    @property
    def spatial(self) -> bool:
        """True if the picture can be ordered along a normal."""
        return self.position is not None and self.orientation is not None


@dataclass(slots=True)
class Group:
    """Pictures of one stack, and what tells them from the other stacks of the series."""

    pictures: list[Picture]
    traits: dict[str, str]
    key: tuple[Hashable, ...]
    siblings: list[Picture]
    patients: int = 1  # of the whole series


def picture(index: int, instance: Instance, number: int) -> Picture:
    """Return frame `number` of `instance` with its position and orientation checked."""
    frame = instance.frame(number)
    position, orientation = frame.ImagePositionPatient, frame.ImageOrientationPatient
    try:
        check_orientation(orientation or ())
    except GeometryError:
        orientation = None
    # One position for a whole clip says where it was taken, not where each frame lies.
    clip = instance.frame_count > 1 and not instance.per_frame_groups
    if position is None or len(position) != 3 or clip or (instance.Modality or "") in BY_TIME:
        position = None
    return Picture(index, instance, frame, position, orientation)


def image_type(instance: Instance, frame: FrameAttributes) -> tuple[str, ...]:
    """Return the part of Image Type that tells kinds of images apart: localiser, axial, phase, magnitude, map."""
    types = frame.FrameType or instance.ImageType
    return tuple(types[2:4]) if instance.Modality == "MR" else tuple(types[2:3])


def groups(pictures: Sequence[Picture]) -> list[Group]:
    """Return the stacks-to-be of a series in order of first appearance.

    Apart by patient before all else, then by geometry, kind, kernel and 4D keys.
    """
    orientations: list[tuple[float, ...]] = []
    parts: dict[tuple[Hashable, ...], list[Picture]] = defaultdict(list)
    people = patients(each.instance for each in pictures)
    ranks = {person: rank for rank, person in enumerate(sorted(set(people.values())), 1)}
    for each in pictures:
        owner = (people[identity(each.instance)],) if len(ranks) > 1 else ()
        parts[(*hard_key(each, orientations), *owner)].append(each)
    found = []
    for key, members in parts.items():
        for name, value, subset in split_by_time(members):
            traits = traits_of(subset[0])
            if len(ranks) > 1:
                rank = ranks[people[identity(subset[0].instance)]]
                traits = {"patient": f"patient {rank} of {len(ranks)}", **traits}
            if name:
                traits[name] = value
            inside = set(map(id, subset))
            others = [each for each in members if id(each) not in inside] if name else []
            found.append(Group(subset, traits, (*key, name, value), others, len(ranks)))
    return found


def hard_key(each: Picture, orientations: list[tuple[float, ...]]) -> tuple[Hashable, ...]:
    """Return what pictures of one stack always share; `orientations` collects those met so far."""
    instance, frame = each.instance, each.frame
    spacing = pair(frame.PixelSpacing) or pair(frame.ImagerPixelSpacing) or (0.0, 0.0)
    common = (
        instance.SOPClassUID, instance.Rows, instance.Columns, colour.is_colour(instance),
        tuple(round(step, 3) for step in spacing), image_type(instance, frame), frame.ConvolutionKernel,
    )  # fmt: skip
    if each.spatial and each.orientation is not None:
        return ("space", instance.FrameOfReferenceUID, clustered(each.orientation, orientations), *common)
    clip = instance.SOPInstanceUID if instance.frame_count > 1 else None
    turned = clustered(each.orientation, orientations) if each.orientation is not None else ()
    return ("order", clip, turned, *common)


def clustered(orientation: tuple[float, ...], met: list[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the orientation met before that agrees with this one, rounded; else remember this one."""
    for other in met:
        if all(abs(a - b) <= COSINE_TOLERANCE for a, b in zip(orientation, other, strict=True)):
            break
    else:
        met.append(orientation)
        other = orientation
    return tuple(round(cosine, 2) + 0.0 for cosine in other)


def traits_of(each: Picture) -> dict[str, str]:
    """Return the words by which a reader tells this stack from another."""
    instance, frame = each.instance, each.frame
    types = image_type(instance, frame)
    traits = {
        "plane": anatomical_plane(each.orientation) if each.orientation is not None else "",
        "type": " ".join(types).lower().replace("localizer", "localiser"),
        "kernel": " ".join(frame.ConvolutionKernel),
        "matrix": f"{instance.Columns}×{instance.Rows}",
    }
    if instance.frame_count > 1 and not each.spatial:
        traits["clip"] = f"clip {instance.InstanceNumber}" if instance.InstanceNumber is not None else "clip"
    return traits


def dimension(at: int) -> Callable[[Picture], Hashable]:
    """Return the reader of one dimension index of an enhanced frame."""
    return lambda each: (each.frame.DimensionIndexValues or ())[at : at + 1] or None


def acquired(each: Picture) -> Hashable:
    """Return date and time of acquisition as text, None where the file gives none."""
    instance = each.instance
    when = each.frame.FrameReferenceDateTime or each.frame.FrameAcquisitionDateTime or instance.AcquisitionDateTime
    return when or ((instance.AcquisitionDate or "") + (instance.AcquisitionTime or "")) or None


def first_of(*values: Hashable) -> Hashable:
    """Return the first value that is there."""
    return next((value for value in values if value is not None), None)


TIME_KEYS: dict[str, Callable[[Picture], Hashable]] = {
    "phase": lambda each: first_of(each.frame.TemporalPositionIndex, each.frame.TemporalPositionIdentifier),
    "trigger": lambda each: first_of(each.frame.TriggerTime, each.frame.NominalCardiacTriggerDelayTime),
    "echo time": lambda each: first_of(each.frame.EffectiveEchoTime, each.frame.EchoTime),
    "echo": lambda each: each.instance.EchoNumbers,
    "reference time": lambda each: each.frame.FrameReferenceTime,
    "b": lambda each: each.frame.DiffusionBValue,
    "acquisition": lambda each: first_of(each.frame.FrameAcquisitionNumber, each.instance.AcquisitionNumber),
    "stack": lambda each: each.frame.StackID,
    "time": acquired,
    **{f"dimension {at + 1}": dimension(at) for at in range(4)},
    "b and acquisition": lambda each: (each.frame.DiffusionBValue, each.instance.AcquisitionNumber),
}


def split_by_time(members: list[Picture]) -> Iterable[tuple[str, str, list[Picture]]]:
    """Yield (key name, value, pictures): apart by the first 4D key after which no two share a position, else together.

    A dynamic series of one slice stays together.
    """
    if not all(each.spatial for each in members):
        return [("", "", members)]
    places = along_normals(members)
    most = most_at_one_place(places)
    if most == 1 or np.ptp(places) <= SAME_PLACE_MM:
        return [("", "", members)]
    for name, read in TIME_KEYS.items():
        parts: dict[Hashable, list[int]] = defaultdict(list)
        for at, each in enumerate(members):
            parts[read(each)].append(at)
        # A key that differs from picture to picture tells no volumes apart.
        likely = most <= len(parts) <= 1.5 * most + 1 and len(members) >= 2 * len(parts)
        if likely and all(most_at_one_place(places[part]) == 1 for part in parts.values()):
            ordered = sorted(parts.items(), key=lambda item: (item[0] is None, sortable(item[0])))
            return [
                (name, worded(name, value, rank), [members[at] for at in part])
                for rank, (value, part) in enumerate(ordered, 1)
            ]
    return [("", "", members)]


def sortable(value: Hashable) -> tuple[int, float, str]:
    """Return a value that can be compared with any other: numbers first, then text."""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def worded(name: str, value: Hashable, at: int) -> str:
    """Return how the value of a 4D key is written in a title."""
    if name == "b" and isinstance(value, float):
        return f"b {value:g}"
    if name == "echo time" and isinstance(value, float):
        return f"TE {value:g} ms"
    if name == "trigger" and isinstance(value, float):
        return f"{value:g} ms"
    return f"{name} {at}"


def along_normals(members: Sequence[Picture]) -> np.ndarray:
    """Return the position of each spatial picture along its own normal in mm."""
    cosines = np.asarray([each.orientation for each in members], float)
    normals = np.cross(cosines[:, :3], cosines[:, 3:])
    return np.einsum("ij,ij->i", normals, np.asarray([each.position for each in members], float))


def most_at_one_place(places: np.ndarray) -> int:
    """Return how many pictures at most share a position."""
    ascending = np.sort(places)
    steps = np.flatnonzero(np.diff(ascending) > SAME_PLACE_MM)
    return int(np.diff(np.concatenate(([-1], steps, [len(ascending) - 1]))).max())

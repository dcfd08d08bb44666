"""A series taken apart: pictures that belong in one stack, and the attributes that tell stacks from each other."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.imaging import colour, nuclear
from viewer.imaging.apart import Cell, cells
from viewer.imaging.dimensions import Coordinate
from viewer.imaging.geometry import anatomical_plane
from viewer.imaging.mammography import is_mammogram, mammogram
from viewer.imaging.patients import identity, patients
from viewer.imaging.picture import Picture
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.spacing import pair
from viewer.imaging.words import Words

COSINE_TOLERANCE = 0.01


@dataclass(slots=True)
class Group:
    """Pictures of one stack, and what tells them from the other stacks of the series."""

    pictures: list[Picture]
    traits: dict[str, str]
    key: tuple[Hashable, ...]
    siblings: list[Picture]
    patients: int = 1  # of the whole series
    family: tuple[Hashable, ...] = ()  # what the volumes of one 4D series share
    coordinates: tuple[Coordinate, ...] = ()
    doubt: Words | None = None


def image_type(instance: Instance, frame: FrameAttributes) -> tuple[str, ...]:
    """Return the part of Image Type that tells kinds of images apart: localiser, axial, phase, magnitude, map."""
    types = frame.FrameType or instance.ImageType
    if instance.Modality != "MR":
        return tuple(types[2:3])
    component = (frame.ComplexImageComponent,) if frame.ComplexImageComponent else ()
    return (*types[2:4], *component)


def groups(pictures: Sequence[Picture]) -> list[Group]:
    """Return the stacks-to-be of a series in order of first appearance.

    Apart by patient before all else, then by geometry, kind, kernel and 4D keys.
    """
    orientations: list[tuple[float, ...]] = []
    parts: dict[tuple[Hashable, ...], list[Picture]] = defaultdict(list)
    people = patients(each.instance for each in pictures)
    ranks = {person: rank for rank, person in enumerate(sorted(set(people.values())), 1)}
    apart = stacked(pictures)
    for each in pictures:
        owner = (people[identity(each.instance)],) if len(ranks) > 1 else ()
        slab = (each.frame.StackID,) if each.frame.StackID in apart else ()
        parts[(*hard_key(each, orientations), *slab, *owner)].append(each)
    found = []
    for key, members in parts.items():
        together = all(each.spatial for each in members)
        split = cells(members, along_normals(members)) if together else [Cell(members)]
        for cell in split:
            traits = traits_of(cell.pictures[0])
            if len(ranks) > 1:
                rank = ranks[people[identity(cell.pictures[0].instance)]]
                traits = {"patient": f"patient {rank} of {len(ranks)}", **traits}
            if apart:
                traits["stack"] = f"stack {cell.pictures[0].frame.StackID}"
            traits |= {each.name: each.title for each in cell.coordinates if each.count > 1}
            if cell.apart:
                traits["b"] = cell.apart
            family = (*key, cell.apart) if cell.coordinates and cell.whole else ()
            inside = set(map(id, cell.pictures))
            kin = [each for other in split if other.apart == cell.apart for each in other.pictures] if family else []
            others = [each for each in kin if id(each) not in inside]
            group = Group(cell.pictures, traits, (*key, *cell.key), others, len(ranks))
            group.family, group.coordinates, group.doubt = family, cell.coordinates, cell.doubt
            found.append(group)
    return found


def stacked(pictures: Iterable[Picture]) -> frozenset[str]:
    """Return the Stack IDs that tell groups of frames apart: several, each of more than one frame (C.7.6.16.2.2.4)."""
    counts: Counter[str] = Counter()
    for each in pictures:
        if each.frame.StackID is not None:
            counts[each.frame.StackID] += each.count
    return frozenset(counts) if len(counts) > 1 and min(counts.values()) > 1 else frozenset()


def hard_key(each: Picture, orientations: list[tuple[float, ...]]) -> tuple[Hashable, ...]:
    """Return what pictures of one stack always share; `orientations` collects those met so far."""
    instance, frame = each.instance, each.frame
    spacing = pair(frame.PixelSpacing) or pair(frame.ImagerPixelSpacing) or (0.0, 0.0)
    common = (
        instance.SOPClassUID, instance.Rows, instance.Columns, colour.is_colour(instance),
        tuple(round(step, 3) for step in spacing), image_type(instance, frame), frame.ConvolutionKernel, *breast(each),
    )  # fmt: skip
    if each.spatial and each.orientation is not None:
        return ("space", instance.FrameOfReferenceUID, clustered(each.orientation, orientations), *common)
    clip = instance.ConcatenationUID or (instance.SOPInstanceUID if instance.frame_count > 1 else None)
    turned = clustered(each.orientation, orientations) if each.orientation is not None else ()
    return ("order", clip, turned, *(value for _name, value in parts(each)), *common)


def parts(each: Picture) -> list[tuple[str, int]]:
    """Return the energy window, detector, phase, rotation or gate of an NM frame that keep it apart from others."""
    vectors = each.instance.vectors
    return [(name, vectors[name][each.frame.number - 1]) for name in nuclear.parted(vectors)]


def breast(each: Picture) -> tuple[Hashable, ...]:
    """Return what keeps breast images apart: every view is hung in its own way, so each image stands for itself."""
    instance = each.instance
    if not is_mammogram(instance):
        return ()
    if each.spatial and instance.frame_count == 1:
        return (getattr(mammogram(instance, each.frame), "name", ""),)
    return (instance.ConcatenationUID or instance.SOPInstanceUID,)


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
    found = mammogram(instance, frame)
    traits = {
        "view": found.title if found else "",
        "plane": anatomical_plane(each.orientation) if each.orientation is not None else "",
        "type": " ".join(types).lower().replace("localizer", "localiser"),
        "kernel": " ".join(frame.ConvolutionKernel),
        "matrix": f"{instance.Columns}×{instance.Rows}",
        **untitled(each),
    }
    if not each.spatial:
        traits |= {name: nuclear.named(instance.nuclear, name, value) for name, value in parts(each)}
    if instance.frame_count > 1 and not each.spatial:
        traits["clip"] = f"clip {instance.InstanceNumber}" if instance.InstanceNumber is not None else "clip"
    return traits


UNTITLED = frozenset(("spacing", "space", "object"))


def untitled(each: Picture) -> dict[str, str]:
    """Return what also tells stacks apart and stands in no title: too long to read there."""
    instance, frame = each.instance, each.frame
    spacing = pair(frame.PixelSpacing) or pair(frame.ImagerPixelSpacing)
    return {
        "spacing": "×".join(f"{step:g}" for step in spacing) if spacing else "",
        "space": instance.FrameOfReferenceUID or "",
        "object": instance.SOPClassUID or "",
    }


def along_normals(members: Sequence[Picture]) -> np.ndarray:
    """Return the position of each spatial picture along its own normal in mm."""
    cosines = np.asarray([each.orientation for each in members], float)
    normals = np.cross(cosines[:, :3], cosines[:, 3:])
    return np.einsum("ij,ij->i", normals, np.asarray([each.position for each in members], float))

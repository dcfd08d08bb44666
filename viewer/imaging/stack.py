"""Stacks: the pictures of a series in the order of space, each missing one at its place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2s

import numpy as np

from viewer.imaging import colour, gaps
from viewer.imaging.geometry import GeometryError, Plane, nearest_axis, normal
from viewer.imaging.kinds import Kind, kind
from viewer.imaging.pixels import GREY
from viewer.imaging.record import Instance
from viewer.imaging.spacing import spacing
from viewer.imaging.split import BY_TIME, Group, Picture, acquired, first_of, groups, picture, sortable
from viewer.imaging.words import Words, gettext_noop

AXIAL = 2
TILTED_DEGREES = 0.5


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry that has a picture. `location` is mm along the nearest of left, posterior and head."""

    instance_index: int
    SOPInstanceUID: str
    frame: int
    location: float | None
    InstanceNumber: int | None


@dataclass(frozen=True, slots=True)
class Missing:
    """An entry for a picture that should be here and was never listed."""

    reason: Words
    location: float | None
    instance_number: int | None


Entry = Shown | Missing


@dataclass(slots=True)
class Stack:
    """One scrollable stack: entries in display order (head, right, front first), never without its holes."""

    key: str
    title: str
    entries: list[Entry]
    spatial: bool
    modality: str
    rows: int
    columns: int
    colour: bool
    orientation: tuple[float, ...] | None
    frame_of_reference: str | None
    plane: Plane | None = None
    spacing_mm: float | None = None
    tilt_degrees: float = 0.0
    regular: bool = False
    total_known: bool = False
    frame_rate: float | None = None
    notes: list[Words] = field(default_factory=list)

    @property
    def shown(self) -> list[Shown]:
        """The entries that have a picture."""
        return [entry for entry in self.entries if isinstance(entry, Shown)]

    @property
    def missing(self) -> list[Missing]:
        """The entries whose picture was never listed."""
        return [entry for entry in self.entries if isinstance(entry, Missing)]

    @property
    def words(self) -> str:
        """What the reader has to know about this stack, in a line."""
        return "; ".join(self.notes)


@dataclass(slots=True)
class Series:
    """What all stacks of a series are judged against."""

    listed: int
    expected: int | None
    numbers: frozenset[int]

    @property
    def short(self) -> int:
        """By how many instances the archive's count exceeds what was listed."""
        return max((self.expected or 0) - self.listed, 0)


def stacks(instances: Sequence[Instance], *, expected: int | None = None) -> list[Stack]:
    """Return the stacks of a series; `expected` is the archive's Number of Series Related Instances.

    Instances that aren't viewable are left to `kind`; one that is listed twice under its UID is shown once.
    """
    pictures, twice = viewable(instances)
    found = groups(pictures)
    numbers = frozenset(each.InstanceNumber for each in instances if each.InstanceNumber is not None)
    series = Series(len(instances) - twice, expected, numbers)
    built = [build(group, series, 0) for group in found]
    absent = [len(stack.missing) if one_each(group) else 0 for group, stack in zip(found, built, strict=True)]
    unplaced = max(series.short - sum(absent), 0)
    candidates = [at for at, group in enumerate(found) if one_each(group) and len(group.pictures) > 1]
    if unplaced and len(candidates) == 1:
        at = candidates[0]
        built[at] = build(found[at], series, series.short - sum(absent) + absent[at])
        absent[at] = len(built[at].missing)
        unplaced = max(series.short - sum(absent), 0)
    title(found, built)
    for group, stack, gone in zip(found, built, absent, strict=True):
        judge_total(group, stack, series, gone=gone, unplaced=unplaced)
        if twice:
            stack.notes.append(gettext_noop("{count} listed twice", count=twice))
    return built


def viewable(instances: Sequence[Instance]) -> tuple[list[Picture], int]:
    """Return the pictures of all viewable instances, and how many instances repeat a UID."""
    pictures, seen, twice = [], set(), 0
    for index, instance in enumerate(instances):
        if not kind(instance).viewable:
            continue
        if instance.SOPInstanceUID in seen:
            twice += 1
            continue
        seen.add(instance.SOPInstanceUID)
        pictures += [picture(index, instance, number) for number in range(1, instance.frame_count + 1)]
    return pictures, twice


def one_each(group: Group) -> bool:
    """True if every picture of the group is an instance of its own."""
    return all(each.instance.frame_count == 1 for each in group.pictures)


def build(group: Group, series: Series, short: int) -> Stack:
    """Return the stack of one group; `short` instances of the series belong in it and weren't listed."""
    first = group.pictures[0]
    stack = Stack(
        key=blake2s(repr(group.key).encode(), digest_size=4).hexdigest(), title="", entries=[], spatial=False,
        modality=first.instance.Modality or "", rows=first.instance.Rows or 0, columns=first.instance.Columns or 0,
        colour=colour.is_colour(first.instance), orientation=first.orientation,
        frame_of_reference=first.instance.FrameOfReferenceUID, frame_rate=frame_rate(first.instance),
    )  # fmt: skip
    places = positions(group.pictures, first)
    if places is not None and (len(places) == 1 or np.ptp(places) > gaps.SAME_PLACE_MM):
        in_space(stack, group, places, series, short)
    else:
        in_order(stack, group, series, short)
    stack.plane = plane_of(stack, group)
    if first.instance.palette and (first.instance.PhotometricInterpretation or "").upper() in GREY:
        stack.notes.append(gettext_noop("the colour range of the pixels is shown grey"))
    return stack


def positions(pictures: Sequence[Picture], first: Picture) -> np.ndarray | None:
    """Return mm along the normal of `first`, counted towards left, posterior or head; None if one has no place."""
    if first.orientation is None or not all(each.spatial for each in pictures):
        return None
    across = normal(first.orientation) * np.sign(nearest_axis(first.orientation)[1])
    return np.asarray([each.position for each in pictures]) @ across


def in_space(stack: Stack, group: Group, places: np.ndarray, series: Series, short: int) -> None:
    """Fill `stack` by position along the normal, and open a slot for each slice that is missing."""
    order = sorted(range(len(places)), key=lambda at: (places[at], group.pictures[at].instance.InstanceNumber or 0, at))
    pictures, places = [group.pictures[at] for at in order], places[order]
    at_places: list[list[int]] = []
    for at, where in enumerate(places):
        if at_places and where - places[at_places[-1][0]] <= gaps.SAME_PLACE_MM:
            at_places[-1].append(at)
        else:
            at_places.append([at])
    single = one_each(group)
    ascending = [float(places[members[0]]) for members in at_places]
    beside = positions(group.siblings, pictures[0]) if group.siblings else None
    arrangement = gaps.arrange(
        ascending,
        [pictures[members[0]].instance.InstanceNumber if single else None for members in at_places],
        declared=declared_spacing(pictures), listed=series.numbers, short=short,
        siblings=() if beside is None else [float(where) for where in beside],
    )  # fmt: skip
    filled = dict(zip(arrangement.slots, at_places, strict=True))
    entries: list[Entry] = []
    for slot in range(arrangement.low, arrangement.high + 1):
        if slot in filled:
            entries += [shown(pictures[at], float(places[at])) for at in filled[slot]]
        else:
            where = location(slot, arrangement, ascending)
            entries.append(Missing(reason_of(slot, arrangement), where, arrangement.numbers.get(slot)))
    axis = nearest_axis(pictures[0].orientation or ())[0]
    stack.entries = entries[::-1] if axis == AXIAL else entries
    stack.spatial = True
    stack.spacing_mm = arrangement.spacing
    stack.tilt_degrees = tilt(pictures)
    stack.regular = arrangement.regular and len(at_places) == len(pictures)
    note_geometry(stack, arrangement, doubles=len(pictures) - len(at_places), ascending=ascending)


def reason_of(slot: int, arrangement: gaps.Arrangement) -> Words:
    """Return why a slot stands empty."""
    if arrangement.slots[0] < slot < arrangement.slots[-1]:
        return gettext_noop("no image at this position was received")
    return gettext_noop("no image with this number was received")


def location(slot: int, arrangement: gaps.Arrangement, ascending: list[float]) -> float:
    """Return the mm of an empty slot: between its neighbours, or beyond an end by the spacing."""
    slots, step = arrangement.slots, arrangement.spacing or 0.0
    if slot < slots[0]:
        return round(ascending[0] - (slots[0] - slot) * step, 4)
    if slot > slots[-1]:
        return round(ascending[-1] + (slot - slots[-1]) * step, 4)
    return round(float(np.interp(slot, slots, ascending)), 4)


def note_geometry(stack: Stack, arrangement: gaps.Arrangement, *, doubles: int, ascending: list[float]) -> None:
    """Say what a reader has to know about the stack's grid."""
    if stack.missing:
        stack.notes.append(gettext_noop("{count} missing", count=len(stack.missing)))
    for slot, step in arrangement.gaps[:3]:
        before = ascending[arrangement.slots.index(slot)] if slot in arrangement.slots else ascending[0]
        stack.notes.append(gettext_noop("gap of {step:.1f} mm at {place:.1f} mm", step=step, place=before))
    if doubles:
        stack.notes.append(gettext_noop("{count} images share a position with another", count=doubles))
    elif not arrangement.regular and not arrangement.gaps:
        stack.notes.append(gettext_noop("slice spacing is irregular"))
    if stack.tilt_degrees:
        stack.notes.append(gettext_noop("gantry tilt {degrees:.1f}°", degrees=stack.tilt_degrees))
    if arrangement.doubtful:
        stack.notes.append(gettext_noop("Instance Numbers don't begin at 1"))


def in_order(stack: Stack, group: Group, series: Series, short: int) -> None:
    """Fill `stack` by time or Instance Number, as the pictures have no place along a normal."""
    by_time = stack.modality in BY_TIME or all(
        each.orientation and each.frame.ImagePositionPatient for each in group.pictures
    )
    pictures = sorted(group.pictures, key=time_order if by_time else number_order)
    entries: list[Entry] = []
    before: int | None = None
    for each in pictures:
        number = each.instance.InstanceNumber
        if not by_time and one_each(group) and len(pictures) > 2 and number is not None:
            absent = [] if number < 1 else absent_between(0 if before is None else before, number, series.numbers)
            if len(absent) <= len(pictures):
                entries += [Missing(gettext_noop("no image with this number was received"), None, at) for at in absent]
            before = number
        entries.append(shown(each, None))
    if before is not None and short:
        gone = max(short - sum(isinstance(entry, Missing) for entry in entries), 0)
        reason = gettext_noop("no image with this number was received")
        entries += [Missing(reason, None, before + at) for at in range(1, min(gone, gaps.MOST_ABSENT) + 1)]
    stack.entries = entries
    if stack.missing:
        stack.notes.append(gettext_noop("{count} missing", count=len(stack.missing)))


def absent_between(before: int, number: int, listed: frozenset[int]) -> list[int]:
    """Return the Instance Numbers between two that the series doesn't list, none for an absurd step."""
    if number - before > gaps.MOST_ABSENT:
        return []
    return [at for at in range(before + 1, number) if at not in listed]


def number_order(each: Picture) -> tuple[object, ...]:
    """Return the sorting key of pictures without place: Instance Number, then frame."""
    number = each.instance.InstanceNumber
    return number is None, number or 0, each.index, each.frame.number


def time_order(each: Picture) -> tuple[object, ...]:
    """Return the sorting key of pictures that follow each other in time."""
    frame = each.frame
    keys = (
        first_of(frame.TemporalPositionIndex, frame.TemporalPositionIdentifier),
        first_of(frame.TriggerTime, frame.NominalCardiacTriggerDelayTime),
        acquired(each),
    )
    return (*((key is None, sortable(key)) for key in keys), *number_order(each))


def shown(each: Picture, where: float | None) -> Shown:
    """Return the entry of a picture."""
    instance = each.instance
    place = None if where is None else round(where, 4)
    return Shown(each.index, instance.SOPInstanceUID or "", each.frame.number, place, instance.InstanceNumber)


def declared_spacing(pictures: Sequence[Picture]) -> float | None:
    """Return Spacing Between Slices if all pictures agree on it."""
    declared = {abs(each.frame.SpacingBetweenSlices or 0.0) for each in pictures}
    spacing_mm = declared.pop()
    return spacing_mm if not declared and spacing_mm > gaps.SAME_PLACE_MM else None


def tilt(pictures: Sequence[Picture]) -> float:
    """Return the degrees between the row of slices and their normal, 0 where they stand square (gantry tilt)."""
    ends = np.asarray([pictures[0].position, pictures[-1].position], float)
    way = ends[1] - ends[0]
    length = float(np.linalg.norm(way))
    if length <= gaps.SAME_PLACE_MM:
        return 0.0
    cosine = abs(float(way @ normal(pictures[0].orientation or ()))) / length
    degrees = float(np.degrees(np.arccos(min(cosine, 1.0))))
    return round(degrees, 2) if degrees > TILTED_DEGREES else 0.0


def plane_of(stack: Stack, group: Group) -> Plane | None:
    """Return the plane of the first entry that has a picture, None without a sound position and spacing."""
    for entry in stack.shown[:1]:
        for each in group.pictures:
            if each.index == entry.instance_index and each.frame.number == entry.frame:
                return plane(each)
    return None


def plane(each: Picture) -> Plane | None:
    """Return the plane of a picture in the patient, None where the file doesn't place it."""
    step = spacing(each.instance, each.frame)
    position, orientation = each.frame.ImagePositionPatient, each.orientation
    if not position or len(position) != 3 or orientation is None or step.row is None or step.column is None:
        return None
    (x, y, z), (a, b, c, d, e, f) = position, orientation
    try:
        return Plane(
            (x, y, z), (a, b, c, d, e, f), (step.row, step.column), each.instance.Rows or 0, each.instance.Columns or 0
        )
    except GeometryError:
        return None


def frame_rate(instance: Instance) -> float | None:
    """Return pictures per second as the file wishes or as they were taken, None for stills."""
    if instance.frame_count == 1:
        return None
    times = [time for time in (instance.FrameTimeVector or ())[1:] if time > 0]
    taken = 1000 / float(np.mean(times)) if times else None
    if instance.FrameTime and instance.FrameTime > 0:
        taken = 1000 / instance.FrameTime
    rate = instance.RecommendedDisplayFrameRate or instance.CineRate or taken
    return round(rate, 3) if rate and 0 < rate <= 1000 else None


def title(found: Sequence[Group], built: Sequence[Stack]) -> None:
    """Name each stack by the traits in which the stacks of this series differ, and make their keys differ."""
    names = list(dict.fromkeys(name for group in found for name in group.traits))
    telling = [name for name in names if len({group.traits.get(name) for group in found}) > 1]
    taken: set[str] = set()
    for group, stack in zip(found, built, strict=True):
        stack.title = ", ".join(group.traits[name] for name in telling if group.traits.get(name))
        while stack.key in taken:
            stack.key = blake2s(stack.key.encode(), digest_size=4).hexdigest()
        taken.add(stack.key)


def judge_total(group: Group, stack: Stack, series: Series, *, gone: int, unplaced: int) -> None:
    """Say whether it is known how many pictures there should be; if it isn't, that is the first thing to say."""
    received = len(stack.shown)
    one_file = len({each.index for each in group.pictures}) == 1 and group.pictures[0].instance.frame_count > 1
    if one_file:
        stack.total_known = True
    elif unplaced:
        words = "{received} received, {count} of the series missing at an unknown place"
        stack.notes.insert(0, gettext_noop(words, received=received, count=unplaced))
    elif series.expected is None or (gone and not series.short) or any("begin" in note for note in stack.notes):
        stack.notes.insert(0, gettext_noop("{received} received, total unknown", received=received))
    else:
        stack.total_known = True


__all__ = ["Entry", "Kind", "Missing", "Shown", "Stack", "kind", "plane", "stacks"]

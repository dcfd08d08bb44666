"""The pictures of one group in their order, in space or in time, with the empty places between them."""

from collections.abc import Sequence

import numpy as np

from viewer.imaging import concatenation, gaps
from viewer.imaging.entries import Entries, Entry, Missing, Run, Series, Shown, Stack
from viewer.imaging.geometry import nearest_axis, normal
from viewer.imaging.picture import BY_TIME, Picture, acquired, first_of, sortable
from viewer.imaging.split import Group
from viewer.imaging.words import Words, gettext_noop

AXIAL = 2
TILTED_DEGREES = 0.5


def one_each(group: Group) -> bool:
    """True if every picture of the group is an instance of its own."""
    return all(each.instance.frame_count == 1 and not each.instance.ConcatenationUID for each in group.pictures)


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
    order = index_order if has_indices(group.pictures) else time_order if by_time else number_order
    live = stack.modality in BY_TIME and one_each(group)
    pictures = taken_order(group.pictures) if live else sorted(group.pictures, key=order)
    entries: list[Entry] = []
    before: int | None = None
    earlier: Picture | None = None
    for each in pictures:
        number = each.instance.InstanceNumber
        if not by_time and one_each(group) and len(pictures) > 2 and number is not None:
            absent = [] if number < 1 else absent_between(0 if before is None else before, number, series.numbers)
            if len(absent) <= len(pictures):
                entries += [Missing(gettext_noop("no image with this number was received"), None, at) for at in absent]
            before = number
        entries += lost_before(each, earlier)
        earlier = each
        entries.append(shown(each, None))
    if before is not None and short:
        gone = max(short - sum(isinstance(entry, Missing) for entry in entries), 0)
        reason = gettext_noop("no image with this number was received")
        entries += [Missing(reason, None, before + at) for at in range(1, min(gone, gaps.MOST_ABSENT) + 1)]
    runs = any(each.count > 1 for each in pictures)  # of one image, whose frames are all there
    stack.entries = Entries(list(map(run, pictures))) if runs else entries
    if stack.missing:
        stack.notes.append(gettext_noop("{count} missing", count=len(stack.missing)))


def absent_between(before: int, number: int, listed: frozenset[int]) -> list[int]:
    """Return the Instance Numbers between two that the series doesn't list, none for an absurd step."""
    if number - before > gaps.MOST_ABSENT:
        return []
    return [at for at in range(before + 1, number) if at not in listed]


def lost_before(each: Picture, earlier: Picture | None) -> list[Missing]:
    """Return the places of frames between two of one concatenation that stood in a part which wasn't received."""
    uid = each.instance.ConcatenationUID
    if not uid or each.instance.ConcatenationFrameOffsetNumber is None:
        return []
    before = 0
    if earlier is not None:
        if earlier.instance.ConcatenationUID != uid or earlier.index == each.index:
            return []
        before = concatenation.frame_number(earlier)
    count = concatenation.frame_number(each) - before - 1
    reason = gettext_noop("the part of the image with this frame wasn't received")
    return [Missing(reason, None, None)] * count if 0 < count <= gaps.MOST_ABSENT else []


def has_indices(pictures: Sequence[Picture]) -> bool:
    """True if all pictures are frames of one image that says by its dimensions in which order they are (C.7.6.17)."""
    lengths = {len(each.frame.DimensionIndexValues or ()) for each in pictures}
    images = {each.instance.ConcatenationUID or each.index for each in pictures}
    return len(lengths) == 1 and 0 not in lengths and len(images) == 1


def index_order(each: Picture) -> tuple[object, ...]:
    """Return the sorting key of frames with dimensions: the first index counts most."""
    return each.frame.DimensionIndexValues or (), concatenation.frame_number(each)


def number_order(each: Picture) -> tuple[object, ...]:
    """Return the sorting key of pictures without place: Instance Number, then place in its stack, then frame."""
    number, frame = each.instance.InstanceNumber, concatenation.frame_number(each)
    if each.instance.ConcatenationUID:
        return False, 0, each.instance.ConcatenationUID, 0, frame
    along = tuple(vector[each.frame.number - 1] for vector in each.instance.vectors.values())
    return number is None, number or 0, str(each.index).zfill(9), each.frame.InStackPositionNumber or 0, along, frame


def taken_order(pictures: Sequence[Picture]) -> list[Picture]:
    """Return pictures by time of acquisition, then Instance Number; by number alone unless all times compare."""
    times = [str(acquired(each) or "") for each in pictures]
    if len({len(time.partition(".")[0]) for time in times}) > 1:
        return sorted(pictures, key=number_order)
    ordered = sorted(zip(times, pictures, strict=True), key=lambda pair: (pair[0], number_order(pair[1])))
    return [each for _, each in ordered]


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


def run(each: Picture) -> Shown | Run:
    """Return the entries of a picture that stands for several frames, or its entry."""
    if each.count == 1:
        return shown(each, None)
    instance = each.instance
    return Run(each.index, instance.SOPInstanceUID or "", each.frame.number, each.count, instance.InstanceNumber)


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

"""Stacks: the pictures of a series in the order of space, each missing one at its place."""

from collections.abc import Sequence
from hashlib import blake2s

import numpy as np

from viewer.imaging import colour, concatenation, gaps
from viewer.imaging.cine import cine
from viewer.imaging.entries import Entry, Missing, Run, Series, Shown, Stack, parts
from viewer.imaging.geometry import GeometryError, Plane
from viewer.imaging.kinds import Kind, kind
from viewer.imaging.order import in_order, in_space, one_each, positions, taken_order
from viewer.imaging.patients import patients
from viewer.imaging.picture import BY_TIME, Picture, pictures
from viewer.imaging.pixels import GREY
from viewer.imaging.reasons import reasons
from viewer.imaging.record import Instance
from viewer.imaging.spacing import spacing
from viewer.imaging.split import UNTITLED, Group, groups
from viewer.imaging.words import Words, gettext_noop


def stacks(instances: Sequence[Instance], *, expected: int | None = None) -> list[Stack]:
    """Return the stacks of a series; `expected` is the archive's Number of Series Related Instances.

    Instances that aren't viewable are left to `kind`, slides to `slide`; one that is listed twice under its UID is
    shown once. Where the two differ, nobody knows which of them the archive gives out: that is the first thing to say.
    """
    listed, repeated = viewable(instances)
    firsts = {each.instance.SOPInstanceUID: each.instance for each in listed}
    twice = [each for each in repeated if each == firsts[each.SOPInstanceUID]]
    clashing = [each for each in repeated if each != firsts[each.SOPInstanceUID]]
    people = len(set(patients([*firsts.values(), *clashing]).values())) if clashing else 0
    live = all((each.instance.Modality or "") in BY_TIME for each in listed)
    found = groups(taken_order(listed) if live else listed)
    numbers = frozenset(each.InstanceNumber for each in instances if each.InstanceNumber is not None)
    series = Series(len(instances), expected, numbers)
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
            stack.notes.append(gettext_noop("{count} listed twice", count=len(twice)))
        if clashing:
            words = "{count} listed twice with different content: which one is shown isn't known"
            stack.notes.insert(0, gettext_noop(words, count=len(clashing)))
        if max(group.patients, people) > 1:
            stack.notes.insert(0, mixed_up(max(group.patients, people)))
    return built


def mixed_up(count: int) -> Words:
    """Return the words for a series of several patients."""
    if count == 2:
        return gettext_noop("two patients in one series")
    return gettext_noop("{count} patients in one series", count=count)


def viewable(instances: Sequence[Instance]) -> tuple[list[Picture], list[Instance]]:
    """Return the pictures of all viewable instances, and the instances that repeat the UID of one before."""
    found: list[Picture] = []
    seen, repeated = set(), []
    for index, instance in enumerate(instances):
        what = kind(instance)
        if not what.viewable or what.slide:
            continue
        if instance.SOPInstanceUID in seen:
            repeated.append(instance)
            continue
        seen.add(instance.SOPInstanceUID)
        found += pictures(index, instance)
    return found, repeated


def build(group: Group, series: Series, short: int) -> Stack:
    """Return the stack of one group; `short` instances of the series belong in it and weren't listed."""
    first = group.pictures[0]
    stack = Stack(
        key=blake2s(repr(group.key).encode(), digest_size=4).hexdigest(), title="", entries=[], spatial=False,
        modality=first.instance.Modality or "", rows=first.instance.Rows or 0, columns=first.instance.Columns or 0,
        colour=colour.is_colour(first.instance), orientation=first.orientation,
        frame_of_reference=first.instance.FrameOfReferenceUID,
    )  # fmt: skip
    places = positions(group.pictures, first)
    if places is not None and (len(places) == 1 or np.ptp(places) > gaps.SAME_PLACE_MM):
        in_space(stack, group, places, series, short)
    else:
        in_order(stack, group, series, short)
    if not stack.missing:
        by_place = {(each.index, each.frame.number): each for each in group.pictures}
        ordered = [by_place[place_of(each)] for _, each in parts(stack.entries) if not isinstance(each, Missing)]
        stack.cine, words = cine(ordered, spatial=stack.spatial)
        stack.notes += words
    stack.plane = plane_of(stack, group)
    if group.family:
        stack.family = blake2s(repr(group.family).encode(), digest_size=4).hexdigest()
        stack.coordinates = group.coordinates
    stack.notes += [*concatenation.notes(group.pictures), *([group.doubt] if group.doubt else [])]
    if first.instance.mosaic is not None:
        stack.notes.append(mosaic(first.instance.mosaic))
    unused = first.instance.palette and not colour.is_supplemented(first.instance)
    if unused and (first.instance.PhotometricInterpretation or "").upper() in GREY:
        stack.notes.append(gettext_noop("the colour range of the pixels is shown grey"))
    return stack


def place_of(entry: Shown | Run) -> tuple[int, int]:
    """Return instance and number of the (first) frame of an entry."""
    return entry.instance_index, entry.first if isinstance(entry, Run) else entry.frame


def mosaic(slices: int) -> Words:
    """Return the words for an image that is a whole volume, its slices side by side."""
    if slices:
        return gettext_noop("mosaic of {count} slices", count=slices)
    return gettext_noop("mosaic of slices")


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


def title(found: Sequence[Group], built: Sequence[Stack]) -> None:
    """Name each stack by the traits in which the stacks of this series differ, and make their keys differ."""
    for stack, why in zip(built, reasons(found), strict=True):
        stack.reasons = why
    names = [name for name in dict.fromkeys(name for group in found for name in group.traits) if name not in UNTITLED]
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
    first = group.pictures[0].instance
    one_file = len({each.instance.ConcatenationUID or each.index for each in group.pictures}) == 1 and (
        first.frame_count > 1 or first.ConcatenationUID is not None
    )
    if one_file:
        lost = [concatenation.lost_frames(each) for each in concatenation.parts(group.pictures).values()]
        stack.total_known = None not in lost
    elif unplaced:
        words = "{received} received, {count} of the series missing at an unknown place"
        stack.notes.insert(0, gettext_noop(words, received=received, count=unplaced))
    elif series.expected is None or (gone and not series.short) or any("begin" in note for note in stack.notes):
        stack.notes.insert(0, gettext_noop("{received} received, total unknown", received=received))
    else:
        stack.total_known = True


__all__ = ["Entry", "Kind", "Missing", "Shown", "Stack", "kind", "plane", "stacks"]

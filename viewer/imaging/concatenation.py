"""One multi-frame image stored in several instances (PS3.3 C.7.6.16.1.2, Concatenation)."""

from collections.abc import Sequence
from itertools import pairwise

from viewer.imaging.picture import Picture
from viewer.imaging.record import Instance
from viewer.imaging.words import Words, gettext_noop

MOST_PARTS = 10_000


def parts(pictures: Sequence[Picture]) -> dict[str, list[Instance]]:
    """Return the instances of each concatenation among the pictures, in the order of their numbers."""
    found: dict[str, dict[str | None, Instance]] = {}
    for each in pictures:
        if each.instance.ConcatenationUID:
            found.setdefault(each.instance.ConcatenationUID, {})[each.instance.SOPInstanceUID] = each.instance
    return {
        uid: sorted(members.values(), key=lambda each: (each.InConcatenationNumber or 0, each.InstanceNumber or 0))
        for uid, members in found.items()
    }


def absent(members: Sequence[Instance]) -> list[int]:
    """Return the numbers of the parts that weren't received, as far as the others tell."""
    numbers = [each.InConcatenationNumber for each in members if each.InConcatenationNumber is not None]
    if not numbers:
        return []
    total = max([*numbers, *(each.InConcatenationTotalNumber or 0 for each in members)])
    return [] if total > MOST_PARTS else sorted(set(range(1, total + 1)) - set(numbers))


def lost_frames(members: Sequence[Instance]) -> int | None:
    """Return how many frames lie in the parts that are absent; None if the last part is one of them, or no offsets."""
    offsets = sorted((each.ConcatenationFrameOffsetNumber or 0, each.frame_count) for each in members)
    gone = absent(members)
    if gone and gone[-1] > max(each.InConcatenationNumber or 0 for each in members):
        return None
    if any(each.ConcatenationFrameOffsetNumber is None for each in members):
        return None
    between = sum(max(after - before - count, 0) for (before, count), (after, _) in pairwise(offsets))
    return offsets[0][0] + between


def notes(pictures: Sequence[Picture]) -> list[Words]:
    """Return what is to be said of parts that are absent."""
    said = []
    for members in parts(pictures).values():
        gone, lost = absent(members), lost_frames(members)
        if not gone:
            continue
        total = max(*gone, *(each.InConcatenationNumber or 0 for each in members))
        which = ", ".join(map(str, gone[:6])) + (" …" if len(gone) > 6 else "")
        if lost:
            words = "part {which} of {total} of the image wasn't received: {count} frames missing"
            said.append(gettext_noop(words, which=which, total=total, count=lost))
        else:
            words = "part {which} of {total} of the image wasn't received"
            said.append(gettext_noop(words, which=which, total=total))
    return said


def frame_number(each: Picture) -> int:
    """Return the number of a frame in the image before it was taken apart, from 1."""
    return (each.instance.ConcatenationFrameOffsetNumber or 0) + each.frame.number

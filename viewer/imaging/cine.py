"""How fast the pictures of a stack follow each other, as the file says (PS3.3 C.7.6.5, C.7.6.16.2.2, C.8.19.7)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate, pairwise

from viewer.imaging.picture import BY_TIME, Picture
from viewer.imaging.record import Instance
from viewer.imaging.words import Words, gettext_noop

SLOWEST_MS, FASTEST_MS = 60_000.0, 1.0  # what a file may declare of one picture
# Single pictures further apart than this were taken one by one: they make no clip.
APART_MS = 5_000.0
DATE_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6})\d*)?(?:([+-])(\d\d)(\d\d))?")


@dataclass(frozen=True, slots=True)
class Cine:
    """A stack as a clip.

    `rate` is pictures a second, None where the file says nothing, and `basis` the attribute that it rests on.
    `intervals` are ms: how long each picture stands before the next, None where all stand equally long; the last one,
    after which no time is known, stands for the mean of the others. `first` and `last` are the entries between which
    the file wants the clip shown; with `sweep` it goes back and forth (Preferred Playback Sequencing).
    """

    rate: float | None
    basis: str
    intervals: tuple[float, ...] | None
    sweep: bool
    first: int
    last: int


def cine(pictures: Sequence[Picture], *, spatial: bool) -> tuple[Cine | None, list[Words]]:
    """Return the clip that `pictures` (in their order) make, and what a reader has to know; None for what isn't one.

    The authority, highest first. A value that can't be true (none, zero, negative, not finite, a vector of another
    length than the frames) leaves it to the next:

    1. Frame Time Vector: it alone says how long each picture stands.
    2. Recommended Display Frame Rate, and its float of a Frame Display Sequence: it alone is about display. It is a
       whole number: where it is Frame Time's own rate rounded, Frame Time is more exact and is taken.
    3. Frame Time. 4. Cine Rate. 5. Actual Frame Duration.
    6. When the pictures were taken: times of frames, triggers, acquisitions of single images, if they grow.
    """
    instance = pictures[0].instance
    one = all(each.instance is instance for each in pictures)
    count = sum(each.count for each in pictures)
    if count < 2 or (spatial and not one):
        return None, []
    notes: list[Words] = []
    rate, basis, intervals = None, "", vector_intervals(pictures, notes) if one else None
    if intervals:
        basis = "FrameTimeVector"
    else:
        rate, basis = declared_rate(instance)
        if rate is None and not spatial:
            intervals, basis = taken_intervals(pictures)
    if intervals:
        rate = 1000 * len(intervals) / sum(intervals)
        intervals = None if max(intervals) - min(intervals) < 1e-6 else intervals
    if rate is None and not (one and instance.Modality in BY_TIME):
        return None, []
    first, last = trimmed(pictures) if one else (0, count - 1)
    sweep = one and instance.PreferredPlaybackSequencing == 1
    return Cine(None if rate is None else round(rate, 3), basis, intervals, sweep, first, last), notes


def believable(milliseconds: float | None) -> bool:
    """Return whether a picture may stand so long."""
    return milliseconds is not None and FASTEST_MS <= milliseconds <= SLOWEST_MS


def vector_intervals(pictures: Sequence[Picture], notes: list[Words]) -> tuple[float, ...] | None:
    """Return ms from each picture to the next by Frame Time Vector, whose first value is 0 (C.7.6.5.1.2)."""
    instance = pictures[0].instance
    vector = instance.FrameTimeVector or ()
    if not vector:
        return None
    if len(vector) != instance.frame_count or not all(believable(each) for each in vector[1:]):
        notes.append(gettext_noop("the frames' times can't be used: FrameTimeVector doesn't fit the frames"))
        return None
    at = list(accumulate((0.0, *vector[1:])))
    return closed([at[number - 1] for each in pictures for number in each.numbers])


def closed(times: Sequence[float]) -> tuple[float, ...] | None:
    """Return the ms between growing `times`, and their mean for the last; None if they don't grow."""
    steps = [after - before for before, after in pairwise(times)]
    if not steps or not all(believable(step) for step in steps):
        return None
    return (*(round(step, 4) for step in steps), round(sum(steps) / len(steps), 4))


def declared_rate(instance: Instance) -> tuple[float | None, str]:
    """Return pictures a second and the attribute that says so; (None, "") where none does."""
    time = 1000 / instance.FrameTime if believable(instance.FrameTime) and instance.FrameTime else None
    wished = display_item(instance).get("RecommendedDisplayFrameRateInFloat")
    rates = (
        ("RecommendedDisplayFrameRateInFloat", wished),
        ("RecommendedDisplayFrameRate", instance.RecommendedDisplayFrameRate),
        ("FrameTime", time),
        ("CineRate", instance.CineRate),
        ("ActualFrameDuration", 1000 / instance.ActualFrameDuration if instance.ActualFrameDuration else None),
    )
    for basis, rate in rates:
        if rate is not None and rate > 0 and believable(1000 / rate):
            rounded = time is not None and basis == "RecommendedDisplayFrameRate" and abs(rate - time) < 1
            return (time, "FrameTime") if rounded else (rate, basis)
    return None, ""


def display_item(instance: Instance) -> dict[str, float | None]:
    """Return what the only shown range of a Frame Display Sequence says (C.8.19.7); {} where there is not one."""
    shown = [each for each in instance.frame_display if each.text("SkipFrameRangeFlag") != "SKIP"]
    if len(shown) != 1:
        return {}
    keywords = ("StartTrim", "StopTrim", "RecommendedDisplayFrameRateInFloat")
    return {keyword: shown[0].number(keyword) for keyword in keywords}


def trimmed(pictures: Sequence[Picture]) -> tuple[int, int]:
    """Return the entries of Start Trim and Stop Trim (frame numbers from 1), the whole clip where they aren't sound."""
    numbers = [each.numbers for each in pictures]
    instance, whole = pictures[0].instance, (0, sum(map(len, numbers)) - 1)
    item = display_item(instance)
    starts = [0, *accumulate(map(len, numbers))]
    start, stop = item.get("StartTrim") or instance.StartTrim, item.get("StopTrim") or instance.StopTrim
    first, last = (
        next((before + own.index(number) for before, own in zip(starts, numbers, strict=False) if number in own), other)
        for number, other in zip((int(start or 0), int(stop or 0)), whole, strict=True)
    )
    return (first, last) if first < last else whole


def taken_intervals(pictures: Sequence[Picture]) -> tuple[tuple[float, ...] | None, str]:
    """Return ms from each picture to the next by when they were taken, and by which attribute that is known."""
    if any(each.count > 1 for each in pictures):
        return None, ""  # they share their times, if any
    for basis, read in TIMES.items():
        times = [time for each in pictures if (time := read(each)) is not None]
        found = closed(times) if len(times) == len(pictures) else None
        if found and max(found) <= APART_MS:
            return found, basis
    return None, ""


def clock(text: str | None) -> float | None:
    """Return ms since 1970 of a DT (or of DA and TM joined), None if it isn't one to the second."""
    match = DATE_TIME.fullmatch((text or "").strip())
    if match is None:
        return None
    *parts, fraction, sign, hours, minutes = match.groups()
    try:
        zone = UTC
        if sign:
            east = timedelta(hours=int(hours), minutes=int(minutes))
            zone = timezone(east if sign == "+" else -east)
        year, month, day, hour, minute, second = map(int, parts)
        micro = int((fraction or "").ljust(6, "0"))
        return datetime(year, month, day, hour, minute, second, micro, zone).timestamp() * 1000
    except ValueError:
        return None


def acquisition(each: Picture) -> float | None:
    """Return when a single image was acquired, ms since 1970."""
    instance = each.instance
    if instance.frame_count > 1:
        return None
    return clock(instance.AcquisitionDateTime) or clock(
        (instance.AcquisitionDate or "") + (instance.AcquisitionTime or "")
    )


TIMES: dict[str, Callable[[Picture], float | None]] = {
    "FrameReferenceDateTime": lambda each: clock(each.frame.FrameReferenceDateTime),
    "FrameAcquisitionDateTime": lambda each: clock(each.frame.FrameAcquisitionDateTime),
    "NominalCardiacTriggerDelayTime": lambda each: each.frame.NominalCardiacTriggerDelayTime,
    "TriggerTime": lambda each: each.frame.TriggerTime,
    "AcquisitionTime": acquisition,
}

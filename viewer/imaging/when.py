"""When a study was made: Study Date and Time as a clock somewhere showed them, and the offset of that clock.

DA and TM of PS3.5 6.2, read with the separators of older files; Timezone Offset From UTC of PS3.3 C.12.1.1.8. A time
without an offset is nobody's instant: it is compared as it was written.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TypeVar

from viewer.imaging.words import Words, gettext_noop

DAY = re.compile(r"(\d{4})([-.]?)(\d\d)\2(\d\d)", re.ASCII)
CLOCK = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
OFFSET = re.compile(r"([+-])(\d\d)(\d\d)", re.ASCII)
WEST, EAST = -12 * 60, 14 * 60
LEEWAY = timedelta(minutes=10)  # by which the clocks of a hospital may differ

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class When:
    """A day and a time of day at an offset, in minutes east of UTC; `written` is a date that is no day."""

    day: date | None = None
    clock: time | None = None
    offset: int | None = None
    written: str = ""

    @property
    def local(self) -> datetime | None:
        """The moment as it was written, without an offset; a day without a time begins at midnight."""
        return datetime.combine(self.day, self.clock or time()) if self.day else None

    @property
    def instant(self) -> datetime | None:
        """The moment in UTC, None unless day, time and offset are known and it lies in a year of the calendar."""
        if self.day is None or self.clock is None or self.offset is None:
            return None
        try:
            return datetime.combine(self.day, self.clock, zone(self.offset)).astimezone(UTC)
        except OverflowError:
            return None


def read(on: str | None, at: str | None, offset: str | None) -> When:
    """Return a DA, a TM and an offset as far as each can be read."""
    found = day(on)
    return When(found, clock(at), minutes_east(offset), "" if found else (on or "").strip())


def day(value: str | None) -> date | None:
    """Return a DA as a date, None for what is no day of the calendar."""
    parts = DAY.fullmatch((value or "").strip())
    try:
        return date(int(parts[1]), int(parts[3]), int(parts[4])) if parts else None
    except ValueError:
        return None


def clock(value: str | None) -> time | None:
    """Return a TM as a time of day, a leap second as the one before it; None for what is no time."""
    parts = CLOCK.match((value or "").strip())
    if parts is None:
        return None
    hour, minute, second, fraction = parts.groups()
    try:
        exact = int((fraction or "0").ljust(6, "0"))
        return time(int(hour), int(minute or 0), 59 if second == "60" else int(second or 0), exact)
    except ValueError:
        return None


def minutes_east(value: str | None) -> int | None:
    """Return Timezone Offset From UTC in minutes, None for what is none: `-0000` and what no place on Earth has."""
    parts = OFFSET.fullmatch((value or "").strip())
    if parts is None or int(parts[3]) > 59 or parts[0] == "-0000":
        return None
    minutes = (int(parts[2]) * 60 + int(parts[3])) * (-1 if parts[1] == "-" else 1)
    return minutes if WEST <= minutes <= EAST else None


def zone(offset: int) -> timezone:
    """Return the fixed zone so many minutes east of UTC."""
    return timezone(timedelta(minutes=offset))


def offset_words(offset: int | None) -> str:
    """Return an offset as ISO 8601 writes it (`+05:30`), or an empty text."""
    if offset is None:
        return ""
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"


def is_earlier(one: When, other: When) -> bool:
    """Whether `one` is known to lie before `other`: by the instant where both have one, else as written."""
    pair = (one.instant, other.instant)
    first, second = pair if None not in pair else (one.local, other.local)
    return first is not None and second is not None and first < second


def days_between(one: When, other: When) -> int | None:
    """Return how many midnights lie between `one` and `other`, by the clock of `other` where both instants are known.

    Negative where `one` is the later; None without two dates.
    """
    first, last = one.day, other.day
    if one.instant and other.instant and other.offset is not None:
        first = one.instant.astimezone(zone(other.offset)).date()
    return (last - first).days if first and last else None


def in_order(items: Iterable[T], when: Callable[[T], When]) -> list[T]:
    """Return `items` from the oldest on, those without a date first, equal ones as they came.

    Those whose instants are known stand in the order of these, the others in the order of the times as written; the
    two rows are merged by the times as written. (Pairs alone would make no order: with an instant at both ends and
    none in the middle they can go round in a circle.)
    """
    undated: list[T] = []
    known: list[tuple[datetime, int, datetime, T]] = []
    written: list[tuple[datetime, int, T]] = []
    for index, item in enumerate(items):
        local, instant = when(item).local, when(item).instant
        if local is None:
            undated.append(item)
        elif instant is None:
            written.append((local, index, item))
        else:
            known.append((instant, index, local, item))
    known.sort(key=lambda each: each[:2])
    written.sort(key=lambda each: each[:2])
    merged: list[T] = []
    place = 0
    for _instant, index, local, item in known:
        while place < len(written) and written[place][:2] < (local, index):
            merged.append(written[place][-1])
            place += 1
        merged.append(item)
    return undated + merged + [each[-1] for each in written[place:]]


def doubts(of: When, born: date | None, now: datetime) -> list[Words]:
    """Return what can't be true of when a study was made; `now` is aware, and in the zone of the site.

    Without an offset the study's clock is taken to be the site's.
    """
    if of.written:
        return [gettext_noop("the study date is no day of the calendar: {value}", value=of.written)]
    if of.day is None or of.local is None:
        return []
    found = []
    there = (now if of.offset is None else now.astimezone(zone(of.offset))).replace(tzinfo=None)
    if of.day > there.date() if of.clock is None else of.local > there + LEEWAY:
        found.append(gettext_noop("the study is dated in the future"))
    if born is not None and of.day < born:
        found.append(gettext_noop("the study is dated before the birth"))
    return found

"""The due clock of a reading task, and spans of time in few words."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

SOON = 0.25  # of the time between request and due
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True)
class Due:
    """What the clock shows: words, how much of the time is left (0 to 1), and `soon`, `late` or nothing."""

    words: str
    left: float
    level: str
    at: datetime.datetime

    @property
    def percent(self) -> int:
        return round(100 * self.left)


def due(
    due_at: datetime.datetime | None,
    requested_at: datetime.datetime | None,
    now: datetime.datetime,
    *,
    stat: bool = False,
) -> Due | None:
    """Return the clock at `now`; without a request time the bar covers the last 24 hours. No due time, no clock.

    What is STAT is `soon` from the start.
    """
    if due_at is None:
        return None
    seconds = (due_at - now).total_seconds()
    if seconds <= 0:
        return Due(_("%(span)s late") % {"span": span(-seconds)}, 0.0, "late", due_at)
    whole = (due_at - requested_at).total_seconds() if requested_at and requested_at < due_at else DAY
    left = min(1.0, seconds / whole)
    return Due(span(seconds), left, "soon" if stat or left < SOON else "", due_at)


def span(seconds: float) -> str:
    """Return a span of at least a minute in one unit: minutes below two hours, hours below two days, else days."""
    if seconds < 2 * HOUR:
        return _("%(n)d min") % {"n": max(1, round(seconds / MINUTE))}
    if seconds < 2 * DAY:
        return _("%(n)d h") % {"n": round(seconds / HOUR)}
    return _("%(n)d d") % {"n": round(seconds / DAY)}


def apart(days: int) -> str:
    """Return how far two days lie apart: days below two weeks, weeks below two months, months below two years."""
    if days < 14:
        return _("%(n)d d") % {"n": days}
    if days < 61:
        return _("%(n)d wk") % {"n": round(days / 7)}
    if days < 730:
        return _("%(n)d mo") % {"n": round(days / 30.44)}
    return _("%(n)d y") % {"n": round(days / 365.25)}

"""What is told of archives to those who run the system: state, since when, how old the list is, how many exams."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viewer import archives
from viewer.doors.words import translated
from viewer.models import Archive, Study

WORDS = {
    "ready": gettext_lazy("answers"),
    "unreachable": gettext_lazy("doesn't answer"),
    "new": gettext_lazy("is being read for the first time"),
    "off": gettext_lazy("isn't asked"),
}
SIGNS = {"ready": "light-up", "unreachable": "light-down", "new": "light-waiting", "off": "pause"}
RESTS = 50  # times the length of a count until exams are counted again: on large indexes it isn't cheap


@dataclass(frozen=True)
class Told:
    """One archive: `state` is ready, unreachable, new or off; `lag` are the seconds since its list was read."""

    name: str
    location: str
    from_environment: bool
    auth_kind: str
    auth: str
    state: str
    since: datetime | None
    words: str
    last_sync: datetime | None
    last_sweep: datetime | None
    lag: float | None
    exams: int
    added_by: str
    added_at: datetime | None
    disabled: bool

    @property
    def state_words(self) -> str:
        return str(WORDS[self.state])

    @property
    def sign(self) -> str:
        return SIGNS[self.state]

    def json(self) -> dict[str, Any]:
        """The archive as JSON; neither its address nor anything of its credentials."""
        return {
            "name": self.name, "from_environment": self.from_environment, "state": self.state,
            "since": _iso(self.since), "words": self.words, "last_sync": _iso(self.last_sync),
            "last_sweep": _iso(self.last_sweep), "sync_lag_seconds": self.lag, "studies": self.exams,
        }  # fmt: skip


class _Exams:
    """The numbers of exams, counted again when fifty times the length of a count have passed."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.until = 0.0

    def read(self) -> dict[int, int]:
        began = time.monotonic()
        if began >= self.until:
            rows = Study.objects.filter(gone_at__isnull=True).values("archive").annotate(count=Count("pk")).order_by()
            self.counts = {row["archive"]: row["count"] for row in rows}
            self.until = time.monotonic() + RESTS * (time.monotonic() - began)
        return self.counts


_exams = _Exams()


def all() -> list[Told]:
    """Return every archive, those of the environment first."""
    known, exams, now = archives.sites(), _exams.read(), timezone.now()
    rows = {row.name: row for row in Archive.objects.filter(name__in=known).select_related("added_by")}
    return [_told(site, rows.get(site.name), exams, now) for site in known.values()]


def _told(site: archives.Site, row: Archive | None, exams: dict[int, int], now: datetime) -> Told:
    row = row or Archive(name=site.name)
    state = "off" if site.off else row.state
    since = {"off": row.disabled_at, "unreachable": row.unreachable_since, "ready": row.ready_since}.get(state)
    return Told(
        name=site.name,
        location=site.source.location,
        from_environment=site.from_environment,
        auth_kind=row.auth_kind,
        auth=_auth(site, row),
        state=state,
        since=since,
        words=translated(site.off or row.words),
        last_sync=row.last_sync,
        last_sweep=row.last_sweep,
        lag=round((now - row.last_sync).total_seconds(), 1) if row.last_sync else None,
        exams=exams.get(row.pk, 0),
        added_by=str(row.added_by.get_full_name() or row.added_by.get_username()) if row.added_by else "",
        added_at=row.added_at,
        disabled=row.disabled_at is not None,
    )


def _auth(site: archives.Site, row: Archive) -> str:
    if site.source.is_folder:
        return ""
    if site.from_environment:
        kind = (site.source.auth or Archive.Auth.NONE).partition(":")[0]
        return str(Archive.Auth(kind).label) if kind in Archive.Auth.values else _("from a file")
    return str(Archive.Auth(row.auth_kind).label)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

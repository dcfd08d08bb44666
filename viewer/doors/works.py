"""What is told of jobs and of objects in the outbox: the same for the page and for programs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viewer import access, jobs
from viewer.actions.job import may_change, visible_jobs
from viewer.doors.words import translated
from viewer.models import Job, OutboxItem, Study

ENDED_SHOWN = 30
UNTAKEN_AFTER = timedelta(seconds=30)
DELIVERED = gettext_lazy("Storing in the archive")


@dataclass(frozen=True)
class Work:
    """One line: what is done, for which study, how far it is, and what the person may do about it.

    `study` is None where it is none, or none that the person may see: `hidden` tells these apart.
    """

    id: UUID
    kind: str
    title: str
    state: str
    study: Study | None
    hidden: bool
    done: int
    total: int | None
    words: str
    by: Any
    since: datetime
    ended: datetime | None
    may_cancel: bool = False
    may_retry: bool = False

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        return round(100 * self.done / self.total) if self.total else 0

    @property
    def age(self) -> str:
        """How long ago it ended, or since when it is wanted, in words."""
        if timezone.now() - (self.ended or self.since) < timedelta(minutes=1):
            return _("just now")
        if self.ended is not None:
            return _("{age} ago").format(age=timesince(self.ended))
        return _("for {age}").format(age=timesince(self.since))

    def json(self) -> dict[str, Any]:
        """The line as JSON."""
        study = self.study
        return {
            "id": str(self.id),
            "kind": self.kind,
            "title": self.title,
            "state": self.state,
            "study": {"archive": study.archive.name, "study": study.uid} if study is not None else None,
            "done": self.done,
            "total": self.total,
            "words": self.words,
            "by": {"id": self.by.pk, "name": name_of(self.by)} if self.by is not None else None,
            "since": self.since.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "may_cancel": self.may_cancel,
            "may_retry": self.may_retry,
        }


def name_of(user: Any) -> str:
    """Return how a person is called on pages."""
    return str(user.get_full_name() or user.get_username()) if user is not None else ""


def visible(user: Any) -> list[Work]:
    """Return the person's own jobs and those of studies that they may see, unfinished ones first, newest first."""
    return _works(user, _told(visible_jobs(user)))


def outbox(user: Any) -> list[Work]:
    """Return the objects that wait or have failed, of studies that the person may see."""
    items = OutboxItem.objects.filter(study__in=access.visible_studies(user)).exclude(state=OutboxItem.State.STORED)
    rows = list(items.select_related("study__archive", "wanted_by").order_by("created")[:200])
    markable = access.visible_studies(user, "mark").filter(pk__in={row.study_id for row in rows})
    may_mark = set(markable.values_list("pk", flat=True))
    return [_item(item, may_retry=item.wanted_by_id == user.pk or item.study_id in may_mark) for item in rows]


def page(user: Any) -> dict[str, Any]:
    """Return what the page of jobs shows: of other people's studies only that something is done for one."""
    works = _works(user, _told(Job.objects.all()))
    sending = outbox(user)
    return {
        "running": [each for each in works if each.state == Job.State.IN_PROGRESS],
        "waiting": [each for each in works if each.state == Job.State.SCHEDULED],
        "ended": [each for each in works if each.ended is not None and not each.hidden][:ENDED_SHOWN],
        "sending": [each for each in sending if each.state == OutboxItem.State.WAITING],
        "failed": [each for each in sending if each.state == OutboxItem.State.FAILED],
        "untaken": untaken(),
    }


def under_way(user: Any) -> int:
    """Return how many jobs run or wait that the person may know of, for a quiet line elsewhere."""
    quiet = [kind.name for kind in jobs.registry.values() if kind.quiet]
    unfinished = visible_jobs(user).filter(state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS))
    return unfinished.exclude(kind__in=quiet).count() + len(outbox(user))


def _told(rows: Any) -> list[Job]:
    quiet = [kind.name for kind in jobs.registry.values() if kind.quiet]
    told = rows.exclude(kind__in=quiet).select_related("study__archive", "wanted_by", "canceled_by")
    unfinished = Q(state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS))
    failed = rows.filter(kind__in=quiet, state=Job.State.CANCELED, canceled_by=None).exclude(kind="store")
    return [
        *told.filter(unfinished).order_by("created")[:200],
        *(told.exclude(unfinished) | failed.select_related("study__archive", "wanted_by", "canceled_by")).order_by(
            "-ended"
        )[: 3 * ENDED_SHOWN],
    ]


def _works(user: Any, rows: list[Job]) -> list[Work]:
    studies = access.visible_studies(user).filter(pk__in={job.study_id for job in rows})
    seen = set(studies.values_list("pk", flat=True))
    return [_work(user, job, sees_study=job.study_id in seen) for job in rows]


def _work(user: Any, job: Job, *, sees_study: bool) -> Work:
    known = jobs.registry.get(job.kind)
    mine = sees_study or job.wanted_by_id == user.pk
    may = mine and may_change(user, job)
    unfinished = job.state in (Job.State.SCHEDULED, Job.State.IN_PROGRESS)
    shown = job.study if sees_study else None
    return Work(
        id=job.pk,
        kind=job.kind,
        title=translated(known.title) if known is not None else job.kind,
        state=job.state,
        study=shown,
        hidden=job.study is not None and shown is None,
        done=job.done,
        total=job.total,
        words=_words(job) if mine else "",
        by=job.wanted_by if mine else None,
        since=job.created,
        ended=job.ended,
        may_cancel=may and unfinished and not job.cancel_requested,
        may_retry=may and (job.state == Job.State.CANCELED or (job.not_before is not None and unfinished)),
    )


def _words(job: Job) -> str:
    if job.cancel_requested:
        if job.state == Job.State.IN_PROGRESS:
            return _("ends at its next step")
        return _("canceled by {name}").format(name=name_of(job.canceled_by)) if job.canceled_by else _("canceled")
    return translated(job.words)


def _item(item: OutboxItem, *, may_retry: bool) -> Work:
    return Work(
        id=item.pk,
        kind="outbox",
        title=str(DELIVERED),
        state=item.state,
        study=item.study,
        hidden=False,
        done=0,
        total=None,
        words=translated(item.words),
        by=item.wanted_by,
        since=item.created,
        ended=None,
        may_retry=may_retry and (item.state == OutboxItem.State.FAILED or item.next_try is not None),
    )


def untaken() -> bool:
    """Say whether jobs wait although nobody seems to run any."""
    if settings.BROKER_URL is None:
        return False
    ago = timezone.now() - UNTAKEN_AFTER
    due = Q(not_before__isnull=True) | Q(not_before__lt=ago)
    waits = Job.objects.filter(due, state=Job.State.SCHEDULED, created__lt=ago).exists()
    return waits and not Job.objects.filter(heartbeat__gt=ago).exists()

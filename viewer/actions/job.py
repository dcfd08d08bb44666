"""What people do with jobs: cancel one, try one again."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from viewer import access, audit, jobs
from viewer.models import Job

UNFINISHED = (Job.State.SCHEDULED, Job.State.IN_PROGRESS)


def visible_jobs(user: Any) -> QuerySet[Job]:
    """Return the jobs that `user` may know: their own, and those of studies that they may see."""
    if not (user.is_authenticated and user.is_active):
        return Job.objects.none()
    return Job.objects.filter(Q(wanted_by=user) | Q(study__in=access.visible_studies(user)))


def visible_job(user: Any, key: UUID) -> Job:
    """Return a job that `user` may know; raises Http404."""
    row = visible_jobs(user).filter(pk=key).select_related("study").first()
    if row is None:
        raise Http404("no such job")
    return row


def may_change(user: Any, job: Job) -> bool:
    """Say whether a person may cancel a job that they may see, or have it tried again: theirs, or nobody's own."""
    known = jobs.registry.get(job.kind)
    return known is not None and known.cancelable and job.wanted_by_id in (None, user.pk)


@transaction.atomic
def cancel(user: Any, job: Job) -> Job:
    """Have the job end at its next step, or at once if nobody has taken it; raises Http404. Ended ones stay so."""
    _require(user, job)
    asked = {"cancel_requested": True, "canceled_by": user}
    same = Job.objects.filter(pk=job.pk, cancel_requested=False)
    ended = {"state": Job.State.CANCELED, "words": "", "ended": timezone.now()}
    if same.filter(state=Job.State.SCHEDULED).update(**asked, **ended) or same.filter(
        state=Job.State.IN_PROGRESS
    ).update(**asked):
        _record(user, job, audit.Subtype.JOB_CANCELED)
        jobs.tell(job.pk)
    job.refresh_from_db()
    return job


@transaction.atomic
def again(user: Any, job: Job) -> Job:
    """Want the work of a canceled or failed job once more, at once; raises Http404."""
    _require(user, job)
    if job.state == Job.State.SCHEDULED:
        jobs.hurry(job)
        return job
    if job.state != Job.State.CANCELED:
        return job
    _record(user, job, audit.Subtype.JOB_WANTED)
    return jobs.want(job.kind, key=job.key, study=job.study, by=user, **job.arguments)


def _require(user: Any, job: Job) -> None:
    visible_job(user, job.pk)
    if not may_change(user, job):
        raise Http404("no such job")


def _record(user: Any, job: Job, subtype: audit.Subtype) -> None:
    detail = {"job": str(job.pk), "kind": job.kind}
    audit.record(user, audit.Event.APPLICATION_ACTIVITY, subtype=subtype, study=job.study, detail=detail)

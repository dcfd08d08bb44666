"""Reading tasks: claimed by one, given back, finished; a claim without a hand ends by itself."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, audit, live, seen
from viewer.models import Study
from viewer.rounds import Rounds
from viewer.views import modalities
from worklist import prefetch
from worklist.models import ReadingTask

IDLE = timedelta(minutes=30)  # without a hand on the exam
GRACE = timedelta(seconds=15)  # after the page was left: a reload keeps the claim
SWEEP_EVERY = 5.0  # seconds
RECENT = timedelta(days=7)  # older studies are history, not work
State = ReadingTask.State


class Refused(Exception):
    """The task isn't in the state that this needs; `task` says what it is now, `words` why not."""

    def __init__(self, task: ReadingTask | None, words: str) -> None:
        super().__init__(words)
        self.task = task
        self.words = words


def claim(user: Any, study: Study) -> ReadingTask:
    """Take the exam for reading; of several who try, one gets it. Raises Http404, and Refused for all others.

    An exam without a task gets one; whoever has it already keeps it.
    """
    return _take(user, study, free_for=lambda now: _free(now) | Q(state=State.CLAIMED, reader=user), what="claimed")


def take_over(user: Any, study: Study) -> ReadingTask:
    """Take the exam from whoever reads it, or from nobody; their page is told at once. Raises Http404 and Refused."""
    return _take(user, study, free_for=lambda now: _free(now) | Q(state=State.CLAIMED), what="taken over")


def reopen(user: Any, study: Study) -> ReadingTask:
    """Take up a finished exam again, as its reader; raises Http404 and Refused."""
    return _take(user, study, free_for=lambda now: Q(state=State.DONE), what="reopened")


def give_back(user: Any, study: Study) -> ReadingTask:
    """Put one's own exam back among the unread ones; raises Http404, and Refused when it isn't one's own."""
    return _let_go(user, study, "given back", state=State.UNREAD, reader=None, claimed_at=None, active_until=None)


@transaction.atomic
def finish(user: Any, study: Study, shown: str | None = None) -> ReadingTask:
    """Say that one's own exam is read; raises Http404, and Refused when it isn't one's own.

    `shown` is what the page has shown of it (viewer.seen): refused where the exam holds something else by now.
    """
    access.require(user, "view", study)
    held = seen.contents(Study.objects.select_related("patient").get(pk=study.pk))
    if shown is not None and shown != held and mine(user).filter(study=study).exists():
        raise Refused(of(study), _("This exam has changed since you opened it. Look at what is new, then finish it."))
    done = {"state": State.DONE, "finished_at": timezone.now(), "active_until": None, "read_contents": shown or held}
    return _let_go(user, study, "finished", **done)


@transaction.atomic
def active(user: Any, study: Study) -> ReadingTask | None:
    """Note that a hand moves on the exam: one's own claim lasts another 30 minutes. Raises Http404.

    Written every minute or so, so it leaves no audit row and tells nobody. Returns the task as it is now.
    """
    access.require(user, "view", study)
    mine(user).filter(study=study).update(active_until=timezone.now() + IDLE)
    return of(study)


@transaction.atomic
def close(user: Any, study: Study) -> ReadingTask | None:
    """Note that the page was left: one's own claim ends in 15 seconds unless another page says `active`.

    Raises Http404. Returns the task as it is now.
    """
    access.require(user, "view", study)
    soon = timezone.now() + GRACE
    later = Q(active_until__gt=soon) | Q(active_until__isnull=True)
    if mine(user).filter(later, study=study).update(active_until=soon):
        live.publish(study.topic, {"changed": "reading"})  # a second page of the same reader holds on to it
    return of(study)


def of(study: Study) -> ReadingTask | None:
    """Return the task of a study, with its reader."""
    return ReadingTask.objects.filter(study=study).select_related("reader").first()


def mine(user: Any) -> QuerySet[ReadingTask]:
    """Return the tasks that `user` has claimed."""
    return ReadingTask.objects.filter(state=State.CLAIMED, reader=user)


def end_expired() -> int:
    """End the claims whose time is over; return how many. Safe in any number of processes at once."""
    ended = 0
    for task in ReadingTask.objects.filter(_expired()).select_related("study", "study__patient", "reader"):
        with transaction.atomic():
            # Asked again in the update: a hand may have moved, or another process was quicker.
            still = ReadingTask.objects.filter(_expired(), pk=task.pk, reader=task.reader)
            if still.update(state=State.UNREAD, reader=None, claimed_at=None, active_until=None):
                _record(None, task.study, "ended", task.reader)
                ended += 1
    return ended


def sweeper() -> Rounds:
    """Return what ends them every few seconds; any number of processes may run one."""
    return Rounds("claims", SWEEP_EVERY, end_expired, trouble="claims can't be ended")


def expect(studies: Iterable[Study]) -> None:
    """Make a task for each study that comes new and was taken of a person within the last 7 days; call in a
    transaction."""
    since = timezone.localdate() - RECENT
    ReadingTask.objects.bulk_create(
        [
            ReadingTask(study=study)
            for study in studies
            if study.study_date is not None
            and study.study_date >= since
            and not study.quality_control
            and modalities.has_images(study.modalities)
        ],
        ignore_conflicts=True,
    )
    prefetch.want_top()


def _free(now: Any) -> Q:
    return Q(state=State.UNREAD) | Q(state=State.CLAIMED, active_until__lt=now)


def _expired() -> Q:
    return Q(state=State.CLAIMED, active_until__lt=timezone.now())


@transaction.atomic
def _take(user: Any, study: Study, *, free_for: Any, what: str) -> ReadingTask:
    access.require(user, "read", study)
    now = timezone.now()
    task, _made = ReadingTask.objects.select_related("reader").get_or_create(study=study)
    before = task.reader if task.state == State.CLAIMED else None
    if before == user and before is not None:
        mine(user).filter(pk=task.pk).update(active_until=now + IDLE)
        task.refresh_from_db()
        if task.state == State.CLAIMED and task.reader == user:
            return task
    taken = ReadingTask.objects.filter(free_for(now), pk=task.pk).update(
        state=State.CLAIMED, reader=user, claimed_at=now, active_until=now + IDLE, finished_at=None
    )
    task = ReadingTask.objects.select_related("reader").get(pk=task.pk)
    if not taken:
        raise Refused(task, _why_not(task))
    _record(user, study, what, before)
    return task


@transaction.atomic
def _let_go(user: Any, study: Study, what: str, **changes: Any) -> ReadingTask:
    access.require(user, "view", study)
    if not mine(user).filter(study=study).update(**changes):
        task = of(study)
        raise Refused(task, _why_not(task))
    _record(user, study, what)
    return ReadingTask.objects.select_related("reader").get(study=study)


def _why_not(task: ReadingTask | None) -> str:
    name = display(task.reader) if task is not None and task.reader is not None else ""
    if task is not None and task.state == State.CLAIMED:
        return _("%(name)s reads this exam.") % {"name": name}
    if task is not None and task.state == State.DONE:
        return _("This exam has been read by %(name)s.") % {"name": name} if name else _("This exam has been read.")
    return _("You are not reading this exam.")


def display(person: Any) -> str:
    """Return how colleagues call a person."""
    return str(person.get_full_name() or person.get_username())


def _record(user: Any, study: Study, what: str, before: Any = None) -> None:
    detail = {"what": what} | ({"from": before.get_username()} if before is not None and before != user else {})
    audit.record(
        user, audit.Event.APPLICATION_ACTIVITY, subtype=audit.Subtype.READING_CHANGED, study=study, detail=detail
    )
    live.publish("list", {"changed": "reading"})
    live.publish(study.topic, {"changed": "reading"})
    prefetch.want_top()

"""Jobs: rows in the states of a Unified Procedure Step, taken by exactly one runner at a time, safe to run twice."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import Error, IntegrityError, close_old_connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from viewer import live
from viewer.imaging.words import gettext_noop
from viewer.models import Job, Study

logger = logging.getLogger(__name__)

ATTEMPTS = 5
BACKOFF = (2.0, 10.0, 60.0, 300.0)  # seconds before the second, third … attempt
HEARTBEAT_EVERY = 2.0  # seconds
DEAD_AFTER = 10.0  # seconds without a heartbeat
NOT_TAKEN_AFTER = 5.0  # seconds after which an id that nobody has taken is sent once more
SENT_AGAIN_EVERY = 30.0  # seconds: a long queue isn't filled with the same ids
PROGRESS_EVERY = 0.5  # seconds
KEPT_FOR = timedelta(days=14)
WENT_WRONG = gettext_noop("it failed for a reason that the server's log tells")
UNKNOWN_KIND = gettext_noop("this version of Samsyn doesn't know such work")


class Canceled(Exception):
    """Somebody has canceled the job: raised out of Running.progress."""


class Lost(Exception):
    """Another runner has the job now: raised out of Running.progress."""


class Stopping(Exception):
    """The process ends: raised out of Running.progress; the next one takes the job up."""


class Failed(Exception):
    """The job can't be done, now or later; `words` says why, without names."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Later(Exception):
    """The job must wait: it is run again after `seconds`, which doesn't count as a failed attempt."""

    def __init__(self, seconds: float, words: str) -> None:
        super().__init__(words)
        self.seconds = seconds
        self.words = words


@dataclass(frozen=True)
class Kind:
    """What is done for jobs of one name."""

    name: str
    title: str
    run: "Callable[[Running], None]"
    cancelable: bool = True
    places: threading.Semaphore | None = None
    quiet: bool = False
    bulk: bool = False


registry: dict[str, Kind] = {}
chores: list[Callable[[], None]] = []
stopping = threading.Event()  # set while this process ends: jobs hear of it at their next progress
_under_way: set[UUID] = set()
# Carries a job's id to the runners; without one, the sweeper of whoever runs jobs finds the row.
_courier: list[Callable[[UUID, bool], None]] = []


def kind(
    name: str,
    title: str = "",
    *,
    cancelable: bool = True,
    at_once: int | None = None,
    quiet: bool = False,
    bulk: bool = False,
) -> "Callable[[Callable[[Running], None]], Callable[[Running], None]]":
    """Register a function for the jobs called `name`; `title` is what people read, through gettext_noop.

    It must bear being run twice, and run outside a transaction. Failed ends the job, Later puts it off,
    any other exception is tried again, five times in all. No process runs more than `at_once` of them.
    People aren't told of `quiet` ones unless they fail; those in `bulk` never keep others waiting.
    """

    def register(run: "Callable[[Running], None]") -> "Callable[[Running], None]":
        places = threading.Semaphore(at_once) if at_once else None
        registry[name] = Kind(name, title or name, run, cancelable, places, quiet, bulk)
        return run

    return register


def carry_with(courier: Callable[[UUID, bool], None] | None) -> None:
    """Say who brings ids (and whether they come in bulk) to the runners; it must neither wait nor raise."""
    _courier[:] = [] if courier is None else [courier]


def want(kind: str, *, key: str = "", study: Study | None = None, by: Any = None, **arguments: Any) -> Job:
    """Write down a job in the caller's transaction; a runner hears of it after the commit.

    The unfinished job of that kind and key is returned if there is one. `arguments` must fit into JSON.
    """
    unfinished = Job.objects.filter(kind=kind, key=key, state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS))
    if key and (present := unfinished.first()):
        return present
    person = by if by is not None and by.is_authenticated else None
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, key=key, study=study, wanted_by=person, arguments=arguments, sent=timezone.now()
            )
    except IntegrityError:
        if key and (present := unfinished.first()):
            return present
        raise
    transaction.on_commit(lambda: send(job.pk, kind))
    tell(job.pk)
    return job


def send(job: UUID, kind: str) -> None:
    """Bring the id of a job to the runners, if this process knows any."""
    for courier in _courier:
        courier(job, kind in registry and registry[kind].bulk)


def tell(job: UUID) -> None:
    """Let pages know that a job's row has changed."""
    live.publish("jobs", {"job": str(job)})


class Running:
    """A job in the hands of its runner."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.arguments: dict[str, Any] = job.arguments
        self.study: Study | None = job.study
        self.user: Any = job.wanted_by
        self.words = ""  # what the row says when the job is done
        self._told = 0.0
        self._over = threading.Event()
        self._lost = False

    @property
    def mine(self) -> QuerySet[Job]:
        """The row, as long as it is ours."""
        return Job.objects.filter(pk=self.job.pk, runner=self.job.runner, state=Job.State.IN_PROGRESS)

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far the work is; raises Canceled, Lost or Stopping.

        Call it often: it writes twice a second at most. Not inside a transaction: pages read what it writes.
        """
        if stopping.is_set():
            raise Stopping
        if self._lost:
            raise Lost
        now = time.monotonic()
        if now - self._told < PROGRESS_EVERY and (total is None or done < total):
            return
        self._told = now
        row = self.mine.values_list("cancel_requested", flat=True).first()
        if row is None:
            raise Lost
        if row:
            raise Canceled
        self.job.done, self.job.total = done, total
        if not self.mine.update(done=done, total=total, heartbeat=timezone.now()):
            raise Lost
        tell(self.job.pk)

    def check(self) -> None:
        """Raise Canceled, Lost or Stopping if there is reason to."""
        self.progress(self.job.done, self.job.total)

    def beat(self) -> None:
        """Say every two seconds that the runner is alive, until the job is over; runs in its own thread."""
        while not self._over.wait(HEARTBEAT_EVERY):
            try:
                self._lost = not self.mine.update(heartbeat=timezone.now())
            except Error as error:
                logger.warning("job %s: no heartbeat: %s", self.job.pk, type(error).__name__)
                close_old_connections()
        close_old_connections()

    def end(self) -> None:
        """Let the heart stop."""
        self._over.set()


def take(job: UUID) -> Running | None:
    """Make the job ours, or return None: it is done, another has it, or its time hasn't come."""
    now = timezone.now()
    name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    free = Job.objects.filter(_due(now), pk=job, state=Job.State.SCHEDULED)
    taken = free.update(
        state=Job.State.IN_PROGRESS, runner=name, begun=now, heartbeat=now, attempts=F("attempts") + 1, not_before=None
    )
    if not taken:
        return None
    tell(job)
    return Running(Job.objects.select_related("study__archive", "wanted_by").get(pk=job))


def run(job: UUID) -> bool:
    """Run the job in this thread if it can be taken; return whether it was. Raises nothing of the job's own."""
    name = Job.objects.filter(pk=job).values_list("kind", flat=True).first() or ""
    places = registry[name].places if name in registry else None
    if places is None:
        return _taken_and_run(job)
    if not places.acquire(blocking=False):
        return False  # whoever is done first goes on with it
    try:
        ran = _taken_and_run(job)
    finally:
        places.release()
    following = Job.objects.filter(_due(timezone.now()), kind=name, state=Job.State.SCHEDULED).order_by("created")
    if ran and (pk := following.values_list("pk", flat=True).first()):
        send(pk, name)
    return ran


def _taken_and_run(job: UUID) -> bool:
    running = take(job)
    if running is None:
        return False
    heart = threading.Thread(target=running.beat, name=f"heart of {job}", daemon=True)
    heart.start()
    _under_way.add(job)
    try:
        _run(running)
    finally:
        _under_way.discard(job)
        running.end()
    return True


def under_way() -> int:
    """Return how many jobs run in this process."""
    return len(_under_way)


def _run(running: Running) -> None:
    job = running.job
    try:
        known = registry.get(job.kind)
        if known is None:
            raise Failed(UNKNOWN_KIND)
        if job.cancel_requested:
            raise Canceled
        known.run(running)
    except Canceled:
        _close(running, Job.State.CANCELED)
    except Lost:
        logger.warning("job %s has another runner; this one stops", job.pk)
    except Stopping:
        _put_off(running, 0, job.words, attempts=job.attempts - 1)
    except Failed as error:
        _close(running, Job.State.CANCELED, error.words)
    except Later as error:
        _put_off(running, error.seconds, error.words, attempts=job.attempts - 1)
    except Exception as error:
        logger.exception("job %s (%s) failed at attempt %d", job.pk, job.kind, job.attempts)
        words = getattr(error, "words", "") or WENT_WRONG
        if job.attempts >= ATTEMPTS:
            _close(running, Job.State.CANCELED, words)
        else:
            _put_off(running, BACKOFF[min(job.attempts, len(BACKOFF)) - 1], words)
    else:
        _close(running, Job.State.COMPLETED, running.words)


def _close(running: Running, state: str, words: str = "") -> None:
    done = {"done": running.job.total} if state == Job.State.COMPLETED and running.job.total else {}
    if running.mine.update(state=state, words=words, ended=timezone.now(), **done):
        tell(running.job.pk)


def _put_off(running: Running, seconds: float, words: str, **more: Any) -> None:
    due = timezone.now() + timedelta(seconds=seconds)
    if running.mine.filter(cancel_requested=True).exists():
        _close(running, Job.State.CANCELED)
    elif running.mine.update(state=Job.State.SCHEDULED, words=words, runner="", sent=None, not_before=due, **more):
        tell(running.job.pk)


def _due(now: Any) -> Q:
    return Q(not_before__isnull=True) | Q(not_before__lte=now)


def sweep(*, dead_after: float = DEAD_AFTER) -> int:
    """Send what nobody has taken and what lost its runner to the runners again; return how many."""
    now = timezone.now()
    before = now - timedelta(seconds=dead_after)
    for job in Job.objects.filter(state=Job.State.IN_PROGRESS, heartbeat__lt=before):
        _release(job)
    quiet, long_quiet = now - timedelta(seconds=NOT_TAKEN_AFTER), now - timedelta(seconds=SENT_AGAIN_EVERY)
    first = Q(sent__lt=quiet, sent__lte=F("created") + timedelta(seconds=1))
    unheard = Q(sent__isnull=True) | first | Q(sent__lt=long_quiet)
    again = 0
    left = Job.objects.filter(_due(now), unheard, state=Job.State.SCHEDULED).order_by("created")
    for pk, kind, sent in left.values_list("pk", "kind", "sent")[:500]:
        if Job.objects.filter(pk=pk, state=Job.State.SCHEDULED, sent=sent).update(sent=now):  # one sweeper of several
            send(pk, kind)
            again += 1
    return again


def _release(job: Job) -> None:
    """Take a job from a runner that shows no life."""
    held = Job.objects.filter(pk=job.pk, state=Job.State.IN_PROGRESS, runner=job.runner, heartbeat=job.heartbeat)
    if job.cancel_requested:
        released = held.update(state=Job.State.CANCELED, ended=timezone.now())
    elif job.attempts >= ATTEMPTS:
        words = gettext_noop("its runner ended without a word, {count} times", count=job.attempts)
        released = held.update(state=Job.State.CANCELED, ended=timezone.now(), words=words)
    else:
        released = held.update(state=Job.State.SCHEDULED, runner="", sent=None)
    if released:
        logger.warning("job %s (%s) lost its runner", job.pk, job.kind)
        tell(job.pk)


def housekeeping(chore: Callable[[], None]) -> Callable[[], None]:
    """Have `chore` done once a minute by whoever runs jobs; several may do it at once."""
    chores.append(chore)
    return chore


def hurry(job: Job) -> None:
    """Run a scheduled job now, whatever it waits for."""
    if Job.objects.filter(pk=job.pk, state=Job.State.SCHEDULED).update(not_before=None, sent=timezone.now()):
        transaction.on_commit(lambda: send(job.pk, job.kind))
        tell(job.pk)


@housekeeping
def forget_old() -> None:
    """Remove the rows of jobs that ended two weeks ago."""
    Job.objects.filter(ended__lt=timezone.now() - KEPT_FOR).delete()


def work_off(limit: int = 1000) -> int:
    """Run every job that is due, in this thread, as a runner would; return how many ran. For tests and commands."""
    ran = 0
    while ran < limit:
        job = Job.objects.filter(_due(timezone.now()), state=Job.State.SCHEDULED).order_by("created").first()
        if job is None or not run(job.pk):
            break
        ran += 1
    return ran

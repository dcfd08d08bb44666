"""The rows of the list: everything that one line shows, from a few queries for the whole page."""

import datetime
import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging import unread
from messaging.unread import Talk
from viewer import access, names, seen
from viewer.imaging.when import days_between, in_order, is_earlier
from viewer.models import Patient, Study
from viewer.views import modalities
from worklist.lookalikes import PREFIX, Named, lookalikes, told_by_birth_date
from worklist.models import Priority, ReadingTask, Request
from worklist.views.due import Due, apart, due

MOST_ALIKE = 5000  # patients whose names are compared letter by letter


@dataclass(frozen=True)
class Row:
    """One exam of the list."""

    study: Study
    task: ReadingTask | None
    due: Due | None
    question: str
    place: str
    modalities: str
    taken: str
    priors: int
    last_prior: str
    may_read: bool
    talk: Talk | None
    other_year: bool  # taken in another year than this one
    changed_since: bool  # it was read, and holds something else by now
    alike: str  # what tells the patient from others with nearly the same name; empty without such

    @property
    def priority(self) -> str:
        """Return `stat`, `urgent` or nothing: only what differs from the ordinary is said."""
        ordinary = self.task is None or self.task.priority == Priority.ROUTINE
        return "" if ordinary or self.task is None else self.task.priority


def rows(user: Any, studies: Sequence[Study], now: datetime.datetime | None = None) -> list[Row]:
    """Return the rows of one page of `studies`, in their order."""
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    requests = {request.study_id: request for request in Request.objects.filter(study__in=studies)}
    tasks = {task.study_id: task for task in ReadingTask.objects.filter(study__in=studies).select_related("reader")}
    readable = set(
        access.visible_studies(user, "read").filter(pk__in=[study.pk for study in studies]).values_list("pk", flat=True)
    )
    talks = unread.of_studies(user, studies)
    alike = marks(user, studies)
    earlier = priors(user, studies)
    read = {pk: task.read_contents for pk, task in tasks.items() if task.state == ReadingTask.State.DONE}
    held = seen.contents_of(study for study in studies if read.get(study.pk))
    found = []
    for study in studies:
        request, task = requests.get(study.pk), tasks.get(study.pk)
        before = earlier[study.pk]
        found.append(
            Row(
                study=study,
                task=task,
                due=due(task.due_at, task.requested_at, moment, stat=task.priority == Priority.STAT)
                if task and task.state != ReadingTask.State.DONE
                else None,
                question=first_line(request.clinical_question) if request else "",
                place=(request.ward if request else "") or study.institution,
                modalities=modalities.shown(study.modalities),
                taken=taken(study, today),
                other_year=study.study_date is not None and study.study_date.year != today.year,
                talk=talks.get(study.pk),
                priors=len(before),
                last_prior=_last(study, before),
                may_read=study.pk in readable,
                changed_since=study.pk in held and held[study.pk] != read[study.pk],
                alike=alike.get(study.patient.key, ""),
            )
        )
    return found


def named(key: str, name: str, birth_date: datetime.date | None) -> Named:
    """Return a patient with folded family and given name, of the first component group that has one."""
    group = next(filter(None, name.split("=")), "")
    family, _caret, rest = group.partition("^")
    return Named(key, _folded(family), _folded(rest.partition("^")[0]), birth_date)


@functools.lru_cache(maxsize=20_000)
def _folded(name: str) -> str:
    return names.fold(name)


def marks(user: Any, studies: Sequence[Study]) -> dict[str, str]:
    """Return, by patient key, what tells whoever has a lookalike whom `user` may see: birth date, ID, or its issuer."""
    people = {
        study.patient.key: named(study.patient.key, study.PatientName, study.PatientBirthDate) for study in studies
    }
    ids = {study.patient.key: study.PatientID for study in studies}
    found = lookalikes(people.values(), _neighbours(user, people.values()))
    others = {one.key for alike in found.values() for one in alike}
    ids_of_others = dict(Patient.objects.filter(key__in=others).values_list("key", "patient_id"))
    issuers = {study.patient.key: study.patient.issuer for study in studies}
    made = {}
    for key, alike in found.items():
        if told_by_birth_date(people[key], alike):
            made[key] = _("born %(date)s") % {"date": people[key].birth_date}
        elif ids[key] and ids[key] in {ids_of_others.get(one.key) for one in alike}:
            made[key] = _("from %(issuer)s") % {"issuer": issuers[key].removeprefix("@")}
        else:
            made[key] = _("ID %(id)s") % {"id": ids[key]} if ids[key] else _("No patient ID")
    return made


def _neighbours(user: Any, people: Iterable[Named]) -> list[Named]:
    """Return the patients whom `user` may see and whose names begin like one of `people`'s."""
    condition = Q()
    for family, given in {(one.beginning, one.given[:PREFIX]) for one in people if one.family}:
        begin = f" {family}"
        # A range, since SQLite takes no index for LIKE; PostgreSQL takes one for LIKE alone.
        within = (
            Q(fold__startswith=begin)
            if connection.vendor == "postgresql"
            else Q(fold__gte=begin, fold__lt=f"{begin}\U0010ffff")
        )
        condition |= within & Q(fold__contains=f" {given}") if given else within
    if not condition:
        return []
    found = Patient.objects.filter(condition).values_list("pk", "key", "name", "birth_date")[:MOST_ALIKE]
    near = {pk: (key, name, birth_date) for pk, key, name, birth_date in found}
    seen = access.visible_studies(user).filter(patient__in=near).values_list("patient_id", flat=True)
    return [named(*near[pk]) for pk in set(seen)]


def priors(user: Any, studies: Sequence[Study]) -> dict[int, list[Study]]:
    """Return, for each study, the same patient's earlier ones with images that `user` may see, newest first."""
    patients = {study.patient_id for study in studies}
    others = access.visible_studies(user).filter(patient__in=patients, study_datetime__isnull=False)
    of_patient: dict[int, list[Study]] = defaultdict(list)
    dated = others.order_by("pk").only(
        "pk", "patient_id", "study_date", "study_time", "study_date_written", "timezone_offset", "modalities"
    )
    for other in in_order(dated, lambda each: each.when)[::-1]:
        if modalities.has_images(other.modalities):
            of_patient[other.patient_id].append(other)
    return {
        study.pk: [other for other in of_patient[study.patient_id] if is_earlier(other.when, study.when)]
        for study in studies
    }


def _last(study: Study, before: Sequence[Study]) -> str:
    days = days_between(before[0].when, study.when) if before else None
    if days is None:
        return ""
    return _("same day") if days == 0 else _("last %(apart)s") % {"apart": apart(days)}


def taken(study: Study, today: datetime.date) -> str:
    """Return when the images were taken: the time of day for today's, month and day for this year's, else the date."""
    if study.study_date is None:
        return "–"
    if study.study_date == today and study.study_time is not None:
        return study.study_time.strftime("%H:%M")
    return f"{study.study_date:%m-%d}" if study.study_date.year == today.year else study.study_date.isoformat()


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")

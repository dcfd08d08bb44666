"""The rows of the list: everything that one line shows, from a few queries for the whole page."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, names
from viewer.models import Study
from viewer.views import modalities
from worklist.lookalikes import Named, lookalikes
from worklist.models import Priority, ReadingTask, Request
from worklist.views.due import Due, apart, due


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
    alike: bool

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
    alike = lookalikes(named(study) for study in studies)
    earlier = priors(user, studies)
    found = []
    for study in studies:
        request, task = requests.get(study.pk), tasks.get(study.pk)
        before = earlier[study.pk]
        found.append(
            Row(
                study=study,
                task=task,
                due=due(task.due_at, task.requested_at, moment)
                if task and task.state != ReadingTask.State.DONE
                else None,
                question=first_line(request.clinical_question) if request else "",
                place=(request.ward if request else "") or study.institution,
                modalities=modalities.shown(study.modalities),
                taken=taken(study, today),
                priors=len(before),
                last_prior=_last(study, before),
                alike=study.patient.key in alike,
            )
        )
    return found


def named(study: Study) -> Named:
    """Return the folded family and given name of a study's patient, of the first component group that has one."""
    group = next(filter(None, study.PatientName.split("=")), "")
    family, _caret, rest = group.partition("^")
    return Named(study.patient.key, names.fold(family), names.fold(rest.partition("^")[0]))


def priors(user: Any, studies: Sequence[Study]) -> dict[int, list[Study]]:
    """Return, for each study, the same patient's earlier ones that `user` may see, newest first."""
    patients = {study.patient_id for study in studies}
    others = access.visible_studies(user).filter(patient__in=patients, study_datetime__isnull=False)
    of_patient: dict[int, list[Study]] = defaultdict(list)
    for other in others.order_by("-study_datetime").only("pk", "patient_id", "study_date", "study_datetime"):
        of_patient[other.patient_id].append(other)
    return {
        study.pk: [
            other
            for other in of_patient[study.patient_id]
            if study.study_datetime and other.study_datetime and other.study_datetime < study.study_datetime
        ]
        for study in studies
    }


def _last(study: Study, before: Sequence[Study]) -> str:
    if not before or study.study_date is None or before[0].study_date is None:
        return ""
    days = (study.study_date - before[0].study_date).days
    return _("same day") if days == 0 else _("last %(apart)s") % {"apart": apart(days)}


def taken(study: Study, today: datetime.date) -> str:
    """Return when the images were taken: the time of day for today's, else the date."""
    if study.study_date is None:
        return "–"
    if study.study_date == today and study.study_time is not None:
        return study.study_time.strftime("%H:%M")
    return study.study_date.isoformat()


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")

"""Requests, reading tasks and the referrer's right follow the studies into the index."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.conftest import person
from viewer import access
from viewer.models import Study
from worklist.demo import cast, story
from worklist.demo.studies import STUDIES
from worklist.models import ReadingTask, Request

NOW = timezone.now()
EXAMS = cast.exams(NOW)

pytestmark = pytest.mark.django_db


def test_a_study_that_isn_t_indexed_yet_waits() -> None:
    assert story.apply("chest-ct", NOW) is False
    assert not Request.objects.exists()


def test_request_and_task_are_told_relative_to_now(add_study: Callable[..., Study]) -> None:
    study = add_study(EXAMS["chest-ct"].study_uid)
    assert story.apply("chest-ct", NOW)
    assert "Haemoptysis" in study.request.clinical_question
    assert study.request.referrer == cast.REFERRER
    assert study.reading_task.state == ReadingTask.State.UNREAD
    assert study.reading_task.due_at - NOW == timedelta(minutes=20)
    assert study.reading_task.requested_at < NOW


def test_what_somebody_did_meanwhile_stays(add_study: Callable[..., Study]) -> None:
    study = add_study(EXAMS["chest-ct"].study_uid)
    story.apply("chest-ct", NOW)
    ReadingTask.objects.update(state=ReadingTask.State.DONE)
    story.apply("chest-ct", NOW + timedelta(days=1))
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.DONE


def test_forgetting_lets_it_be_told_anew(add_study: Callable[..., Study]) -> None:
    mine, other = add_study(EXAMS["chest-ct"].study_uid), add_study("1.2.3", patient_id="P2")
    story.apply("chest-ct", NOW)
    ReadingTask.objects.create(study=other)
    ReadingTask.objects.filter(study=mine).update(state=ReadingTask.State.DONE)
    story.forget(NOW)
    story.apply("chest-ct", NOW)
    assert ReadingTask.objects.get(study=mine).state == ReadingTask.State.UNREAD
    assert ReadingTask.objects.filter(study=other).exists()


def test_the_referrer_sees_the_main_patient_and_nobody_else(add_study: Callable[..., Study]) -> None:
    referrer = person("referrer")
    mine = add_study(EXAMS["chest-ct"].study_uid)
    add_study(EXAMS["ultrasound"].study_uid, patient_id="P2")
    for key in ("chest-ct", "ultrasound", "chest-ct"):
        story.apply(key, NOW)
    assert list(access.visible_studies(referrer)) == [mine]
    assert referrer.permits.count() == 1


def test_every_study_has_an_exam_and_every_request_a_study() -> None:
    keys = {study.key for study in STUDIES}
    assert keys == EXAMS.keys()
    assert story.ASKED.keys() <= keys


def test_two_patients_have_nearly_the_same_name_and_are_not_the_same() -> None:
    maria, marie = EXAMS["chest-ct-maria"].person, EXAMS["brain-mr-marie"].person
    assert maria.name != marie.name and maria.name[:-1] == marie.name[:-1]
    assert maria.birth_date != marie.birth_date and maria.patient_id != marie.patient_id

"""A small hospital for tests of pages: Alice reads, Bob works beside her, Charlie has no patient here."""

import datetime
import itertools
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from viewer import names, sessions
from viewer.actions.accounts import ensure_roles
from viewer.models import Archive, Patient, Series, Study
from worklist.models import ReadingTask, Request

PASSWORD = "a good long password"
_numbers = itertools.count(1)


def archive(name: str = "main", **changes: Any) -> Archive:
    """Return the row of an archive that answers."""
    defaults = {"state": Archive.State.READY, "last_sync": timezone.now()} | changes
    return Archive.objects.update_or_create(name=name, defaults=defaults)[0]


def patient(name: str = "Andersson^Anna", **changes: Any) -> Patient:
    """Return a new patient."""
    number = next(_numbers)
    given = {
        "issuer": "main", "patient_id": f"P{number}", "name": name, "fold": names.search_words(name),
        "name_order": names.order(name), "swedish_order": names.order(name, swedish=True),
        "birth_date": datetime.date(1952, 3, 4), "sex": "F",
    } | changes  # fmt: skip
    return Patient.objects.create(**given)


def study(of: Patient | None = None, *, series: int = 1, **changes: Any) -> Study:
    """Return a new CT of a patient, taken now, with its series."""
    person = of or patient()
    number = next(_numbers)
    moment = changes.pop("study_datetime", None) or timezone.now()
    day = timezone.localtime(moment)
    given = {
        "archive": changes.pop("archive", None) or archive(), "uid": f"1.2.840.99.{number}", "patient": person,
        "PatientName": person.name, "PatientID": person.patient_id, "PatientBirthDate": person.birth_date,
        "PatientSex": person.sex, "study_datetime": moment, "study_date": day.date(),
        "study_time": day.time().replace(microsecond=0), "description": "CT thorax", "modalities": "CT",
        "instance_count": 61, "series_count": series, "accession_number": f"A{number}", "digest": "",
    } | changes  # fmt: skip
    words = (given["PatientName"], given["PatientID"], given["accession_number"], given["description"])
    made = Study.objects.create(**given, fold="".join(names.search_words(str(word)) for word in words))
    for index in range(series):
        Series.objects.create(
            study=made, uid=f"{made.uid}.{index}", number=index + 1, modality="CT", description="Axial"
        )
    return made


def task(of: Study, *, minutes: float = 60, question: str = "Nodule?", **changes: Any) -> ReadingTask:
    """Return the reading task of a study, due in some minutes, with a request that asks something."""
    now = timezone.now()
    Request.objects.create(study=of, clinical_question=question)
    given = {"due_at": now + datetime.timedelta(minutes=minutes), "requested_at": now - datetime.timedelta(hours=1)}
    return ReadingTask.objects.create(study=of, **(given | changes))


def person(username: str, role: str | None) -> Any:
    """Return a user with a role; None is somebody who works elsewhere."""
    groups = ensure_roles()
    user = get_user_model().objects.create_user(username, password=PASSWORD)
    if role is not None:
        user.groups.add(groups[role])
    else:
        user.groups.add(Group.objects.get_or_create(name="elsewhere")[0])
    return user


def client(user: Any) -> Client:
    """Return a browser in which `user` is logged in."""
    browser = Client()
    browser.force_login(user)
    session = browser.session
    sessions.begin(session)
    session.save()
    return browser


@pytest.fixture
def alice(db: None) -> Any:
    return person("alice", "radiologist")


@pytest.fixture
def bob(db: None) -> Any:
    return person("bob", "radiologist")


@pytest.fixture
def charlie(db: None) -> Any:
    return person("charlie", None)

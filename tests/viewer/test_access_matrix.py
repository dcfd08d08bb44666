"""Every route, tried by nobody, by somebody without the right, and by somebody with it.

The routes are taken from the URL resolver: one that the matrix doesn't know fails. What answers before Django, the
sockets, topics and verbs are tried in `test_access_wires.py`, Django's own pages in `test_access_admin.py`.
"""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.conftest import logged_in, person
from tests.viewer.access_matrix import DOORS, LENGTH, STATE, UNKNOWN, UNSAFE, Door, ours, rows
from viewer.actions.accounts import ensure_roles
from viewer.actions.token import issue
from viewer.models import (
    Archive,
    Calibration,
    Job,
    Measurement,
    OutboxItem,
    PresentationState,
    Registration,
    SavedSearch,
    Series,
    Study,
)

pytestmark = pytest.mark.django_db


def test_every_route_is_known_here() -> None:
    named = [route.name for _address, route in ours()]
    assert sorted(named) == sorted(DOORS)


ALL = [pytest.param(door, id=f"{name}-{door.method}") for name, doors in DOORS.items() for door in doors]
FOR_ADMINISTRATORS = [param for param in ALL if param.values[0].guards == "admin"]
BY_STUDY = [param for param in ALL if param.values[0].guards in ("study", "own")]


@pytest.fixture
def fill(study: Study, alice: User) -> Callable[[Door, bool], tuple[str, dict[str, Any]]]:
    """Write a door's address and data for Alice's own things, or for things that don't exist."""
    saved = PresentationState.objects.create(user=alice, study=study, state=filled(STATE, study.uid))
    search = SavedSearch.objects.create(user=alice, query={}, name="mine")
    mark = Measurement.objects.create(
        study=study, author=alice, space="patient", series_uid=f"{study.uid}.0", points=LENGTH["points"]
    )
    there = {"uid": study.uid, "key": study.patient.key, "state": str(saved.pk), "search": str(search.pk)}
    nowhere = {"uid": UNKNOWN, "key": "0" * 24, "state": str(uuid.uuid4()), "search": str(uuid.uuid4())}
    job = Job.objects.create(kind="prefetch", study=study, wanted_by=alice)
    item = OutboxItem.objects.create(
        archive=study.archive, study=study, sop_instance_uid="1.2.3.9", state="failed", wanted_by=alice
    )
    there |= {"job": str(job.pk), "item": str(item.pk)}
    nowhere |= {"job": str(uuid.uuid4()), "item": str(uuid.uuid4())}
    added = Archive.objects.create(name="added", location="http://127.0.0.1:2/dicom-web")
    there["archive"], nowhere["archive"] = added.name, "unheard"
    there["measurement"], nowhere["measurement"] = str(mark.pk), str(uuid.uuid4())
    known = Calibration.objects.create(
        study=study, author=alice, series_uid=f"{study.uid}.0", sop_instance_uid="1.2.3", frame=1, rows=8,
        columns=8, points=[], length=50, row=1, column=1, withdrawn=timezone.now(),
    )  # fmt: skip
    there["calibration"], nowhere["calibration"] = str(known.pk), str(uuid.uuid4())
    joined = Registration.objects.create(
        study=study, moving_study=study, method="landmarks", state="rejected", frame_of_reference="1.1",
        moving_frame_of_reference="1.2", author=alice,
    )  # fmt: skip
    there["registration"], nowhere["registration"] = str(joined.pk), str(uuid.uuid4())

    def written(door: Door, exists: bool = True) -> tuple[str, dict[str, Any]]:
        names = there if exists else nowhere
        return door.address.format(**names), filled(door.data, names["uid"])

    return written


def administrator() -> User:
    """Return somebody who runs the system."""
    user = person("the-administrator", is_staff=True)
    user.groups.add(ensure_roles()["admin"])
    return user


def entitled(door: Door, alice: User) -> User:
    """Return who may use the door."""
    return administrator() if door.guards == "admin" else alice


def filled(data: Any, uid: str) -> Any:
    if isinstance(data, dict):
        return {name: filled(value, uid) for name, value in data.items()}
    if isinstance(data, list):
        return [filled(value, uid) for value in data]
    return data.replace("{uid}", uid) if isinstance(data, str) else data


def send(client: Client, door: Door, written: tuple[str, dict[str, Any]], **more: Any) -> HttpResponse:
    address, data = written
    if door.method == "GET":
        return client.get(address)
    if door.is_api:
        return client.generic(door.method, address, json.dumps(data), "application/json", **more)
    return client.post(address, data, **more)


@pytest.mark.parametrize("door", ALL)
def test_nobody(door: Door, fill: Any, settings: Any) -> None:
    answers = [send(Client(raise_request_exception=False), door, fill(door, exists)) for exists in (True, False)]
    for answer in answers:
        if door.guards == "open":
            assert answer.status_code in door.answers
        elif door.is_api:
            assert answer.status_code == 401
        else:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("door", BY_STUDY)
def test_somebody_without_the_right_hears_what_an_unknown_thing_answers(door: Door, fill: Any, charlie: User) -> None:
    client = logged_in(charlie)
    forbidden, unknown = [send(client, door, fill(door, exists)) for exists in (True, False)]
    assert forbidden.status_code == unknown.status_code == 404
    there, nowhere = fill(door, True)[0], fill(door, False)[0]
    assert plain(forbidden, there) == plain(unknown, nowhere)


def plain(answer: HttpResponse, address: str) -> tuple[str, dict[str, str]]:
    """Return body and headers without what differs between any two answers: forms' tokens and the address itself."""
    body = answer.content.decode().replace(address.partition("?")[0], "ADDRESS")
    body = re.sub(r'((?:csrf-token" content|csrfmiddlewaretoken" value)=")[^"]+', r"\1", body)
    headers = {name.lower(): value for name, value in answer.items() if name.lower() != "content-length"}
    return body, headers


@pytest.mark.parametrize("door", ALL)
def test_somebody_with_the_right(door: Door, fill: Any, alice: User) -> None:
    for row in Study.objects.all():
        Series.objects.create(study=row, uid=f"{row.uid}.0")
    answer = send(logged_in(entitled(door, alice), raise_request_exception=False), door, fill(door))
    # Who is in already is sent on from the form.
    allowed = (302,) if (door.address, door.method) == ("/login/", "GET") else door.answers
    assert answer.status_code in allowed, answer.content[:500]


@pytest.mark.parametrize("door", [p for p in ALL if p.values[0].guards != "open"])
def test_a_right_that_is_withdrawn_is_over_at_once(door: Door, fill: Any, alice: User) -> None:
    user = entitled(door, alice)
    client = logged_in(user)
    written = fill(door)
    user.is_active = False
    user.save()
    assert send(client, door, written).status_code in (302, 401)


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("door", ALL)
def test_nothing_is_changed_without_the_forms_token(door: Door, method: str, fill: Any, alice: User) -> None:
    client = logged_in(entitled(door, alice), enforce_csrf_checks=True)
    before = rows()
    answer = client.generic(method, fill(door)[0], b"{}", "application/json")
    assert answer.status_code in (403, 404, 405)
    assert rows() == before


@pytest.mark.parametrize("door", [p for p in ALL if p.values[0].is_api and p.values[0].method != "GET"])
def test_a_token_without_write_changes_nothing(door: Door, fill: Any, alice: User, study: Study) -> None:
    Series.objects.create(study=study, uid=f"{study.uid}.0")
    reading, writing = issue(alice), issue(alice, may_write=True)
    before = rows()
    assert send(Client(), door, fill(door), HTTP_AUTHORIZATION=f"Bearer {reading}").status_code == 403
    assert rows() == before
    assert send(Client(), door, fill(door), HTTP_AUTHORIZATION=f"Bearer {writing}").status_code in door.answers


@pytest.mark.parametrize("door", [p for p in ALL if p.values[0].method == "GET"])
def test_reading_changes_nothing(door: Door, fill: Any, alice: User) -> None:
    client = logged_in(entitled(door, alice), raise_request_exception=False)
    written = fill(door)
    before = rows()
    for method in (client.get, client.head):
        method(written[0])
    assert rows() == before

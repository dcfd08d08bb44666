"""The patient's jacket: all exams in time order, doubts about identity, and nobody else's patients."""

import datetime
from typing import Any

from django.utils import timezone

from tests import hospital
from viewer.models import AuditEvent, Permit, Study
from viewer.views.timeline import LEFT, timeline


def days_ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def test_alice_and_bob_see_all_exams_newest_first_and_charlie_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    person = hospital.patient()
    for days, words in ((400, "oldest"), (1, "newest"), (90, "middle")):
        hospital.study(person, description=words, study_datetime=days_ago(days))
    page = hospital.client(alice).get(f"/patients/{person.key}/")
    text = page.content.decode()
    assert text.index(">newest<") < text.index(">middle<") < text.index(">oldest<")
    assert hospital.client(bob).get(f"/patients/{person.key}/").status_code == 200
    assert hospital.client(charlie).get(f"/patients/{person.key}/").status_code == 404
    assert AuditEvent.objects.filter(patient=person).count() == 2


def test_a_referrer_sees_only_the_exams_that_a_permit_names(charlie: Any) -> None:
    person = hospital.patient()
    mine, other = hospital.study(person, description="mine"), hospital.study(person, description="secret exam")
    Permit.objects.create(user=charlie, study=mine, actions=" view ", reason="referrer", valid_from=days_ago(1))
    text = hospital.client(charlie).get(f"/patients/{person.key}/").content.decode()
    assert "mine" in text and "secret exam" not in text and other.uid not in text


def test_a_doubtful_identity_is_said_aloud_with_the_name_as_received(alice: Any) -> None:
    person = hospital.patient("Andersson^Anna")
    hospital.study(person)
    hospital.study(person, PatientName="Berg^Bo", conflict=Study.Conflict.OTHER_PERSON)
    text = hospital.client(alice).get(f"/patients/{person.key}/").content.decode()
    assert 'role="alert"' in text and "Berg, Bo" in text


def test_the_timeline_keeps_order_and_never_draws_two_dots_of_a_lane_in_one_place() -> None:
    day = datetime.date(2026, 1, 1)
    studies = [
        Study(pk=index, study_date=day + datetime.timedelta(days=index // 3), modalities="CT" if index % 2 else "MR")
        for index in range(30)
    ]
    line = timeline(studies, current=studies[3], width=380)
    for lane in line.lanes:
        places = [dot.x for dot in line.dots if dot.y == lane.y]
        assert places == sorted(places) and len(set(places)) == len(places)
        assert min(places) >= LEFT and max(places) <= line.width
    assert [dot.study.pk for dot in line.dots if dot.current] == [3]


def test_exams_without_a_date_are_listed_but_have_no_dot(alice: Any) -> None:
    person = hospital.patient()
    made = hospital.study(person, description="undated")
    Study.objects.filter(pk=made.pk).update(study_date=None, study_time=None, study_datetime=None)
    text = hospital.client(alice).get(f"/patients/{person.key}/").content.decode()
    assert "undated" in text and "<circle" not in text.split("</svg>")[-2]

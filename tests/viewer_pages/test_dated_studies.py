"""When a study was made, as the list, the jacket and the viewer's page say it: offsets, order, what can't be true."""

import datetime
from typing import Any

from django.utils import timezone

from tests import hospital
from viewer import listing
from viewer.doors import overview
from viewer.models import Study
from worklist.views import rows

ELEMENTS = {
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00080020": {"vr": "DA", "Value": ["20260230"]},
    "00080030": {"vr": "TM", "Value": ["101500"]},
    "00080201": {"vr": "SH", "Value": ["-0330"]},
}


def dated(of: Any, day: str, clock: str, offset: int | None, **changes: Any) -> Study:
    """Return a study dated as its file said."""
    on, at = datetime.date.fromisoformat(day), datetime.time.fromisoformat(clock)
    made = timezone.make_aware(datetime.datetime.combine(on, at))
    given: dict[str, Any] = {"study_date": on, "study_time": at, "timezone_offset": offset, "study_datetime": made}
    return hospital.study(of, **(given | changes))


def test_the_index_keeps_an_offset_and_a_date_that_is_none() -> None:
    fields = listing.study(ELEMENTS, "main").fields
    assert (fields["study_date"], fields["study_date_written"], fields["timezone_offset"]) == (None, "20260230", -210)
    assert fields["study_datetime"] is None
    right = listing.study(ELEMENTS | {"00080020": {"vr": "DA", "Value": ["2026.02.28"]}}, "main").fields
    assert (right["study_date"], right["study_date_written"]) == (datetime.date(2026, 2, 28), "")


def test_exams_of_two_time_zones_stand_in_the_order_in_which_they_were_made(alice: Any) -> None:
    person = hospital.patient()
    dated(person, "2020-11-23", "08:00", 540, description="in Tokyo, first")
    own = dated(person, "2020-11-22", "23:30", 0, description="in London, half an hour later")
    dated(person, "2020-08-22", "12:00", None, description="three months before")
    page = hospital.client(alice).get(f"/patients/{person.key}/").content.decode()
    exams = page[page.index("<table") :]
    assert exams.index("in London") < exams.index("in Tokyo") < exams.index("three months before")
    assert "08:00 +09:00" in exams and "23:30 +00:00" in exams
    told = overview.study_json(alice, own)
    assert [each["date"] for each in told["studies"]] == ["2020-08-22", "2020-11-23", "2020-11-22"]
    assert told["timezone_offset"] == "+00:00"
    assert rows.rows(alice, [own], timezone.now())[0].last_prior == "same day"


def test_what_cannot_be_true_of_a_date_is_said_in_the_list_the_jacket_and_the_viewer(alice: Any) -> None:
    person = hospital.patient()
    ahead = timezone.localdate() + datetime.timedelta(days=2)
    future = dated(person, ahead.isoformat(), "10:00", None)
    unborn = dated(person, "1950-01-01", "10:00", None)
    none = hospital.study(person, study_date=None, study_time=None, study_datetime=None, study_date_written="20260230")
    words = {
        future: "the study is dated in the future",
        unborn: "the study is dated before the birth",
        none: "the study date is no day of the calendar: 20260230",
    }
    for study in words:
        hospital.task(study)
    browser = hospital.client(alice)
    jacket, listed = (browser.get(address).content.decode() for address in (f"/patients/{person.key}/", "/"))
    for study, said in words.items():
        assert said in jacket and said in listed
        assert overview.study_json(alice, study)["date_words"] == said
    dots = overview.study_json(alice, future)["studies"]
    assert [dot["date"] for dot in dots] == ["20260230", "1950-01-01", ahead.isoformat()]
    assert overview.study_json(alice, hospital.study())["date_words"] == ""

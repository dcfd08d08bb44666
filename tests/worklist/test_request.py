"""The request: what the images say of it, what people write, and that neither overwrites the other."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import Http404

from tests.conftest import let, logged_in, person
from viewer import index, jobs, listing, live
from viewer.archive.port import Malformed, Unreachable
from viewer.models import AuditEvent, Job, Series, Study
from worklist import filling
from worklist.actions import request as requests
from worklist.models import Priority, ReadingTask, Request
from worklist.said import request_fields

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)}


STEP = {
    "00400007": element("LO", "CT chest, one phase"),
    "00321060": element("LO", "CT chest with contrast"),
    "00401002": element("LO", "Pulmonary embolism?"),
    "0040100A": element("SQ", {"00080104": element("LO", "Dyspnoea")}),
    "00080050": element("SH", "A-77"),
    "00401003": element("SH", "HIGH"),
}
SAID = {
    "00400275": element("SQ", STEP),
    "00080050": element("SH", "A-77"),
    "00080090": element("PN", {"Alphabetic": "Holm^Siv"}),
    "00080094": element("SH", "08-465 004 01", "08-465 004 02"),
    "00081080": element("LO", "Fracture of the femur", "Diabetes"),
    "001021B0": element("LT", "Operated last week.\r\nBedridden."),
    "00104000": element("LT", "Afraid of needles"),
    "00102110": element("LO", "Penicillin"),
    "00102000": element("LO", "Pacemaker"),
    "001021C0": {"vr": "US", "Value": [2]},
    "00321070": element("LO", "Iohexol 350"),
    "00180010": element("LO", "OMNIPAQUE"),
    "00321033": element("LO", "Orthopaedics"),
    "00380300": element("LO", "Ward 7"),
}


def test_what_the_images_say_of_the_request() -> None:
    assert request_fields(SAID) == {
        "accession_number": "A-77",
        "clinical_question": "Pulmonary embolism?\nDyspnoea",
        "history": "Fracture of the femur\nDiabetes\nOperated last week.\nBedridden.\nAfraid of needles",
        "procedure": "CT chest with contrast",
        "referrer": "Holm^Siv",
        "referrer_phone": "08-465 004 01, 08-465 004 02",
        "ward": "Orthopaedics, Ward 7",
        "contrast": "Iohexol 350, OMNIPAQUE",
        "allergy": "Penicillin\nPacemaker",
        "pregnancy": "possibly pregnant",
        "priority": "urgent",
    }


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"00401002": element("LO", "Nodule?")}, {"clinical_question": "Nodule?"}),
        ({"00400275": element("SQ", {"00400007": element("LO", "Knee")})}, {"procedure": "Knee"}),
        ({"00400275": element("SQ", STEP, STEP)}, {"clinical_question": "Pulmonary embolism?\nDyspnoea"}),
        ({"001021C0": element("US", 4), "00104000": element("LT", "x")}, {"pregnancy": ""}),
        ({"001021C0": element("US", 1)}, {"pregnancy": "not pregnant"}),
        ({"001021C0": element("US", "three")}, {}),
        ({"00321032": element("PN", {"Alphabetic": "Lund^Bo"})}, {"referrer": "Lund^Bo"}),
        ({"00080050": element("SH", "A-1"), "00401003": element("SH", "STAT")}, {}),
        ({"00400275": element("SQ", None, {}), "00401002": {"vr": "LO"}}, {}),
        ({"00400275": {"vr": "SQ", "Value": ["nonsense"]}, "00104000": 7}, {}),
        ({}, {}),
    ],
)
def test_tolerant_reading(attributes: dict[str, Any], expected: dict[str, str]) -> None:
    found = request_fields(attributes)
    assert {name: found[name] for name in expected} == expected
    assert expected or not found


class Port:
    """An archive of one series whose instance says something; or that can't be asked."""

    def __init__(self, said: dict[str, Any], fault: Exception | None = None) -> None:
        self.said, self.fault, self.asked = said, fault, list[str]()

    def search_instances(self, study: str, series: str) -> list[dict[str, Any]]:
        if self.fault:
            raise self.fault
        return [{"00080018": element("UI", f"{series}.1")}, {"00080018": element("UI", f"{series}.2")}]

    def instance_metadata(self, study: str, series: str, instance: str) -> bytes:
        self.asked.append(instance)
        return json.dumps([self.said]).encode()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, study: Study) -> Port:
    made = Port(SAID)
    monkeypatch.setattr("viewer.archives.get", lambda name: made)
    for number, modality in ((1, "SR"), (2, "CT"), (3, "CT")):
        Series.objects.create(study=study, uid=f"1.9.{number}", number=number, modality=modality)
    return made


def test_a_missing_request_is_filled_from_one_instance_of_images(study: Study, port: Port) -> None:
    ReadingTask.objects.create(study=study)
    row = filling.fill_from_dicom(study)
    assert row is not None
    assert (row.origin, row.version, row.referrer, row.priority) == ("dicom", 1, "Holm^Siv", "urgent")
    assert port.asked == ["1.9.2.1"]
    assert ReadingTask.objects.get().priority == Priority.URGENT
    assert AuditEvent.objects.get(subtype="request changed").username == ""
    filling.fill_from_dicom(study)
    assert Request.objects.get().version == 1
    port.said = {**SAID, "00400275": element("SQ", {**STEP, "00401002": element("LO", "Aneurysm?")})}
    filling.fill_from_dicom(study)
    assert Request.objects.get().clinical_question == "Aneurysm?\nDyspnoea"


@pytest.mark.parametrize("origin", ["order", "person"])
def test_what_an_order_or_a_person_wrote_stays(origin: str, study: Study, port: Port) -> None:
    Request.objects.create(study=study, clinical_question="Ours", origin=origin)
    assert filling.fill_from_dicom(study) is None
    assert requests.fill(study, {"clinical_question": "Theirs"}) is None
    assert Request.objects.get().clinical_question == "Ours"
    assert port.asked == []


def test_what_a_person_changed_stays(study: Study, port: Port, alice: User) -> None:
    filling.fill_from_dicom(study)
    requests.save(alice, study, {"clinical_question": "Ours"}, 1)
    assert filling.fill_from_dicom(study) is None
    row = Request.objects.get()
    assert (row.clinical_question, row.origin, row.edited_by) == ("Ours", "dicom", alice)


def test_images_that_say_nothing_make_no_request(study: Study, port: Port) -> None:
    port.said = {"00080050": element("SH", "A-1")}
    assert filling.fill_from_dicom(study) is None
    assert not Request.objects.exists()


def test_a_text_that_is_too_long_is_cut(study: Study) -> None:
    row = requests.fill(study, {"procedure": "x" * 300, "history": "y" * 9000})
    assert row is not None
    assert (len(row.procedure), len(row.history)) == (255, 9000)


def test_a_study_whose_series_become_known_has_its_request_filled(study: Study, port: Port) -> None:
    rows = [listing.series({"0020000E": element("UI", "1.9.2"), "00080060": element("CS", "CT")})]
    index.write_series(study, rows)
    index.write_series(study, rows)
    job = Job.objects.get(kind="fill_request")
    filling.run(jobs.Running(job))
    assert Request.objects.get().clinical_question.startswith("Pulmonary")


def test_an_archive_that_cannot_say_is_asked_later_or_not_again(study: Study, port: Port) -> None:
    job = Job.objects.create(kind="fill_request", study=study)
    port.fault = Unreachable("down")
    with pytest.raises(jobs.Later):
        filling.run(jobs.Running(job))
    port.fault = Malformed("nonsense")
    with pytest.raises(jobs.Failed):
        filling.run(jobs.Running(job))


def test_who_looks_has_a_missing_request_read_once(study: Study, port: Port, alice: User) -> None:
    client = logged_in(alice)
    for _time in range(2):
        assert client.post(f"/api/studies/main/{study.uid}/request/").status_code == 202
    assert Job.objects.filter(kind="fill_request").count() == 1
    Job.objects.update(state=Job.State.COMPLETED)
    client.post(f"/api/studies/main/{study.uid}/request/")
    assert Job.objects.count() == 1


# What people write.


def test_writing_the_first_and_the_next(study: Study, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(live, "publish", lambda topic, event: told.append((topic, event.get("changed"))))
    row = requests.save(alice, study, {"clinical_question": " Nodule? ", "priority": "stat"}, 0)
    assert (row.version, row.clinical_question, row.origin, row.edited_by) == (1, "Nodule?", "person", alice)
    requests.save(alice, study, {"history": "Cough"}, 1)
    row = Request.objects.get()
    assert (row.version, row.clinical_question, row.history, row.priority) == (2, "Nodule?", "Cough", "stat")
    assert told == [("list", "request"), (study.topic, "request")] * 2
    assert AuditEvent.objects.filter(subtype="request changed").latest("pk").detail == {
        "version": 2,
        "before": {"history": ""},
    }


@pytest.mark.parametrize("seen", [0, 1, 3, -1])
def test_a_version_that_is_past_writes_nothing(seen: int, study: Study, alice: User) -> None:
    Request.objects.create(study=study, version=2, clinical_question="Theirs")
    with pytest.raises(requests.Stale) as stale:
        requests.save(alice, study, {"clinical_question": "Ours"}, seen)
    assert stale.value.request is not None
    assert Request.objects.get().clinical_question == "Theirs"


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "order"}, {"version": 3}, {"fold": "x"}, {"ward": 7}, {"ward": "x" * 101}, {"history": "x" * 10_001},
        {"priority": "soon"}, {"ward": "a\x00b"}, {"study": "1"},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_in_words(fields: dict[str, Any], study: Study, alice: User) -> None:
    with pytest.raises(requests.Invalid, match=r"\w+ \w+"):
        requests.save(alice, study, fields, 0)
    assert not Request.objects.exists()


def test_who_only_looks_writes_nothing(study: Study, charlie: User) -> None:
    looks = person("looks")
    let(looks, study=study, actions=" view ")
    for user in (looks, charlie):
        with pytest.raises(Http404):
            requests.save(user, study, {"history": "x"}, 0)
    measures = person("measures")
    let(measures, study=study, actions=" view mark ")
    assert requests.save(measures, study, {"history": "x"}, 0).version == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("version", [0, 4])
def test_of_those_who_write_at_the_same_time_one_wins(version: int, study: Study, bob: User) -> None:
    if version:
        Request.objects.create(study=study, version=version)
    start = threading.Barrier(5)
    won: list[int] = []
    lost: list[Request | None] = []

    def write(number: int) -> None:
        start.wait()
        try:
            won.append(requests.save(bob, study, {"clinical_question": f"Question {number}"}, version).version)
        except requests.Stale as stale:
            lost.append(stale.request)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [version + 1]
    kept = Request.objects.get()
    assert [row.clinical_question for row in lost if row] == [kept.clinical_question] * 4


# The doors.


def put(client: Any, study: Study, data: Any) -> Any:
    return client.put(f"/api/studies/main/{study.uid}/request/", data, "application/json")


def test_the_api_reads_writes_and_shows_both_texts_of_a_conflict(study: Study, alice: User, bob: User) -> None:
    mine, other = logged_in(alice), logged_in(bob)
    nothing = mine.get(f"/api/studies/main/{study.uid}/request/").json()
    assert (nothing["version"], nothing["origin"], nothing["may_edit"], nothing["priority"]) == (
        0,
        None,
        True,
        "routine",
    )
    first = put(mine, study, {"version": 0, "clinical_question": HOSTILE, "referrer": "Holm^Siv"})
    assert first.status_code == 200
    assert (first.json()["version"], first.json()["clinical_question"]) == (1, HOSTILE)
    assert first.json()["referrer_words"] == "Holm, Siv"
    assert first.json()["edited_by"] == {"id": alice.pk, "name": "alice"}
    late = put(other, study, {"version": 0, "clinical_question": "Mine"})
    assert late.status_code == 409
    assert late.json()["request"]["clinical_question"] == HOSTILE
    assert "Somebody else" in late.json()["detail"]
    for nonsense in ({}, {"version": "1"}, {"version": True}, {"version": 1, "ward": "x" * 101}, [1], "x"):
        assert put(mine, study, nonsense).status_code == 400
    overview = mine.get(f"/api/studies/main/{study.uid}/").json()["request"]
    assert overview["clinical_question"] == HOSTILE


def test_the_panel_shows_all_of_it_as_text(study: Study, alice: User) -> None:
    values = {name: f"{name} {HOSTILE}" for name in requests.FIELDS if name not in ("priority", "accession_number")}
    Request.objects.create(study=study, priority="stat", accession_number="ACC-9", **values)
    page = logged_in(alice).get(f"/exams/main/{study.uid}/").content.decode()
    assert "<script>alert" not in page
    for name in values:
        assert f"{name} &lt;script&gt;" in page, name
    assert "ACC-9" in page and ">stat<" in page


def test_without_a_request_the_panel_says_so(add_study: Callable[..., Study], bob: User) -> None:
    add_study("1.1")
    assert "No request came with this exam." in logged_in(bob).get("/exams/main/1.1/").content.decode()

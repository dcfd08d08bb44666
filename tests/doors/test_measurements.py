"""Lengths through the REST doors: exact in every space, refused in words, saved once, heard by everybody."""

import asyncio
import json
import math
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import connection
from django.http import Http404
from django.test import AsyncClient
from pydicom.dataset import Dataset

from tests.doors import made
from tests.doors.asking import Connect, People
from tests.doors.conftest import House
from viewer import archives, index, jobs, listing, measurements_api, rendering
from viewer.actions import measurement
from viewer.archive import FolderArchive
from viewer.doors.drawn import Drawn
from viewer.imaging import spacing
from viewer.models import Archive, AuditEvent, Job, Measurement, OutboxItem, Permit, Study

pytestmark = pytest.mark.django_db(transaction=True)

CT = made.speaking()
STUDY = str(CT[0].StudyInstanceUID)
THORAX = made.radiographs()[0]
Ask = Callable[..., Any]


@pytest.fixture
def ask(people: People, studio: rendering.Studio) -> Ask:
    """Return a function that asks as somebody who is logged in, Alice unless told otherwise."""
    Permit.objects.update(actions=" view mark ")

    async def asked(path: str, sent: Any = None, *, as_user: str = "alice", method: str = "") -> tuple[int, Any]:
        client = AsyncClient(headers={"host": "127.0.0.1"})
        await client.aforce_login(await get_user_model().objects.aget(username=as_user))
        method = method or ("get" if sent is None else "post")
        body = sent if isinstance(sent, str) else json.dumps(sent)
        answer = await (client.get(path) if method == "get" else client.generic(method.upper(), path, body))
        return answer.status_code, json.loads(answer.content) if answer.content else None

    return asked


def door(study: str = STUDY) -> str:
    return f"/api/studies/main/{study}/measurements/"


def lps(dataset: Dataset, column: float, row: float) -> list[float]:
    """Return a pixel's place by the formula of PS3.3 C.7.6.2.1.1."""
    orientation = np.array(dataset.ImageOrientationPatient, float)
    down, across = (float(step) for step in dataset.PixelSpacing)
    place = np.array(dataset.ImagePositionPatient, float)
    found: list[float] = (place + orientation[:3] * across * column + orientation[3:] * down * row).tolist()
    return found


def on(dataset: Dataset, *ends: tuple[float, float], **more: Any) -> dict[str, Any]:
    """Return a line on an image that has a place in the patient, by its ends' columns and rows."""
    return {
        "space": "patient",
        "series": str(dataset.SeriesInstanceUID),
        "instance": str(dataset.SOPInstanceUID),
        "frame": 1,
        "frame_of_reference": str(dataset.FrameOfReferenceUID),
        "points": [lps(dataset, *end) for end in ends],
        **more,
    }


def flat(dataset: Dataset, *ends: tuple[float, float], **more: Any) -> dict[str, Any]:
    """Return a line on an image without a place in the patient."""
    return {
        "space": "image",
        "series": str(dataset.SeriesInstanceUID),
        "instance": str(dataset.SOPInstanceUID),
        "frame": 1,
        "points": [list(end) for end in ends],
        **more,
    }


async def test_it_works(ask: Ask) -> None:
    status, row = await ask(door(), on(CT[4], (10.25, 20.5), (90.75, 61.0), label=" left  lobe "))
    assert status == 201
    down, across = (float(step) for step in CT[4].PixelSpacing)
    truth = math.hypot(80.5 * across, 40.5 * down)
    assert abs(row["value"] - truth) <= 1e-9 * truth
    assert (row["unit"], row["basis"], row["label"], row["mine"]) == ("mm", "patient", "left lobe", True)
    assert row["report"]["state"] == "none" and row["author"]["name"] == "alice"
    status, told = await ask(door())
    assert status == 200 and told == {"measurements": [row], "may_mark": True}
    assert await AuditEvent.objects.filter(subtype="measurement changed", study_uid=STUDY).acount() == 1


async def test_lines_on_a_stack_are_right_to_nine_digits(ask: Ask) -> None:
    down, across = (float(step) for step in made.tall()[0].PixelSpacing)
    assert down != across
    address = door(str(made.tall()[0].StudyInstanceUID))
    for (column, row), (other_column, other_row) in np.random.default_rng(7).uniform(0, 39, (30, 2, 2)):
        status, told = await ask(address, on(made.tall()[0], (column, row), (other_column, other_row)))
        truth = math.hypot((other_column - column) * across, (other_row - row) * down)
        assert status == 201 and abs(told["value"] - truth) <= 1e-9 * truth


async def test_lines_on_oblique_planes_are_right_to_nine_digits(ask: Ask) -> None:
    _status, listed = await ask(f"/api/studies/main/{STUDY}/series/{CT[0].SeriesInstanceUID}/stacks/")
    centre = np.mean([lps(CT[0], 64, 64), lps(CT[-1], 64, 64)], axis=0)
    rng = np.random.default_rng(8)
    for _turn in range(20):
        look, up = np.linalg.qr(rng.normal(size=(3, 2)))[0].T
        right = np.cross(look, up)
        plane = {"point": centre.tolist(), "look": look.tolist(), "up": up.tolist()}
        (a, b), (c, d) = rng.uniform(-6, 6, (2, 2))
        sent = {
            "space": "patient", "series": str(CT[0].SeriesInstanceUID), "stack": listed["stacks"][0]["key"],
            "plane": plane, "points": [(centre + a * right + b * up).tolist(), (centre + c * right + d * up).tolist()],
        }  # fmt: skip
        status, told = await ask(door(), sent)
        truth = math.hypot(a - c, b - d)
        assert status == 201, told
        assert abs(told["value"] - truth) <= 1e-9 * truth
        assert told["plane"] == plane and told["instance"] is None
        assert told["frame_of_reference"] == str(CT[0].FrameOfReferenceUID)


async def test_without_a_place_in_the_patient_a_number_says_what_it_rests_on(ask: Ask) -> None:
    status, told = await ask(door(str(THORAX.StudyInstanceUID)), flat(THORAX, (0, 0), (30, 40)))
    assert status == 201
    assert (told["value"], told["unit"], told["basis"], told["unit_words"]) == (50.0, "{pixels}", spacing.NONE, "px")
    assert told["short_words"] == "px"


def wrong() -> dict[str, dict[str, Any]]:
    line = on(CT[4], (10, 20), (90, 60))
    beside = [[x, y, z + 0.2] for x, y, z in line["points"]]
    plane = {"point": line["points"][0], "look": [0, 0, 1], "up": [0, -1, 0]}
    return {
        "no space": {**line, "space": "screen"},
        "another series": {**line, "series": "1.2.3"},
        "a series of another study": {**line, "series": str(made.other_patient()[0].SeriesInstanceUID)},
        "another image": {**line, "instance": "1.2.3"},
        "an image of another place": {**line, "instance": str(CT[5].SOPInstanceUID)},
        "no such frame": {**line, "frame": 2},
        "no image": {**line, "instance": None},
        "another frame of reference": {**line, "frame_of_reference": "1.2.3"},
        "off the image's plane": {**line, "points": beside},
        "outside the image": on(CT[4], (10, 20), (900, 60)),
        "one end": {**line, "points": line["points"][:1]},
        "three ends": {**line, "points": [*line["points"], line["points"][0]]},
        "the same place": {**line, "points": [line["points"][0]] * 2},
        "two numbers": {**line, "points": [[1, 2], [3, 4]]},
        "no number": {**line, "points": [["x", 0, 0], [1, 1, 1]]},
        "in pixels where there is a patient": flat(CT[4], (1, 1), (5, 5)),
        "in the patient where there is none": {**flat(THORAX, (1, 1), (5, 5)), "space": "patient"},
        "off the plane": {**line, "points": beside, "plane": plane},
        "no plane": {**line, "plane": {**plane, "look": [0, 0, 2]}},
        "a plane of no volume": {**line, "plane": plane, "stack": "nothing"},
        "unknown words": {**line, "value": 12},
        "a long label": {**line, "label": "x" * 201},
    }


@pytest.mark.parametrize("name", wrong())
async def test_it_refuses_in_words_what_lies_nowhere(ask: Ask, name: str) -> None:
    status, told = await ask(door(), wrong()[name])
    assert status == 400 and len(told["detail"]) > 5, told
    assert not await Measurement.objects.aexists()


@pytest.mark.parametrize("sent", ["", "[]", "{", '{"points": [[NaN, 0, 0], [1, 1, 1]]}', "[" * 5000, '"\\ud800"'])
async def test_it_refuses_what_is_no_measurement(ask: Ask, sent: str) -> None:
    assert (await ask(door(), sent))[0] == 400


async def test_sent_again_it_is_the_same_one(ask: Ask) -> None:
    line = on(CT[4], (10, 20), (90, 60), id=str(uuid.uuid4()))
    first, second = await ask(door(), line), await ask(door(), line)
    assert (first[0], second[0]) == (201, 200) and first[1] == second[1]
    status, told = await ask(door(), line, as_user="bob")
    assert status == 409 and "measurement" not in told
    assert await Measurement.objects.acount() == 1


async def test_sent_by_several_at_once_one_is_new(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    line = on(CT[4], (10, 20), (90, 60), id=str(uuid.uuid4()))
    opened, all_there = measurement.opened, threading.Barrier(2)

    def together(*arguments: Any) -> Any:
        found = opened(*arguments)
        all_there.wait(10)
        return found

    monkeypatch.setattr(measurement, "opened", together)

    def sent() -> bool:
        try:
            study, user = Study.objects.get(uid=STUDY), User.objects.get(username="alice")
            new = msgspec.convert(line, measurements_api.New)
            drawn = Drawn(**{name: getattr(new, name) for name in Drawn.__struct_fields__})
            return measurement.add(user, study, drawn, uid=new.id)[1]
        finally:
            connection.close()

    both = await asyncio.gather(*(asyncio.to_thread(sent) for _ in range(2)))
    assert sorted(both) == [False, True]
    assert await Measurement.objects.acount() == 1


async def test_a_body_that_is_too_large_is_refused_as_json(ask: Ask) -> None:
    status, told = await ask(door(), on(CT[4], (10, 20), (90, 60), label="x" * (1 << 20)))
    assert status == 413 and "1024 KiB" in told["detail"]


@pytest.mark.parametrize(
    ("label", "words"),
    [("x" * 201, "at most 200 characters"), ("a\0b", "control characters"), ("a\x1b[2J", "control characters")],
)
async def test_a_label_is_refused_for_what_is_wrong_with_it(ask: Ask, label: str, words: str) -> None:
    status, told = await ask(door(), on(CT[4], (10, 20), (90, 60), label=label))
    assert status == 400 and words in told["detail"]


async def test_a_plane_beyond_reason_is_none(ask: Ask) -> None:
    plane = {"point": [2e6, 0, 0], "look": [0, 0, 1], "up": [0, -1, 0]}
    sent = {**on(CT[4], (10, 20), (90, 60)), "plane": plane}
    status, told = await ask(door(), {**sent, "instance": None, "frame": None})
    assert status == 400 and "no plane" in told["detail"]


async def test_a_moved_end_makes_a_new_number_and_an_old_version_changes_nothing(ask: Ask) -> None:
    _status, row = await ask(door(), on(CT[4], (10, 20), (90, 60)))
    address = f"/api/measurements/{row['id']}/"
    points = on(CT[4], (10, 20), (10, 50))["points"]
    status, moved = await ask(address, {"version": 1, "points": points}, method="patch")
    truth = 30 * float(CT[4].PixelSpacing[0])
    assert status == 200 and moved["version"] == 2 and abs(moved["value"] - truth) <= 1e-9 * truth
    status, told = await ask(address, {"version": 1, "label": "late"}, method="patch")
    assert status == 409 and told["measurement"] == moved
    outside = on(CT[4], (10, 20), (10, 5000))["points"]
    assert (await ask(address, {"version": 2, "points": outside}, method="patch"))[0] == 400
    status, named = await ask(address, {"version": 2, "label": "node"}, method="patch")
    assert status == 200 and named["label"] == "node" and named["value"] == moved["value"]


async def test_taken_away_it_can_come_back(ask: Ask) -> None:
    _status, row = await ask(door(), on(CT[4], (10, 20), (90, 60)))
    address = f"/api/measurements/{row['id']}/"
    status, gone = await ask(address, {"version": 1, "deleted": True}, method="patch")
    assert status == 200 and gone["deleted"]
    assert (await ask(door()))[1]["measurements"] == []
    status, told = await ask(address, {"version": 2, "label": "late"}, method="patch")
    assert status == 409 and "taken away" in told["detail"] and told["measurement"] == gone
    status, back = await ask(address, {"version": 2, "deleted": False}, method="patch")
    assert status == 200 and back["version"] == 3 and (await ask(door()))[1]["measurements"] == [back]


async def test_only_who_measured_changes_it_and_only_who_may_mark_measures(ask: Ask) -> None:
    line = on(CT[4], (10, 20), (90, 60))
    _status, row = await ask(door(), line)
    address = f"/api/measurements/{row['id']}/"
    assert (await ask(door(), as_user="bob"))[1]["measurements"][0]["mine"] is False
    assert (await ask(address, {"version": 1, "label": "x"}, as_user="bob", method="patch"))[0] == 403
    await Permit.objects.aupdate(actions=" view ")
    assert (await ask(door()))[1] == {"measurements": [row], "may_mark": False}
    assert (await ask(door(), line))[0] == 404
    assert (await ask(address, {"version": 1, "label": "x"}, method="patch"))[0] == 404
    assert (await ask(door(), line, as_user="charlie"))[0] == 404
    assert (await ask(address, {"version": 1, "label": "x"}, as_user="charlie", method="patch"))[0] == 404


async def test_each_action_asks_by_itself_who_may_mark(ask: Ask) -> None:
    _status, row = await ask(door(), on(CT[0], (10, 10), (20, 20)))
    uid = uuid.UUID(row["id"])
    alice = await get_user_model().objects.aget(username="alice")
    study = await Study.objects.select_related("archive").aget(uid=STUDY)
    await Permit.objects.aupdate(actions=" view ")
    drawn = msgspec.convert(on(CT[0], (10, 10), (20, 20)), Drawn)
    for action in (
        lambda: measurement.add(alice, study, drawn),
        lambda: measurement.change(alice, uid, row["version"], label="other"),
        lambda: measurement.remove(alice, uid, row["version"]),
        lambda: measurement.restore(alice, uid, row["version"]),
    ):
        with pytest.raises(Http404):
            await sync_to_async(action)()
    (left,) = [each async for each in Measurement.objects.all()]
    assert (left.label, left.deleted, left.version) == ("", False, row["version"])


async def test_others_hear_of_it(ask: Ask, connect: Connect) -> None:
    page = await connect(f"/ws/{STUDY}/?archive=main")
    await page.say(listen=f"study.{STUDY}")
    heard, _picture = await page.hear()
    assert heard == {"listening": f"study.{STUDY}"}
    await ask(door(), on(CT[4], (10, 20), (90, 60)))
    heard, _picture = await page.hear(1)
    assert heard == {"topic": f"study.{STUDY}", "changed": "measurements"}


async def test_an_archive_that_is_down_is_told_in_words(people: People) -> None:
    await sync_to_async(Permit.objects.update)(actions=" view mark ")
    client = AsyncClient(headers={"host": "127.0.0.1"})
    await client.aforce_login(await get_user_model().objects.aget(username="alice"))
    answer = await client.post(door(), json.dumps(on(CT[4], (1, 2), (3, 4))), "application/json")
    assert answer.status_code == 503 and json.loads(answer.content)["detail"]


@pytest.fixture
def archive(
    people: People, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> FolderArchive:
    """An archive of these images that takes reports, known as it lists them, and an outbox that leads to it."""
    settings.STATE = tmp_path
    port = FolderArchive("main", house.folder, state=tmp_path)
    port.scan(settle=0)
    monkeypatch.setattr(archives, "get", {"main": port}.__getitem__)
    listed = port.search_studies(StudyInstanceUID=STUDY, fields=listing.STUDY_FIELDS)
    index.write_studies(Archive.objects.get(name="main"), [listing.study(row, "main") for row in listed])
    return port


REPORT = f"/api/studies/main/{STUDY}/report/measurements/"


async def test_a_report_reaches_the_archive_and_is_read_back_by_another_house(ask: Ask, archive: FolderArchive) -> None:
    _status, listed = await ask(f"/api/studies/main/{STUDY}/series/{CT[0].SeriesInstanceUID}/stacks/")
    (x, y, z), plane_of = lps(CT[4], 40, 40), {"look": [0, 1, 0], "up": [0, 0, 1]}
    cut = {
        "space": "patient", "series": str(CT[0].SeriesInstanceUID), "stack": listed["stacks"][0]["key"],
        "plane": {"point": [x, y, z], **plane_of}, "points": [[x, y, z], [x + 3, y, z + 4]],
    }  # fmt: skip
    drawn = [await ask(door(), on(CT[4], (10, 20), (90, 60), label="<left> µ")), await ask(door(), cut)]
    assert [status for status, _row in drawn] == [201, 201]
    status, told = await ask(REPORT, {})
    assert status == 202, told
    rows = (await ask(door()))[1]["measurements"]
    assert {row["report"]["state"] for row in rows} == {"waiting"}
    assert await sync_to_async(jobs.work_off)() >= 1
    rows = (await ask(door()))[1]["measurements"]
    assert {row["report"]["state"] for row in rows} == {"stored"}, rows
    await ask(f"/api/measurements/{rows[0]['id']}/", {"version": 1, "label": "other"}, method="patch")
    assert (await ask(door()))[1]["measurements"][0]["report"]["state"] == "changed"

    # Our own report is no news.
    await sync_to_async(jobs.work_off)()
    assert await Measurement.objects.acount() == 2
    # To a house that has measured nothing it is somebody else's.
    await Measurement.objects.all().adelete()
    await OutboxItem.objects.all().adelete()
    await Job.objects.all().adelete()
    await ask(door())
    assert await sync_to_async(jobs.work_off)() == 1
    back = (await ask(door()))[1]["measurements"]
    assert [(row["value"], row["label"]) for row in back] == [(rows[0]["value"], "<left> µ"), (5.0, "")]
    for row, before in zip(back, rows, strict=True):  # coordinates of a report have 24 bits
        assert np.allclose(row["points"], before["points"], atol=1e-5)
    assert [row["tracking_uid"] for row in back] == [row["tracking_uid"] for row in rows]
    assert {(row["author"], row["observer"], row["mine"]) for row in back} == {(None, "alice", False)}
    assert back[0]["instance"] == str(CT[4].SOPInstanceUID) and back[1]["instance"] is None
    assert (await ask(f"/api/measurements/{back[0]['id']}/", {"version": 1, "label": "x"}, method="patch"))[0] == 403
    await ask(door())
    assert await sync_to_async(jobs.work_off)() == 0, "it is read once"


async def test_a_newer_report_takes_the_place_of_the_one_before(ask: Ask, archive: FolderArchive) -> None:
    _status, kept = await ask(door(), on(CT[4], (10, 20), (90, 60)))
    _status, gone = await ask(door(), on(CT[5], (10, 20), (90, 60)))
    await ask(REPORT, {})
    await sync_to_async(jobs.work_off)()
    await ask(f"/api/measurements/{gone['id']}/", {"version": 1, "deleted": True}, method="patch")
    assert (await ask(REPORT, {}))[0] == 202
    await sync_to_async(jobs.work_off)()
    await Measurement.objects.all().adelete()
    await OutboxItem.objects.all().adelete()
    await Job.objects.all().adelete()
    await ask(door())
    await sync_to_async(jobs.work_off)()
    back = (await ask(door()))[1]["measurements"]
    assert [row["tracking_uid"] for row in back] == [kept["tracking_uid"]]


async def test_without_a_measurement_there_is_no_report(ask: Ask) -> None:
    status, told = await ask(REPORT, {})
    assert status == 400 and told["detail"]

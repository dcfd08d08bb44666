"""Two Frames of Reference joined: proposed by landmarks or by a job, accepted, sent as an object, used by fusion."""

import json
import uuid
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

from tests import dicom3tools
from tests.doors import made_fused
from tests.doors.asking import Get, People
from tests.doors.conftest import House
from tests.doors.made_fused import BQ_OF_SUV_1
from tests.doors.test_fused import layer, lps, sampled
from tests.doors.test_renderedmpr import pixels, series
from tests.doors.test_saved_planes import Split
from viewer import archives, index, jobs, listing, registrations, rendering, spatial
from viewer.actions import registration as registering
from viewer.actions.job import cancel
from viewer.archive import FolderArchive
from viewer.imaging import colormap, registration
from viewer.models import Archive, Job, OutboxItem, Permit, Registration, Study
from viewer.models import Series as SeriesRow
from viewer.objects import registration as objects

pytestmark = pytest.mark.django_db(transaction=True)

CT, PET = made_fused.tomography()[0], made_fused.uptake("elsewhere", frame=made_fused.ELSEWHERE)[0]
Ask = Callable[..., Any]


@pytest.fixture
def archive(people: People, house: House, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    settings.STATE = house.state
    (tmp_path / "new").mkdir()
    source = FolderArchive("main", house.folder, state=house.state)
    found = Split(source, FolderArchive("main", tmp_path / "new", state=tmp_path))
    monkeypatch.setattr(archives, "get", lambda name: found)
    rows = source.search_studies(StudyInstanceUID=str(CT.StudyInstanceUID), fields=listing.STUDY_FIELDS)
    index.write_studies(Archive.objects.get(name="main"), [listing.study(row, "main") for row in rows])
    return found


@pytest.fixture
def ask(people: People, studio: rendering.Studio, archive: Split) -> Ask:
    Permit.objects.update(actions=" view mark ")

    async def asked(method: str, path: str, sent: Any = None, *, user: str = "alice") -> tuple[int, Any]:
        client = AsyncClient(headers={"host": "127.0.0.1"})
        await client.aforce_login(await get_user_model().objects.aget(username=user))
        answer = await client.generic(method, path, json.dumps(sent) if sent is not None else "")
        return answer.status_code, json.loads(answer.content) if answer.content else None

    return asked


DOOR = f"/api/studies/main/{CT.StudyInstanceUID}/registrations/"


async def side(dataset: Dataset) -> dict[str, str]:
    opened = await (await rendering.studio()).series(
        "main", str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID)
    )
    return {"series": str(dataset.SeriesInstanceUID), "stack": opened.stacks[0].key}


TRUTH = np.eye(4)
TRUTH[:3, :3], TRUTH[:3, 3] = Rotation.from_euler("xyz", (3, -5, 8), degrees=True).as_matrix(), (2.0, -3.0, 4.0)


def landmarks(noise: float = 0.0) -> list[Any]:
    there = np.random.default_rng(2).uniform(-20, 40, (5, 3))
    here = there @ TRUTH[:3, :3].T + TRUTH[:3, 3] + np.random.default_rng(3).normal(0, noise, there.shape)
    return [[a, b] for a, b in zip(here.tolist(), there.tolist(), strict=True)]


async def test_landmarks_are_proposed_accepted_stored_and_then_fused_at_the_true_place(
    ask: Ask, archive: Split, get: Get, tmp_path: Path
) -> None:
    sent = {"fixed": await side(CT), "moving": await side(PET), "pairs": landmarks()}
    status, told = await ask("POST", DOOR, sent)
    assert status == 201 and told["state"] == "proposed" and told["error"] < 1e-6
    assert np.abs(np.array(told["matrix"]) - TRUTH).max() < 1e-6
    assert told["words"].startswith("PROPOSAL, not accepted: registered by 5 pairs of landmarks, residual 0.0 mm (RMS)")
    assert told["words"].endswith("check by eye")
    status, told = await ask("PUT", f"/api/registrations/{told['id']}/")
    assert status == 200 and told["state"] == "accepted" and not told["words"].startswith("PROPOSAL")
    again, _words = await ask("PUT", f"/api/registrations/{told['id']}/")
    assert again == 400

    query = "accept=image/png&orientation=a&viewpointlookat=8,2,48&viewport=60,50&pixelspacing=0.8"
    over = f"{await layer(get, PET)}&fusedopacity=1&fusedcolormap=GREY"
    answer = await get(f"{series(CT)}/renderedmpr?{query}&{over}&registration={told['id']}")
    assert answer.picture["fused"]["registration_words"] == told["words"]
    points = lps(answer)
    back = registration.inverse(TRUTH)
    values = sampled(points @ back[:3, :3].T + back[:3, 3])
    inside = np.isfinite(values)
    shades = np.clip(values[inside] / (5 * BQ_OF_SUV_1), 0, 1) * 255
    strong = shades > 70
    assert strong.sum() > 200 and np.abs(pixels(answer)[inside][strong][:, 0] - shades[strong]).max() <= 2
    assert colormap.is_grey("GREY")
    without = await get(f"{series(CT)}/renderedmpr?{query}&{over}")
    assert without.status == 400 and "register now" in without.words

    await sync_to_async(jobs.work_off)()
    item = await OutboxItem.objects.aget()
    assert item.state == "stored", item.words

    def stored() -> Dataset:
        assert isinstance(archive.target, FolderArchive)
        archive.target.scan(settle=0)
        return pydicom.dcmread(BytesIO(archive.target.instance(item.study.uid, item.series_uid, item.sop_instance_uid)))

    item = await OutboxItem.objects.select_related("study").aget()
    held = await sync_to_async(stored)()
    assert not dicom3tools.errors(held, tmp_path)
    (found,) = objects.read(held)
    assert (found.fixed, found.moving) == (CT.FrameOfReferenceUID, PET.FrameOfReferenceUID)
    assert np.abs(found.matrix - TRUTH).max() < 1e-6
    assert (held.PatientID, held.Modality, held.SOPClassUID) == (CT.PatientID, "REG", objects.SPATIAL_REGISTRATION)
    named = [str(item.ReferencedImageSequence[0].ReferencedSOPInstanceUID) for item in held.RegistrationSequence]
    known = {str(each.SOPInstanceUID) for each in made_fused.fusable()}
    assert set(named) <= known and len(held.ReferencedSeriesSequence) == 2

    # Somebody else's archive gives it back: another site's object is read and may be used.
    def forgotten() -> dict[str, Any]:
        Registration.objects.all().delete()
        OutboxItem.objects.all().delete()
        study = Study.objects.get(uid=CT.StudyInstanceUID)
        assert SeriesRow.objects.get(study=study, uid=item.series_uid).modality == "REG"
        spatial.look(study)
        jobs.work_off()
        row = Registration.objects.get()
        return {"id": str(row.pk), "matrix": row.matrix, "state": row.state, "author": row.author_id}

    foreign = await sync_to_async(forgotten)()
    assert foreign["author"] is None and np.abs(np.array(foreign["matrix"]) - TRUTH).max() < 1e-6
    theirs = await get(f"{series(CT)}/renderedmpr?{query}&{over}&registration={foreign['id']}")
    assert np.array_equal(pixels(theirs), pixels(answer))
    assert "registered by an object of the archive" in theirs.picture["fused"]["registration_words"]


async def test_a_job_registers_by_mutual_information_and_a_person_decides(ask: Ask, archive: Split, get: Get) -> None:
    sent = {"fixed": await side(CT), "moving": await side(PET)}
    status, told = await ask("POST", DOOR, sent)
    assert status == 202 and told["state"] == "computing" and told["matrix"] is None
    assert (await ask("PUT", f"/api/registrations/{told['id']}/"))[0] == 400
    await sync_to_async(jobs.work_off)()
    job = await Job.objects.aget(kind="registration")
    assert job.state == Job.State.COMPLETED, job.words
    (row,) = (await ask("GET", DOOR))[1]["registrations"]
    registration.check_rigid(np.array(row["matrix"]))
    assert row["state"] == "proposed" and "by mutual information" in row["words"] and "check by eye" in row["words"]
    shown = await get(f"{series(CT)}/renderedmpr?viewport=9,9&{await layer(get, PET)}&registration={row['id']}")
    assert shown.picture["fused"]["registration_words"].startswith("PROPOSAL")
    assert (await ask("DELETE", f"/api/registrations/{row['id']}/"))[1]["state"] == "rejected"
    assert (await ask("GET", DOOR))[1]["registrations"] == []
    gone = await get(f"{series(CT)}/renderedmpr?viewport=9,9&{await layer(get, PET)}&registration={row['id']}")
    assert gone.status == 400 and gone.words.startswith("registration")
    assert not await OutboxItem.objects.aexists()


async def test_a_job_that_was_cancelled_leaves_nothing_that_waits_for_it(ask: Ask, archive: Split) -> None:
    _status, told = await ask("POST", DOOR, {"fixed": await side(CT), "moving": await side(PET)})

    def cancelled() -> tuple[str, str]:
        registering.tidy()
        assert Registration.objects.get(pk=told["id"]).state == Registration.State.COMPUTING
        cancel(get_user_model().objects.get(username="alice"), Job.objects.get(kind="registration"))
        registering.tidy()
        row = Registration.objects.get(pk=told["id"])
        return row.state, registrations.words(row)

    state, words = await sync_to_async(cancelled)()
    assert state == "proposed" and words == "Not registered: its job has ended without a result"
    assert (await ask("PUT", f"/api/registrations/{told['id']}/"))[0] == 400
    assert (await ask("DELETE", f"/api/registrations/{told['id']}/"))[0] == 200


async def test_what_cant_be_registered_says_why(ask: Ask) -> None:
    fixed, moving = await side(CT), await side(PET)
    status, told = await ask("POST", DOOR, {"fixed": fixed, "moving": moving, "pairs": landmarks()[:2]})
    assert status == 400 and "three pairs" in str(told)
    same = await side(made_fused.uptake()[0])
    status, told = await ask("POST", DOOR, {"fixed": fixed, "moving": same, "pairs": landmarks()})
    assert status == 400 and "share a Frame of Reference" in str(told)
    others = made_fused.uptake("another's", study="another's", person=made_fused.OTHER)[0]
    theirs = {"fixed": fixed, "moving": await side(others), "study": str(others.StudyInstanceUID)}
    status, told = await ask("POST", DOOR, theirs)
    assert status == 400 and "another patient" in str(told)


async def test_who_may_not_see_both_studies_finds_nothing(ask: Ask, get: Get, people: People) -> None:
    sent = {"fixed": await side(CT), "moving": await side(PET), "pairs": landmarks(0.5)}
    _status, told = await ask("POST", DOOR, sent)
    assert 0.1 < told["error"] < 2
    for method in ("PUT", "DELETE"):
        assert (await ask(method, f"/api/registrations/{told['id']}/", user="charlie"))[0] == 404
    assert (await ask("POST", DOOR, sent, user="charlie"))[0] == 404
    beside = await get(f"{series(CT)}/renderedmpr?{await layer(get, made_fused.uptake()[0])}&registration={told['id']}")
    assert beside.status == 400 and "no such registration" in beside.words
    unknown = await get(f"{series(CT)}/renderedmpr?{await layer(get, PET)}&registration={uuid.uuid4()}")
    assert unknown.status == 400 and unknown.words == beside.words

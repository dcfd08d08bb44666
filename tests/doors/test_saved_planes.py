"""Planes saved as a series come back from an archive at their place, with their values, and say what they are of."""

import json
import uuid
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pydicom
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient
from pydicom.dataset import Dataset

from tests import dicom3tools, orthanc
from tests.doors import made, made_pixels
from tests.doors.asking import People
from tests.doors.conftest import House
from tests.imaging.datasets import metadata
from tests.imaging.grids import made as grid_of
from viewer import archives, index, jobs, listing, rendering
from viewer.actions import planes
from viewer.archive import FolderArchive, WebArchive
from viewer.doors.planes_cut import Making
from viewer.doors.planes_wanted import Wanted
from viewer.imaging import suv
from viewer.imaging.record import instances
from viewer.models import Archive, AuditEvent, Job, OutboxItem, Permit

pytestmark = pytest.mark.django_db(transaction=True)

CT, PET, MR, STAINED = made.speaking(), made.positron(), made.magnetic(), made.stained()
ACTIVATION = made_pixels.supplemented()
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[orthanc.Orthanc]:
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


class Split:
    """An archive that gives what the house holds, and takes what is new into a place of its own."""

    def __init__(self, source: FolderArchive, target: FolderArchive | WebArchive) -> None:
        self.source, self.target, self.name = source, target, "main"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source if name in ("instance_metadata", "search_studies") else self.target, name)


@pytest.fixture
def archive(people: People, house: House, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    """The house's images as it lists them, and an empty folder for new ones."""
    settings.STATE = house.state
    (tmp_path / "new").mkdir()
    source = FolderArchive("main", house.folder, state=house.state)
    found = Split(source, FolderArchive("main", tmp_path / "new", state=tmp_path))
    monkeypatch.setattr(archives, "get", lambda name: found)
    for each in (CT, PET, MR, STAINED, [ACTIVATION]):
        rows = source.search_studies(StudyInstanceUID=str(each[0].StudyInstanceUID), fields=listing.STUDY_FIELDS)
        index.write_studies(Archive.objects.get(name="main"), [listing.study(row, "main") for row in rows])
    return found


@pytest.fixture
def ask(people: People, studio: rendering.Studio, archive: Split) -> Ask:
    """Return a function that wants planes of the series of a data set as somebody, Alice unless told otherwise."""
    Permit.objects.update(actions=" view mark ")

    async def asked(of: Dataset, sent: dict[str, Any], *, as_user: str = "alice") -> tuple[int, Any]:
        client = AsyncClient(headers={"host": "127.0.0.1"})
        await client.aforce_login(await get_user_model().objects.aget(username=as_user))
        path = f"/api/studies/main/{of.StudyInstanceUID}/series/{of.SeriesInstanceUID}/planes/"
        answer = await client.generic("POST", path, json.dumps(sent))
        return answer.status_code, json.loads(answer.content)

    return asked


def wanted(stack: str, **more: Any) -> dict[str, Any]:
    """Return five coronal slabs, 40 pixels wide and 30 high, of 1.5 mm pixels."""
    return {
        "id": str(uuid.uuid4()), "stack": stack, "first": [3.0, -10.0, 5.0], "look": [0, 1, 0], "up": [0, 0, 1],
        "count": 5, "spacing": 2.5, "columns": 40, "rows": 30, "pixel_spacing": 1.5, **more,
    }  # fmt: skip


async def key_of(of: Dataset) -> str:
    studio = await rendering.studio()
    opened = await studio.series("main", str(of.StudyInstanceUID), str(of.SeriesInstanceUID))
    return opened.stacks[0].key


async def saved(archive: Split, of: Dataset, answer: dict[str, Any]) -> list[Dataset]:
    """Return the images of a saved series as the archive holds them, in their order."""
    await sync_to_async(jobs.work_off)()
    job = await Job.objects.aget(pk=answer["job"])
    assert job.state == Job.State.COMPLETED, job.words
    states = [(item.state, item.words) async for item in OutboxItem.objects.all()]
    assert {state for state, _words in states} == {"stored"}, states

    def read() -> list[Dataset]:
        if isinstance(archive.target, FolderArchive):
            archive.target.scan(settle=0)
        study, series = str(of.StudyInstanceUID), answer["series"]
        listed = archive.target.search_instances(study, series)
        uids = [each["00080018"]["Value"][0] for each in listed]
        found = [pydicom.dcmread(BytesIO(archive.target.instance(study, series, uid))) for uid in uids]
        return sorted(found, key=lambda each: each.InstanceNumber)

    return await sync_to_async(read)()


def faults(image: Dataset, source: Dataset, folder: Path) -> set[str]:
    """Return what is wrong with an image and isn't with the one that it came from."""
    return dicom3tools.errors(image, folder) - dicom3tools.errors(source, folder)


@pytest.mark.parametrize("place", ["folder", "orthanc"])
async def test_a_saved_series_lies_where_its_planes_were(
    ask: Ask, archive: Split, place: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if place == "orthanc":
        server = request.getfixturevalue("server")
        archive.target = WebArchive("main", server.root, auth=server.auth)
    sent = wanted(await key_of(CT[0]), thickness=4.0, method="maximum_ip")
    cut = msgspec.convert(sent, Wanted)
    status, told = await ask(CT[0], sent)
    assert status == 202 and told["count"] == 5
    images = await saved(archive, CT[0], told)
    assert len(images) == 5 and not faults(images[0], CT[0], tmp_path)
    source = grid_of(CT)
    volume = grid_of(images)
    for number, image in enumerate(images):
        expected = source.cut(cut.plane(number), thickness=4.0, method="maximum_ip")
        values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        inside = np.isfinite(expected)
        assert inside.any() and np.abs(values - expected)[inside].max() <= 0.5
        assert (image.pixel_array[~inside] == image.PixelPaddingValue).all()
        for same in ("StudyInstanceUID", "FrameOfReferenceUID", "SOPClassUID", "PatientID", "PatientName"):
            assert image[same].value == CT[0][same].value
        assert image.ImageType[:2] == ["DERIVED", "SECONDARY"]
        assert image.SpacingBetweenSlices == 2.5 and image.SliceThickness == 4.0
        assert {each.ReferencedSOPInstanceUID for each in image.SourceImageSequence} == {
            each.SOPInstanceUID for each in CT
        }
    # One point, in the series that it came from and in the one that came of it.
    expected = source.cut(cut.plane(2), thickness=4.0, method="maximum_ip")[15, 20]
    point = cut.plane(2).lps(np.array([20, 15]))
    column, row, z = np.rint(volume.volume.indices(point)).astype(int)
    assert np.abs(volume.volume.points([column, row, z]) - point).max() < 1e-3
    assert volume.values()[z, row, column] == pytest.approx(expected, abs=0.5)
    assert await OutboxItem.objects.filter(about__kind="planes", state="stored").acount() == 5
    assert await AuditEvent.objects.filter(detail__what="planes wanted as a series").acount() == 1


async def test_uptake_is_the_same_in_planes_of_a_pet(ask: Ask, archive: Split, tmp_path: Path) -> None:
    sent = wanted(
        await key_of(PET[0]), first=[60, 40, 4.0], spacing=3.0, pixel_spacing=2.0, thickness=3.0, method="maximum_ip"
    )
    status, told = await ask(PET[0], sent)
    assert status == 202, told
    images = await saved(archive, PET[0], told)
    assert not faults(images[0], PET[0], tmp_path)
    before, after = (instances(metadata(*each)) for each in (PET, images))
    of_source, of_planes = suv.of_series(before, before), suv.of_series(after, after)
    assert set(of_planes[1].values()) == {next(iter(of_source[1].values()))}
    cut = msgspec.convert(sent, Wanted)
    expected = grid_of(PET).cut(cut.plane(1), thickness=3.0, method="maximum_ip")
    values = images[1].pixel_array * float(images[1].RescaleSlope)
    inside = np.isfinite(expected)
    assert inside.sum() > 20 and np.abs(values - expected)[inside].max() <= float(images[1].RescaleSlope)
    assert images[0].Units == "BQML" and images[0].NumberOfSlices == 5


async def test_planes_of_an_mr_keep_its_numbers(ask: Ask, archive: Split, tmp_path: Path) -> None:
    sent = wanted(await key_of(MR[0]), first=[0, 0, 6], window=[600, 1200], interpolation="cubic")
    status, told = await ask(MR[0], sent)
    assert status == 202, told
    images = await saved(archive, MR[0], told)
    assert not faults(images[0], MR[0], tmp_path)
    assert "MPR" in images[0].ImageType and "RescaleSlope" not in images[0]
    assert (images[0].WindowCenter, images[0].WindowWidth) == (600, 1200)
    cut = Wanted(**sent | {"id": uuid.UUID(sent["id"])})
    expected = grid_of(MR).cut(cut.plane(1), interpolation="cubic")
    inside = np.isfinite(expected)
    assert inside.any() and np.abs(images[1].pixel_array - expected)[inside].max() <= 0.51


async def test_planes_in_colour_are_secondary_captures_with_a_place(ask: Ask, archive: Split, tmp_path: Path) -> None:
    status, told = await ask(STAINED[0], wanted(await key_of(STAINED[0]), first=[0, 0, 5], pixel_spacing=1.0, rows=8))
    assert status == 202, told
    images = await saved(archive, STAINED[0], told)
    assert images[0].SOPClassUID == STAINED[0].SOPClassUID and not faults(images[0], STAINED[0], tmp_path)
    z = 5 + 3.5 - np.arange(8)
    assert np.abs(images[0].pixel_array[1:, :, 0] - 20 * z[1:, None]).max() <= 1
    assert images[2].ImagePositionPatient[1] == 5.0 and images[0].Modality == "OT"


async def test_sent_twice_it_is_saved_once(ask: Ask, archive: Split) -> None:
    sent = wanted(await key_of(CT[0]), count=2)
    first, again = await ask(CT[0], sent), await ask(CT[0], sent)
    assert first == again and await Job.objects.filter(kind="planes").acount() == 1
    images = await saved(archive, CT[0], first[1])
    assert (await ask(CT[0], sent))[1]["series"] == images[0].SeriesInstanceUID
    await sync_to_async(jobs.work_off)()
    assert await OutboxItem.objects.acount() == 2


async def test_cancelled_before_its_end_nothing_is_left(
    ask: Ask, archive: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, told = await ask(CT[0], wanted(await key_of(CT[0])))
    cut = Making.image

    def cancelling(self: Making, number: int) -> bytes:
        if number == 3:
            Job.objects.filter(pk=told["job"]).update(cancel_requested=True)
            monkeypatch.setattr(jobs, "PROGRESS_EVERY", 0.0)
        return cut(self, number)

    monkeypatch.setattr(Making, "image", cancelling)
    await sync_to_async(jobs.work_off)()
    assert (await Job.objects.aget(pk=told["job"])).state == Job.State.CANCELED
    assert not await OutboxItem.objects.aexists()
    assert not [each for each in Path(planes.settings.STATE).iterdir() if each.name.startswith("tmp")]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"stack": "nowhere"}, "stack"),
        ({"up": [0, 1, 0]}, "look and up"),
        ({"first": [0, 5000, 0]}, "outside the volume"),
        ({"count": 0}, "count"),
        ({"count": 2000, "columns": 4096, "rows": 4096}, "too large"),
        ({"window": [40, 0]}, "window"),
        ({"spacing": 0}, "spacing"),
        ({"sop_class": "1.2"}, "sop_class"),
    ],
)
async def test_what_can_t_be_cut_is_refused_by_name(ask: Ask, more: dict[str, Any], words: str) -> None:
    status, told = await ask(CT[0], wanted(await key_of(CT[0])) | more)
    assert status == 400 and words in told["detail"]


async def test_what_has_colours_of_its_own_above_its_greys_is_refused(ask: Ask) -> None:
    status, told = await ask(ACTIVATION, wanted(await key_of(ACTIVATION)))
    assert status == 400 and "colours of their own" in told["detail"]
    assert not await Job.objects.aexists()


async def test_who_may_not_mark_saves_nothing(ask: Ask) -> None:
    sent = wanted(await key_of(CT[0]))
    assert (await ask(CT[0], sent, as_user="charlie"))[0] == 404
    await Permit.objects.filter(user__username="bob").aupdate(actions=" view ")
    assert (await ask(CT[0], sent, as_user="bob"))[0] == 404
    assert not await Job.objects.aexists()

"""A small hospital behind both doors: a folder of phantoms, a real store process, people with and without rights."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from pydicom.dataset import Dataset

from tests.doors.asking import Answer, Connect, Get, People, Socket, ask, sockets
from tests.doors.made import everything
from tests.serving import storing
from viewer import rendering
from viewer.actions.token import issue
from viewer.archive import FolderArchive
from viewer.models import Archive, Patient, Permit, Series, Study


@dataclass
class House:
    """Where the files and the store process of these tests are."""

    folder: Path
    state: Path
    store: "subprocess.Popen[bytes]"


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Write all objects, index them, and run a store process on them."""
    folder, state = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("state")
    for number, dataset in enumerate(everything()):
        dataset.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
    FolderArchive("main", folder, state=state).scan(settle=0)
    next(folder.glob(f"{len(everything()) - 1:04}.dcm")).unlink()
    with storing(state, folder) as store:
        yield House(folder, state, store)


@pytest.fixture
def people(transactional_db: None, house: House) -> People:
    """Make the rows: studies as the archive holds them, users, permits and tokens."""
    archive = Archive.objects.create(name="main", state=Archive.State.READY)
    studies: dict[str, Study] = {}
    patients: dict[str, Patient] = {}
    firsts: dict[tuple[str, str], Dataset] = {}
    for dataset in everything():
        firsts.setdefault((dataset.StudyInstanceUID, dataset.SeriesInstanceUID), dataset)
    for dataset in firsts.values():
        person, uid = str(dataset.PatientID), str(dataset.StudyInstanceUID)
        if person not in patients:
            patients[person] = Patient.objects.create(issuer="main", patient_id=person, name=str(dataset.PatientName))
        if uid not in studies:
            studies[uid] = Study.objects.create(
                archive=archive,
                uid=uid,
                patient=patients[person],
                PatientID=person,
                PatientName=str(dataset.PatientName),
            )
        Series.objects.create(
            study=studies[uid], uid=str(dataset.SeriesInstanceUID),
            number=dataset.SeriesNumber, modality=dataset.Modality,
        )  # fmt: skip
    users = {name: get_user_model().objects.create_user(name, password=name) for name in ("alice", "bob", "charlie")}
    now = timezone.now()
    Permit.objects.create(user=users["alice"], reason=Permit.Reason.ROLE, valid_from=now)
    first = studies[str(everything()[0].StudyInstanceUID)]
    permit = Permit.objects.create(user=users["bob"], study=first, reason=Permit.Reason.REFERRER, valid_from=now)
    return People(**{name: issue(user) for name, user in users.items()}, permit_of_bob=permit)


@pytest.fixture
async def studio(house: House) -> AsyncIterator[rendering.Studio]:
    """Return the studio of this test's loop, on the real store."""
    yield await rendering.start(house.state)
    await rendering.stop()


@pytest.fixture
def get(people: People, studio: rendering.Studio) -> Get:
    """Return a function that asks as Alice, unless told otherwise."""

    async def as_alice(path: str, *, token: str | None = None, **how: Any) -> Answer:
        return await ask(path, token=people.alice if token is None else token, **how)

    return as_alice


@pytest.fixture
async def connect(people: People, studio: rendering.Studio) -> AsyncIterator[Connect]:
    """Return a function that opens a page's socket, as Alice unless told otherwise."""
    async with sockets() as opened:

        async def connected(path: str, *, token: str | None = None) -> Socket:
            return await opened(path, people.alice if token is None else token)

        yield connected

"""A native slide at the door: its JPEG tiles pass through, other levels are made by OpenSlide in a decode worker."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from tests import slides
from tests.archive.test_native import WHOLE, svs
from tests.doors.asking import Answer, Get, ask
from tests.doors.glass import Site, decoded
from tests.serving import storing
from viewer import rendering
from viewer.actions.token import issue
from viewer.archive import FolderArchive
from viewer.models import Archive, Patient, Permit, Series, Study


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, state = tmp_path_factory.mktemp("native"), tmp_path_factory.mktemp("state")
    svs(folder / "jpeg.svs")
    svs(folder / "deflate.svs", compression="deflate")
    archive = FolderArchive("main", folder, state=state)
    archive.scan(settle=0)
    with storing(state, folder):
        yield Site(archive, state)


@pytest.fixture
async def studio(site: Site) -> AsyncIterator[rendering.Studio]:
    yield await rendering.start(site.state)
    await rendering.stop()


@pytest.fixture
def get(transactional_db: None, site: Site, studio: rendering.Studio) -> Get:
    archive = Archive.objects.create(name="main", state=Archive.State.READY)
    for number, (study, series) in enumerate(addresses(site).values()):
        patient = Patient.objects.create(issuer="main", patient_id=str(number))
        row = Study.objects.create(archive=archive, uid=study, patient=patient)
        Series.objects.create(study=row, uid=series, number=1, modality="SM")
    user = get_user_model().objects.create_user("alice", password="alice")
    Permit.objects.create(user=user, reason=Permit.Reason.ROLE, valid_from=timezone.now())
    token = issue(user)

    async def as_alice(path: str, **how: Any) -> Answer:
        return await ask(path, token=token, **how)

    return as_alice


def addresses(site: Site) -> dict[str, tuple[str, str]]:
    """Return Study and Series Instance UID by container."""
    found = {}
    for study in site.port.search_studies():
        uid = study["0020000D"]["Value"][0]
        (series,) = site.port.search_series(uid)
        name = series["0020000E"]["Value"][0]
        header = json.loads(site.port.series_metadata(uid, name))[0]
        found[header["00400512"]["Value"][0]] = (uid, name)
    return found


async def slide_of(get: Get, site: Site, container: str) -> tuple[str, dict[str, Any]]:
    study, series = addresses(site)[container]
    answer = await get(f"/api/studies/main/{study}/series/{series}/stacks/")
    (slide,) = json.loads(answer.body)["slides"]
    return f"/dicomweb/main/studies/{study}/series/{series}/instances", slide


async def test_jpeg_tiles_of_a_native_slide_pass_through(get: Get, site: Site, studio: rendering.Studio) -> None:
    address, slide = await slide_of(get, site, "jpeg")
    before = await studio.client.status()
    for level, step in zip(slide["levels"], (1, 4), strict=True):
        tiles = slides.tiles(WHOLE[::step, ::step], 128)
        wanted = [f"{address}/{level['instance']}/frames/{number}/rendered" for number in range(1, len(tiles) + 1)]
        for answer, tile in zip(await asyncio.gather(*map(get, wanted)), tiles, strict=True):
            assert answer.headers["content-type"] == "image/jpeg"
            inside = (tile != (0, 255, 0)).any(-1)
            assert np.abs(decoded(answer.body).astype(int) - tile)[inside].mean() < 6
    after = await studio.client.status()
    assert after["tiles_decoded"] == before["tiles_decoded"]
    assert after["tiles_passed"] == before["tiles_passed"] + 22
    assert (slide["words"], slide["spacing_mm"]) == ("no patient identity", [0.0005, 0.0005])


async def test_other_levels_are_made_by_a_decode_worker(get: Get, site: Site, studio: rendering.Studio) -> None:
    address, slide = await slide_of(get, site, "deflate")
    before = await studio.client.status()
    instance = slide["levels"][0]["instance"]
    answer = await get(f"{address}/{instance}/rendered?accept=image/png")
    assert np.array_equal(decoded(answer.body), WHOLE)
    answer = await get(f"{address}/{instance}/frames/1/rendered")
    assert answer.headers["content-type"] == "image/jpeg"
    after = await studio.client.status()
    assert after["tiles_decoded"] == before["tiles_decoded"] + 20
    assert after["tiles_passed"] == before["tiles_passed"]

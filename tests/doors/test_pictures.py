"""Plain pictures at the door: their colours in each space that can be asked for, and what is said of nobody's."""

import io
import json
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from PIL import Image

from tests.doors.asking import Answer, ask
from tests.doors.glass import Site
from tests.imaging import deltae
from tests.imaging.test_colourspace import EVERY, of_adobe
from tests.serving import storing
from viewer import rendering
from viewer.actions.token import issue
from viewer.archive import FolderArchive
from viewer.doors import icc
from viewer.imaging import colourspace
from viewer.models import Archive, Patient, Permit, Series, Study

ADOBE = colourspace.named("ADOBERGB")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, state = tmp_path_factory.mktemp("pictures"), tmp_path_factory.mktemp("state")
    picture = Image.fromarray(EVERY)
    picture.save(folder / "adobe.png", icc_profile=ADOBE)
    picture.save(folder / "plain.png")
    picture.save(folder / "broken.png", icc_profile=ADOBE[:200] + bytes(len(ADOBE) - 200))
    picture.save(folder / "adobe.jpg", quality=100, subsampling=0, icc_profile=ADOBE)
    archive = FolderArchive("main", folder, state=state)
    archive.scan(settle=0)
    with storing(state, folder):
        yield Site(archive, state)


@pytest.fixture
async def studio(site: Site) -> AsyncIterator[rendering.Studio]:
    yield await rendering.start(site.state)
    await rendering.stop()


@pytest.fixture
def token(transactional_db: None, site: Site) -> str:
    archive = Archive.objects.create(name="main", state=Archive.State.READY)
    for number, (study, series, _) in enumerate(addresses(site).values()):
        patient = Patient.objects.create(issuer="main", patient_id=str(number))
        row = Study.objects.create(archive=archive, uid=study, patient=patient)
        Series.objects.create(study=row, uid=series, number=1, modality="XC")
    user = get_user_model().objects.create_user("alice", password="alice")
    Permit.objects.create(user=user, reason=Permit.Reason.ROLE, valid_from=timezone.now())
    return issue(user)


def addresses(site: Site) -> dict[str, tuple[str, str, str]]:
    """Return Study, Series and SOP Instance UID by the file's name without its ending, and its modality."""
    found = {}
    for study in site.port.search_studies():
        uid = study["0020000D"]["Value"][0]
        (series,) = site.port.search_series(uid)
        (header,) = json.loads(site.port.series_metadata(uid, series["0020000E"]["Value"][0]))
        name = f"{header['0008103E']['Value'][0]} {header['00080060']['Value'][0]}"
        found[name] = (uid, header["0020000E"]["Value"][0], header["00080018"]["Value"][0])
    return found


async def picture(site: Site, token: str, name: str, query: str = "") -> Answer:
    study, series, instance = addresses(site)[name]
    address = f"/dicomweb/main/studies/{study}/series/{series}/instances/{instance}/frames/1/rendered"
    return await ask(f"{address}?accept=image/png{query}", token=token)


def opened(answer: Answer) -> tuple[np.ndarray, bytes | None]:
    with Image.open(io.BytesIO(answer.body)) as image:
        return np.asarray(image.convert("RGB")), image.info.get("icc_profile")


async def test_a_picture_has_the_colours_of_its_profile(site: Site, token: str, studio: rendering.Studio) -> None:
    shown, profile = opened(await picture(site, token, "adobe OT"))
    assert profile is None
    assert np.quantile(deltae.between(shown, of_adobe(EVERY)), 0.995) <= 2
    photo, _ = opened(await picture(site, token, "adobe XC"))
    assert np.quantile(deltae.between(photo, of_adobe(EVERY)), 0.5) <= 2
    assert np.array_equal(opened(await picture(site, token, "plain OT"))[0], EVERY)


async def test_each_space_that_is_asked_for_comes_with_its_profile(
    site: Site, token: str, studio: rendering.Studio
) -> None:
    shown, profile = opened(await picture(site, token, "adobe OT", "&iccprofile=yes"))
    assert profile == ADOBE and np.array_equal(shown, EVERY)
    shown, profile = opened(await picture(site, token, "adobe OT", "&iccprofile=adobergb"))
    assert profile == ADOBE and np.array_equal(shown, EVERY)
    shown, profile = opened(await picture(site, token, "adobe OT", "&iccprofile=srgb"))
    assert profile == icc.srgb() and np.array_equal(shown, opened(await picture(site, token, "adobe OT"))[0])
    shown, profile = opened(await picture(site, token, "plain OT", "&iccprofile=adobergb"))
    assert profile == ADOBE
    assert np.quantile(deltae.between(of_adobe(shown), EVERY), 0.995) <= 2


async def test_what_a_reader_has_to_know_is_said(site: Site, token: str, studio: rendering.Studio) -> None:
    whole = (await picture(site, token, "adobe XC")).picture
    assert (whole["remarks"], whole["spacing_basis"], whole["pixel_spacing"]) == (["no patient identity"], "none", None)
    assert (whole["source_lossy"], whole["burnt_in"], whole["colour"]) == (True, False, True)
    broken = await picture(site, token, "broken OT")
    assert broken.picture["remarks"] == [
        "no patient identity", "the colour profile can't be read: colours may differ"
    ]  # fmt: skip
    assert np.array_equal(opened(broken)[0], EVERY)

"""Tiles of a slide at the door: stored JPEG goes through untouched in its pixels, the rest is decoded; regions."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import orthanc, slides
from tests.doors.asking import Answer, Get, ask
from tests.doors.glass import Site, decoded, index_slides
from tests.serving import storing
from viewer import rendering
from viewer.actions.token import issue
from viewer.archive import FolderArchive, WebArchive

FULL, HALF = slides.picture(208, 160), slides.picture(104, 80)
FORMS = ("rgb", "ybr", "j2k", "native")
SERIES = {form: f"{slides.SERIES}.{number}" for number, form in enumerate(FORMS, 10)}
FLAWED = f"{slides.SERIES}.20"


def everything() -> list[Any]:
    """Return two levels in each form, a label, and a slide whose JPEG tiles aren't as large as it says."""
    made = []
    for form, series in SERIES.items():
        made += [slides.level(FULL, form, series=series), slides.level(HALF, form, number=2, series=series)]
    label = slides.level(slides.picture(60, 60), "rgb", number=3, series=SERIES["rgb"])
    label.ImageType = ["DERIVED", "PRIMARY", "LABEL", "NONE"]
    flawed = slides.level(FULL, "rgb", series=FLAWED)
    slides.frames(flawed, [slides.rgb_jpeg(np.zeros((32, 32, 3), np.uint8))] * 12)
    return [*made, label, flawed]


@pytest.fixture(scope="module", params=["folder", "orthanc"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, state = tmp_path_factory.mktemp("slides"), tmp_path_factory.mktemp("state")
    slides.write(folder, everything())
    if request.param == "folder":
        archive = FolderArchive("main", folder, state=state)
        archive.scan(settle=0)
        with storing(state, folder):
            yield Site(archive, state)
        return
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as server:
        port = WebArchive("main", server.root, auth=server.auth)
        assert all(each.stored for each in port.store(path.read_bytes() for path in folder.iterdir()))
        with storing(state, server.root, auth=server.auth):
            yield Site(port, state)


@pytest.fixture
def token(transactional_db: None) -> str:
    return issue(index_slides([*SERIES.values(), FLAWED]))


@pytest.fixture
async def studio(site: Site) -> AsyncIterator[rendering.Studio]:
    yield await rendering.start(site.state)
    await rendering.stop()


@pytest.fixture
def get(token: str, studio: rendering.Studio) -> Get:
    async def as_alice(path: str, **how: Any) -> Answer:
        return await ask(path, token=token, **how)

    return as_alice


def level(form: str, number: int = 1) -> str:
    series = SERIES.get(form, form)
    return f"/dicomweb/main/studies/{slides.STUDY}/series/{series}/instances/{series}.{number}"


async def listed(get: Get, form: str) -> dict[str, Any]:
    answer = await get(f"/api/studies/main/{slides.STUDY}/series/{SERIES[form]}/stacks/")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def test_the_listing_names_the_slide_and_keeps_the_label_out(get: Get) -> None:
    found = await listed(get, "rgb")
    (slide,) = found["slides"]
    assert found["stacks"] == []
    assert [each["instance"] for each in found["not_viewable"]] == [f"{SERIES['rgb']}.3"]
    assert (slide["columns"], slide["rows"], slide["spacing_mm"], slide["origin"]) == (
        208, 160, [0.0005, 0.0005], [40, 20, 0],
    )  # fmt: skip
    assert [(each["columns"], each["downsample"], each["first"], each["frames"]) for each in slide["levels"]] == [
        (208, 1.0, 1, None), (104, 2.0, 1, None),
    ]  # fmt: skip
    assert slide["icc"] is True
    assert slide["patient"]["name"] == "Glass, Greta"


@pytest.mark.parametrize("form", ["rgb", "ybr"])
async def test_panning_over_a_jpeg_slide_decodes_nothing(get: Get, studio: rendering.Studio, form: str) -> None:
    before = await studio.client.status()
    answers = await asyncio.gather(*(get(f"{level(form)}/frames/{number}/rendered") for number in range(1, 13)))
    after = await studio.client.status()
    assert [answer.status for answer in answers] == [200] * 12
    assert after["tiles_decoded"] == before["tiles_decoded"]
    assert after["tiles_passed"] == before["tiles_passed"] + 12
    for answer, tile in zip(answers, slides.tiles(FULL), strict=True):
        assert answer.headers["content-type"] == "image/jpeg"
        assert "no-store" in answer.headers["cache-control"]
        shown = decoded(answer.body)
        assert np.abs(shown[8::16, 8::16].astype(int) - tile[8::16, 8::16]).max() <= 6
        assert Image.open(io.BytesIO(answer.body)).info["icc_profile"] == slides.profile()
        assert answer.picture["passed"] is True


async def test_the_coded_data_are_the_stored_ones(get: Get, site: Site) -> None:
    answer = await get(f"{level('ybr')}/frames/3/rendered")
    (frame,) = site.port.frames(slides.STUDY, SERIES["ybr"], f"{SERIES['ybr']}.1", [3])
    assert (
        answer.body.endswith(frame.data[frame.data.index(b"\xff\xdb") :].rstrip(b"\0")) or frame.data[2:] in answer.body
    )


@pytest.mark.parametrize("form", ["j2k", "native"])
async def test_what_no_browser_shows_is_decoded(get: Get, studio: rendering.Studio, form: str) -> None:
    before = await studio.client.status()
    answer = await get(f"{level(form)}/frames/6/rendered?accept=image/png")
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(decoded(answer.body), slides.tiles(FULL)[5])
    after = await studio.client.status()
    assert after["tiles_decoded"] == before["tiles_decoded"] + 1
    assert (await get(f"{level(form)}/frames/6/rendered")).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("query", ["quality=50", "invert=yes", "viewport=32,32", "iccprofile=srgb", "accept=image/png"])
async def test_a_tile_that_must_change_is_rendered(get: Get, query: str) -> None:
    answer = await get(f"{level('rgb')}/frames/1/rendered?{query}")
    assert answer.status == 200
    assert "passed" not in answer.picture


async def test_a_region_is_put_together_from_its_tiles(get: Get) -> None:
    answer = await get(f"{level('native')}/rendered?viewport=90,70,40,50,90,70&accept=image/png")
    assert np.array_equal(decoded(answer.body), FULL[50:120, 40:130])
    assert answer.picture["region"] == [40, 50, 90, 70]
    assert (answer.picture["columns"], answer.picture["rows"], answer.picture["frame"]) == (208, 160, None)
    whole = await get(f"{level('native')}/rendered?accept=image/png")
    assert np.array_equal(decoded(whole.body), FULL)


async def test_a_region_seen_from_afar_comes_from_a_smaller_level(get: Get) -> None:
    answer = await get(f"{level('native')}/rendered?viewport=104,80&accept=image/png")
    assert np.array_equal(decoded(answer.body), HALF)


@pytest.mark.parametrize(("side", "of"), [(128, FULL), (64, HALF)])
async def test_the_thumbnail_is_the_whole_slide_from_the_level_that_suffices(
    get: Get, side: int, of: np.ndarray
) -> None:
    address = level("native").rpartition("/instances")[0]
    answer = await get(f"{address}/thumbnail?accept=image/png&viewport={side},{side}")
    shown = decoded(answer.body)
    assert shown.shape[1] == side
    assert np.abs(shown.mean((0, 1)) - of.mean((0, 1))).max() < 1


async def test_the_label_is_shown_at_no_door(get: Get) -> None:
    for what in ("frames/1/rendered", "rendered", "thumbnail", "frames/1/thumbnail"):
        answer = await get(f"{level('rgb', 3)}/{what}")
        assert (answer.status, "label" in answer.words) == (406, True)


async def test_a_tile_of_another_size_than_declared_ends_in_words(get: Get) -> None:
    answer = await get(f"{level(FLAWED)}/frames/1/rendered")
    assert answer.status == 502
    assert "32 × 32" in answer.words


async def test_no_such_tile_and_no_right_are_refused(get: Get) -> None:
    assert (await get(f"{level('rgb')}/frames/99/rendered")).status == 404
    assert (await ask(f"{level('rgb')}/frames/1/rendered")).status == 401
    assert (await get(f"{level('rgb')}/rendered", headers={"accept": "multipart/related"})).status == 406


async def test_tiles_of_a_distant_archive_are_kept(get: Get, site: Site) -> None:
    first = await get(f"{level('rgb', 2)}/frames/1/rendered")
    packs = list((site.state / "frames").rglob("tiles"))
    assert bool(packs) is isinstance(site.port, WebArchive)
    assert (await get(f"{level('rgb', 2)}/frames/1/rendered")).body == first.body

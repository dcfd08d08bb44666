"""Lengths on slides: right to nine digits however the glass lies, against another library's millimetres."""

import json
import math
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from highdicom.spatial import ImageToReferenceTransformer

from tests import slides
from tests.doors.glass import index_slides
from tests.serving import storing
from viewer import rendering
from viewer.archive import FolderArchive
from viewer.imaging import spacing

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = (208, 160)  # columns, rows
ORIGIN = (41.25, 18.5)
SPACING = (0.000499, 0.000251)  # mm between rows, between columns
ORIENTATIONS: dict[str, list[float]] = {
    "label left": [0, -1, 0, -1, 0, 0],
    "label right": [0, 1, 0, 1, 0, 0],
    "upright": [1, 0, 0, 0, 1, 0],
    "turned by 53 degrees": [0.6, -0.8, 0, -0.8, -0.6, 0],
    "turned by 30 degrees": [0.86602540378444, 0.5, 0, 0.5, -0.8660254037844, 0],
}
SERIES = {name: f"{slides.SERIES}.{number}" for number, name in enumerate([*ORIENTATIONS, "no spacing"], 50)}
Ask = Callable[..., Any]


def everything() -> list[Any]:
    """Return one slide, two levels, for each way it can lie, and one without spacing."""
    found = []
    for name, series in SERIES.items():
        for number in (1, 2):
            shown = slides.picture(SIZE[0] // number, SIZE[1] // number)
            level = slides.level(shown, "ybr", number=number, series=series)
            level.ImageOrientationSlide = ORIENTATIONS.get(name, ORIENTATIONS["label left"])
            origin = level.TotalPixelMatrixOriginSequence[0]
            origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = ORIGIN
            measures = level.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
            measures.PixelSpacing = [step * number for step in SPACING]
            if name == "no spacing":
                del measures.PixelSpacing
            found.append(level)
    return found


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder, state = tmp_path_factory.mktemp("glass"), tmp_path_factory.mktemp("state")
    slides.write(folder, everything())
    FolderArchive("main", folder, state=state).scan(settle=0)
    with storing(state, folder):
        yield state


@pytest.fixture
async def ask(transactional_db: None, state: Path) -> AsyncIterator[Ask]:
    """Return a function that asks as somebody who may measure on the slides."""
    user = await sync_to_async(index_slides)(SERIES.values(), actions=" view mark ")
    client = AsyncClient(headers={"host": "127.0.0.1"})
    await client.aforce_login(user)

    async def asked(path: str, sent: Any = None) -> tuple[int, Any]:
        answer = await (client.get(path) if sent is None else client.post(path, json.dumps(sent), "application/json"))
        return answer.status_code, json.loads(answer.content)

    await rendering.start(state)
    yield asked
    await rendering.stop()


DOOR = f"/api/studies/main/{slides.STUDY}/measurements/"


async def slide_of(ask: Ask, name: str) -> dict[str, Any]:
    status, told = await ask(f"/api/studies/main/{slides.STUDY}/series/{SERIES[name]}/stacks/")
    assert status == 200, told
    (found,) = told["slides"]
    return dict(found)


@pytest.mark.parametrize("name", ORIENTATIONS)
async def test_a_length_is_right_to_nine_digits_however_the_slide_lies(ask: Ask, name: str) -> None:
    slide = await slide_of(ask, name)
    place = ImageToReferenceTransformer((*ORIGIN, 0.0), ORIENTATIONS[name], SPACING)
    fresh = np.random.default_rng(9).uniform((0, 0), SIZE, (12, 2, 2))
    landmarks = [np.array([(0, 0), SIZE], float), np.array([(0.5, 0.5), (0.5, SIZE[1] - 0.5)]), *fresh]
    for ends in landmarks:
        points = place(ends)  # columns and rows counted from the matrix' corner
        sent = {"space": "slide", "series": SERIES[name], "stack": slide["key"], "points": points.tolist()}
        status, told = await ask(DOOR, sent)
        assert status == 201, told
        (across, down) = ends[1] - ends[0]
        truth = math.hypot(across * SPACING[1], down * SPACING[0])
        assert abs(told["value"] - truth) <= 1e-9 * truth
        assert (told["unit"], told["basis"], told["points"]) == ("mm", "slide", points.tolist())
        assert told["frame_of_reference"] == f"{SERIES[name]}.0"


@pytest.mark.parametrize("name", ORIENTATIONS)
async def test_the_listing_puts_each_pixel_where_another_library_does(ask: Ask, name: str) -> None:
    slide = await slide_of(ask, name)
    place = ImageToReferenceTransformer((*ORIGIN, 0.0), ORIENTATIONS[name], SPACING)
    cosines, (down, across) = np.reshape(slide["orientation"], (2, 3)), slide["spacing_mm"]
    ends = np.array([(0.5, 0.5), (17.25, 140.5), SIZE], float)
    ours = np.array(slide["origin"]) + (ends - 0.5) @ (cosines * [[across], [down]])
    assert np.allclose(ours, place(ends), rtol=0, atol=1e-9)


async def test_points_beside_the_slide_are_refused_in_words(ask: Ask) -> None:
    name = "turned by 53 degrees"
    place = ImageToReferenceTransformer((*ORIGIN, 0.0), ORIENTATIONS[name], SPACING)
    points = place(np.array([(10.0, 10.0), (10.0, SIZE[1] + 5.0)])).tolist()
    status, told = await ask(DOOR, {"space": "slide", "series": SERIES[name], "points": points})
    assert status == 400 and "outside" in told["detail"]


async def test_without_spacing_a_slide_measures_pixels_and_says_so(ask: Ask) -> None:
    slide = await slide_of(ask, "no spacing")
    assert slide["spacing_mm"] is None
    drawn = {"series": SERIES["no spacing"], "instance": f"{SERIES['no spacing']}.1", "frame": 1, "stack": slide["key"]}
    status, told = await ask(DOOR, drawn | {"space": "image", "points": [[3, 4], [33, 44]]})
    assert status == 201, told
    assert (told["value"], told["unit"], told["basis"]) == (50.0, "{pixels}", spacing.NONE)
    assert told["unit_words"] == "px" and "pixels" in told["basis_words"]
    status, told = await ask(DOOR, drawn | {"space": "slide", "points": [[41, 18, 0], [41.01, 18, 0]]})
    assert status == 400 and len(told["detail"]) > 5

"""Breast images leave by every door as they were stored, whatever is asked for, and say what they show."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.doors import made
from tests.doors.asking import Connect, Get
from tests.doors.made import address
from tests.mammograms import VIEWS

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = f"/ws/{made.breasts()[0].StudyInstanceUID}/?archive=main"
ASKED = ["", "accept=image/jpeg&quality=30", "quality=70", "accept=image/jpeg&viewport=40,40"]


def grey(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("L"))


@pytest.mark.parametrize("query", ASKED)
async def test_a_mammogram_is_never_sent_lossy_over_the_socket(connect: Connect, query: str) -> None:
    socket = await connect(PAGE)
    await socket.say(want={"seq": 1, "pane": 0, "resource": f"{address(made.breasts()[1])}/rendered", "query": query})
    header, body = await socket.hear()
    assert (header["type"], header["picture"]["lossless"], body[:4]) == ("image/png", True, b"\x89PNG")


@pytest.mark.parametrize("verb", ["rendered", "thumbnail"])
@pytest.mark.parametrize("query", ASKED[:3:2])
async def test_nor_over_http(get: Get, verb: str, query: str) -> None:
    answer = await get(f"{address(made.breasts()[0])}/{verb}?{query if verb == 'rendered' else ''}")
    assert (answer.headers["content-type"], answer.picture["lossless"], answer.body[:4]) == (
        "image/png",
        True,
        b"\x89PNG",
    )


async def test_nor_as_a_part_of_several(get: Get) -> None:
    series = address(made.breasts()[0]).split("/instances")[0]
    answer = await get(f"{series}/rendered?accept=image/jpeg")
    assert answer.body.count(b"Content-Type: image/png") == 4 and b"image/jpeg" not in answer.body.split(b"--", 2)[1]


async def test_a_picture_says_view_and_side_and_the_file_its_window(get: Get) -> None:
    for dataset, view in zip(made.breasts(), VIEWS, strict=True):
        said = (await get(f"{address(dataset)}/rendered?accept=image/png")).picture
        assert (said["breast"]["name"], said["laterality"]) == (view.replace("-", " "), view[0])
        assert (said["window"]["center"], said["window"]["width"]) == (2048, 4096)
        assert said["patient_orientation"] == list(dataset.PatientOrientation)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_its_thumbnail_hangs_as_its_picture_does(get: Get, number: int) -> None:
    dataset = made.breasts()[number - 1]
    hung = dataset.pixel_array.T if number & 4 else dataset.pixel_array
    hung = hung[:: -1 if number & 2 else 1, :: -1 if number & 1 else 1]
    answer = await get(f"{address(dataset)}/thumbnail?viewport=64,96")
    assert answer.picture["hang"]["rotation"] == (90 if number & 4 else 0)
    assert np.abs(grey(answer.body) - np.rint(hung / 4095.0 * 255)).max() <= 1


async def test_air_stays_black_when_the_breast_is_inverted(get: Get) -> None:
    dataset = made.breasts()[0]
    stored = dataset.pixel_array
    shown = grey((await get(f"{address(dataset)}/rendered?accept=image/png&invert=yes")).body)
    wanted = np.where(stored == 0, 0, 255 - np.rint((stored / 4095.0) * 255))
    assert np.abs(shown - wanted).max() <= 1


@pytest.mark.parametrize(("method", "combine"), [("average_ip", np.mean), ("maximum_ip", np.max)])
@pytest.mark.parametrize("thickness", [1, 3, 5])
async def test_a_slab_of_tomosynthesis_joins_values_and_not_greys(
    get: Get, method: str, combine: Callable[[np.ndarray], float], thickness: int
) -> None:
    dataset = made.slices_of_a_breast()
    # The fifth slice, seen from the head as it is stored: rows run to the back, columns to the left.
    camera = "viewpointposition=1,1,96&viewpointlookat=1,1,-4&viewpointup=-1,0,0&viewport=8,8&pixelspacing=0.1"
    slab = f"mprslab={thickness}&renderingmethod={method}&window=320,640,linear-exact&accept=image/jpeg"
    answer = await get(f"{address(dataset).split('/instances')[0]}/renderedmpr?{camera}&{slab}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png"), answer.body
    # Between slices the value runs straight; the slab is sampled from end to end, at most half a slice apart.
    depths = np.linspace(-thickness / 2, thickness / 2, 2 * thickness * 8 + 1) + 4
    wanted = combine(np.interp(depths, np.arange(9), 10.0 * np.arange(9) ** 2))
    assert abs(grey(answer.body)[4, 4] - wanted / 640 * 255) <= 3
    assert answer.picture["breast"]["name"] == "R CC" and answer.picture["patient_orientation"] == ["P", "L"]

"""The value at a point of a plane: what the picture was sampled with, or a dash."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from scipy.ndimage import map_coordinates

from tests.doors import made
from tests.doors.asking import Connect, People, Socket
from tests.doors.made import address

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main"


def planes(dataset: Dataset) -> str:
    return f"/dicomweb/main/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/renderedmpr"


async def ask(socket: Socket, resource: str, point: Any, query: str = "") -> dict[str, Any]:
    await socket.say(probe={"seq": 3, "resource": resource, "point": list(point), "query": query})
    answer = (await socket.hear(30))[0]
    assert set(answer) == {"probe"}, answer
    told: dict[str, Any] = answer["probe"]
    assert (told["seq"], told["resource"], told["point"]) == (3, resource, list(point))
    return told


def values(datasets: list[Dataset]) -> tuple[np.ndarray, np.ndarray]:
    """Return HU (slices, rows, columns) from the lowest slice up, and LPS mm of the first voxel's centre."""
    ordered = sorted(datasets, key=lambda each: float(each.ImagePositionPatient[2]))
    hu = [each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept) for each in ordered]
    return np.stack(hu), np.array([float(part) for part in ordered[0].ImagePositionPatient])


def spacing(datasets: list[Dataset]) -> np.ndarray:
    """Return the mm between columns, rows and slices."""
    zs = sorted(float(each.ImagePositionPatient[2]) for each in datasets)
    return np.array([0.8, 0.8, zs[1] - zs[0]])


async def test_it_is_what_scipy_finds_between_the_voxels(connect: Connect) -> None:
    datasets = made.speaking()
    hu, first = values(datasets)
    step, size = spacing(datasets), np.array(hu.shape[::-1])
    socket = await connect(PAGE)
    chance = np.random.default_rng(8)
    cameras = ("orientation=f", "orientation=l", "viewpointposition=9,8,7&viewpointlookat=0,0,0&viewpointup=0,0,1")
    for turn in range(30):
        index = chance.uniform(-0.4, size - 0.6)
        expected = map_coordinates(hu, index[::-1, None], order=1, mode="nearest")[0]
        told = await ask(socket, planes(datasets[0]), (first + index * step).tolist(), cameras[turn % 3])
        assert told["value"] == pytest.approx(expected, abs=0.01), index
        assert (told["unit"], told["words"]) == ("HU", "interpolated")


async def test_a_voxels_own_value_is_told_as_it_is(connect: Connect) -> None:
    datasets = made.speaking()
    hu, first = values(datasets)
    socket = await connect(PAGE)
    for column, row, number in ((0, 0, 0), (17, 90, 4), (127, 127, 11)):
        told = await ask(socket, planes(datasets[0]), (first + np.array([column, row, number]) * spacing(datasets)))
        assert (told["value"], told["unit"], told["words"]) == (int(hu[number, row, column]), "HU", "")


async def test_a_slab_tells_what_it_shows(connect: Connect) -> None:
    datasets = made.speaking()
    hu, first = values(datasets)
    step = spacing(datasets)
    socket = await connect(PAGE)
    point = first + np.array([60, 60, 5]) * step
    column = hu[4:7, 60, 60]
    for method, expected, words in (
        ("maximum_ip", column.max(), "highest"), ("minimum_ip", column.min(), "lowest"),
        ("average_ip", None, "mean"),
    ):  # fmt: skip
        query = f"orientation=f&mprslab={2 * step[2]}&renderingmethod={method}"
        told = await ask(socket, planes(datasets[0]), point, query)
        assert told["words"] == f"{words} of {2 * step[2]:g} mm"
        assert told["value"] == pytest.approx(expected) if expected is not None else told["value"] is not None


async def test_where_there_is_nothing_there_is_a_dash(connect: Connect) -> None:
    datasets = made.speaking()
    _hu, first = values(datasets)
    step = spacing(datasets)
    socket = await connect(PAGE)
    for outside in ((-0.6, 5, 5), (5, 127.6, 5), (5, 5, 11.6), (5, 5, -1), (1e5, 0, 0)):
        told = await ask(socket, planes(datasets[0]), first + np.array(outside) * step)
        assert (told["value"], told["unit"], told["words"]) == (None, "", "–")
    for farthest in ((1e6, 1e6, 1e6), (-1e6, 0, 0)):
        assert (await ask(socket, planes(datasets[0]), farthest))["words"] == "–"

    lost = made.other_patient()
    zs = sorted(float(each.ImagePositionPatient[2]) for each in lost)
    gap = max(range(len(zs) - 1), key=lambda place: zs[place + 1] - zs[place])
    x, y, _z = (float(part) for part in lost[0].ImagePositionPatient)
    told = await ask(socket, planes(lost[0]), (x + 8, y + 8, (zs[gap] + zs[gap + 1]) / 2))
    assert (told["value"], told["words"]) == (None, "– (no slice here)")
    assert (await ask(socket, planes(lost[0]), (x + 8, y + 8, zs[gap])))["value"] is not None


async def test_padding_is_no_value(connect: Connect) -> None:
    datasets = made.padded()
    socket = await connect(PAGE)
    x, y, z = (float(part) for part in datasets[1].ImagePositionPatient)
    assert (await ask(socket, planes(datasets[0]), (x + 1, y + 1, z)))["words"] == "– (no pixel here)"
    told = await ask(socket, planes(datasets[0]), (x + 8, y + 8, z))
    assert (told["value"], told["unit"]) == (int(datasets[1].pixel_array[8, 8]) - 1024, "HU")


async def test_who_may_not_see_the_study_gets_no_value(connect: Connect, people: People) -> None:
    socket = await connect(PAGE, token=people.bob)
    theirs, other = planes(made.speaking()[0]), planes(made.other_patient()[0])
    stolen = theirs.replace(made.speaking()[0].SeriesInstanceUID, made.other_patient()[0].SeriesInstanceUID)
    unknown = theirs.replace(made.speaking()[0].StudyInstanceUID, "1.2.3")
    refused = [await ask(socket, resource, (0, 0, 0)) for resource in (other, unknown)]
    assert {(told["value"], told["words"]) for told in refused} == {(None, "No such study, or not yours to see")}
    told = await ask(socket, stolen, (0, 0, 0))
    assert told["value"] is None and told["words"]


@pytest.mark.parametrize(
    "probe",
    [
        {"point": [0, 0]},
        {"point": [0, 0, 0, 0]},
        {"point": [0, 0, "0"]},
        {"point": [0, 0, None]},
        {"point": [0, 0, 1e7]},
        {"point": [-1e300, 0, 0]},
        {"point": [float("nan"), 0, 0]},
        {"point": [float("inf"), 0, 0]},
        {"point": [0, 0, 0], "query": "x" * 8001},
        {"point": {"x": 0}},
    ],
)
async def test_hostile_numbers_are_refused_in_words(connect: Connect, probe: dict[str, Any]) -> None:
    socket = await connect(PAGE)
    await socket.say(probe={"seq": 1, "resource": planes(made.speaking()[0]), **probe})
    assert (await socket.hear())[0]["refused"]
    await socket.say(ping=1)
    assert (await socket.hear())[0] == {"pong": 1}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("mprslab=-1", "mprslab"),
        ("orientation=x", "orientation"),
        ("stack=nothing", "stack"),
        ("viewpointlookat=nan,0,0", "viewpointlookat"),
        ("orientation=a&window=1", "window"),
    ],
)
async def test_a_plane_that_can_not_be_cut_has_no_value(connect: Connect, query: str, name: str) -> None:
    socket = await connect(PAGE)
    told = await ask(socket, planes(made.speaking()[0]), (0, 0, 0), query)
    assert told["value"] is None and told["words"].startswith(name)


async def test_a_frame_has_no_points_and_a_planes_pixel_has_one(connect: Connect) -> None:
    socket = await connect(PAGE)
    told = await ask(socket, f"{address(made.speaking()[0])}/rendered", (0, 0, 0))
    assert (told["value"], told["words"]) == (None, "A point is of a plane, not of an image")
    resource, query = planes(made.speaking()[0]), "viewport=21,11&pixelspacing=2&viewpointlookat=3,4,5&orientation=f"
    await socket.say(probe={"seq": 3, "resource": resource, "x": 12, "y": 4, "query": query})
    pixel = (await socket.hear())[0]["probe"]
    assert pixel["point"] == [7, 2, 5]
    at_point = await ask(socket, resource, (7, 2, 5), query)
    assert (pixel["value"], pixel["words"]) == (at_point["value"], at_point["words"]) and pixel["value"] is not None
    await socket.say(probe={"seq": 4, "resource": resource, "x": 21, "y": 4, "query": query})
    assert (await socket.hear())[0]["probe"]["words"] == "The point lies outside the image"

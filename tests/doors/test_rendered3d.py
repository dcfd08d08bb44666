"""Volumes in three dimensions through the HTTP door and over the socket: methods, presets, parameters, words, depth."""

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.doors import made
from tests.doors.asking import Answer, Connect, Get, People
from viewer.doors.parameters import BadParameter
from viewer.doors.space_parameters import parse
from viewer.imaging.transfer import PRESETS

pytestmark = pytest.mark.django_db(transaction=True)


def series(dataset: Dataset) -> str:
    return f"/dicomweb/main/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"


def pixels(answer: Answer) -> np.ndarray:
    assert answer.status == 200, answer.body
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


async def test_it_works(get: Get) -> None:
    answer = await get(f"{series(made.speaking()[0])}/rendered3d?accept=image/png&viewport=120,100")
    assert pixels(answer).shape[2] == 3 and pixels(answer).max() > 60
    told = answer.picture
    assert told["space"]["look"] == [0, 1, 0] and told["space"]["preset"] == "ct-bone"
    assert told["patient_orientation"] == ["L", "F"] and told["frame"] is None


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_every_preset_draws(get: Get, preset: str) -> None:
    answer = await get(f"{series(made.speaking()[0])}/rendered3d?accept=image/png&viewport=64,64&preset={preset}")
    assert pixels(answer).shape == (64, 64, 3) or pixels(answer).shape[2] == 3
    assert answer.picture["space"]["preset"] == preset


async def test_a_maximum_along_the_slices_is_that_of_all_slices(get: Get) -> None:
    datasets = made.speaking()
    x, y, z = datasets[0].ImagePositionPatient
    middle = f"{x + 63.5 * 0.8},{y + 63.5 * 0.8},{z}"
    query = f"accept=image/png&orientation=f&viewport=128,128&pixelspacing=0.8&viewpointlookat={middle}"
    query += "&window=500,4000,linear-exact&renderingmethod=maximum_ip"
    shown = pixels(await get(f"{series(datasets[0])}/rendered3d?{query}"))
    values = np.max([each.pixel_array * each.RescaleSlope + each.RescaleIntercept for each in datasets], axis=0)
    expected = np.clip((values - 500) / 4000 + 0.5, 0, 1) * 255
    # Below the centres of the outermost slices nothing is sampled; along them a ray stands on every slice.
    assert np.abs(shown.astype(float) - expected).max() <= 1


async def test_window_preset_and_clip_change_the_picture(get: Get) -> None:
    path = f"{series(made.speaking()[0])}/rendered3d?accept=image/png&viewport=64,64"
    plain = await get(path)
    assert plain.picture["window"] == {**plain.picture["window"], "center": 500, "width": 1000}
    shifted = await get(f"{path}&window=-600,200,linear")
    assert not np.array_equal(pixels(plain), pixels(shifted)) and shifted.picture["window"]["center"] == -600
    clipped = await get(f"{path}&clip=-1,-1,-1,0,0,0")
    assert (pixels(clipped) > 0).sum() < (pixels(plain) > 0).sum()
    cut = await get(f"{path}&cut=inside,0,0,0,0,1,0,0,0,1,-9999,-9999,9999,-9999,9999,9999,-9999,9999")
    assert pixels(cut).max() == 0


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("renderingmethod=median", "renderingmethod"),
        ("preset=nothing", "preset"),
        ("preset=ct-bone&preset=ct-lung", "preset"),
        ("clip=0,0,0,1,1", "clip"),
        ("clip=0,0,0,-1,1,1", "clip"),
        ("clip=0,0,0,nan,1,1", "clip"),
        ("cut=inside,0,0,0", "cut"),
        ("cut=along,0,0,0,0,1,0,0,0,1,0,0,1,0,1,1", "cut"),
        ("cut=inside,0,0,0,0,1,0,0,1,0,0,0,1,0,1,1", "cut"),
        ("orientation=x", "orientation"),
        ("viewport=0,3", "viewport"),
    ],
)
def test_what_cant_be_obeyed_names_itself(query: str, name: str) -> None:
    with pytest.raises(BadParameter) as caught:
        parse(query)
    assert caught.value.name == name


def test_what_planes_have_is_unknown() -> None:
    assert parse("mprslab=3&preset=ct-bone").plane.picture.unknown == ("mprslab",)
    assert parse("").plane.look == (0, 1, 0)


async def test_a_picture_of_too_many_pixels_is_refused(get: Get) -> None:
    answer = await get(f"{series(made.speaking()[0])}/rendered3d?viewport=4000,4000&pixelspacing=0.1")
    assert answer.status == 400 and b"viewport" in answer.body


async def test_what_is_no_volume_says_why(get: Get) -> None:
    answer = await get(f"{series(made.radiographs()[0])}/rendered3d")
    assert answer.status == 406


async def test_the_socket_draws_it_and_tells_what_lies_under_a_pixel(get: Get, connect: Connect) -> None:
    dataset = made.speaking()[0]
    path, query = f"{series(dataset)}/rendered3d", "accept=image/png&orientation=f&viewport=64,64"
    shown = pixels(await get(f"{path}?{query}"))
    socket = await connect(f"/ws/{dataset.StudyInstanceUID}/?archive=main")
    await socket.say(want={"seq": 1, "pane": 0, "resource": path, "query": query})
    told, body = await socket.hear()
    assert body and told["picture"]["space"]["method"] == "volume_rendered"
    assert np.array_equal(cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED), shown)
    row, column = np.unravel_index(shown.max(axis=2).argmax(), (64, 64))
    await socket.say(probe={"seq": 2, "resource": path, "query": query, "x": int(column), "y": int(row)})
    met = (await socket.hear())[0]["probe"]
    right, down = np.array(told["picture"]["orientation"]).reshape(2, 3)
    off = np.array(met["point"]) - told["picture"]["position"]
    step = told["picture"]["space"]["pixel_spacing"]
    assert [off @ right / step, off @ down / step] == pytest.approx([column, row], abs=0.01)
    empty = f"{query}&window=9000,100,linear"
    await socket.say(probe={"seq": 3, "resource": path, "query": empty, "x": 0, "y": 0})
    met = (await socket.hear())[0]["probe"]
    assert met["point"] is None and met["words"]


async def test_all_frames_of_a_swivel_come_in_one_answer_to_who_takes_several(get: Get) -> None:
    path = f"{series(made.speaking()[0])}/rendered3d?accept=image/png&viewport=32,32&renderingmethod=maximum_ip"
    query = f"{path}&swivelrange=60&animationstepsize=15"
    answer = await get(query, headers={"accept": "multipart/related; type=image/png"})
    assert answer.status == 200
    parts = answer.body.split(f"--{answer.headers['content-type'].split('boundary=')[1]}".encode())[1:-1]
    assert len(parts) == 4
    for number, part in enumerate(parts, 1):
        single = await get(f"{query}&animationframe={number}")
        assert part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") == single.body
        told = {"frame": number, "frames": 4, "initial": 3, "step": 15, "degrees": 15 * (number - 3)}
        assert single.picture["animation"] == told | {"rate": 15}
    many = f"{path.replace('32,32', '2000,2000')}&pixelspacing=0.05&swivelrange=360&animationstepsize=1"
    answer = await get(many, headers={"accept": "multipart/related; type=image/png"})
    assert answer.status == 400 and "animationstepsize" in answer.words


async def test_only_who_may_see_the_study_sees_its_volume(get: Get, connect: Connect, people: People) -> None:
    path = f"{series(made.other_patient()[0])}/rendered3d"
    assert (await get(path, token=people.bob)).status == 404
    socket = await connect(f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main", token=people.bob)
    await socket.say(want={"seq": 1, "pane": 0, "resource": path})
    assert (await socket.hear())[0]["failed"]["status"] == 404

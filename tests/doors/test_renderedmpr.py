"""Planes through the HTTP door and over the socket: geometry, parameters, words, refusals."""

import asyncio
import threading
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.doors import made
from tests.doors.asking import Answer, Connect, Get, People, http_scope
from tests.doors.made import address
from viewer import dicomweb, rendering
from viewer.doors import volumes
from viewer.doors.listing import stacks_json
from viewer.doors.mpr_parameters import parse
from viewer.doors.parameters import BadParameter
from viewer.imaging import reformat

pytestmark = pytest.mark.django_db(transaction=True)


def study(dataset: Dataset) -> str:
    return f"/dicomweb/main/studies/{dataset.StudyInstanceUID}"


def series(dataset: Dataset) -> str:
    return f"{study(dataset)}/series/{dataset.SeriesInstanceUID}"


def uids(dataset: Dataset) -> tuple[str, str]:
    return str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID)


def pixels(answer: Answer) -> np.ndarray:
    assert answer.status == 200, answer.body
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


def middle(dataset: Dataset, columns: int = 128, rows: int = 128, spacing: float = 0.8) -> str:
    """Return the LPS mm of an axial slice's middle as a parameter's value."""
    x, y, z = dataset.ImagePositionPatient
    return f"{x + (columns - 1) / 2 * spacing},{y + (rows - 1) / 2 * spacing},{z}"


async def test_it_works(get: Get) -> None:
    answer = await get(f"{series(made.speaking()[0])}/renderedmpr")
    assert answer.status == 200 and answer.headers["content-type"] == "image/jpeg"
    assert pixels(answer).shape == (128, 128) and answer.picture["plane"]["look"] == [0, 0, 1]


async def test_the_axial_plane_through_a_slice_is_that_slice(get: Get) -> None:
    for dataset in made.speaking()[::3]:
        for window in ("", "&window=40.5,400,linear-exact", "&window=-600,1500,sigmoid", "&window=0,1,linear"):
            plain = await get(f"{address(dataset)}/rendered?accept=image/png{window}")
            path = f"{series(dataset)}/renderedmpr?accept=image/png&orientation=f&viewport=128,128&pixelspacing=0.8"
            answer = await get(f"{path}&viewpointlookat={middle(dataset)}{window}")
            assert np.array_equal(pixels(answer), pixels(plain))
            told = answer.picture
            assert told["position"] == pytest.approx(list(dataset.ImagePositionPatient))
            assert told["orientation"] == [1, 0, 0, 0, 1, 0] and told["window"] == plain.picture["window"]
            assert told["location"] == pytest.approx(float(dataset.ImagePositionPatient[2]))


async def test_the_description_says_what_the_pixels_are(get: Get) -> None:
    dataset = made.speaking()[0]
    query = "accept=image/png&orientation=a&viewport=200,100&pixelspacing=0.25&viewpointlookat=1,2,3&mprslab=4"
    told = (await get(f"{series(dataset)}/renderedmpr?{query}&renderingmethod=maximum_ip")).picture
    plain = (await get(f"{address(dataset)}/rendered?accept=image/png")).picture
    assert set(told) == set(plain) | {"plane", "volume_words"}
    same = {"patient", "study_uid", "series_uid", "modality", "unit", "stack", "frame_of_reference", "window", "colour"}
    assert {name: told[name] for name in same} == {name: plain[name] for name in same}
    assert [told[name] for name in ("instance", "frame", "index", "count")] == [None] * 4
    assert told["position"] == pytest.approx([1 - 99.5 * 0.25, 2, 3 + 49.5 * 0.25])
    assert told["orientation"] == [1, 0, 0, 0, 0, -1] and told["patient_orientation"] == ["L", "F"]
    assert (told["rows"], told["columns"], told["size"], told["location"]) == (100, 200, [200, 100], 2)
    assert told["pixel_spacing"] == [0.25, 0.25] and told["aspect"] == 1 and told["spacing_basis"] == "patient"
    assert told["lossless"] is True and told["slice_thickness"] == 4 and told["volume_words"] == ""
    plane = {"point": [1, 2, 3], "look": [0, 1, 0], "up": [0, 0, 1], "pixel_spacing": 0.25, "thickness": 4}
    assert told["plane"] == plane | {"method": "maximum_ip"}


@pytest.mark.parametrize(
    ("name", "camera", "letters"),
    [
        ("f", "0,0,-9&viewpointup=0,-2,0", ["L", "P"]),
        ("h", "0,0,9&viewpointup=0,-1,0", ["R", "P"]),
        ("a", "0,-9,0&viewpointup=0,0,3", ["L", "F"]),
        ("p", "0,9,0&viewpointup=0,0,1", ["R", "F"]),
        ("l", "9,0,0&viewpointup=0,0,1", ["P", "F"]),
        ("r", "-9,0,0&viewpointup=1,0,1", ["A", "F"]),
    ],
)
async def test_an_orientation_is_a_camera(get: Get, name: str, camera: str, letters: list[str]) -> None:
    path = f"{series(made.speaking()[0])}/renderedmpr?accept=image/png&viewport=64,64&viewpointlookat=0,0,0"
    one = await get(f"{path}&orientation={name}")
    other = await get(f"{path}&viewpointposition={camera}")
    assert np.array_equal(pixels(one), pixels(other)) and one.picture == other.picture
    assert one.picture["patient_orientation"] == letters


async def test_a_viewport_shows_the_whole_volume_undistorted(get: Get) -> None:
    path = f"{series(made.speaking()[0])}/renderedmpr?accept=image/png"
    plain = await get(f"{path}&orientation=a")
    assert pixels(plain).shape == (30, 128) and plain.picture["plane"]["pixel_spacing"] == pytest.approx(0.8)
    wide = await get(f"{path}&orientation=a&viewport=256,256")
    assert pixels(wide).shape == (60, 256) and wide.picture["plane"]["pixel_spacing"] == pytest.approx(0.4)
    flat = await get(f"{path}&orientation=a&viewport=256,30")
    assert pixels(flat).shape == (30, 128)
    coarse = await get(f"{path}&orientation=f&pixelspacing=1.6")
    assert pixels(coarse).shape == (64, 64)
    beside = await get(f"{path}&orientation=f&viewport=100,100&viewpointlookat=20,0,0")
    told = beside.picture
    assert told["position"][0] + 49.5 * told["plane"]["pixel_spacing"] == pytest.approx(20)
    assert told["plane"]["pixel_spacing"] == pytest.approx(2 * (51.2 + 20) / 100)


def hatched(picture: np.ndarray) -> np.ndarray:
    """Return the rows of a picture that have amber in them."""
    return ((picture[..., 2].astype(int) - picture[..., 0]) > 25).any(axis=1)


async def test_missing_and_broken_slices_are_hatched_and_told(get: Get) -> None:
    lost = made.other_patient()
    answer = await get(f"{series(lost[0])}/renderedmpr?accept=image/png&orientation=a&viewport=256,256")
    assert answer.picture["volume_words"] == "2 slices missing; hatched where slices are missing or can't be read"
    shown = round(256 / (128 * 0.8) * 2)
    assert abs(int(hatched(pixels(answer)).sum()) - 2 * shown) <= 2

    broken = made.damaged()
    answer = await get(f"{series(broken[0])}/renderedmpr?accept=image/png&orientation=a&viewport=256,256")
    assert answer.picture["volume_words"].startswith("1 slice can't be read: ")
    rows = hatched(pixels(answer))
    third = len(rows) // 3
    assert not rows[: third - 1].any() and rows[third + 1 : 2 * third - 1].all() and not rows[2 * third + 1 :].any()
    again = await get(
        f"{series(broken[0])}/renderedmpr?accept=image/png&viewpointlookat={middle(broken[1])}&orientation=f"
    )
    assert hatched(pixels(again)).all()


async def test_a_plane_beside_the_volume_is_black_and_says_so(get: Get) -> None:
    path = f"{series(made.speaking()[0])}/renderedmpr?accept=image/png&orientation=f&viewpointlookat=0,0"
    answer = await get(f"{path},80&invert=yes&viewport=64,64")
    assert not pixels(answer).any() and "outside the volume" in answer.picture["volume_words"]
    assert (await get(f"{path},0&viewport=64,64")).picture["volume_words"] == ""


async def test_inversion_annotation_and_the_automatic_window(get: Get) -> None:
    path = f"{series(made.speaking()[0])}/renderedmpr?accept=image/png&orientation=f"
    plain, turned = pixels(await get(path)), pixels(await get(f"{path}&invert=yes"))
    assert np.abs(plain.astype(int) + turned - 255).max() <= 1
    written = pixels(await get(f"{path}&annotation=patient,technique"))
    assert (written != plain).any()
    assert (await get(f"{path}&voi=auto")).picture["window"]["explanation"] == "automatic"
    assert (await get(f"{path}&voi=9")).status == 400


async def test_a_study_with_several_volumes_lists_them_and_a_stack_chooses(get: Get) -> None:
    first = made.speaking()[0]
    answer = await get(f"{study(first)}/renderedmpr")
    assert answer.status == 400 and made.magnetic()[0].SeriesInstanceUID in answer.words
    key = (await get(f"{series(made.magnetic()[0])}/renderedmpr")).picture["stack"]
    assert key in answer.words
    only = await get(f"{study(made.other_patient()[0])}/renderedmpr?accept=image/png")
    assert only.status == 200
    assert only.headers["content-location"] == f"{series(made.other_patient()[0])}/renderedmpr"
    chosen = await get(
        f"{series(first)}/renderedmpr?stack={(await get(f'{address(first)}/rendered')).picture['stack']}"
    )
    assert chosen.status == 200
    assert (await get(f"{series(first)}/renderedmpr?stack=nothing")).status == 400


async def test_what_is_no_volume_says_why(get: Get) -> None:
    for dataset, words in (
        (made.tall()[0], "too few slices"),
        (made.ultrasound()[0], "no position"),
        (made.report(), "can't be shown"),
        (made.radiographs()[0], "no position"),
    ):
        answer = await get(f"{series(dataset)}/renderedmpr")
        assert answer.status == 406 and words in answer.words, answer.words
    answer = await get(f"{address(made.speaking()[0], None)}/renderedmpr")
    assert answer.status == 406 and "too few slices" in answer.words
    assert (await get(f"{series(made.speaking()[0])}/instances/1.2.3/renderedmpr")).status == 404
    assert (await get(f"{study(made.speaking()[0])}/series/1.2.3/renderedmpr")).status == 404
    assert (await get(f"{address(made.speaking()[0])}/renderedmpr")).status == 404


BAD = [
    ("orientation=x", "orientation"),
    ("orientation=F", "orientation"),
    ("orientation=a&orientation=f", "orientation"),
    ("orientation=a&viewpointposition=0,0,0", "viewpointposition"),
    ("orientation=a&viewpointup=0,0,1", "viewpointup"),
    ("viewpointlookat=0,0,0", "viewpointposition"),
    ("viewpointposition=0,0,0&viewpointup=0,0,1", "viewpointlookat"),
    ("viewpointposition=0,0,0&viewpointlookat=0,1,0", "viewpointup"),
    ("viewpointposition=0,0,0&viewpointlookat=0,0,0&viewpointup=0,0,1", "viewpointposition"),
    ("viewpointposition=0,0,0&viewpointlookat=0,1,0&viewpointup=0,2,0", "viewpointup"),
    ("viewpointposition=0,0,0&viewpointlookat=0,1,0&viewpointup=0,0,0", "viewpointup"),
    ("orientation=a&viewpointlookat=0,0", "viewpointlookat"),
    ("orientation=a&viewpointlookat=0,0,0,0", "viewpointlookat"),
    ("orientation=a&viewpointlookat=0,0,nan", "viewpointlookat"),
    ("orientation=a&viewpointlookat=0,0,1e9", "viewpointlookat"),
    ("orientation=a&viewpointlookat=", "viewpointlookat"),
    ("mprslab=-1", "mprslab"),
    ("mprslab=thick", "mprslab"),
    ("mprslab=inf", "mprslab"),
    ("renderingmethod=volume_rendered", "renderingmethod"),
    ("renderingmethod=MAXIMUM_IP", "renderingmethod"),
    ("pixelspacing=0", "pixelspacing"),
    ("pixelspacing=-1", "pixelspacing"),
    ("pixelspacing=0.001", "pixelspacing"),
    ("viewport=10,10,0,0,5,5", "viewport"),
    ("viewport=0,10", "viewport"),
    ("viewport=9000,10", "viewport"),
    ("window=1,2", "window"),
    ("quality=0", "quality"),
    ("voi=some", "voi"),
    ("stack=", "stack"),
    ("viewport=8000,4000&pixelspacing=0.1&mprslab=500", "mprslab"),
    ("orientation=a&viewport=8000,4000&pixelspacing=0.1&mprslab=4", "mprslab"),
]


@pytest.mark.parametrize(("query", "name"), BAD)
async def test_a_bad_value_is_refused_by_its_name(get: Get, query: str, name: str) -> None:
    answer = await get(f"{series(made.speaking()[0])}/renderedmpr?{query}")
    assert answer.status == 400 and answer.words.startswith(name), answer.body
    assert f'"parameter": "{name}"'.encode() in answer.body


async def test_unknown_names_are_ignored_over_http_and_refused_on_the_socket(get: Get, connect: Connect) -> None:
    answer = await get(f"{series(made.speaking()[0])}/renderedmpr?spinrange=10")
    assert answer.status == 200 and "spinrange" in answer.headers["warning"]
    socket = await connect(f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main")
    resource = f"{series(made.speaking()[0])}/renderedmpr"
    await socket.say(want={"seq": 1, "pane": 0, "resource": resource, "query": "spinrange=10"})
    assert (await socket.hear())[0]["failed"]["status"] == 400


async def test_both_doors_give_the_same_picture(get: Get, connect: Connect) -> None:
    resource, query = f"{series(made.speaking()[0])}/renderedmpr", "accept=image/png&orientation=l&viewport=64,64"
    socket = await connect(f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main")
    await socket.say(want={"seq": 7, "pane": 2, "resource": resource, "query": query})
    about, data = await socket.hear()
    answer = await get(f"{resource}?{query}")
    assert data == answer.body and about["picture"] == answer.picture
    assert (about["seq"], about["pane"], about["resource"], about["query"]) == (7, 2, resource, query)


async def test_only_who_may_see_the_study_sees_its_planes(get: Get, connect: Connect, people: People) -> None:
    theirs, other = f"{series(made.speaking()[0])}/renderedmpr", f"{series(made.other_patient()[0])}/renderedmpr"
    assert (await get(theirs, token=people.bob)).status == 200
    refused = [await get(path, token=token) for path, token in ((other, people.bob), (theirs, people.charlie))]
    refused.append(await get(theirs.replace(made.speaking()[0].StudyInstanceUID, "1.2.3"), token=people.bob))
    assert {(answer.status, answer.body) for answer in refused} == {(404, refused[0].body)}
    socket = await connect(f"/ws/{made.speaking()[0].StudyInstanceUID}/?archive=main", token=people.bob)
    await socket.say(want={"seq": 1, "pane": 0, "resource": other, "query": ""})
    assert (await socket.hear())[0]["failed"]["status"] == 404
    # A series of another study under the address of one's own.
    stolen = f"{study(made.speaking()[0])}/series/{made.other_patient()[0].SeriesInstanceUID}/renderedmpr"
    assert (await get(stolen, token=people.bob)).status == 404


async def test_a_plane_whose_client_has_gone_is_given_up_between_rows(
    people: People, studio: rendering.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(*what: Any, overtaken: Any, **how: Any) -> Any:
        loop.call_soon_threadsafe(cutting.set)
        for _turn in range(500):
            if overtaken():
                ended.set()
                raise reformat.Overtaken
            threading.Event().wait(0.01)
        raise AssertionError("nobody gave it up")

    monkeypatch.setattr(reformat, "cut", slow)

    async def receive() -> dict[str, Any]:
        await cutting.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("nobody is there to answer")

    path = f"{series(made.speaking()[0])}/renderedmpr"
    await asyncio.wait_for(dicomweb.application(http_scope(path, people.alice), receive, send), 10)
    assert await asyncio.to_thread(ended.wait, 5)


async def test_planes_that_wait_for_the_same_frames_wait_together(
    get: Get, monkeypatch: pytest.MonkeyPatch, studio: rendering.Studio
) -> None:
    calls = []
    kept = volumes.gathered

    async def counted(*what: Any, **how: Any) -> Any:
        calls.append(what)
        return await kept(*what, **how)

    monkeypatch.setattr(volumes, "gathered", counted)
    path = f"{series(made.damaged()[0])}/renderedmpr?viewport=32,32&orientation="
    assert {answer.status for answer in await asyncio.gather(*(get(path + name) for name in "aflrph"))} == {200}
    assert len(calls) == 1


async def test_a_listing_says_which_stacks_are_volumes(get: Get, studio: rendering.Studio) -> None:
    opened = await studio.series("main", *uids(made.other_patient()[0]))
    (listed,) = (await stacks_json(studio, opened))["stacks"]
    grid = listed["volume"]
    assert grid["size"] == [128, 128, 8] and grid["words"] == "2 slices missing" and listed["volume_words"] == ""
    assert grid["spacing_mm"] == pytest.approx(0.8) and grid["row"] == pytest.approx([0.8, 0, 0])
    far = np.array(grid["position"]) + 7 * np.array(grid["step"])
    zs = {round(float(each.ImagePositionPatient[2]), 6) for each in made.other_patient()}
    assert {round(grid["position"][2], 6), round(float(far[2]), 6)} == {min(zs), max(zs)}
    opened = await studio.series("main", *uids(made.tall()[0]))
    (listed,) = (await stacks_json(studio, opened))["stacks"]
    assert listed["volume"] is None and listed["volume_words"] == "too few slices for a volume"


def test_a_parameter_is_read_once_for_both_doors() -> None:
    wanted = parse("orientation=l&viewpointlookat=1,-2.5,3e1&mprslab=5&renderingmethod=minimum_ip&pixelspacing=0.5")
    assert (wanted.lookat, wanted.look, wanted.up) == ((1, -2.5, 30), (-1, 0, 0), (0, 0, 1))
    assert (wanted.slab, wanted.method, wanted.pixel_spacing, wanted.choice.stack) == (5, "minimum_ip", 0.5, None)
    with pytest.raises(BadParameter):
        parse("orientation=" + "f" * 5000)


async def test_a_plane_beside_the_lost_slices_has_no_hatch(get: Get) -> None:
    first = made.other_patient()[0]
    path = f"{series(first)}/renderedmpr?accept=image/png&viewport=128,128&pixelspacing=0.8&orientation=f"
    beside = await get(f"{path}&viewpointlookat={middle(first)}")
    assert pixels(beside).ndim == 2 and "hatched" not in beside.picture["volume_words"]
    slab = await get(f"{path}&viewpointlookat={middle(first)}&mprslab=12")
    assert hatched(pixels(slab)).any() and "hatched" in slab.picture["volume_words"]


@pytest.mark.parametrize("slab", ["", "&mprslab=4"])
async def test_a_volume_in_colour_is_cut_channel_by_channel(get: Get, slab: str) -> None:
    path = f"{series(made.stained()[0])}/renderedmpr?accept=image/png&orientation=a&viewport=40,8&pixelspacing=1"
    answer = await get(f"{path}&viewpointlookat=0,0,5{slab}")
    blue, green, red = (pixels(answer)[..., channel].astype(int) for channel in range(3))
    x = np.arange(40) - 19.5
    z = 3.5 - np.arange(8) + 5
    assert np.abs(red - 20 * z[:, None])[1:].max() <= 1 and np.abs(green - 4 * (x + 25)).max() <= 1
    assert np.abs(blue - 60).max() <= (1 if not slab else 2) and answer.picture["colour"]
    turned = pixels(await get(f"{path}&viewpointlookat=0,0,5&invert=yes{slab}"))
    assert np.abs(255 - turned[..., 2].astype(int) - red).max() <= 1


async def test_between_colours_of_a_palette_are_colours_and_not_indices(get: Get) -> None:
    path = f"{series(made.by_palette()[0])}/renderedmpr?accept=image/png&orientation=f&viewport=8,8&pixelspacing=1"
    picture = pixels(await get(f"{path}&viewpointlookat=0,0,5"))
    assert np.abs(picture.astype(int) - (7, 200 - 100, 100)).max() <= 1


async def test_a_volume_in_colour_has_no_parameters_and_no_layer(get: Get) -> None:
    path = f"{series(made.stained()[0])}/renderedmpr?orientation=f"
    refused = await get(f"{path}&renderedvolumetricmetadata=yes&accept=application/dicom%2Bjson")
    assert refused.status == 406, refused.body

"""Curved pictures, planes across a path and swivels at both doors: truth, numbered frames, refusals."""

import json
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tests.doors import made
from tests.doors.asking import Answer, Connect, Get, People
from tests.doors.made_phases import PATH, RADIUS, RISE, TUBE, phases, way
from tests.doors.test_renderedmpr import pixels, series

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = ",".join(f"{number:.4f}" for number in PATH.ravel())
LENGTH = float(np.hypot(RADIUS, RISE) * 1.5 * np.pi)
ON_PATH = f"TemporalPositionIdentifier=2&accept=image/png&window=500,1000,linear-exact&volumetriccurvepoint={POINTS}"


async def of(get: Get, query: str, **how: Any) -> Answer:
    return await get(f"{series(phases()[0])}/renderedmpr?{query}", **how)


def widths(picture: np.ndarray, spacing: float) -> np.ndarray:
    """Return how many mm of each column are brighter than half."""
    return np.asarray((picture > 127).sum(axis=0) * spacing)


async def test_a_straightened_tube_is_straight_and_as_wide_everywhere(get: Get) -> None:
    answer = await of(get, f"{ON_PATH}&curve=straightened&viewport=240,80&pixelspacing=0.25&viewpointlookat=0,0,0"
                           "&orientation=f")  # fmt: skip
    picture, told = pixels(answer), answer.picture
    assert picture.shape == (80, 240) and told["curve"]["length"] == pytest.approx(LENGTH, rel=1e-3)
    drawn = np.flatnonzero(picture.any(axis=0))
    assert len(drawn) * 0.25 == pytest.approx(LENGTH, abs=0.5)  # black before and after the path
    inner = picture[:, drawn[8:-8]]
    assert np.abs(widths(inner, 0.25) - 2 * TUBE).max() < 0.8
    middles = (np.arange(80)[:, None] * (inner > 127)).sum(axis=0) / (inner > 127).sum(axis=0)
    assert np.abs(middles - 39.5).max() * 0.25 < 0.4
    assert (told["pixel_spacing"], told["orientation"], told["plane"], told["patient_orientation"]) == (None,) * 4
    assert "along the path" in told["spacing_words"] and told["curve"]["form"] == "straightened"
    for knot in told["curve"]["knots"][::8]:
        middle = np.array(knot["point"]) + 39.5 * 0.25 * np.array(knot["down"])
        angle = knot["along"] / np.hypot(RADIUS, RISE)
        assert middle == pytest.approx(way(np.array(angle)), abs=0.05)


async def test_a_stretched_tube_rises_as_its_path_does(get: Get) -> None:
    answer = await of(get, f"{ON_PATH}&curve=stretched&orientation=a&viewport=300,200&pixelspacing=0.25")
    picture, told = pixels(answer), answer.picture
    assert told["pixel_spacing"] == [0.25, 0.25] and "curved surface" in told["spacing_words"]
    knots = told["curve"]["knots"]
    ups = -np.array([knot["down"] for knot in knots])
    assert np.abs(ups - ups[0]).max() < 1e-3
    for knot in knots[4:-4]:
        place = way(np.array(knot["along"] / np.hypot(RADIUS, RISE)))
        row = (place - knot["point"]) @ knot["down"] / 0.25
        assert picture[round(row), knot["column"]] > 250
    whole = await of(get, f"{ON_PATH}&curve=stretched&orientation=a&curveturn=90&mprslab=2&interpolation=cubic")
    assert whole.status == 200 and max(pixels(whole).shape) < 120 and whole.picture["curve"]["turn"] == 90


async def test_planes_across_a_path_are_numbered_frames(get: Get, connect: Connect) -> None:
    query = f"{ON_PATH}&viewport=80,80&pixelspacing=0.25&animationstepsize=8&animationrate=12"
    first = await of(get, query)
    count = int(LENGTH / 8) + 1
    assert first.picture["animation"] == {
        "frame": 1, "frames": count, "initial": 1, "step": 8, "rate": 12, "along": 0
    }  # fmt: skip
    for number in range(2, count + 1):
        answer = await of(get, f"{query}&animationframe={number}")
        told, mm = answer.picture, 8 * (number - 1)
        assert told["animation"]["along"] == mm == told["curve"]["at"]
        assert told["plane"]["point"] == pytest.approx(way(np.array(mm / np.hypot(RADIUS, RISE))), abs=0.05)
        area = (pixels(answer) > 127).sum() * 0.25**2
        assert np.sqrt(area / np.pi) == pytest.approx(TUBE, abs=0.35)  # voxels of 1 to 1.5 mm
        at = await of(get, f"{ON_PATH}&viewport=80,80&pixelspacing=0.25&curveat={mm}")
        assert at.body == answer.body and "animation" not in at.picture
    assert (await of(get, f"{query}&animationframe={count + 1}")).words.startswith("animationframe")
    socket = await connect(f"/ws/{phases()[0].StudyInstanceUID}/?archive=main")
    resource = f"{series(phases()[0])}/renderedmpr"
    await socket.say(want={"seq": 1, "pane": 0, "resource": resource, "query": f"{query}&animationframe=3"})
    about, data = await socket.hear()
    assert data == (await of(get, f"{query}&animationframe=3")).body and about["picture"]["animation"]["frame"] == 3
    # The value under a pixel, and where that pixel lies, of a plane and of a curved picture.
    for more in ("&animationframe=3", "&curve=straightened"):
        asked = query.split("&animationstep")[0] if "curve=" in more else query
        await socket.say(probe={"seq": 2, "resource": resource, "x": 40, "y": 40, "query": asked + more})
        told = (await socket.hear())[0]["probe"]
        assert told["value"] == pytest.approx(1000, abs=20) and len(told["point"]) == 3
        assert np.linalg.norm(way(np.linspace(0, 5, 2000)) - told["point"], axis=1).min() < 0.4


async def test_all_frames_come_in_one_answer_to_who_takes_several(get: Get, people: People) -> None:
    query = "TemporalPositionIdentifier=2&accept=image/png&orientation=a&viewport=48,48&swivelrange=60&spin=1"
    answer = await of(get, f"{query}&animationstepsize=15", headers={"accept": "multipart/related; type=image/png"})
    assert answer.status == 200 and "spin" in answer.headers["warning"]
    boundary = answer.headers["content-type"].split("boundary=")[1]
    parts = answer.body.split(f"--{boundary}".encode())[1:-1]
    assert len(parts) == 4 and [b"animationframe=%d" % n in part for n, part in enumerate(parts, 1)] == [True] * 4
    for number, part in enumerate(parts, 1):
        single = await of(get, f"{query}&animationstepsize=15&animationframe={number}")
        assert part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") == single.body
        assert single.picture["animation"]["degrees"] == 15 * (number - 3)
    still = await of(get, query.split("&swivel")[0])
    middle = await of(get, f"{query}&animationstepsize=15")
    assert middle.picture["plane"]["look"] == still.picture["plane"]["look"] == [0, 1, 0]
    assert len({pixels(await of(get, f"{query}&animationframe={n}")).shape for n in (1, 5, 9)}) == 1
    assert (await of(get, query.replace("image/png", "video/mp4"))).status == 406
    assert (await of(get, query, token=people.bob)).status == (await of(get, query, token=people.charlie)).status == 404


async def test_a_swivel_turns_the_view_about_its_up(get: Get) -> None:
    query = "TemporalPositionIdentifier=2&accept=image/png&orientation=a&viewport=48,48&pixelspacing=1&swivelrange=360"
    quarter = await of(get, f"{query}&animationstepsize=90&animationframe=2")
    assert quarter.picture["plane"]["look"] == pytest.approx([1, 0, 0]) and quarter.picture["plane"]["up"] == [0, 0, 1]
    right = "TemporalPositionIdentifier=2&accept=image/png&orientation=r&viewport=48,48&pixelspacing=1"
    same = await of(get, f"{right}&viewpointlookat=1.5,-0.625,117.25")
    assert np.abs(pixels(same).astype(int) - pixels(quarter)).max() <= 1


BAD = [
    *(f"{name}={value}" for name in ("swivelrange", "animationstepsize", "animationrate", "animationframe")
      for value in ("", "nan", "inf", "-1", "0", "1e300", "1,2", "0x10", "½")),
    *(f"curve={value}" for value in ("", "bent", "STRAIGHTENED", "straightened,stretched")),
    *(f"curveat={value}" for value in ("", "nan", "-1", "1e300", "99999", "1,2")),
    *(f"curveturn={value}" for value in ("", "nan", "inf", "361", "1e300")),
    *(f"interpolation={value}" for value in ("", "nearest", "CUBIC", "linear,cubic")),
    *(f"renderedvolumetricmetadata={value}" for value in ("", "no", "YES", "1")),
    *(f"volumeinputreference={value}" for value in ("", "a", "1..2", ",", "1.2," + "3." * 40 + "3", "../x")),
    *(f"TemporalPositionIdentifier={value}" for value in ("x", "nan", "-", "1-2-3", "1e999", "²")),
    "SeriesInstanceUID=x", "00100020=1", "Modality.Modality=CT",
    "swivelrange=360&animationstepsize=0.01", "swivelrange=10&animationframe=3", "swivelrange=90&swivelrange=80",
]  # fmt: skip
FEW = "volumetriccurvepoint=0,0,110,5,5,115"
BAD_PATHS = [
    *(f"volumetriccurvepoint={value}" for value in
      ("", "0,0,0", "0,0,0,0,0,0", "1,2,3,4", "0,0,0,nan,1,1", "0,0,0,inf,1,1", "0,0,0,1e300,0,0", "0,0,0,1,1,",
       "0,0,0,1e6,0,0", ",".join(["1", "2", "3"] * 201), "a,b,c,d,e,f")),
    "volumetriccurvepoint=0,0,0,0,0,9&orientation=a", f"{FEW}&volumetriccurvepoint=1,2",
]  # fmt: skip


@pytest.mark.parametrize("began", ["", f"{FEW}&curve=straightened&", "swivelrange=90&"])
async def test_bad_values_are_refused_by_their_names(get: Get, began: str) -> None:
    for query in [*BAD, *([] if "curve" in began else BAD_PATHS)]:
        name = query.rpartition("&")[2].partition("=")[0]
        chosen = "" if query.startswith("Temporal") else f"TemporalPositionIdentifier=2&{began}"
        answer = await of(get, chosen + quote(query, safe="=&,"))
        assert answer.status == 400, (began, query)
        refused = json.loads(answer.body)["parameter"]
        assert answer.words.startswith(refused) and (refused in query or name in began), (query, answer.words)


async def test_what_contradicts_itself_or_costs_too_much_is_refused(get: Get) -> None:
    for query, name in (
        (f"{FEW}&swivelrange=90", "swivelrange"),
        (f"{FEW}&curve=stretched&curveat=1", "curveat"),
        (f"{FEW}&curve=stretched&animationstepsize=1", "animationstepsize"),
        (f"{FEW}&curveat=1&animationframe=1", "animationframe"),
        (f"volumetriccurvepoint={POINTS}&animationstepsize=0.01", "animationstepsize"),
        (f"{FEW}&curve=straightened&viewport=6000,6000&pixelspacing=0.01&mprslab=50", "mprslab"),
        ("viewport=8000,4000&pixelspacing=0.01&interpolation=cubic", "mprslab"),
        ("curve=stretched", "curve"),
        ("animationrate=4", "animationrate"),
        ("volumetriccurvepoint=0,0,110,0,0,130&curve=stretched&orientation=a", "orientation"),
    ):
        answer = await of(get, f"TemporalPositionIdentifier=2&{query}")
        assert answer.status == 400 and json.loads(answer.body)["parameter"] == name, (query, answer.body[:200])
    heavy = "viewport=6000,6000&pixelspacing=0.01&swivelrange=360&animationstepsize=1"
    answer = await of(get, f"TemporalPositionIdentifier=2&{heavy}", headers={"accept": "multipart/related"})
    assert answer.status == 400 and answer.words.startswith("animationstepsize")
    beside = await of(get, "TemporalPositionIdentifier=2&curve=straightened&volumetriccurvepoint=500,0,0,560,0,0")
    assert beside.status == 200 and "outside" in beside.picture["volume_words"]
    one_by_one = "&".join(f"volumetriccurvepoint={x},{y},{z}" for x, y, z in PATH.round(4).tolist())
    whole = await of(get, ON_PATH.rpartition("&")[0] + f"&{one_by_one}&curve=straightened")
    assert whole.body == (await of(get, f"{ON_PATH}&curve=straightened")).body
    several = "&".join(f"volumetriccurvepoint={n},0,110" for n in range(300))
    assert (await of(get, f"TemporalPositionIdentifier=2&{several}")).status == 400


async def test_a_path_through_a_sound_ct_shows_what_its_slices_show(get: Get) -> None:
    dataset = made.speaking()[0]
    answer = await get(
        f"{series(dataset)}/renderedmpr?accept=image/png&volumetriccurvepoint=-40,0,2,40,0,2&curve=stretched"
    )
    assert answer.status == 200 and answer.picture["curve"]["length"] == 80

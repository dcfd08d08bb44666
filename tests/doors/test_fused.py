"""A second volume over planes, at both doors: its own sampling by SciPy, the formula by hand, rights, refusals."""

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from scipy.ndimage import map_coordinates

from tests.doors import made_fused
from tests.doors.asking import Answer, Connect, Get, People
from tests.doors.made_fused import BQ_OF_SUV_1, PET_FIRST, PET_SIZE, PET_SPACING
from tests.doors.test_renderedmpr import pixels, series, study
from viewer.imaging import colormap
from viewer.models import Permit, Study

pytestmark = pytest.mark.django_db(transaction=True)

CT, PET = made_fused.tomography()[0], made_fused.uptake()[0]


async def key_of(get: Get, dataset: object) -> str:
    answer = await get(f"{series(dataset)}/renderedmpr?viewport=8,8")  # type: ignore[arg-type]
    return str(answer.picture["stack"])


async def layer(get: Get, dataset: object) -> str:
    return f"fused={dataset.SeriesInstanceUID}:{await key_of(get, dataset)}"  # type: ignore[attr-defined]


def lps(answer: Answer) -> np.ndarray:
    """Return the LPS mm (rows, columns, 3) of a picture's pixels."""
    told = answer.picture
    rows, columns = np.mgrid[: told["rows"], : told["columns"]]
    x, y = np.array(told["orientation"][:3]), np.array(told["orientation"][3:])
    step = told["pixel_spacing"][0]
    return np.array(told["position"]) + columns[..., None] * step * x + rows[..., None] * step * y


def sampled(points: np.ndarray) -> np.ndarray:
    """Return the PET's Bq/ml at LPS mm by SciPy, held over the outer half voxel; NaN outside."""
    index = np.round((points - PET_FIRST) / PET_SPACING, 11)
    found = map_coordinates(made_fused.activity(made_fused.uptake()), index[..., ::-1].T, order=1, mode="nearest").T
    inside = ((index >= -0.5 - 1e-6) & (index <= np.array(PET_SIZE) - 0.5 + 1e-6)).all(axis=-1)
    return np.where(inside, found, np.nan)


CAMERAS = ("orientation=f", "orientation=a", "orientation=l", "viewpointposition=9,30,70&viewpointlookat=5,0,46&viewpointup=0,0,1")  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize(("opacity", "name"), [(0.5, "HOT_IRON"), (1.0, "PET"), (0.0, "RAINBOW")])
async def test_each_pixel_is_the_formulas_mixture_of_both(get: Get, camera: str, opacity: float, name: str) -> None:
    looked = "" if "lookat" in camera else "&viewpointlookat=5.3,1.1,46.2"
    query = f"accept=image/png&{camera}{looked}&viewport=90,80&pixelspacing=0.7"
    alone = await get(f"{series(CT)}/renderedmpr?{query}")
    answer = await get(
        f"{series(CT)}/renderedmpr?{query}&{await layer(get, PET)}&fusedopacity={opacity}&fusedcolormap={name}"
    )
    found, base = pixels(answer)[..., ::-1].astype(float), pixels(alone).astype(float)
    values = sampled(lps(answer))
    shades = np.clip(values / (5 * BQ_OF_SUV_1), 0, 1) * 255
    assert np.isfinite(values).any() and np.isnan(values).any()
    assert (found[np.isnan(values)] == base[np.isnan(values)][:, None]).all()
    inside = np.isfinite(values)
    steps = []
    for step in (-1, 0, 1):
        shade = np.clip(np.rint(shades[inside]) + step, 0, 255).astype(int)
        alpha = (opacity * np.minimum(shade / 64, 1))[:, None]
        steps.append((1 - alpha) * base[inside][:, None] + alpha * colormap.table(name)[shade])
    assert (found[inside] >= np.min(steps, axis=0) - 1).all() and (found[inside] <= np.max(steps, axis=0) + 1).all()


async def test_a_slab_is_the_highest_of_each_and_then_mixed(get: Get) -> None:
    query = "accept=image/png&orientation=f&viewport=40,36&pixelspacing=0.9&viewpointlookat=5,1,46"
    thick = f"{query}&mprslab=9&renderingmethod=maximum_ip"
    answer = await get(f"{series(CT)}/renderedmpr?{thick}&{await layer(get, PET)}&fusedopacity=1&fusedcolormap=GREY")
    below = pixels(await get(f"{series(CT)}/renderedmpr?{thick}")).astype(float)
    pet = await get(
        f"{series(PET)}/renderedmpr?{thick}&colormap=GREY&window={2.5 * BQ_OF_SUV_1},{5 * BQ_OF_SUV_1},linear-exact"
    )
    over = pixels(pet).astype(float)
    alpha = np.minimum(over / 64, 1)
    expected = np.where(over > 0, (1 - alpha) * below + alpha * over, below)
    assert np.abs(pixels(answer)[..., 0] - expected).max() <= 1


async def test_what_is_told_is_both_layers(get: Get) -> None:
    query = f"viewport=32,32&{await layer(get, PET)}&fusedwindow=900,1800,linear-exact&fusedopacity=0.25"
    told = (await get(f"{series(CT)}/renderedmpr?{query}")).picture
    over = told["fused"]
    assert (told["modality"], told["unit"], told["colour"]) == ("CT", "HU", False)
    assert (over["modality"], over["unit"], over["opacity"]) == ("PT", "Bq/ml", 0.25)
    assert over["window"] == {"center": 900, "width": 1800, "function": "LINEAR_EXACT", "explanation": ""}
    assert over["suv"]["name"] == "SUVbw" and over["suv"]["factor"] * BQ_OF_SUV_1 == pytest.approx(1)
    assert over["colormap"] == "HOT_IRON" and len(over["colours"]) == 64 * 6 and over["volume_words"] == ""
    assert over["series_uid"] == PET.SeriesInstanceUID and over["frame_of_reference"] == told["frame_of_reference"]
    default = (await get(f"{series(CT)}/renderedmpr?viewport=32,32&{await layer(get, PET)}")).picture["fused"]
    assert default["window"]["width"] * default["suv"]["factor"] == pytest.approx(5)


async def test_the_value_under_the_pointer_is_both(get: Get, connect: Connect) -> None:
    socket = await connect(f"/ws/{CT.StudyInstanceUID}/?archive=main")
    point = [4.1, -2.2, 45.3]
    about = {"resource": f"{series(CT)}/renderedmpr", "query": f"orientation=a&{await layer(get, PET)}"}
    await socket.say(probe={"seq": 1, "point": point, **about})
    probe = (await socket.hear(30))[0]["probe"]
    expected = float(sampled(np.array(point)[None])[0])
    assert probe["unit"] == "HU" and probe["fused"]["unit"] == "Bq/ml"
    assert probe["fused"]["value"] == pytest.approx(expected, rel=1e-4)
    assert probe["fused"]["suv"]["value"] == pytest.approx(expected / BQ_OF_SUV_1, rel=1e-4)
    await socket.say(probe={"seq": 2, "point": [-19.0, -14.0, 45.0], **about})
    outside = (await socket.hear(30))[0]["probe"]
    assert outside["value"] is not None and outside["fused"] == {"value": None, "unit": "", "words": "–"}


async def test_what_a_sphere_holds_is_told_of_both_from_their_stored_values(get: Get, connect: Connect) -> None:
    socket = await connect(f"/ws/{CT.StudyInstanceUID}/?archive=main")
    center, radius = np.array([4.1, -2.2, 45.3]), 6.5
    about = {"resource": f"{series(CT)}/renderedmpr", "query": f"orientation=a&{await layer(get, PET)}"}
    await socket.say(probe={"seq": 1, "point": center.tolist(), "radius": radius, **about})
    probe = (await socket.hear(30))[0]["probe"]
    assert (probe["radius"], probe["point"]) == (radius, center.tolist())

    def inside(values: np.ndarray, first: np.ndarray, spacing: np.ndarray) -> np.ndarray:
        z, row, column = np.indices(values.shape)
        places = first + np.stack((column, row, z), -1) * spacing
        found: np.ndarray = values[np.linalg.norm(places - center, axis=-1) <= radius]
        return found

    ct = inside(made_fused.activity(made_fused.tomography()), made_fused.FIRST, made_fused.SPACING)
    pet = inside(made_fused.activity(made_fused.uptake()), PET_FIRST, PET_SPACING)
    told, over = probe["region"], probe["region"]["fused"]
    assert (told["count"], told["unit"], told["max"], told["min"]) == (ct.size, "HU", ct.max(), ct.min())
    assert told["mean"] == pytest.approx(ct.mean(), rel=1e-9) and told["sd"] == pytest.approx(ct.std(ddof=1), rel=1e-9)
    assert (over["count"], over["unit"], over["suv"]["unit"]) == (pet.size, "Bq/ml", "g/ml")
    assert over["suv"]["max"] == pytest.approx(pet.max() / BQ_OF_SUV_1, rel=1e-6)
    assert over["suv"]["mean"] == pytest.approx(pet.mean() / BQ_OF_SUV_1, rel=1e-6)
    await socket.say(probe={"seq": 2, "point": [500, 0, 0], "radius": 2, **about})
    nothing = (await socket.hear(30))[0]["probe"]["region"]
    assert nothing["count"] == 0 and nothing["words"] == "no voxel lies in the region"


async def test_the_socket_draws_what_http_does(get: Get, connect: Connect) -> None:
    socket = await connect(f"/ws/{CT.StudyInstanceUID}/?archive=main")
    query = f"accept=image/png&viewport=50,40&{await layer(get, PET)}"
    await socket.say(want={"seq": 1, "pane": 0, "resource": f"{series(CT)}/renderedmpr", "query": query})
    told, data = await socket.hear(30)
    answer = await get(f"{series(CT)}/renderedmpr?{query}")
    assert data == answer.body and told["picture"] == answer.picture


async def test_both_studies_need_their_right(get: Get, people: People, studio: object) -> None:
    before = made_fused.uptake("before", study="before")[0]
    named = f"{await layer(get, before)}&fusedstudy={before.StudyInstanceUID}"
    path = f"{series(CT)}/renderedmpr?viewport=32,32&{named}"
    assert (await get(path)).picture["fused"]["study_uid"] == before.StudyInstanceUID
    user = people.permit_of_bob.user
    now = people.permit_of_bob.valid_from
    one = await Study.objects.aget(uid=CT.StudyInstanceUID)
    await Permit.objects.acreate(user=user, study=one, reason=Permit.Reason.REFERRER, valid_from=now)
    assert (await get(f"{series(CT)}/renderedmpr?viewport=32,32", token=people.bob)).status == 200
    forbidden = await get(path, token=people.bob)
    unknown = await get(path.replace(f"fusedstudy={before.StudyInstanceUID}", "fusedstudy=1.2.3.4"), token=people.bob)
    assert forbidden.status == unknown.status == 404 and forbidden.body == unknown.body
    other = await Study.objects.aget(uid=before.StudyInstanceUID)
    charlie = await get_user_model().objects.aget(username="charlie")
    await Permit.objects.acreate(user=charlie, study=other, reason=Permit.Reason.REFERRER, valid_from=now)
    assert (await get(path, token=people.charlie)).status == 404
    archive = await get(f"{path}&fusedarchive=elsewhere")
    assert archive.status == 404


async def test_another_frame_of_reference_is_not_fused_until_it_is_registered(get: Get) -> None:
    elsewhere = made_fused.uptake("elsewhere", frame=made_fused.ELSEWHERE)[0]
    refused = await get(f"{series(CT)}/renderedmpr?{await layer(get, elsewhere)}")
    assert refused.status == 400
    assert refused.words == "fused: not registered: the Frames of Reference differ; register now"


async def test_another_patients_series_is_never_fused(get: Get) -> None:
    others = made_fused.uptake("another's", study="another's", person=made_fused.OTHER)[0]
    path = f"{series(CT)}/renderedmpr?{await layer(get, others)}&fusedstudy={others.StudyInstanceUID}"
    refused = await get(path)
    assert refused.status == 400 and refused.words == "fused: the series is of another patient"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("fused=1.2", "fused"), ("fused=1.x:0", "fused"), ("fused=1.2:0&fusedstudy=x", "fusedstudy"),
        ("fused=1.2:0&fusedarchive=a/b", "fusedarchive"), ("fused=1.2:0&fusedopacity=1.1", "fusedopacity"),
        ("fused=1.2:0&fusedopacity=nan", "fusedopacity"), ("fused=1.2:0&fusedwindow=1,2", "fusedwindow"),
        ("fused=1.2:0&fusedcolormap=hot", "fusedcolormap"), ("fusedopacity=0.5", "fusedopacity"),
        ("fused=1.2:0&registration=7", "registration"), ("fused=1.2:0&fused=1.3:0", "fused"),
    ],
)  # fmt: skip
async def test_what_cant_be_obeyed_names_itself(get: Get, query: str, name: str) -> None:
    refused = await get(f"{study(CT)}/renderedmpr?{query}")
    assert refused.status == 400 and refused.words.startswith(name)

"""PET through the doors: one window for slices of any slope, SUV where it is available, colour maps."""

import numpy as np
import pytest

from tests.doors import made
from tests.doors.asking import Connect, Get
from tests.doors.made import BQ_OF_SUV_1, address
from tests.doors.test_rendered import pixels
from viewer.imaging import colormap

pytestmark = pytest.mark.django_db(transaction=True)


def ramp(upper: float) -> np.ndarray:
    """Return the greys of SUV 0.1 a column, dark on white, from 0 to `upper`."""
    return np.tile(255 - np.clip(np.arange(60) * 0.1 / upper, 0, 1) * 255, (40, 1))


async def test_slices_of_different_slopes_are_shown_by_one_window_from_suv_0_to_5_dark_on_white(get: Get) -> None:
    for dataset in made.positron():
        answer = await get(f"{address(dataset)}/rendered?accept=image/png")
        assert np.abs(pixels(answer) - ramp(5)).max() <= 1, dataset.RescaleSlope
        window = answer.picture["window"]
        assert (window["center"], window["width"]) == pytest.approx((2.5 * BQ_OF_SUV_1, 5 * BQ_OF_SUV_1))
        assert window["function"] == "LINEAR_EXACT"
        assert answer.picture["suv"]["factor"] * BQ_OF_SUV_1 == pytest.approx(1, rel=1e-9)
        assert (answer.picture["suv"]["name"], answer.picture["suv_words"]) == ("SUVbw", "")
        assert (answer.picture["unit"], answer.picture["low_is_white"]) == ("Bq/ml", True)
        assert answer.picture["colormap"] == "GREY_INVERTED" and answer.picture["inverted"] is False


async def test_without_a_weight_no_window_is_one_of_suv_and_the_files_own_is_one_for_all(get: Get) -> None:
    pictures = [await get(f"{address(each)}/rendered?accept=image/png") for each in made.positron(weighed=False)]
    windows = [answer.picture["window"] for answer in pictures]
    assert all(window == windows[0] for window in windows)
    assert windows[0]["center"] in {1000 * number for number in (1, 2, 3, 4)}
    assert all(np.abs(pixels(each).astype(int) - pixels(pictures[0])).max() <= 1 for each in pictures)
    for answer in pictures:
        assert answer.picture["suv"] is None
        assert answer.picture["suv_words"] == "SUV not available: Patient Weight is missing or isn't above 0"
        assert answer.picture["unit"] == "Bq/ml"


async def test_planes_open_like_slices(get: Get) -> None:
    first = made.positron()[0]
    series = address(first, None).split("/instances/")[0]
    answer = await get(f"{series}/renderedmpr?accept=image/png&viewport=60,40&orientation=f")
    assert answer.picture["suv"]["name"] == "SUVbw"
    assert np.abs(pixels(answer) - ramp(5)).max() <= 1


@pytest.mark.parametrize("name", ["HOT_IRON", "hot-iron", "PET_20_STEP", "GREY", "RAINBOW"])
async def test_a_colour_map_is_applied_after_the_window(get: Get, name: str) -> None:
    answer = await get(f"{address(made.positron()[1])}/rendered?accept=image/png&colormap={name}")
    known = name.upper().replace("-", "_")
    grey = np.rint(255 - ramp(5)).astype(int)
    shown = pixels(answer)
    shown = np.repeat(shown[..., None], 3, axis=2) if shown.ndim == 2 else shown
    around = [colormap.table(known)[np.clip(grey + step, 0, 255)] for step in (-1, 0, 1)]
    low, high = np.min(around, axis=0), np.max(around, axis=0)
    assert ((shown >= low) & (shown <= high)).all()
    assert answer.picture["colormap"] == known
    assert bool(answer.picture["colours"]) == (known != "GREY")


async def test_padding_is_black_in_every_map_and_an_unknown_map_is_refused(get: Get) -> None:
    path = f"{address(made.padded()[1])}/rendered?accept=image/png"
    for query in ("colormap=RAINBOW", "colormap=RAINBOW&invert=yes", "colormap=GREY_INVERTED"):
        assert not pixels(await get(f"{path}&{query}"))[:5].any()
    assert pixels(await get(f"{path}&colormap=RAINBOW"))[5:, 5:].any()
    refused = await get(f"{path}&colormap=hot")
    assert refused.status == 400 and "colormap" in refused.words


async def test_the_value_under_the_pointer_is_told_as_suv_too(connect: Connect) -> None:
    weighed, weightless = made.positron()[2], made.positron(weighed=False)[2]
    socket = await connect(f"/ws/{weighed.StudyInstanceUID}/?archive=main")
    await socket.say(probe={"seq": 5, "resource": f"{address(weighed)}/rendered", "x": 32, "y": 4})
    probe = (await socket.hear())[0]["probe"]
    stored = round(3.2 * BQ_OF_SUV_1 / 3.5) * 3.5
    assert probe["value"] == pytest.approx(stored, rel=1e-5) and probe["unit"] == "Bq/ml"
    assert probe["suv"]["value"] == pytest.approx(stored / BQ_OF_SUV_1, rel=1e-5)
    other = await connect(f"/ws/{weightless.StudyInstanceUID}/?archive=main")
    await other.say(probe={"seq": 6, "resource": f"{address(weightless)}/rendered", "x": 32, "y": 4})
    assert "suv" not in (await other.hear())[0]["probe"]

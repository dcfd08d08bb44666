"""Every kind of pixel through the doors: bits, wide numbers, floats, colours above grey, tables, what values mean."""

from typing import Any

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, RLELossless

from tests.doors import made_pixels as made
from tests.doors.asking import Connect, Get
from tests.doors.made import address, shades
from tests.doors.test_rendered import pixels

SHADE = (64, 224, 208)  # of drawings
pytestmark = pytest.mark.django_db(transaction=True)


def linear(x: np.ndarray, c: float, w: float) -> np.ndarray:
    """Return 0 to 255 by C.11.2.1.3.2 (LINEAR_EXACT)."""
    return np.clip((x - c) / w + 0.5, 0, 1) * 255


@pytest.mark.parametrize("frame", [1, 2, 3])
async def test_frames_of_bits_that_begin_within_a_byte_are_black_and_white(get: Get, frame: int) -> None:
    answer = await get(f"{address(made.bits(), frame)}/rendered?accept=image/png")
    assert np.array_equal(pixels(answer), made.BITS[frame - 1] * 255)


@pytest.mark.parametrize("double", [False, True])
async def test_a_parametric_map_is_shown_over_its_own_range(get: Get, double: bool) -> None:
    answers = [await get(f"{address(made.parametric(double), frame)}/rendered?accept=image/png") for frame in (1, 2)]
    windows = [each.picture["window"] for each in answers]
    assert windows[0] == windows[1] and 0.002 < windows[0]["width"] < 0.003
    assert windows[0]["function"] == "LINEAR_EXACT" and answers[0].picture["unit"] == "mm2/s"
    for answer, values in zip(answers, made.MAPS, strict=True):
        expected = linear(values, windows[0]["center"], windows[0]["width"])
        assert np.abs(pixels(answer) - expected).max() <= 1
    assert answers[1].picture["position"] == [0, 0, 3]


async def test_whole_numbers_of_32_bits_keep_their_order(get: Get) -> None:
    answer = await get(f"{address(made.wide())}/rendered?accept=image/png&window=2e9,4e9,linear-exact")
    assert np.abs(pixels(answer) - linear(made.WIDE.astype(float), 2e9, 4e9)).max() <= 1
    small = await get(f"{address(made.wide())}/rendered?accept=image/png&viewport=5,4&window=2e9,4e9,linear-exact")
    averaged = made.WIDE.astype(float).reshape(4, 2, 5, 2).mean(axis=(1, 3))
    assert np.abs(pixels(small) - linear(averaged, 2e9, 4e9)).max() <= 1


async def test_values_above_the_greys_have_their_colours(get: Get) -> None:
    picture = pixels(await get(f"{address(made.supplemented())}/rendered?accept=image/png")).reshape(120, 3)
    greys = np.rint(np.clip((np.arange(100) - 49.5) / 99 + 0.5, 0, 1) * 255)
    assert np.abs(picture[:100].astype(int) - greys[:, None]).max() <= 1
    assert picture[100:].tolist() == [[at * 10, 200 - at * 10, 7] for at in range(20)]
    turned = pixels(await get(f"{address(made.supplemented())}/rendered?accept=image/png&invert=yes")).reshape(120, 3)
    assert (
        np.array_equal(turned[100:], picture[100:])
        and np.abs(turned[:100].astype(int) - 255 + picture[:100]).max() <= 1
    )
    # Wherever greys and colours are mixed, it is as colours.
    half = pixels(await get(f"{address(made.supplemented())}/rendered?accept=image/png&viewport=6,5"))
    assert np.abs(half[4, 5].astype(int) - [160, 40, 7]).max() <= 60


async def test_the_colours_above_the_greys_are_told_with_what_they_stand_for(get: Get) -> None:
    told = (await get(f"{address(made.supplemented())}/rendered")).picture["palette"]
    assert told["values"] == pytest.approx([0.0, 0.9, 1.9]) and (told["label"], told["unit"]) == (
        "RCBF",
        "ml/s",
    )
    assert (
        len(told["colours"]) == 6 * 64 and told["colours"].startswith("00c807") and told["colours"].endswith("be0a07")
    )
    assert (await get(f"{address(made.mapped())}/rendered")).picture["palette"] is None


PLANE = "accept=image/png&window=50,100,linear&pixelspacing=1&viewport=12,10"


async def test_a_plane_through_greys_and_colours_shows_those_of_the_nearest_voxels(get: Get) -> None:
    series = address(made.supplemented()).partition("/instances/")[0]
    slice_ = pixels(await get(f"{address(made.supplemented(2))}/rendered?accept=image/png&window=50,100,linear"))
    for off in (0, 0.3):  # between voxels too there is nothing but their colours
        at = f"viewpointlookat={5.5 + off},{4.5 - off},{1 + off}"
        answer = await get(f"{series}/renderedmpr?{PLANE}&orientation=f&{at}")
        assert np.array_equal(pixels(answer), slice_), off
    assert answer.picture["palette"]["label"] == "RCBF"
    assert "each colour is the nearest voxel's" in answer.picture["volume_words"]
    curved = await get(f"{series}/renderedmpr?{PLANE}&curve=stretched&volumetriccurvepoint=0,8,1,6,5,1.2,11,8,1")
    told = {tuple(each) for each in slice_.reshape(-1, 3).tolist()} | {(0, 0, 0)}
    assert {tuple(each) for each in pixels(curved).reshape(-1, 3).tolist()} <= told


async def test_a_slab_of_greys_and_colours_is_grey_and_says_so(get: Get) -> None:
    series = address(made.supplemented()).partition("/instances/")[0]
    answer = await get(f"{series}/renderedmpr?{PLANE}&mprslab=2")
    assert pixels(answer).ndim == 2 and answer.picture["palette"] is None
    assert "own colours aren't shown here" in answer.picture["volume_words"]


async def test_every_window_and_table_of_the_file_can_be_chosen(get: Get) -> None:
    path = f"{address(made.mapped())}/rendered?accept=image/png&viewport=100,40"
    chosen = [await get(f"{path}&voi={number}") for number in range(3)]
    assert [each.picture["window"]["explanation"] for each in chosen] == ["NARROW", "BROAD", "ZIGZAG"]
    x = made.RAMP[0] * 2.0 - 100
    for answer, (c, w) in zip(chosen, ((500, 400), (900, 1000)), strict=False):
        expected = shades(made.mapped(), c, w)[0]
        assert np.abs(pixels(answer)[0] - expected).max() <= 1
    assert np.array_equal(pixels(chosen[2])[0], (np.clip(x, 0, 999).astype(int) * 7) % 256)
    assert pixels(chosen[0]).shape == (40, 100)  # pixels twice as tall as wide


async def test_overlays_are_drawn_on_top_told_and_put_away(get: Get, connect: Connect) -> None:
    path = f"{address(made.overlaid())}/rendered?accept=image/png"
    answer = await get(path)
    picture = pixels(answer)
    drawn = np.zeros((20, 24), bool)
    drawn[7], drawn[16:, 21:] = True, True
    assert (picture[drawn] == SHADE).all() and len(np.unique(picture[~drawn])) == 1
    assert answer.picture["graphics"] == ["Overlay: Line", "Overlay"] and answer.picture["hidden"] == []
    without = await get(f"{path}&overlay=no")
    assert pixels(without).shape == (20, 24) and (pixels(without) == pixels(without)[0, 0]).all()
    assert without.picture["hidden"] == ["Overlay: Line", "Overlay"]
    # A line of one pixel can still be seen in a picture of a quarter of the size, and nothing else is drawn.
    small = pixels(await get(f"{path}&viewport=6,5"))
    assert (small[1, :5] == SHADE).all() and (small[0] == small[0, 0, 0]).all()
    turned = pixels(await get(f"{path}&viewport=24,20,0,0,24,-20"))
    assert (turned[12] == SHADE).all()
    assert (await probed(connect, made.overlaid(), 1, 3, 7))["value"] == 500


@pytest.mark.parametrize("syntax", ["", RLELossless, *made.WORDS])
async def test_overlays_in_bits_of_the_pixels_are_drawn_and_no_value_changes(
    get: Get, connect: Connect, syntax: str
) -> None:
    path = f"{address(made.embedded(syntax))}/rendered?accept=image/png"
    answer = await get(path)
    drawn = np.zeros((20, 24), bool)
    drawn[4:9, 3:20] = True
    assert (pixels(answer)[drawn] == SHADE).all() and (np.abs(pixels(answer)[~drawn].astype(int) - 128) <= 1).all()
    assert answer.picture["graphics"] == ["Overlay: Block", "Overlay: Nothing"] and answer.picture["hidden"] == []
    without = await get(f"{path}&overlay=no")
    assert np.ptp(pixels(without)) == 0 and without.picture["hidden"] == ["Overlay: Block", "Overlay: Nothing"]
    for x, y in ((5, 6), (1, 1)):
        assert (await probed(connect, made.embedded(syntax), 1, x, y))["value"] == -500


async def test_overlays_in_bits_that_the_codec_left_out_are_told_as_not_read(get: Get) -> None:
    answer = await get(f"{address(made.embedded(JPEG2000Lossless, 13))}/rendered?accept=image/png")
    assert np.ptp(pixels(answer)) == 0 and answer.picture["graphics"] == []
    assert answer.picture["hidden"] == [f"Overlay: {name} (its pixels can't be read)" for name in ("Block", "Nothing")]


async def test_the_automatic_window_is_of_what_the_shutter_leaves(get: Get) -> None:
    shown = (await get(f"{address(made.burnt_in())}/rendered?accept=image/png")).picture["window"]
    # The 1st and 99th percentile of 100 to 199, where the first 56 values come once more than the others.
    low, high = np.percentile(100 + np.arange(256) % 100, (1, 99))
    assert (shown["center"], shown["width"]) == ((low + high + 1) / 2, high - low + 1)


async def test_a_shutter_covers_what_lies_outside_in_its_shade_and_values_stay(get: Get, connect: Connect) -> None:
    path = f"{address(made.shuttered())}/rendered?accept=image/png"
    answer = await get(path)
    seen = np.zeros((20, 24), bool)
    seen[2:18, 4:20] = True
    assert (pixels(answer)[~seen] == 0x40).all() and (np.abs(pixels(answer)[seen].astype(int) - 128) <= 1).all()
    assert answer.picture["graphics"] == ["Shutter"]
    open_ = await get(f"{path}&shutter=no")
    assert np.ptp(pixels(open_)) == 0 and open_.picture["hidden"] == ["Shutter"]
    # Its edges lie where they lie in a part of the picture, enlarged.
    part = pixels(await get(f"{path}&viewport=16,16,2,0,8,8"))
    assert (part[:4] == 0x40).all() and (part[:, :4] == 0x40).all() and (part[4:, 4:] != 0x40).all()
    assert (await probed(connect, made.shuttered(), 1, 0, 0))["value"] == 500


@pytest.mark.parametrize("name", ["overlay", "shutter"])
async def test_a_word_that_means_nothing_is_refused(get: Get, name: str) -> None:
    assert (await get(f"{address(made.overlaid())}/rendered?{name}=perhaps")).status == 400


async def probed(connect: Connect, dataset: Any, frame: int, x: int, y: int) -> dict[str, Any]:
    """Return what the probe says of a pixel."""
    page = await connect(f"/ws/{dataset.StudyInstanceUID}/?archive=main")
    await page.say(probe={"seq": 1, "resource": f"{address(dataset, frame)}/rendered", "x": x, "y": y})
    while "probe" not in (answer := (await page.hear())[0]):
        pass
    return dict(answer["probe"])


async def test_the_probe_says_what_a_value_means(connect: Connect) -> None:
    found = await probed(connect, made.mapped(), 1, 5, 3)  # stored 50
    assert found["value"] == 0 and found["real"] == [
        {"value": 0.55, "unit": "mm2/s", "label": "Diffusion"},
        {"value": 6.25, "unit": "%", "label": "Perfusion"},
    ]
    beyond = await probed(connect, made.mapped(), 1, 20, 3)  # stored 200: outside of the table
    assert [each["label"] for each in beyond["real"]] == ["Diffusion"]
    on_map = await probed(connect, made.parametric(True), 2, 4, 7)
    assert on_map["value"] == pytest.approx(made.MAPS[1, 7, 4], rel=1e-5) and on_map["unit"] == "mm2/s"

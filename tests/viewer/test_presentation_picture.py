"""The little picture of a view: an address of PS3.18 that our own doors understand."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
import pytest
from highdicom.spatial import ImageToReferenceTransformer
from pydicom.dataset import Dataset

from tests import slides
from tests.imaging.datasets import metadata
from tests.imaging.grids import written
from viewer import dicomweb, presentation, presentation_picture
from viewer.doors import mpr_parameters, parameters, space_parameters
from viewer.doors.opened import Opened, build
from viewer.imaging.record import instances

SOURCE = {"archive": "main", "study": "1.2", "series": "1.2.3"}
STACK = {"source": {"kind": "stack", **SOURCE, "stack": "0", "instance": "1.2.3.4", "frame": 7}}
VOLUME = {
    "source": {"kind": "volume", **SOURCE, "stack": "a&b c"},
    "plane": {"point": [1.5, -20.25, 1e-7], "look": [0, 1, 0], "up": [0, 0, 1]},
    "slab": {"thickness": 10, "method": "maximum_ip"},
}
CAMERA = {"point": [1, 2, 3], "look": [0, 1, 0], "up": [0, 0, 1]}
SPACE = {"source": {"kind": "rendered3d", **SOURCE, "stack": "0"}, "plane": CAMERA}
CURVED = {
    "source": {"kind": "curved", **SOURCE, "stack": "0"},
    "path": [[1, 2, 3], [10, 2.5, 30], [20, 2, 60]],
    "form": "stretched",
    "turn": -15,
    "slab": {"thickness": 4, "method": "maximum_ip"},
}
SLIDE = {"source": {"kind": "slide", **SOURCE, "slide": "0"}, "rotation": 93.5, "flip_horizontal": True}


def checked(*panes: Any, active: int = 0) -> dict[str, Any]:
    """Return a state as it is kept."""
    state = {"version": 2, "layout": {"rows": 1, "columns": 2}, "active": active, "panes": list(panes)}
    return presentation.read(msgspec.json.encode(state))


def address(pane: dict[str, Any], opened: Opened | None = None) -> str:
    found = presentation_picture.active_pane(checked(pane))
    assert found is not None
    return presentation_picture.address(found, opened=opened)


def opened_of(*datasets: Dataset) -> Opened:
    """Return a series that lies open."""
    series: Any = SimpleNamespace(instances=instances(metadata(*datasets)), expected=None, digest="d")
    return build("main", "1.2", "1.2.3", series)


@pytest.mark.parametrize(
    ("look", "query"),
    [
        ({}, ""),
        ({"voi": {"center": 40, "width": 400, "function": "LINEAR"}}, "&window=40,400,linear"),
        ({"voi": {"center": -0.5, "width": 0.25, "function": "LINEAR_EXACT"}}, "&window=-0.5,0.25,linear-exact"),
        ({"voi": {"center": 1e6, "width": 5e8, "function": "SIGMOID"}}, "&window=1000000,500000000,sigmoid"),
        ({"voi": {"choice": 2}, "invert": True}, "&invert=yes&voi=2"),
        ({"voi": {"automatic": True}}, "&voi=auto"),
    ],
)
def test_a_stack_is_its_frame_in_its_window(look: dict[str, Any], query: str) -> None:
    found = address(STACK | look)
    path = "/dicomweb/main/studies/1.2/series/1.2.3/instances/1.2.3.4/frames/7/rendered"
    assert found == f"{path}?viewport=320,240{query}"
    assert dicomweb.find(urlsplit(found).path) is not None
    assert parameters.parse(urlsplit(found).query).unknown == ()


def test_a_plane_is_its_camera() -> None:
    found = urlsplit(address(VOLUME | {"voi": {"center": 40, "width": 400, "function": "LINEAR"}}))
    assert found.path == "/dicomweb/main/studies/1.2/series/1.2.3/renderedmpr"
    assert {name: value[0] for name, value in parse_qs(found.query).items()} == {
        "viewport": "320,240", "viewpointposition": "1.5,-120.25,1e-07", "viewpointlookat": "1.5,-20.25,1e-07",
        "viewpointup": "0,0,1", "stack": "a&b c", "mprslab": "10", "renderingmethod": "maximum_ip",
        "window": "40,400,linear",
    }  # fmt: skip


def test_a_volume_in_three_dimensions_is_its_camera_and_what_is_left_of_it() -> None:
    cut = {"plane": CAMERA, "corners": [[-5, -5], [5, -5], [0, 7.5]], "outside": True}
    pane = SPACE | {
        "preset": "ct-lung",
        "clip": [[-50, -40, -30], [50, 40, 30]],
        "cuts": [cut, cut | {"outside": False}],
    }
    found = urlsplit(address(pane))
    assert found.path == "/dicomweb/main/studies/1.2/series/1.2.3/rendered3d"
    assert dicomweb.find(found.path) is not None
    wanted = space_parameters.parse(found.query)
    assert (wanted.method, wanted.preset) == ("volume_rendered", "ct-lung")
    assert wanted.clip == ((-50, -40, -30), (50, 40, 30))
    assert [outline.keep for outline in wanted.cuts] == [True, False]
    assert wanted.cuts[0].corners.tolist() == cut["corners"]
    assert wanted.plane.look == (0, 100, 0) and wanted.plane.up == (0, 0, 1)
    assert wanted.plane.picture.unknown == () and wanted.plane.picture.window is None
    window = {"voi": {"center": 40, "width": 400, "function": "LINEAR"}}
    mip = space_parameters.parse(
        urlsplit(address(SPACE | window | {"method": "maximum_ip", "preset": "ct-bone"})).query
    )
    assert (mip.method, mip.preset) == ("maximum_ip", None), "a preset is of what is composited"
    assert mip.plane.picture.window is not None and mip.plane.picture.window.width == 400


def test_a_volume_in_three_dimensions_is_as_large_as_in_its_pane() -> None:
    opened = opened_of(*written(np.zeros((20, 30, 40), np.int16), spacing=(2.0, 2.0), step=(0, 0, 5)))
    source = SPACE["source"] | {"stack": opened.stacks[0].key}
    pane = {"source": source, "plane": CAMERA, "scale": {"fit": 2.0, "room": [100, 120]}}
    wanted = space_parameters.parse(urlsplit(address(pane, opened)).query)
    assert wanted.plane.pixel_spacing == pytest.approx(max(200 / 320, 240 / 240) / 2)


def test_a_curved_picture_is_its_path_and_stands_as_it_comes() -> None:
    found = urlsplit(address(CURVED | {"flip_horizontal": True, "rotation": 90}))
    assert found.path == "/dicomweb/main/studies/1.2/series/1.2.3/renderedmpr"
    wanted = mpr_parameters.parse(found.query)
    assert wanted.picture.unknown == ()
    query = {name: value[0] for name, value in parse_qs(found.query).items()}
    assert query["volumetriccurvepoint"] == "1,2,3,10,2.5,30,20,2,60"
    assert (query["curve"], query["curveturn"], query["mprslab"]) == ("stretched", "-15", "4")
    pane = presentation_picture.active_pane(checked(CURVED | {"flip_horizontal": True, "rotation": 90}))
    assert pane is not None
    assert presentation_picture.turn(pane) == {"rotation": 0, "flip_horizontal": False, "flip_vertical": False}


def test_a_slide_is_its_series_thumbnail_and_says_how_it_is_turned() -> None:
    assert address(SLIDE) == "/dicomweb/main/studies/1.2/series/1.2.3/thumbnail?viewport=320,240"
    pane = presentation_picture.active_pane(checked(SLIDE))
    assert pane is not None
    turned = {"rotation": 93.5, "flip_horizontal": True, "flip_vertical": False}
    assert presentation_picture.turn(pane) == turned


def glass(**field: Any) -> tuple[dict[str, Any], Opened]:
    """Return a pane on a slide of 2000 × 1600 pixels of 0.5 µm, and its series."""
    opened = opened_of(slides.level(np.full((1600, 2000, 3), 80, np.uint8), "native"))
    source = {"kind": "slide", **SOURCE, "slide": opened.slides[0].key}
    return {"source": source, **field}, opened


def region(found: str) -> list[float]:
    parsed = urlsplit(found)
    assert parsed.path == f"/dicomweb/main/studies/1.2/series/1.2.3/instances/{slides.SERIES}.1/rendered"
    assert dicomweb.find(parsed.path) is not None and parameters.parse(parsed.query).unknown == ()
    return [float(each) for each in parse_qs(parsed.query)["viewport"][0].split(",")]


def test_a_slide_that_lies_open_is_the_field_of_its_pane() -> None:
    center = ImageToReferenceTransformer((40, 20, 0), [0, -1, 0, -1, 0, 0], [0.0005, 0.0005])(
        np.array([[900.0, 700.0]])
    )
    pane, opened = glass(center=center[0, :2].tolist(), width=0.4)
    assert region(address(pane, opened)) == pytest.approx([320, 240, 500, 400, 800, 600], abs=0.02)
    turned = region(address({**pane, "rotation": 93.5}, opened))
    assert turned == pytest.approx([240, 320, 600, 300, 600, 800], abs=0.02), "lying down as the pane stands"
    assert region(address({**pane, "width": 3.2}, opened)) == [320, 240, 0, 0, 2000, 1600], "cut to the slide"


def test_a_slide_without_a_field_is_shown_whole_and_an_unknown_one_by_its_series() -> None:
    pane, opened = glass()
    assert region(address(pane, opened)) == [320, 240, 0, 0, 2000, 1600]
    assert "/thumbnail?" in address(SLIDE, opened), "no such slide in it"
    far = {**pane, "center": [0.0, 0.0], "width": 0.1}
    assert "/thumbnail?" in address(far, opened), "the field lies beside the slide"


def test_a_slide_whose_smallest_level_is_too_large_for_a_little_picture_is_its_thumbnail() -> None:
    pane, opened = glass()
    large = SimpleNamespace(**{name: getattr(opened.slides[0], name) for name in ("key", "instance", "spacing")})
    large.columns, large.rows, large.levels = 90_000, 60_000, [SimpleNamespace(columns=90_000)]
    opened.slides = [large]  # type: ignore[list-item]
    assert "/thumbnail?" in address(pane, opened)


def test_a_plane_looks_at_the_middle_of_its_pane_as_near_as_it_was() -> None:
    opened = opened_of(*written(np.zeros((20, 30, 40), np.int16), spacing=(2.0, 2.0), step=(0, 0, 5)))
    source = {**VOLUME["source"], "stack": opened.stacks[0].key}
    plane = {"point": [30, 31, 50], "look": [0, 1, 0], "up": [0, 0, 1]}
    pane = {"source": source, "plane": plane, "center": [50, 7, 20], "scale": {"fit": 2.0}}
    camera = mpr_parameters.parse(urlsplit(address(pane, opened)).query)
    assert camera.lookat == (50, 31, 20), "through the plane, under the middle of the pane"
    assert camera.look == (0, 100, 0) and camera.up == (0, 0, 1)
    whole = max(80 / 320, 100 / 240)  # mm for a pixel where all of it is seen
    assert camera.pixel_spacing == pytest.approx(whole / 2)
    assert mpr_parameters.parse(urlsplit(address(pane)).query).lookat == (50, 31, 20)
    near = mpr_parameters.parse(urlsplit(address({**pane, "scale": {"pixels": 4}}, opened)).query)
    assert near.pixel_spacing == pytest.approx(2 / 4 * presentation_picture.PANE / 320)
    among = mpr_parameters.parse(urlsplit(address({**pane, "scale": {"fit": 1, "room": [100, 120]}}, opened)).query)
    assert among.pixel_spacing == pytest.approx(max(200 / 320, 240 / 240))
    middle = mpr_parameters.parse(urlsplit(address({**pane, "center": None}, opened)).query)
    assert middle.lookat == pytest.approx((39, 31, 47.5))


def test_the_active_pane_stands_for_all_else_the_first_that_is_not_empty() -> None:
    for state, kind in ((checked(STACK, SLIDE, active=1), "slide"), (checked(STACK, None, active=1), "stack")):
        pane = presentation_picture.active_pane(state)
        assert pane is not None and pane["source"]["kind"] == kind
    assert presentation_picture.active_pane(checked(None, None)) is None
